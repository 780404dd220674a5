"""Hypothesis strategies for what a table follows from, small enough that rules and flows meet again and again."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import zip_longest

from hypothesis import strategies as st

from groupwall.enforce.policy.compile import Interface, State
from groupwall.enforce.policy.timeouts import AWS, Timeouts
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from tests import naive
from tests.naive import Picture

VPC = "vpc-00000001"
GROUPS = [f"sg-0000000{digit}" for digit in range(1, 5)]
OPEN = "sg-0123456789abcdef0"
LISTS = ["pl-00000001", "pl-0123456789abcdef0"]
INTERFACES = [f"eni-0000000{digit}" for digit in range(1, 4)]
OUTSIDE = ["198.51.100.7", "10.1.2.3", "255.255.255.255", "2001:db8:1::7", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]

blocks = st.sampled_from([
    "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/30", "10.0.0.1/32", "10.0.0.2/32", "198.51.100.0/24",
    "128.0.0.0/1", "255.255.255.255/32",
    "::/0", "2001:db8::/32", "2001:db8::/64", "2001:db8::1/128", "2001:db8::2/127", "8000::/1", "2001:db8:1::/48",
])  # fmt: skip
port_ranges = st.sampled_from([(22, 22), (80, 80), (80, 81), (0, 65535), (0, 79), (0, 0), (65535, 65535), (22, 8080)])
types = st.sampled_from([(-1, -1), (8, -1), (8, 0), (0, 0), (3, 4), (3, -1), (128, -1), (128, 0)])
services = (
    st.tuples(st.sampled_from(["tcp", "udp"]), port_ranges)
    | st.tuples(st.sampled_from(["icmp", "icmpv6"]), types)
    | st.tuples(st.sampled_from(["-1", "47", "0", "255", "132"]), st.just((-1, -1)))
)
peers = blocks | blocks | st.sampled_from([*GROUPS, "sg-0badbadbadbadbad0", *LISTS, "pl-0badbadb"])
kinds = st.tuples(st.sampled_from(GROUPS), st.sampled_from(["ingress", "egress"]), services, peers)


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """One VPC: a few groups with rules, interfaces in some of them, prefix lists."""
    drawn = draw(st.lists(kinds, max_size=14, unique=True))
    rules = tuple(
        naive.Rule(f"sgr-{number:08x}", group, direction, protocol, *ports, peer)
        for number, (group, direction, (protocol, ports), peer) in enumerate(drawn)
    )
    members = draw(st.lists(st.frozensets(st.sampled_from(GROUPS), max_size=3), min_size=2, max_size=3))
    open_ = draw(st.sampled_from([(), ("ingress",), ("egress",)]))  # so that the other gate alone decides
    rules += tuple(
        naive.Rule(f"sgr-{number}", OPEN, direction, "-1", -1, -1, peer)
        for direction in open_
        for number, peer in enumerate(("0.0.0.0/0", "::/0"))
    )
    interfaces = {
        eni: naive.Interface(eni, VPC, "subnet-00000001", (f"10.0.0.{host}", f"2001:db8::{host}"), groups | {OPEN})
        for host, (eni, groups) in enumerate(zip(INTERFACES, members, strict=False), 1)
    }
    entries = {one: tuple(draw(st.lists(blocks, max_size=4, unique=True))) for one in LISTS}
    return Picture(dict.fromkeys([*GROUPS, OPEN], VPC), rules, interfaces, entries, (), frozenset())


def state_of(seen: Picture) -> State:
    """Return the same as a table follows from it."""
    members = {
        group: [address for one in seen.interfaces.values() if group in one.groups for address in one.addresses]
        for group in seen.groups
    }
    return State(
        {group: [_rule(one) for one in seen.rules if one.group == group] for group in seen.groups},
        members,
        seen.entries,
        {
            one.id: Interface(device_of(one.id), frozenset(one.addresses), one.groups)
            for one in seen.interfaces.values()
        },
    )


def timed(state: State, some: list[Timeouts]) -> State:
    """Return the same with timeouts, as many as there are; the others have AWS's."""
    there = zip_longest(state.interfaces.items(), some[: len(state.interfaces)], fillvalue=None)
    interfaces = {one[0]: replace(one[1], timeouts=given or AWS) for one, given in there if one}
    return replace(state, interfaces=interfaces)


timeouts = st.builds(
    Timeouts, st.sampled_from([60, 350, 432_000]), st.sampled_from([60, 90, 180]), st.sampled_from([30, 45, 60])
)
states = st.builds(timed, pictures().map(state_of), st.lists(timeouts, max_size=3))


def end_of(seen: Picture, address: str) -> naive.End:
    """Return an address as the naive verdict's end: with its interface, if it is one's."""
    return next(((one.id, address) for one in seen.interfaces.values() if address in one.addresses), address)


def device_of(eni: str) -> str:
    """Return the device that an interface is."""
    return f"gwe{eni[-1]}"


def _rule(one: naive.Rule) -> Rule:
    properties = Properties(one.protocol, PortRange(one.first, one.last), Peer.of(one.peer))
    return Rule(one.id, one.group, Direction(one.direction), properties, None)


@st.composite
def flows(draw: st.DrawFn, seen: Picture) -> tuple[str, str, str, int, int]:
    """Draw a flow: the addresses of its ends, one of them an interface's, a protocol, a port or type, a code.

    Most are such as a rule of that interface is about, or nearly: of any two things, most have nothing to do with each
    other.
    """
    member = draw(st.sampled_from(list(seen.interfaces.values())))
    own = draw(st.sampled_from(member.addresses))
    others = [one for one in (*OUTSIDE, *_addresses(seen)) if (":" in one) == (":" in own) and one != own]
    about = [rule for rule in seen.rules if rule.group in member.groups]
    rule = draw(st.none() | st.sampled_from(about)) if about else None
    near = [one for one in others if rule and _means(seen, rule, one)]
    other = draw(st.sampled_from(near) | st.sampled_from(others) if near else st.sampled_from(others))
    outward = rule.direction == "egress" if rule else draw(st.booleans())
    ends = (own, other) if outward else (other, own)
    if rule and rule.protocol != "-1" and draw(st.integers(0, 5)):
        return (*ends, *draw(_service(rule.protocol, (rule.first, rule.last))))
    protocol, ports = draw(services.filter(lambda one: one[0] != "-1"))
    return (*ends, *draw(_service(protocol, ports)))


def _service(protocol: str, ports: tuple[int, int]) -> st.SearchStrategy[tuple[str, int, int]]:
    first, last = ports
    if protocol in ("icmp", "icmpv6"):
        kinds = [max(first, 0), 8] if first < 0 else [first]
        return st.tuples(st.just(protocol), st.sampled_from(kinds), st.sampled_from([max(last, 0), max(last, 0), 1]))
    if protocol in ("tcp", "udp"):
        some = [first, last, max(first - 1, 0), min(last + 1, 65535)]
        return st.tuples(st.just(protocol), st.sampled_from(some), st.just(-1))
    return st.just((protocol, -1, -1))


def _addresses(seen: Picture) -> list[str]:
    return [address for one in seen.interfaces.values() for address in one.addresses]


def _means(seen: Picture, rule: naive.Rule, address: str) -> bool:
    return any(ip_address(address) in ip_network(block) for block in naive.blocks(seen, rule, VPC))
