"""Which flows a gate tracks, and which of the others stop when its rules change: reference 20 [docs].

A tracked flow lives on whatever becomes of the rules. A flow of TCP or UDP is untracked where the rule that admits it
is for everyone, and a rule of the other direction lets every answer pass. Rules judge it packet by packet, so that it
stops with them, unless others let its packets and their answers pass. It counts as untracked by the rules just before a
change, whatever they were when it began, and stops with either rule of the pair (both inferred).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, services
from groupwall.rules.spans import difference, holds, intersection, union
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import EVERY_PORT, Direction, Properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from groupwall.rules.spans import Spans
    from groupwall.rules.values import Rule
    from groupwall.rules.verdict import Grant

EVERYONE = {"0.0.0.0/0": EVERY_IPV4, "::/0": EVERY_IPV6}
"""The two peers that are everyone, each of its family."""

_PROTOCOLS = ("tcp", "udp")
"""What can be untracked: ICMP never is."""


class Conversation(NamedTuple):
    """A flow with its answers, as a gate sees it. direction: in which its first packet passed the gate.

    other: the other end's address. service, answers: of its packets, and of those that come back.
    """

    direction: Direction
    other: int
    service: int
    answers: int


def other_way(direction: Direction) -> Direction:
    """Return the direction of answers."""
    return Direction.INGRESS if direction.is_egress else Direction.EGRESS


def is_open(rule: Rule) -> bool:
    """Tell whether a rule is for everyone. No other makes a flow untracked."""
    return rule.properties.peer.text in EVERYONE


def opened(rules: Iterable[Rule]) -> set[tuple[Direction, Properties]]:
    """Return what of rules is for everyone. Where nothing of it is lost by a change, the change stops no flow."""
    return {(rule.direction, rule.properties) for rule in rules if is_open(rule)}


def untracked(direction: Direction, rules: Iterable[Rule]) -> Traffic:
    """Return the flows that are untracked of those which begin in a direction. rules: all of a gate's, both ways."""
    some = opened(rules)
    back = other_way(direction)
    answered = {
        text: _all_answered(each for way, each in some if way is back and each.peer.text == text) for text in EVERYONE
    }
    return traffic(
        Box(EVERYONE[text], intersection(services(protocol, ports), answered[text]))
        for way, (protocol, ports, (_, text)) in some
        if way is direction
    )


def judged_alone(direction: Direction, rules: Iterable[Rule]) -> Traffic:
    """Return the packets of a direction that rules alone let pass: those of untracked flows, and of answers to them."""
    some = list(rules)
    begun = untracked(other_way(direction), some)
    every = {protocol: services(protocol, EVERY_PORT) for protocol in _PROTOCOLS}
    answers = traffic(
        Box((slab.addresses,), every[protocol])
        for slab in begun.slabs
        for protocol in _PROTOCOLS
        if intersection(slab.services, every[protocol])
    )
    return untracked(direction, some) | answers


def _all_answered(some: Iterable[Properties]) -> Spans:
    """Return the services of which every answer passes by one of some rules: answers have any port."""
    admitted = [services(protocol, ports) for protocol, ports, _ in some]
    found: Spans = ()
    for every in (services(protocol, EVERY_PORT) for protocol in _PROTOCOLS):
        if any(not difference(every, one) for one in admitted):
            found = union(found, every)
    return found


def stops(one: Conversation, before: Mapping[Direction, Traffic], after: Mapping[Direction, Iterable[Grant]]) -> bool:
    """Tell whether a change stops a flow at a gate. before: what was untracked. after: what the gate grants."""
    if not before[one.direction].holds(one.other, one.service):
        return False
    packets = {one.direction: one.service, other_way(one.direction): one.answers}
    return not all(_admit(after[way], one.other, service) for way, service in packets.items())


def _admit(grants: Iterable[Grant], address: int, service: int) -> bool:
    return any(holds(some, service) and holds(addresses, address) for _, (addresses, some) in grants)
