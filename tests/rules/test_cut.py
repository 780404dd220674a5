"""The minimal cut: no choice of gates loses less, and what is left of a rule is just the rest of it [inferred]."""

from __future__ import annotations

import random
from itertools import product

import pytest

from groupwall.rules.cut import EVERYTHING, Gate, Prices, Unit, besides, minimal, narrowed, size
from groupwall.rules.flows import block_span, services
from groupwall.rules.pieces import pieces
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from groupwall.rules.verdict import admitted, grant

BLOCKS = ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/24", "10.0.0.7/32", "10.0.1.0/24", "::/0")
PORTS = ((0, 65535), (22, 22), (20, 80), (80, 443))


def _rule(chance: random.Random, name: str) -> Rule:
    protocol = chance.choice(("tcp", "tcp", "udp", "-1"))
    ports = PortRange(-1, -1) if protocol == "-1" else PortRange(*chance.choice(PORTS))
    peer = Peer.of(chance.choice((*BLOCKS, "sg-1")))
    return Rule(name, "sg-0", Direction.INGRESS, Properties(protocol, ports, peer), None)


def _box(rule: Rule) -> Traffic:
    return admitted([grant(rule, lambda _: (block_span("10.0.0.0/30"),))])


def _wanted(chance: random.Random) -> Traffic:
    ports = PortRange(*chance.choice(((22, 22), (21, 23), (80, 80))))
    return traffic([Box((block_span(chance.choice(BLOCKS[1:5])),), services("tcp", ports))])


@pytest.mark.parametrize("seed", range(200))
def test_no_choice_is_better(seed: int) -> None:
    """Of all ways of cutting each unit at one of its gates, the plan loses the least, with the fewest calls."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice
    rules = {name: _rule(chance, name) for name in "abcdef"}
    boxes = {name: _box(rule) for name, rule in rules.items()}
    wanted = [_wanted(chance) for _ in range(chance.randint(1, 4))]
    units = [
        Unit(
            tuple(
                {name: some & boxes[name] for name in names if some & boxes[name]}
                for names in (chance.sample("abc", 2), chance.sample("def", 2))
            )
        )
        for some in wanted
    ]
    gates = [
        Gate(
            tuple((name, boxes[name]) for name in chance.sample("abcdef", 3)),
            chance.choice((NOTHING, wanted[0])),
            chance.randint(1, 3),
            chance.choice((NOTHING, NOTHING, boxes["a"], boxes["d"])),
        )
        for _ in range(3)
    ]

    def narrow(name: str, some: Traffic) -> Traffic:
        return narrowed(rules[name], some)

    def price(ways: tuple[dict[str, Traffic], ...]) -> tuple[int, int, int]:
        joined: dict[str, Traffic] = {}
        for way in ways:
            joined |= {name: joined.get(name, NOTHING) | some for name, some in way.items()}
        cut = {name: narrow(name, some) for name, some in joined.items()}
        lost = [(gate, besides(gate, cut)) for gate in gates]
        return (
            sum(gate.weight * size(some & gate.expected) for gate, some in lost),
            sum(gate.weight * size(some) for gate, some in lost),
            len(cut),
        )

    plan = minimal(units, gates, Prices(narrow, lambda _: 0, len, str))
    assert plan.proven
    best = min(price(ways) for ways in product(*(unit.ways for unit in units)))  # type: ignore[arg-type]
    assert plan.price[1:] == best


@pytest.mark.parametrize("seed", range(300))
def test_pieces_are_the_rest(seed: int) -> None:
    """What is left of a rule admits all that it admitted but for what it loses, which holds what was to be cut."""
    chance = random.Random(seed)  # noqa: S311 - as above
    rule, wanted = _rule(chance, "a"), _wanted(chance)
    wanted = wanted & _box(rule)
    lost = narrowed(rule, wanted)
    left = traffic(
        box
        for one in pieces(rule.properties, lost)
        for box in [grant(rule._replace(properties=one), lambda _: (block_span("10.0.0.0/30"),)).box]
    )
    assert left == _box(rule) - lost
    assert not left & wanted
    if rule.properties.protocol != "-1" and rule.properties.peer.text != "sg-1":
        assert left == _box(rule) - wanted


def test_nothing_is_left_of_what_goes_whole() -> None:
    """A rule that loses everything has no pieces (inferred)."""
    rule = _rule(random.Random(1), "a")  # noqa: S311 - as above
    assert pieces(rule.properties, EVERYTHING) == ()


def test_what_another_rule_admits_is_not_lost() -> None:
    """Traffic that passes by a rule that is not cut is no loss at the gate (inferred)."""
    box = traffic([Box((block_span("10.0.0.0/8"),), services("tcp", PortRange(22, 22)))])
    assert besides(Gate((("a", box), ("b", box)), NOTHING, 1), {"a": EVERYTHING}) == NOTHING
    assert besides(Gate((("a", box),), NOTHING, 1), {"a": EVERYTHING}) == box


@pytest.mark.parametrize(
    ("told", "flows"),
    [
        (Box((block_span("10.0.0.0/30"),), services("tcp", PortRange(22, 23))), 8),
        (Box((block_span("10.0.0.7/32"),), services("47", PortRange(-1, -1))), 1),
        (Box((block_span("10.0.0.7/32"),), services("icmp", PortRange(8, -1))), 256),
    ],
)
def test_flows_are_counted_by_address_and_service(told: Box, flows: int) -> None:
    """A port, or an ICMP type with its code, is a service; a protocol without either is one (inferred)."""
    assert size(traffic([told])) == flows
