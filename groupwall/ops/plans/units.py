"""What a cut has to decide: the passing flows, by the rules that admit them at both gates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import pairwise, product
from operator import and_

from groupwall import errors
from groupwall.ops.flows.ends import Course
from groupwall.ops.flows.gates import Gate, gates_of
from groupwall.ops.flows.network import Network
from groupwall.rules.cut import Gate as Fed
from groupwall.rules.cut import Unit
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6
from groupwall.rules.spans import Span, Spans, holds, spans
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic

MOST_UNITS = 200
"""Sets of flows that rules admit alike: each is a choice between two gates."""

Rules = tuple[frozenset[str], ...]
_Parts = dict[Rules, list[dict[str, Traffic]]]
"""By the rules at each gate: by rule, at each gate, what it must no longer admit."""


def units_of(network: Network, passing: Sequence[Course], fed: Sequence[Fed]) -> tuple[list[Unit], bool]:
    """Return the units, and whether they are as small as matters: else a plan is not proven to be the best.

    Services that a gate which the rules feed tells apart are units of their own, since cut at one gate the one may be
    no loss and the other be one. Addresses need not be told apart: every sender of a unit faces all its receivers, so
    whoever cuts some senders at one gate and the rest at the other has cut all of them at one of the two anyway.
    InvalidParameterValue for more than can be decided.
    """
    ours = {rule.id for course in passing for gate in gates_of(network, course) if gate.known for rule in gate.rules}
    whole = _parts(network, passing)
    fine = [
        part
        for parts in whole.values()
        for services in classes(fed, _asked(parts))
        if any(part := [_of(way, services) for way in parts])
    ]
    few = len(fine) <= MOST_UNITS
    chosen = fine if few else list(whole.values())
    if len(chosen) > MOST_UNITS:
        raise errors.plan_too_large(MOST_UNITS)
    return [Unit(tuple(way for way in ways if way and way.keys() <= ours)) for ways in chosen], few


def _parts(network: Network, passing: Sequence[Course]) -> _Parts:
    found: _Parts = {}
    for course in passing:
        gates = gates_of(network, course)
        for rules, flows in _alike(course, gates):
            ways = found.setdefault(rules, [{} for _ in rules])
            for way, ids, some in zip(ways, rules, flows, strict=True):
                way |= {one: way.get(one, NOTHING) | some for one in ids}
    return found


def _alike(course: Course, gates: Sequence[Gate]) -> Iterator[tuple[Rules, list[Traffic]]]:
    """Yield the passing flows of a course that the same rules admit at each gate, as each gate sees them."""
    for passage in course.passing:
        sides = [passage.destinations if gate.direction.is_egress else passage.sources for gate in gates]
        parts = [
            _by_rules(gate, traffic([Box(side, passage.services)])) for gate, side in zip(gates, sides, strict=True)
        ]
        for chosen in product(*(some.items() for some in parts)):
            shared = [_every_address(services_in(some)) for _, some in chosen]
            mine = [reduce(and_, shared, some) for _, some in chosen]
            if all(mine):
                yield tuple(ids for ids, _ in chosen), mine


def _by_rules(gate: Gate, asked: Traffic) -> dict[frozenset[str], Traffic]:
    """Return what is asked of a gate by the rules that admit it."""
    parts = {frozenset[str](): asked}
    for rule, box in gate.grants:
        mine = traffic([box]) & asked
        for ids, some in list(parts.items()) if mine else ():
            if inside := some & mine:
                joined = ids | {rule.id}
                parts[joined] = parts.get(joined, NOTHING) | inside
                parts[ids] = some - mine
    return {ids: some for ids, some in parts.items() if some and ids}


def services_in(some: Traffic) -> Spans:
    """Return every service that some traffic has, with whichever address."""
    return spans(tuple(span for slab in some.slabs for span in slab.services))


def _every_address(services: Spans) -> Traffic:
    return traffic([Box(EVERY_IPV4 + EVERY_IPV6, services)])


def _asked(ways: Sequence[dict[str, Traffic]]) -> Spans:
    return spans(tuple(span for way in ways for some in way.values() for span in services_in(some)))


def _of(way: dict[str, Traffic], services: Spans) -> dict[str, Traffic]:
    every = _every_address(services)
    return {one: some & every for one, some in way.items() if some & every}


def classes(fed: Sequence[Fed], services: Spans) -> list[Spans]:
    """Return services in as many parts as gates tell apart: those of a part are in the same rules, of every gate."""
    told = list({services_in(box) for gate in fed for _, box in gate.grants})
    edges = sorted({edge for some in (services, *told) for span in some for edge in (span.first, span.last + 1)})
    found: dict[tuple[bool, ...], list[Span]] = {}
    for first, following in pairwise(edges):
        if holds(services, first):
            alike = tuple(holds(some, first) for some in told)
            found.setdefault(alike, []).append(Span(first, following - 1))
    return [spans(tuple(some)) for some in found.values()]
