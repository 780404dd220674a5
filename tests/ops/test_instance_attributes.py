"""The attributes of instances: one described, one modified at a time [model, reference 17]."""

from __future__ import annotations

import base64

import pytest

from tests import scenes
from tests.driver import ACTIONS, Wall
from tests.ops.test_instances import described, run_one
from tests.scenes import Json, refusal

SCRIPT = base64.b64encode(b"#!/bin/sh\necho hello\n").decode()
NOT_STOPPED = "IncorrectInstanceState: The instance '{}' is not in the 'stopped' state."


def _attribute(wall: Wall, instance: str, name: str) -> Json:
    found = wall.call("DescribeInstanceAttribute", InstanceId=instance, Attribute=name)
    assert found.pop("InstanceId") == instance
    return found


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("instanceType", {"InstanceType": {"Value": "m1.small"}}),
        ("userData", {"UserData": {}}),
        ("disableApiTermination", {"DisableApiTermination": {"Value": False}}),
        ("disableApiStop", {"DisableApiStop": {"Value": False}}),
        ("instanceInitiatedShutdownBehavior", {"InstanceInitiatedShutdownBehavior": {"Value": "stop"}}),
        ("ebsOptimized", {"EbsOptimized": {"Value": False}}),
        ("sourceDestCheck", {"SourceDestCheck": {"Value": True}}),
        ("kernel", {"KernelId": {}}),
        ("ramdisk", {"RamdiskId": {}}),
        ("rootDeviceName", {"RootDeviceName": {}}),
        ("sriovNetSupport", {"SriovNetSupport": {}}),
        ("enaSupport", {"EnaSupport": {}}),
        ("enclaveOptions", {"EnclaveOptions": {"Enabled": False}}),
        ("blockDeviceMapping", {"BlockDeviceMappings": []}),
        ("productCodes", {"ProductCodes": []}),
    ],
)
def test_what_an_instance_begins_with(wall: Wall, name: str, told: Json) -> None:
    """Each attribute of the model is told, empty where nothing was ever set [model]."""
    assert _attribute(wall, run_one(wall), name) == told


def test_every_attribute_is_told(wall: Wall) -> None:
    """No attribute that the model names is unknown [model]."""
    instance = run_one(wall)
    for member in ACTIONS["DescribeInstanceAttribute"].output.members:  # type: ignore[union-attr] - it has an output
        name = {"Groups": "groupSet", "KernelId": "kernel", "RamdiskId": "ramdisk"}.get(member, member)
        name = name.removesuffix("s") if member == "BlockDeviceMappings" else name
        if member != "InstanceId":
            assert member in _attribute(wall, instance, name[0].lower() + name[1:])


@pytest.mark.reference("17 interfaces and instances")
def test_groups_are_replaced(wall: Wall) -> None:
    """Groups replaces the whole set of the instance's interface, in the order given [reference 17, model]."""
    instance = run_one(wall)
    web, app = scenes.create_group(wall), scenes.create_group(wall, "app")
    for groups in ([web, app], [app, web], [app]):
        wall.call("ModifyInstanceAttribute", InstanceId=instance, Groups=groups)
        assert [one["GroupId"] for one in described(wall, instance)["SecurityGroups"]] == groups
        assert [one["GroupId"] for one in _attribute(wall, instance, "groupSet")["Groups"]] == groups
    wall.call("DeleteSecurityGroup", GroupId=web)
    assert refusal(wall, "DeleteSecurityGroup", GroupId=app).startswith("DependencyViolation: ")


@pytest.mark.parametrize(
    ("member", "value", "attribute"),
    [
        ("SourceDestCheck", False, "sourceDestCheck"),
        ("DisableApiTermination", True, "disableApiTermination"),
        ("DisableApiStop", True, "disableApiStop"),
        ("InstanceInitiatedShutdownBehavior", "terminate", "instanceInitiatedShutdownBehavior"),
        ("InstanceType", "t3.large", "instanceType"),
        ("EbsOptimized", True, "ebsOptimized"),
        ("UserData", SCRIPT, "userData"),
    ],
)
@pytest.mark.parametrize("by_name", [False, True])
def test_what_may_change(wall: Wall, member: str, value: str | bool, attribute: str, *, by_name: bool) -> None:  # noqa: FBT001 - a table's column
    """An attribute is set by its member, or by Attribute and Value; a second time it is no change [model]."""
    instance = run_one(wall)
    wall.call("StopInstances", InstanceIds=[instance])
    named = {"Attribute": attribute, "Value": str(value).lower() if isinstance(value, bool) else value}
    asked = named if by_name else {member: {"Value": value}}
    wall.call("ModifyInstanceAttribute", InstanceId=instance, **asked)
    assert _attribute(wall, instance, attribute) == {member: {"Value": value}}
    before = wall.app.revision()
    wall.call("ModifyInstanceAttribute", InstanceId=instance, **asked)
    assert wall.app.revision() == before


