"""The addresses of interfaces: asked for by name, or the next free ones of the subnet [reference 17]."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import count
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.blocks import Network
from groupwall.ops.operation import Context, Params
from groupwall.store.entities import Address, Interface, Subnet, SubnetCidr

RESERVED_FIRST = 4
"""Addresses at the start of a subnet that belong to AWS; so does the last one [docs]."""
MOST = 50
"""Addresses of one family in one interface, as the largest instance types allow (inferred)."""
ANY = None
"""Stands for an address that is chosen for the caller."""


class Wanted(NamedTuple):
    """Addresses of one family that are asked for, each by its text or ANY. primary: the first is the primary one."""

    texts: Sequence[str | None]
    ipv6: bool = False
    primary: bool = False


def ipv4_wanted(asked: Params) -> Wanted:
    """Return the IPv4 addresses that CreateNetworkInterface's members ask for [model]."""
    listed = asked.get("PrivateIpAddresses", ())
    primary = [one.get("PrivateIpAddress") for one in listed if one.get("Primary")]
    secondary = [one.get("PrivateIpAddress") for one in listed if not one.get("Primary")]
    single, more = asked.get("PrivateIpAddress"), asked.get("SecondaryPrivateIpAddressCount") or 0
    primary += [] if single is None else [single]
    if len(primary) > 1:
        message = "Only one primary private IP address can be specified."
        raise errors.invalid_combination(message)
    if more and len(listed) > 1:
        message = "secondaryPrivateIpAddressCount cannot be specified together with several privateIpAddresses"
        raise errors.invalid_combination(message)
    return Wanted([*(primary or [ANY]), *secondary, *any_of(more)], primary=True)


def ipv6_wanted(asked: Params, subnet: Subnet) -> Wanted:
    """Return the IPv6 addresses that are asked for; one where the subnet gives one to each new interface [model].

    ``PrimaryIpv6`` is RunInstances' name of ``EnablePrimaryIpv6``; it asks for one by itself [model].
    """
    listed = sorted(asked.get("Ipv6Addresses", ()), key=lambda one: not one.get("IsPrimaryIpv6"))
    number = asked.get("Ipv6AddressCount")
    if listed and number:
        message = "ipv6AddressCount cannot be specified together with ipv6Addresses"
        raise errors.invalid_combination(message)
    enabled = asked.get("EnablePrimaryIpv6") or asked.get("PrimaryIpv6") or False
    if not listed and number is None:
        number = int(subnet.ipv6_on_creation or enabled)
    texts = [*(one.get("Ipv6Address") for one in listed), *any_of(number or 0)]
    if enabled and not texts:
        message = "A primary IPv6 address cannot be enabled for an interface without IPv6 addresses."
        raise errors.invalid_combination(message)
    return Wanted(texts, ipv6=True, primary=enabled or any(one.get("IsPrimaryIpv6") for one in listed))


def any_of(number: int) -> list[str | None]:
    """Return that so many addresses are asked for, whichever they are."""
    if not 0 <= number <= MOST:
        raise errors.address_limit_exceeded()
    return [ANY] * number


def add_addresses(
    context: Context, interface: Interface, wanted: Wanted, beside: Sequence[Address] = ()
) -> list[Address]:
    """Give addresses of its subnet to an interface, beside those of the family that it has; return the new ones.

    InvalidParameterValue for one that is no address, lies outside or is reserved; InvalidIPAddress.InUse;
    InsufficientFreeAddressesInSubnet; PrivateIpAddressLimitExceeded.
    """
    if not wanted.texts:
        return []
    if len(beside) + len(wanted.texts) > MOST:
        raise errors.address_limit_exceeded()
    block = _block(context, interface, ipv6=wanted.ipv6)
    named = [_checked(text, block) for text in wanted.texts if text is not ANY]
    if len(set(named)) < len(named) or taken(context, interface.subnet_id, named):
        raise errors.address_in_use()
    place = 1 + max((one.place for one in beside), default=-1)
    added = [
        Address(interface.subnet_id, text, number_of(text), interface.id, place + turn, wanted.primary and not turn)
        for turn, text in enumerate(_chosen(context, interface, wanted, block, named))
    ]
    for address in added:
        context.tx.add(address)
    return added


def _chosen(
    context: Context, interface: Interface, wanted: Wanted, block: Network, named: Sequence[str]
) -> Iterator[str]:
    most = len(wanted.texts)
    free = _free_ipv6(context, interface, block) if wanted.ipv6 else _free_ipv4(context, interface, block, most)
    others, given = (text for text in free if text not in named), iter(named)
    for text in wanted.texts:
        chosen = next(others, None) if text is ANY else next(given)
        if chosen is None:
            raise errors.addresses_exhausted(interface.subnet_id)
        yield chosen


def number_of(text: str) -> int:
    """Return an IPv4 address as an integer, 0 for an IPv6 one, which is too long for the table's."""
    return 0 if ":" in text else int(IPv4Address(text))


def canonical(text: str) -> str:
    """Return an address as it is kept. InvalidParameterValue for what is none; one of a link has no meaning here."""
    try:
        address = ip_address(text)
    except ValueError:
        raise errors.address_malformed(text) from None
    if "%" in text:
        raise errors.address_malformed(text)
    return str(address)


def _checked(text: str, block: Network) -> str:
    """Return an address of the block that can be given, in canonical form."""
    address = ip_address(canonical(text))
    if address.version != block.version:
        raise errors.address_malformed(text)
    if address not in block:
        raise errors.address_outside(text)
    if not _first(block) <= int(address) <= _last(block):
        raise errors.address_reserved(text)
    return str(address)


def taken(context: Context, subnet_id: str, texts: Sequence[str]) -> list[Address]:
    """Return those of the addresses that interfaces of the subnet have."""
    found = context.tx.by(Address, "address", texts) if texts else {}
    return [address for one in found.values() for address in one if address.subnet_id == subnet_id]


def _block(context: Context, interface: Interface, *, ipv6: bool) -> Network:
    if not ipv6:
        return IPv4Network(context.tx.by_id(Subnet, [interface.subnet_id])[interface.subnet_id].cidr)
    blocks = context.tx.of(SubnetCidr, "subnet_id", interface.subnet_id)
    if not blocks:
        raise errors.no_ipv6_block(interface.subnet_id)
    return IPv6Network(blocks[0].cidr)


def _first(block: Network) -> int:
    return int(block.network_address) + RESERVED_FIRST


def _last(block: Network) -> int:
    return int(block.broadcast_address) - 1


def _free_ipv4(context: Context, interface: Interface, block: Network, most: int) -> Iterator[str]:
    """Yield free addresses: those after the highest one in use, and from below it once the block's end is reached.

    The highest is found by the index, so that a full subnet costs no more than an empty one (inferred: AWS promises
    no order).
    """
    first, last = _first(block), _last(block)
    for start, end in context.tx.gaps(interface.subnet_id, first, last, most):
        yield from (str(IPv4Address(number)) for number in range(start, end + 1))


def _free_ipv6(context: Context, interface: Interface, block: Network) -> Iterator[str]:
    """Yield free addresses, spread over the block by the interface's id, as AWS's look drawn by chance (inferred)."""
    size = _last(block) - _first(block) + 1
    for turn in count():
        digest = hashlib.sha256(f"{interface.id}/{turn}".encode()).digest()
        text = str(IPv6Address(_first(block) + int.from_bytes(digest[:16]) % size))
        if not taken(context, interface.subnet_id, [text]):
            yield text
