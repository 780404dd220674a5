"""What the examples of several nouns have in common."""

from __future__ import annotations

from tests.scenes import Json

TAGS = [{"Key": "team", "Value": "net"}]
PAGED: list[Json] = [{"MaxResults": 5, "Filters": [{"Name": "x", "Values": ["y"]}]}, {"NextToken": "x"}]


def tagged(kind: str) -> list[Json]:
    """Return the specification that tags a new resource."""
    return [{"ResourceType": kind, "Tags": TAGS}]
