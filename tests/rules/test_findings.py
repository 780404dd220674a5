"""Shadowed and redundant rules are those that a look at every single flow finds, and are found quickly."""

from __future__ import annotations

from itertools import product
from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.findings import covering, gathered, redundant, shadows, sole, wide_open
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, block_span, services
from groupwall.rules.spans import Span, Spans, holds, intersection, spans
from groupwall.rules.traffic import Box
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from groupwall.rules.verdict import Grant, grant
from tests.worlds import seeded

LINE = range(6)
Point = tuple[int, int, int]
"""Place, address, service."""

span = st.tuples(st.sampled_from(LINE), st.sampled_from(LINE)).map(lambda ends: Span(min(ends), max(ends)))
addresses = st.lists(span, max_size=3).map(lambda some: spans(tuple(some)))


def granted(number: int, some: Spans, service: Span) -> Grant:
    """Return a rule that admits this; the numbers are in the order of the ids."""
    properties = Properties("tcp", PortRange(0, 0), Peer.of("sg-00000000"))
    return Grant(Rule(f"sgr-{number:04}", "sg-1", Direction.INGRESS, properties, None), Box(some, (service,)))


@st.composite
def gates(draw: st.DrawFn) -> list[list[Grant]]:
    """Draw what up to seven rules admit in one place or two: the same services, other addresses."""
    count, places = draw(st.integers(0, 7)), draw(st.integers(1, 2))
    kept = [draw(span) for _ in range(count)]
    return [[granted(number, draw(addresses), kept[number]) for number in range(count)] for _ in range(places)]


def points(places: list[list[Grant]], rule_id: str) -> set[Point]:
    """Return the flows of one rule."""
    return {
        (place, address, service)
        for place, grants in enumerate(places)
        for rule, (some, span_of_services) in grants
        if rule.id == rule_id
        for address, service in product(LINE, LINE)
        if holds(some, address) and holds(span_of_services, service)
    }


def of_each(places: list[list[Grant]]) -> dict[str, set[Point]]:
    """Return the flows of each rule."""
    return {one.rule.id: points(places, one.rule.id) for one in places[0]}


@given(gates())
def test_shadows_are_those_of_single_flows(places: list[list[Grant]]) -> None:
    """A rule is shadowed when another admits all of it in every place; of two equal ones the greater id (inferred)."""
    every, found = of_each(places), shadows(places)
    expected = {
        one
        for one, mine in every.items()
        for other, theirs in every.items()
        if mine and one != other and (mine < theirs or (mine == theirs and other < one))
    }
    assert found.keys() == expected
    assert all(every[one] <= every[by.id] and by.id not in found for one, by in found.items())


@given(gates())
def test_what_a_rule_alone_admits(places: list[list[Grant]]) -> None:
    """A rule that alone admits a flow is told from one that does not (inferred)."""
    every = of_each(places[:1])
    wanted = {one for one in every if one != "sgr-0000"}
    expected = {one for one in wanted if every[one] - set().union(*(every[other] for other in every if other != one))}
    assert sole(places[0], wanted) == expected


@given(gates())
def test_redundant_is_what_the_others_admit(places: list[list[Grant]]) -> None:
    """A rule is redundant when at every gate the others together admit it; those named are enough (inferred)."""
    every = of_each(places)
    found = redundant(every.keys(), places)
    for one, mine in every.items():
        others = set().union(*(every[other] for other in every if other != one))
        assert (one in found) == bool(mine and mine <= others)
    for one, by in found.items():
        assert one not in [rule.id for rule in by]
        assert every[one] <= set().union(*(every[rule.id] for rule in by))


@given(gates(), addresses.filter(bool), span)
def test_no_rule_of_a_cover_is_too_many(places: list[list[Grant]], some: Spans, service: Span) -> None:
    """What covers a box lacks some of it as soon as any of its rules is left out (inferred)."""
    whole, every = points([[granted(9, some, service)]], "sgr-0009"), of_each(places[:1])
    if not whole <= set().union(*every.values()):
        return
    grants = [one for one in places[0] if one.box.addresses]
    chosen = [every[one.rule.id] for one in covering(Box(some, (service,)), grants)]
    assert whole <= set().union(*chosen)
    for place in range(len(chosen)):
        assert not whole <= set().union(*(chosen[:place] + chosen[place + 1 :]))


