"""The minimal cut: which rules to narrow, so that flows no longer pass and as little else as possible is lost.

Flows that the same rules admit at both gates are one unit. A unit is cut at its sender's gate or at its receiver's, by
narrowing every rule that admits it there. Each choice for all units is a plan; its price is, first, how many flows are
lost besides, counted over every gate that the narrowed rules feed, and then how many calls it takes. The search is
exact: it leaves out only what must lose more, since a plan loses no less when more is cut by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, PORTS, SERVICES, by_protocol
from groupwall.rules.spans import Span, Spans, difference, union
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic
from groupwall.rules.values import ALL_PROTOCOLS, PeerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from groupwall.rules.values import Rule

    Narrowing = Mapping[str, Traffic]
    Narrow = Callable[[str, Traffic], Traffic]

EVERYTHING = traffic([Box(EVERY_IPV4 + EVERY_IPV6, SERVICES)])
MOST_PLANS = 20_000
"""Plans, whole or begun, that are looked at: some seconds. Beyond, the best so far is answered, and said to be so."""

KEPT_PROTOCOLS = (1, 6, 17, 58)
"""What a rule of all protocols keeps of the rest when some of it is cut: ICMP, TCP, UDP, ICMPv6. Every other protocol
takes a rule of its own, and a group has sixty."""


class Unit(NamedTuple):
    """Flows that the same rules admit. ways: of cutting them, by rule id what it must no longer admit."""

    ways: tuple[Narrowing, ...]


class Gate(NamedTuple):
    """A gate that rules feed. grants: what each admits. asked: what is meant to be cut. weight: how many have it."""

    grants: tuple[tuple[str, Traffic], ...]
    asked: Traffic
    weight: int


class Plan(NamedTuple):
    """By rule id what is cut from it; what is lost besides, in flows; whether it is proven that none is better."""

    cut: Narrowing
    besides: int
    proven: bool


def narrowed(rule: Rule, wanted: Traffic) -> Traffic:
    """Return what a rule loses, at least, when it must no longer admit some traffic: what other rules can't say of it.

    A block is narrowed by addresses and services; a group or a prefix list has no parts, and so by services alone. A
    rule of all protocols keeps of others than KEPT_PROTOCOLS nothing where it is cut.
    """
    if rule.properties.peer.kind in (PeerKind.GROUP, PeerKind.PREFIX_LIST):
        services: Spans = ()
        for slab in wanted.slabs:
            services = union(services, slab.services)
        wanted = traffic([Box(EVERY_IPV4 + EVERY_IPV6, services)])
    if rule.properties.protocol != ALL_PROTOCOLS:
        return wanted
    return wanted | traffic(Box((slab.addresses,), _DROPPED) for slab in wanted.slabs)


_DROPPED = difference(SERVICES, tuple(Span(number * PORTS, (number + 1) * PORTS - 1) for number in KEPT_PROTOCOLS))


def size(some: Traffic) -> int:
    """Return how many flows there are: addresses times services, a protocol without ports or types being one."""
    return sum((last - first + 1) * _count(services) for (first, last), services in some.slabs)


def _count(some: Spans) -> int:
    parts = (part for span in some for part in by_protocol(span))
    return sum(last - first + 1 if number in KEPT_PROTOCOLS else 1 for number, first, last in parts)


def besides(gate: Gate, cut: Narrowing) -> Traffic:
    """Return what a gate loses by a cut beyond what is meant to be cut."""
    touched = [box for rule_id, box in gate.grants if rule_id in cut]
    if not touched:
        return NOTHING
    lost = NOTHING
    for rule_id, box in gate.grants:
        lost = lost | (box & cut[rule_id]) if rule_id in cut else lost
    lost = lost - gate.asked
    for rule_id, box in gate.grants:
        if not lost:
            break
        lost = lost - (box - cut.get(rule_id, NOTHING))
    return lost


def minimal(units: Sequence[Unit], gates: Sequence[Gate], narrow: Narrow, calls: Callable[[Narrowing], int]) -> Plan:
    """Return the plan that loses the least besides, and of those the one of the fewest calls.

    narrow: what a rule, by id, loses when it must no longer admit some traffic, at least that. calls: how many a cut
    takes. Every unit has at least one way.
    """
    search = _Search(gates, narrow, calls)
    search.look(sorted(units, key=lambda unit: len(unit.ways)), {})
    assert search.best is not None  # noqa: S101 - the first plan that is walked to its end is one
    return Plan(search.best, search.price[0], search.looked <= MOST_PLANS)


class _Search:
    def __init__(self, gates: Sequence[Gate], narrow: Narrow, calls: Callable[[Narrowing], int]) -> None:
        self.best: Narrowing | None = None
        self.price = (0, 0)
        self.looked = 0
        self._gates, self._narrow, self._calls = gates, narrow, calls

    def look(self, units: Sequence[Unit], wanted: Narrowing) -> None:
        """Walk every choice for the units that are left, the cheapest first, and keep the best plan."""
        self.looked += 1
        if not units:
            self._keep(wanted)
        elif self.looked <= MOST_PLANS or self.best is None:
            for lost, _, plan in sorted(self._begun(units[0], wanted), key=lambda each: each[:2]):
                if self.best is None or lost <= self.price[0]:
                    self.look(units[1:], plan)

    def _begun(self, unit: Unit, wanted: Narrowing) -> Iterator[tuple[int, int, Narrowing]]:
        for place, way in enumerate(unit.ways):
            plan = {**wanted, **{one: wanted.get(one, NOTHING) | some for one, some in way.items()}}
            yield self._lost(self._cut(plan)), place, plan

    def _keep(self, wanted: Narrowing) -> None:
        cut = self._cut(wanted)
        price = self._lost(cut), self._calls(cut)
        if self.best is None or price < self.price:
            self.best, self.price = cut, price

    def _cut(self, wanted: Narrowing) -> Narrowing:
        return {one: self._narrow(one, some) for one, some in wanted.items()}

    def _lost(self, cut: Narrowing) -> int:
        return sum(gate.weight * size(besides(gate, cut)) for gate in self._gates)
