"""Example calls that ask what passes."""

from __future__ import annotations

from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "ExplainFlow": [
        {"From": "203.0.113.7", "To": "$web", "Protocol": "tcp", "FromPort": 443, "ToPort": 444},
        {"From": "$web", "To": "anywhere", "At": 1_700_000_000_000},
        {"From": "$web", "To": "anywhere", "AtRevision": 1},
    ],
    "DescribeReachability": [
        {"From": "$web", "Protocol": "tcp", "FromPort": 443, "ToPort": 444, "MaxResults": 5},
        {"To": "$web", "NextToken": "none"},
        {"To": "$web", "At": 1_700_000_000_000},
        {"To": "$web", "AtRevision": 1},
    ],
}
