"""RunInstances: how many, where, in which groups, with which interfaces [reference 3.3, 17; model]."""

from __future__ import annotations

from typing import Any

import pytest

from tests import scenes
from tests.driver import Wall
from tests.ops.test_instances import AMI, described, interfaces, run, run_one
from tests.scenes import Json, refusal

INVALID = "InvalidParameterValue: "
COMBINED = "InvalidParameterCombination: "
BESIDE = COMBINED + "Network interfaces and an instance-level {} may not be specified on the same request"


def _subnet(wall: Wall, cidr: str = "10.0.0.0/24", zone: str = "us-east-1a", vpc_id: str | None = None) -> str:
    """Create a subnet, in a new VPC unless one is given; return its id."""
    vpc_id = vpc_id or scenes.create_vpc(wall)
    made = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=cidr, AvailabilityZone=zone)
    subnet_id: str = made["Subnet"]["SubnetId"]
    return subnet_id


def _vpc_of(wall: Wall, subnet_id: str) -> str:
    vpc_id: str = wall.call("DescribeSubnets", SubnetIds=[subnet_id])["Subnets"][0]["VpcId"]
    return vpc_id


def _group_ids(instance: Json) -> list[str]:
    return [group["GroupId"] for group in instance["SecurityGroups"]]


def _refused(wall: Wall, **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
    """Return how a launch is refused, which leaves nothing behind."""
    before = wall.app.revision()
    told = refusal(wall, "RunInstances", **{"ImageId": AMI, "MinCount": 1, "MaxCount": 1} | params)
    assert wall.app.revision() == before
    return told


@pytest.mark.reference("17 interfaces and instances")
def test_without_a_place_it_is_the_default_one(wall: Wall) -> None:
    """The first zone's default subnet and the VPC's default group, where nothing is said [reference 17, docs]."""
    [instance] = run(wall)
    vpc_id = scenes.default_vpc(wall)
    assert (instance["VpcId"], instance["Placement"]["AvailabilityZone"]) == (vpc_id, "us-east-1a")
    assert _group_ids(instance) == [scenes.default_group(wall, vpc_id)]
    assert instance["PrivateIpAddress"] == "172.31.0.4"
    assert instance["PrivateDnsName"] == "ip-172-31-0-4.ec2.internal"
    [interface] = interfaces(wall)
    assert interface["Attachment"]["InstanceId"] == instance["InstanceId"]
    assert (interface["Attachment"]["DeviceIndex"], interface["Attachment"]["DeleteOnTermination"]) == (0, True)


@pytest.mark.parametrize("member", [{"AvailabilityZone": "us-east-1b"}, {"AvailabilityZoneId": "use1-az2"}])
def test_a_zone_has_its_default_subnet(wall: Wall, member: Json) -> None:
    """Placement names the zone whose default subnet is meant [docs]."""
    [instance] = run(wall, Placement=member)
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1b"
    assert instance["PrivateIpAddress"] == "172.31.16.4"


def test_what_is_told_is_kept(wall: Wall) -> None:
    """What a launch says of an instance is what is described, whichever image, type or key it names [model]."""
    given = {
        "InstanceType": "u7i-12tb.224xlarge", "KeyName": "mine", "EbsOptimized": True, "Monitoring": {"Enabled": True},
        "IamInstanceProfile": {"Name": "web"}, "Placement": {"Tenancy": "dedicated"},
    }  # fmt: skip
    found = described(wall, run_one(wall, **given))
    assert (found["ImageId"], found["InstanceType"], found["KeyName"]) == (AMI, "u7i-12tb.224xlarge", "mine")
    assert (found["EbsOptimized"], found["Monitoring"]) == (True, {"State": "enabled"})
    assert found["IamInstanceProfile"] == {"Arn": "arn:aws:iam::123456789012:instance-profile/web"}
    assert found["Placement"]["Tenancy"] == "dedicated"


def test_the_tenancy_is_the_vpcs(wall: Wall) -> None:
    """In a dedicated VPC an instance is dedicated, unless it asks for more [docs]."""
    subnet = _subnet(wall, vpc_id=scenes.create_vpc(wall, InstanceTenancy="dedicated"))
    assert run(wall, SubnetId=subnet)[0]["Placement"]["Tenancy"] == "dedicated"


@pytest.mark.reference("17 interfaces and instances")
def test_groups_by_id_and_name(wall: Wall) -> None:
    """Groups of the default VPC may be named; they come in the order given, ids first [reference 3.3]."""
    web, app = scenes.create_group(wall), scenes.create_group(wall, "app")
    assert _group_ids(run(wall, SecurityGroupIds=[app, web, app])[0]) == [app, web]
    assert _group_ids(run(wall, SecurityGroups=["WEB"])[0]) == [web]
    assert _group_ids(run(wall, SecurityGroups=["web"], SecurityGroupIds=[app])[0]) == [app, web]


@pytest.mark.reference("3.3 name without a default VPC", "17 interfaces and instances")
def test_groups_that_cannot_be(wall: Wall) -> None:
    """A group of another VPC, an unknown one, one by name beside a subnet [reference 3.3, 17: recorded]."""
    subnet, web = _subnet(wall), scenes.create_group(wall)
    vpc_id = _vpc_of(wall, subnet)
    far = f"InvalidGroup.NotFound: The security group '{web}' does not exist in VPC '{vpc_id}'"
    assert _refused(wall, SubnetId=subnet, SecurityGroupIds=[web]) == far
    devices = [{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [web]}]
    assert _refused(wall, NetworkInterfaces=devices) == far
    by_name = _refused(wall, SubnetId=subnet, SecurityGroups=["web"])
    assert by_name == COMBINED + "The parameter groupName cannot be used with the parameter subnet"
    unknown = _refused(wall, SecurityGroups=["nobody"])
    assert unknown.startswith("InvalidGroup.NotFound: The security group 'nobody' does not exist in default VPC 'vpc-")
    assert _refused(wall, SecurityGroupIds=["web"]).startswith("InvalidGroupId.Malformed: ")


@pytest.mark.reference("17 interfaces and instances")
def test_more_groups_than_there_may_be(wall: Wall) -> None:
    """The code tells whether the launch names them for the instance or for an interface [reference 17, docs]."""
    many = [scenes.create_group(wall, f"group{number}") for number in range(6)]
    of_instance = "SecurityGroupsPerInstanceLimitExceeded: "
    assert _refused(wall, SecurityGroupIds=many).startswith(of_instance)
    assert _refused(wall, SecurityGroups=[f"group{number}" for number in range(6)]).startswith(of_instance)
    assert _refused(wall, SecurityGroups=["group0"], SecurityGroupIds=many[1:]).startswith(of_instance)
    devices = [{"DeviceIndex": 0, "Groups": many}]
    assert _refused(wall, NetworkInterfaces=devices).startswith("SecurityGroupsPerInterfaceLimitExceeded: ")


@pytest.mark.reference("3.3 name without a default VPC")
def test_without_a_default_vpc(wall: Wall) -> None:
    """A launch without a subnet finds no place, and by group name is told why [reference 3.3, recorded]."""
    scenes.remove_default_vpc(wall)
    assert _refused(wall) == "VPCIdNotSpecified: No default VPC for this user"
    told = "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC."
    assert _refused(wall, SecurityGroups=["web"]) == f"VPCIdNotSpecified: {told}"


def test_without_a_default_subnet(wall: Wall) -> None:
    """A default VPC without a default subnet in the zone is no place either [issue]."""
    vpc_id = scenes.default_vpc(wall)
    [subnet] = [one for one in wall.call("DescribeSubnets")["Subnets"] if one["AvailabilityZone"] == "us-east-1c"]
    wall.call("DeleteSubnet", SubnetId=subnet["SubnetId"])
    told = f"MissingInput: No subnets found for the default VPC '{vpc_id}'. Please specify a subnet."
    assert _refused(wall, Placement={"AvailabilityZone": "us-east-1c"}) == told
    assert run_one(wall, Placement={"AvailabilityZone": "us-east-1b"})


@pytest.mark.parametrize(
    ("lowest", "highest", "launched"), [(1, 1, 1), (2, 2, 2), (1, 11, 11), (1, 12, 11), (11, 300, 11)]
)
def test_as_many_as_there_is_room_for(wall: Wall, lowest: int, highest: int, launched: int) -> None:
    """Between MinCount and MaxCount, as many as find an address; a /28 has eleven [model; reference 17]."""
    instances = run(wall, MinCount=lowest, MaxCount=highest, SubnetId=_subnet(wall, "10.0.0.0/28"))
    assert len(instances) == len({one["PrivateIpAddress"] for one in instances}) == launched
    assert [one["AmiLaunchIndex"] for one in instances] == list(range(launched))
    assert len(wall.call("DescribeInstances")["Reservations"]) == 1


def test_room_is_for_all_addresses(wall: Wall) -> None:
    """Every address of every interface counts: two interfaces with two each leave room for two [model]."""
    subnet = _subnet(wall, "10.0.0.0/28")
    devices = [{"DeviceIndex": place, "SubnetId": subnet, "SecondaryPrivateIpAddressCount": 1} for place in (0, 1)]
    assert len(run(wall, MinCount=1, MaxCount=9, NetworkInterfaces=devices)) == 2
    assert len(interfaces(wall)) == 4


def test_one_call_gives_so_many_addresses(wall: Wall) -> None:
    """Whatever MaxCount says, one call gives 2,500 addresses at most (inferred)."""
    devices = [{"DeviceIndex": 0, "SecondaryPrivateIpAddressCount": 49}]
    assert len(run(wall, MinCount=1, MaxCount=60, NetworkInterfaces=devices)) == 50
    told = _refused(wall, MinCount=51, MaxCount=60, NetworkInterfaces=devices)
    assert told.startswith("InstanceLimitExceeded: You have requested more instances (51) than the limit of 50 ")


@pytest.mark.parametrize(
    ("lowest", "highest", "told"),
    [
        (12, 12, "InsufficientFreeAddressesInSubnet: "),
        (0, 1, INVALID + "Value (0) for parameter minCount is invalid. "),
        (-1, 1, INVALID),
        (2, 1, INVALID + "Value (1) for parameter maxCount is invalid. "),
        (251, 251, "InstanceLimitExceeded: "),
        (2**31 - 1, 2**31 - 1, "InstanceLimitExceeded: "),
    ],
)
def test_too_many_or_too_few(wall: Wall, lowest: int, highest: int, told: str) -> None:
    """Where MinCount finds no room, nothing is launched [model; texts inferred]."""
    subnet = _subnet(wall, "10.0.0.0/28")
    assert _refused(wall, MinCount=lowest, MaxCount=highest, SubnetId=subnet).startswith(told)
    assert interfaces(wall) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"ImageId": None}, "MissingParameter: The request must contain the parameter ImageId"),
        ({"ImageId": "x"}, 'InvalidAMIID.Malformed: Invalid id: "x" (expecting "ami-...")'),
        ({"SubnetId": "x"}, "InvalidSubnetId.Malformed: "),
        ({"SubnetId": "subnet-00000000"}, "InvalidSubnetID.NotFound: "),
        ({"Placement": {"AvailabilityZone": "us-east-1z"}}, INVALID),
        ({"Placement": {"Tenancy": "shared"}}, INVALID + "Value (shared) for parameter tenancy is invalid."),
        ({"InstanceInitiatedShutdownBehavior": "sleep"}, INVALID),
        ({"IamInstanceProfile": {"Name": "a", "Arn": "b"}}, COMBINED + "The parameter 'iamInstanceProfile.name' "),
        ({"TagSpecifications": [{"ResourceType": "vpc", "Tags": []}]}, INVALID + "'vpc' is not a valid taggable "),
        ({"TagSpecifications": [{"Tags": [{"Key": "a"}]}]}, INVALID + "'' is not a valid taggable "),
        ({"PrivateIpAddress": "10.0.0.9"}, INVALID),
        ({"PrivateIpAddress": "172.31.0.2"}, INVALID),
        ({"Ipv6AddressCount": 1}, ""),
        ({"PrivateIpAddress": "172.31.0.9", "MaxCount": 2}, COMBINED),
        ({"LaunchTemplate": {"LaunchTemplateName": "x"}}, "UnsupportedOperation: "),
        (
            {"Placement": {"GroupName": "x"}},
            "UnsupportedOperation: The operation RunInstances with Placement.GroupName is not supported.",
        ),
        ({"ClientToken": "x" * 256}, INVALID),
        ({"KeyName": "x" * 256}, f"{INVALID}Value ({'x' * 255}...) for parameter keyName is invalid. It exceeds 255 "),
        ({"InstanceType": "x" * 100_000}, INVALID),
        ({"IamInstanceProfile": {"Name": "x" * 2048}}, INVALID),
        ({"IamInstanceProfile": {"Arn": "x" * 2049}}, INVALID),
    ],
)
def test_what_is_refused(wall: Wall, given: Json, told: str) -> None:
    """Ids, values and combinations that cannot be; what is outside the slice is told so [reference 3.3; model]."""
    assert _refused(wall, **given).startswith(told)


