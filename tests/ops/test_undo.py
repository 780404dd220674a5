"""UndoChange: exactly what a change took comes back, what it brought goes away, or nothing happens [inferred]."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random

import pytest

from groupwall.errors import ApiError
from groupwall.ops.table import OPERATIONS
from tests.counting import cost, counted
from tests.driver import Wall
from tests.law import breaches
from tests.ops.examples import EXAMPLES, filled, set_out
from tests.ops.test_apply import asked
from tests.scenes import EVERYWHERE, Json, create_group, create_vpc, peer_vpcs, refusal, rules_of, tcp
from tests.undoing import altered, held, now, odd_rows, rows
from tests.worlds import random_call, random_world, seeded

WORLDS = 1_000 if os.environ.get("GROUPWALL_SOAK") else 60
CALLS = 8

NOT_UNDONE = {
    "ConfirmChange": "what became of a change is told, and stays",
    "Acknowledge": "what a host enforces is told, and stays true",
    "ForgetHost": "the host's agent tells again what it enforces, if it is there",
}
"""Operations whose example is refused, each with the reason."""
NOT_REDONE = {"RunInstances": "the UserData of its instance was a secret, which is gone"}

WRITES = [name for name, row in OPERATIONS.items() if row.changes and name not in NOT_UNDONE]


def undo(wall: Wall, revision: int, **params: object) -> dict[str, Json]:
    """Undo a change; return what was done to each entity by its id."""
    told = wall.call("UndoChange", Revision=revision, **params)
    return {one["Id"]: one for one in told["Entities"]}


def refused(wall: Wall, revision: int) -> str:
    """Undo a change, or return why that is refused."""
    try:
        undo(wall, revision)
    except ApiError as error:
        return str(error)
    return ""


def refused_for(wall: Wall, revision: int) -> str:
    """Return why a change cannot be undone; nothing is altered then."""
    before = rows(wall), wall.app.revision()
    told = refusal(wall, "UndoChange", Revision=revision)
    assert (rows(wall), wall.app.revision()) == before
    start = f"CannotUndo: The change '{revision}' cannot be undone: "
    assert told.startswith(start)
    return told.removeprefix(start)


def revision_of(wall: Wall, name: str, **params: object) -> int:
    """Make a call; return the revision that it made."""
    wall.call(name, **params)
    return wall.app.revision()


@pytest.mark.parametrize("name", WRITES)
def test_every_write_is_undone_and_redone(wall: Wall, name: str) -> None:
    """The example of every operation that writes is undone without a trace; undoing the undo does it again."""
    params = filled(EXAMPLES[name][0], set_out(wall, name))
    before = held(wall)
    revision = revision_of(wall, name, **params)
    after = held(wall)
    again = wall.call("UndoChange", Revision=revision)["Revision"]
    assert held(wall) == before
    if name in NOT_REDONE:
        assert "is a secret" in refused_for(wall, again)
    else:
        undo(wall, again)
        assert held(wall) == after


@pytest.mark.parametrize("name", NOT_UNDONE)
def test_what_is_not_undone_says_why(wall: Wall, name: str) -> None:
    """What cannot be undone by its nature is refused with the reason."""
    revision = revision_of(wall, name, **filled(EXAMPLES[name][0], set_out(wall, name)))
    assert "what became of another change" in refused_for(wall, revision)


def _made(wall: Wall, random: Random) -> list[tuple[int, object]]:
    """Make random calls in a random world; return the revision of each change with what was held before it."""
    scene, made = random_world(wall, random), []
    for _ in range(CALLS):
        before, revision = held(wall), wall.app.revision()
        name, params = random_call(scene, random)
        try:
            wall.call(name, **params)
        except ApiError:
            continue
        if wall.app.revision() > revision:
            made.append((wall.app.revision(), before))
    return made


def _breaches(wall: Wall, folder: Path) -> list[str]:
    wall.copy_to(folder)
    return breaches(folder)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_the_newest_first_leads_back(wall: Wall, tmp_path: Path, seed: int) -> None:
    """Undone the newest first, random changes leave what was before each, to the row; the law holds.

    Only a peering with another account does not come back by itself.
    """
    for revision, before in reversed(_made(wall, seeded(seed))):
        if "another account's too" in refused(wall, revision):
            break
        assert held(wall) == before
    assert _breaches(wall, tmp_path) == []


@pytest.mark.parametrize("seed", range(WORLDS))
def test_any_order_is_exact_or_refused(wall: Wall, tmp_path: Path, seed: int) -> None:
    """Undone in any order a change gives back exactly its part, or it is refused, and nothing is altered."""
    random = seeded(seed)
    revisions = [revision for revision, _ in _made(wall, random)]
    random.shuffle(revisions)
    refusals: list[str] = []
    for revision in revisions:
        [change] = wall.ask("DescribeChanges", After=revision - 1, MaxResults=1)["Changes"]
        before = rows(wall)
        try:
            told = undo(wall, revision)
        except ApiError as error:
            refusals.append(error.code)
            assert rows(wall) == before
            continue
        touched = {one["Id"] for one in change["Deltas"]}
        assert touched >= told.keys()
        assert altered(before, rows(wall)) <= {one for one in told if told[one]["Action"] != "unchanged"}
        _look(told, change["Deltas"], now(wall))
        assert odd_rows(wall) == []
    assert {*refusals} <= {"CannotUndo"}
    assert _breaches(wall, tmp_path) == []


def _look(told: dict[str, Json], deltas: list[Json], is_now: dict[tuple[str, str], Json]) -> None:
    """Hold every entity of an undone change against what it was before."""
    first = {(one["Kind"], one["Id"]): one.get("Before") for one in reversed(deltas)}
    for (kind, entity_id), before in first.items():
        if entity_id in told and "Reason" not in told[entity_id]:
            assert is_now.get((kind, entity_id)) == (json.loads(before) if before else None)


def test_a_revoked_rule_comes_back_as_it_was(wall: Wall) -> None:
    """Id, description and tags of a revoked rule are those that it had; the answer names each."""
    group = create_group(wall)
    asked_for = [tcp(22, ("10.0.0.0/8", "office"))]
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "team", "Value": "net"}]}]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=asked_for, TagSpecifications=tags)
    [rule] = rules_of(wall, group)
    revision = revision_of(wall, "RevokeSecurityGroupIngress", GroupId=group, IpPermissions=asked_for)
    told = undo(wall, revision, Force=True, Reason="a mistake")
    assert rules_of(wall, group) == [rule]
    rule_id = rule["SecurityGroupRuleId"]
    assert told == {
        rule_id: {"Kind": "security-group-rule", "Id": rule_id, "Action": "restored"},
        f"{rule_id}/team": {"Kind": "tag", "Id": f"{rule_id}/team", "Action": "restored"},
    }
    change = wall.call("DescribeChanges")["Changes"][-1]
    assert change["Operation"] == "UndoChange"
    assert json.loads(change["Request"]) == {"Revision": revision, "Force": True, "Reason": "a mistake"}


def test_an_equal_rule_stands_in(wall: Wall) -> None:
    """A revoked rule whose equal is there stays away with its tags, and the answer names the equal one."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE), tcp(80, EVERYWHERE)])
    old = {rule["FromPort"]: rule["SecurityGroupRuleId"] for rule in rules_of(wall, group)}
    wall.call("CreateTags", Resources=[old[22]], Tags=[{"Key": "a", "Value": "b"}])
    revision = revision_of(wall, "RevokeSecurityGroupIngress", GroupId=group, SecurityGroupRuleIds=list(old.values()))
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, (EVERYWHERE, "anew"))])
    [equal] = rules_of(wall, group)
    told = undo(wall, revision)
    reason = f"an equal rule is there: {equal['SecurityGroupRuleId']}"
    for left in (old[22], f"{old[22]}/a"):
        assert (told[left]["Action"], told[left]["Reason"]) == ("unchanged", reason)
    assert told[old[80]]["Action"] == "restored"
    assert {rule["SecurityGroupRuleId"] for rule in rules_of(wall, group)} == {equal["SecurityGroupRuleId"], old[80]}


