"""Example calls about needless rules and groups."""

from __future__ import annotations

from tests.scenes import Json

_LONG_AGO = 1_700_000_000_000

EXAMPLES: dict[str, list[Json]] = {
    "DescribeFindings": [
        {"GroupIds": ["$web"], "Kinds": ["stale", "unused"], "MaxResults": 5},
        {"NextToken": "none"},
        {"At": _LONG_AGO},
        {"AtRevision": 1},
    ],
    "DescribeUnusedGroups": [
        {"VpcId": "$vpc", "MaxResults": 5},
        {"NextToken": "none"},
        {"At": _LONG_AGO},
        {"AtRevision": 1},
    ],
    "DescribeDependents": [{"GroupId": "$web"}, {"GroupName": "web"}],
}
