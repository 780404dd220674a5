"""Tags of groups, rules, VPCs and subnets [reference 18]."""

from __future__ import annotations

import pytest

from tests import scenes
from tests.driver import Wall
from tests.scenes import Json, create_group, refusal, rules_of


def _tag(key: str, value: str = "") -> Json:
    return {"Key": key, "Value": value}


def _tags_of(wall: Wall, resource: str) -> dict[str, str]:
    found = wall.call("DescribeTags", Filters=[{"Name": "resource-id", "Values": [resource]}])["Tags"]
    return {tag["Key"]: tag["Value"] for tag in found}


@pytest.mark.reference("18 taggable", "18 DescribeTags")
def test_what_can_be_tagged(wall: Wall) -> None:
    """Groups, rules, VPCs and subnets are tagged later, many in one call [reference 18, model]."""
    group = create_group(wall)
    resources = {
        group: "security-group",
        rules_of(wall, group, egress=True)[0]["SecurityGroupRuleId"]: "security-group-rule",
        scenes.default_vpc(wall): "vpc",
        wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]: "subnet",
    }
    assert wall.call("CreateTags", Resources=list(resources), Tags=[_tag("team", "net"), _tag("empty")]) == {}
    found = wall.call("DescribeTags")["Tags"]
    assert {tag["ResourceId"]: tag["ResourceType"] for tag in found} == resources
    assert [(tag["Key"], tag["Value"]) for tag in found] == [("empty", ""), ("team", "net")] * 4
    assert scenes.group_of(wall, group)["Tags"] == [_tag("empty"), _tag("team", "net")]
    assert rules_of(wall, group, egress=True)[0]["Tags"] == [_tag("empty"), _tag("team", "net")]


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ([{"Key": "a"}], {"A": "3", "b": "2"}),
        ([{"Key": "a", "Value": "1"}], {"A": "3", "b": "2"}),
        ([{"Key": "a", "Value": "other"}], {"a": "1", "A": "3", "b": "2"}),
        ([{"Key": "a", "Value": ""}], {"a": "1", "A": "3", "b": "2"}),
        ([{"Key": "a"}, {"Key": "b"}, {"Key": "c"}], {"A": "3"}),
        ([], {}),
        (None, {}),
    ],
)
@pytest.mark.reference("18 overwrite and delete", "18 limits of tags")
def test_tags_are_deleted(wall: Wall, asked: list[Json] | None, left: dict[str, str]) -> None:
    """By key any value goes, by key and value only that one, without tags all go; case counts [reference 18, model]."""
    group = create_group(wall)
    wall.call("CreateTags", Resources=[group], Tags=[_tag("a", "1"), _tag("b", "2"), _tag("A", "3")])
    wall.call("DeleteTags", Resources=[group], Tags=asked)
    assert _tags_of(wall, group) == left


@pytest.mark.reference("18 overwrite and delete")
def test_a_value_is_overwritten(wall: Wall) -> None:
    """CreateTags overwrites the value of a key that is there [reference 18, model]."""
    group = create_group(wall)
    wall.call("CreateTags", Resources=[group], Tags=[_tag("a", "1"), _tag("b", "2")])
    wall.call("CreateTags", Resources=[group], Tags=[_tag("a", "3")])
    assert _tags_of(wall, group) == {"a": "3", "b": "2"}


MANY = [_tag(f"k{number}") for number in range(50)]


