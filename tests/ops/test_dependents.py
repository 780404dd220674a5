"""Why a group cannot be deleted, held against the deletion itself [reference 8]."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from groupwall.errors import ApiError
from tests.driver import ACTIONS, Wall
from tests.interfaces import create_interface
from tests.scenes import Json, create_group, create_vpc, default_group, default_vpc, peer_vpcs, refusal, tcp
from tests.strategies import EXAMPLES
from tests.worlds import OTHER_ACCOUNT, make_random_call, random_world, seeded


def dependents(wall: Wall, group: str) -> Json:
    """Return what is told of a group."""
    return wall.call("DescribeDependents", GroupId=group)


def refused(wall: Wall, calls: Sequence[Json]) -> str:
    """Make calls as one change; return the code of the error, "" for none."""
    try:
        wall.call("ApplyChanges", Calls=list(calls))
    except ApiError as error:
        return error.code
    return ""


def preview_of_deletion(wall: Wall, *before: Json, **params: str) -> list[str]:
    """Return the hints of the preview of a deletion that is refused, after other calls."""
    deletion = {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps(params)}
    told = wall.call("PreviewChanges", Calls=[*before, deletion])["Refused"]
    assert told["Code"] == "DependencyViolation"
    hints: list[str] = told["Hints"]
    return hints


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_dependents_are_exact(seed: int) -> None:
    """Deletable says what a deletion does; its calls free and delete the group, and no dependent of them is needless.

    Reference 8: in random worlds, after random calls.
    """
    with Wall() as wall:
        scene, random = random_world(wall, seeded(seed)), seeded(seed)
        for _ in range(random.randrange(6)):
            make_random_call(scene, random)
        for group in wall.call("DescribeSecurityGroups")["SecurityGroups"]:
            _assert_exact(wall, group)


def _assert_exact(wall: Wall, group: Json) -> None:
    told = dependents(wall, group["GroupId"])
    deletion = {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupId": group["GroupId"]})}
    if group["GroupName"] == "default":
        assert (told["Deletable"], told["Calls"]) == (False, [])
        assert refused(wall, [deletion]) == "CannotDelete"
        return
    blocking = [one for one in told["Dependents"] if one["Blocks"]]
    assert told["Deletable"] == (not blocking)
    for left_out in blocking:
        calls = [call for one in blocking if one is not left_out for call in one["Calls"]]
        assert refused(wall, [*calls, deletion]) == "DependencyViolation", left_out
    assert (
        refused(wall, [call for one in blocking for call in one["Calls"]] + [_never(group)]) == "InvalidGroup.NotFound"
    )
    assert refused(wall, told["Calls"]) == ""
    assert group["GroupId"] not in [one["GroupId"] for one in wall.call("DescribeSecurityGroups")["SecurityGroups"]]


def _never(group: Json) -> Json:
    """Return a call that is refused after all others were not, so that nothing of them stays."""
    assert group["GroupId"] != "sg-00000000"
    return {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupId": "sg-00000000"})}


def test_an_interface_keeps_its_other_groups(wall: Wall) -> None:
    """A member stays in its other groups, in their order; one without goes to its VPC's default group (inferred)."""
    web, app, ops = (create_group(wall, name) for name in ("web", "app", "ops"))
    several = create_interface(wall, Groups=[ops, web, app])
    alone = create_interface(wall, Groups=[web], Description="the gateway")
    found = {one["Id"]: one for one in dependents(wall, web)["Dependents"]}
    default = default_group(wall, default_vpc(wall))
    assert found[several]["Text"] == f"{several} is a member: without it it stays in {ops}, {app}"
    assert (
        found[alone]["Text"] == f"{alone} (the gateway) is a member: without it it goes to the default group {default}"
    )
    [call] = found[several]["Calls"]
    assert call["Operation"] == "ModifyNetworkInterfaceAttribute"
    assert json.loads(call["Parameters"]) == {"NetworkInterfaceId": several, "Groups": [ops, app]}


def test_groups_that_name_each_other(wall: Wall) -> None:
    """A cycle is told as one, and the other group's rules of one direction go in one call (inferred)."""
    web, app = create_group(wall), create_group(wall, "app")
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=app, IpPermissions=[tcp(22, web), tcp(80, web)])
    ids = sorted(rule["SecurityGroupRuleId"] for rule in made["SecurityGroupRules"])
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, web, app)])
    told = dependents(wall, web)
    assert [one["Id"] for one in told["Dependents"]] == ids
    assert all(
        one["Text"].endswith(f"; it names {app} as well, so neither goes before a rule does")
        for one in told["Dependents"]
    )
    revoke, _ = told["Calls"]
    assert json.loads(revoke["Parameters"]) == {"GroupId": app, "SecurityGroupRuleIds": ids}


