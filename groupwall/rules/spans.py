"""Sets of whole numbers as spans: what addresses and services are made of in groupwall.rules.traffic."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

REMEMBERED = 4096
"""Pairs of sets whose combination is remembered: neighbours in traffic have the same services again and again."""


class Span(NamedTuple):
    """The whole numbers from ``first`` to ``last``, both included."""

    first: int
    last: int


Spans = tuple[Span, ...]
"""Disjoint spans in order, with a gap between neighbours: each set of numbers has one such form."""


@lru_cache(maxsize=REMEMBERED)
def union(mine: Spans, theirs: Spans) -> Spans:
    """Return the numbers of either."""
    return spans((*mine, *theirs))


def spans(some: tuple[Span, ...]) -> Spans:
    """Return the numbers of any of these spans, which may overlap and lie in any order."""
    merged: list[Span] = []
    for span in sorted(some):
        if merged and span.first <= merged[-1].last + 1:
            merged[-1] = Span(merged[-1].first, max(merged[-1].last, span.last))
        else:
            merged.append(span)
    return tuple(merged)


@lru_cache(maxsize=REMEMBERED)
def intersection(mine: Spans, theirs: Spans) -> Spans:
    """Return the numbers of both."""
    shared: list[Span] = []
    left = right = 0
    while left < len(mine) and right < len(theirs):
        first, last = max(mine[left].first, theirs[right].first), min(mine[left].last, theirs[right].last)
        if first <= last:
            shared.append(Span(first, last))
        if mine[left].last < theirs[right].last:
            left += 1
        else:
            right += 1
    return tuple(shared)


@lru_cache(maxsize=REMEMBERED)
def difference(mine: Spans, theirs: Spans) -> Spans:
    """Return the numbers of the first that are not of the second."""
    rest: list[Span] = []
    place = 0
    for first, last in mine:
        start = first
        while place < len(theirs) and theirs[place].last < start:
            place += 1
        at = place
        while at < len(theirs) and theirs[at].first <= last:
            if theirs[at].first > start:
                rest.append(Span(start, theirs[at].first - 1))
            start = theirs[at].last + 1
            at += 1
        if start <= last:
            rest.append(Span(start, last))
    return tuple(rest)


def holds(some: Spans, number: int) -> bool:
    """Tell whether a number is in a set."""
    return any(span.first <= number <= span.last for span in some)
