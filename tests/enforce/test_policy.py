"""The policy of a namespace follows the facts, and names exactly what to compile again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.policy import compile as compiling
from groupwall.enforce.policy.compile import Part, compiled
from groupwall.enforce.policy.desired import NOTHING, Desired, Key, Kind, folded
from groupwall.enforce.policy.policy import Policy
from tests.enforce.answers import INTERFACES, World, group, interface, rule, whole, worlds

Step = tuple[str, str]
BINDINGS = st.tuples(st.sampled_from(["bind", "unbind"]), st.sampled_from(INTERFACES))


def _known(revision: int, world: World, before: Desired = NOTHING) -> tuple[Desired, Policy]:
    known, _ = folded(before, whole(revision, world))
    return known, Policy("vpc-00000001")


@given(worlds(), st.lists(st.one_of(worlds(), BINDINGS), max_size=6))
def test_the_way_to_a_state_does_not_matter(world: World, steps: Sequence[World | Step]) -> None:
    """After any changes and bindings the state is that of a policy which learned all at once (inferred).

    The parts that each step names are enough: compiled alone, they make the parts that are there the right ones.
    """
    known, policy = _known(1, world)
    policy.follow(known.facts, known.facts.keys())
    parts = {key: one for key, one in compiled(policy.state).items() if one}
    for number, step in enumerate(steps, 2):
        if isinstance(step, tuple):
            do = policy.bind(step[1], f"dev{step[1][-1]}", known.facts) if step[0] == "bind" else set()
            due = do or policy.unbind(step[1], known.facts)
        else:
            known, changed = folded(known, whole(number, step))
            due = policy.follow(known.facts, changed)
        parts.update(compiled(policy.state, due))  # type: ignore[arg-type]  # those that are gone go below
        parts = {key: one for key, one in parts.items() if one}
    at_once = Policy("vpc-00000001")
    for interface_id in policy.interfaces:
        at_once.bind(interface_id, f"dev{interface_id[-1]}", known.facts)
    at_once.follow(known.facts, known.facts.keys())
    assert policy.state == at_once.state
    assert parts == compiled(at_once.state)


@given(worlds(), worlds(), st.sets(st.sampled_from(INTERFACES)))
def test_a_copy_follows_by_itself(before: World, after: World, bound: set[str]) -> None:
    """A copy that follows a change is what the policy is once it has followed it, and alters nothing (inferred)."""
    known, policy = _known(1, before)
    for interface_id in sorted(bound):
        policy.bind(interface_id, f"dev{interface_id[-1]}", known.facts)
    policy.follow(known.facts, known.facts.keys())
    was = compiled(policy.state)
    later, changed = folded(known, whole(2, after))
    copied = policy.copied()
    parts = copied.follow(later.facts, changed)
    assert compiled(policy.state) == was
    assert policy.follow(later.facts, changed) == parts
    assert (copied.state, copied.judged(changed)) == (policy.state, policy.judged(changed))
    assert (copied.stopping() is None) == (policy.stopping() is None)


WORLD: World = {
    ("group", "sg-00000001"): group("sg-00000001", rule("10.0.0.0/8", 22)),
    ("group", "sg-00000002"): group("sg-00000002", rule("sg-00000001", 80)),
    ("interface", "eni-00000001"): interface("eni-00000001", "vpc-00000001", ["sg-00000001"]),
    ("interface", "eni-00000002"): interface("eni-00000002", "vpc-00000002", ["sg-00000002"]),
}


def test_a_rule_costs_its_group_alone() -> None:
    """After a change of rules the two chains of that group are compiled again, and nothing else (inferred)."""
    known, policy = _known(1, WORLD)
    policy.bind("eni-00000001", "tap1", known.facts)
    later, changed = folded(known, whole(2, {**WORLD, ("group", "sg-00000001"): group("sg-00000001")}))
    own = {Part(kind, "sg-00000001") for kind in (compiling.Kind.INGRESS, compiling.Kind.EGRESS)}
    assert policy.follow(later.facts, changed) == own


def test_what_is_not_used_here_costs_nothing() -> None:
    """A group that no interface here is in, and an interface that is not here, name nothing to compile (inferred)."""
    known, policy = _known(1, WORLD)
    policy.bind("eni-00000001", "tap1", known.facts)
    later = {
        **WORLD,
        ("group", "sg-00000002"): group("sg-00000002"),
        ("interface", "eni-00000002"): interface("eni-00000002", "vpc-00000002", []),
    }
    known, changed = folded(known, whole(2, later))
    assert changed
    assert policy.follow(known.facts, changed) == set()


def test_unknown_is_closed() -> None:
    """A device whose interface nothing is known of, or of another VPC, is in no group, so that nothing passes.

    Users 5.5.
    """
    known, policy = _known(1, WORLD)
    policy.bind("eni-00000009", "tap9", known.facts)
    policy.bind("eni-00000002", "tap2", known.facts)
    found = policy.state.interfaces
    assert {one: (found[one].groups, found[one].addresses) for one in found} == {
        "eni-00000009": (frozenset(), frozenset()),
        "eni-00000002": (frozenset(), frozenset()),
    }


def test_an_interface_that_goes_is_closed() -> None:
    """A device stays bound when its interface is deleted, and nothing passes it from then on (users 5.5)."""
    known, policy = _known(1, WORLD)
    policy.bind("eni-00000001", "tap1", known.facts)
    later, changed = folded(known, whole(2, {}))
    policy.follow(later.facts, changed)
    assert (policy.state.interfaces["eni-00000001"].groups, policy.state.groups) == (frozenset(), {})


CUT = {"ExistingFlows": "cut"}


@pytest.mark.parametrize(
    ("altered", "judged"),
    [
        (set(), {"eni-00000003"}),
        ({Key(Kind.GROUP, "sg-00000001")}, {"eni-00000001", "eni-00000003"}),
        ({Key(Kind.INTERFACE, "eni-00000001")}, {"eni-00000001", "eni-00000003"}),
        ({Key(Kind.MEMBERS, "sg-00000001", "vpc-00000001")}, {"eni-00000002", "eni-00000003"}),
        ({Key(Kind.LIST, "pl-00000001")}, {"eni-00000003"}),
    ],
)
def test_whose_flows_are_judged(altered: set[Key], judged: set[str]) -> None:
    """Flows are judged anew of interfaces in a group that says so, and of those that follow from what was altered.

    Issue 6 (inferred).
    """
    world: World = {
        ("group", "sg-00000001"): group("sg-00000001", rule("10.0.0.0/8", 22)),
        ("group", "sg-00000002"): group("sg-00000002", rule("sg-00000001", 80)),
        ("group", "sg-00000003"): group("sg-00000003") | CUT,
        **{("interface", one): interface(one, "vpc-00000001", [one.replace("eni", "sg")]) for one in INTERFACES[:3]},
    }
    known, policy = _known(1, world)
    for number, one in enumerate(INTERFACES[:3]):
        policy.bind(one, f"tap{number}", known.facts)
    assert policy.judged(altered).interfaces.keys() == judged
    later, changed = folded(known, whole(2, {**world, ("group", "sg-00000003"): group("sg-00000003")}))
    policy.follow(later.facts, changed)
    assert policy.judged(altered).interfaces.keys() == judged - {"eni-00000003"}


@pytest.mark.parametrize("tagged", [True, False])
@pytest.mark.parametrize("others", [[], ["sg-00000003"]])
def test_who_left_is_judged(others: list[str], *, tagged: bool) -> None:
    """Flows are judged anew of an interface that has left a group which asks for it, until that is settled (inferred).

    So who is moved to a group without rules is cut off, be the group he leaves in use by others or not.
    """
    start: World = {
        ("group", "sg-00000001"): group("sg-00000001", rule("10.0.0.0/8", 22)) | (CUT if tagged else {}),
        ("group", "sg-00000003"): group("sg-00000003"),
        ("interface", "eni-00000001"): interface("eni-00000001", "vpc-00000001", ["sg-00000001", *others]),
    }
    known, policy = _known(1, start)
    policy.bind("eni-00000001", "tap1", known.facts)
    policy.settle()
    moved = {("interface", "eni-00000001"): interface("eni-00000001", "vpc-00000001", ["sg-00000003"])}
    later, changed = folded(known, whole(2, {**start, **moved}))
    policy.follow(later.facts, changed)
    assert (policy.judged(set()).interfaces.keys() == {"eni-00000001"}) is tagged
    policy.settle()
    assert not policy.judged(set()).interfaces
