"""What AWS was recorded to describe is taken, explained and looked through without an error [recorded]."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json, create_group, create_vpc, default_group, rules_of

RECORDED: dict[str, list[Json]] = json.loads(
    (Path(__file__).parents[1] / "recordings" / "groups.json").read_text("utf-8")
)["recorded"]
DIRECTIONS = (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress"))


@dataclass
class Loaded:
    """Recorded groups in a wall: by VPC and id as recorded, the ids that they have here, and a member of each."""

    wall: Wall
    vpcs: dict[str, tuple[str, str]] = field(default_factory=dict)
    groups: dict[tuple[str, str], str] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)

    def vpc(self, recorded: str) -> tuple[str, str]:
        """Return the VPC that stands for a recorded one, and its subnet."""
        if recorded not in self.vpcs:
            number = len(self.vpcs)
            vpc = create_vpc(self.wall, f"10.{number}.0.0/16")
            asked = {"VpcId": vpc, "CidrBlock": f"10.{number}.0.0/24"}
            self.vpcs[recorded] = vpc, self.wall.call("CreateSubnet", **asked)["Subnet"]["SubnetId"]
        return self.vpcs[recorded]

    def group(self, vpc: str, recorded: str, name: str) -> str:
        """Return the group that stands for a recorded one; one that the recording only names is made beside."""
        key = (vpc, recorded)
        if key not in self.groups:
            home = self.vpc(vpc)[0]
            made = default_group(self.wall, home) if name == "default" else create_group(self.wall, name, home)
            self.groups[key] = made
            for side, member in DIRECTIONS:
                given = self.wall.call("DescribeSecurityGroups", GroupIds=[made])["SecurityGroups"][0][member]
                if given:
                    self.wall.call(f"RevokeSecurityGroup{side}", GroupId=made, IpPermissions=given)
        return self.groups[key]

    def permissions(self, vpc: str, recorded: list[Json]) -> list[Json]:
        """Return permissions with the groups of here."""
        return [
            one
            | {
                "UserIdGroupPairs": [
                    {"GroupId": self.group(vpc, pair["GroupId"], f"named {pair['GroupId']}")}
                    for pair in one.get("UserIdGroupPairs", ())
                ]
            }
            for one in recorded
        ]


@pytest.fixture(params=RECORDED)
def loaded(request: pytest.FixtureRequest, wall: Wall) -> Loaded:
    """Give a wall that holds the groups of a recording, each with its rules and a member."""
    made = Loaded(wall)
    recorded = RECORDED[request.param]
    for one in recorded:
        made.group(one["VpcId"], one["GroupId"], one["GroupName"])
    for one in recorded:
        group = made.groups[one["VpcId"], one["GroupId"]]
        for side, member in DIRECTIONS:
            if one[member]:
                asked = made.permissions(one["VpcId"], one[member])
                wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=asked)
        subnet = made.vpc(one["VpcId"])[1]
        made.members[group] = create_interface(wall, SubnetId=subnet, Groups=[group])
    return made


@pytest.mark.parametrize("egress", [False, True])
def test_recorded_groups_are_explained(loaded: Loaded, egress: bool) -> None:  # noqa: FBT001 - a parameter
    """Of each member every rule is told that stands for any address, and everything that passes has its rules."""
    for group, member in loaded.members.items():
        ends = {"From": member, "To": "anywhere"} if egress else {"From": "anywhere", "To": member}
        told = loaded.wall.call("ExplainFlow", **ends)
        gates = [gate for course in told["Courses"] for gate in course["Gates"] if gate["IsEgress"] == egress]
        found = {rule["SecurityGroupRuleId"] for gate in gates for rule in gate["Rules"] if rule["GroupId"] == group}
        rules = rules_of(loaded.wall, group, egress=egress)
        assert found >= {one["SecurityGroupRuleId"] for one in rules if "ReferencedGroupInfo" not in one}
        assert found <= {one["SecurityGroupRuleId"] for one in rules}
        assert all(course["Reason"] for course in told["Courses"])


def test_recorded_groups_are_reached(loaded: Loaded) -> None:
    """Who reaches a member and what it reaches agree with each other, each with rules that let it pass."""
    sent: set[tuple[str, str]] = set()
    received: set[tuple[str, str]] = set()
    for member in loaded.members.values():
        for ends, pairs in (({"From": member}, sent), ({"To": member}, received)):
            told = loaded.wall.call("DescribeReachability", **ends)["Ends"]
            assert all(end["Rules"] and end["Flows"] for end in told)
            others = [other for end in told for other in end["End"].get("InterfaceIds", ())]
            pairs.update((member, other) if pairs is sent else (other, member) for other in others)
    assert sent == received


def test_recorded_groups_are_looked_through(loaded: Loaded) -> None:
    """Findings, groups that nothing uses, and what keeps each group from being deleted."""
    wall = loaded.wall
    wall.call("DescribeFindings")
    wall.call("DescribeUnusedGroups")
    for group in loaded.groups.values():
        wall.call("DescribeDependents", GroupId=group)
