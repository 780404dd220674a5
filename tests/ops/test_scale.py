"""What a call touches does not depend on the account's size: every filter, pages, tags, many permissions at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from groupwall.ops import tags
from groupwall.ops.groups import groups
from groupwall.ops.rules import described
from tests.counting import Cost, Counting, cost, counted
from tests.driver import Wall
from tests.scenes import Json, create_group, create_prefix_list, permission, rules_of, tcp

FEW, MANY = 12, 300
BLOCK = "203.0.113.0/24"
SIXTY = [permission("udp", port, port, BLOCK) for port in range(1, 61)]
FOUR = SIXTY[:4]

WALKS = {
    "owner-id": "the caller's own account is every group; another's is none, at about eight steps for each group",
    "user-id": "walks the rules that have a group as their peer, of which nearly all are of the caller's own account",
}
"""Filters whose cost grows, and what with."""


def group_filters(group: str, prefix_list: str) -> dict[str, str]:
    """Return a value for each filter of groups that the measured group alone has."""
    permissions = {
        "cidr": BLOCK, "from-port": "8443", "to-port": "8443", "group-id": group, "group-name": "measured",
        "ipv6-cidr": "2001:db8::/32", "prefix-list-id": prefix_list, "protocol": "udp", "user-id": "123456789012",
    }  # fmt: skip
    return {
        "description": "group measured", "group-id": group, "group-name": "measured", "owner-id": "123456789012",
        "vpc-id": "vpc-00000000", "tag": "b", "tag-key": "a", "tag-value": "b",
        **{f"ip-permission.{name}": value for name, value in permissions.items()},
        **{f"egress.ip-permission.{name}": value for name, value in permissions.items()},
    }  # fmt: skip


def rule_filters(group: str, rule: str) -> dict[str, str]:
    """Return a value for each filter of rules that few rules have."""
    return {"group-id": group, "security-group-rule-id": rule, "tag": "b", "tag-key": "a", "tag-value": "b"}


def tag_filters(group: str) -> dict[str, str]:
    """Return a value for each filter of tags that few tags have."""
    return {"key": "a", "value": "b", "resource-id": group, "resource-type": "security-group-rule", "tag": "b"}


FILTERED = [
    *(f"DescribeSecurityGroups by {name}" for name in groups.FILTERS),
    *(f"DescribeSecurityGroupRules by {name}" for name in described.FILTERS),
    *(f"DescribeTags by {name}" for name in tags.FILTERS),
]
OTHERS = [
    "CreateSecurityGroup", "AuthorizeSecurityGroupIngress of sixty", "RevokeSecurityGroupIngress of sixty",
    "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress by id", "RevokeSecurityGroupIngress by properties",
    "DescribeSecurityGroups by its id", "CreateTags", "DeleteTags", "DeleteSecurityGroup",
]  # fmt: skip
PAGED = [
    f"{name} {page} page"
    for name in ("DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeTags")
    for page in ("first", "middle")
]


class Account:
    """An account with so many groups that are alike, and one that is measured."""

    def __init__(self, wall: Wall, size: int) -> None:
        self.wall = wall
        last = create_group(wall, "first")
        for number in range(size):
            last = self._group(number, last)
        self.group = create_group(wall, "measured")
        self.prefix_list = create_prefix_list(wall, BLOCK)
        asked = [
            permission("udp", 8443, 8443, BLOCK, "2001:db8::/32"), tcp(8443, self.group), tcp(8444, self.prefix_list),
        ]  # fmt: skip
        for side in ("Ingress", "Egress"):
            wall.call(f"AuthorizeSecurityGroup{side}", GroupId=self.group, IpPermissions=asked)
        self.rule = str(rules_of(wall, self.group)[0]["SecurityGroupRuleId"])
        wall.call("CreateTags", Resources=[self.group, self.rule], Tags=[{"Key": "a", "Value": "b"}])

    def _group(self, number: int, other: str) -> str:
        group = create_group(self.wall, f"g{number}")
        blocks = [f"10.{number % 250}.{place}.0/24" for place in range(15)]
        self.wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, *blocks), tcp(23, other)])
        self.wall.call("CreateTags", Resources=[group], Tags=[{"Key": "Name", "Value": f"g{number}"}])
        return group

    def costs(self, connection: Counting) -> Iterator[tuple[str, Cost]]:
        """Yield what each call costs."""
        for name, value in group_filters(self.group, self.prefix_list).items():
            yield self._by("DescribeSecurityGroups", name, value, connection)
        for name, value in rule_filters(self.group, self.rule).items():
            yield self._by("DescribeSecurityGroupRules", name, value, connection)
        for name, value in tag_filters(self.group).items():
            yield self._by("DescribeTags", name, value, connection)
        for what in PAGED:
            yield what, cost(self.wall, connection, what.split()[0], self._page(*what.split()[:2]))
        for what, params in self._others().items():
            yield what, cost(self.wall, connection, what.split()[0], params)

    def _by(self, action: str, name: str, value: str, connection: Counting) -> tuple[str, Cost]:
        asked = {"Name": "tag:a" if name == "tag" else name, "Values": [value]}
        return f"{action} by {name}", cost(self.wall, connection, action, {"Filters": [asked]})

    def _page(self, action: str, page: str) -> Json:
        params = {"MaxResults": 5}
        token = self.wall.call(action, **params)["NextToken"]
        return params | ({"NextToken": token} if page == "middle" else {})

    def _others(self) -> dict[str, Json]:
        group, other = {"GroupId": self.group}, {"GroupId": create_group(self.wall, "with sixty")}
        sixty = other | {"IpPermissions": SIXTY}
        tagged = {"Resources": [self.group], "Tags": [{"Key": "c", "Value": "d"}]}
        return {
            "CreateSecurityGroup": {"GroupName": "new", "Description": "d"},
            "AuthorizeSecurityGroupIngress of sixty": sixty,
            "RevokeSecurityGroupIngress of sixty": sixty,
            "AuthorizeSecurityGroupIngress": group | {"IpPermissions": FOUR},
            "RevokeSecurityGroupIngress by id": group | {"SecurityGroupRuleIds": [self.rule]},
            "RevokeSecurityGroupIngress by properties": group | {"IpPermissions": FOUR},
            "DescribeSecurityGroups by its id": {"GroupIds": [self.group]},
            "CreateTags": tagged,
            "DeleteTags": tagged,
            "DeleteSecurityGroup": other,
        }


@contextmanager
def account(size: int, folder: Path) -> Iterator[dict[str, Cost]]:
    """What each call costs in an account of a size."""
    with Wall() as wall:
        made = Account(wall, size)
        with counted(wall, folder) as connection:
            yield dict(made.costs(connection))


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, Cost], dict[str, Cost]]]:
    """The costs in an account of few groups, and in one of many."""
    with (
        account(FEW, tmp_path_factory.mktemp("few")) as few,
        account(MANY, tmp_path_factory.mktemp("many")) as many,
    ):
        yield few, many


@pytest.mark.parametrize("what", FILTERED + OTHERS)
def test_the_account_does_not_count(costs: tuple[dict[str, Cost], dict[str, Cost]], what: str) -> None:
    """What a call does to few things takes the same statements and steps in any account (inferred)."""
    few, many = (of[what] for of in costs)
    if what.rpartition(" by ")[2].rpartition(".")[2] in WALKS:
        assert many.steps > few.steps * 2, "it grows no more: strike it from WALKS"
    else:
        assert many.statements == few.statements
        assert many.steps <= few.steps * 1.1 + 20


@pytest.mark.parametrize("what", PAGED)
def test_a_page_costs_what_it_shows(costs: tuple[dict[str, Cost], dict[str, Cost]], what: str) -> None:
    """The first page and the next cost what lies on them, in any account (inferred)."""
    few, many = (of[what] for of in costs)
    assert many.statements <= few.statements + 2  # a rule with a group as its peer has that looked up
    assert many.steps <= few.steps * 1.5 + 20
