"""Which flows are untracked, and which of them a change of rules stops: reference 20 [docs], row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.flows import address_number, service_number
from groupwall.rules.tracking import Conversation, judged_alone, other_way, stops, untracked
from groupwall.rules.values import EVERY_PORT, NO_PORTS, Direction, Peer, PortRange, Properties, Rule
from groupwall.rules.verdict import admitted, grant

CLIENT, CLIENT_6 = "203.0.113.9", "2001:db8::9"
IN, OUT = Direction.INGRESS, Direction.EGRESS


def _rule(text: str) -> Rule:
    """Return a rule of ``in tcp 22 0.0.0.0/0``, ``out -1 ::/0``."""
    way, protocol, *ports, peer = text.split()
    first, _, last = ports[0].partition("-") if ports else ("-1", "", "-1")
    properties = Properties(protocol, PortRange(int(first), int(last or first)), Peer.of(peer))
    return Rule(text, "sg-1", {"in": IN, "out": OUT}[way], properties, None)


def _rules(text: str) -> list[Rule]:
    return [_rule(one.strip()) for one in text.split(",") if one]


SSH, SSH_6 = "in tcp 22 0.0.0.0/0", "in tcp 22 ::/0"
HOME = f"in tcp 22 {CLIENT}/32"
OPEN, OPEN_6 = "out -1 0.0.0.0/0", "out -1 ::/0"
ALL_TCP, ALL_UDP = "out tcp 0-65535 0.0.0.0/0", "out udp 0-65535 0.0.0.0/0"
PING = "in icmp 8--1 0.0.0.0/0"


@pytest.mark.parametrize(
    ("rules", "kind", "other", "expected"),
    [
        (f"{SSH},{OPEN}", "tcp 22", CLIENT, True),
        (f"{HOME},{OPEN}", "tcp 22", CLIENT, False),
        (f"{HOME},{SSH},{OPEN}", "tcp 22", CLIENT, True),
        (SSH, "tcp 22", CLIENT, False),
        (f"{SSH},{ALL_TCP}", "tcp 22", CLIENT, True),
        (f"{SSH},{ALL_UDP}", "tcp 22", CLIENT, False),
        (f"{SSH},out tcp 1-65535 0.0.0.0/0", "tcp 22", CLIENT, False),
        (f"{SSH},out tcp 0-1023 0.0.0.0/0,out tcp 1024-65535 0.0.0.0/0", "tcp 22", CLIENT, False),
        (f"{SSH},out -1 0.0.0.0/1,out -1 128.0.0.0/1", "tcp 22", CLIENT, False),
        (f"{SSH},{OPEN_6}", "tcp 22", CLIENT, False),
        (f"{SSH_6},{OPEN}", "tcp 22", CLIENT_6, False),
        (f"{SSH_6},{OPEN_6}", "tcp 22", CLIENT_6, True),
        (f"{SSH},{SSH_6},{OPEN_6}", "tcp 22", CLIENT, False),
        (f"in udp 53 0.0.0.0/0,{ALL_UDP}", "udp 53", CLIENT, True),
        (f"in -1 0.0.0.0/0,{OPEN}", "tcp 22", CLIENT, True),
        (f"in -1 0.0.0.0/0,{OPEN}", "udp 5000", CLIENT, True),
        (f"in -1 0.0.0.0/0,{ALL_UDP}", "tcp 22", CLIENT, False),
        (f"in -1 0.0.0.0/0,{PING},{OPEN}", "icmp 8", CLIENT, False),
        (f"in -1 0.0.0.0/0,{OPEN}", "47", CLIENT, False),
        (f"in tcp 22 pl-1,{OPEN}", "tcp 22", CLIENT, False),
        (f"in tcp 22 sg-1,{OPEN}", "tcp 22", CLIENT, False),
    ],
)
def test_untracked_flows(rules: str, kind: str, other: str, *, expected: bool) -> None:
    """TCP and UDP is untracked by a rule for everyone and one, of its family, for all answers: reference 20 [docs].

    ICMP never is [docs], nor other protocols. Several rules together are no open rule (inferred).
    """
    assert untracked(IN, _rules(rules)).holds(address_number(other), _service(kind)) == expected


def _service(kind: str) -> int:
    protocol, _, port = kind.partition(" ")
    first = int(port or -1)
    return service_number(protocol, PortRange(first, 0 if protocol == "icmp" else first))


def _stops(before: Sequence[Rule], after: Sequence[Rule], one: Conversation) -> bool:
    granted = {way: [grant(rule, lambda _: ()) for rule in after if rule.direction is way] for way in Direction}
    return stops(one, {way: untracked(way, before) for way in Direction}, granted)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (f"{SSH},{OPEN}", OPEN, True),
        (f"{HOME},{OPEN}", OPEN, False),
        (f"{HOME},{SSH},{OPEN}", f"{HOME},{OPEN}", False),
        (f"{SSH},{OPEN}", f"{HOME},{OPEN}", False),
        (f"{SSH},{OPEN}", f"in tcp 22 198.51.100.0/24,{OPEN}", True),
        (f"{SSH},{OPEN}", SSH, True),
        (f"{SSH},{OPEN}", f"{SSH},out tcp 1024-65535 {CLIENT}/32", False),
        (f"{SSH},{OPEN}", f"{SSH},out tcp 443 0.0.0.0/0", True),
        (f"{SSH},{OPEN}", f"{SSH},{ALL_TCP}", False),
        (f"{HOME},{OPEN}", HOME, False),
        (SSH, "", False),
        (f"{SSH},{SSH_6},{OPEN},{OPEN_6}", f"{SSH},{OPEN}", False),
        (f"{SSH},{SSH_6},{OPEN},{OPEN_6}", f"{SSH_6},{OPEN_6}", True),
        (f"{SSH},{OPEN}", "", True),
    ],
)
def test_a_session_stops_with_what_enabled_it(before: str, after: str, *, expected: bool) -> None:
    """A running session of SSH from anywhere stops with its rules, one that is tracked does not: reference 20 [docs].

    It stops too when its answers may not leave any more, and never while any rules let all its packets pass (inferred).
    """
    session = Conversation(IN, address_number(CLIENT), _service("tcp 22"), _service("tcp 50000"))
    assert _stops(_rules(before), _rules(after), session) == expected


# ---- against the sentence of the reference, said again in the plainest way

ENDS = ("0.0.0.0/0", "::/0", "203.0.113.0/24", "2001:db8::/32")
PORTS = (0, 22, 1023, 50000, 65535)
_ranges = st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)).map(lambda two: PortRange(min(two), max(two)))
_peers = st.sampled_from(ENDS).map(Peer.of)
_properties = st.builds(Properties, st.sampled_from(("tcp", "udp")), _ranges | st.just(EVERY_PORT), _peers) | st.builds(
    Properties, st.sampled_from(("-1", "47", "icmp")), st.just(NO_PORTS), _peers
)
_drawn = st.lists(
    st.builds(Rule, st.uuids().map(str), st.just("sg-1"), st.sampled_from(Direction), _properties, st.none()),
    max_size=4,
)
PAIRS = (f"{SSH},{OPEN}", f"{SSH_6},{OPEN_6}", f"{SSH},{ALL_TCP}", f"in udp 22 0.0.0.0/0,{OPEN}")


class Situation(NamedTuple):
    """Rules before a change and after it, and a flow: the direction in which it begins, its protocol and IP version."""

    before: list[Rule]
    after: list[Rule]
    way: Direction
    protocol: str
    version: int

    @property
    def conversation(self) -> Conversation:
        """The flow, to port 22 from port 50000."""
        other = address_number({4: CLIENT, 6: CLIENT_6}[self.version])
        return Conversation(self.way, other, _service(f"{self.protocol} 22"), _service(f"{self.protocol} 50000"))


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Draw rules that mostly have an open pair, of which some go, and mostly a flow of such a pair."""
    before = _rules(draw(st.sampled_from(["", *PAIRS, *PAIRS]))) + draw(_drawn)
    gone = draw(st.sets(st.sampled_from(before), max_size=2)) if before else set()
    after = [one for one in before if one not in gone] + draw(_drawn)
    kinds = [
        (one.direction, one.properties.protocol, 4 if "." in one.properties.peer.text else 6)
        for one in before[:1]
        if one.properties.protocol in ("tcp", "udp")
    ]
    every = st.tuples(st.sampled_from(Direction), st.sampled_from(["tcp", "udp"]), st.sampled_from([4, 6]))
    return Situation(before, after, *draw(st.sampled_from(kinds) | every if kinds else every))


