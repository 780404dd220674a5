"""Example calls of what belongs to no noun: regions, the account, the caller, the history."""

from __future__ import annotations

from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "DescribeRegions": [{"RegionNames": ["us-east-1"], "AllRegions": True}, {"Filters": [{"Name": "x", "Values": []}]}],
    "DescribeAvailabilityZones": [
        {"ZoneNames": ["us-east-1a"], "ZoneIds": ["use1-az1"], "AllAvailabilityZones": True},
        {"Filters": [{"Name": "x", "Values": []}]},
    ],
    "DescribeAccountAttributes": [{"AttributeNames": ["default-vpc"]}],
    "GetCallerIdentity": [{}],
    "DescribeChanges": [
        {"After": 0, "Wait": 0, "MaxResults": 1, "Filters": [{"Name": "operation", "Values": ["x"]}]},
        {"Before": 9, "Since": 1_700_000_000_000, "Until": 1_900_000_000_000, "NewestFirst": True, "Keys": True},
    ],
}