@pytest.mark.parametrize("asked", [{"InstanceType": "t3.large"}, {"EbsOptimized": True}, {"UserData": SCRIPT}])
def test_what_may_change_only_while_stopped(wall: Wall, asked: Json) -> None:
    """Type, EBS optimisation and UserData of a running instance stay as they are [docs: code; text inferred]."""
    instance = run_one(wall)
    given = {member: {"Value": value} for member, value in asked.items()}
    assert refusal(wall, "ModifyInstanceAttribute", InstanceId=instance, **given) == NOT_STOPPED.format(instance)


def test_a_type_is_short(wall: Wall) -> None:
    """The name of a type has no more than 255 characters (inferred)."""
    instance = run_one(wall)
    wall.call("StopInstances", InstanceIds=[instance])
    told = refusal(wall, "ModifyInstanceAttribute", InstanceId=instance, InstanceType={"Value": "x" * 256})
    assert told.startswith("InvalidParameterValue: ")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "MissingParameter: "),
        (
            {"Groups": ["$web"], "SourceDestCheck": {"Value": True}},
            "InvalidParameterCombination: Fields for multiple attribute types specified",
        ),
        ({"Groups": ["x"]}, 'InvalidGroupId.Malformed: Invalid id: "x" (expecting "sg-...")'),
        ({"Groups": ["sg-00000000"]}, "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"),
        (
            {"Groups": ["$far"]},
            "InvalidGroup.NotFound: You have specified two resources that belong to different networks.",
        ),
        (
            {"Groups": ["$web", *(f"sg-0000000{number}" for number in range(5))]},
            "SecurityGroupsPerInterfaceLimitExceeded: ",
        ),
        (
            {"InstanceInitiatedShutdownBehavior": {"Value": "sleep"}},
            "InvalidParameterValue: Value (sleep) for parameter instanceInitiatedShutdownBehavior is invalid.",
        ),
        ({"Attribute": "instanceType"}, "MissingParameter: "),
        (
            {"Attribute": "disableApiStop", "Value": "yes"},
            "InvalidParameterValue: Value (yes) for parameter value is invalid.",
        ),
        (
            {"Attribute": "kernel", "Value": "x"},
            "UnsupportedOperation: The operation ModifyInstanceAttribute with Attribute kernel is not supported.",
        ),
        (
            {"Attribute": "InstanceType", "Value": "x"},
            "UnsupportedOperation: The operation ModifyInstanceAttribute with Attribute InstanceType is not supported.",
        ),
        (
            {"EnaSupport": {"Value": True}},
            "UnsupportedOperation: The operation ModifyInstanceAttribute with EnaSupport is not supported.",
        ),
    ],
)
def test_what_is_refused(wall: Wall, asked: Json, told: str) -> None:
    """One attribute in one call, with values that it may have [reference 3.3, 17; model]."""
    places = {"$web": scenes.create_group(wall), "$far": scenes.create_group(wall, "far", scenes.create_vpc(wall))}
    instance = run_one(wall)
    if "Groups" in asked:
        asked = asked | {"Groups": [places.get(group, group) for group in asked["Groups"]]}
    before = wall.app.revision()
    assert refusal(wall, "ModifyInstanceAttribute", InstanceId=instance, **asked).startswith(told)
    assert wall.app.revision() == before


@pytest.mark.parametrize("asked", [{"Groups": ["sg-00000000"]}, {"SourceDestCheck": {"Value": False}}])
def test_several_interfaces_are_ambiguous(wall: Wall, asked: Json) -> None:
    """Which of two interfaces is meant must be said by ModifyNetworkInterfaceAttribute [issue]."""
    instance = run_one(wall, NetworkInterfaces=[{"DeviceIndex": 0}, {"DeviceIndex": 1}])
    assert refusal(wall, "ModifyInstanceAttribute", InstanceId=instance, **asked) == (
        f"InvalidInstanceID: There are multiple interfaces attached to instance '{instance}'. "
        "Please specify an interface ID for the operation instead."
    )


