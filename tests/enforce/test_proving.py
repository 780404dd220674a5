"""A proof by real packets: what passed is what the rules say, and where it is not, it is told."""

from __future__ import annotations

import os

import pytest

from groupwall.enforce.kernel.entering import names
from groupwall.enforce.policy.compile import State, compiled
from groupwall.enforce.probes import proving
from groupwall.enforce.probes.proving import Proof, prove
from groupwall.rules.values import Direction, Rule
from tests.enforce.policies import GROUPS, LISTS, UNKNOWN, allow, everywhere

OWN, OTHER = GROUPS[:2]
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS


def _known(*rules: Rule) -> State:
    return State(
        groups={OWN: rules},
        members={OTHER: ["10.9.0.4", "fd00:9::4"]},
        entries={LISTS[0]: ["10.8.0.0/16", "fd00:8::/32"]},
    )


def _passed(proofs: list[Proof]) -> set[tuple[str, int, int]]:
    return {(str(one.shot.other), one.shot.protocol, one.shot.first) for one in proofs if one.passed}


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("peer", ["10.1.0.0/16", "192.0.2.7/32", "0.0.0.0/0", "::/0", "fd00:7::/64", OTHER, LISTS[0]])
@pytest.mark.parametrize("text", ["tcp 80", "udp 5000-5010", "icmp 8", "icmpv6 128", "47", "-1"])
def test_each_kind_of_rule_holds(direction: Direction, peer: str, text: str) -> None:
    """Of every kind of rule something passes, something does not, and all is as the rules say (inferred)."""
    proofs = prove(OWN, _known(allow(OWN, direction, text, peer)))
    assert [one for one in proofs if not one.holds] == []
    wrong_family = (text, ":" in peer) in {("icmp 8", True), ("icmpv6 128", False)} and peer not in (OTHER, LISTS[0])
    assert {one.passed for one in proofs} == ({False} if wrong_family else {True, False})


def test_edges_are_tried() -> None:
    """At a rule's edges packets pass, beside them and from others they do not (inferred)."""
    proofs = prove(OWN, _known(allow(OWN, INGRESS, "tcp 80-90", "10.1.0.0/16")))
    assert _passed(proofs) == {("10.1.0.1", 6, 80), ("10.1.0.1", 6, 90)}
    assert {one.shot.first for one in proofs if not one.passed} == {79, 80, 90, 91}


def test_a_group_with_many_rules() -> None:
    """Rules of one group that overlap, in both directions, are proved together (inferred)."""
    rules = [*everywhere(OWN), allow(OWN, INGRESS, "-1", OTHER), allow(OWN, INGRESS, "tcp 22", "10.0.0.0/8")]
    rules += [allow(OWN, INGRESS, "47", "10.1.0.0/16"), *(allow(OWN, INGRESS, "tcp 1-99", peer) for peer in UNKNOWN)]
    proofs = prove(OWN, _known(*rules))
    assert all(one.holds for one in proofs)
    assert {one.shot.direction for one in proofs} == set(Direction)


def test_nothing_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel filters nothing, the proof says so: users 5.5, 4."""
    monkeypatch.setattr(proving, "compiled", lambda _: compiled(State(guarded="none")))
    proofs = prove(OWN, _known(allow(OWN, INGRESS, "tcp 80", "10.1.0.0/16")))
    assert all(one.passed for one in proofs)
    assert any(not one.holds for one in proofs)


def test_nothing_is_left() -> None:
    """The scratch namespaces are gone afterwards (inferred)."""
    prove(OWN, _known(allow(OWN, EGRESS, "udp 53", "10.1.0.0/16")))
    assert [name for name in names() if name.startswith(f"gw-prove{os.getpid()}-")] == []


def test_a_group_without_rules() -> None:
    """Of a group without rules there is nothing to send (inferred)."""
    assert prove(OWN, _known()) == []
