"""Subnets: create, delete, describe [model; recorded texts are cited where they are]."""

from __future__ import annotations

from ipaddress import IPv4Network, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import scenes
from tests.driver import Wall
from tests.scenes import Json, create_vpc, refusal

NO_BLOCK = "InvalidParameterValue: Value ({}) for parameter {} is invalid. This is not a valid CIDR block."
NO_ZONE = (
    "InvalidParameterValue: Value (x) for parameter {} is invalid. "
    "Subnets can currently only be created in the following availability zones: {}."
)


def _create(wall: Wall, vpc_id: str, cidr: str = "10.0.0.0/24", **params: object) -> Json:
    subnet: Json = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=cidr, **params)["Subnet"]
    return subnet


def _found(wall: Wall, name: str, value: str) -> list[str]:
    found = wall.call("DescribeSubnets", Filters=[{"Name": name, "Values": [value]}])["Subnets"]
    return [subnet["SubnetId"] for subnet in found]


def ipv6_of(wall: Wall, vpc_id: str, number: int = 0) -> str:
    """Return a /64 of the VPC's IPv6 block."""
    [vpc] = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"]
    block = ip_network(vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
    return str(list(block.subnets(new_prefix=64))[number])


def test_a_new_subnet(wall: Wall) -> None:
    """A subnet is answered whole, and described alike [model]."""
    vpc_id = create_vpc(wall)
    tags = [{"Key": "Name", "Value": "a"}]
    tagged = {"TagSpecifications": [{"ResourceType": "subnet", "Tags": tags}]}
    made = _create(wall, vpc_id, "10.0.1.5/24", AvailabilityZone="us-east-1b", **tagged)
    assert made == {
        "SubnetId": made["SubnetId"], "VpcId": vpc_id, "OwnerId": "123456789012", "CidrBlock": "10.0.1.0/24",
        "SubnetArn": f"arn:aws:ec2:us-east-1:123456789012:subnet/{made['SubnetId']}", "State": "available",
        "AvailabilityZone": "us-east-1b", "AvailabilityZoneId": "use1-az2", "AvailableIpAddressCount": 251,
        "DefaultForAz": False, "MapPublicIpOnLaunch": False, "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False, "EnableDns64": False, "Ipv6Native": False,
        "Ipv6CidrBlockAssociationSet": [], "Tags": tags,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": "ip-name", "EnableResourceNameDnsARecord": False, "EnableResourceNameDnsAAAARecord": False,
        },
    }  # fmt: skip
    assert wall.call("DescribeSubnets", SubnetIds=[made["SubnetId"]])["Subnets"] == [made]


@pytest.mark.parametrize(
    ("zone", "name"),
    [
        ({}, "us-east-1a"), ({"AvailabilityZone": "us-east-1c"}, "us-east-1c"),
        ({"AvailabilityZoneId": "use1-az2"}, "us-east-1b"),
    ],
)  # fmt: skip
def test_the_zone_of_a_subnet(wall: Wall, zone: Json, name: str) -> None:
    """A zone is named by its name or id; the first one is chosen where none is (inferred: AWS chooses any)."""
    assert _create(wall, create_vpc(wall), **zone)["AvailabilityZone"] == name


