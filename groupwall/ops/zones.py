"""What belongs to AWS and not to an account: regions and their zones; and what an account may have [model].

Every region has three zones here (inferred: AWS gives each account two to six).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.filters import matches, pattern
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.regions import OPT_IN_NOT_REQUIRED, PARTITION_OF, PARTITIONS, ZONE_LETTERS, zone_id
from groupwall.store.query import Where


def zones_of(region: str) -> list[str]:
    """Return the names of a region's zones."""
    return [region + letter for letter in ZONE_LETTERS]


def zones_by_name(condition: Where, context: Context) -> Where:
    """Return a condition on zones' ids as one on their names, which is what is stored; any other as it is."""
    if condition.field != "zone-id":
        return condition
    tests = [pattern(value) for value in condition.values]
    zones = zones_of(context.world.region)
    return Where("zone", tuple(zone for zone in zones if any(test(zone_id(zone)) for test in tests)))


REGION_FILTERS = {"endpoint": "Endpoint", "opt-in-status": "OptInStatus", "region-name": "RegionName"}


def describe_regions(params: Params, context: Context) -> Result:
    """Describe the regions of the caller's partition; the account uses all of them, so AllRegions adds none."""
    partition = PARTITION_OF[context.world.region]
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    regions = [
        {
            "RegionName": region,
            "Endpoint": f"ec2.{region}.{suffix}",
            "OptInStatus": "opt-in-not-required" if region in OPT_IN_NOT_REQUIRED else "opted-in",
        }
        for region in PARTITIONS[partition]
    ]
    return {"Regions": matches(_named(regions, params, "RegionNames", "RegionName"), params, REGION_FILTERS)}


ZONE_FILTERS = {
    "group-long-name": "GroupLongName",
    "group-name": "GroupName",
    "message": "Messages",
    "opt-in-status": "OptInStatus",
    "parent-zone-id": "ParentZoneId",
    "parent-zone-name": "ParentZoneName",
    "region-name": "RegionName",
    "state": "State",
    "zone-id": "ZoneId",
    "zone-name": "ZoneName",
    "zone-type": "ZoneType",
}


def describe_availability_zones(params: Params, context: Context) -> Result:
    """Describe the region's zones."""
    region = context.world.region
    zones = [
        {
            "ZoneName": zone,
            "ZoneId": zone_id(zone),
            "State": "available",
            "OptInStatus": "opt-in-not-required",
            "RegionName": region,
            "Messages": [],
            "GroupName": f"{region}-zg-1",
            "NetworkBorderGroup": region,
            "ZoneType": "availability-zone",
        }
        for zone in zones_of(region)
    ]
    zones = _named(zones, params, "ZoneNames", "ZoneName")
    return {"AvailabilityZones": matches(_named(zones, params, "ZoneIds", "ZoneId"), params, ZONE_FILTERS)}


def _named(items: list[dict[str, Any]], params: Params, parameter: str, member: str) -> list[dict[str, Any]]:
    """Return the items named. InvalidParameterValue for a name that none has (inferred)."""
    wanted: Sequence[str] = params.get(parameter) or ()
    known = {item[member] for item in items}
    for name in wanted:
        if name not in known:
            message = f"Value ({name}) for parameter {parameter} is invalid."
            raise errors.invalid_value(message)
    return [item for item in items if not wanted or item[member] in wanted]


def describe_account_attributes(params: Params, context: Context) -> Result:
    """Describe the account's attributes [model: the names; the numbers are AWS's documented defaults]."""
    default = context.tx.default_vpc()
    attributes = {
        "supported-platforms": "VPC",
        "default-vpc": default.id if default else "none",
        "max-instances": "20",
        "vpc-max-security-groups-per-interface": str(context.quotas.groups_per_interface),
        "max-elastic-ips": "5",
        "vpc-max-elastic-ips": "5",
    }
    shown = [
        {"AttributeName": name, "AttributeValues": [{"AttributeValue": value}]} for name, value in attributes.items()
    ]
    return {"AccountAttributes": _named(shown, params, "AttributeNames", "AttributeName")}


def get_caller_identity(params: Params, context: Context) -> Result:
    """Say who calls."""
    del params
    caller = context.caller
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


OPERATIONS = (
    Operation(
        "DescribeRegions",
        describe_regions,
        reads=True,
        in_world=False,
        ignored={"AllRegions": "every region of an account is enabled"},
        on=(),
    ),
    Operation(
        "DescribeAvailabilityZones",
        describe_availability_zones,
        reads=True,
        in_world=False,
        ignored={"AllAvailabilityZones": "there are no zones to opt in to"},
        on=(),
    ),
    Operation("DescribeAccountAttributes", describe_account_attributes, reads=True, on=()),
    Operation("GetCallerIdentity", get_caller_identity, reads=True, in_world=False, on=None),
)