def test_a_terminated_instance_stays_as_it_is(wall: Wall) -> None:
    """Nothing of it is modified, and what belonged to its interface is told empty (inferred)."""
    instance = run_one(wall)
    wall.call("TerminateInstances", InstanceIds=[instance])
    told = refusal(wall, "ModifyInstanceAttribute", InstanceId=instance, DisableApiStop={"Value": True})
    assert told == f"IncorrectInstanceState: The instance '{instance}' is in the 'terminated' state."
    assert _attribute(wall, instance, "groupSet") == {"Groups": []}
    assert _attribute(wall, instance, "sourceDestCheck") == {"SourceDestCheck": {}}


@pytest.mark.parametrize("name", ["DescribeInstanceAttribute", "ModifyInstanceAttribute"])
@pytest.mark.parametrize(
    ("instance", "told"),
    [("x", "InvalidInstanceID.Malformed: "), ("i-00000000", "InvalidInstanceID.NotFound: "), ("", "InvalidInstanceID")],
)
def test_whose_attribute(wall: Wall, name: str, instance: str, told: str) -> None:
    """The instance must be there [issue: code]."""
    asked = {"Attribute": "instanceType"} | ({"Value": "x"} if name.startswith("Modify") else {})
    assert refusal(wall, name, InstanceId=instance, **asked).startswith(told)


@pytest.mark.parametrize("name", ["x", "", "InstanceType", "GroupSet"])
def test_an_unknown_attribute(wall: Wall, name: str) -> None:
    """An attribute is named as the model names it (inferred: text)."""
    told = refusal(wall, "DescribeInstanceAttribute", InstanceId=run_one(wall), Attribute=name)
    assert told == f"InvalidParameterValue: Value ({name}) for parameter attribute is invalid. Unknown attribute."


@pytest.mark.parametrize("text", [SCRIPT, base64.b64encode(b"x" * 16_384).decode(), ""])
def test_a_script_is_kept_and_never_run(wall: Wall, text: str) -> None:
    """UserData comes back as it was given, up to 16 KB of it [docs]."""
    assert _attribute(wall, run_one(wall, UserData=text), "userData") == {"UserData": {"Value": text} if text else {}}


def test_white_space_in_a_script_is_dropped(wall: Wall) -> None:
    """Base64 in lines is one text (inferred)."""
    instance = run_one(wall, UserData=f"{SCRIPT[:8]}\n{SCRIPT[8:]}\n")
    assert _attribute(wall, instance, "userData") == {"UserData": {"Value": SCRIPT}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("#!/bin/sh", "Invalid BASE64 encoding of user data"),
        ("AAA", "Invalid BASE64 encoding of user data"),
        ("\u00e9", "Invalid BASE64 encoding of user data"),
        (base64.b64encode(b"x" * 16_385).decode(), "User data is limited to 16384 bytes."),
    ],
)
def test_a_bad_script_is_refused(wall: Wall, text: str, told: str) -> None:
    """UserData is base64 of at most 16 KB [issue]."""
    asked = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1}
    assert refusal(wall, "RunInstances", UserData=text, **asked) == f"InvalidParameterValue: {told}"


def test_a_script_is_not_told_by_the_history(wall: Wall) -> None:
    """Neither request nor delta holds the UserData, which may hold passwords; another one is still seen (inferred)."""
    text = base64.b64encode(b"#!/bin/sh\npassword=hunter2\n").decode()
    instance = run_one(wall, UserData=text)
    wall.call("StopInstances", InstanceIds=[instance])
    other = base64.b64encode(b"#!/bin/sh\npassword=hunter3\n").decode()
    wall.call("ModifyInstanceAttribute", InstanceId=instance, UserData={"Value": other})
    wall.call("ModifyInstanceAttribute", InstanceId=instance, Attribute="userData", Value=text)
    changes = wall.call("DescribeChanges")["Changes"]
    assert text not in str(changes)
    assert other not in str(changes)
    assert [change["Operation"] for change in changes][-2:] == ["ModifyInstanceAttribute"] * 2
    assert "<sensitiveDataRemoved>" in changes[-1]["Request"]
