"""What a policy says of the flows that a change stops, against the rules of both sides flow by flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.policy.desired import NOTHING, Desired, Key, Kind, folded, interface_of, rules_of
from groupwall.enforce.policy.policy import Policy
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.tracking import Conversation, stops, untracked
from groupwall.rules.values import Direction, Rule
from groupwall.rules.verdict import Flow, grant
from tests.enforce.answers import INTERFACES, Json, World, group, interface, rule, whole

VPC = "vpc-00000001"
GROUPS = ("sg-00000001", "sg-00000002", "sg-00000003")
HERE = INTERFACES[:3]
OUTSIDE = "192.0.2.1"
EVERYONE, ALL = "0.0.0.0/0", {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}
TCP = 6

_rules = st.builds(
    lambda peer, kind, egress: rule(peer, 1, egress=egress) | kind,
    st.sampled_from([EVERYONE, EVERYONE, "10.0.0.0/8", "192.0.2.0/24"]),
    st.sampled_from([ALL, {"FromPort": 22, "ToPort": 22}, {"FromPort": 0, "ToPort": 65535}]),
    st.booleans(),
)
_held = st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2, unique=True)
WORLDS: st.SearchStrategy[World] = st.fixed_dictionaries(
    {("interface", one): _held.map(lambda some, one=one: interface(one, VPC, some)) for one in HERE},
    optional={
        ("group", one): st.lists(_rules, max_size=3).map(lambda some, one=one: group(one, *some)) for one in GROUPS
    },
)


def _flows() -> Iterator[Tracked]:
    ends = [OUTSIDE, *(f"10.0.0.{number}" for number in range(1, 4))]
    for source, destination in ((one, other) for one in ends for other in ends if one != other):
        flow = Flow(address_number(source), address_number(destination), TCP * PORTS + 22)
        yield Tracked(flow, 50000, b"")


def _rules_at(known: Desired, address: int) -> list[Rule] | None:
    """Return the rules of the interface that has an address, straight from what is told."""
    for key in known.facts:
        found = interface_of(known.facts, key.id) if key.kind is Kind.INTERFACE else None
        if found and address in map(address_number, found.addresses):
            return [each for group_id in found.groups for each in rules_of(known.facts, group_id)]
    return None


def _stops(before: Desired, after: Desired, one: Tracked) -> bool:
    flow, answers = one.flow, TCP * PORTS + one.source_port
    ends = (
        (flow.source, Conversation(Direction.EGRESS, flow.destination, flow.service, answers)),
        (flow.destination, Conversation(Direction.INGRESS, flow.source, flow.service, answers)),
    )
    for own, seen in ends:
        was, now = _rules_at(before, own), _rules_at(after, own)
        if was is None or now is None:
            continue
        granted = {way: [grant(each, lambda _: ()) for each in now if each.direction is way] for way in Direction}
        if stops(seen, {way: untracked(way, was) for way in Direction}, granted):
            return True
    return False


def _told(policy: Policy, known: Desired, world: World) -> Desired:
    later, changed = folded(known, whole(known.revision + 1, world))
    policy.follow(later.facts, changed)
    return later


def _begun(world: World) -> tuple[Policy, Desired]:
    policy = Policy(VPC)
    known = _told(policy, NOTHING, world)
    for place, one in enumerate(HERE):
        policy.bind(one, f"tap{place}", known.facts)
    policy.settle()
    return policy, known


@given(WORLDS, st.lists(WORLDS, min_size=1, max_size=3))
def test_steps_stop_what_the_ends_of_the_way_say(first: World, steps: Sequence[World]) -> None:
    """After any steps those flows stop which the first rules and the last say, at either end, and no others."""
    policy, before = _begun(first)
    known = before
    for world in steps:
        known = _told(policy, known, world)
    found = policy.stopping()
    said = [one for one in _flows() if found and found.stops(one)]
    assert said == [one for one in _flows() if _stops(before, known, one)]
    policy.settle()
    assert policy.stopping() is None


SSH, NEAR = rule(EVERYONE, 22), rule("10.0.0.0/8", 22)
OUT = rule(EVERYONE, 1, egress=True) | ALL


def _world(*rules: Json, groups: Sequence[str] = GROUPS[:2]) -> World:
    both = {("group", GROUPS[0]): group(GROUPS[0], *rules), ("group", GROUPS[1]): group(GROUPS[1], OUT)}
    return {**both, ("interface", HERE[0]): interface(HERE[0], VPC, list(groups))}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (_world(SSH, NEAR), _world(SSH)),
        (_world(NEAR), _world()),
        (_world(), _world(SSH)),
        (_world(SSH, OUT), _world(SSH)),
        (_world(SSH, groups=GROUPS[:1]), _world(groups=GROUPS[:1])),
        (_world(SSH), _world(SSH, groups=GROUPS)),
        (_world(SSH), {**_world(SSH), ("members", GROUPS[0], VPC): {"VpcId": VPC, "GroupId": GROUPS[0]}}),
    ],
)
def test_most_changes_stop_nothing(before: World, after: World) -> None:
    """No flow is looked at where no interface loses a rule for everyone that has its pair (inferred).

    So a revoke costs no walk through what is tracked: not of a rule for some, nor of one that another group has too.
    """
    policy, known = _begun(before)
    _told(policy, known, after)
    assert policy.stopping() is None


def test_what_is_new_here_has_nothing_to_stop() -> None:
    """An interface that is bound has no flows of before, nor has one that is let go: rules decide anew (inferred)."""
    policy = Policy(VPC)
    known = _told(policy, NOTHING, _world(SSH))
    policy.settle()
    policy.bind(HERE[0], "tap0", known.facts)
    known = _told(policy, known, _world())
    assert policy.stopping() is None
    policy.settle()
    known = _told(policy, known, _world(SSH))
    policy.settle()
    known = _told(policy, known, _world())
    assert policy.stopping() is not None
    policy.unbind(HERE[0], known.facts)
    assert policy.stopping() is None
    assert Key(Kind.INTERFACE, HERE[0]) in known.facts
