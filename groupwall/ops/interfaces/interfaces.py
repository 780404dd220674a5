"""Network interfaces: create, delete, and what instances need of both [reference 17]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.iam.facts import Said
from groupwall.ops.groups.memberships import groups_touched, set_groups
from groupwall.ops.interfaces.addresses import add_addresses, ipv4_wanted, ipv6_wanted
from groupwall.ops.interfaces.views import described
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.permissions import ON_INTERFACE, ON_SUBNET, made
from groupwall.ops.places import find_subnet
from groupwall.ops.tags import attach_tags, tags_given
from groupwall.ops.tokens import made_before, remember
from groupwall.rules import parsing
from groupwall.store.entities import Address, Attachment, Interface, Member, Subnet

KINDS = ("interface", "efa")
"""Types of interface that differ in nothing that is kept here."""
UNSUPPORTED = ("Ipv4Prefixes", "Ipv4PrefixCount", "Ipv6Prefixes", "Ipv6PrefixCount", "Operator")
LONGEST_DESCRIPTION = 255
TIMEOUTS = {
    "TcpEstablishedTimeout": (60, 432_000),
    "UdpStreamTimeout": (60, 180),
    "UdpTimeout": (30, 60),
}
"""Lowest and highest idle timeout, in seconds [reference 20, model]."""


def create_network_interface(params: Params, context: Context) -> Result:
    """Create an interface; the reply says ``pending``, as AWS's does, and it is available from then on [docs]."""
    subnet = find_subnet(params["SubnetId"], context)
    tags = tags_given(params, "network-interface")
    before = made_before(params, context, "CreateNetworkInterface")
    interface = find_interface(before, context) if before else add_interface(context, subnet, params)
    if not before:
        attach_tags(context, interface.id, tags)
        remember(params, context, "CreateNetworkInterface", interface.id)
    reply = described([interface], context)[0] | ({} if before else {"Status": "pending"})
    return {"NetworkInterface": reply, "ClientToken": params.get("ClientToken")}


def add_interface(context: Context, subnet: Subnet, asked: Params) -> Interface:
    """Add an interface with its addresses and groups.

    asked: members of CreateNetworkInterface, which are also those of an interface that RunInstances creates. Raises
    what ``add_addresses`` and ``set_groups`` raise, and InvalidParameterValue.
    """
    refuse_unsupported(asked, "CreateNetworkInterface", UNSUPPORTED)
    interface_id = context.ids.new("eni")
    interface = Interface(
        interface_id,
        subnet.id,
        subnet.vpc_id,
        description(asked.get("Description") or ""),
        _mac(interface_id),
        _kind(asked.get("InterfaceType") or "interface"),
        True,  # noqa: FBT003 - the value's own member
        *timeouts(asked.get("ConnectionTrackingSpecification") or {}),
    )
    context.tx.add(interface)
    add_addresses(context, interface, ipv4_wanted(asked))
    add_addresses(context, interface, ipv6_wanted(asked, subnet))
    set_groups(context, interface, asked.get("Groups") or ())
    return interface


def description(text: str) -> str:
    """Return a description that an interface may have [docs: CreateNetworkInterface; text inferred]."""
    if len(text) > LONGEST_DESCRIPTION:
        message = f"The description of a network interface must not exceed {LONGEST_DESCRIPTION} characters."
        raise errors.invalid_value(message)
    return text


def timeouts(given: Mapping[str, int]) -> tuple[int, ...]:
    """Return the three idle timeouts, 0 for one that is not given [reference 20, model; text inferred]."""
    for name, (lowest, highest) in TIMEOUTS.items():
        seconds = given.get(name)
        if seconds is not None and not lowest <= seconds <= highest:
            message = f"Value ({seconds}) for parameter {name} is invalid. Expecting {lowest} to {highest} seconds."
            raise errors.invalid_value(message)
    return tuple(given.get(name) or 0 for name in TIMEOUTS)


def _kind(text: str) -> str:
    if text not in KINDS:
        raise errors.unsupported_operation(f"CreateNetworkInterface with InterfaceType {text}")
    return text


def _mac(interface_id: str) -> str:
    """Return an interface's MAC address, made of its id; the first byte says that it is locally administered."""
    digits = interface_id[-10:]
    return ":".join(["02", *(digits[place : place + 2] for place in range(0, 10, 2))])


def find_interface(given: str, context: Context) -> Interface:
    """Return an interface. InvalidNetworkInterfaceId.Malformed or InvalidNetworkInterfaceID.NotFound [3.3]."""
    return context.find(Interface, parsing.interface_id(given), errors.interface_not_found)


def delete_network_interface(params: Params, context: Context) -> Result:
    """Delete an interface that is not attached."""
    interface = find_interface(params["NetworkInterfaceId"], context)
    if context.tx.any(Attachment, "interface_id", interface.id):
        raise errors.interface_still_in_use(interface.id)
    remove_interfaces(context, [interface])
    return {}


def remove_interfaces(context: Context, interfaces: Sequence[Interface]) -> None:
    """Remove interfaces with their addresses, memberships, attachments and tags."""
    ids = [interface.id for interface in interfaces]
    parts: list[Any] = []
    for kind in (Address, Member, Attachment):
        for found in context.tx.by(kind, "interface_id", ids).values():
            parts += found
    context.tx.remove(*parts, *interfaces)


def _groups_touched(params: Params, context: Context) -> list[str]:
    """Return the groups that a new interface is to be in: those named, or its VPC's default one."""
    subnet = context.tx.get(Subnet, params["SubnetId"])
    return groups_touched(params.get("Groups") or (), subnet.vpc_id if subnet else "", context)


def said_in(subnets: Sequence[Subnet], context: Context) -> Said:
    """Return what is known of new interfaces in subnets."""
    return {
        "ec2:subnet": tuple(context.arn(f"subnet/{one.id}") for one in subnets),
        "ec2:vpc": tuple({context.arn(f"vpc/{one.vpc_id}"): None for one in subnets}),
        "ec2:availabilityzone": tuple({one.zone: None for one in subnets}),
    }


def _said_of_new(params: Params, context: Context) -> Said:
    subnet = context.tx.get(Subnet, params["SubnetId"])
    return said_in([subnet] if subnet else [], context)


OPERATIONS = (
    Operation(
        "CreateNetworkInterface",
        create_network_interface,
        on=(made("network-interface", say=_said_of_new), ON_SUBNET, On("security-group", _groups_touched)),
    ),
    Operation("DeleteNetworkInterface", delete_network_interface, on=(ON_INTERFACE,)),
)
