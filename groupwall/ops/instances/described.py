"""Instances as replies show them, by reservation [model, reference 17]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from groupwall.ops.filters import Paging, refuse_pages_of_ids
from groupwall.ops.instances.instances import RUNNING, state, wanted_instances
from groupwall.ops.interfaces import described as interfaces_described
from groupwall.ops.interfaces import views as interface_views
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.tags import tag_list
from groupwall.regions import zone_id
from groupwall.store.entities import Attachment, Instance, Interface
from groupwall.units import timestamp

Json = dict[str, Any]

_OF_NO_INSTANCE = (
    "block-device-mapping.attach-time", "block-device-mapping.delete-on-termination",
    "block-device-mapping.device-name", "block-device-mapping.status", "block-device-mapping.volume-id",
    "capacity-reservation-id", "dns-name", "host-id", "instance-lifecycle", "ip-address", "kernel-id",
    "network-interface.ipv4-prefixes.ipv4-prefix", "network-interface.ipv6-prefixes.ipv6-prefix",
    "network-interface.outpost-arn", "network-interface.public-dns-name", "operator.principal", "outpost-arn",
    "placement-group-name", "placement-partition-number", "product-code", "product-code.type", "ramdisk-id",
    "requester-id", "spot-instance-request-id",
    *(
        f"network-interface.{of}association.{name}"
        for of in ("", "addresses.")
        for name in ("allocation-id", "association-id", "carrier-ip", "customer-owned-ip", "ip-owner-id",
                     "public-dns-name", "public-ip")
    ),
)  # fmt: skip
"""Filters by what no instance here has: a volume, a public address, a place that was bought."""

_OTHER_LISTING = ("addresses.association.owner-id", "availability-zone-id", "interface-type", "tag")
"""Filters of DescribeNetworkInterfaces that this operation does not have."""

FILTERS = {
    "availability-zone": "zone",
    "availability-zone-id": "zone-id",
    "ebs-optimized": "ebs-optimized",
    "iam-instance-profile.arn": "profile",
    "image-id": "image",
    "instance-id": "id",
    "instance-state-code": "state-code",
    "instance-state-name": "state",
    "instance-type": "type",
    "instance.group-id": "group",
    "instance.group-name": "group-name",
    "ipv6-address": "interface.address.ipv6",
    "key-name": "key-name",
    "launch-index": "launch-index",
    "launch-time": "launched",
    "monitoring-state": "monitoring",
    "owner-id": "owner",
    "private-dns-name": "private-name",
    "private-ip-address": "private-address",
    "reservation-id": "reservation",
    "source-dest-check": "interface.source-dest-check",
    "subnet-id": "subnet",
    "tag": "tag",
    "tag-key": "tag-key",
    "tag-value": "tag-value",
    "tenancy": "tenancy",
    "vpc-id": "vpc",
    "operator.managed": "managed",
    "reason": "reason",
    "state-reason-code": "reason-code",
    "state-reason-message": "reason-message",
    **{
        f"network-interface.{name}": f"interface.{field}"
        for name, field in interfaces_described.FILTERS.items()
        if name not in _OTHER_LISTING
    },
    "network-interface.addresses.private-dns-name": "interface.name",
    "network-interface.group-name": "interface.group-name",
    "network-interface.ipv6-address": "interface.address.ipv6",
    **dict.fromkeys(_OF_NO_INSTANCE, "nothing"),
}


def describe_instances(params: Params, context: Context) -> Result:
    """Describe instances by id or filter, in the order of their reservations, a page's part of one gathered."""
    refuse_pages_of_ids(params, "InstanceIds")
    paging = Paging(params, context, "instances")
    wanted = wanted_instances(params, FILTERS, context)
    found, token = paging.listed(Instance, wanted, reservations, together=attrgetter("reservation_id"))
    return {"Reservations": found, "NextToken": token}


