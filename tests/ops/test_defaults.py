"""The default VPC and its subnets, made anew [reference 19]."""

from __future__ import annotations

import pytest

from tests import scenes
from tests.driver import Wall
from tests.scenes import Json, create_group, default_vpc, refusal, remove_default_vpc

NO_DEFAULT = "DefaultVpcDoesNotExist: No default VPC exists for this account in this region."


def _subnets(wall: Wall) -> list[Json]:
    return sorted(wall.call("DescribeSubnets")["Subnets"], key=lambda subnet: str(subnet["CidrBlock"]))


@pytest.mark.reference("19 CreateDefaultVpc", "19 default VPC")
def test_a_default_vpc_is_made_anew(wall: Wall) -> None:
    """A default VPC can be deleted and made anew, as a world began with it but for its ids [reference 19, docs]."""
    first, subnets = default_vpc(wall), _subnets(wall)
    assert refusal(wall, "CreateDefaultVpc").startswith("DefaultVpcAlreadyExists: ")
    remove_default_vpc(wall)
    assert refusal(wall, "DescribeSecurityGroups", GroupNames=["default"]).startswith("VPCIdNotSpecified: ")
    made = wall.call("CreateDefaultVpc")["Vpc"]
    [shown] = wall.call("DescribeVpcs")["Vpcs"]
    assert (made["State"], made | {"State": "available"}) == ("pending", shown)
    assert (made["IsDefault"], made["CidrBlock"]) == (True, "172.31.0.0/16")
    assert made["VpcId"] != first
    again = _subnets(wall)
    changing = ("SubnetId", "SubnetArn", "VpcId")
    plain = [[{k: v for k, v in one.items() if k not in changing} for one in side] for side in (subnets, again)]
    assert plain[0] == plain[1]
    assert {one["SubnetId"] for one in subnets}.isdisjoint(one["SubnetId"] for one in again)
    [group] = wall.call("DescribeSecurityGroups", GroupNames=["default"])["SecurityGroups"]
    assert group["VpcId"] == made["VpcId"]
    answer = wall.call("DescribeVpcAttribute", VpcId=made["VpcId"], Attribute="enableDnsHostnames")
    assert answer["EnableDnsHostnames"] == {"Value": True}
    assert wall.call("RevokeSecurityGroupIngress", GroupId=create_group(wall), IpPermissions=[scenes.tcp(22, "::/0")])[
        "UnknownIpPermissions"
    ]


@pytest.mark.parametrize("zone", [{"AvailabilityZone": "us-east-1b"}, {"AvailabilityZoneId": "use1-az2"}])
def test_a_default_subnet_is_made_anew(wall: Wall, zone: Json) -> None:
    """A zone without its default subnet gets one in the first free /20 of the default VPC [model; docs]."""
    subnets = _subnets(wall)
    told = f"DefaultSubnetAlreadyExistsInAvailabilityZone: '{subnets[1]['SubnetId']}' is already the default subnet in"
    assert refusal(wall, "CreateDefaultSubnet", **zone) == f"{told} us-east-1b."
    for subnet in subnets[:2]:
        wall.call("DeleteSubnet", SubnetId=subnet["SubnetId"])
    made = wall.call("CreateDefaultSubnet", **zone)["Subnet"]
    assert (made["AvailabilityZone"], made["CidrBlock"], made["State"]) == ("us-east-1b", "172.31.0.0/20", "available")
    assert (made["DefaultForAz"], made["MapPublicIpOnLaunch"]) == (True, True)
    assert made in _subnets(wall)


def test_a_default_subnet_needs_room(wall: Wall) -> None:
    """A default subnet is refused where subnets of other zones leave it no block (inferred)."""
    vpc_id, subnets = default_vpc(wall), _subnets(wall)
    wall.call("DeleteSubnet", SubnetId=subnets[0]["SubnetId"])
    for place in (0, *range(3, 16)):
        block = f"172.31.{place * 16 + 4}.0/24"
        wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=block, AvailabilityZone="us-east-1c")
    told = refusal(wall, "CreateDefaultSubnet", AvailabilityZone="us-east-1a")
    assert told == f"InvalidSubnet.Conflict: The vpc '{vpc_id}' has no free CIDR block for a default subnet"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "MissingParameter: The request must contain the parameter availabilityZone"),
        (
            {"AvailabilityZone": "us-east-1a", "AvailabilityZoneId": "use1-az1"},
            "InvalidParameterCombination: Only one of 'availabilityZone' or 'availabilityZoneId' may be provided.",
        ),
        (
            {"AvailabilityZone": "us-east-1a", "Ipv6Native": True},
            "UnsupportedOperation: The operation CreateDefaultSubnet with Ipv6Native is not supported.",
        ),
        ({"AvailabilityZone": "us-east-1a"}, NO_DEFAULT),
    ],
)  # fmt: skip
def test_what_is_refused(wall: Wall, given: Json, told: str) -> None:
    """A default subnet needs one zone and a default VPC [model; docs: codes; issue: text]."""
    remove_default_vpc(wall)
    assert refusal(wall, "CreateDefaultSubnet", **given) == told
