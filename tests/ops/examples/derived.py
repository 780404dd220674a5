"""Example calls of the operations on what is there without being made."""

from __future__ import annotations

from tests.driver import Wall
from tests.ops.examples.shared import PAGED
from tests.scenes import Json


def set_out(wall: Wall, _places: dict[str, str]) -> dict[str, str]:
    """Return the ids of the first of each."""
    return {
        "dopt": wall.call("DescribeDhcpOptions")["DhcpOptions"][0]["DhcpOptionsId"],
        "acl": wall.call("DescribeNetworkAcls")["NetworkAcls"][0]["NetworkAclId"],
        "rtb": wall.call("DescribeRouteTables")["RouteTables"][0]["RouteTableId"],
    }


EXAMPLES: dict[str, list[Json]] = {
    "DescribeDhcpOptions": [{"DhcpOptionsIds": ["$dopt"]}, *PAGED],
    "DescribeNetworkAcls": [{"NetworkAclIds": ["$acl"]}, *PAGED],
    "DescribeRouteTables": [{"RouteTableIds": ["$rtb"]}, *PAGED],
}
