"""What passes between two sets of addresses through two gates: the sender's egress and the receiver's ingress.

A gate's traffic is a region over the other end's addresses and services. Between two ends both count: an egress gate
tells services by the receiver's address, an ingress gate by the sender's, so what passes is a set of passages, each of
which is every flow from one set of addresses to another with one set of services.
"""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6
from groupwall.rules.spans import Span, Spans, difference, holds, intersection, spans
from groupwall.rules.traffic import Box, Slab, Traffic, traffic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    _Side = tuple[Spans, Spans]


class Passage(NamedTuple):
    """Every flow from one set of addresses to another, both of one family, with one set of services."""

    sources: Spans
    destinations: Spans
    services: Spans


def passages(egress: Traffic | None, ingress: Traffic | None, asked: Passage) -> list[Passage]:
    """Return what of the asked flows passes both gates, None for an end that has none; no two share a flow."""
    pairs = (pair for family in (EVERY_IPV4, EVERY_IPV6) for pair in _pairs(egress, ingress, _within(asked, family)))
    shared = ((origin, toward, intersection(sent, received)) for (toward, sent), (origin, received) in pairs)
    return [Passage(origin, toward, services) for origin, toward, services in shared if services]


def _within(asked: Passage, family: Spans) -> Passage:
    return asked._replace(
        sources=intersection(asked.sources, family), destinations=intersection(asked.destinations, family)
    )


def _pairs(egress: Traffic | None, ingress: Traffic | None, asked: Passage) -> Iterator[tuple[_Side, _Side]]:
    received = _sides(ingress, asked.sources, asked.services)
    return product(_sides(egress, asked.destinations, asked.services) if received else [], received)


def _sides(gate: Traffic | None, addresses: Spans, services: Spans) -> list[_Side]:
    """Return (addresses, services) of what a gate lets pass of these, the addresses with equal services together."""
    if not addresses:
        return []
    if gate is None:
        return [(addresses, services)]
    found = _by_services(gate.meeting(Box(addresses, services)))
    return [(spans(some), admitted) for admitted, some in found.items()]


def _by_services(some: Iterable[Slab]) -> dict[Spans, tuple[Span, ...]]:
    """Return the addresses that have equal services, by those."""
    found: dict[Spans, list[Span]] = {}
    for slab in some:
        found.setdefault(slab.services, []).append(slab.addresses)
    return {services: tuple(addresses) for services, addresses in found.items()}


def canonical(some: Sequence[Passage]) -> list[Passage]:
    """Return passages in the one form that depends on their flows alone, not on how those were cut before."""
    edges = sorted({edge for one in some for first, last in one.sources for edge in (first, last + 1)})
    alike: dict[Traffic, list[Span]] = {}
    for first, following in pairwise(edges):
        onward = by_destination(one for one in some if holds(one.sources, first))
        if onward:
            alike.setdefault(onward, []).append(Span(first, following - 1))
    return [
        Passage(spans(tuple(sources)), addresses, services)
        for onward, sources in alike.items()
        for services, addresses in _by_services(onward.slabs).items()
    ]


def is_asked(asked: Passage) -> bool:
    """Tell whether there is any flow to ask about: both ends have addresses of a family."""
    return bool(asked.services) and any(
        one.sources and one.destinations for one in (_within(asked, EVERY_IPV4), _within(asked, EVERY_IPV6))
    )


def by_destination(some: Iterable[Passage]) -> Traffic:
    """Return passages as the sender sees them: what leaves for which address."""
    return traffic(Box(one.destinations, one.services) for one in some)


def refused(asked: Passage, passing: Iterable[Passage]) -> list[Passage]:
    """Return what of the asked flows is not among those that pass; no two share a flow."""
    rest = [_within(asked, family) for family in (EVERY_IPV4, EVERY_IPV6)]
    for one in passing:
        rest = [piece for left in rest for piece in _without(left, one) if all(piece)]
    return [one for one in rest if all(one)]


def _without(left: Passage, taken: Passage) -> Iterator[Passage]:
    """Cut a passage out of another: first by its sources, then by its destinations, then by its services."""
    from_it = intersection(left.sources, taken.sources)
    to_it = intersection(left.destinations, taken.destinations)
    yield Passage(difference(left.sources, taken.sources), left.destinations, left.services)
    yield Passage(from_it, difference(left.destinations, taken.destinations), left.services)
    yield Passage(from_it, to_it, difference(left.services, taken.services))
