"""Addresses and services as numbers, and traffic as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.flows import (
    EVERY_IPV4,
    EVERY_IPV6,
    SERVICES,
    Line,
    address_number,
    addresses_text,
    block_span,
    lines,
    service_number,
    service_texts,
    services,
    services_text,
)
from groupwall.rules.spans import Span, difference, intersection, spans
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import EVERY_PORT, NO_PORTS, PortRange


def box(cidr: str, protocol: str, first: int = -1, last: int = -1) -> Box:
    """Return what a rule with these properties means."""
    return Box((block_span(cidr),), services(protocol, PortRange(first, last)))


@pytest.mark.parametrize(
    ("protocol", "ports", "text"),
    [
        ("-1", NO_PORTS, "all"),
        ("tcp", PortRange(22, 22), "tcp 22"),
        ("tcp", PortRange(0, 0), "tcp 0"),
        ("udp", PortRange(80, 90), "udp 80-90"),
        ("udp", EVERY_PORT, "udp"),
        ("icmp", NO_PORTS, "icmp"),
        ("icmp", PortRange(8, -1), "icmp 8/*"),
        ("icmp", PortRange(8, 0), "icmp 8/0"),
        ("icmp", PortRange(0, 0), "icmp 0/0"),
        ("icmpv6", PortRange(255, 255), "icmpv6 255/255"),
        ("47", NO_PORTS, "47"),
        ("0", NO_PORTS, "0"),
        ("255", NO_PORTS, "255"),
    ],
)
def test_services(protocol: str, ports: PortRange, text: str) -> None:
    """A rule's protocol and ports are one span of services, which is told as they are [reference 3.2]."""
    some = services(protocol, ports)
    assert services_text(some) == text
    assert intersection(some, SERVICES) == some


def test_services_are_told_one_by_one() -> None:
    """Ports and types stand by themselves, whole protocols without a name as runs of their numbers (inferred)."""
    some = (*services("tcp", PortRange(22, 23)), *services("tcp", PortRange(80, 80)), *services("50", NO_PORTS))
    assert service_texts(spans(some)) == ["tcp 22-23", "tcp 80", "50"]
    rest = difference(SERVICES, services("tcp", PortRange(22, 22)))
    names = ["0", "icmp", "2-5", "tcp 0-21", "tcp 23-65535", "7-16", "udp", "18-57", "icmpv6", "59-255"]
    assert service_texts(rest) == names
    assert service_texts(SERVICES) == ["all"]


def test_types_and_codes_are_apart() -> None:
    """An ICMP type is all its codes and no code of the next type [reference 3.2, model]."""
    assert services("icmp", PortRange(8, -1)) == spans(
        tuple(Span(*[service_number("icmp", PortRange(8, code))] * 2) for code in range(256))
    )
    assert not intersection(services("icmp", PortRange(8, -1)), services("icmp", PortRange(9, 0)))


@pytest.mark.parametrize(
    ("cidr", "text"),
    [
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("10.1.2.3/32", "10.1.2.3"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("2001:db8::1/128", "2001:db8::1"),
    ],
)
def test_blocks(cidr: str, text: str) -> None:
    """A block is one span, in its own family's part of the line, and told as a block or a single address."""
    span = block_span(cidr)
    assert addresses_text((span,)) == text
    family = EVERY_IPV6 if ":" in cidr else EVERY_IPV4
    assert intersection((span,), family) == (span,)


def test_families_meet_without_mixing() -> None:
    """The last IPv4 address and the first of IPv6 are neighbours on the line, and told apart (inferred)."""
    assert address_number("255.255.255.255") + 1 == address_number("::")
    assert addresses_text(spans((*EVERY_IPV4, *EVERY_IPV6))) == "0.0.0.0/0, ::/0"
    with pytest.raises(ValueError, match="nowhere"):
        address_number("nowhere")


@pytest.mark.parametrize(
    ("wanted", "without", "told"),
    [
        ([], [], []),
        (
            [box("10.0.0.0/8", "tcp", 22, 22), box("10.0.0.0/8", "tcp", 80, 90), box("0.0.0.0/0", "tcp", 443, 443)],
            [],
            ["tcp 22, 80-90 10.0.0.0/8", "tcp 443 0.0.0.0/0"],
        ),
        ([box("0.0.0.0/0", "-1"), box("::/0", "-1")], [], ["all 0.0.0.0/0, ::/0"]),
        ([box("10.0.0.0/8", "tcp", 22, 22), box("10.0.0.0/9", "tcp", 22, 22)], [], ["tcp 22 10.0.0.0/8"]),
        ([box("10.0.0.0/8", "tcp", 1, 9), box("10.0.0.0/8", "tcp", 10, 20)], [], ["tcp 1-20 10.0.0.0/8"]),
        ([box("10.0.0.0/30", "-1")], [box("10.0.0.0/30", "tcp", 22, 22)], ["all but tcp 22 10.0.0.0/30"]),
        ([box("10.0.0.0/24", "tcp", 22, 22)], [box("10.0.0.0/28", "-1")], ["tcp 22 10.0.0.16-10.0.0.255"]),
        ([box("10.0.0.0/24", "tcp", 22, 22)], [box("10.0.0.0/25", "-1")], ["tcp 22 10.0.0.128/25"]),
    ],
)
def test_traffic_as_text(wanted: list[Box], without: list[Box], told: list[str]) -> None:
    """Traffic is told in the shorter of its two ways, what touches joined (inferred)."""
    assert [str(line) for line in lines(traffic(wanted) - traffic(without))] == told


cidrs = st.sampled_from(["10.0.0.0/30", "10.0.0.0/31", "10.0.0.2/32", "::/126", "0.0.0.0/0", "::/0"])
some_ports = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda ends: PortRange(min(ends), max(ends)))
some_boxes = st.lists(
    st.builds(lambda cidr, protocol, ports: Box((block_span(cidr),), services(protocol, ports)),
              cidrs, st.sampled_from(["tcp", "udp", "icmp", "-1", "47"]), some_ports), max_size=6,
)  # fmt: skip


@given(some_boxes)
def test_lines_lose_nothing(some: list[Box]) -> None:
    """The lines are the traffic again, and no two of them share a flow (inferred)."""
    value = traffic(some)
    told = lines(value)
    assert traffic([Box(line.addresses, line.services) for line in told]) == value
    apart: Traffic = traffic([])
    for line in told:
        mine = traffic([Box(line.addresses, line.services)])
        assert not apart & mine
        apart |= mine


def test_a_line_is_text() -> None:
    """A line reads as services, then addresses."""
    assert str(Line(services("tcp", PortRange(22, 22)), (block_span("10.0.0.0/8"),))) == "tcp 22 10.0.0.0/8"