@pytest.mark.parametrize(
    ("row", "resource", "tags", "told"),
    [
        ("18 refused tags", "sg-00000000", [_tag("a")], "InvalidID: The ID 'sg-00000000' is not valid"),
        ("18 refused tags", "nothing", [_tag("a")], "InvalidID: The ID 'nothing' is not valid"),
        ("18 refused tags", "{group}", [_tag("")], "InvalidTagKey.Malformed: The tag key '' is malformed"),
        (
            "18 refused tags", "{group}", [_tag("k" * 129)],
            f"InvalidTagKey.Malformed: The tag key '{'k' * 129}' is malformed",
        ),
        (
            "18 limits of tags", "{group}", [*MANY, _tag("one more")],
            "TagLimitExceeded: The maximum number of tags per resource has been reached.",
        ),
        (
            "18 limits of tags", "{group}", [_tag("k", "v" * 257)],
            "InvalidParameterValue: Tag value exceeds the maximum length of 256 characters",
        ),
        (
            "18 limits of tags", "{group}", [_tag("aws:mine")],
            "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use",
        ),
        (
            "18 CloudFormation's tags", "{group}", [_tag("aws:cloudformation:stack-name")],
            "InvalidParameterValue: Tag keys starting with 'aws:' are reserved for internal use",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_tagged(wall: Wall, row: str, resource: str, tags: list[Json], told: str) -> None:
    """A bad tag or resource refuses the call, and the good ones beside it get nothing [18; texts inferred]."""
    group = create_group(wall)
    wanted = [group, resource.format(group=group)]
    assert refusal(wall, "CreateTags", Resources=wanted, Tags=[_tag("fine"), *tags]) == told, row
    assert _tags_of(wall, group) == {}


@pytest.mark.reference("18 limits of tags")
def test_fifty_tags_fit(wall: Wall) -> None:
    """A resource has 50 tags at most, counted over several calls; overwriting is no new one [reference 18, docs]."""
    group = create_group(wall)
    wall.call("CreateTags", Resources=[group], Tags=MANY[:49])
    wall.call("CreateTags", Resources=[group], Tags=[_tag("k" * 128, "v" * 256)])
    wall.call("CreateTags", Resources=[group], Tags=MANY[:49])
    assert refusal(wall, "CreateTags", Resources=[group], Tags=[_tag("one more")]).startswith("TagLimitExceeded: ")
    assert len(_tags_of(wall, group)) == 50


def test_deleting_what_is_not_there(wall: Wall) -> None:
    """A tag that is not there is no error, a resource that is not there is (inferred)."""
    wall.call("DeleteTags", Resources=[create_group(wall)], Tags=[{"Key": "a"}])
    told = refusal(wall, "DeleteTags", Resources=["sg-00000000"], Tags=[{"Key": "a"}])
    assert told == "InvalidID: The ID 'sg-00000000' is not valid"


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("key", ["team"], "vpc web"), ("key", ["t*"], "vpc web"), ("key", ["Team"], ""), ("value", ["net"], "web"),
        ("value", ["n?t", "ops"], "vpc web"), ("resource-id", ["{web}"], "web"), ("resource-type", ["vpc"], "vpc"),
        ("resource-type", ["security-group", "vpc"], "vpc web"), ("tag:team", ["net"], "web"), ("tag:team", ["x"], ""),
    ],
)  # fmt: skip
@pytest.mark.reference("18 DescribeTags")
def test_filters(wall: Wall, name: str, values: list[str], found: str) -> None:
    """Tags are found by key, value, resource and type [reference 18, model]."""
    places = {"web": create_group(wall), "vpc": scenes.default_vpc(wall)}
    wall.call("CreateTags", Resources=[places["web"]], Tags=[_tag("team", "net")])
    wall.call("CreateTags", Resources=[places["vpc"]], Tags=[_tag("team", "ops")])
    wanted = [{"Name": name, "Values": [value.format(**places) for value in values]}]
    names = {resource: kind for kind, resource in places.items()}
    tags = wall.call("DescribeTags", Filters=wanted)["Tags"]
    assert sorted(names[tag["ResourceId"]] for tag in tags) == found.split()


@pytest.mark.reference("18 DescribeTags")
def test_pages(wall: Wall) -> None:
    """Pages follow each other within and between resources [reference 18, model]."""
    groups = [create_group(wall, name) for name in "abc"]
    wall.call("CreateTags", Resources=groups, Tags=MANY[:4])
    whole = wall.call("DescribeTags")["Tags"]
    pages, token = [], None
    while not pages or token:
        reply = wall.call("DescribeTags", MaxResults=5, NextToken=token)
        pages.append(reply["Tags"])
        token = reply.get("NextToken")
    assert [len(page) for page in pages] == [5, 5, 2]
    assert [tag for page in pages for tag in page] == whole
