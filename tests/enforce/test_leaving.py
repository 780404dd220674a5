"""Whose flows are over: of addresses that leave their interface, and across peering connections that go."""

from __future__ import annotations

import pytest
from hypothesis import given

from groupwall.enforce.policy.desired import NOTHING, Facts, Interface, folded
from groupwall.enforce.policy.leaving import left
from groupwall.rules.flows import address_number, block_span
from groupwall.rules.spans import Span, Spans, holds, spans
from tests.enforce.answers import World, interface, whole, worlds

ONE, OTHER, THIRD = "vpc-00000001", "vpc-00000002", "vpc-00000003"
BLOCKS = {ONE: "10.1.0.0/16", OTHER: "10.2.0.0/16", THIRD: "10.3.0.0/16"}
A, B = "eni-00000001", "eni-00000002"
PEERING = ("peering", "pcx-00000001")
HERE: World = {
    ("interface", A): interface(A, ONE, [], Addresses=["10.1.0.1", "10.1.0.2"]),
    ("interface", B): interface(B, OTHER, [], Addresses=["10.2.0.1"]),
    PEERING: {"VpcPeeringConnectionId": PEERING[1], "VpcIds": [ONE, OTHER]},
    **{("vpc", one): {"VpcId": one, "CidrBlocks": [block]} for one, block in BLOCKS.items()},
}


def _left(before: World, after: World) -> dict[str, Spans]:
    known, _ = folded(NOTHING, whole(1, before))
    later, changed = folded(known, whole(2, after))
    return dict(left(known.facts, later.facts, changed))


def _with(interface_id: str, *addresses: str, **other: str) -> World:
    key = ("interface", interface_id)
    return {**HERE, key: HERE[key] | {"Addresses": list(addresses)} | other}


def _numbers(*addresses: str) -> Spans:
    return spans(tuple(Span(number, number) for number in map(address_number, addresses)))


def _without(*keys: tuple[str, ...]) -> World:
    return {key: fact for key, fact in HERE.items() if key not in keys}


NEAR = (ONE, OTHER)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (HERE, {}),
        (_with(A, "10.1.0.2", "10.1.0.1", "10.1.0.3"), {}),
        (_with(A, "10.1.0.1", "10.1.0.2", InstanceState="stopped"), {}),
        (_with(A, "10.1.0.1"), dict.fromkeys(NEAR, _numbers("10.1.0.2"))),
        (_without(("interface", A)), dict.fromkeys(NEAR, _numbers("10.1.0.1", "10.1.0.2"))),
        (_with(A, "10.1.0.1") | {("interface", "eni-3"): interface("eni-3", ONE, [], Addresses=["10.1.0.2"])},
         dict.fromkeys(NEAR, _numbers("10.1.0.2"))),
        (_without(("interface", A), PEERING), {ONE: (*_numbers("10.1.0.1", "10.1.0.2"), block_span(BLOCKS[OTHER])),
                                               OTHER: (block_span(BLOCKS[ONE]),)}),
        (_without(PEERING), {ONE: (block_span(BLOCKS[OTHER]),), OTHER: (block_span(BLOCKS[ONE]),)}),
    ],
)  # fmt: skip
def test_what_leaves(after: World, expected: dict[str, Spans]) -> None:
    """An address that its interface loses, or goes with, is told where it was known; of a peering, each other's blocks.

    Who gets it, and whether the interface's instance runs, does not matter (inferred).
    """
    assert _left(HERE, after) == expected


def _held(known: Facts) -> set[tuple[str, str, str]]:
    return {
        (fact.vpc_id, key.id, address)
        for key, fact in known.items()
        if isinstance(fact, Interface)
        for address in fact.addresses
    }


@given(worlds(), worlds())
def test_nobody_keeps_what_another_had(before: World, after: World) -> None:
    """Whatever changes, an address that an interface has no longer is told in its VPC (inferred)."""
    known, _ = folded(NOTHING, whole(1, before))
    later, changed = folded(known, whole(2, after))
    found = left(known.facts, later.facts, changed)
    for vpc_id, _, address in _held(known.facts) - _held(later.facts):
        assert holds(found[vpc_id], address_number(address))
