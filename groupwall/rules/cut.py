"""The minimal cut: which rules to narrow, so that flows no longer pass and as little else as possible is lost.

Flows that the same rules admit at both gates are one unit. A unit is cut at its sender's gate or at its receiver's, by
narrowing every rule that admits it there. Each choice for all units is a plan. Its price is, first, how many flows are
lost that are expected to pass, then how many at all besides, counted over every gate that the narrowed rules feed, and
then how many calls it takes; what groups have no room for is dearer than anything. The search is exact: it leaves out
only what cannot be better, since a plan loses no less, and touches no fewer groups, when more is cut by it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, PORTS, SERVICES, by_protocol
from groupwall.rules.spans import Span, Spans, difference, union
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic
from groupwall.rules.values import ALL_PROTOCOLS, PeerKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from groupwall.rules.values import Rule

    Narrowing = Mapping[str, Traffic]

EVERYTHING = traffic([Box(EVERY_IPV4 + EVERY_IPV6, SERVICES)])
MOST_PLANS = 5_000
"""Plans, whole or begun, that are looked at: some seconds. Beyond, the best so far is answered, and said to be so."""

KEPT_PROTOCOLS = (1, 6, 17, 58)
"""What a rule of all protocols keeps of the rest when some of it is cut: ICMP, TCP, UDP, ICMPv6. Every other protocol
takes a rule of its own, and a group has sixty."""


class Unit(NamedTuple):
    """Flows that the same rules admit. ways: of cutting them, by rule id what it must no longer admit."""

    ways: tuple[Narrowing, ...]


class Gate(NamedTuple):
    """A gate that rules feed. grants: what each admits. asked: what is meant to be cut. weight: how many have it.

    expected: what is to pass whatever else is lost.
    """

    grants: tuple[tuple[str, Traffic], ...]
    asked: Traffic
    weight: int
    expected: Traffic = NOTHING


class Price(NamedTuple):
    """What a plan costs, the first first: rules beyond a quota, expected flows lost, flows lost besides, calls."""

    over: int
    expected: int
    besides: int
    calls: int


class Plan(NamedTuple):
    """By rule id what is cut from it; its price; whether it is proven that none is better."""

    cut: Narrowing
    price: Price
    proven: bool


class Prices(NamedTuple):
    """What a cut makes of rules. narrow: what a rule, by id, loses when it must no longer admit some traffic.

    calls: how many a cut takes. group: of a rule, by id; each group of which a rule is cut takes a call at least. over:
    how many rules beyond their quota groups would have by a cut.
    """

    narrow: Callable[[str, Traffic], Traffic]
    over: Callable[[Narrowing], int]
    calls: Callable[[Narrowing], int]
    group: Callable[[str], str]


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


def minimal(units: Sequence[Unit], gates: Sequence[Gate], prices: Prices) -> Plan:
    """Return the plan of the least price. Every unit has at least one way."""
    search = _Search(units, gates, prices)
    search.look(sorted(units, key=lambda unit: len(unit.ways)), _Begun({}, {}, {}, 0))
    assert search.best is not None  # noqa: S101 - the first plan that is walked to its end is one
    return Plan(search.best, search.price, search.looked <= MOST_PLANS)


class _Begun(NamedTuple):
    """A plan on the way. lost: by the place of a gate how many expected flows, and how many at all, it loses.

    over: how many rules it has beyond quotas, which may be fewer again further on.
    """

    wanted: Narrowing
    cut: Narrowing
    lost: Mapping[int, tuple[int, int]]
    over: int


class _Search:
    """A walk through all choices, the cheapest first, which turns back where nothing can be better than the best."""

    def __init__(self, units: Sequence[Unit], gates: Sequence[Gate], prices: Prices) -> None:
        self.best: Narrowing | None = None
        self.price = Price(0, 0, 0, 0)
        self.looked = 0
        self._gates, self._prices = gates, prices
        self._fed: dict[str, list[int]] = {}
        for place, gate in enumerate(gates):
            for rule_id, _ in gate.grants:
                self._fed.setdefault(rule_id, []).append(place)
        self._popular = Counter(group for unit in units for group in {*self._groups(unit.ways)})

    def _groups(self, ways: Iterable[Iterable[str]]) -> Iterator[str]:
        return (self._prices.group(one) for way in ways for one in way)

    def look(self, units: Sequence[Unit], begun: _Begun) -> None:
        """Walk every choice for the units that are left, and keep the best plan."""
        self.looked += 1
        if not units:
            price = self._least(begun)._replace(over=begun.over, calls=self._prices.calls(begun.cut))
            if self.best is None or price < self.price:
                self.best, self.price = begun.cut, price
        elif self.looked <= MOST_PLANS or self.best is None:
            ways = [(way, self._taken(way, begun)) for way in units[0].ways]
            for _, plan in sorted(ways, key=lambda each: (each[1].over, self._least(each[1]), self._rarity(each[0]))):
                if self.best is None or self._least(plan) < self.price:
                    self.look(units[1:], plan)

    def _rarity(self, way: Narrowing) -> int:
        """Return how little else the groups that a way touches are good for: the rarest last."""
        return -min((self._popular[group] for group in self._groups([way])), default=0)

    def _least(self, begun: _Begun) -> Price:
        """Return what a plan costs at least, however it goes on."""
        lost = begun.lost.values()
        calls = len({*self._groups([begun.cut])})
        return Price(0, sum(expected for expected, _ in lost), sum(flows for _, flows in lost), calls)

    def _taken(self, way: Narrowing, begun: _Begun) -> _Begun:
        """Return a plan that goes on by a way; what is lost at gates that the way's rules do not feed stays."""
        wanted = {**begun.wanted, **{one: begun.wanted.get(one, NOTHING) | some for one, some in way.items()}}
        changed = [one for one in way if wanted[one] != begun.wanted.get(one)]
        cut = {**begun.cut, **{one: self._prices.narrow(one, wanted[one]) for one in changed}}
        lost = dict(begun.lost)
        for place in {place for one in changed for place in self._fed.get(one, ())}:
            gate = self._gates[place]
            some = besides(gate, cut)
            lost[place] = gate.weight * size(some & gate.expected), gate.weight * size(some)
        return _Begun(wanted, cut, lost, self._prices.over(cut))
