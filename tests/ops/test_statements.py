"""What a call costs does not grow with the account: counted in SQL statements and in SQLite's own steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.counting import Cost, cost, counted
from tests.driver import Wall
from tests.scenes import Json, create_group, create_prefix_list, create_vpc, permission, rules_of, tcp

GROUPS, RULES = 300, 15
BLOCK = "203.0.113.0/24"
ASKED = [tcp(22, BLOCK), permission("-1", None, None, "::/0")]


def _costs(wall: Wall, folder: Path) -> dict[str, Cost]:
    """Return what each call costs on one group of the wall, which ends with it."""
    group, places = create_group(wall, "measured"), _places(wall)
    with counted(wall, folder) as connection:
        return {
            what: cost(wall, connection, what.split()[0], params) for what, params in _calls(group, **places).items()
        }


def _places(wall: Wall) -> dict[str, str]:
    """Return a VPC, a group of another VPC, a rule of that, and a prefix list, which measured calls name."""
    vpc, near = create_vpc(wall), create_group(wall, "near", create_vpc(wall, "10.1.0.0/16"))
    rule = rules_of(wall, near, egress=True)[0]["SecurityGroupRuleId"]
    return {"vpc": vpc, "near": near, "rule": rule, "prefix_list": create_prefix_list(wall)}


def _calls(group: str, vpc: str = "", near: str = "", rule: str = "", prefix_list: str = "") -> dict[str, Json]:
    """Return calls on one group by operation and what it is asked by, in an order in which each succeeds."""
    rules = {"GroupId": group, "IpPermissions": ASKED}
    group_filters = {
        "group-name": "measured", "group-id": group, "vpc-id": "vpc-00000000", "tag:a": "b", "tag-key": "a",
        "ip-permission.cidr": BLOCK, "ip-permission.group-id": group, "egress.ip-permission.ipv6-cidr": "::/0",
    }  # fmt: skip
    rule_filters = {"group-id": group, "security-group-rule-id": "sgr-00000000", "tag:a": "b"}
    return {
        "AuthorizeSecurityGroupIngress": rules,
        "AuthorizeSecurityGroupEgress": rules,
        "DescribeSecurityGroups by id": {"GroupIds": [group]},
        **{f"DescribeSecurityGroups by {name}": _filter(name, value) for name, value in group_filters.items()},
        **{f"DescribeSecurityGroupRules by {name}": _filter(name, value) for name, value in rule_filters.items()},
        "DescribeTags by resource-id": _filter("resource-id", group),
        "DescribeChanges by resource-id": _filter("resource-id", group),
        "UpdateSecurityGroupRuleDescriptionsIngress": rules,
        "UpdateSecurityGroupRuleDescriptionsEgress": {
            "GroupId": near,
            "SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": rule, "Description": "d"}],
        },
        "ModifySecurityGroupRules": {
            "GroupId": near,
            "SecurityGroupRules": [
                {"SecurityGroupRuleId": rule, "SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv4": BLOCK}}
            ],
        },
        "AuthorizeSecurityGroupIngress of a prefix list": {"GroupId": near, "IpPermissions": [tcp(22, prefix_list)]},
        "AssociateSecurityGroupVpc": {"GroupId": near, "VpcId": vpc},
        "DescribeSecurityGroupVpcAssociations": _filter("group-id", near),
        "GetSecurityGroupsForVpc": {"VpcId": vpc},
        "DisassociateSecurityGroupVpc": {"GroupId": near, "VpcId": vpc},
        "DescribeFindings": {"GroupIds": [group]},
        "DescribeDependents": {"GroupId": group},
        "RevokeSecurityGroupIngress": rules,
        "RevokeSecurityGroupEgress": rules,
        "DeleteSecurityGroup": {"GroupId": group},
    }


def _filter(name: str, value: str) -> Json:
    return {"Filters": [{"Name": name, "Values": [value]}]}


def _fill(wall: Wall) -> None:
    for number in range(GROUPS):
        blocks = [f"10.{number % 250}.{rule}.0/24" for rule in range(RULES)]
        group = create_group(wall, f"g{number}")
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, *blocks)])


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Cost], dict[str, Cost]]:
    """The costs in an account of one group, and in one of 300 groups with 16 rules each."""
    with Wall() as small, Wall() as large:
        _fill(large)
        return _costs(small, tmp_path_factory.mktemp("small")), _costs(large, tmp_path_factory.mktemp("large"))


@pytest.mark.parametrize("what", _calls("x"))
@pytest.mark.reference("users 5.4 scans all rules of the region", "users 5.1.10 one scan of all groups per permission")
def test_the_account_does_not_count(costs: tuple[dict[str, Cost], dict[str, Cost]], what: str) -> None:
    """A call about one group costs as many statements, and steps within them, in any account: docs/decisions/0006."""
    small, large = (of[what] for of in costs)
    assert small.statements == large.statements <= 25
    assert large.steps <= small.steps * 1.1 + 20
