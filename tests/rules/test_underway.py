"""Flows under way, told and read again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.flows import IPV4, PORTS, address_number
from groupwall.rules.underway import UnderWay, read, told
from groupwall.rules.values import Direction
from groupwall.rules.verdict import Flow

_LAST = (1 << 16) - 1


def _flows() -> st.SearchStrategy[UnderWay]:
    ends = st.one_of(
        st.tuples(st.integers(0, IPV4 - 1), st.integers(0, IPV4 - 1)),
        st.tuples(st.integers(IPV4, IPV4 + (1 << 128) - 1), st.integers(IPV4, IPV4 + (1 << 128) - 1)),
    )
    services = st.tuples(st.integers(0, 255), st.integers(0, _LAST), st.integers(0, _LAST))
    marks = st.tuples(st.booleans(), st.booleans())
    return st.builds(_flow, st.sampled_from(Direction), ends, services, marks)


def _flow(
    direction: Direction, ends: tuple[int, int], service: tuple[int, int, int], marks: tuple[bool, bool]
) -> UnderWay:
    protocol, low, port = service
    flow = Flow(*ends, protocol * PORTS + low)
    return UnderWay("eni-1", direction, flow, 0 if protocol in (1, 58) else port, *marks)


@given(_flows())
def test_what_is_told_is_read(one: UnderWay) -> None:
    """A flow of any protocol and family is the same after it was told (inferred)."""
    assert read(told(one)) == one


@pytest.mark.parametrize(
    ("source", "destination", "service", "port", "text"),
    [
        ("10.0.0.5", "10.0.0.9", 6 * PORTS + 22, 40000, "tcp 10.0.0.5:40000 -> 10.0.0.9:22"),
        ("fd00::5", "fd00::9", 17 * PORTS + 53, 40000, "udp [fd00::5]:40000 -> [fd00::9]:53"),
        ("10.0.0.5", "10.0.0.9", 1 * PORTS + 8 * 256, 0, "icmp 8/0 10.0.0.5 -> 10.0.0.9"),
        ("fd00::5", "fd00::9", 58 * PORTS + 128 * 256, 0, "icmpv6 128/0 fd00::5 -> fd00::9"),
        ("10.0.0.5", "10.0.0.9", 47 * PORTS, 0, "47 10.0.0.5 -> 10.0.0.9"),
        ("10.0.0.5", "10.0.0.9", 132 * PORTS + 80, 90, "132 10.0.0.5:90 -> 10.0.0.9:80"),
    ],
)
def test_a_flow_in_a_line(source: str, destination: str, service: int, port: int, text: str) -> None:
    """Its protocol stands first, then both ends, with ports where there are some (inferred)."""
    flow = Flow(address_number(source), address_number(destination), service)
    assert str(UnderWay("eni-1", Direction.INGRESS, flow, port)) == text


_GOOD: dict[str, Any] = {
    "InterfaceId": "eni-1", "IsEgress": False, "Source": "10.0.0.5", "Destination": "10.0.0.9", "Protocol": 6,
}  # fmt: skip


@pytest.mark.parametrize(
    "bad",
    [
        {"Source": "10.0.0"},
        {"Source": "10.0.0.5/32"},
        {"Source": "fd00::1"},
        {"Source": ""},
        {"Destination": "10.0.0.9\n"},
        {"Destination": "fe80::1%eth0"},
        {"Protocol": 256},
        {"Protocol": -1},
        {"SourcePort": 65536},
        {"SourcePort": -1},
        {"DestinationPort": 1 << 40},
        {"Protocol": 1, "IcmpType": 256},
        {"Protocol": 1, "IcmpCode": -1},
        {"Protocol": 58, "IcmpType": -1, "IcmpCode": 300},
    ],
)
def test_what_is_no_flow(bad: dict[str, Any]) -> None:
    """What is out of range, of two families or no address is no flow (inferred)."""
    assert read(_GOOD)
    with pytest.raises(ValueError, match=r"is no address|of one family|is not below"):
        read(_GOOD | bad)
