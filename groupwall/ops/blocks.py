"""Blocks of addresses: text to canonical text, and where a new one may lie. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from groupwall import errors
from groupwall.rules import parsing

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

DEFAULT_BLOCK = ipaddress.IPv4Network("172.31.0.0/16")
"""Of every default VPC [reference 19, recorded]."""

IPV6_POOL = ipaddress.IPv6Network("2600:1f00::/24")
"""Where the IPv6 blocks of VPCs come from, each a /56 chosen by the id of its association."""

SHORTEST, LONGEST = 16, 28
"""Prefix lengths of a VPC's and a subnet's IPv4 block [model: CreateSubnet; docs: CreateVpc]."""

IPV6_OF_VPC, IPV6_OF_SUBNET = 56, 64
"""Prefix lengths of IPv6 blocks; AWS takes a subnet's from /44 to /64 too (inferred: one size)."""


def is_ipv6(cidr: str) -> bool:
    """Tell the family of a block."""
    return ":" in cidr


def ipv4_block(cidr: str, out_of_range: str) -> str:
    """Return an IPv4 block in canonical form. InvalidParameterValue, or this code for a size that is not allowed."""
    try:
        block = ipaddress.IPv4Network(parsing.ipv4_cidr(cidr))
    except errors.ApiError:
        raise errors.block_malformed(cidr, "cidrBlock") from None
    if not SHORTEST <= block.prefixlen <= LONGEST:
        raise errors.block_out_of_range(out_of_range, cidr)
    return str(block)


def ipv6_block_of_subnet(cidr: str) -> str:
    """Return a subnet's IPv6 block in canonical form. InvalidParameterValue, or InvalidSubnet.Range for its size."""
    try:
        block = ipaddress.IPv6Network(parsing.ipv6_cidr(cidr))
    except errors.ApiError:
        raise errors.block_malformed(cidr, "ipv6CidrBlock") from None
    if block.prefixlen != IPV6_OF_SUBNET:
        raise errors.block_out_of_range("InvalidSubnet.Range", cidr)
    return str(block)


def drawn_ipv6_block(association_id: str) -> str:
    """Return the IPv6 block of a VPC, as chance as the id that it is chosen by."""
    chosen = int(association_id.rpartition("-")[2], 16) % (1 << (IPV6_OF_VPC - IPV6_POOL.prefixlen))
    return f"{IPV6_POOL.network_address + (chosen << (128 - IPV6_OF_VPC))}/{IPV6_OF_VPC}"


def within(cidr: str, blocks: Iterable[str]) -> bool:
    """Tell whether a block lies in one of these."""
    inner = _numbers(cidr)
    return any(
        outer.start <= inner.start and inner.stop <= outer.stop
        for outer in (_numbers(block) for block in blocks if is_ipv6(block) is is_ipv6(cidr))
    )


def overlaps(cidr: str, blocks: Iterable[str]) -> bool:
    """Tell whether a block shares an address with one of these."""
    mine = _numbers(cidr)
    return any(
        mine.start < other.stop and other.start < mine.stop
        for other in (_numbers(block) for block in blocks if is_ipv6(block) is is_ipv6(cidr))
    )


def first_free(cidr: str, length: int, taken: Iterable[str]) -> str | None:
    """Return the first block of this prefix length in a block that shares no address with those taken, or None."""
    used = list(taken)
    candidates = (str(block) for block in ipaddress.IPv4Network(cidr).subnets(new_prefix=length))
    return next((candidate for candidate in candidates if not overlaps(candidate, used)), None)


def _numbers(cidr: str) -> range:
    """Return a block's addresses as numbers, from canonical text."""
    network: Network = ipaddress.ip_network(cidr)
    first = int(network.network_address)
    return range(first, first + network.num_addresses)


def association(association_id: str, cidr: str, state: str) -> dict[str, Any]:
    """Return an association of a block as replies show it, of either family."""
    family = "Ipv6" if is_ipv6(cidr) else ""
    return {
        "AssociationId": association_id,
        f"{family}CidrBlock": cidr,
        f"{family}CidrBlockState": {"State": state},
    }
