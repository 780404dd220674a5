"""PlanCut: the plan cuts what was asked, what it tells besides, and nothing else [inferred]."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.naive import Flow, Interface, Picture, passes, picture, rules_admitting
from tests.scenes import Json, allow, create_group, permission
from tests.strategies import EXAMPLES
from tests.told import holds_line
from tests.worlds import flows, random_world, seeded

ANOTHERS_GROUP = 5079
"""The seed of a world in which a rule is narrowed that references a group of another account."""


def _apply(wall: Wall, plan: Json) -> None:
    for call in plan.get("Calls", []):
        wall.call(call["Operation"], **json.loads(call["Parameters"]))


def _asked(scene_seed: int, seen: Picture, ours: list[str]) -> Json | None:
    """Return a question about a flow that passes, wider than the flow at times."""
    chance = seeded(scene_seed + 500)
    for flow in flows(seen, chance, count=120):
        ends = [end[0] if isinstance(end, tuple) else end for end in (flow.source, flow.destination)]
        if not any(end in ours for end in ends) or any(end.startswith("eni-") and end not in ours for end in ends):
            continue
        if flow.protocol in ("tcp", "udp") and passes(seen, *flow):
            wider = chance.random() < 0.5
            return {
                "From": "anywhere" if wider and not ends[0].startswith("eni-") else ends[0], "To": ends[1],
                "Protocol": flow.protocol, "FromPort": flow.port, "ToPort": min(flow.port + wider, 65535),
            }  # fmt: skip
    return None


@pytest.mark.parametrize("split", [True, False], ids=["split", "whole"])
@pytest.mark.parametrize("seed", [*range(max(EXAMPLES // 2, 50)), ANOTHERS_GROUP])
def test_a_plan_does_what_it_says(seed: int, *, split: bool) -> None:
    """Once its calls are made nothing asked passes, and at every gate just what it tells is refused besides."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        before = picture(scene.wall, scene.accounts)
        ours = [one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]]
        asked = _asked(seed, before, ours)
        if asked is None or wall.call("ExplainFlow", **asked)["Verdict"] == "drop":  # no addresses of the family
            return
        plan = wall.call("PlanCut", **asked, MaySplit=split)
        assert plan["Steps"]
        assert plan["Proven"]
        _apply(wall, plan)
        assert wall.call("ExplainFlow", **asked)["Verdict"] == "drop"
        after = picture(scene.wall, scene.accounts)
        for flow in flows(before, seeded(seed), count=80):
            for end, other, direction in _gates(flow, ours):
                service = (flow.protocol, flow.port, flow.code)
                was = bool(rules_admitting(before, end, direction, other, *service))
                now = bool(rules_admitting(after, end, direction, other, *service))
                assert now <= was
                if was and not now:
                    assert _is_told(plan, end, direction, other, service) or _is_asked(
                        asked, before.interfaces[end], direction, flow
                    )


def _gates(flow: Any, ours: list[str]) -> list[tuple[str, str, str]]:  # noqa: ANN401 - a flow of tests.naive
    """Return (interface, other address, direction) of the gates of a flow whose other end has an address."""
    sides = ((flow.source, flow.destination, "egress"), (flow.destination, flow.source, "ingress"))
    return [
        (mine if isinstance(mine, str) else mine[0], other if isinstance(other, str) else other[1], direction)
        for mine, other, direction in sides
        if (mine if isinstance(mine, str) else mine[0]) in ours
        and not (isinstance(other, str) and other.startswith("eni-"))
    ]


def _is_told(plan: Json, interface: str, direction: str, address: str, service: tuple[str, int, int]) -> bool:
    return any(
        interface in gate["InterfaceIds"] and gate["IsEgress"] == (direction == "egress")
        and holds_line(gate["Cut"], address, service)
        for gate in plan["OtherTrafficCut"]
    )  # fmt: skip


def _is_asked(asked: Json, interface: Interface, direction: str, flow: Flow) -> bool:
    mine = asked["From"] if direction == "egress" else asked["To"]
    first, last = asked["FromPort"], asked["ToPort"]
    return (
        mine in (interface.id, *interface.addresses, "anywhere")
        and flow.protocol == asked["Protocol"]
        and first <= flow.port <= last
    )


def test_a_wider_rule_is_narrowed_in_place(wall: Wall, web: str) -> None:
    """The rule keeps its id and description; what it no longer says of itself joins with the same tags (inferred)."""
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "owner", "Value": "net"}]}]
    [rule] = allow(wall, web, permission("tcp", 0, 100, ("198.51.100.0/24", "office")), TagSpecifications=tags)
    asked = {"From": "198.51.100.0/24", "To": web, "Protocol": "tcp", "FromPort": 22}
    plan = wall.call("PlanCut", **asked)
    assert [step["Call"]["Operation"] for step in plan["Steps"]] == [
        "ModifySecurityGroupRules", "AuthorizeSecurityGroupIngress",
    ]  # fmt: skip
    assert plan["OtherTrafficCut"] == []
    assert "no other traffic" in plan["Text"]
    _apply(wall, plan)
    wanted = [{"Name": "group-id", "Values": [web]}]
    rules = [
        one
        for one in wall.call("DescribeSecurityGroupRules", Filters=wanted)["SecurityGroupRules"]
        if not one["IsEgress"]
    ]
    ports = {(one["FromPort"], one["ToPort"]): one for one in rules}
    assert sorted(ports) == [(0, 21), (23, 100)]
    assert ports[0, 21]["SecurityGroupRuleId"] == rule
    assert {one["Description"] for one in rules} == {"office"}
    assert [one["Tags"] for one in rules] == [[{"Key": "owner", "Value": "net"}]] * 2


