"""The kernel against the verdict of groupwall.rules: random policies, every kind of packet, both directions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.enforce.kernel.packets import UDP
from groupwall.rules.verdict import Flow
from tests.enforce.bed import Bed, Probe
from tests.enforce.enforced import Enforced
from tests.enforce.policies import Policy, changes, flow, judge, policies, probes
from tests.strategies import EXAMPLES

POLICIES = min(EXAMPLES, 2_000)
PACKETS = 50 * POLICIES
"""At least so many are sent, each judged beforehand: 5,000, and 100,000 in a soak (DESIGN 7)."""


@pytest.fixture(scope="module")
def enforced() -> Iterator[Enforced]:
    """Three instances in a VPC and two in its peer, with a table at each router."""
    with Bed({"vpc-a": 3, "vpc-b": 2}, peered=True) as bed, Enforced(bed) as made:
        yield made


def test_packets_pass_as_the_rules_say(enforced: Enforced) -> None:
    """A packet arrives if, and only if, both gates admit it: reference 17 and 20 [docs]. DESIGN 7 says of how many."""
    hosts = enforced.bed.hosts
    sent: list[int] = []

    @settings(max_examples=POLICIES, deadline=None)
    @given(policies(hosts), st.data())
    def agree(policy: Policy, drawn: st.DataObject) -> None:
        some = drawn.draw(probes(policy, hosts))
        enforced.load(policy)
        enforced.forget_flows()
        accepts = judge(policy, hosts)
        expected = [accepts(flow(probe)) for probe in some]
        arrived = enforced.bed.arrived(some)
        wrong = [probe for probe, *both in zip(some, arrived, expected, strict=True) if both[0] != both[1]]
        assert wrong == []
        sent.append(len(some))

    while sum(sent) < PACKETS:  # an example is of some 70
        agree()


@settings(max_examples=POLICIES, deadline=None)  # of some 60 packets each
@given(drawn=st.data())
def test_a_cut_ends_exactly_what_is_not_permitted(enforced: Enforced, drawn: st.DataObject) -> None:
    """From any policy to any other, what has begun lives on; a cut ends what the other does not permit, no more.

    Reference 20 [docs], issue 6, 6 (inferred).
    """
    bed, hosts = enforced.bed, enforced.bed.hosts
    before = drawn.draw(policies(hosts))
    after = drawn.draw(changes(before, hosts))
    asked = [probe for probe in drawn.draw(probes(before, hosts)) if probe.protocol == UDP and probe.first]
    enforced.load(before)
    enforced.forget_flows()
    begun = [probe for probe, there in zip(asked, bed.arrived(asked), strict=True) if there]
    replies = [probe.answer() for probe in begun]
    assert all(bed.arrived(replies))
    enforced.load(after)
    assert all(bed.arrived(replies))
    permits = judge(after, hosts)
    lost = {_tracked(probe) for probe in begun if not permits(flow(probe))}
    kept = {_tracked(probe) for probe in begun} - lost
    cut = {(one.flow, one.source_port) for one in enforced.cut(after)}
    assert lost <= cut
    assert not kept & cut
    assert {(one.flow, one.source_port) for one in enforced.tracked()} >= kept
    # A receiver in a peered VPC may go on sending where a rule lets it: its packet begins a flow at its own router,
    # and is the answer to the old one at the other, whose end has lost nothing.
    near = [probe for probe in begun if probe.source.interface.vpc_id == probe.destination.interface.vpc_id]
    passing = [permits(flow(probe)) or permits(flow(probe.answer())) for probe in near]
    assert bed.arrived([probe.answer() for probe in near]) == passing


@settings(max_examples=POLICIES, deadline=None)  # of some 60 packets each
@given(drawn=st.data())
def test_what_would_end_is_what_a_cut_ends(enforced: Enforced, drawn: st.DataObject) -> None:
    """From any policy to any other, those flows are told beforehand that a cut then ends.

    Issue 6, 6 (inferred).
    """
    hosts = enforced.bed.hosts
    before = drawn.draw(policies(hosts))
    after = drawn.draw(changes(before, hosts))
    enforced.load(before)
    enforced.forget_flows()
    enforced.bed.arrived(drawn.draw(probes(before, hosts)))
    told = {(one.flow, one.source_port) for one in enforced.would_end(after)}
    enforced.load(after)
    assert {(one.flow, one.source_port) for one in enforced.cut(after)} == told


def _tracked(probe: Probe) -> tuple[Flow, int]:
    return flow(probe), probe.second
