"""Example calls of expectations."""

from __future__ import annotations

from tests.driver import Wall
from tests.scenes import Json

_EXPECTED: Json = {
    "Name": "https", "From": "192.0.2.7", "To": "$web", "Protocol": "tcp", "FromPort": 443, "ToPort": 443,
    "Verdict": "accept", "Description": "customers",
}  # fmt: skip
KEPT = _EXPECTED | {"Name": "kept"}

EXAMPLES: dict[str, list[Json]] = {
    "PutExpectations": [
        {"Expectations": [_EXPECTED]},
        {"Expectations": [_EXPECTED | {"Verdict": "deny"}], "Replace": True, "AllowBroken": True},
    ],
    "DescribeExpectations": [{}, {"Names": ["kept"], "MaxResults": 5}, {"NextToken": "none"}],
    "CheckExpectations": [
        {"Names": ["kept"], "At": 1_700_000_000_000},
        {"Expectations": [_EXPECTED], "AtRevision": 1},
    ],
    "DeleteExpectations": [{"Names": ["kept"]}],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Keep an expectation."""
    wall.call("PutExpectations", Expectations=[KEPT | {"To": places["web"]}])
    return {}
