"""What RunInstances needs permission on: what it names, and what it takes where nothing is named.

The kinds are those of the service authorization reference for instances on volumes in a VPC [docs], so permission to
make volumes is needed although none is made here. That the subnet and the group which are taken by default count, too,
and that an interface which is there brings its subnet, is inferred.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from groupwall.errors import ApiError
from groupwall.iam.facts import Said
from groupwall.iam.resources import ANY
from groupwall.ops.groups.memberships import groups_touched
from groupwall.ops.instances.devices import MOST_DEVICES, subnet_for
from groupwall.ops.interfaces.interfaces import find_interface, said_in
from groupwall.ops.operation import Context, On, Params
from groupwall.ops.permissions import made, named
from groupwall.ops.places import zone_given
from groupwall.store.entities import Subnet


def _devices(params: Params) -> Sequence[Params]:
    """Return what asks for an interface each, as far as the call looks: with none listed, the call itself."""
    return (params.get("NetworkInterfaces") or [params])[: MOST_DEVICES + 1]


def _exists(device: Params) -> bool:
    return device.get("NetworkInterfaceId") is not None


def _subnet(device: Params, params: Params, context: Context) -> Subnet | None:
    """Return the subnet that a device is to be in; None where the call will be refused for want of it."""
    try:
        given = device.get("SubnetId")
        if _exists(device):
            given = find_interface(device["NetworkInterfaceId"], context).subnet_id
        return subnet_for(given, zone_given(params.get("Placement") or {}, context), context)
    except ApiError:
        return None


def _subnets(params: Params, context: Context) -> Iterator[str]:
    for device in _devices(params):
        found = _subnet(device, params, context)
        yield found.id if found else device.get("SubnetId") or ANY


def _groups(params: Params, context: Context) -> Iterator[str]:
    """Yield the groups of new interfaces: by id, by name in the default VPC, or the default one of their VPC."""
    for device in _devices(params):
        if _exists(device):
            continue
        ids = [*device.get("SecurityGroupIds", ()), *device.get("Groups", ()), *_by_name(device, context)]
        subnet = None if ids else _subnet(device, params, context)
        yield from groups_touched(ids, subnet.vpc_id if subnet else "", context)


def _by_name(device: Params, context: Context) -> Iterator[str]:
    vpc = context.tx.default_vpc()
    for name in device.get("SecurityGroups", ())[: context.quotas.groups_per_interface]:
        found = context.tx.group_named(vpc.id, name) if vpc else None
        yield found.id if found else ANY


def _new_interfaces(params: Params, context: Context) -> list[str]:
    del context
    return [ANY] if any(not _exists(device) for device in _devices(params)) else []


def _said_of_interfaces(params: Params, context: Context) -> Said:
    new = [_subnet(device, params, context) for device in _devices(params) if not _exists(device)]
    return said_in([one for one in new if one], context)


def _said_of_instance(params: Params, context: Context) -> Said:
    """Return what is known of the instances, by the words of the call [docs: EC2's condition keys]."""
    placement, metadata = params.get("Placement") or {}, params.get("MetadataOptions") or {}
    profile = params.get("IamInstanceProfile") or {}
    partition, name = context.arn("").split(":")[1], profile.get("Name")
    arn = f"arn:{partition}:iam::{context.world.account}:instance-profile/{name}" if name else None
    subnet = _subnet(_devices(params)[0], params, context)
    said = {
        "ec2:availabilityzone": subnet.zone if subnet else None,
        "ec2:ebsoptimized": "true" if params.get("EbsOptimized") else "false",
        "ec2:instancemarkettype": "on-demand",
        "ec2:instanceprofile": profile.get("Arn") or arn,
        "ec2:instancetype": params.get("InstanceType") or DEFAULT_TYPE,
        "ec2:metadatahttpendpoint": metadata.get("HttpEndpoint"),
        "ec2:metadatahttpputresponsehoplimit": metadata.get("HttpPutResponseHopLimit"),
        "ec2:metadatahttptokens": metadata.get("HttpTokens"),
        "ec2:tenancy": placement.get("Tenancy") or "default",
    }
    return {key: (str(value),) for key, value in said.items() if value is not None}


DEFAULT_TYPE = "m1.small"
"""The type of an instance that is given none [docs]."""

TOUCHED = (
    named("image", "ImageId"),
    made("instance", say=_said_of_instance),
    On("network-interface", _new_interfaces, new=True, say=_said_of_interfaces),
    named("network-interface", "NetworkInterfaces.NetworkInterfaceId", optional=True),
    On("security-group", _groups, optional=True),
    On("subnet", _subnets),
    made("volume"),
    named("key-pair", "KeyName", optional=True),
)