@given(gates())
def test_gathered_boxes_hold_and_share_as_much(places: list[list[Grant]]) -> None:
    """Any two boxes have as many addresses, and as many in common, after they are gathered (inferred)."""
    before = [one.box for one in places[0]]
    after = gathered(before)
    assert [box.services for box in after] == [box.services for box in before]
    for one, other in product(range(len(before)), repeat=2):
        sizes = [
            sum(last - first + 1 for first, last in intersection(boxes[one].addresses, boxes[other].addresses))
            for boxes in (before, after)
        ]
        assert sizes[0] == sizes[1]


def test_a_cover_is_one_rule_where_one_is_enough() -> None:
    """Of the many ways to cover a rule, the one that takes the largest part first is told (inferred)."""
    halves = [granted(1, (Span(0, 2),), Span(0, 5)), granted(2, (Span(3, 5),), Span(0, 5))]
    whole = granted(3, (Span(0, 9),), Span(0, 9))
    assert covering(Box((Span(0, 5),), (Span(0, 5),)), [*halves, whole]) == [whole]


def test_who_is_open_to_everybody() -> None:
    """Ingress from all of a family is wide open, by a block or by a list; egress and groups are not (inferred)."""

    def family(direction: Direction, peer: str, stands_for: Spans = ()) -> str:
        properties = Properties("tcp", PortRange(22, 22), Peer.of(peer))
        return wide_open(grant(Rule("sgr-1", "sg-1", direction, properties, None), lambda _: stands_for))

    ingress, halves = Direction.INGRESS, spans((block_span("0.0.0.0/1"), block_span("128.0.0.0/1")))
    assert family(ingress, "0.0.0.0/0") == family(ingress, "pl-1", halves) == "IPv4"
    assert family(ingress, "::/0") == family(ingress, "pl-1", EVERY_IPV6) == "IPv6"
    assert family(ingress, "128.0.0.0/1") == family(Direction.EGRESS, "0.0.0.0/0") == ""
    assert family(ingress, "sg-2", EVERY_IPV4) == ""


def test_a_thousand_rules_are_looked_at_quickly() -> None:
    """Groups of 1,000 rules, far from each other, nested, or the same in two groups, take a moment (inferred)."""
    for name, rules in thousands().items():
        start = process_time()
        shadowed = shadows([rules])
        left = [one for one in rules if one.rule.id not in shadowed]
        redundant({one.rule.id for one in left if one.rule.id < "sgr-1000"}, [left])
        assert process_time() - start < 8, name


def thousands() -> dict[str, list[Grant]]:
    """Return groups of 1,000 rules, or twice as many, of several kinds."""
    random = seeded(1)

    def block(shortest: int) -> Span:
        length = random.randint(shortest, 32)
        return block_span(
            f"10.{random.randrange(256)}.{random.randrange(256)}.0/{length}" if length > 23 else "10.0.0.0/8"
        )

    def ports() -> Span:
        first = random.randrange(60_000)
        return services("tcp", PortRange(first, first + random.randrange(5_000)))[0]

    def nested(number: int) -> Span:
        return services("tcp", PortRange(number, 65_535 - number))[0]

    many = spans(tuple(block_span(f"10.0.{number // 250}.{number % 250}/32") for number in range(0, 2_000, 2)))
    one = [granted(number, (block(24),), ports()) for number in range(1_000)]
    return {
        "scattered": one,
        "one peer of many addresses": [granted(n, many, services("tcp", PortRange(n, n + 1))[0]) for n in range(1_000)],
        "nested ports, addresses side by side": [
            granted(n, (block_span(f"10.{n // 256}.{n % 256}.0/24"),), nested(n)) for n in range(1_000)
        ],
        "staircase": [granted(n, (Span(n, n + 500),), nested(n)) for n in range(1_000)],
        "twice": [*one, *(granted(1_000 + place, *_of(each)) for place, each in enumerate(one))],
    }


def _of(one: Grant) -> tuple[Spans, Span]:
    return one.box.addresses, one.box.services[0]
