"""The interfaces that RunInstances gives to an instance, and where [model, reference 17]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.ops.groups.groups import group_of_default_vpc
from groupwall.ops.groups.memberships import groups_for
from groupwall.ops.interfaces.addresses import ANY, ipv4_wanted, ipv6_wanted
from groupwall.ops.interfaces.interfaces import find_interface
from groupwall.ops.networks.subnets import free_addresses
from groupwall.ops.operation import Context, Params
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.places import find_subnet, zone_given
from groupwall.store.entities import Attachment, Interface, Subnet
from groupwall.store.query import Where

INSTANCE_LEVEL = {
    "SubnetId": "subnet ID",
    "SecurityGroupIds": "security groups",
    "SecurityGroups": "security groups",
    "PrivateIpAddress": "private IP address",
    "Ipv6AddressCount": "IPv6 addresses",
    "Ipv6Addresses": "IPv6 addresses",
    "EnablePrimaryIpv6": "primary IPv6 address",
}
"""Member -> what the refusal calls it. They stand for the primary interface, so not beside a list of interfaces."""

UNSUPPORTED = (
    "AssociateCarrierIpAddress", "AssociatePublicIpAddress", "EnaQueueCount", "EnaSrdSpecification", "Ipv4PrefixCount",
    "Ipv4Prefixes", "Ipv6PrefixCount", "Ipv6Prefixes",
)  # fmt: skip
OF_NEW_ONES = (
    "ConnectionTrackingSpecification", "Description", "Groups", "InterfaceType", "Ipv6AddressCount", "Ipv6Addresses",
    "PrimaryIpv6", "PrivateIpAddress", "PrivateIpAddresses", "SecondaryPrivateIpAddressCount", "SubnetId",
)  # fmt: skip
"""Members that only an interface yet to be made may have; CreateNetworkInterface has them too."""

MOST_DEVICES = 15
"""Interfaces of one instance, as the largest types have [docs]; text of the refusal inferred."""


class Device(NamedTuple):
    """What an instance is to have at one device index: an interface that there is, or a new one.

    asked: members of CreateNetworkInterface, for a new one.
    """

    place: int
    subnet: Subnet
    interface: Interface | None
    asked: Params
    delete_on_termination: bool


def devices_asked(params: Params, context: Context) -> list[Device]:
    """Return the devices of each instance, the primary one first. They lie in one zone."""
    listed = params.get("NetworkInterfaces") or ()
    level = [called for member, called in INSTANCE_LEVEL.items() if params.get(member)]
    if not listed:
        return [_single(params, context)]
    if level:
        raise errors.instance_level_besides_interfaces(level[0])
    zone = zone_given(params.get("Placement") or {}, context)
    devices = sorted((_device(one, zone, context) for one in listed[: MOST_DEVICES + 1]), key=lambda one: one.place)
    _check(devices)
    return devices


def _check(devices: Sequence[Device]) -> None:
    if len(devices) > MOST_DEVICES:
        raise errors.invalid_value(f"An instance may have no more than {MOST_DEVICES} network interfaces.")
    if len({one.place for one in devices}) < len(devices):
        raise errors.invalid_combination("Each network interface requires a unique device index.")
    if devices[0].place != 0:
        raise errors.invalid_value("A network interface with the device index 0 must be specified.")
    existing = [one.interface.id for one in devices if one.interface]
    if len(set(existing)) < len(existing):
        raise errors.interface_in_use(existing[0])
    if len({one.subnet.zone for one in devices}) > 1:
        raise errors.zones_differ()


def _single(params: Params, context: Context) -> Device:
    """Return the one interface that is asked for by members of the call itself."""
    names = params.get("SecurityGroups", ())
    if names and params.get("SubnetId"):
        raise errors.group_names_with_subnet()
    if names and not context.tx.default_vpc():
        raise errors.no_default_vpc_for_names()
    zone = zone_given(params.get("Placement") or {}, context)
    subnet = subnet_for(params.get("SubnetId"), zone, context)
    most = context.quotas.groups_per_interface
    if len(names) > most:  # each takes a look of its own
        raise errors.groups_per_instance_limit_exceeded()
    group_ids = [*params.get("SecurityGroupIds", ()), *(group_of_default_vpc(name, context)[0].id for name in names)]
    if len(set(group_ids)) > most:
        raise errors.groups_per_instance_limit_exceeded()
    asked = {
        "PrivateIpAddress": params.get("PrivateIpAddress"),
        "Ipv6AddressCount": params.get("Ipv6AddressCount"),
        "Ipv6Addresses": params.get("Ipv6Addresses", ()),
        "EnablePrimaryIpv6": params.get("EnablePrimaryIpv6"),
        "Groups": _groups(group_ids, subnet, context),
    }
    return Device(0, subnet, None, asked, delete_on_termination=True)


def subnet_for(subnet_id: str | None, zone: str | None, context: Context) -> Subnet:
    """Return the subnet that is named, or a default one; in the zone that is asked for."""
    if subnet_id is not None:
        subnet = find_subnet(subnet_id, context)
        if zone not in (None, subnet.zone):
            raise errors.invalid_combination(f"The subnet '{subnet_id}' is not in the availability zone {zone}.")
        return subnet
    vpc = context.tx.default_vpc()
    if vpc is None:
        raise errors.no_default_vpc()
    found = context.tx.listed(Subnet, [Where("vpc", (vpc.id,)), Where("default", ("true",))])
    mine = sorted((one for one in found if zone in (None, one.zone)), key=lambda one: one.zone)
    if not mine:
        raise errors.no_default_subnet(vpc.id)
    return mine[0]


def _groups(group_ids: Sequence[str], subnet: Subnet, context: Context) -> list[str]:
    """Return the groups as given, checked: one of another VPC is told so in RunInstances' own words."""
    return [one.id for one in groups_for(context, subnet.vpc_id, group_ids, errors.group_not_in_vpc)]


