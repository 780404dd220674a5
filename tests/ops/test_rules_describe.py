"""DescribeSecurityGroupRules: one item per rule, by id and by filter, in pages [reference 10]."""

from __future__ import annotations

import pytest

from tests import scenes
from tests.driver import Wall
from tests.scenes import EVERYWHERE, Json, Scene, create_group, permission, refusal, rules_of, tcp

BLOCK = "203.0.113.0/24"


def _described(wall: Wall, **params: list[Json] | list[str]) -> list[Json]:
    rules: list[Json] = wall.call("DescribeSecurityGroupRules", **params)["SecurityGroupRules"]
    return rules


@pytest.mark.reference("10 one item per rule", "10 all protocols, tags", "0.2 ports of all protocols")
def test_a_fresh_group_has_its_egress_rule(wall: Wall) -> None:
    """A new group has one rule, with ports -1 and with Tags although there are none [reference 10, live-test]."""
    group = create_group(wall)
    [rule] = _described(wall, Filters=[{"Name": "group-id", "Values": [group]}])
    rule_id = rule["SecurityGroupRuleId"]
    assert rule == {
        "SecurityGroupRuleId": rule_id, "GroupId": group, "GroupOwnerId": "123456789012", "IsEgress": True,
        "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": EVERYWHERE, "Tags": [],
        "SecurityGroupRuleArn": f"arn:aws:ec2:us-east-1:123456789012:security-group-rule/{rule_id}",
    }  # fmt: skip


@pytest.mark.reference(
    "10 one item per rule", "10 ReferencedGroupInfo", "5.2 ReferencedGroupInfo", "clients 9 GroupOwnerId of a rule"
)
def test_every_rule_is_an_item(anywhere: Scene) -> None:
    """Each source of a permission is an item; a group of the same VPC has GroupId and UserId only [reference 10]."""
    anywhere.authorize(tcp(22, (BLOCK, "office"), "::/0", anywhere.group))
    rules = rules_of(anywhere.wall, anywhere.group, egress=anywhere.egress)
    assert {scenes.held(rule) for rule in rules} == {
        ("tcp", 22, 22, BLOCK, "office"), ("tcp", 22, 22, "::/0", None), ("tcp", 22, 22, anywhere.group, None),
    }  # fmt: skip
    infos = [rule["ReferencedGroupInfo"] for rule in rules if "ReferencedGroupInfo" in rule]
    assert infos == [{"GroupId": anywhere.group, "UserId": "123456789012"}]
    assert {rule["GroupOwnerId"] for rule in rules} == {"123456789012"}


@pytest.mark.reference("10 unknown rule id", "3.3 rule id unknown", "3.3 rule id malformed")
@pytest.mark.parametrize(
    ("rule_id", "told"),
    [
        (
            "sgr-0f80c7e764c18b3c0",
            "InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-0f80c7e764c18b3c0' does not exist",
        ),
        (
            "49.15.207.58",
            'InvalidSecurityGroupRuleId.Malformed: Invalid id: "49.15.207.58" (expecting "sgr-...")',
        ),
    ],
)
def test_a_bad_rule_id(wall: Wall, rule_id: str, told: str) -> None:
    """An id of no rule refuses the whole call [reference 10, live-test]."""
    good = _described(wall)[0]["SecurityGroupRuleId"]
    assert refusal(wall, "DescribeSecurityGroupRules", SecurityGroupRuleIds=[good, rule_id]) == told


@pytest.mark.reference("10 filter group-id", "3.3 filter group-id")
def test_the_filter_group_id_has_a_text_of_its_own(wall: Wall) -> None:
    """An unknown group gives an empty list, what is no group id is refused [reference 10, live-test]."""
    assert _described(wall, Filters=[{"Name": "group-id", "Values": ["sg-00000000"]}]) == []
    told = refusal(wall, "DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": ["foobar"]}])
    assert told == "InvalidGroupId.Malformed: The security group ID 'foobar' is malformed"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([("group-id", "{web}")], "ssh http -"),
        ([("group-id", "{web}", "{app}")], "ssh http - other -"),
        ([("group-id", "{web}"), ("tag:kind", "ssh")], "ssh"),
        ([("security-group-rule-id", "{ssh}", "{http}")], "ssh http"),
        ([("security-group-rule-id", "{ssh}", "sgr-00000000")], "ssh"),
        ([("security-group-rule-id", "nothing like an id")], ""),
        ([("tag:kind", "ssh", "http")], "ssh http"),
        ([("tag:kind", "h*")], "http"),
        ([("tag:Kind", "ssh")], ""),
        ([("tag-key", "kind")], "ssh http"),
        ([("tag-key", "k?nd"), ("tag-value", "http")], "http"),
    ],
)
@pytest.mark.reference("10 filters and pages")
def test_filters(wall: Wall, filters: list[tuple[str, ...]], found: str) -> None:
    """Rules are found by group, id and tag; values are alternatives, filters restrict [reference 10]."""
    groups = {"web": create_group(wall), "app": create_group(wall, "app")}
    places = groups | {
        kind: _authorize(wall, groups[group], port, kind)
        for kind, group, port in (("ssh", "web", 22), ("http", "web", 80), ("other", "app", 22))
    }
    wall.call("DeleteTags", Resources=[places["other"]])
    wanted = [{"Name": name, "Values": [value.format(**places) for value in values]} for name, *values in filters]
    names = {rule_id: kind for kind, rule_id in places.items()}
    shown = [names.get(rule["SecurityGroupRuleId"], "-") for rule in _described(wall, Filters=wanted)]
    assert sorted(shown) == sorted(found.split())


def _authorize(wall: Wall, group: str, port: int, kind: str) -> str:
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "kind", "Value": kind}]}]
    reply = wall.call(
        "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, BLOCK)], TagSpecifications=tags
    )
    rule_id: str = reply["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    return rule_id


@pytest.mark.reference("10 filters and pages", "clients 2.8 pages of groups and rules")
def test_pages(wall: Wall) -> None:
    """Pages of MaxResults follow each other without gaps, the last one without NextToken [reference 10, 9]."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, BLOCK) for port in range(1, 14)])
    wanted = {"Filters": [{"Name": "group-id", "Values": [group]}], "MaxResults": 5}
    pages, token = [], None
    while not pages or token:
        reply = wall.call("DescribeSecurityGroupRules", **wanted, NextToken=token)
        pages.append([rule["SecurityGroupRuleId"] for rule in reply["SecurityGroupRules"]])
        token = reply.get("NextToken")
    assert [len(page) for page in pages] == [5, 5, 4]
    everything = _described(wall, Filters=wanted["Filters"])
    assert [rule_id for page in pages for rule_id in page] == [rule["SecurityGroupRuleId"] for rule in everything]


def test_the_order_is_that_of_ids(wall: Wall) -> None:
    """Rules are listed in the order of their ids, which the way there cannot change (inferred)."""
    group = create_group(wall)
    for port in range(1, 20):
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, BLOCK)])
    ids = [rule["SecurityGroupRuleId"] for rule in _described(wall)]
    assert ids == sorted(ids)


def test_other_worlds_are_not_listed(wall: Wall) -> None:
    """Each account and region sees its own rules only (inferred)."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission("-1", None, None, EVERYWHERE)])
    elsewhere = wall.elsewhere("111122223333")
    mine, theirs = _described(wall), _described(elsewhere)
    assert {rule["GroupOwnerId"] for rule in mine} == {"123456789012"}
    assert {rule["GroupOwnerId"] for rule in theirs} == {"111122223333"}
