"""Further addresses for an interface that exists, and addresses taken from it [model]."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.ops.interfaces.addresses import Wanted, add_addresses, any_of, canonical, taken
from groupwall.ops.interfaces.interfaces import find_interface
from groupwall.ops.interfaces.views import held_by
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.permissions import ON_INTERFACE
from groupwall.store.entities import Address, Interface


def assign_private_ip_addresses(params: Params, context: Context) -> Result:
    """Give secondary IPv4 addresses to an interface, by name or by number.

    With AllowReassignment those that another interface has as secondary ones are moved.
    """
    refuse_unsupported(params, "AssignPrivateIpAddresses", ("Ipv4Prefixes", "Ipv4PrefixCount"))
    interface = find_interface(params["NetworkInterfaceId"], context)
    wanted = Wanted(_texts(params, "PrivateIpAddresses", "SecondaryPrivateIpAddressCount"))
    if params.get("AllowReassignment"):
        named = [canonical(text) for text in wanted.texts if text]
        moved = taken(context, interface.subnet_id, named)
        context.tx.remove(*(address for address in moved if not address.is_primary))
    added = add_addresses(context, interface, wanted, held_by(context, [interface.id])[interface.id].ipv4)
    shown = [{"PrivateIpAddress": address.address} for address in added]
    return {"NetworkInterfaceId": interface.id, "AssignedPrivateIpAddresses": shown}


def assign_ipv6_addresses(params: Params, context: Context) -> Result:
    """Give IPv6 addresses to an interface, by name or by number."""
    refuse_unsupported(params, "AssignIpv6Addresses", ("Ipv6Prefixes", "Ipv6PrefixCount"))
    interface = find_interface(params["NetworkInterfaceId"], context)
    wanted = Wanted(_texts(params, "Ipv6Addresses", "Ipv6AddressCount"), ipv6=True)
    added = add_addresses(context, interface, wanted, held_by(context, [interface.id])[interface.id].ipv6)
    return {"NetworkInterfaceId": interface.id, "AssignedIpv6Addresses": [address.address for address in added]}


def _texts(params: Params, listed: str, counted: str) -> Sequence[str | None]:
    """Return the addresses that are asked for, by name or by number [model; code and text of the errors inferred]."""
    names, number = params.get(listed), params.get(counted)
    if names and number:
        message = f"The parameters {listed} and {counted} cannot be specified together"
        raise errors.invalid_combination(message)
    if not names and not number:
        raise errors.missing_parameter(listed)
    return names or any_of(number or 0)


def unassign_private_ip_addresses(params: Params, context: Context) -> Result:
    """Take secondary IPv4 addresses from an interface."""
    refuse_unsupported(params, "UnassignPrivateIpAddresses", ("Ipv4Prefixes",))
    interface = find_interface(params["NetworkInterfaceId"], context)
    _take(context, interface, held_by(context, [interface.id])[interface.id].ipv4, _named(params, "PrivateIpAddresses"))
    return {}


def unassign_ipv6_addresses(params: Params, context: Context) -> Result:
    """Take IPv6 addresses from an interface."""
    refuse_unsupported(params, "UnassignIpv6Addresses", ("Ipv6Prefixes",))
    interface = find_interface(params["NetworkInterfaceId"], context)
    named = _named(params, "Ipv6Addresses")
    _take(context, interface, held_by(context, [interface.id])[interface.id].ipv6, named)
    return {"NetworkInterfaceId": interface.id, "UnassignedIpv6Addresses": named}


def _named(params: Params, listed: str) -> list[str]:
    if not params.get(listed):
        raise errors.missing_parameter(listed)
    return list(dict.fromkeys(canonical(text) for text in params[listed]))


def _take(context: Context, interface: Interface, held: Sequence[Address], named: Sequence[str]) -> None:
    mine = {address.address: address for address in held}
    for text in named:
        if text not in mine:
            raise errors.addresses_not_assigned(interface.id)
        if mine[text].is_primary:
            raise errors.primary_address_stays(text)
    context.tx.remove(*(mine[text] for text in named))


OPERATIONS = (
    Operation("AssignPrivateIpAddresses", assign_private_ip_addresses, on=(ON_INTERFACE,)),
    Operation("AssignIpv6Addresses", assign_ipv6_addresses, on=(ON_INTERFACE,)),
    Operation("UnassignPrivateIpAddresses", unassign_private_ip_addresses, on=(ON_INTERFACE,)),
    Operation("UnassignIpv6Addresses", unassign_ipv6_addresses, on=(ON_INTERFACE,)),
)
