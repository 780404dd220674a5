"""Traffic as a value, against sets of single flows: every operation, on small planes that can be counted out."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules import spans
from groupwall.rules.spans import Span, Spans
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic

SIDE = 8
Flows = set[tuple[int, int]]

small_span = st.tuples(st.integers(0, SIDE - 1), st.integers(0, SIDE - 1)).map(lambda ends: Span(min(ends), max(ends)))
small_spans = st.lists(small_span, max_size=4).map(lambda some: spans.spans(tuple(some)))
box = st.builds(Box, small_spans, small_spans)
boxes = st.lists(box, max_size=6)


def numbers(some: Spans) -> set[int]:
    """Return the numbers of a set, one by one."""
    return {number for span in some for number in range(span.first, span.last + 1)}


def flows(some: list[Box]) -> Flows:
    """Return the flows of boxes, one by one."""
    return {
        (address, service) for one in some for address in numbers(one.addresses) for service in numbers(one.services)
    }


def counted(value: Traffic) -> Flows:
    """Return the flows of traffic, one by one."""
    return flows([Box((slab.addresses,), slab.services) for slab in value.slabs])


@given(small_spans, small_spans)
def test_spans_are_sets(mine: Spans, theirs: Spans) -> None:
    """Union, intersection and difference of spans are those of the numbers in them, in the one canonical form."""
    for combine, expected in (
        (spans.union, numbers(mine) | numbers(theirs)),
        (spans.intersection, numbers(mine) & numbers(theirs)),
        (spans.difference, numbers(mine) - numbers(theirs)),
    ):
        found = combine(mine, theirs)
        assert numbers(found) == expected
        assert all(left.last + 1 < right.first for left, right in pairwise(found))


@given(boxes, boxes)
def test_traffic_is_a_set_of_flows(mine: list[Box], theirs: list[Box]) -> None:
    """Union, intersection, difference and containment are those of the single flows."""
    left, right = traffic(mine), traffic(theirs)
    assert counted(left) == flows(mine)
    assert counted(left | right) == flows(mine) | flows(theirs)
    assert counted(left & right) == flows(mine) & flows(theirs)
    assert counted(left - right) == flows(mine) - flows(theirs)
    assert left.within(right) == (flows(mine) <= flows(theirs))
    assert bool(left) == bool(flows(mine))


@given(boxes, st.randoms())
def test_equal_flows_are_equal_values(some: list[Box], chance: Random) -> None:
    """The value depends on the flows alone, not on the boxes that told them or on their order."""
    shuffled = [*some, *some[:1]]
    chance.shuffle(shuffled)
    single = [Box((Span(address, address),), (Span(service, service),)) for address, service in flows(some)]
    assert traffic(shuffled) == traffic(some) == traffic(single)
    assert hash(traffic(shuffled)) == hash(traffic(some))


@given(boxes)
def test_one_flow_is_found(some: list[Box]) -> None:
    """A flow is held exactly when it is among the single flows."""
    value, expected = traffic(some), flows(some)
    for address in range(SIDE):
        for service in range(SIDE):
            assert value.holds(address, service) == ((address, service) in expected)


@given(boxes, boxes, boxes)
def test_laws(a: list[Box], b: list[Box], c: list[Box]) -> None:
    """The laws of sets hold: distribution, De Morgan within a whole, and what is taken away can be given back."""
    x, y, z = traffic(a), traffic(b), traffic(c)
    assert x & (y | z) == (x & y) | (x & z)
    assert x - (y | z) == (x - y) & (x - z)
    assert (x - y) | (x & y) == x
    assert x - x == NOTHING == x & NOTHING
    assert x | NOTHING == x


@pytest.mark.parametrize("count", [10, 1000])
def test_slabs_are_few(count: int) -> None:
    """N boxes make at most 2 n slabs, whatever they overlap."""
    nested = [Box((Span(at, 10_000 - at),), (Span(2 * at, 2 * at),)) for at in range(count)]
    assert len(traffic(nested).slabs) == 2 * count - 1
