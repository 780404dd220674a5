"""Blocks of addresses: canonical text, containment and overlap, against Python's own networks."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.ops.blocks import IPV6_POOL, drawn_ipv6_block, first_free, ipv4_block, ipv6_block_of_subnet
from groupwall.ops.blocks import overlaps as shares
from groupwall.ops.blocks import within as lies_in

# Few high bits and long prefixes, so that blocks meet often.
_IPV4 = st.builds(
    lambda bits, length: str(IPv4Network((bits << 24, length), strict=False)), st.integers(0, 7), st.integers(4, 12)
)
_IPV6 = st.builds(
    lambda bits, length: str(IPv6Network((bits << 120, length), strict=False)), st.integers(0, 7), st.integers(4, 12)
)
_BLOCK = _IPV4 | _IPV6


@given(_BLOCK, st.lists(_BLOCK, max_size=5))
def test_within_and_overlap(cidr: str, others: list[str]) -> None:
    """A block lies in another, or shares an address with it, as networks of its own family do (inferred)."""
    mine = ip_network(cidr)
    same = [ip_network(other) for other in others if ip_network(other).version == mine.version]
    assert lies_in(cidr, others) == any(other.supernet_of(mine) for other in same)  # type: ignore[arg-type]
    assert shares(cidr, others) == any(mine.overlaps(other) for other in same)


@settings(deadline=None)
@given(st.lists(st.integers(0, 63), max_size=64))
def test_the_first_free_block(places: list[int]) -> None:
    """The first block that is free is found, and none where all are taken (inferred)."""
    blocks = [str(block) for block in IPv4Network("172.31.0.0/16").subnets(new_prefix=22)]
    taken = [blocks[place] for place in places]
    found = first_free("172.31.0.0/16", 20, taken)
    free = [
        str(block)
        for block in IPv4Network("172.31.0.0/16").subnets(new_prefix=20)
        if not any(block.overlaps(ip_network(other)) for other in taken)
    ]
    assert found == (free[0] if free else None)


@given(st.integers(0, 2**64 - 1))
def test_ipv6_blocks_are_drawn_from_the_pool(number: int) -> None:
    """A VPC's IPv6 block is a /56 of the pool, the same for the same id [model: a /56]."""
    association = f"vpc-cidr-assoc-0{number:016x}"
    block = IPv6Network(drawn_ipv6_block(association))
    assert block.prefixlen == 56
    assert block.subnet_of(IPV6_POOL)
    assert drawn_ipv6_block(association) == str(block)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("10.0.0.5/16", "10.0.0.0/16"), ("10.0.0.0/28", "10.0.0.0/28"), ("10.0.0.0/15", "InvalidSubnet.Range"),
        ("10.0.0.0/29", "InvalidSubnet.Range"), ("10.0.0.0", "InvalidParameterValue"),
        ("::/64", "InvalidParameterValue"), ("10.0.0.0/255.255.0.0", "InvalidParameterValue"),
        ("", "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_an_ipv4_block(text: str, told: str) -> None:
    """IPv4 blocks go from /16 to /28 and lose their host bits [model: CreateSubnet]."""
    assert _read(lambda: ipv4_block(text, "InvalidSubnet.Range")) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2600:1F00:0:0::5/64", "2600:1f00::/64"), ("2600:1f00::/56", "InvalidSubnet.Range"),
        ("10.0.0.0/24", "InvalidParameterValue"), ("2600:1f00::", "InvalidParameterValue"),
    ],
)  # fmt: skip
def test_an_ipv6_block(text: str, told: str) -> None:
    """A subnet's IPv6 block is a /64 (inferred: AWS takes other sizes too)."""
    assert _read(lambda: ipv6_block_of_subnet(text)) == told


def _read(parse: Callable[[], str]) -> str:
    try:
        return parse()
    except ApiError as error:
        return error.code
