"""What should hold, folded from answers."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.policy.desired import (
    NOTHING,
    Group,
    Interface,
    Key,
    Kind,
    folded,
    group_of,
    interface_of,
    texts_of,
)
from groupwall.rules.values import Direction, Peer, PeerKind, PortRange, Properties, Rule
from tests.enforce.answers import World, changes, group, interface, rule, whole, worlds


@given(st.lists(worlds(), min_size=1, max_size=5))
def test_parts_are_the_whole(history: list[World]) -> None:
    """However a history is told, whole or change by change, the same is known at its end (inferred)."""
    first = whole(1, history[0])
    rest = [changes(number, before, after) for number, (before, after) in enumerate(pairwise(history), 2)]
    known = reduce(lambda before, answer: folded(before, answer)[0], [first, *rest], NOTHING)
    assert known == folded(NOTHING, whole(len(history), history[-1]))[0]


@given(worlds(), worlds(), st.booleans())
def test_what_changed_is_told(before: World, after: World, is_whole: bool) -> None:  # noqa: FBT001 - drawn
    """A fold tells exactly the facts that differ before and after it, whether all is told or a part (inferred)."""
    known, _ = folded(NOTHING, whole(1, before))
    then, changed = folded(known, whole(2, after) if is_whole else changes(2, before, after))
    keys = known.facts.keys() | then.facts.keys()
    assert changed == {key for key in keys if known.facts.get(key) != then.facts.get(key)}


def test_an_answer_may_tell_more_than_changed() -> None:
    """What is told again as it was has not changed, and what is gone and never was there is nothing (inferred)."""
    known, _ = folded(NOTHING, whole(1, {("group", "sg-00000001"): group("sg-00000001")}))
    answer = {
        "Revision": 2,
        "Whole": False,
        "Groups": [group("sg-00000001")],
        "Gone": [{"Kind": "vpc", "Id": "vpc-00000009"}],
    }
    then, changed = folded(known, answer)
    assert (then.revision, then.facts, changed) == (2, known.facts, set())


def test_rules_are_read() -> None:
    """A rule of each kind of peer and direction is the core's rule, without the description, which stops no packet."""
    peers = ("10.0.0.0/8", "fd00::/64", "sg-00000002", "pl-00000001")
    told = [rule(peer, 22, egress=peer == "sg-00000002") for peer in peers]
    known, _ = folded(NOTHING, whole(1, {("group", "sg-00000001"): group("sg-00000001", *told)}))
    kinds = [PeerKind.IPV4, PeerKind.IPV6, PeerKind.GROUP, PeerKind.PREFIX_LIST]
    assert group_of(known.facts, "sg-00000001").rules == tuple(
        Rule(
            one["SecurityGroupRuleId"],
            "sg-00000001",
            Direction.EGRESS if one["IsEgress"] else Direction.INGRESS,
            Properties("tcp", PortRange(22, 22), Peer(kind, peer)),
            None,
        )
        for one, kind, peer in zip(told, kinds, peers, strict=True)
    )


def test_interfaces_are_read() -> None:
    """An interface runs if its instance does; one without an instance does not (inferred)."""
    told = {
        ("interface", "eni-00000001"): interface("eni-00000001", "vpc-00000001", ["sg-00000001"], DeviceIndex=2),
        ("interface", "eni-00000002"): interface("eni-00000002", "vpc-00000001", [], InstanceState="stopped"),
        ("interface", "eni-00000003"): interface(
            "eni-00000003", "vpc-00000001", [], InstanceId=None, InstanceState=None
        ),
    }
    known, _ = folded(NOTHING, whole(1, told))
    assert interface_of(known.facts, "eni-00000001") == Interface(
        "vpc-00000001",
        frozenset({"sg-00000001"}),
        ("10.0.0.1", "fd00::1"),
        b"\2\0\0\0\0\1",
        checked=True,
        instance_id="i-00000001",
        place=2,
        running=True,
    )
    found = [interface_of(known.facts, one) for one in ("eni-00000002", "eni-00000003")]
    assert [(one.instance_id, one.running) for one in found if one] == [("i-00000002", False), ("", False)]


def test_unknown_is_nothing() -> None:
    """What was not told is no interface, no rules, no addresses (users 5.5)."""
    assert interface_of({}, "eni-00000001") is None
    assert group_of({}, "sg-00000001") == Group()
    assert texts_of({}, Key(Kind.LIST, "pl-00000001")) == ()
