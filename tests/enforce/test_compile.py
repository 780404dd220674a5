"""What passes a compiled table, against the naive verdict; and what never gets into one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.kernel.table import EMPTY, Element, Table, merged
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, compiled, where
from groupwall.enforce.policy.frame import REVISION
from groupwall.rules.values import NO_PORTS, Direction, Peer, PortRange, Properties, Rule
from tests.enforce.forged import packet
from tests.enforce.pictures import device_of, end_of, flows, pictures, state_of, states
from tests.enforce.tracer import Packet, trace
from tests.naive import Picture, passes

UPLINK = "uplink"
GROUP = "sg-00000001"
OTHER = "sg-00000002"
ENI = "eni-00000001"
HERE = Interface("gwe1", frozenset({"10.0.0.1", "2001:db8::1"}), frozenset({GROUP}))
ANYWHERE = [Peer.of("0.0.0.0/0"), Peer.of("::/0")]


def table_of(state: State) -> Table:
    """Return all of a state's parts as one table."""
    return merged(one for one in compiled(state).values() if one)


def first_packet(seen: Picture, source: str, destination: str, service: tuple[str, int, int]) -> Packet:
    """Return a flow's first packet, from and to the devices of the interfaces that have these addresses."""
    devices = {address: device_of(one.id) for one in seen.interfaces.values() for address in one.addresses}
    return packet(source, destination, service, (devices.get(source, UPLINK), devices.get(destination, UPLINK)))


def open_state(**interface: object) -> State:
    """Return a state in which everything may pass an interface both ways."""
    rules = [
        Rule(f"sgr-{number}", GROUP, direction, Properties("-1", NO_PORTS, peer), None)
        for number, (direction, peer) in enumerate((one, peer) for one in Direction for peer in ANYWHERE)
    ]
    here = Interface(HERE.device, HERE.addresses, HERE.groups, bool(interface.get("checked", True)))
    return State({GROUP: rules}, {}, {}, {ENI: here})


@given(pictures().flatmap(lambda seen: st.tuples(st.just(seen), st.lists(flows(seen), min_size=1, max_size=12))))
def test_packets_pass_as_the_rules_say(drawn: tuple[Picture, list[tuple[str, str, str, int, int]]]) -> None:
    """The first packet of a flow passes the compiled table exactly if both gates admit it: reference 17 [docs]."""
    seen, some = drawn
    table = table_of(state_of(seen))
    for source, destination, *service in some:
        told = trace(table, first_packet(seen, source, destination, tuple(service)))
        assert told == passes(seen, end_of(seen, source), end_of(seen, destination), *service), (
            source,
            destination,
            service,
        )


@given(states, st.randoms(use_true_random=False))
def test_parts_come_in_any_order(state: State, random: st.DataObject) -> None:
    """A table is the same in whatever order facts and their parts come (inferred)."""
    parts = list(compiled(state).items())
    random.shuffle(parts)
    assert merged(one for _, one in parts if one) == table_of(state)
    rules = {group: sorted(some, key=lambda _: random.random()) for group, some in state.groups.items()}
    assert table_of(State(rules, state.members, state.entries, state.interfaces)) == table_of(state)


@given(states)
def test_everything_that_is_used_is_there(state: State) -> None:
    """Each part by itself names all sets and chains that it uses, so that none needs another (inferred)."""
    for one, part in compiled(state).items():
        assert part
        assert part.elements.keys() <= part.sets.keys()
        assert part.rules.keys() <= part.chains.keys()
        frame = compiled(state, [Part(Kind.FRAME)])[Part(Kind.FRAME)] or EMPTY
        whole = merged([frame, part]) if one.kind is not Kind.FRAME else part
        named = {name for rules in whole.rules.values() for rule in rules for name in _names(rule)}
        assert named <= whole.names


def _names(rule: tuple[object, ...]) -> set[str]:
    return {name for one in rule for name in (getattr(one, "name", ""), getattr(one, "chain", "")) if name}


@given(states)
def test_a_rule_is_one_element(state: State) -> None:
    """Each rule is one element of its own, whatever overlaps: a revoke is one element less (decision 0017)."""
    rules = [rule for some in state.groups.values() for rule in some]
    places = {where(rule) for rule in rules}
    assert len(places) == len(rules)
    table = table_of(state)
    assert {
        (name, one.key) for name in table.sets if name.startswith("rules_") for one in table.elements.get(name, ())
    } == places


