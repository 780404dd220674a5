"""Instances as records: their states, and how long they are remembered [model, reference 17]."""

from __future__ import annotations

from typing import Any

import pytest

from tests import scenes
from tests.driver import Wall
from tests.scenes import Json, refusal

AMI = "ami-12345678"
HOUR = 3600


def run(wall: Wall, count: int = 1, **params: Any) -> list[Json]:  # noqa: ANN401 - as boto3 gives them
    """Launch instances; return them as the reply shows them."""
    launched: list[Json] = wall.call("RunInstances", **{"ImageId": AMI, "MinCount": count, "MaxCount": count} | params)[
        "Instances"
    ]
    return launched


def run_one(wall: Wall, **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
    """Launch one instance; return its id."""
    instance_id: str = run(wall, **params)[0]["InstanceId"]
    return instance_id


def described(wall: Wall, instance_id: str) -> Json:
    """Return an instance as DescribeInstances shows it."""
    [reservation] = wall.call("DescribeInstances", InstanceIds=[instance_id])["Reservations"]
    [instance] = reservation["Instances"]
    found: Json = instance
    return found


def interfaces(wall: Wall) -> list[Json]:
    """Return all interfaces."""
    found: list[Json] = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]
    return found


def _moves(reply: Json) -> list[tuple[str, str]]:
    [changes] = [value for name, value in reply.items() if name.endswith("Instances")]
    return [(one["PreviousState"]["Name"], one["CurrentState"]["Name"]) for one in changes]


MOVES: dict[str, list[tuple[str, tuple[str, str], str]]] = {
    "stop and start": [
        ("StopInstances", ("running", "stopping"), "stopped"),
        ("StopInstances", ("stopped", "stopped"), "stopped"),
        ("StartInstances", ("stopped", "pending"), "running"),
        ("StartInstances", ("running", "running"), "running"),
    ],
    "terminate": [
        ("TerminateInstances", ("running", "shutting-down"), "terminated"),
        ("TerminateInstances", ("terminated", "terminated"), "terminated"),
    ],
    "terminate what is stopped": [
        ("StopInstances", ("running", "stopping"), "stopped"),
        ("TerminateInstances", ("stopped", "shutting-down"), "terminated"),
    ],
}


@pytest.mark.parametrize("what", MOVES)
def test_states(wall: Wall, what: str) -> None:
    """A reply tells the state on the way, a description the one arrived at; a call repeated changes nothing [docs]."""
    instance = run_one(wall)
    assert described(wall, instance)["State"] == {"Code": 16, "Name": "running"}
    for name, move, state in MOVES[what]:
        before = wall.app.revision()
        assert _moves(wall.call(name, InstanceIds=[instance, instance])) == [move]
        assert described(wall, instance)["State"]["Name"] == state
        assert wall.app.revision() - before == (move[0] != move[1])


def test_a_new_instance_is_pending(wall: Wall) -> None:
    """The answer says ``pending``, the next description ``running``, and nothing else differs [docs]."""
    [launched] = run(wall)
    found = described(wall, launched["InstanceId"])
    assert launched["State"] == {"Code": 0, "Name": "pending"}
    assert launched | {"State": {"Code": 16, "Name": "running"}} == found


def test_the_reason_of_a_state(wall: Wall) -> None:
    """What does not run says since when, and that the user asked for it [docs: StateReason]."""
    instance = run_one(wall)
    assert described(wall, instance)["StateTransitionReason"] == ""
    assert "StateReason" not in described(wall, instance)
    wall.clock.advance(5)
    wall.call("StopInstances", InstanceIds=[instance])
    found = described(wall, instance)
    assert found["StateTransitionReason"] == "User initiated (2026-09-21 14:13:25 GMT)"
    assert found["StateReason"]["Code"] == "Client.UserInitiatedShutdown"


def test_the_time_of_launch_is_that_of_the_last_start(wall: Wall) -> None:
    """LaunchTime moves with each start, not with a stop [docs]."""
    instance = run_one(wall)
    first = described(wall, instance)["LaunchTime"]
    wall.clock.advance(60)
    wall.call("StopInstances", InstanceIds=[instance])
    assert described(wall, instance)["LaunchTime"] == first
    wall.call("StartInstances", InstanceIds=[instance])
    assert (described(wall, instance)["LaunchTime"] - first).seconds == 60


def test_a_terminated_instance_holds_nothing(wall: Wall) -> None:
    """Interfaces made with it go, the others are detached; groups are free, tags stay while it is described [docs]."""
    web, subnet = scenes.create_group(wall), wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    kept = wall.call("CreateNetworkInterface", SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    devices = [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [web]}, {"DeviceIndex": 1, "NetworkInterfaceId": kept}]
    instance = run_one(wall, NetworkInterfaces=devices)
    wall.call("CreateTags", Resources=[instance], Tags=[{"Key": "Name", "Value": "x"}])
    assert refusal(wall, "DeleteSecurityGroup", GroupId=web).startswith("DependencyViolation: ")
    assert len(interfaces(wall)) == 2
    wall.call("TerminateInstances", InstanceIds=[instance])
    [left] = interfaces(wall)
    assert (left["NetworkInterfaceId"], left["Status"], "Attachment" in left) == (kept, "available", False)
    wall.call("DeleteSecurityGroup", GroupId=web)
    found = described(wall, instance)
    assert found["Tags"] == [{"Key": "Name", "Value": "x"}]
    assert (found["NetworkInterfaces"], found["SecurityGroups"]) == ([], [])
    assert not {"SubnetId", "VpcId", "PrivateIpAddress", "SourceDestCheck"} & found.keys()


