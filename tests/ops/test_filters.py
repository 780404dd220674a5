"""Filters and pages, the same for every Describe [reference 9, 10, 1.4]."""

from __future__ import annotations

import pytest

from groupwall.errors import ApiError
from groupwall.ops.filters import pattern
from tests.driver import Wall
from tests.scenes import Json, create_group, refusal, tcp

PAGED = [
    ("DescribeSecurityGroups", "SecurityGroups"), ("DescribeSecurityGroupRules", "SecurityGroupRules"),
    ("DescribeVpcs", "Vpcs"), ("DescribeSubnets", "Subnets"), ("DescribeTags", "Tags"),
]  # fmt: skip
FILTERED = [name for name, _ in PAGED] + ["DescribeRegions", "DescribeAvailabilityZones"]


@pytest.mark.parametrize("name", [name for name, _ in PAGED])
@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (3, "Value ( 3 ) for parameter maxResults is invalid. Expecting a value greater than 5."),
        (4, "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5."),
        (0, "Value ( 0 ) for parameter maxResults is invalid. Expecting a value greater than 5."),
        (-5, "Value ( -5 ) for parameter maxResults is invalid. Expecting a value greater than 5."),
        (1001, "Value ( 1001 ) for parameter maxResults is invalid. Expecting a value less than 1000."),
    ],
)
@pytest.mark.reference("9 MaxResults below 5", "9 MaxResults")
def test_the_size_of_a_page(wall: Wall, name: str, limit: int, told: str) -> None:
    """A page has 5 to 1000 items [reference 9, model; text recorded, upper bound's inferred]."""
    assert refusal(wall, name, MaxResults=limit) == f"InvalidParameterValue: {told}"


@pytest.mark.parametrize(("name", "member"), PAGED)
@pytest.mark.parametrize("limit", [5, 1000])
@pytest.mark.reference("9 MaxResults", "9 last page", "10 filters and pages")
def test_pages_that_are_allowed(wall: Wall, name: str, member: str, limit: int) -> None:
    """Both ends of 5 to 1000 are allowed, and the last page has no NextToken [reference 9, model]."""
    reply = wall.call(name, MaxResults=limit)
    assert set(reply) == {member}


@pytest.mark.parametrize("name", [name for name, _ in PAGED])
@pytest.mark.parametrize("token", ["x", "", "AAAA", "====", "caf\u00e9", "A" * 5000])
@pytest.mark.reference("1.4 bad NextToken")
def test_a_token_that_no_reply_gave(wall: Wall, name: str, token: str) -> None:
    """A forged token is refused [reference 1.4, issue]."""
    assert refusal(wall, name, NextToken=token) == "InvalidParameterValue: Unable to parse pagination token"


@pytest.mark.reference("1.4 bad NextToken")
def test_a_token_of_another_listing(wall: Wall) -> None:
    """A token is good for the operation and the world that gave it, and nowhere else (inferred)."""
    for number in range(6):
        create_group(wall, f"g{number}")
    token = wall.call("DescribeSecurityGroups", MaxResults=5)["NextToken"]
    expected = "InvalidParameterValue: Unable to parse pagination token"
    assert refusal(wall, "DescribeSecurityGroupRules", NextToken=token) == expected
    assert refusal(wall.elsewhere(region="eu-west-1"), "DescribeSecurityGroups", NextToken=token) == expected
    assert len(wall.call("DescribeSecurityGroups", NextToken=token)["SecurityGroups"]) == 2


@pytest.mark.parametrize("name", FILTERED)
@pytest.mark.reference("9 unknown filter", "9 filters by case")
def test_unknown_filters(wall: Wall, name: str) -> None:
    """Names of filters are exact: another one, or one in capitals, is refused [reference 9, docs; text inferred]."""
    for unknown in ("colour", "Vpc-Id", "GROUP-NAME", "", "tag:"):
        told = refusal(wall, name, Filters=[{"Name": unknown, "Values": ["x"]}])
        assert told == f"InvalidParameterValue: The filter '{unknown}' is invalid"


