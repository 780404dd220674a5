"""Interfaces as replies show them, with all that belongs to them [model]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.ops.operation import Context
from groupwall.ops.tags import tag_list
from groupwall.regions import private_domain, zone_id
from groupwall.store.entities import Address, Attachment, Group, Interface, Member, Subnet


class Held(NamedTuple):
    """What one interface has: its addresses in order, the primary IPv4 one first, its groups and its attachment."""

    ipv4: list[Address]
    ipv6: list[Address]
    groups: list[Group]
    attachment: Attachment | None


def held_by(context: Context, interface_ids: Sequence[str]) -> dict[str, Held]:
    """Return what each of these interfaces has, in four statements for all of them."""
    addresses = context.tx.by(Address, "interface_id", interface_ids)
    members = context.tx.by(Member, "interface_id", interface_ids)
    groups = context.tx.by_id(Group, list({one.group_id for of in members.values() for one in of}))
    attachments = context.tx.by(Attachment, "interface_id", interface_ids)

    def held(interface_id: str) -> Held:
        mine = sorted(addresses.get(interface_id, ()), key=lambda one: one.place)
        placed = sorted(members.get(interface_id, ()), key=lambda one: one.place)
        return Held(
            [one for one in mine if one.number],
            [one for one in mine if not one.number],
            [groups[one.group_id] for one in placed],
            next(iter(attachments.get(interface_id, ())), None),
        )

    return {interface_id: held(interface_id) for interface_id in interface_ids}


def described(interfaces: Sequence[Interface], context: Context) -> list[dict[str, Any]]:
    """Return interfaces as DescribeNetworkInterfaces shows them, in six statements for all of them."""
    ids = [interface.id for interface in interfaces]
    held, tags = held_by(context, ids), context.tx.tags_of(ids)
    subnets = context.tx.by_id(Subnet, list({interface.subnet_id for interface in interfaces}))
    return [
        _described(one, held[one.id], subnets[one.subnet_id].zone, context) | {"TagSet": tag_list(tags.get(one.id, ()))}
        for one in interfaces
    ]


def _described(interface: Interface, held: Held, zone: str, context: Context) -> dict[str, Any]:
    primary = held.ipv4[0].address
    return {
        "NetworkInterfaceId": interface.id,
        "SubnetId": interface.subnet_id,
        "VpcId": interface.vpc_id,
        "AvailabilityZone": zone,
        "AvailabilityZoneId": zone_id(zone),
        "Description": interface.description,
        "OwnerId": context.world.account,
        "InterfaceType": interface.kind,
        "RequesterManaged": False,
        "Operator": {"Managed": False},
        "Status": "in-use" if held.attachment else "available",
        "MacAddress": interface.mac,
        "PrivateIpAddress": primary,
        "PrivateDnsName": private_name(primary, context.world.region),
        "PrivateIpAddresses": [_ipv4(one, context.world.region) for one in held.ipv4],
        "Ipv6Address": next((one.address for one in held.ipv6), None),
        "Ipv6Addresses": [{"Ipv6Address": one.address, "IsPrimaryIpv6": one.is_primary} for one in held.ipv6],
        "SourceDestCheck": interface.source_dest_check,
        "ConnectionTrackingConfiguration": _timeouts(interface),
        "Groups": group_list(held.groups),
        "Attachment": attachment_shown(held.attachment, context) if held.attachment else None,
    }


def private_name(address: str, region: str) -> str:
    """Return the name that a VPC's resolver gives to a private address [docs]."""
    return f"ip-{address.replace('.', '-')}.{private_domain(region)}"


def group_list(groups: Sequence[Group]) -> list[dict[str, str]]:
    """Return groups as interfaces and instances name them."""
    return [{"GroupId": group.id, "GroupName": group.name} for group in groups]


def attachment_shown(attachment: Attachment, context: Context) -> dict[str, Any]:
    """Return an attachment as its interface shows it."""
    return {
        "AttachmentId": attachment.id,
        "InstanceId": attachment.instance_id,
        "InstanceOwnerId": context.world.account,
        "DeviceIndex": attachment.device,
        "NetworkCardIndex": 0,
        "Status": "attached",
        "AttachTime": attachment.time,
        "DeleteOnTermination": attachment.delete_on_termination,
    }


def _ipv4(address: Address, region: str) -> Mapping[str, Any]:
    return {
        "PrivateIpAddress": address.address,
        "PrivateDnsName": private_name(address.address, region),
        "Primary": address.is_primary,
    }


def _timeouts(interface: Interface) -> dict[str, int] | None:
    """Return the timeouts that were set; nothing is said of AWS's own defaults (inferred)."""
    chosen = {
        "TcpEstablishedTimeout": interface.tcp_established,
        "UdpStreamTimeout": interface.udp_stream,
        "UdpTimeout": interface.udp,
    }
    return {name: seconds for name, seconds in chosen.items() if seconds} or None
