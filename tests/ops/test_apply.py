"""ApplyChanges: several calls as one change, all or nothing [inferred]."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from groupwall.ops.changes.apply import LONGEST_REASON, MOST_CALLS
from tests.driver import Wall
from tests.law import breaches
from tests.scenes import EVERYWHERE, Json, create_group, held, refusal, rules_of, tcp

SECRET = "cGFzc3dvcmQ="  # noqa: S105 - looked for where it must not be


def asked(operation: str, **params: object) -> Json:
    """Return a call within a call."""
    return {"Operation": operation, "Parameters": json.dumps(params)}


def _open(group: str, port: int) -> Json:
    return asked("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, EVERYWHERE)])


def _shut(group: str, port: int) -> Json:
    return asked("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, EVERYWHERE)])


def _ports(wall: Wall, group: str) -> list[int]:
    return [held(rule).first for rule in rules_of(wall, group)]


def _last(wall: Wall) -> Json:
    change: Json = wall.call("DescribeChanges")["Changes"][-1]
    return change


def test_calls_are_one_change(wall: Wall, tmp_path: Path) -> None:
    """All calls are one change, each sees what those before it did, and the results are theirs (inferred)."""
    group = create_group(wall)
    before = wall.app.revision()
    made = wall.call("ApplyChanges", Calls=[_open(group, 22), _open(group, 80), _shut(group, 22)])
    assert _ports(wall, group) == [80]
    assert (made["Revision"], wall.app.revision()) == (before + 1, before + 1)
    assert [one["Operation"] for one in made["Results"]] == [
        "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress",
    ]  # fmt: skip
    results = [json.loads(one["Result"]) for one in made["Results"]]
    assert results[1]["SecurityGroupRules"][0]["SecurityGroupRuleId"] == rules_of(wall, group)[0]["SecurityGroupRuleId"]
    assert results[2]["RevokedSecurityGroupRules"][0]["FromPort"] == 22
    assert (_last(wall)["Operation"], _last(wall)["Revision"]) == ("ApplyChanges", before + 1)
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def test_the_first_change_of_a_world_knows_its_revision(wall: Wall) -> None:
    """A world begins with a change of its own, and the calls are the next one (inferred)."""
    made = wall.call("ApplyChanges", Calls=[asked("CreateVpc", CidrBlock="10.0.0.0/16")])
    assert made["Revision"] == wall.app.revision() == 2


def test_times_in_results_are_text(wall: Wall) -> None:
    """A result is JSON with boto3's names; a time in it is as on the wire (inferred)."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    call = asked("RunInstances", ImageId="ami-00000001", MinCount=1, MaxCount=1, SubnetId=subnet)
    [result] = wall.call("ApplyChanges", Calls=[call])["Results"]
    assert json.loads(result["Result"])["Instances"][0]["LaunchTime"] == "2026-09-21T14:13:20.000Z"