def _device(given: Mapping[str, Any], zone: str | None, context: Context) -> Device:
    refuse_unsupported(given, "RunInstances", UNSUPPORTED)
    if given.get("NetworkCardIndex"):
        raise errors.unsupported_operation("RunInstances with NetworkCardIndex other than 0")
    index = given.get("DeviceIndex")
    if index is None:
        raise errors.missing_parameter("DeviceIndex")
    if index < 0:
        raise errors.invalid_value(f"Value ({index}) for parameter deviceIndex is invalid.")
    if given.get("NetworkInterfaceId") is not None:
        return _existing(given, index, zone, context)
    subnet = subnet_for(given.get("SubnetId"), zone, context)
    asked = {member: given[member] for member in OF_NEW_ONES if given.get(member) is not None}
    asked["Groups"] = _groups(given.get("Groups", ()), subnet, context)
    return Device(index, subnet, None, asked, given.get("DeleteOnTermination") is not False)


def _existing(given: Mapping[str, Any], index: int, zone: str | None, context: Context) -> Device:
    """Return a device that is an interface there is; it stays when the instance ends [model; texts inferred]."""
    also = [member for member in OF_NEW_ONES if given.get(member) not in (None, "interface", False)]
    if also:
        message = f"A network interface may not specify both a network interface ID and {also[0]}"
        raise errors.invalid_combination(message)
    if given.get("DeleteOnTermination"):
        message = "A network interface may not specify a network interface ID and delete on termination as true"
        raise errors.invalid_combination(message)
    interface = find_interface(given["NetworkInterfaceId"], context)
    if context.tx.any(Attachment, "interface_id", interface.id):
        raise errors.interface_in_use(interface.id)
    subnet = subnet_for(interface.subnet_id, zone, context)
    return Device(index, subnet, interface, {}, delete_on_termination=False)


def addresses_asked(devices: Sequence[Device]) -> list[str | None]:
    """Return the addresses that each instance asks for, ANY for one that is chosen for it."""
    new = [one for one in devices if one.interface is None]
    return [text for one in new for text in (*ipv4_wanted(one.asked).texts, *ipv6_wanted(one.asked, one.subnet).texts)]


def room_for(devices: Sequence[Device], context: Context) -> int | None:
    """Return how many instances with these devices find addresses; None where the devices can be of only one."""
    if any(one.interface for one in devices) or any(text is not ANY for text in addresses_asked(devices)):
        return None
    held = context.tx.held_in([one.subnet.id for one in devices])
    each: dict[Subnet, int] = {}
    for one in devices:
        each[one.subnet] = each.get(one.subnet, 0) + len(ipv4_wanted(one.asked).texts)
    return min(free_addresses(subnet, held.get(subnet.id, 0)) // wanted for subnet, wanted in each.items())