@pytest.mark.parametrize("name", FILTERED)
@pytest.mark.reference("9 more than 200 values")
def test_many_values(wall: Wall, name: str) -> None:
    """200 values fit into one call, counted over all its filters [reference 9, docs]."""
    field = "region-name" if name in ("DescribeRegions", "DescribeAvailabilityZones") else "tag:a"
    values = [f"v{number}" for number in range(200)]
    wall.call(name, Filters=[{"Name": field, "Values": values}])
    split = [{"Name": field, "Values": values}, {"Name": field, "Values": ["one more"]}]
    assert refusal(wall, name, Filters=split).startswith("FilterLimitExceeded: ")


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ("plain", "plain"), ("pl*", "plain pl_in pl%in"), ("pl?in", "plain pl_in pl%in"), ("pl_in", "pl_in"),
        ("*", "plain pl_in pl%in a*b PLAIN"), ("pl%in", "pl%in"), ("pl%*", "pl%in"), ("pl_*", "pl_in"),
        ("?????", "plain pl_in pl%in PLAIN"), ("PL*", "PLAIN"), ("**a**n", "plain"), ("a*b", "a*b"), ("a?b", "a*b"),
        ("*%in", "pl%in"), ("", ""), ("pl", ""), ("?", ""),
    ],
)  # fmt: skip
@pytest.mark.reference("9 filter wildcards", "9 filters by case")
def test_wildcards(wall: Wall, wanted: str, kept: str) -> None:
    """``*`` is any text, ``?`` any character, nothing else is special, and case counts [reference 9, model].

    What the store keeps and what a fixed list holds are matched alike.
    """
    texts = ["plain", "pl_in", "pl%in", "a*b", "PLAIN"]
    assert [text for text in texts if pattern(wanted)(text)] == kept.split()
    assert _kept(wall, texts, wanted) == sorted(kept.split())


@pytest.mark.parametrize(
    ("wanted", "kept"), [("a\\*b", "a*b"), ("a\\?b", ""), ("*\\*b", "a*b"), ("*\\**", "a*b"), ("b\\\\*", "b\\c")]
)
def test_a_backslash_takes_the_meaning_away(wall: Wall, wanted: str, kept: str) -> None:
    """After a backslash ``*`` and ``?`` stand for themselves [docs: filters of resources]."""
    texts = ["a*b", "axb", "b\\c"]
    assert [text for text in texts if pattern(wanted)(text)] == kept.split()
    assert _kept(wall, texts, wanted) == kept.split()


def _kept(wall: Wall, texts: list[str], wanted: str) -> list[str]:
    tags = [{"Key": f"k{number}", "Value": text} for number, text in enumerate(texts)]
    wall.call("CreateTags", Resources=[create_group(wall)], Tags=tags)
    found = wall.call("DescribeTags", Filters=[{"Name": "value", "Values": [wanted]}])["Tags"]
    return sorted(tag["Value"] for tag in found)


@pytest.mark.parametrize("given", [{"Name": "group-name"}, {"Name": "group-name", "Values": []}])
def test_a_filter_without_values(wall: Wall, given: Json) -> None:
    """A filter without values is met by nothing (inferred)."""
    assert wall.call("DescribeSecurityGroups", Filters=[given]) == {"SecurityGroups": []}


def test_a_hostile_pattern_is_bounded(wall: Wall) -> None:
    """A pattern costs no more than the product of the lengths, and one of many wildcards is refused (inferred)."""
    assert not pattern("*a" * 1000 + "b")("a" * 5000)
    wall.call("CreateSecurityGroup", GroupName="web", Description="a" * 255)
    wanted = [{"Name": "description", "Values": ["*a" * 16 + "b"]}]
    assert wall.call("DescribeSecurityGroups", Filters=wanted) == {"SecurityGroups": []}
    with pytest.raises(ApiError, match="FilterLimitExceeded"):
        wall.call("DescribeSecurityGroups", Filters=[{"Name": "description", "Values": ["*a" * 17]}])


def test_filters_without_values_count(wall: Wall) -> None:
    """More than 200 filters are refused, whether they have values or not (inferred)."""
    given = [{"Name": "group-name"}] * 201
    with pytest.raises(ApiError, match="FilterLimitExceeded"):
        wall.call("DescribeSecurityGroups", Filters=given)
    assert wall.call("DescribeSecurityGroups", Filters=given[:200]) == {"SecurityGroups": []}


@pytest.mark.parametrize("name", ["ip-permission.from-port", "egress.ip-permission.to-port"])
@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["22"], True), (["23", "22"], True), (["2*"], True), (["?2"], True), (["022", "2*"], True),
        (["022"], False), (["22.0"], False), ([" 22"], False), (["+22"], False), (["2.2e1"], False), (["22\n"], False),
        (["022", "22 "], False), (["022", "33*"], False), ([""], False), (["٢٢"], False), (["9" * 400], False),
    ],
)  # fmt: skip
def test_a_port_is_met_by_its_decimal_text(wall: Wall, name: str, values: list[str], *, found: bool) -> None:
    """Values are texts: no other way to write a number finds the port [reference 9, model; inferred]."""
    group = create_group(wall)
    for side in ("Ingress", "Egress"):
        wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=[tcp(22, "10.0.0.0/8")])
    groups = wall.call("DescribeSecurityGroups", Filters=[{"Name": name, "Values": values}])["SecurityGroups"]
    assert [one["GroupId"] for one in groups] == [group] * found


def test_a_filter_s_name_is_not_repeated_whole(wall: Wall) -> None:
    """A refusal is short, however long the text that it is about (inferred)."""
    assert len(refusal(wall, "DescribeVpcs", Filters=[{"Name": "x" * 100_000, "Values": ["y"]}])) < 1100
    assert len(refusal(wall, "DescribeVpcs", VpcIds=["x" * 100_000])) < 1100