def _admits(rule: Rule, protocol: str, port: int, version: int, *, everyone: bool = False) -> bool:
    (named, (first, last), peer), digit = rule.properties, {4: ".", 6: ":"}[version]
    ports = named == "-1" or (named == protocol and first <= port <= last)
    return ports and digit in peer.text and (peer.text.endswith("/0") or not everyone)


@given(situations())
def test_a_change_stops_what_the_sentence_says(one: Situation) -> None:
    """It stops exactly what an open pair enabled and of which a packet may not pass any more: reference 20 [docs]."""
    before, after, way, protocol, version = one
    port, source_port = 22, 50000
    enabling = [each for each in before if each.direction is way]
    answering = [each for each in before if each.direction is not way]
    pair = any(_admits(each, protocol, port, version, everyone=True) for each in enabling) and any(
        all(_admits(each, protocol, edge, version, everyone=True) for edge in (0, 65535)) for each in answering
    )
    passes = any(_admits(each, protocol, port, version) for each in after if each.direction is way) and any(
        _admits(each, protocol, source_port, version) for each in after if each.direction is other_way(way)
    )
    assert _stops(before, after, one.conversation) == (pair and not passes)


@given(situations())
def test_what_a_gate_loses_stops_what_is_untracked(one: Situation) -> None:
    """A flow stops when it is untracked and one of the two gates loses packets of it that rules alone let pass.

    What a gate may lose so is what it lets pass of untracked flows and of answers (inferred).
    """
    back, (_, other, service, answers) = other_way(one.way), one.conversation
    lost = {
        each: judged_alone(each, one.before)
        - admitted(grant(rule, lambda _: ()) for rule in one.after if rule.direction is each)
        for each in Direction
    }
    packets = lost[one.way].holds(other, service) or lost[back].holds(other, answers)
    expected = untracked(one.way, one.before).holds(other, service) and packets
    assert _stops(one.before, one.after, one.conversation) == expected