def test_one_refused_call_refuses_all(wall: Wall) -> None:
    """The first error refuses all calls: its code stays, its message tells which call it was (inferred)."""
    group = create_group(wall)
    before = wall.app.revision()
    calls = [_open(group, 22), _open(group, 22), _open("sg-00000000", 80)]
    told = refusal(wall, "ApplyChanges", Calls=calls)
    start = "InvalidPermission.Duplicate: Call 2 of 3 (AuthorizeSecurityGroupIngress): the specified rule"
    assert told.startswith(start)
    assert (wall.app.revision(), _ports(wall, group)) == (before, [])


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (asked("DescribeVpcs"), "InvalidParameterValue: Call 1 of 1 (DescribeVpcs): Value (DescribeVpcs) for"),
        (asked("ApplyChanges"), "InvalidParameterValue: Call 1 of 1 (ApplyChanges): Value (ApplyChanges) for"),
        (asked("UndoChange"), "InvalidParameterValue: Call 1 of 1 (UndoChange): Value"),
        (asked("Nothing"), "InvalidParameterValue: Call 1 of 1 (Nothing): Value"),
        (asked("DeleteVpc"), "MissingParameter: Call 1 of 1 (DeleteVpc): The request must contain the parameter VpcId"),
        (
            asked("DeleteVpc", VpcId="vpc-1", DryRun=True),
            "InvalidParameterCombination: Call 1 of 1 (DeleteVpc): DryRun",
        ),
        (asked("DeleteSecurityGroup"), "MissingParameter: Call 1 of 1 (DeleteSecurityGroup): The request must contain"),
        (
            {"Operation": "DeleteVpc", "Parameters": "["},
            "InvalidParameterValue: Call 1 of 1 (DeleteVpc): The parameters",
        ),
    ],
)
def test_only_ec2s_writes_are_taken(wall: Wall, call: Json, told: str) -> None:
    """A call within must change something by an operation of EC2, and is checked as if it came alone (inferred)."""
    assert refusal(wall, "ApplyChanges", Calls=[call]).startswith(told)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"Force": True}, "MissingParameter: The request must contain the parameter Reason"),
        ({"Force": True, "Reason": " "}, "MissingParameter: The request must contain the parameter Reason"),
        ({"Reason": "x" * (LONGEST_REASON + 1)}, "InvalidParameterValue: Value (xxx"),
        ({"ExistingFlows": "drop"}, "InvalidParameterValue: Value (drop) for parameter existingFlows is invalid."),
        ({"ConfirmWithin": 0}, "InvalidParameterValue: Value (0) for parameter confirmWithin is invalid."),
        ({"ConfirmWithin": 86_401}, "InvalidParameterValue: Value (86401) for parameter confirmWithin is invalid."),
        ({"ClientToken": "x" * 256}, "InvalidParameterValue: Value (xxx"),
    ],
)
def test_odd_parameters_are_refused(wall: Wall, params: Json, told: str) -> None:
    """What can't be meant is refused before any call is made (inferred)."""
    group = create_group(wall)
    assert refusal(wall, "ApplyChanges", Calls=[_open(group, 22)], **params).startswith(told)
    assert _ports(wall, group) == []


def test_the_calls_are_bounded(wall: Wall) -> None:
    """A change holds at most 100 calls, and at least one (inferred)."""
    group = create_group(wall)
    told = refusal(wall, "ApplyChanges", Calls=[_open(group, port) for port in range(MOST_CALLS + 1)])
    assert told == "InvalidParameterValue: A request may hold at most 100 calls."
    assert refusal(wall, "ApplyChanges", Calls=[]).startswith("MissingParameter: ")


def test_the_history_tells_the_whole_request(wall: Wall) -> None:
    """Calls, Force, Reason and ExistingFlows stand in the change's request (inferred)."""
    group = create_group(wall)
    given = {"Force": True, "Reason": "an outage", "ExistingFlows": "cut"}
    wall.call("ApplyChanges", Calls=[_open(group, 22)], **given)
    request = json.loads(_last(wall)["Request"])
    [call] = request.pop("Calls")
    assert request == given
    assert call["Operation"] == "AuthorizeSecurityGroupIngress"
    assert json.loads(call["Parameters"])["GroupId"] == group


def test_the_history_tells_no_secret(wall: Wall) -> None:
    """A UserData within a call stays out of the history, as one of a call by itself does (inferred)."""
    launch = asked("RunInstances", ImageId="ami-00000001", MinCount=1, MaxCount=1, UserData=SECRET)
    wall.call("ApplyChanges", Calls=[launch])
    assert SECRET not in str(wall.call("DescribeChanges"))
    assert "<sensitiveDataRemoved>" in _last(wall)["Request"]


def test_calls_that_alter_nothing_are_no_change(wall: Wall) -> None:
    """Calls that leave everything as it was are accepted; there is no change to name, or to confirm (inferred)."""
    group = create_group(wall)
    before = wall.app.revision()
    call = asked("DeleteTags", Resources=[group])
    made = wall.call("ApplyChanges", Calls=[call], ConfirmWithin=60, ClientToken="once")
    assert "Revision" not in made
    assert wall.app.revision() == before
    assert wall.call("DescribeConfirmations")["Confirmations"] == []


def test_a_repeated_token_applies_once(wall: Wall) -> None:
    """A request that is repeated with its token answers the same revision, and changes nothing (inferred)."""
    group = create_group(wall)
    params: Json = {"Calls": [_open(group, 22)], "ClientToken": "once", "ConfirmWithin": 60}
    first = wall.call("ApplyChanges", **params)
    again = wall.call("ApplyChanges", **params)
    assert again == {name: first[name] for name in ("Revision", "ConfirmBy")}
    assert wall.app.revision() == first["Revision"]
    told = refusal(wall, "ApplyChanges", **params | {"ConfirmWithin": 61})
    assert told.startswith("IdempotentParameterMismatch: ")
