"""What is said of rules and groups, held against what happens when they go [inferred]."""

from __future__ import annotations

import contextlib
import json

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.naive import Flow, Picture, picture, rules_admitting
from tests.scenes import Json, create_group, tcp
from tests.strategies import EXAMPLES
from tests.worlds import changed, flows, random_call, random_world, seeded


@pytest.fixture
def web(wall: Wall) -> str:
    """Return a group with one member."""
    group = create_group(wall, "web")
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[group])
    return group


def _allow(wall: Wall, group: str, *permissions: Json) -> list[str]:
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=list(permissions))
    return [rule["SecurityGroupRuleId"] for rule in made["SecurityGroupRules"]]


def _found(wall: Wall, group: str, **asked: object) -> list[tuple[str, str, list[str]]]:
    told = wall.call("DescribeFindings", GroupIds=[group], **asked)["Findings"]
    return [
        (one["Kind"], one["Rule"]["SecurityGroupRuleId"], [rule["SecurityGroupRuleId"] for rule in one["By"]])
        for one in told
        if not one["Rule"]["IsEgress"]
    ]


def test_a_rule_within_another_is_shadowed(wall: Wall, web: str) -> None:
    """A single wider rule of the same group is named (inferred)."""
    wide, narrow = _allow(wall, web, tcp(22, "10.0.0.0/8"), tcp(22, "10.1.0.0/16"))
    assert _found(wall, web) == [("shadowed", narrow, [wide])]


def test_a_rule_that_others_say_together_is_redundant(wall: Wall, web: str) -> None:
    """Rules of another group on the same interface count, but only where every member has them (inferred)."""
    low, high, whole = _allow(wall, web, tcp(22, "10.0.0.0/9"), tcp(22, "10.128.0.0/9"), tcp(22, "10.0.0.0/8"))
    assert sorted(_found(wall, web)) == sorted([
        ("shadowed", low, [whole]), ("shadowed", high, [whole]), ("redundant", whole, sorted([low, high])),
    ])  # fmt: skip
    wall.call("RevokeSecurityGroupIngress", GroupId=web, SecurityGroupRuleIds=[low, high])
    other = create_group(wall, "other")
    [same] = _allow(wall, other, tcp(22, "10.0.0.0/8"))
    interface = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"][0]["NetworkInterfaceId"]
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[web, other])
    assert _found(wall, web) == [("redundant", whole, [same])]
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[web])
    assert _found(wall, web) == []


def test_what_is_open_to_everybody_or_to_nobody(wall: Wall, web: str) -> None:
    """A rule from everywhere is wide open; one whose peer has no member is unused (inferred)."""
    empty = create_group(wall, "empty")
    [open_rule] = _allow(wall, web, tcp(22, "0.0.0.0/0"))
    [idle] = _allow(wall, web, tcp(80, empty))
    assert sorted(_found(wall, web)) == sorted([("wide-open", open_rule, []), ("unused", idle, [])])
    assert _found(wall, web, Kinds=["wide-open"]) == [("wide-open", open_rule, [])]
    [lonely] = _allow(wall, empty, tcp(22, "10.0.0.0/8"))
    assert _found(wall, empty) == [("unused", lonely, [])]