FORMS = [
    ("tcp 22-22", ["tcp 22"], ["tcp 21", "tcp 23", "udp 22"]),
    ("tcp 22-80", ["tcp 22", "tcp 23", "tcp 80"], ["tcp 21", "tcp 81", "udp 22"]),
    ("udp 0-65535", ["udp 0", "udp 65535"], ["tcp 0", "255 -1"]),
    ("udp 22-65535", ["udp 22", "udp 65535"], ["udp 21", "tcp 22"]),
    ("icmp 8-0", ["icmp 8 0"], ["icmp 8 1", "icmp 0 0", "icmpv6 8 0"]),
    ("icmp 8--1", ["icmp 8 0", "icmp 8 255"], ["icmp 0 0", "icmpv6 8 0"]),
    ("icmp -1--1", ["icmp 0 0", "icmp 255 255"], ["icmpv6 8 0", "tcp 0"]),
    ("icmpv6 128-0", ["icmpv6 128 0"], ["icmpv6 128 1", "icmp 128 0"]),
    ("47 -1--1", ["47 -1"], ["48 -1", "tcp 47"]),
    ("0 -1--1", ["0 -1"], ["tcp 0", "47 -1"]),
    ("-1 -1--1", ["tcp 0", "udp 65535", "icmp 8 0", "0 -1", "255 -1"], []),
]
"""What a rule is for, what it admits, what it does not."""


@pytest.mark.parametrize("peer", ["10.9.0.0/16", "10.9.9.9/32", "0.0.0.0/0", OTHER, "pl-00000001"])
@pytest.mark.parametrize("form", FORMS, ids=[form[0] for form in FORMS])
def test_each_form_admits_what_it_says(peer: str, form: tuple[str, list[str], list[str]]) -> None:
    """A rule admits its services and no others, whatever kind of peer it has: reference 3.2, 17 [docs]."""
    table = table_of(_state_of_one(_rule(form[0], peer)))
    admitted = {service: trace(table, _incoming(service)) for service in (*form[1], *form[2])}
    assert admitted == dict.fromkeys(form[1], True) | dict.fromkeys(form[2], False)


def test_all_forms_are_apart() -> None:
    """Rules of all forms in one group are each an element of its own, ranges that overlap too (decision 0017)."""
    forms = [*(form[0] for form in FORMS), "tcp 22-81", "tcp 23-80", "tcp 21-22"]
    peers = ["10.9.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", OTHER, GROUP, "pl-00000001"]
    rules = [_rule(form, peer)._replace(direction=one) for form in forms for peer in peers for one in Direction]
    assert len({where(rule) for rule in rules}) == len(rules)
    alike = ("sg-12345678", "sg-00000000012345678", "sg-0123456780000000f", GROUP)
    assert len({where(rule._replace(group_id=group)) for rule in rules for group in alike}) == len(alike) * len(rules)


def _rule(form: str, peer: str) -> Rule:
    protocol, _, ports = form.partition(" ")
    first, last = (ports[: -len("--1")], "-1") if ports.endswith("--1") else ports.split("-")
    properties = Properties(protocol, PortRange(int(first), int(last)), Peer.of(peer))
    return Rule("sgr-1", GROUP, Direction.INGRESS, properties, None)


def _state_of_one(rule: Rule) -> State:
    return State({GROUP: [rule]}, {OTHER: ["10.9.9.9"]}, {"pl-00000001": ["10.9.9.0/24"]}, {ENI: HERE})


def _incoming(service: str) -> Packet:
    protocol, first, code = (*service.split(), "-1")[:3]
    return packet("10.9.9.9", "10.0.0.1", (protocol, int(first), int(code)), (UPLINK, HERE.device))


def test_what_is_gone_is_no_part() -> None:
    """A part of what the state no longer has is none, and the others need nothing of it (inferred)."""
    some = [Part(kind, "sg-00000009") for kind in Kind if kind not in (Kind.FRAME, Kind.TIMEOUTS)]
    assert set(compiled(State(), some).values()) == {None}


