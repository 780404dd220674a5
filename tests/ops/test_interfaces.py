"""Network interfaces: create, delete, and the groups that they are in [reference 17]."""

from __future__ import annotations

import pytest

from groupwall.config import Quotas
from tests import scenes
from tests.driver import Wall
from tests.interfaces import create_interface, first_subnet, interface_of
from tests.scenes import Json, create_group, create_vpc, default_group, default_vpc, refusal

NETWORKS_DIFFER = "InvalidGroup.NotFound: You have specified two resources that belong to different networks."
NO_INTERFACE = "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-00000000' does not exist"


@pytest.mark.reference("17 interfaces and instances")
def test_a_new_interface(wall: Wall) -> None:
    """The reply says pending, a look afterwards available; the rest is the same [docs: CreateNetworkInterface]."""
    subnet = first_subnet(wall)
    tags = [{"ResourceType": "network-interface", "Tags": [{"Key": "team", "Value": "net"}]}]
    made = wall.call(
        "CreateNetworkInterface", SubnetId=subnet["SubnetId"], Description="first", TagSpecifications=tags
    )["NetworkInterface"]
    assert made.pop("NetworkInterfaceId").startswith("eni-0")
    assert made.pop("MacAddress").startswith("02:")
    [found] = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]
    assert found == found | made | {"Status": "available"}
    assert made == {
        "AvailabilityZone": subnet["AvailabilityZone"],
        "AvailabilityZoneId": subnet["AvailabilityZoneId"],
        "Description": "first",
        "Groups": [{"GroupId": default_group(wall, subnet["VpcId"]), "GroupName": "default"}],
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "Operator": {"Managed": False},
        "OwnerId": wall.account,
        "PrivateDnsName": "ip-172-31-0-4.ec2.internal",
        "PrivateIpAddress": "172.31.0.4",
        "PrivateIpAddresses": [
            {"Primary": True, "PrivateDnsName": "ip-172-31-0-4.ec2.internal", "PrivateIpAddress": "172.31.0.4"}
        ],
        "RequesterManaged": False,
        "SourceDestCheck": True,
        "Status": "pending",
        "SubnetId": subnet["SubnetId"],
        "TagSet": [{"Key": "team", "Value": "net"}],
        "VpcId": subnet["VpcId"],
    }


def test_names_end_as_the_region_has_it(wall: Wall) -> None:
    """Outside of us-east-1 the region is part of a private name [docs: DNS attributes of a VPC]."""
    elsewhere = wall.elsewhere(region="eu-west-1")
    made = interface_of(elsewhere, create_interface(elsewhere))
    assert made["PrivateDnsName"] == "ip-172-31-0-4.eu-west-1.compute.internal"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"SubnetId": "subnet-00000000"}, "InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000' does not exist"),
        ({"SubnetId": "x"}, "InvalidSubnetId.Malformed: "),
        ({"Groups": ["sg-00000000"]}, "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"),
        ({"Groups": ["web"]}, 'InvalidGroupId.Malformed: Invalid id: "web" (expecting "sg-...")'),
        ({"Description": "d" * 256}, "InvalidParameterValue: "),
        ({"InterfaceType": "trunk"}, "UnsupportedOperation: "),
        ({"Ipv4PrefixCount": 1}, "UnsupportedOperation: "),
        ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"TcpEstablishedTimeout": 59}}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"TcpEstablishedTimeout": 432_001}}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"UdpStreamTimeout": 59}}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"UdpStreamTimeout": 181}}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"UdpTimeout": 29}}, "InvalidParameterValue: "),
        ({"ConnectionTrackingSpecification": {"UdpTimeout": 61}}, "InvalidParameterValue: "),
    ],
)
@pytest.mark.reference("3.3 well-formed, unknown", "17 interfaces and instances")
def test_what_cannot_be_created(wall: Wall, params: Json, told: str) -> None:
    """A refused call leaves no interface [reference 3.3, 17, 20; texts of the values inferred]."""
    subnet = first_subnet(wall)["SubnetId"]
    assert refusal(wall, "CreateNetworkInterface", **{"SubnetId": subnet} | params).startswith(told)
    assert wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"] == []


def test_timeouts_are_kept(wall: Wall) -> None:
    """Idle timeouts are shown as given, at both ends of what they may be; unset ones are not shown [reference 20]."""
    for asked in (
        {"TcpEstablishedTimeout": 60, "UdpStreamTimeout": 180, "UdpTimeout": 30},
        {"TcpEstablishedTimeout": 432_000},
    ):
        interface = create_interface(wall, ConnectionTrackingSpecification=asked)
        assert interface_of(wall, interface)["ConnectionTrackingConfiguration"] == asked


def test_a_repeated_token_makes_nothing_anew(wall: Wall) -> None:
    """The same token gives the same interface; with other parameters it is refused [reference 2.4]."""
    first = create_interface(wall, ClientToken="once")
    assert create_interface(wall, ClientToken="once") == first
    subnet = first_subnet(wall)["SubnetId"]
    told = refusal(wall, "CreateNetworkInterface", SubnetId=subnet, ClientToken="once", Description="other")
    assert told.startswith("IdempotentParameterMismatch: ")
    assert len(wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]) == 1


# ---- groups


@pytest.mark.reference("17 interfaces and instances", "21 groups per interface")
def test_groups_replace_the_whole_set(wall: Wall) -> None:
    """Groups are those of the call, in its order and each once; at least one is asked for [reference 17, model]."""
    web, app = create_group(wall), create_group(wall, "app")
    interface = create_interface(wall, Groups=[web])
    for asked in ([app, web], [web, app, web], [app]):
        wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=asked)
        shown = [group["GroupId"] for group in interface_of(wall, interface)["Groups"]]
        assert shown == list(dict.fromkeys(asked))


