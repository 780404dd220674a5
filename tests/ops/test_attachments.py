"""Interfaces as devices of instances [docs: AttachNetworkInterface, DetachNetworkInterface]."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.driver import NOW, Wall
from tests.interfaces import create_interface, interface_of, launch
from tests.scenes import Json, refusal


def _attach(wall: Wall, interface: str, instance: str, device: int = 1) -> str:
    call = {"NetworkInterfaceId": interface, "InstanceId": instance, "DeviceIndex": device}
    attachment_id: str = wall.call("AttachNetworkInterface", **call)["AttachmentId"]
    return attachment_id


def _primary(wall: Wall, instance: str) -> Json:
    wanted = [
        {"Name": "attachment.instance-id", "Values": [instance]},
        {"Name": "attachment.device-index", "Values": ["0"]},
    ]
    interface: Json = wall.call("DescribeNetworkInterfaces", Filters=wanted)["NetworkInterfaces"][0]
    return interface


def test_attach_and_detach(wall: Wall) -> None:
    """An attached interface is in use and tells where; a detached one is available [docs]."""
    made, instance = create_interface(wall), launch(wall)
    before = interface_of(wall, made)
    attachment = _attach(wall, made, instance)
    assert interface_of(wall, made) == before | {
        "Status": "in-use",
        "Attachment": {
            "AttachTime": datetime.fromtimestamp(NOW / 1000, UTC),
            "AttachmentId": attachment,
            "DeleteOnTermination": False,
            "DeviceIndex": 1,
            "InstanceId": instance,
            "InstanceOwnerId": wall.account,
            "NetworkCardIndex": 0,
            "Status": "attached",
        },
    }
    call = {"NetworkInterfaceId": made}
    told = refusal(wall, "DeleteNetworkInterface", **call)
    assert told == f"InvalidParameterValue: Network interface '{made}' is currently in use."
    assert wall.call("DetachNetworkInterface", AttachmentId=attachment) == {}
    assert interface_of(wall, made) == before
    assert refusal(wall, "DetachNetworkInterface", AttachmentId=attachment).startswith("InvalidAttachmentID.NotFound: ")
    wall.call("DeleteNetworkInterface", **call)


def test_a_device_is_taken_once(wall: Wall) -> None:
    """An interface has one instance, a device index one interface, and both are free again afterwards [issues]."""
    first, second = create_interface(wall), create_interface(wall)
    one, other = launch(wall), launch(wall)
    attachment = _attach(wall, first, one)
    taken = {"NetworkInterfaceId": second, "InstanceId": one, "DeviceIndex": 1}
    told = f"InvalidParameterValue: Instance '{one}' already has an interface attached at device index"
    assert refusal(wall, "AttachNetworkInterface", **taken) == f"{told} '1'."
    assert refusal(wall, "AttachNetworkInterface", **taken | {"DeviceIndex": 0}) == f"{told} '0'."
    again = {"NetworkInterfaceId": first, "InstanceId": other, "DeviceIndex": 1}
    in_use = f"InvalidNetworkInterface.InUse: Interface: [{first}] in use."
    assert refusal(wall, "AttachNetworkInterface", **again) == in_use
    wall.call("DetachNetworkInterface", AttachmentId=attachment)
    assert {_attach(wall, first, other), _attach(wall, second, one)} & {attachment} == set()


def test_the_primary_interface_stays(wall: Wall) -> None:
    """An instance's first interface cannot be detached [issue: cloud-governance#952]."""
    attachment = _primary(wall, launch(wall))["Attachment"]["AttachmentId"]
    told = "OperationNotPermitted: The network interface at device index 0 and networkCard index 0 cannot be detached."
    assert refusal(wall, "DetachNetworkInterface", AttachmentId=attachment, Force=True) == told


def test_another_zone(wall: Wall) -> None:
    """An interface and its instance lie in one zone [docs; code and text inferred]."""
    subnets = {one["AvailabilityZone"]: one["SubnetId"] for one in wall.call("DescribeSubnets")["Subnets"]}
    here, there = subnets["us-east-1a"], subnets["us-east-1b"]
    call = {"NetworkInterfaceId": create_interface(wall, SubnetId=here), "InstanceId": launch(wall, there)}
    told = "InvalidParameterValue: You may not attach a network interface to an instance if they are not in the same"
    assert refusal(wall, "AttachNetworkInterface", **call, DeviceIndex=1).startswith(told)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"InstanceId": "i-00000000"}, "InvalidInstanceID.NotFound: The instance ID 'i-00000000' does not exist"),
        ({"InstanceId": "x"}, "InvalidInstanceID.Malformed: "),
        ({"DeviceIndex": -1}, "InvalidParameterValue: "),
        ({"NetworkCardIndex": 1}, "UnsupportedOperation: "),
        ({"EnaQueueCount": 2}, "UnsupportedOperation: "),
    ],
)
def test_what_cannot_be_attached(wall: Wall, params: Json, told: str) -> None:
    """A refused attachment leaves the interface available [docs: codes]."""
    made = create_interface(wall)
    call = {"NetworkInterfaceId": made, "InstanceId": launch(wall), "DeviceIndex": 1} | params
    assert refusal(wall, "AttachNetworkInterface", **call).startswith(told)
    assert interface_of(wall, made)["Status"] == "available"


def test_a_terminated_instance(wall: Wall) -> None:
    """Nothing is attached to a terminated instance, and its further interfaces are available again [docs]."""
    made, instance = create_interface(wall), launch(wall)
    _attach(wall, made, instance)
    primary = _primary(wall, instance)["NetworkInterfaceId"]
    wall.call("TerminateInstances", InstanceIds=[instance])
    left = [one["NetworkInterfaceId"] for one in wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]]
    assert left == [made]
    assert primary != made
    assert interface_of(wall, made)["Status"] == "available"
    call = {"NetworkInterfaceId": made, "InstanceId": instance, "DeviceIndex": 1}
    assert refusal(wall, "AttachNetworkInterface", **call).startswith("IncorrectInstanceState: ")


def test_delete_with_the_instance(wall: Wall) -> None:
    """Whether an interface goes with its instance can be changed later [model: DeleteOnTermination]."""
    made, instance = create_interface(wall), launch(wall)
    attachment = {"AttachmentId": _attach(wall, made, instance), "DeleteOnTermination": True}
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=made, Attachment=attachment)
    assert interface_of(wall, made)["Attachment"]["DeleteOnTermination"] is True
    wall.call("TerminateInstances", InstanceIds=[instance])
    assert wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"] == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("eni-attach-00000000", "InvalidAttachmentID.NotFound: The attachment ID 'eni-attach-00000000' does not exist"),
        ("x", 'InvalidNetworkInterfaceAttachmentId.Malformed: Invalid id: "x" (expecting "eni-attach-...")'),
        ("eni-00000000", "InvalidNetworkInterfaceAttachmentId.Malformed: "),
    ],
)
def test_ids_of_attachments(wall: Wall, text: str, told: str) -> None:
    """Unknown and malformed ids of attachments are refused [live-test: code of the second; texts inferred]."""
    assert refusal(wall, "DetachNetworkInterface", AttachmentId=text).startswith(told)
