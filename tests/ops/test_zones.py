"""Regions, zones, account attributes and the caller: what clients ask before they ask about groups."""

from __future__ import annotations

import pytest

from groupwall.config import Quotas
from groupwall.regions import PARTITIONS
from tests import scenes
from tests.driver import Wall
from tests.scenes import Json, refusal


def _regions(wall: Wall, **params: list[Json] | list[str]) -> list[str]:
    return [region["RegionName"] for region in wall.call("DescribeRegions", **params)["Regions"]]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([{"Name": "opt-in-status", "Values": ["not-opted-in"]}], []),
        ([{"Name": "region-name", "Values": ["us-east-?"]}], ["us-east-1", "us-east-2"]),
        ([{"Name": "endpoint", "Values": ["ec2.eu-west-1.amazonaws.com"]}], ["eu-west-1"]),
        (
            [{"Name": "opt-in-status", "Values": ["opted-in"]}, {"Name": "region-name", "Values": ["af-*", "us-*"]}],
            ["af-south-1"],
        ),
    ],
)
@pytest.mark.reference("clients 2.12 opt-in-status", "clients 9 DescribeRegions ignores filters")
def test_regions_are_filtered(wall: Wall, filters: list[Json], found: list[str]) -> None:
    """Every filter of DescribeRegions counts: no region of ours is not opted in [clients 2.12]."""
    assert _regions(wall, Filters=filters) == found


@pytest.mark.parametrize(
    ("region", "endpoint"),
    [
        ("us-east-1", "ec2.us-east-1.amazonaws.com"),
        ("cn-north-1", "ec2.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "ec2.us-gov-west-1.amazonaws.com"),
    ],
)
def test_a_partition_shows_its_own_regions(wall: Wall, region: str, endpoint: str) -> None:
    """The caller sees the regions of the partition that it calls in (inferred)."""
    partition = next(names for names in PARTITIONS.values() if region in names)
    there = wall.elsewhere(region=region)
    assert sorted(_regions(there)) == sorted(partition)
    [shown] = there.call("DescribeRegions", RegionNames=[region])["Regions"]
    assert shown["Endpoint"] == endpoint


def test_zones_of_a_region(wall: Wall) -> None:
    """A region has three zones, found by name, id and filter; their ids carry the region's short code (inferred)."""
    there = wall.elsewhere(region="ap-southeast-2")
    zones = there.call("DescribeAvailabilityZones")["AvailabilityZones"]
    assert [(zone["ZoneName"], zone["ZoneId"], zone["State"]) for zone in zones] == [
        ("ap-southeast-2a", "apse2-az1", "available"), ("ap-southeast-2b", "apse2-az2", "available"),
        ("ap-southeast-2c", "apse2-az3", "available"),
    ]  # fmt: skip
    for given in (
        {"ZoneNames": ["ap-southeast-2b"]}, {"ZoneIds": ["apse2-az2"]},
        {"Filters": [{"Name": "zone-id", "Values": ["apse2-az2"]}, {"Name": "state", "Values": ["available"]}]},
    ):  # fmt: skip
        assert there.call("DescribeAvailabilityZones", **given)["AvailabilityZones"] == [zones[1]]


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("DescribeRegions", {"RegionNames": ["x"]}, "Value (x) for parameter RegionNames is invalid."),
        ("DescribeAvailabilityZones", {"ZoneNames": ["x"]}, "Value (x) for parameter ZoneNames is invalid."),
        ("DescribeAvailabilityZones", {"ZoneIds": ["x"]}, "Value (x) for parameter ZoneIds is invalid."),
        ("DescribeAccountAttributes", {"AttributeNames": ["x"]}, "Value (x) for parameter AttributeNames is invalid."),
        ("DescribeRegions", {"Filters": [{"Name": "x", "Values": []}]}, "The filter 'x' is invalid"),
    ],
)
def test_unknown_names(wall: Wall, name: str, given: Json, told: str) -> None:
    """A name that there is not refuses the call (inferred)."""
    assert refusal(wall, name, **given) == f"InvalidParameterValue: {told}"


@pytest.mark.reference("21 groups per interface")
def test_account_attributes(wall: Wall) -> None:
    """The account tells its default VPC, and the quota of groups per interface [model; reference 21, docs]."""
    assert Quotas().groups_per_interface == 5
    vpc_id = scenes.default_vpc(wall)
    shown = {
        one["AttributeName"]: one["AttributeValues"][0]["AttributeValue"]
        for one in wall.call("DescribeAccountAttributes")["AccountAttributes"]
    }
    assert shown["default-vpc"] == vpc_id
    assert shown["vpc-max-security-groups-per-interface"] == "5"
    scenes.remove_default_vpc(wall)
    [none] = wall.call("DescribeAccountAttributes", AttributeNames=["default-vpc"])["AccountAttributes"]
    assert none["AttributeValues"] == [{"AttributeValue": "none"}]


@pytest.mark.reference("clients 2.13 any region")
@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("eu-west-2", "aws"), ("cn-north-1", "aws-cn")]
)
def test_the_caller(wall: Wall, region: str, partition: str) -> None:
    """GetCallerIdentity tells the account that calls, in any region [clients 2.1, 2.13]."""
    identity = wall.elsewhere("111122223333", region).call("GetCallerIdentity")
    assert identity == {
        "Account": "111122223333", "Arn": f"arn:{partition}:iam::111122223333:root", "UserId": "111122223333",
    }  # fmt: skip


@pytest.mark.reference("clients 2.13 any region")
def test_state_is_kept_per_region(wall: Wall) -> None:
    """What one region holds is not in another, nor in another account [clients 2.13]."""
    scenes.create_group(wall)
    for other in (wall.elsewhere(region="eu-west-2"), wall.elsewhere("111122223333")):
        names = [group["GroupName"] for group in other.call("DescribeSecurityGroups")["SecurityGroups"]]
        assert names == ["default"]