@pytest.mark.parametrize("groups", [2, 5])
@pytest.mark.reference("17 interfaces and instances", "21 groups per interface")
def test_too_many_groups(groups: int) -> None:
    """The quota is of groups per interface, 5 unless another is set [reference 17, docs: code; 21, docs]."""
    with Wall(quotas=Quotas(groups_per_interface=groups)) as wall:
        ids = [create_group(wall, f"g{number}") for number in range(groups + 1)]
        interface = create_interface(wall, Groups=ids[:groups])
        told = (
            "SecurityGroupsPerInterfaceLimitExceeded: "
            "The maximum number of security groups per interface has been reached."
        )
        assert refusal(wall, "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=ids) == told
        subnet = first_subnet(wall)["SubnetId"]
        assert refusal(wall, "CreateNetworkInterface", SubnetId=subnet, Groups=ids) == told
        assert [group["GroupId"] for group in interface_of(wall, interface)["Groups"]] == ids[:groups]


@pytest.mark.reference("17 interfaces and instances")
def test_a_group_of_another_vpc(wall: Wall) -> None:
    """A group is of use in its own VPC, and in those that it is associated with [reference 17, recorded; docs]."""
    other = create_vpc(wall)
    foreign = create_group(wall, "foreign", other)
    interface = create_interface(wall)
    call = {"NetworkInterfaceId": interface, "Groups": [foreign]}
    assert refusal(wall, "ModifyNetworkInterfaceAttribute", **call) == NETWORKS_DIFFER
    subnet = first_subnet(wall)["SubnetId"]
    assert refusal(wall, "CreateNetworkInterface", SubnetId=subnet, Groups=[foreign]) == NETWORKS_DIFFER
    home = create_group(wall, "home")
    away = wall.call("CreateSubnet", VpcId=other, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    wall.call("AssociateSecurityGroupVpc", GroupId=home, VpcId=other)
    there = create_interface(wall, SubnetId=away, Groups=[home, foreign])
    assert [group["GroupName"] for group in interface_of(wall, there)["Groups"]] == ["home", "foreign"]


@pytest.mark.reference("8 in use by an interface or association")
def test_a_group_in_use_stays(wall: Wall) -> None:
    """A group is kept by an interface that is in it, and by no other [reference 8, recorded]."""
    web = create_group(wall)
    interface = create_interface(wall, Groups=[web])
    told = f"DependencyViolation: resource {web} has a dependent object"
    assert refusal(wall, "DeleteSecurityGroup", GroupId=web) == told
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=interface)
    assert wall.call("DeleteSecurityGroup", GroupId=web)["Return"] is True


# ---- delete, and ids


def test_delete(wall: Wall) -> None:
    """A deleted interface is gone with its tags and addresses, which are free again [docs]."""
    interface = create_interface(wall, PrivateIpAddress="172.31.0.9")
    wall.call("CreateTags", Resources=[interface], Tags=[{"Key": "a", "Value": "b"}])
    assert wall.call("DeleteNetworkInterface", NetworkInterfaceId=interface) == {}
    assert wall.call("DescribeTags")["Tags"] == []
    assert refusal(wall, "DeleteNetworkInterface", NetworkInterfaceId=interface).startswith(
        "InvalidNetworkInterfaceID.NotFound: "
    )
    create_interface(wall, PrivateIpAddress="172.31.0.9")


def test_a_subnet_with_an_interface_stays(wall: Wall) -> None:
    """A subnet is kept by its interfaces [model: DeleteSubnet]."""
    create_interface(wall)
    told = refusal(wall, "DeleteSubnet", SubnetId=first_subnet(wall)["SubnetId"])
    assert told.startswith("DependencyViolation: ")


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("DeleteNetworkInterface", {}),
        ("ModifyNetworkInterfaceAttribute", {"Description": {"Value": "x"}}),
        ("DescribeNetworkInterfaceAttribute", {"Attribute": "description"}),
        ("ResetNetworkInterfaceAttribute", {"SourceDestCheck": "true"}),
        ("AttachNetworkInterface", {"InstanceId": "i-00000000", "DeviceIndex": 1}),
        ("AssignPrivateIpAddresses", {"SecondaryPrivateIpAddressCount": 1}),
        ("UnassignPrivateIpAddresses", {"PrivateIpAddresses": ["172.31.0.9"]}),
        ("AssignIpv6Addresses", {"Ipv6AddressCount": 1}),
        ("UnassignIpv6Addresses", {"Ipv6Addresses": ["2001:db8::5"]}),
    ],
)
@pytest.mark.reference("3.3 interface unknown")
def test_ids_of_interfaces(wall: Wall, name: str, params: Json) -> None:
    """Unknown, malformed and another world's ids are refused, each in its way [reference 3.3, live-test]."""
    assert refusal(wall, name, NetworkInterfaceId="eni-00000000", **params) == NO_INTERFACE
    malformed = 'InvalidNetworkInterfaceId.Malformed: Invalid id: "x" (expecting "eni-...")'
    assert refusal(wall, name, NetworkInterfaceId="x", **params) == malformed
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        foreign = create_interface(other)
        told = f"InvalidNetworkInterfaceID.NotFound: The networkInterface ID '{foreign}' does not exist"
        assert refusal(wall, name, NetworkInterfaceId=foreign, **params) == told


def test_a_subnet_of_another_account(wall: Wall) -> None:
    """A subnet of another account is not found [reference 3.3]."""
    foreign = first_subnet(wall.elsewhere("111122223333"))["SubnetId"]
    scenes.create_group(wall.elsewhere("111122223333"))
    assert refusal(wall, "CreateNetworkInterface", SubnetId=foreign).startswith("InvalidSubnetID.NotFound: ")
    assert default_vpc(wall)