@pytest.mark.parametrize(
    ("member", "value", "called"),
    [
        ("SubnetId", "subnet-00000000", "subnet ID"), ("SecurityGroupIds", ["sg-00000000"], "security groups"),
        ("SecurityGroups", ["web"], "security groups"), ("PrivateIpAddress", "172.31.0.9", "private IP address"),
        ("Ipv6AddressCount", 1, "IPv6 addresses"), ("Ipv6Addresses", [{"Ipv6Address": "::1"}], "IPv6 addresses"),
        ("EnablePrimaryIpv6", True, "primary IPv6 address"),
    ],
)  # fmt: skip
def test_interfaces_say_it_themselves(wall: Wall, member: str, value: object, called: str) -> None:
    """Beside a list of interfaces nothing else says where or in which groups [issue; others inferred]."""
    assert _refused(wall, NetworkInterfaces=[{"DeviceIndex": 0}], **{member: value}) == BESIDE.format(called)


def test_interfaces_new_and_old(wall: Wall) -> None:
    """New interfaces are made as asked, one that there is becomes a device [model]."""
    subnet = _subnet(wall)
    group = scenes.create_group(wall, "web", _vpc_of(wall, subnet))
    old = wall.call("CreateNetworkInterface", SubnetId=subnet, PrivateIpAddress="10.0.0.99")["NetworkInterface"]
    devices = [
        {"DeviceIndex": 2, "NetworkInterfaceId": old["NetworkInterfaceId"]},
        {"DeviceIndex": 0, "SubnetId": subnet, "PrivateIpAddress": "10.0.0.7", "Groups": [group], "Description": "a"},
    ]
    [instance] = run(wall, NetworkInterfaces=devices)
    first, second = instance["NetworkInterfaces"]
    assert (first["PrivateIpAddress"], first["Description"], first["Attachment"]["DeviceIndex"]) == ("10.0.0.7", "a", 0)
    assert (second["NetworkInterfaceId"], second["Attachment"]["DeviceIndex"]) == (old["NetworkInterfaceId"], 2)
    assert [one["Attachment"]["DeleteOnTermination"] for one in (first, second)] == [True, False]
    assert (instance["PrivateIpAddress"], _group_ids(instance)) == ("10.0.0.7", [group])
    told = _refused(wall, NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": old["NetworkInterfaceId"]}])
    assert told.startswith("InvalidNetworkInterface.InUse: ")


def test_interfaces_lie_in_one_zone(wall: Wall) -> None:
    """All interfaces of an instance lie in its zone (inferred: text)."""
    vpc_id = scenes.create_vpc(wall)
    subnets = [_subnet(wall, "10.0.0.0/24", "us-east-1a", vpc_id), _subnet(wall, "10.0.1.0/24", "us-east-1b", vpc_id)]
    devices = [{"DeviceIndex": place, "SubnetId": subnet} for place, subnet in enumerate(subnets)]
    assert "availability zone" in _refused(wall, NetworkInterfaces=devices)
    assert "us-east-1b" in _refused(wall, SubnetId=subnets[0], Placement={"AvailabilityZone": "us-east-1b"})


def test_an_interface_there_is_lies_in_the_zone_asked_for(wall: Wall) -> None:
    """An interface of another zone than the Placement's does not move the instance there (inferred)."""
    interface = wall.call("CreateNetworkInterface", SubnetId=_subnet(wall))["NetworkInterface"]["NetworkInterfaceId"]
    devices = [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]
    told = _refused(wall, NetworkInterfaces=devices, Placement={"AvailabilityZone": "us-east-1b"})
    assert told.startswith(COMBINED)
    assert run(wall, NetworkInterfaces=devices, Placement={"AvailabilityZone": "us-east-1a"})


@pytest.mark.parametrize(
    ("devices", "told"),
    [
        ([{"Description": "x"}], "MissingParameter: The request must contain the parameter DeviceIndex"),
        ([{"DeviceIndex": 1}], INVALID + "A network interface with the device index 0 must be specified."),
        ([{"DeviceIndex": -1}], INVALID),
        ([{"DeviceIndex": 0}] * 2, COMBINED + "Each network interface requires a unique device index."),
        ([{"DeviceIndex": place} for place in range(16)], INVALID),
        ([{"DeviceIndex": 0, "NetworkInterfaceId": "x"}], "InvalidNetworkInterfaceId.Malformed: "),
        ([{"DeviceIndex": 0, "NetworkInterfaceId": "eni-00000000"}], "InvalidNetworkInterfaceID.NotFound: "),
        ([{"DeviceIndex": 0, "NetworkInterfaceId": "$eni", "Description": "x"}], COMBINED),
        ([{"DeviceIndex": 0, "NetworkInterfaceId": "$eni", "DeleteOnTermination": True}], COMBINED),
        ([{"DeviceIndex": place, "NetworkInterfaceId": "$eni"} for place in (0, 1)], "InvalidNetworkInterface.InUse: "),
        ([{"DeviceIndex": 0, "NetworkCardIndex": 1}], "UnsupportedOperation: "),
        (
            [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
            "UnsupportedOperation: The operation RunInstances with AssociatePublicIpAddress is not supported.",
        ),
    ],
)  # fmt: skip
def test_interfaces_that_cannot_be(wall: Wall, devices: list[Json], told: str) -> None:
    """Each device has an index of its own, the first is 0, and an interface there is stays as it is [model]."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    eni = wall.call("CreateNetworkInterface", SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    given = [{name: eni if value == "$eni" else value for name, value in one.items()} for one in devices]
    assert _refused(wall, NetworkInterfaces=given).startswith(told)


def test_one_interface_for_one_instance(wall: Wall) -> None:
    """An interface that there is cannot be that of two instances [model]."""
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    eni = wall.call("CreateNetworkInterface", SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    devices = [{"DeviceIndex": 0, "NetworkInterfaceId": eni}]
    assert _refused(wall, MaxCount=2, NetworkInterfaces=devices).startswith(COMBINED)


def test_tags_of_what_is_made(wall: Wall) -> None:
    """Instances and their interfaces are tagged at launch; there are no volumes to tag [model]."""
    tags = {kind: [{"Key": "kind", "Value": kind}] for kind in ("instance", "network-interface", "volume")}
    run(wall, 2, TagSpecifications=[{"ResourceType": kind, "Tags": mine} for kind, mine in tags.items()])
    found = wall.call("DescribeTags")["Tags"]
    assert sorted(tag["Value"] for tag in found) == ["instance"] * 2 + ["network-interface"] * 2
    assert all(tag["ResourceType"] == tag["Value"] for tag in found)


@pytest.mark.reference("2.4 token reused")
def test_a_token_launches_once(wall: Wall) -> None:
    """A launch repeated with its token answers the same instances, as they are now [reference 2.4, docs]."""
    first = run(wall, 2, ClientToken="once")
    again = run(wall, 2, ClientToken="once")
    assert [one["InstanceId"] for one in again] == [one["InstanceId"] for one in first]
    assert {one["State"]["Name"] for one in again} == {"running"}
    told = refusal(wall, "RunInstances", ImageId=AMI, MinCount=1, MaxCount=1, ClientToken="once")
    assert told.startswith("IdempotentParameterMismatch: ")
    wall.call("TerminateInstances", InstanceIds=[one["InstanceId"] for one in first])
    wall.clock.advance(4000)
    run_one(wall)
    assert run(wall, 2, ClientToken="once") == []


def test_an_address_of_each_family(wall: Wall) -> None:
    """IPv6 addresses are given where the subnet has a block of them [model]."""
    vpc_id = scenes.create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    [vpc] = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"]
    block = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].replace("/56", "/64")
    made = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=block)["Subnet"]
    instances = run(wall, 2, SubnetId=made["SubnetId"], Ipv6AddressCount=1)
    prefix = block.removesuffix(":/64")
    assert len({one["Ipv6Address"] for one in instances}) == 2
    assert all(one["Ipv6Address"].startswith(prefix.rstrip(":")) for one in instances)