def test_the_gate_that_loses_less_is_chosen(wall: Wall, web: str) -> None:
    """A group cannot leave out one member, so the sender's own rule goes where that is less (inferred)."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    many, one = create_group(wall, "many"), create_group(wall, "one")
    made = [
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=groups)["NetworkInterface"]
        for groups in ([many], [many], [many, one])
    ]
    for group in (many, one):
        everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=everywhere)
    pairs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": many}]}]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=pairs)
    out = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": web}]}]
    wall.call("AuthorizeSecurityGroupEgress", GroupId=one, IpPermissions=out)
    plan = wall.call("PlanCut", From=made[2]["NetworkInterfaceId"], To=web, Protocol="tcp", FromPort=22)
    assert [step["Call"]["Operation"] for step in plan["Steps"]] == ["RevokeSecurityGroupEgress"]
    assert plan["OtherTrafficCut"] == []


def test_what_does_not_pass_needs_no_plan(wall: Wall, web: str) -> None:
    """The plan is empty, and says so (inferred)."""
    plan = wall.call("PlanCut", From="198.51.100.7", To=web, FromPort=22)
    assert (plan["Steps"], plan["Calls"], plan["Cut"]) == ([], [], [])
    assert "nothing to do" in plan["Text"]


def test_what_would_be_too_many_pieces_goes_whole(wall: Wall, web: str) -> None:
    """Where the pieces of a rule would exceed the quota it goes whole, and what is lost is told (inferred)."""
    allow(wall, web, {"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]})
    plan = wall.call("PlanCut", From="2001:db8::7", To=web, FromPort=22)
    assert plan["Calls"] == [] or plan["OtherTrafficCut"]


def test_expectations_that_a_plan_breaks_are_told(wall: Wall, web: str) -> None:
    """A plan that can only cut more than is asked names the expectation that would break (inferred)."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    app = create_group(wall, "app")
    first, second = (
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[app])["NetworkInterface"] for _ in range(2)
    )
    pairs = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": app}]}]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=pairs)
    kept = {"Name": "second", "From": second["NetworkInterfaceId"], "To": web, "FromPort": 22}
    wall.call("PutExpectations", Expectations=[kept])
    plan = wall.call("PlanCut", From=first["NetworkInterfaceId"], To=web, FromPort=22, MaySplit=False)
    assert [one["Name"] for one in plan["Expectations"]] == ["second"]


def test_a_plan_breaks_no_expectation_where_another_does_not(wall: Wall, web: str) -> None:
    """More of other traffic is cut rather than what is expected to pass (inferred)."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    app, out = create_group(wall, "app"), create_group(wall, "out")
    everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    for group in (app, out):
        wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=everywhere)
    wall.call("AuthorizeSecurityGroupEgress", GroupId=out, IpPermissions=[permission("tcp", 22, 22, "172.31.0.0/16")])
    first, second, _, _ = (
        wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=groups)["NetworkInterface"]["NetworkInterfaceId"]
        for groups in ([app, out], [app, out], [out], [out])
    )
    allow(wall, web, permission("tcp", 22, 22, app))
    asked = {"From": first, "To": web, "Protocol": "tcp", "FromPort": 22}
    plan = wall.call("PlanCut", **asked)
    assert [step["Call"]["Operation"] for step in plan["Steps"]] == ["RevokeSecurityGroupIngress"]
    pinned = permission("tcp", 22, 22, "0.0.0.0/0")
    wall.call("PutExpectations", Expectations=[{"Name": "second", "From": second, "To": web, "FromPort": 22}])
    plan = wall.call("PlanCut", **asked)
    assert [one["Name"] for one in plan["Expectations"]] == ["second"]  # both gates are of groups that they share
    own = create_group(wall, "own")
    wall.call("RevokeSecurityGroupEgress", GroupId=own, IpPermissions=everywhere)
    wall.call("AuthorizeSecurityGroupEgress", GroupId=own, IpPermissions=[pinned])
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=second, Groups=[app, own])
    plan = wall.call("PlanCut", **asked)
    assert plan["Expectations"] == []
    assert {step["Call"]["Operation"] for step in plan["Steps"]} == {
        "ModifySecurityGroupRules", "AuthorizeSecurityGroupEgress",
    }  # fmt: skip
    assert plan["OtherTrafficCut"]
    _apply(wall, plan)
    assert wall.call("CheckExpectations")["Hold"]


def test_the_ends_are_checked(wall: Wall, web: str) -> None:
    """An end that is none is refused as ExplainFlow refuses it (inferred)."""
    with pytest.raises(ApiError, match="InvalidParameterValue"):
        wall.call("PlanCut", From="nowhere", To=web)
