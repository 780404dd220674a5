"""Traffic as a value: a set of flows, exactly.

A flow, as one network interface sees it, is the other end's address and a service. Both are whole numbers here, so that
a set of flows is a region of the plane, and what a rule admits is a rectangle of it:

    address   IPv4 0 .. 2**32 - 1, IPv6 behind them: one line for both families
    service   protocol * 65536 + port; for ICMP the low 16 bits are type * 256 + code, so that a type with all its codes
              is one span; a protocol without ports has all 65536, which nobody tells apart

Traffic is kept in one canonical form: slabs in the order of addresses, each with the services that all its addresses
have. So two values hold the same flows exactly when they are equal. Union, intersection and difference walk along both
once; n rectangles make at most 2 n slabs.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.spans import Span, Spans, difference, holds, intersection
from groupwall.rules.spans import union as either

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Box(NamedTuple):
    """A rectangle: every address of one set with every service of another."""

    addresses: Spans
    services: Spans


class Slab(NamedTuple):
    """A span of addresses, and the services that each of them has."""

    addresses: Span
    services: Spans


class Traffic(NamedTuple):
    """A set of flows, equal to another when both hold the same. Made by ``traffic``, and by the operators."""

    slabs: tuple[Slab, ...]

    def __or__(self, other: Traffic) -> Traffic:
        """Return the flows of either."""
        return _combined(self, other, either)

    def __and__(self, other: Traffic) -> Traffic:
        """Return the flows of both."""
        return _combined(self, other, intersection)

    def __sub__(self, other: Traffic) -> Traffic:
        """Return the flows of the first that are not of the second."""
        return _combined(self, other, difference)

    def __bool__(self) -> bool:
        """Tell whether there is any flow."""
        return bool(self.slabs)

    def within(self, other: Traffic) -> bool:
        """Tell whether all flows of this are of the other too."""
        return not self - other

    def holds(self, address: int, service: int) -> bool:
        """Tell whether a flow is among these."""
        found = next((slab for slab in self.slabs if address <= slab.addresses.last), None)
        return found is not None and found.addresses.first <= address and holds(found.services, service)

    def meeting(self, box: Box) -> list[Slab]:
        """Return what of the slabs lies in a box, in the order of addresses; the cost is that of those it meets."""
        return [
            Slab(Span(max(span.first, first), min(span.last, last)), shared)
            for span in box.addresses
            for (first, last), services in self.slabs[
                bisect_left(self.slabs, span.first, key=_LAST) : bisect_right(self.slabs, span.last, key=_FIRST)
            ]
            if (shared := intersection(services, box.services))
        ]


_FIRST, _LAST = attrgetter("addresses.first"), attrgetter("addresses.last")
NOTHING = Traffic(())


def traffic(boxes: Iterable[Box]) -> Traffic:
    """Return the flows of any of these boxes."""
    return union(
        Traffic(tuple(Slab(span, services) for span in addresses)) for addresses, services in boxes if services
    )


def union(some: Iterable[Traffic]) -> Traffic:
    """Return the flows of any of these; they are merged in pairs, so that n of them cost n log n."""
    parts = list(dict.fromkeys(some))
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        parts = [mine | theirs for mine, theirs in zip(parts[::2], parts[1::2], strict=False)] + odd
    return parts[0] if parts else NOTHING


def _combined(mine: Traffic, theirs: Traffic, combine: Callable[[Spans, Spans], Spans]) -> Traffic:
    slabs: list[Slab] = []
    for addresses, left, right in _walk(mine.slabs, theirs.slabs):
        services = combine(left, right)
        if not services:
            continue
        if slabs and slabs[-1].services == services and slabs[-1].addresses.last + 1 == addresses.first:
            slabs[-1] = Slab(Span(slabs[-1].addresses.first, addresses.last), services)
        else:
            slabs.append(Slab(addresses, services))
    return Traffic(tuple(slabs))


def _walk(mine: tuple[Slab, ...], theirs: tuple[Slab, ...]) -> Iterator[tuple[Span, Spans, Spans]]:
    """Yield spans of addresses, cut wherever one of the two changes, with the services that each has there."""
    edges = sorted({edge for (first, last), _ in (*mine, *theirs) for edge in (first, last + 1)})
    left = right = 0
    for first, following in pairwise(edges):
        while left < len(mine) and mine[left].addresses.last < first:
            left += 1
        while right < len(theirs) and theirs[right].addresses.last < first:
            right += 1
        yield Span(first, following - 1), _services_at(mine, left, first), _services_at(theirs, right, first)


def _services_at(slabs: tuple[Slab, ...], place: int, address: int) -> Spans:
    return slabs[place].services if place < len(slabs) and slabs[place].addresses.first <= address else ()