def test_rules_across_a_peering_block_nothing(wall: Wall) -> None:
    """A rule of a peered VPC becomes stale; of another account's no more is told than the VPC [reference 8, 13]."""
    other = wall.elsewhere(OTHER_ACCOUNT)
    mine, near, theirs = create_vpc(wall), create_vpc(wall, "10.1.0.0/16"), create_vpc(other, "10.2.0.0/16")
    peer_vpcs(wall, mine, near)
    asked = wall.call("CreateVpcPeeringConnection", VpcId=mine, PeerVpcId=theirs, PeerOwnerId=OTHER_ACCOUNT)
    peering = asked["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering)
    group, beside, away = (
        create_group(wall, "web", mine),
        create_group(wall, "near", near),
        create_group(other, "away", theirs),
    )
    named = wall.call("AuthorizeSecurityGroupIngress", GroupId=beside, IpPermissions=[tcp(22, group)])
    pair = {"GroupId": group, "UserId": wall.account}
    other.call("AuthorizeSecurityGroupIngress", GroupId=away, IpPermissions=[tcp(22) | {"UserIdGroupPairs": [pair]}])
    told = dependents(wall, group)
    assert told["Deletable"]
    rule, vpc = told["Dependents"]
    assert (rule["Id"], rule["Blocks"]) == (named["SecurityGroupRules"][0]["SecurityGroupRuleId"], False)
    assert rule["Text"].endswith(f"names it from {near}: it becomes stale")
    assert (vpc["Kind"], vpc["Id"], vpc["Blocks"], vpc["Calls"]) == ("peered-vpc", theirs, False, [])
    assert vpc["Text"] == f"rules of {theirs} of account {OTHER_ACCOUNT} name it across {peering}: they become stale"
    assert away not in str(told)
    wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    assert [one["Id"] for one in dependents(wall, group)["Dependents"]] == [rule["Id"]]
    wall.call("DeleteSecurityGroup", GroupId=group)


def test_a_default_group_goes_with_its_vpc(wall: Wall) -> None:
    """A default group is told as that, whatever else depends on it (inferred)."""
    create_interface(wall)
    told = wall.call("DescribeDependents", GroupName="default")
    [one] = told["Dependents"]
    assert (one["Kind"], one["Id"], one["Blocks"]) == ("default-group", told["GroupId"], True)
    assert "sg-00000000" in refusal(wall, "DescribeDependents", GroupId="sg-00000000")


def test_the_hint_stands_in_the_preview(wall: Wall) -> None:
    """A preview of a refused deletion says what stands in the way once the calls in front of it are made (inferred)."""
    web, app = create_group(wall), create_group(wall, "app")
    interface = create_interface(wall, Groups=[web])
    wall.call("AuthorizeSecurityGroupIngress", GroupId=app, IpPermissions=[tcp(22, web)])
    both = preview_of_deletion(wall, GroupId=web)
    assert both == preview_of_deletion(wall, GroupName="WEB")
    assert [interface in both[0], f"of app ({app})" in both[1], len(both)] == [True, True, 2]
    freeing = next(one["Calls"] for one in dependents(wall, web)["Dependents"] if one["Id"] == interface)
    assert preview_of_deletion(wall, *freeing, GroupId=web) == both[1:]


def test_other_refusals_have_no_hint(wall: Wall) -> None:
    """A call that is refused for another reason has no hints (inferred)."""
    call = {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupName": "default"})}
    told = wall.call("PreviewChanges", Calls=[call])["Refused"]
    assert (told["Code"], told.get("Hints", [])) == ("CannotDelete", [])


def test_the_refusal_points_to_the_answer(wall: Wall) -> None:
    """A header of the reply names what tells more; the body is AWS's [reference 8, recorded]: docs/decisions/0012."""
    web = create_group(wall)
    create_interface(wall, Groups=[web])
    deletion = {"Operation": "DeleteSecurityGroup", "Parameters": json.dumps({"GroupId": web})}
    for name, params in (("DeleteSecurityGroup", {"GroupId": web}), ("ApplyChanges", {"Calls": [deletion]})):
        reply = wall.send(wall.request(ACTIONS[name], **params))
        hint = dict(reply.headers)["x-groupwall-hint"]
        assert hint.endswith(f"groupwall why-not-delete {web}")
        assert b"why-not-delete" not in reply.body
        assert f"resource {web} has a dependent object".encode() in reply.body
    reply = wall.send(wall.request(ACTIONS["DeleteSecurityGroup"], GroupId="sg-00000000"))
    assert "x-groupwall-hint" not in dict(reply.headers)
