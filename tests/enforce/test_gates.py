"""What a cut asks: a state's gates against the verdict over the whole policy."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.enforce.dataplane.wiring import Interface
from groupwall.enforce.policy.gates import Gates
from groupwall.rules.flows import address_number
from groupwall.rules.values import Direction
from groupwall.rules.verdict import Flow
from tests.enforce.bed import Host
from tests.enforce.policies import GROUPS, Policy, allow, everywhere, flow, judge, policies, probes, state
from tests.strategies import EXAMPLES


def _host(vpc_id: str, number: int) -> Host:
    addresses = (ip_address(f"10.0.0.{number}"), ip_address(f"fd00::{number}"))
    interface = Interface(f"eni-{number:08x}", vpc_id, 0, bytes(6), addresses)
    return Host(f"i-{number:08x}", interface, None, None)  # type: ignore[arg-type]


HERE = [_host("vpc-a", number) for number in (1, 2, 3)]
THERE = [_host("vpc-b", number) for number in (4, 5)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(drawn=st.data())
def test_gates_are_those_of_the_verdict(drawn: st.DataObject) -> None:
    """Between interfaces of one VPC the gates of its state decide, and they are the verdict's (reference 17 [docs])."""
    policy = drawn.draw(policies([*HERE, *THERE]))
    gates, accepts = Gates(state(policy, [*HERE, *THERE], "vpc-a")), judge(policy, [*HERE, *THERE])
    some = [flow(probe) for probe in drawn.draw(probes(policy, HERE))]
    assert [gates.permit(one) for one in some] == [accepts(one) for one in some]


@settings(max_examples=EXAMPLES, deadline=None)
@given(drawn=st.data())
def test_who_refuses_is_told(drawn: st.DataObject) -> None:
    """A flow is permitted when no gate refuses it; each that does is one of its ends' (inferred)."""
    policy = drawn.draw(policies([*HERE, *THERE]))
    gates = Gates(state(policy, [*HERE, *THERE], "vpc-a"))
    places = {address_number(str(each)): host.interface.id for host in HERE for each in host.interface.addresses}
    for one in (flow(probe) for probe in drawn.draw(probes(policy, HERE))):
        refusals = gates.refusals(one)
        assert gates.permit(one) is not bool(refusals)
        ends = {(places.get(one.source), Direction.EGRESS), (places.get(one.destination), Direction.INGRESS)}
        assert set(refusals) <= ends


@settings(max_examples=EXAMPLES, deadline=None)
@given(drawn=st.data())
def test_two_routers_decide_together(drawn: st.DataObject) -> None:
    """Between peered VPCs a flow is permitted when the gates of both states permit it (inferred)."""
    everyone = [*HERE, *THERE]
    policy = drawn.draw(policies(everyone))
    both, accepts = [Gates(state(policy, everyone, vpc_id)) for vpc_id in ("vpc-a", "vpc-b")], judge(policy, everyone)
    some = [flow(probe) for probe in drawn.draw(probes(policy, everyone))]
    assert [all(gates.permit(one) for gates in both) for one in some] == [accepts(one) for one in some]


@settings(max_examples=EXAMPLES, deadline=None)
@given(drawn=st.data())
def test_the_rules_that_admit_a_flow(drawn: st.DataObject) -> None:
    """A flow is permitted if rules of both gates admit it, and without any of those of one gate it is not (issue 6)."""
    policy = drawn.draw(policies(HERE))
    gates, directions = Gates(state(policy, HERE, "vpc-a")), {rule.id: rule.direction for rule in policy.rules}
    for one in (flow(probe) for probe in drawn.draw(probes(policy, HERE))):
        admitting = set(gates.admitting(one))
        assert gates.permit(one) == ({directions[rule_id] for rule_id in admitting} == {*Direction})
        for direction in Direction:
            gone = {rule_id for rule_id in admitting if directions[rule_id] is direction}
            less = replace(policy, rules=tuple(rule for rule in policy.rules if rule.id not in gone))
            assert not Gates(state(less, HERE, "vpc-a")).permit(one)


def test_an_end_outside_has_no_gate() -> None:
    """Of a flow with an address that is no interface's, the other end's gate alone decides (reference 20 [docs])."""
    inside, outside = address_number("10.0.0.1"), address_number("192.0.2.1")
    policy = Policy(
        {host.id: frozenset(GROUPS[:1]) for host in HERE},
        (*everywhere(GROUPS[0]), allow(GROUPS[0], Direction.INGRESS, "tcp 22", "192.0.2.0/24")),
    )
    gates = Gates(state(policy, HERE, "vpc-a"))
    asked = [(inside, outside, 443), (outside, inside, 22), (outside, inside, 443), (outside, outside + 1, 443)]
    assert [gates.permit(Flow(*ends, 6 << 16 | port)) for *ends, port in asked] == [True, True, False, True]