def test_an_interface_may_outlive_its_instance(wall: Wall) -> None:
    """A new interface with DeleteOnTermination false is detached when its instance ends [model]."""
    instance = run_one(wall, NetworkInterfaces=[{"DeviceIndex": 0, "DeleteOnTermination": False}])
    wall.call("TerminateInstances", InstanceIds=[instance])
    assert [one["Status"] for one in interfaces(wall)] == ["available"]


def test_a_terminated_instance_is_forgotten(wall: Wall) -> None:
    """It is described for an hour, and removed by the next call that launches or ends one [docs; inferred]."""
    instance = run_one(wall)
    wall.call("CreateTags", Resources=[instance], Tags=[{"Key": "Name", "Value": "x"}])
    wall.call("TerminateInstances", InstanceIds=[instance])
    wall.clock.advance(HOUR - 1)
    assert described(wall, instance)["State"]["Name"] == "terminated"
    assert len(wall.call("DescribeInstances")["Reservations"]) == 1
    assert len(wall.call("DescribeTags")["Tags"]) == 1
    wall.call("CreateTags", Resources=[instance], Tags=[{"Key": "Name", "Value": "z"}])
    wall.clock.advance(1)
    gone = f"InvalidInstanceID.NotFound: The instance ID '{instance}' does not exist"
    for name in ("DescribeInstances", "StartInstances", "TerminateInstances"):
        assert refusal(wall, name, InstanceIds=[instance]) == gone
    assert wall.call("DescribeInstances") == {"Reservations": []}
    assert wall.call("DescribeInstanceStatus", IncludeAllInstances=True) == {"InstanceStatuses": []}
    assert wall.call("DescribeTags")["Tags"] == []
    for name in ("CreateTags", "DeleteTags"):
        told = refusal(wall, name, Resources=[instance], Tags=[{"Key": "Name", "Value": "y"}])
        assert told == f"InvalidID: The ID '{instance}' is not valid"
    other = run_one(wall)
    assert wall.call("DescribeTags")["Tags"] == []
    assert wall.call("TerminateInstances", InstanceIds=[other])


PROTECTED = [
    ("DisableApiTermination", "TerminateInstances", "terminated", "disableApiTermination"),
    ("DisableApiStop", "StopInstances", "stopped", "disableApiStop"),
]


@pytest.mark.parametrize(("member", "name", "done", "attribute"), PROTECTED)
def test_protection(wall: Wall, member: str, name: str, done: str, attribute: str) -> None:
    """A protected instance keeps all that are named from being changed, until it is protected no more [issue]."""
    [free, guarded] = run_one(wall), run_one(wall, **{member: True})
    assert refusal(wall, name, InstanceIds=[free, guarded]) == (
        f"OperationNotPermitted: The instance '{guarded}' may not be {done}. "
        f"Modify its '{attribute}' instance attribute and try again."
    )
    assert {described(wall, one)["State"]["Name"] for one in (free, guarded)} == {"running"}
    wall.call("ModifyInstanceAttribute", InstanceId=guarded, **{member: {"Value": False}})
    assert [_moves(wall.call(name, InstanceIds=[free, guarded]))[0][0]] == ["running"]


@pytest.mark.parametrize("name", ["StartInstances", "StopInstances", "TerminateInstances"])
@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("x", 'InvalidInstanceID.Malformed: Invalid id: "x" (expecting "i-...")'),
        ("sg-12345678", 'InvalidInstanceID.Malformed: Invalid id: "sg-12345678" (expecting "i-...")'),
        ("i-00000000", "InvalidInstanceID.NotFound: The instance ID 'i-00000000' does not exist"),
    ],
)
def test_all_or_none(wall: Wall, name: str, bad: str, told: str) -> None:
    """An id that is malformed or unknown refuses the call for all instances named [issue: code; text inferred]."""
    instance = run_one(wall)
    before = wall.app.revision()
    assert refusal(wall, name, InstanceIds=[instance, bad]) == told
    assert wall.app.revision() == before


@pytest.mark.parametrize(("name", "verb"), [("StartInstances", "started"), ("StopInstances", "stopped")])
def test_no_way_back(wall: Wall, name: str, verb: str) -> None:
    """A terminated instance neither starts nor stops [issue: the text of a start]."""
    instance = run_one(wall)
    wall.call("TerminateInstances", InstanceIds=[instance])
    assert refusal(wall, name, InstanceIds=[instance]) == (
        f"IncorrectInstanceState: The instance '{instance}' is not in a state from which it can be {verb}."
    )


def test_instances_belong_to_one_world(wall: Wall) -> None:
    """Another account, and another region, do not see an instance (inferred)."""
    instance = run_one(wall)
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        assert refusal(other, "TerminateInstances", InstanceIds=[instance]).startswith("InvalidInstanceID.NotFound: ")
        assert other.call("DescribeInstances") == {"Reservations": []}


def test_hibernation_is_not_ours(wall: Wall) -> None:
    """What does not run cannot sleep; the call is refused [DESIGN 1: nothing pretends]."""
    told = "UnsupportedOperation: The operation StopInstances with Hibernate is not supported."
    assert refusal(wall, "StopInstances", InstanceIds=[run_one(wall)], Hibernate=True) == told


def test_the_number_of_ids_is_bounded(wall: Wall) -> None:
    """One call names a thousand instances at most (inferred)."""
    told = refusal(wall, "DescribeInstances", InstanceIds=["i-00000000"] * 1001)
    assert told == "InvalidParameterValue: The request names more than 1000 instances."
