"""Which groups nothing uses, and the evidence (inferred)."""

from __future__ import annotations

import pytest

from tests.driver import NOW, Wall
from tests.interfaces import create_interface
from tests.naive import joined, picture
from tests.scenes import Json, create_group, create_vpc, default_vpc, refusal, tcp
from tests.strategies import EXAMPLES
from tests.worlds import OTHER_ACCOUNT, make_random_call, random_world, seeded


def unused(wall: Wall, **params: object) -> dict[str, Json]:
    """Return the groups that nothing uses, by id."""
    return {one["GroupId"]: one for one in wall.call("DescribeUnusedGroups", **params)["Groups"]}


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_unused_is_what_nothing_names(seed: int) -> None:
    """Exactly the groups are told that no interface, no other group's rule and no association has (inferred)."""
    with Wall() as wall:
        scene, random = random_world(wall, seeded(seed)), seeded(seed)
        for _ in range(random.randrange(8)):
            make_random_call(scene, random)
        mine, seen = picture(wall), picture(wall, scene.accounts)
        names = {one["GroupId"]: one["GroupName"] for one in wall.call("DescribeSecurityGroups")["SecurityGroups"]}
        used = {group for one in mine.interfaces.values() for group in one.groups}
        used |= {group for group, _ in mine.associations} | {one for one, name in names.items() if name == "default"}
        for rule in seen.rules:
            if rule.peer != rule.group and rule.peer in mine.groups:
                within = rule.group in mine.groups
                used |= (
                    {rule.peer} if within or seen.groups[rule.group] in joined(seen, mine.groups[rule.peer]) else set()
                )
        assert unused(wall).keys() == mine.groups.keys() - used


def test_the_evidence(wall: Wall) -> None:
    """It says what was looked at and not found, and what was found and does not count (inferred)."""
    web = create_group(wall)
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, web)])["SecurityGroupRules"]
    told = unused(wall)[web]
    assert (told["GroupName"], told["VpcId"]) == ("web", default_vpc(wall))
    assert told["Evidence"] == [
        "no network interface is a member",
        f"referenced only by itself: {made[0]['SecurityGroupRuleId']}",
        "no other VPC is associated with it",
        "no member is known to have left it",
    ]
    assert "LastUsed" not in told


def test_when_a_group_was_last_used(wall: Wall) -> None:
    """The change by which the last member left is told, with its time; of the past the last one until then."""
    web, app = create_group(wall), create_group(wall, "app")
    first, second = (create_interface(wall, Groups=[web]) for _ in range(2))
    left = []
    for interface in (first, second):
        wall.clock.advance(1)
        wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[app])
        left.append(wall.app.revision())
    told = unused(wall)[web]
    assert (told["LastUsed"], told["LastUsedTime"].timestamp()) == (left[-1], NOW / 1_000 + 2)
    assert told["Evidence"][-1] == f"the last member left it with revision {left[-1]}"
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=first, Groups=[web])
    assert web not in unused(wall)
    assert unused(wall, AtRevision=left[-1])[web] == told
    assert web not in unused(wall, AtRevision=left[0])
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=first)
    assert unused(wall)[web]["LastUsed"] == wall.app.revision()
    assert unused(wall, AtRevision=left[-1])[web] == told


def test_another_accounts_reference_is_a_use(wall: Wall) -> None:
    """A rule across an active peering counts, and no more once the connection is gone; then it is stale (inferred)."""
    other = wall.elsewhere(OTHER_ACCOUNT)
    mine, theirs = create_vpc(wall), create_vpc(other, "10.2.0.0/16")
    asked = wall.call("CreateVpcPeeringConnection", VpcId=mine, PeerVpcId=theirs, PeerOwnerId=OTHER_ACCOUNT)
    peering = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering)
    group, away = create_group(wall, "web", mine), create_group(other, "away", theirs)
    pair = {"GroupId": group, "UserId": wall.account}
    other.call("AuthorizeSecurityGroupIngress", GroupId=away, IpPermissions=[tcp(22) | {"UserIdGroupPairs": [pair]}])
    before = wall.app.revision()
    assert unused(wall, VpcId=mine) == {}
    wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    assert list(unused(wall, VpcId=mine)) == [group]
    assert unused(wall, VpcId=mine, AtRevision=before) == {}


def test_pages_and_vpcs(wall: Wall) -> None:
    """Groups come by id, page by page, of one VPC when that is asked; a VPC must be there (inferred)."""
    vpc = create_vpc(wall)
    created = sorted(create_group(wall, f"g{number}", vpc) for number in range(12))
    elsewhere = create_group(wall)
    first = wall.call("DescribeUnusedGroups", VpcId=vpc, MaxResults=5)
    second = wall.call("DescribeUnusedGroups", VpcId=vpc, MaxResults=7, NextToken=first["NextToken"])
    assert [one["GroupId"] for one in first["Groups"] + second["Groups"]] == created
    assert "NextToken" not in second
    assert unused(wall).keys() == {*created, elsewhere}
    assert refusal(wall, "DescribeUnusedGroups", VpcId="vpc-00000000").startswith("InvalidVpcID.NotFound")
