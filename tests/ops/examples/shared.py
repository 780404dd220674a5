"""What the examples of several nouns have in common."""

from __future__ import annotations

from tests.scenes import Json

TAGS = [{"Key": "team", "Value": "net"}]
PAGED: list[Json] = [{"MaxResults": 5, "Filters": [{"Name": "x", "Values": ["y"]}]}, {"NextToken": "x"}]

FED_BACK = {
    "GroupId": "$app", "Description": "peers", "UserId": "123456789012", "VpcId": "$vpc", "PeeringStatus": "active",
    "VpcPeeringConnectionId": "pcx-00000000",
}  # fmt: skip
"""A group as a source, with every member that a reply gives it."""

SOURCES: Json = {
    "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "a"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "b"}],
    "UserIdGroupPairs": [FED_BACK, {"GroupName": "other"}],
    "PrefixListIds": [{"PrefixListId": "pl-00000000", "Description": "c"}],
}
"""Sources of every kind, with every member that they have."""


def tagged(kind: str) -> list[Json]:
    """Return the specification that tags a new resource."""
    return [{"ResourceType": kind, "Tags": TAGS}]