def test_a_subnet_with_ipv6(wall: Wall) -> None:
    """A subnet may have a /64 of the VPC's IPv6 block, which comes a moment later [model]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    block = ipv6_of(wall, vpc_id)
    made = _create(wall, vpc_id, Ipv6CidrBlock=block)
    [association] = made["Ipv6CidrBlockAssociationSet"]
    assert (association["Ipv6CidrBlock"], association["Ipv6CidrBlockState"]) == (block, {"State": "associating"})
    [shown] = wall.call("DescribeSubnets", SubnetIds=[made["SubnetId"]])["Subnets"]
    assert shown["Ipv6CidrBlockAssociationSet"] == [association | {"Ipv6CidrBlockState": {"State": "associated"}}]
    assert refusal(wall, "CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=block) == (
        f"InvalidSubnet.Conflict: The CIDR '{block}' conflicts with another subnet"
    )
    wall.call("DeleteSubnet", SubnetId=made["SubnetId"])
    _create(wall, vpc_id, "10.0.1.0/24", Ipv6CidrBlock=block)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(16, 28), st.booleans()), max_size=12))
def test_subnets_never_overlap(wanted: list[tuple[int, int, bool]]) -> None:
    """Whatever is created and deleted, subnets lie in the VPC and share no address [model]."""
    with Wall() as wall:
        vpc_id = create_vpc(wall, "10.0.0.0/21")
        held: dict[str, IPv4Network] = {}
        for place, length, delete in wanted:
            block = IPv4Network((f"10.0.{place // 4}.{place % 4 * 64}", length), strict=False)
            fits = block.subnet_of(IPv4Network("10.0.0.0/21")) and not any(map(block.overlaps, held.values()))
            if fits:
                held[_create(wall, vpc_id, str(block))["SubnetId"]] = block
            else:
                told = refusal(wall, "CreateSubnet", VpcId=vpc_id, CidrBlock=str(block))
                assert told.startswith(("InvalidSubnet.Range: ", "InvalidSubnet.Conflict: "))
            if delete and held:
                subnet_id, _ = held.popitem()
                wall.call("DeleteSubnet", SubnetId=subnet_id)
        assert sorted(_found(wall, "vpc-id", vpc_id)) == sorted(held)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "MissingParameter: Either 'cidrBlock' or 'ipv6CidrBlock' should be provided."),
        ({"CidrBlock": "x"}, NO_BLOCK.format("x", "cidrBlock")),
        ({"CidrBlock": "10.0.0.0/15"}, "InvalidSubnet.Range: The CIDR '10.0.0.0/15' is invalid."),
        ({"CidrBlock": "10.0.0.0/29"}, "InvalidSubnet.Range: The CIDR '10.0.0.0/29' is invalid."),
        ({"CidrBlock": "10.1.0.0/24"}, "InvalidSubnet.Range: The CIDR '10.1.0.0/24' is invalid."),
        (
            {"CidrBlock": "10.0.7.0/25"},
            "InvalidSubnet.Conflict: The CIDR '10.0.7.0/25' conflicts with another subnet",
        ),
        (
            {"CidrBlock": "10.0.0.0/20"},
            "InvalidSubnet.Conflict: The CIDR '10.0.0.0/20' conflicts with another subnet",
        ),
        (
            {"CidrBlock": "10.0.0.0/24", "AvailabilityZone": "x"},
            NO_ZONE.format("availabilityZone", "us-east-1a, us-east-1b, us-east-1c"),
        ),
        (
            {"CidrBlock": "10.0.0.0/24", "AvailabilityZoneId": "x"},
            NO_ZONE.format("availabilityZoneId", "use1-az1, use1-az2, use1-az3"),
        ),
        (
            {"CidrBlock": "10.0.0.0/24", "AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1"},
            "InvalidParameterCombination: Only one of 'availabilityZone' or 'availabilityZoneId' may be provided.",
        ),
        ({"CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": "x"}, NO_BLOCK.format("x", "ipv6CidrBlock")),
        (
            {"CidrBlock": "10.0.0.0/24", "Ipv6CidrBlock": "2001:db8::/64"},
            "InvalidSubnet.Range: The CIDR '2001:db8::/64' is invalid.",
        ),
        (
            {"CidrBlock": "10.0.0.0/24", "Ipv6Native": True},
            "UnsupportedOperation: The operation CreateSubnet with Ipv6Native is not supported.",
        ),
        ({"VpcId": "x", "CidrBlock": "10.0.0.0/24"}, 'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")'),
        (
            {"VpcId": "vpc-00000000", "CidrBlock": "10.0.0.0/24"},
            "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist",
        ),
    ],
)  # fmt: skip
def test_what_is_not_created(wall: Wall, params: Json, told: str) -> None:
    """What has no room, no zone or no VPC is refused, and leaves nothing [issue: conflict, zone; model; parity]."""
    vpc_id = create_vpc(wall)
    _create(wall, vpc_id, "10.0.7.0/24")
    before = wall.app.revision()
    assert refusal(wall, "CreateSubnet", **{"VpcId": vpc_id} | params) == told
    assert wall.app.revision() == before


def test_a_subnet_of_another_world(wall: Wall) -> None:
    """A VPC or subnet of another account or region is not found (inferred)."""
    vpc_id = create_vpc(wall)
    subnet_id = _create(wall, vpc_id)["SubnetId"]
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        told = refusal(other, "CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.1.0/24")
        assert told.startswith("InvalidVpcID.NotFound: ")
        for told in (
            refusal(other, "DeleteSubnet", SubnetId=subnet_id),
            refusal(other, "DescribeSubnets", SubnetIds=[subnet_id]),
        ):
            assert told.startswith("InvalidSubnetID.NotFound: ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("x", 'InvalidSubnetId.Malformed: Invalid id: "x" (expecting "subnet-...")'),
        ("vpc-00000000", 'InvalidSubnetId.Malformed: Invalid id: "vpc-00000000" (expecting "subnet-...")'),
        ("subnet-00000000", "InvalidSubnetID.NotFound: The subnet ID 'subnet-00000000' does not exist"),
    ],
)
def test_ids_of_no_subnet(wall: Wall, given: str, told: str) -> None:
    """What is no subnet is told so, in the forms of reference 3.3 (inferred)."""
    assert refusal(wall, "DeleteSubnet", SubnetId=given) == told
    assert refusal(wall, "DescribeSubnets", SubnetIds=[given]) == told
    assert refusal(wall, "ModifySubnetAttribute", SubnetId=given, EnableDns64={"Value": True}) == told
    assert refusal(wall, "AssociateSubnetCidrBlock", SubnetId=given, Ipv6CidrBlock="2001:db8::/64") == told


def test_interfaces_keep_a_subnet_and_take_its_addresses(wall: Wall) -> None:
    """A subnet that holds an interface stays; each address that one holds is an available one less [model]."""
    vpc_id = create_vpc(wall)
    subnet_id, other = (_create(wall, vpc_id, cidr)["SubnetId"] for cidr in ("10.0.0.0/24", "10.0.1.0/28"))
    made = wall.call("CreateNetworkInterface", SubnetId=subnet_id, SecondaryPrivateIpAddressCount=2)
    counts = {one["SubnetId"]: one["AvailableIpAddressCount"] for one in wall.call("DescribeSubnets")["Subnets"]}
    assert (counts[subnet_id], counts[other]) == (248, 11)
    assert (_found(wall, "available-ip-address-count", "248"), _found(wall, "vpc-id", "x")) == ([subnet_id], [])
    told = f"DependencyViolation: The subnet '{subnet_id}' has dependencies and cannot be deleted."
    assert refusal(wall, "DeleteSubnet", SubnetId=subnet_id) == told
    assert refusal(wall, "DeleteVpc", VpcId=vpc_id).startswith("DependencyViolation: ")
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"])
    wall.call("DeleteSubnet", SubnetId=subnet_id)


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("subnet-id", "{subnet}", 1), ("vpc-id", "{vpc}", 3), ("vpc-id", "vpc-00000000", 0),
        ("availability-zone", "us-east-1a", 1), ("availabilityZone", "us-east-1?", 3), ("cidr", "172.31.16.0/20", 1),
        ("availability-zone-id", "use1-az1", 1), ("availabilityZoneId", "use1-*", 3), ("availabilityZoneId", "x", 0),
        ("cidr-block", "172.31.*", 3), ("cidrBlock", "10.*", 0), ("default-for-az", "true", 3),
        ("defaultForAz", "false", 0), ("map-public-ip-on-launch", "true", 3), ("owner-id", "123456789012", 3),
        ("state", "available", 3), ("tag:Name", "a", 1), ("tag-key", "Name", 1), ("tag-value", "b", 0),
        ("available-ip-address-count", "4091", 3), ("available-ip-address-count", "409?", 3),
        ("enable-dns64", "false", 3), ("enable-dns64", "true", 0),
        ("subnet-arn", "arn:aws:ec2:us-east-1:123456789012:subnet/{subnet}", 1), ("subnet-arn", "{subnet}", 0),
        ("subnet-arn", "*:123456789012:subnet/*", 3), ("ipv6-native", "false", 3), ("ipv6-native", "true", 0),
        ("ipv6-cidr-block-association.state", "associated", 0),
        ("private-dns-name-options-on-launch.hostname-type", "ip-name", 3),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-a-record", "false", 3),
        ("private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record", "true", 0),
    ],
)  # fmt: skip
def test_filters_of_subnets(wall: Wall, name: str, value: str, count: int) -> None:
    """Subnets are found by each filter of the model but those of Outposts [model]."""
    subnet = wall.call("DescribeSubnets")["Subnets"][1]
    wall.call("CreateTags", Resources=[subnet["SubnetId"]], Tags=[{"Key": "Name", "Value": "a"}])
    assert len(_found(wall, name, value.format(subnet=subnet["SubnetId"], vpc=subnet["VpcId"]))) == count


@pytest.mark.parametrize("filtered", ["ipv6-cidr-block", "association-id", "state"])
def test_filters_of_ipv6(wall: Wall, filtered: str) -> None:
    """A subnet is found by its IPv6 block, by the association's id and by its state [model]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    made = _create(wall, vpc_id, Ipv6CidrBlock=ipv6_of(wall, vpc_id))
    [association] = made["Ipv6CidrBlockAssociationSet"]
    value = {
        "ipv6-cidr-block": association["Ipv6CidrBlock"], "association-id": association["AssociationId"],
        "state": "associated",
    }[filtered]  # fmt: skip
    assert _found(wall, f"ipv6-cidr-block-association.{filtered}", value) == [made["SubnetId"]]


