"""Which flows end by a change, as those ask who end them and those who only foresee it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.policy.ending import Ending
from groupwall.enforce.policy.gates import Gates
from groupwall.enforce.policy.stopping import stopping
from tests.enforce.policies import changes, flow, policies, probes, state
from tests.enforce.test_gates import HERE, THERE
from tests.strategies import EXAMPLES


@settings(max_examples=EXAMPLES, deadline=None)
@given(drawn=st.data())
def test_what_ends_is_told_with_its_gates(drawn: st.DataObject) -> None:
    """A flow ends exactly when it ends at a gate: one that does not admit it, or one where it was untracked (inferred).

    Which of them stop by themselves follows from the rules alone, whatever a cut judges.
    """
    everyone = [*HERE, *THERE]
    before = drawn.draw(policies(everyone))
    after = drawn.draw(changes(before, everyone))
    was, now = (state(policy, everyone, "vpc-a") for policy in (before, after))
    untracked, gates = stopping(was, now), Gates(now)
    ending = Ending(now, untracked)
    for probe in drawn.draw(probes(before, HERE)):
        one = Tracked(flow(probe), probe.second, b"")
        told, stops = ending.gates(one), ending.stops(one)
        assert ending.ends(one) is bool(told)
        assert set(told) == {*gates.refusals(one.flow), *stops}
        assert len(told) == len(set(told))
        assert stops == (untracked.stops(one) if untracked else [])