def test_findings_go_on_page_by_page(wall: Wall, web: str) -> None:
    """Every finding is on one page, in one order, whatever the pages' size (inferred)."""
    for number in range(12):
        _allow(wall, web, tcp(22, f"10.{number}.0.0/16"), tcp(22, f"10.{number}.1.0/24"))
    whole = wall.call("DescribeFindings")["Findings"]
    pages, token = [], {}
    while True:
        page = wall.call("DescribeFindings", MaxResults=5, **token)
        pages += page["Findings"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert pages == whole
    assert len(whole) > 12


def _sides(flow: Flow, seen: Picture) -> list[tuple[str, str, str]]:
    """Return (interface, direction, other address) of the gates of a flow whose other end has an address."""
    found = []
    for mine, other, direction in (
        (flow.source, flow.destination, "egress"),
        (flow.destination, flow.source, "ingress"),
    ):
        name = mine if isinstance(mine, str) else mine[0]
        if name in seen.interfaces and not (isinstance(other, str) and other.startswith("eni-")):
            found.append((name, direction, other if isinstance(other, str) else other[1]))
    return found


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_needless_rules_are_missed_by_no_flow(seed: int) -> None:
    """Whatever is revoked as shadowed, redundant or unused, every gate admits the same flows as before."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        told = wall.call("DescribeFindings", Kinds=["shadowed", "redundant", "unused"])["Findings"]
        for finding in told[:3]:
            rule = finding["Rule"]
            before = picture(scene.wall, scene.accounts)
            side = "Egress" if rule["IsEgress"] else "Ingress"
            with contextlib.suppress(ApiError):
                wall.call(
                    f"RevokeSecurityGroup{side}",
                    GroupId=rule["GroupId"],
                    SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]],
                )
            after = picture(scene.wall, scene.accounts)
            for flow in flows(before, seeded(seed), about=changed(before, after)):
                for end, direction, other in _sides(flow, before):
                    asked = (end, direction, other, flow.protocol, flow.port, flow.code)
                    assert bool(rules_admitting(before, *asked)) == bool(rules_admitting(after, *asked)), finding
            break


# ---- groups


def test_unused_groups_have_their_evidence(wall: Wall, web: str) -> None:
    """A group without members, references and associations is unused, with what was looked at (inferred)."""
    app, named = create_group(wall, "app"), create_group(wall, "named")
    _allow(wall, web, tcp(22, named))
    [own] = _allow(wall, app, tcp(22, app))
    [told] = wall.call("DescribeUnusedGroups")["Groups"]
    assert told["GroupId"] == app
    assert told["Evidence"] == [
        "no network interface is a member", f"is named by its own rules alone: {own}",
        "is associated with no other VPC", "never had a member",
    ]  # fmt: skip
    interface = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"][0]["NetworkInterfaceId"]
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[app])
    told = wall.call("DescribeUnusedGroups")["Groups"]
    assert [one["GroupId"] for one in told] == [web]
    assert told[0]["LastUsed"] == wall.store.read(lambda tx: tx.head.revision)


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_a_group_can_be_deleted_exactly_when_nothing_blocks(seed: int) -> None:
    """Deletable says what DeleteSecurityGroup does, the calls free the group, and none of them is needless."""
    with Wall() as wall:
        scene, chance = random_world(wall, seeded(seed)), seeded(seed + 9)
        for _ in range(5):
            operation, params = random_call(scene, chance)
            with contextlib.suppress(ApiError):
                wall.call(operation, **params)
        groups = [one for one in wall.call("DescribeSecurityGroups")["SecurityGroups"] if one["GroupName"] != "default"]
        for group in groups[:3]:
            told = wall.call("DescribeDependents", GroupId=group["GroupId"])
            calls = [(call["Operation"], json.loads(call["Parameters"])) for call in told["Calls"]]
            assert _code(wall, "DeleteSecurityGroup", {"GroupId": group["GroupId"]}) in (
                ("",) if told["Deletable"] else ("DependencyViolation",)
            )
            if told["Deletable"]:
                continue
            for place, (operation, params) in enumerate(calls):
                assert _code(wall, operation, params) == "", (operation, params)
                if place < len(calls) - 2:
                    left = wall.call("DescribeDependents", GroupId=group["GroupId"])
                    assert not left["Deletable"]
            assert not wall.call(
                "DescribeSecurityGroups", Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
            )["SecurityGroups"]


def _code(wall: Wall, operation: str, params: Json) -> str:
    try:
        wall.call(operation, **params)
    except ApiError as error:
        return error.code
    return ""


@pytest.mark.usefixtures("web")
def test_a_default_group_stays(wall: Wall) -> None:
    """The default group is told to go with its VPC alone, and has no calls that delete it (reference 19, docs)."""
    told = wall.call("DescribeDependents", GroupName="default")
    assert not told["Deletable"]
    assert told["Dependents"][0]["Kind"] == "default-group"
    assert told["Calls"] == []


def test_another_accounts_reference_blocks_nothing(wall: Wall) -> None:
    """A rule across a peering becomes stale; of it no more is told than its VPC (reference 8, docs)."""
    other = wall.elsewhere("111122223333")
    mine = wall.call("CreateVpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    theirs = other.call("CreateVpc", CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    asked = wall.call("CreateVpcPeeringConnection", VpcId=mine, PeerVpcId=theirs, PeerOwnerId="111122223333")
    peering = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering)
    group = wall.call("CreateSecurityGroup", GroupName="a", Description="b", VpcId=mine)["GroupId"]
    away = other.call("CreateSecurityGroup", GroupName="a", Description="b", VpcId=theirs)["GroupId"]
    pair = {"GroupId": group, "UserId": wall.account}
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [pair]}
    other.call("AuthorizeSecurityGroupIngress", GroupId=away, IpPermissions=[permission])
    told = wall.call("DescribeDependents", GroupId=group)
    assert told["Deletable"]
    [dependent] = told["Dependents"]
    assert (dependent["Blocks"], dependent["Id"]) == (False, theirs)
    assert away not in str(told)
    assert wall.call("DescribeUnusedGroups", VpcId=mine)["Groups"] == []
