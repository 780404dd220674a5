"""RunInstances: instances as records, with interfaces that are members of groups [model, reference 17]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupwall import errors
from groupwall.ops.instances.attachments import attach_device
from groupwall.ops.instances.attributes import behavior, keep_script, script
from groupwall.ops.instances.described import reservations
from groupwall.ops.instances.devices import Device, addresses_asked, devices_asked, room_for
from groupwall.ops.instances.instances import PENDING, RUNNING, forget_terminated, state
from groupwall.ops.instances.touched import DEFAULT_TYPE, TOUCHED
from groupwall.ops.interfaces.interfaces import add_interface
from groupwall.ops.networks.vpcs import TENANCIES
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import kept_text, refuse_unsupported
from groupwall.ops.tags import attach_tags, tags_given
from groupwall.ops.tokens import made_before, remember
from groupwall.rules import parsing
from groupwall.store.entities import Instance, Vpc

NAME = "RunInstances"

MOST_INSTANCES, MOST_ADDRESSES = 250, 2500
"""What one call launches and gives (inferred: AWS's limit is of virtual CPUs): no call is to hold up the others."""

LONGEST_ARN = 2048
"""Characters of an ARN [docs: IAM]."""

UNSUPPORTED = (
    "ElasticGpuSpecification", "ElasticInferenceAccelerators", "InstanceMarketOptions", "KernelId", "LaunchTemplate",
    "Operator", "RamdiskId", "SecondaryInterfaces",
)  # fmt: skip
UNSUPPORTED_PARTS = {
    "Monitoring": ("MetricCategoryIds",),
    "Placement": (
        "Affinity", "GroupId", "GroupName", "HostId", "HostResourceGroupArn", "PartitionNumber", "SpreadDomain",
    ),
}  # fmt: skip

_HARDWARE = "an instance is a record: no hardware runs it"
_INSIDE = "an instance is a record: nothing runs that would see it"
IGNORED = {
    "AdditionalInfo": "reserved by AWS",
    "BlockDeviceMappings": "an instance is a record: it has no volumes",
    "CapacityReservationSpecification": _HARDWARE,
    "CpuOptions": _HARDWARE,
    "CreditSpecification": _HARDWARE,
    "EnclaveOptions": _HARDWARE,
    "HibernationOptions": _HARDWARE,
    "LicenseSpecifications": "no licences are counted",
    "MaintenanceOptions": _HARDWARE,
    "MetadataOptions": _INSIDE,
    "NetworkPerformanceOptions": _HARDWARE,
    "PrivateDnsNameOptions": "names follow the primary address of each interface",
}

TAGGED = ("instance", "network-interface", "volume")
"""What a call may tag; it makes no volumes, so theirs have nothing to be attached to."""


def run_instances(params: Params, context: Context) -> Result:
    """Launch instances, as many as there is room for from MinCount to MaxCount, or none.

    The reply says ``pending``; from then on they are described as running.
    """
    before = made_before(params, context, NAME)
    if before is not None:
        return _again(before, context)
    _refuse_unsupported(params)
    tags = {kind: _tags(params, kind) for kind in TAGGED}
    devices = devices_asked(params, context)
    first, kept = _instance(params, devices[0], context), script(params.get("UserData") or "")
    count = _count(params, devices, context)
    launched = [first._replace(id=context.ids.new("i"), launch_index=index) for index in range(count)]
    if kept:
        launched = [one._replace(script=keep_script(context, one.id, kept)) for one in launched]
    for one in launched:
        _launch(one, devices, tags, context)
    remember(params, context, NAME, first.reservation_id)
    forget_terminated(context)
    reply = reservations(launched, context)[0]
    return reply | {"Instances": [one | {"State": state(PENDING)} for one in reply["Instances"]]}


def _refuse_unsupported(params: Params) -> None:
    refuse_unsupported(params, NAME, UNSUPPORTED)
    for member, parts in UNSUPPORTED_PARTS.items():
        given = params.get(member) or {}
        inner = {f"{member}.{part}": given.get(part) for part in parts}
        refuse_unsupported(inner, NAME, list(inner))


def _again(reservation_id: str, context: Context) -> Result:
    """Return what a repeated call answers: the instances as they are now, none once they are forgotten."""
    instances = context.tx.of(Instance, "reservation_id", reservation_id)
    empty = {"ReservationId": reservation_id, "OwnerId": context.world.account, "Groups": [], "Instances": []}
    return next(iter(reservations(instances, context)), empty)


def _tags(params: Params, kind: str) -> dict[str, str]:
    """Return the tags of one kind of resource. InvalidParameterValue for what the call does not make."""
    given = params.get("TagSpecifications", ())
    for one in given:
        if one.get("ResourceType") not in TAGGED:
            raise errors.tag_resource_type(one.get("ResourceType") or "")
    return tags_given({"TagSpecifications": [one for one in given if one.get("ResourceType") == kind]}, kind)


def _count(params: Params, devices: Sequence[Device], context: Context) -> int:
    """Return how many to launch, where there is room for so many. Texts inferred."""
    lowest, highest = _bounds(params)
    limit = min(MOST_INSTANCES, MOST_ADDRESSES // max(1, len(addresses_asked(devices))))
    if lowest > limit:
        raise errors.instance_limit_exceeded(lowest, limit)
    room = room_for(devices, context)
    if room is not None and lowest > room:
        raise errors.addresses_exhausted(devices[0].subnet.id)
    if room is None and highest > 1:
        message = "Addresses and existing network interfaces may be specified for a single instance only"
        raise errors.invalid_combination(message)
    return min(highest, limit, highest if room is None else room)


def _bounds(params: Params) -> tuple[int, int]:
    lowest, highest = params["MinCount"], params["MaxCount"]
    if lowest < 1:
        message = f"Value ({lowest}) for parameter minCount is invalid. Expecting a value of at least 1."
        raise errors.invalid_value(message)
    if highest < lowest:
        message = f"Value ({highest}) for parameter maxCount is invalid. Expecting a value of at least minCount."
        raise errors.invalid_value(message)
    return lowest, highest


def _instance(params: Params, primary: Device, context: Context) -> Instance:
    """Return what each of the instances is to be, but for its id, its index and its UserData."""
    placement, monitoring = params.get("Placement") or {}, params.get("Monitoring") or {}
    if not params.get("ImageId"):
        raise errors.missing_parameter("ImageId")
    return Instance(
        id="",
        reservation_id=context.ids.new("r"),
        launch_index=0,
        image_id=parsing.identifier("ami", params["ImageId"], errors.image_id_malformed),
        type=kept_text(params.get("InstanceType") or DEFAULT_TYPE, "instanceType"),
        key_name=kept_text(params.get("KeyName") or "", "keyName"),
        zone=primary.subnet.zone,
        subnet_id=primary.subnet.id,
        vpc_id=primary.subnet.vpc_id,
        launched=context.now,
        state=RUNNING,
        since=context.now,
        script="",
        profile=_profile(params.get("IamInstanceProfile") or {}, context),
        tenancy=_tenancy(placement, primary, context),
        monitoring=bool(monitoring.get("Enabled")),
        ebs_optimized=bool(params.get("EbsOptimized")),
        termination_protected=bool(params.get("DisableApiTermination")),
        stop_protected=bool(params.get("DisableApiStop")),
        shutdown_behavior=behavior(params.get("InstanceInitiatedShutdownBehavior") or "stop"),
    )


def _profile(given: Mapping[str, str], context: Context) -> str:
    """Return an instance profile's ARN; whether there is such a profile is IAM's to know."""
    arn, name = given.get("Arn"), given.get("Name")
    if arn and name:
        message = "The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'"
        raise errors.invalid_combination(message)
    if name:
        partition = context.arn("").split(":")[1]
        arn = f"arn:{partition}:iam::{context.world.account}:instance-profile/{name}"
    return kept_text(arn or "", "iamInstanceProfile", LONGEST_ARN)


def _tenancy(placement: Mapping[str, str], primary: Device, context: Context) -> str:
    """Return the tenancy that is asked for, or the VPC's [docs]."""
    given = placement.get("Tenancy")
    if given is None:
        vpc = context.tx.get(Vpc, primary.subnet.vpc_id)
        return vpc.tenancy if vpc else TENANCIES[0]
    if given not in TENANCIES:
        raise errors.invalid_value(f"Value ({given}) for parameter tenancy is invalid.")
    return given


def _launch(instance: Instance, devices: list[Device], tags: Mapping[str, Mapping[str, str]], context: Context) -> None:
    context.tx.add(instance)
    attach_tags(context, instance.id, tags["instance"])
    for one in devices:
        interface = one.interface or add_interface(context, one.subnet, one.asked)
        if one.interface is None:
            attach_tags(context, interface.id, tags["network-interface"])
        ends = one.delete_on_termination
        attach_device(context, interface, instance.id, one.place, delete_on_termination=ends)


OPERATIONS = (Operation(NAME, run_instances, ignored=IGNORED, secret=("UserData",), on=TOUCHED),)
