"""The attributes of interfaces, one in each call [reference 17]."""

from __future__ import annotations

import pytest

from tests.driver import Wall
from tests.interfaces import create_interface, create_subnet, interface_of, launch
from tests.scenes import Json, create_group, default_group, default_vpc, refusal

NO_ATTRIBUTE = "InvalidParameterCombination: No attributes specified."


def _modify(wall: Wall, interface: str, **params: object) -> Json:
    reply: Json = wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, **params)
    return reply


def _attribute(wall: Wall, interface: str, name: str) -> Json:
    reply = wall.call("DescribeNetworkInterfaceAttribute", NetworkInterfaceId=interface, Attribute=name)
    assert reply.pop("NetworkInterfaceId") == interface
    return reply


@pytest.mark.parametrize(
    ("params", "member", "expected"),
    [
        ({"Description": {"Value": "new"}}, "Description", "new"),
        ({"Description": {"Value": ""}}, "Description", ""),
        ({"SourceDestCheck": {"Value": False}}, "SourceDestCheck", False),
        (
            {"ConnectionTrackingSpecification": {"UdpTimeout": 45}},
            "ConnectionTrackingConfiguration",
            {"TcpEstablishedTimeout": 350, "UdpTimeout": 45},
        ),
    ],
)
def test_a_changed_attribute(wall: Wall, params: Json, member: str, expected: object) -> None:
    """Each attribute is changed by itself; timeouts that are not given stay [model; the last inferred]."""
    asked = {"TcpEstablishedTimeout": 350}
    made = create_interface(wall, Description="old", ConnectionTrackingSpecification=asked)
    before = interface_of(wall, made)
    assert _modify(wall, made, **params) == {}
    assert interface_of(wall, made) == before | {member: expected}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, NO_ATTRIBUTE),
        (
            {"Description": {"Value": "x"}, "SourceDestCheck": {"Value": False}},
            "InvalidParameterCombination: Fields for multiple attribute types specified",
        ),
        ({"SourceDestCheck": {}}, NO_ATTRIBUTE),
        ({"Description": {"Value": "d" * 256}}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"UdpTimeout": 20}}, "InvalidParameterValue: "),
        ({"Groups": ["sg-00000000"]}, "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"),
        ({"Attachment": {"DeleteOnTermination": True}}, "MissingParameter: "),
        (
            {"Attachment": {"AttachmentId": "eni-attach-00000000", "DeleteOnTermination": True}},
            "InvalidAttachmentID.NotFound: The attachment ID 'eni-attach-00000000' does not exist",
        ),
        ({"EnablePrimaryIpv6": True}, "InvalidParameterValue: "),
        ({"AssociatePublicIpAddress": True}, "UnsupportedOperation: "),
        ({"EnaSrdSpecification": {"EnaSrdEnabled": True}}, "UnsupportedOperation: "),
        ({"AssociatedSubnetIds": ["subnet-00000000"]}, "UnsupportedOperation: "),
    ],
)
@pytest.mark.reference("17 interfaces and instances")
def test_what_cannot_be_changed(wall: Wall, params: Json, told: str) -> None:
    """A refused change leaves the interface as it was; two attributes in a call are refused [17, live-test: code]."""
    made = create_interface(wall)
    before = interface_of(wall, made)
    call = {"NetworkInterfaceId": made} | params
    assert refusal(wall, "ModifyNetworkInterfaceAttribute", **call).startswith(told)
    assert interface_of(wall, made) == before


def test_the_primary_ipv6_address_stays(wall: Wall) -> None:
    """The first IPv6 address becomes the primary one, for good [model: EnablePrimaryIpv6]."""
    made = create_interface(wall, SubnetId=create_subnet(wall, ipv6=True)["SubnetId"], Ipv6AddressCount=2)
    _modify(wall, made, EnablePrimaryIpv6=False)
    for _ in range(2):
        _modify(wall, made, EnablePrimaryIpv6=True)
        assert [one["IsPrimaryIpv6"] for one in interface_of(wall, made)["Ipv6Addresses"]] == [True, False]
    call = {"NetworkInterfaceId": made, "EnablePrimaryIpv6": False}
    assert refusal(wall, "ModifyNetworkInterfaceAttribute", **call).startswith("InvalidParameterValue: ")


def test_attributes_one_by_one(wall: Wall) -> None:
    """DescribeNetworkInterfaceAttribute tells the attribute that is asked for and no other [model]."""
    group = create_group(wall)
    made = create_interface(wall, Description="mine", Groups=[group])
    assert _attribute(wall, made, "description") == {"Description": {"Value": "mine"}}
    assert _attribute(wall, made, "groupSet") == {"Groups": [{"GroupId": group, "GroupName": "web"}]}
    assert _attribute(wall, made, "sourceDestCheck") == {"SourceDestCheck": {"Value": True}}
    assert _attribute(wall, made, "associatePublicIpAddress") == {"AssociatePublicIpAddress": False}
    assert _attribute(wall, made, "attachment") == {}
    device = {"NetworkInterfaceId": made, "InstanceId": launch(wall), "DeviceIndex": 1}
    attachment = wall.call("AttachNetworkInterface", **device)["AttachmentId"]
    assert _attribute(wall, made, "attachment")["Attachment"]["AttachmentId"] == attachment


@pytest.mark.parametrize(("name", "told"), [(None, NO_ATTRIBUTE), ("mac", "InvalidParameterValue: Value (mac) ")])
def test_attributes_that_there_are_not(wall: Wall, name: str | None, told: str) -> None:
    """Without an attribute, or with an unknown one, the call is refused [live-test: first code; others inferred]."""
    call = {"NetworkInterfaceId": create_interface(wall), "Attribute": name}
    assert refusal(wall, "DescribeNetworkInterfaceAttribute", **call).startswith(told)


def test_reset(wall: Wall) -> None:
    """The source and destination check is switched on again; nothing else can be reset [model]."""
    made = create_interface(wall)
    _modify(wall, made, SourceDestCheck={"Value": False})
    wall.call("ResetNetworkInterfaceAttribute", NetworkInterfaceId=made, SourceDestCheck="true")
    assert interface_of(wall, made)["SourceDestCheck"] is True
    assert refusal(wall, "ResetNetworkInterfaceAttribute", NetworkInterfaceId=made) == NO_ATTRIBUTE


def test_groups_of_a_default(wall: Wall) -> None:
    """An interface may go back to the default group, by its id [reference 17, model]."""
    made = create_interface(wall, Groups=[create_group(wall)])
    default = default_group(wall, default_vpc(wall))
    _modify(wall, made, Groups=[default])
    assert interface_of(wall, made)["Groups"] == [{"GroupId": default, "GroupName": "default"}]
