"""Example calls of the operations on groups in VPCs beside their own."""

from __future__ import annotations

from tests import scenes
from tests.driver import Wall
from tests.ops.examples.shared import PAGED
from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "AssociateSecurityGroupVpc": [{"GroupId": "$near", "VpcId": "$vpc"}, {"GroupId": "$far", "VpcId": "$vpc"}],
    "DisassociateSecurityGroupVpc": [{"GroupId": "$far", "VpcId": "$vpc"}, {"GroupId": "$near", "VpcId": "$vpc"}],
    "DescribeSecurityGroupVpcAssociations": [{}, *PAGED],
    "GetSecurityGroupsForVpc": [{"VpcId": "$vpc"}, *({"VpcId": "$vpc"} | more for more in PAGED)],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make two groups of a third VPC, of which ``far`` is associated with ``vpc``."""
    home = scenes.create_vpc(wall, "10.9.0.0/16")
    near, far = (scenes.create_group(wall, name, home) for name in ("near", "far"))
    wall.call("AssociateSecurityGroupVpc", GroupId=far, VpcId=places["vpc"])
    return {"near": near, "far": far}
