"""Instances as replies show them, by reservation, and their status [model, reference 17]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from groupwall.ops import interfaces_described
from groupwall.ops.filters import Paging, anywhere, conditions, refuse_pages_of_ids
from groupwall.ops.instances import RUNNING, find_instances, state, visible
from groupwall.ops.interface_views import shown
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.tags import tag_list
from groupwall.ops.zones import zone_id
from groupwall.store.entities import Attachment, Instance, Interface
from groupwall.store.query import Where
from groupwall.units import timestamp

Json = dict[str, Any]

_UNLIKE_INTERFACES = ("interface-type", "association", "addresses.association", "tag")
"""Beginnings of DescribeNetworkInterfaces' filters that this operation does not have, or that are met by nothing."""

FILTERS = {
    "availability-zone": "zone",
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
    **{
        f"network-interface.{name}": f"interface.{field}"
        for name, field in interfaces_described.FILTERS.items()
        if not name.startswith(_UNLIKE_INTERFACES)
    },
}


def describe_instances(params: Params, context: Context) -> Result:
    """Describe instances by id or filter, in the order of their ids, gathered by reservation."""
    refuse_pages_of_ids(params, "InstanceIds")
    paging = Paging(params, context, "instances")
    wanted = [visible(context), *conditions(params, FILTERS), *_named(params, context)]
    found, token = paging.split(context.tx.listed(Instance, wanted, paging.page()), attrgetter("id"))
    return {"Reservations": reservations(found, context), "NextToken": token}


def _named(params: Params, context: Context) -> list[Where]:
    ids = params.get("InstanceIds", ())
    return [anywhere("id", [one.id for one in find_instances(ids, context)])] if ids else []


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
    found = {one["NetworkInterfaceId"]: one for one in shown(list(context.tx.by_id(Interface, ids).values()), context)}
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


STATUS_FILTERS = {
    "attached-ebs-status.status": "status",
    "availability-zone": "zone",
    "instance-state-code": "state-code",
    "instance-state-name": "state",
    "instance-status.reachability": "reachability",
    "instance-status.status": "status",
    "system-status.reachability": "reachability",
    "system-status.status": "status",
}


def describe_instance_status(params: Params, context: Context) -> Result:
    """Describe the status of those instances that run, or of all with IncludeAllInstances [model]."""
    refuse_pages_of_ids(params, "InstanceIds")
    paging = Paging(params, context, "instance-status")
    wanted = [visible(context), *conditions(params, STATUS_FILTERS), *_named(params, context)]
    if not params.get("IncludeAllInstances"):
        wanted.append(Where("state", (RUNNING,)))
    found, token = paging.split(context.tx.listed(Instance, wanted, paging.page()), attrgetter("id"))
    return {"InstanceStatuses": [_status(one) for one in found], "NextToken": token}


def _status(instance: Instance) -> Json:
    """Return a status: what runs here is in order, for nothing can break; nothing is known of what does not."""
    status: Json = {"Status": "not-applicable"}
    if instance.state == RUNNING:
        status = {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    return {
        "InstanceId": instance.id,
        "AvailabilityZone": instance.zone,
        "AvailabilityZoneId": zone_id(instance.zone),
        "InstanceState": state(instance.state),
        "InstanceStatus": status,
        "SystemStatus": status,
        "AttachedEbsStatus": status,
    }


_UNMANAGED = "no instance here is managed by a service"
OPERATIONS = (
    Operation("DescribeInstances", describe_instances, reads=True, ignored={"IncludeManagedResources": _UNMANAGED}),
    Operation(
        "DescribeInstanceStatus", describe_instance_status, reads=True, ignored={"IncludeManagedResources": _UNMANAGED}
    ),
)