def reservations(instances: Sequence[Instance], context: Context) -> list[Json]:
    """Return instances as RunInstances and DescribeInstances show them, in as many statements for one as for all."""
    gathered: dict[str, list[Instance]] = {}
    for one in instances:
        gathered.setdefault(one.reservation_id, []).append(one)
    of, tags = _interfaces(instances, context), context.tx.tags_of([one.id for one in instances])
    return [
        {
            "ReservationId": reservation_id,
            "OwnerId": context.world.account,
            "Groups": [],  # [docs] those of EC2-Classic
            "Instances": [
                _described(one, of.get(one.id, ())) | {"Tags": tag_list(tags.get(one.id, ())) or None}
                for one in sorted(members, key=attrgetter("launch_index"))
            ],
        }
        for reservation_id, members in gathered.items()
    ]


def _interfaces(instances: Sequence[Instance], context: Context) -> dict[str, list[Json]]:
    """Return the interfaces of each instance in the order of their devices, as DescribeNetworkInterfaces does."""
    attachments = context.tx.by(Attachment, "instance_id", [one.id for one in instances])
    ids = [one.interface_id for mine in attachments.values() for one in mine]
    attached = list(context.tx.by_id(Interface, ids).values())
    found = {one["NetworkInterfaceId"]: one for one in interface_views.described(attached, context)}
    return {
        instance_id: [found[one.interface_id] for one in sorted(mine, key=attrgetter("device"))]
        for instance_id, mine in attachments.items()
    }


def _described(instance: Instance, attached: Sequence[Json]) -> Json:
    primary: Mapping[str, Any] = attached[0] if attached else {}
    return {
        "InstanceId": instance.id,
        "ImageId": instance.image_id,
        "State": state(instance.state),
        "PrivateDnsName": primary.get("PrivateDnsName", ""),
        "PublicDnsName": "",
        **_reason(instance),
        "KeyName": instance.key_name or None,
        "AmiLaunchIndex": instance.launch_index,
        "ProductCodes": [],
        "InstanceType": instance.type,
        "LaunchTime": instance.launched,
        "Placement": {
            "AvailabilityZone": instance.zone,
            "AvailabilityZoneId": zone_id(instance.zone),
            "GroupName": "",
            "Tenancy": instance.tenancy,
        },
        "Monitoring": {"State": "enabled" if instance.monitoring else "disabled"},
        "SubnetId": instance.subnet_id or None,
        "VpcId": instance.vpc_id or None,
        "PrivateIpAddress": primary.get("PrivateIpAddress"),
        "Ipv6Address": primary.get("Ipv6Address"),
        "BlockDeviceMappings": [],
        "EbsOptimized": instance.ebs_optimized,
        "IamInstanceProfile": {"Arn": instance.profile} if instance.profile else None,
        "NetworkInterfaces": [_attached(one) for one in attached],
        "SecurityGroups": primary.get("Groups", []),
        "SourceDestCheck": primary.get("SourceDestCheck"),
    }


def _attached(interface: Json) -> Json:
    """Return an interface as its instance shows it, which is less than DescribeNetworkInterfaces does."""
    attachment = {name: value for name, value in interface["Attachment"].items() if name not in _NOT_OF_ATTACHMENTS}
    return {name: value for name, value in interface.items() if name not in _NOT_OF_INTERFACES} | {
        "Attachment": attachment
    }


_NOT_OF_ATTACHMENTS = frozenset({"InstanceId", "InstanceOwnerId"})
_NOT_OF_INTERFACES = frozenset({
    "AvailabilityZone", "AvailabilityZoneId", "Ipv6Address", "RequesterManaged", "TagSet",
})  # fmt: skip


def _reason(instance: Instance) -> Json:
    """Return why an instance is in its state: nothing of one that runs [docs: StateReason]."""
    if instance.state == RUNNING:
        return {"StateTransitionReason": ""}
    moment = timestamp(instance.since)[: len("2026-11-23T03:36:00")].replace("T", " ")
    code = "Client.UserInitiatedShutdown"
    return {
        "StateTransitionReason": f"User initiated ({moment} GMT)",
        "StateReason": {"Code": code, "Message": f"{code}: User initiated shutdown"},
    }


OPERATIONS = (
    Operation(
        "DescribeInstances",
        describe_instances,
        reads=True,
        ignored={"IncludeManagedResources": "no instance here is managed by a service"},
        on=(),
    ),
)
