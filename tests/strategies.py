"""Hypothesis strategies for the core's values: the rules a group may hold, and what a request may ask."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network

from hypothesis import settings
from hypothesis import strategies as st

from groupwall.rules.values import NO_PORTS, Asked, Direction, Peer, PeerKind, PortRange, Properties, Rule

# A deadline would measure how busy the machine is. `make soak` looks a hundred times longer.
EXAMPLES = 10_000 if os.environ.get("GROUPWALL_SOAK") else 100
settings.register_profile("groupwall", deadline=None, max_examples=EXAMPLES)
settings.load_profile("groupwall")

DESCRIPTION_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789. _-:/()#,@[]+=&;{}!$*"
GROUP = "sg-00000000000000001"


def ids(prefix: str) -> st.SearchStrategy[str]:
    """Give well-formed ids of both lengths: reference 3.1 [live-test][docs]."""
    digits = st.text("0123456789abcdef", min_size=8, max_size=8) | st.integers(0, 2**64 - 1).map("0{:016x}".format)
    return digits.map(lambda text: f"{prefix}-{text}")


def _ipv4_network(value: int, length: int) -> str:
    return str(IPv4Network((value, length), strict=False))


def _ipv6_network(value: int, length: int) -> str:
    return str(IPv6Network((value, length), strict=False))


ipv6_values = st.integers(0, 2**128 - 1).filter(lambda value: value >> 32 != 0xFFFF)
ipv4_cidrs = st.builds(_ipv4_network, st.integers(0, 2**32 - 1), st.integers(0, 32))
ipv6_cidrs = st.builds(_ipv6_network, ipv6_values, st.integers(0, 128))
peers = (
    st.builds(Peer, st.just(PeerKind.IPV4), ipv4_cidrs)
    | st.builds(Peer, st.just(PeerKind.IPV6), ipv6_cidrs)
    | st.builds(Peer, st.just(PeerKind.PREFIX_LIST), ids("pl"))
    | st.builds(Peer, st.just(PeerKind.GROUP), ids("sg"))
)

port_ranges = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda ends: PortRange(*sorted(ends)))
types_and_codes = st.builds(PortRange, st.integers(0, 255), st.integers(-1, 255)) | st.just(NO_PORTS)
other_protocols = st.sampled_from([str(number) for number in range(256) if number not in (1, 6, 17, 58)])

properties = (
    st.builds(Properties, st.sampled_from(("tcp", "udp")), port_ranges, peers)
    | st.builds(Properties, st.sampled_from(("icmp", "icmpv6")), types_and_codes, peers)
    | st.builds(Properties, st.just("-1") | other_protocols, st.just(NO_PORTS), peers)
)
descriptions = st.none() | st.text(DESCRIPTION_CHARACTERS, min_size=1, max_size=255)
asked_rules = st.builds(Asked, properties, descriptions | st.just(""))
requests = st.lists(asked_rules, max_size=12, unique_by=lambda one: one.properties)


@st.composite
def groups_of_rules(draw: st.DrawFn) -> list[Rule]:
    """Draw rules of one group and one direction, as a store gives them: no two with the same properties."""
    direction = draw(st.sampled_from(Direction))
    named = draw(st.lists(st.tuples(properties, descriptions), max_size=12, unique_by=lambda pair: pair[0]))
    return [Rule(f"sgr-{n:017x}", GROUP, direction, *pair) for n, pair in enumerate(named)]


@st.composite
def requests_of_groups(draw: st.DrawFn) -> tuple[list[Asked], list[Rule]]:
    """Draw a request, and the rules of a group of which it names some, with and without descriptions."""
    rules = draw(groups_of_rules())
    named = [Asked(rule.properties, draw(st.sampled_from((None, rule.description, "", "other")))) for rule in rules]
    asked = draw(st.permutations(named + draw(requests)))
    return list({one.properties: one for one in asked if draw(st.booleans())}.values()), rules
