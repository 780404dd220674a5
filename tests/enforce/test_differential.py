"""The kernel against the verdict of groupwall.rules: random policies, every kind of packet, both directions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.enforce.bed import Bed
from tests.enforce.enforced import Enforced
from tests.enforce.policies import flow, judge, policies, probes


@pytest.fixture(scope="module")
def enforced() -> Iterator[Enforced]:
    """Three instances in a VPC and two in its peer, with a table at each router."""
    with Bed({"vpc-a": 3, "vpc-b": 2}, peered=True) as bed, Enforced(bed) as made:
        yield made


@given(drawn=st.data())
def test_packets_pass_as_the_rules_say(enforced: Enforced, drawn: st.DataObject) -> None:
    """A packet arrives if, and only if, both gates admit it: reference 17 and 20 [docs]."""
    hosts = enforced.bed.hosts
    policy = drawn.draw(policies(hosts))
    some = drawn.draw(probes(policy, hosts))
    enforced.load(policy)
    enforced.forget_flows()
    accepts = judge(policy, hosts)
    expected = [accepts(flow(probe)) for probe in some]
    arrived = enforced.bed.arrived(some)
    wrong = [probe for probe, *both in zip(some, arrived, expected, strict=True) if both[0] != both[1]]
    assert wrong == []
