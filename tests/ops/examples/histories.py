"""Example calls that read the history."""

from __future__ import annotations

from tests.scenes import Json

_LONG_AGO = 1_700_000_000_000

EXAMPLES: dict[str, list[Json]] = {
    "DescribeDifference": [
        {"FromRevision": 1, "ToRevision": 2},
        {"From": _LONG_AGO, "To": _LONG_AGO},
    ],
    "BisectFlow": [
        {
            "From": "192.0.2.7", "To": "$web", "Protocol": "tcp", "FromPort": 443, "ToPort": 443,
            "AfterRevision": 1, "UntilRevision": 3,
        },
    ],
    "VerifyHistory": [{}, {"Heads": [{"Revision": 1, "Hash": "00", "Time": _LONG_AGO}]}],
    "DescribeHeads": [{"After": 0, "MaxResults": 5}],
    "ExportHistory": [{"After": 0, "MaxResults": 5, "Since": _LONG_AGO, "Until": _LONG_AGO}],
}  # fmt: skip

WITHOUT_EFFECT = {
    "Heads[].Time": "DescribeHeads tells it, and it may be sent back as it came: the hash covers it",
}