def test_an_unknown_group_admits_nobody() -> None:
    """An interface in a group that nothing is known about is closed: users 5.5."""
    table = table_of(State({}, {}, {}, {ENI: HERE}))
    assert not trace(table, packet("10.0.0.1", "10.9.9.9", ("tcp", 80, -1), ("gwe1", UPLINK)))
    assert not trace(table, packet("10.9.9.9", "10.0.0.1", ("tcp", 80, -1), (UPLINK, "gwe1")))


def test_an_unknown_interface_is_closed() -> None:
    """A device with a name of ours that no interface is gets and sends nothing; others pass by: users 5.5."""
    table = table_of(open_state())
    assert not trace(table, packet("10.0.0.9", "10.9.9.9", ("tcp", 80, -1), ("gwe9", UPLINK)))
    assert not trace(table, packet("10.9.9.9", "10.0.0.9", ("tcp", 80, -1), (UPLINK, "gwe9")))
    assert trace(table, packet("10.9.9.9", "10.8.8.8", ("tcp", 80, -1), (UPLINK, "other0")))


@pytest.mark.parametrize(
    ("source", "checked", "passes_"),
    [
        ("10.0.0.1", True, True),
        ("10.0.0.2", True, False),
        ("10.0.0.2", False, True),
        ("2001:db8::1", True, True),
        ("2001:db8::2", True, False),
        ("2001:db8::2", False, True),
        ("fe80::1", True, True),
        ("0.0.0.0", True, True),  # noqa: S104 - nobody binds to it
        ("::", True, True),
    ],
)
def test_nobody_sends_as_somebody_else(source: str, checked: bool, passes_: bool) -> None:  # noqa: FBT001 - a row
    """A checked interface sends with its own addresses, or with such as no router forwards (dataplane-nftables 3)."""
    table = table_of(open_state(checked=checked))
    there = "2001:db8::9" if ":" in source else "10.9.9.9"
    assert trace(table, packet(source, there, ("udp", 53, -1), ("gwe1", UPLINK))) is passes_


@pytest.mark.parametrize(
    ("service", "more", "passes_"),
    [
        (("tcp", 80, -1), {}, True),
        (("tcp", 80, -1), {"flags": 16}, False),
        (("tcp", 80, -1), {"flags": 18}, False),
        (("tcp", 80, -1), {"flags": 4}, False),
        (("tcp", 80, -1), {"flags": 0xC2}, True),
        (("tcp", 80, -1), {"state": 1}, False),
        (("tcp", 80, -1), {"flags": 16, "state": 2}, True),
        (("icmp", 0, 0), {"state": 1}, True),
        (("icmp", 3, 4), {"state": 1}, True),
    ],
)
def test_tcp_begins_with_syn(service: tuple[str, int, int], more: dict[str, int], passes_: bool) -> None:  # noqa: FBT001 - a row
    """A TCP flow begins with SYN, or it has begun; of ICMP the rules alone decide (dataplane-nftables 3.3)."""
    table = table_of(open_state())
    assert trace(table, packet("10.9.9.9", "10.0.0.1", service, (UPLINK, "gwe1"), **more)) is passes_


@pytest.mark.parametrize("state", [2, 4])
@pytest.mark.parametrize("devices", [("gwe1", UPLINK), (UPLINK, "gwe1")])
def test_what_has_begun_lives_on(state: int, devices: tuple[str, str]) -> None:
    """An established flow, and what is related to one, passes without any rule: reference 20 [docs]."""
    table = table_of(State({GROUP: []}, {}, {}, {ENI: Interface("gwe1", HERE.addresses, HERE.groups, checked=False)}))
    assert trace(table, packet("10.9.9.9", "10.0.0.1", ("tcp", 80, -1), devices, state=state))


@pytest.mark.parametrize(
    ("service", "hops", "out", "into"),
    [
        (("icmpv6", 135, 0), 255, True, True),
        (("icmpv6", 136, 0), 255, True, True),
        (("icmpv6", 133, 0), 255, True, False),
        (("icmpv6", 134, 0), 255, False, True),
        (("icmpv6", 143, 0), 1, True, False),
        (("icmpv6", 135, 0), 254, False, False),
        (("icmpv6", 128, 0), 255, False, False),
    ],
)
def test_neighbours_are_found(service: tuple[str, int, int], hops: int, out: bool, into: bool) -> None:  # noqa: FBT001 - a row
    """What finds neighbours and routers on a link passes without a rule, and only on that link (inferred)."""
    table = table_of(State({GROUP: []}, {}, {}, {ENI: HERE}))
    assert trace(table, packet("2001:db8::1", "2001:db8::9", service, ("gwe1", UPLINK), hops=hops)) is out
    assert trace(table, packet("2001:db8::9", "2001:db8::1", service, (UPLINK, "gwe1"), hops=hops)) is into