def test_pages_of_subnets(wall: Wall) -> None:
    """Subnets are told page by page, each once, in the order of their ids [model]."""
    vpc_id = create_vpc(wall)
    made = {_create(wall, vpc_id, f"10.0.{number}.0/24")["SubnetId"] for number in range(7)}
    mine = [{"Name": "vpc-id", "Values": [vpc_id]}]
    first = wall.call("DescribeSubnets", Filters=mine, MaxResults=5)
    rest = wall.call("DescribeSubnets", Filters=mine, MaxResults=5, NextToken=first["NextToken"])
    shown = [subnet["SubnetId"] for subnet in first["Subnets"] + rest["Subnets"]]
    assert (len(first["Subnets"]), "NextToken" in rest) == (5, False)
    assert shown == sorted(made)


def test_tags_go_with_a_subnet(wall: Wall) -> None:
    """A subnet that is deleted leaves no tag and no IPv6 block behind (inferred)."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    made = _create(wall, vpc_id, Ipv6CidrBlock=ipv6_of(wall, vpc_id))
    wall.call("CreateTags", Resources=[made["SubnetId"]], Tags=[{"Key": "a", "Value": "b"}])
    wall.call("DeleteSubnet", SubnetId=made["SubnetId"])
    assert wall.call("DescribeTags") == {"Tags": []}
    association = made["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]
    assert refusal(wall, "DisassociateSubnetCidrBlock", AssociationId=association).startswith(
        "InvalidSubnetCidrBlockAssociationID.NotFound: "
    )
    wall.call("DeleteVpc", VpcId=vpc_id)
    assert scenes.default_vpc(wall)