def test_a_terminated_instance_lives_again(wall: Wall) -> None:
    """A termination is undone with interfaces, addresses and UserData, as long as the instance is remembered."""
    launch = {"ImageId": "ami-00000001", "MinCount": 1, "MaxCount": 1, "UserData": "YQ=="}
    instance = wall.call("RunInstances", **launch)["Instances"][0]["InstanceId"]
    before = held(wall)
    revision = revision_of(wall, "TerminateInstances", InstanceIds=[instance])
    undo(wall, revision)
    assert held(wall) == before
    told = wall.call("DescribeInstanceAttribute", InstanceId=instance, Attribute="userData")
    assert told["UserData"] == {"Value": "YQ=="}
    revision = revision_of(wall, "TerminateInstances", InstanceIds=[instance])
    wall.clock.advance(3601)
    later = revision_of(wall, "RunInstances", ImageId="ami-00000001", MinCount=1, MaxCount=1)
    assert f"by the change {later}" in refused_for(wall, revision)


def test_a_whole_vpc_comes_back(wall: Wall) -> None:
    """A VPC comes back with blocks, default group, rules and tags, and the peering that ended with it."""
    one, other = create_vpc(wall), create_vpc(wall, "10.1.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    peer_vpcs(wall, one, other)
    wall.call("CreateTags", Resources=[other], Tags=[{"Key": "a", "Value": "b"}])
    before = held(wall)
    undo(wall, revision_of(wall, "DeleteVpc", VpcId=other))
    assert held(wall) == before


def test_several_calls_are_undone_as_one(wall: Wall) -> None:
    """A change of several calls is undone as a whole, what it made and changed itself included."""
    before = held(wall)
    create_group(wall)  # the world begins
    undo(wall, wall.app.revision())
    assert held(wall)[1] == before[1]
    before = held(wall)
    group = create_group(wall)
    calls = [
        asked("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE)]),
        asked("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE)]),
        asked("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE), tcp(80, group)]),
        asked("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "1"}]),
        asked("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "2"}]),
    ]
    made = wall.app.revision()
    revision = wall.call("ApplyChanges", Calls=calls)["Revision"]
    undo(wall, revision)
    undo(wall, made)
    assert held(wall) == before


def test_rules_that_changed_places_change_back(wall: Wall) -> None:
    """Rules that took each other's place are changed back at once."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE), tcp(80, EVERYWHERE)])
    rules = rules_of(wall, group)
    changes = [
        {
            "SecurityGroupRuleId": one["SecurityGroupRuleId"],
            "SecurityGroupRule": {
                "IpProtocol": "tcp", "FromPort": two["FromPort"], "ToPort": two["ToPort"], "CidrIpv4": EVERYWHERE,
            },
        }
        for one, two in zip(rules, reversed(rules), strict=True)
    ]  # fmt: skip
    revision = revision_of(wall, "ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=changes)
    undo(wall, revision)
    assert rules_of(wall, group) == rules


def test_statements_do_not_grow(wall: Wall, tmp_path: Path) -> None:
    """An undo takes as many statements to read for many entities as for few, but for those that write."""
    wall.call("CreateVpc", CidrBlock="10.0.0.0/16")
    few, many = (
        revision_of(wall, "CreateTags", Resources=[create_group(wall, f"g{count}")], Tags=_tags(count))
        for count in (2, 40)
    )
    with counted(wall, tmp_path) as connection:
        cost(wall, connection, "DescribeVpcs", {})  # the world's number and the next deadline are looked up once
        small = cost(wall, connection, "UndoChange", {"Revision": few}).statements
        cost(wall, connection, "DescribeVpcs", {})  # that may have moved the deadline
        large = cost(wall, connection, "UndoChange", {"Revision": many}).statements
    assert large - small == 2 * (40 - 2)  # a row and its delta each


def _tags(count: int) -> list[Json]:
    return [{"Key": f"k{number}", "Value": "v"} for number in range(count)]


def test_nothing_to_do_is_no_change(wall: Wall) -> None:
    """A change that is undone already is left, each entity with what it is, and no change is made."""
    group = create_group(wall)
    revision = revision_of(wall, "CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    undo(wall, revision)
    before = wall.app.revision()
    told = wall.call("UndoChange", Revision=revision)
    assert "Revision" not in told
    assert [one["Action"] for one in told["Entities"]] == ["unchanged"]
    assert wall.app.revision() == before