@pytest.mark.parametrize(
    ("destination", "ports", "out"),
    [
        ("255.255.255.255", (68, 67), True),
        ("169.254.1.1", (68, 67), True),
        ("10.9.9.9", (68, 67), False),
        ("255.255.255.254", (68, 67), False),
        ("255.255.255.255", (67, 68), False),
        ("255.255.255.255", (68, 68), False),
        ("ff02::1:2", (546, 547), True),
        ("ff05::1:3", (546, 547), True),
        ("fe80::1", (546, 547), True),
        ("2001:db8::9", (546, 547), False),
        ("ff02::1:2", (547, 546), False),
    ],
)
def test_an_address_is_asked_for(destination: str, ports: tuple[int, int], out: bool) -> None:  # noqa: FBT001 - a row
    """Without a rule DHCP is sent to everybody on a link, or to a link-local address, and to nobody else (inferred)."""
    table = table_of(State({GROUP: []}, {}, {}, {ENI: HERE}))
    source = "2001:db8::1" if ":" in destination else "10.0.0.1"
    service = ("udp", ports[1], -1)
    assert trace(table, packet(source, destination, service, ("gwe1", UPLINK), sender=ports[0])) is out
    assert not trace(table, packet(destination, source, service, (UPLINK, "gwe1"), sender=ports[0]))


def test_a_prefix_list_may_overlap_itself() -> None:
    """What the blocks of a list cover together is one interval for each gap between them (inferred)."""
    part = compiled(State(entries={"pl-00000001": ["10.0.0.0/8", "10.1.0.0/16", "11.0.0.0/8", "255.0.0.0/8"]}))
    assert part[Part(Kind.ENTRIES, "pl-00000001")].elements["pl_00000001_4"] == {
        Element(bytes((10, 0, 0, 0)), bytes((12, 0, 0, 0))),
        Element(bytes((255, 0, 0, 0))),
    }


@pytest.mark.parametrize(
    "state",
    [
        State({"sg-1; drop": []}),
        State({"sg-00000001\n": []}),
        State(members={"../sg-00000001": []}),
        State(members={GROUP: ["10.0.0.1; flush ruleset"]}),
        State(entries={"pl-xyz": []}),
        State(entries={"pl-00000001": ["10.0.0.0/8 accept"]}),
        State(interfaces={"eni-00000001}": HERE}),
        State(interfaces={ENI: Interface('gwe1"', frozenset(), frozenset())}),
        State(interfaces={ENI: Interface("a" * 16, frozenset(), frozenset())}),
        State(interfaces={ENI: Interface("", frozenset(), frozenset())}),
        State(interfaces={ENI: Interface("gwe1", frozenset({"10.0.0.1/8"}), frozenset())}),
        State(interfaces={ENI: Interface("gwe1", frozenset(), frozenset({"sg-"}))}),
        State(
            {GROUP: [Rule("sgr", GROUP, Direction.EGRESS, Properties("tcp", PortRange(1, 1), Peer.of("sg-x")), None)]}
        ),
    ],
)
def test_hostile_names_are_refused(state: State) -> None:
    """What is no id, no device and no address is refused before it becomes a name or a key: users 5.5."""
    with pytest.raises(ValueError, match=r"is no|invalid"):
        compiled(state)


def test_the_revision_is_no_part() -> None:
    """The frame has a place for the revision, and no part fills it: only a transaction does (inferred)."""
    table = table_of(State())
    assert REVISION in table.sets
    assert REVISION not in table.elements


def test_a_description_changes_nothing() -> None:
    """A rule's description and id are no part of the table: reference 3.1 [issue]."""
    one = Rule("sgr-1", GROUP, Direction.INGRESS, Properties("tcp", PortRange(22, 22), Peer.of("10.0.0.0/8")), None)
    other = one._replace(id="sgr-2", description='"; flush ruleset')
    assert table_of(State({GROUP: [one]})) == table_of(State({GROUP: [other]}))
