"""Example calls of the operations on VPC peering connections and on references across them."""

from __future__ import annotations

from tests import scenes
from tests.driver import Wall
from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json, tcp

_CLASSIC_LINK = ("AllowEgressFromLocalClassicLinkToRemoteVpc", "AllowEgressFromLocalVpcToRemoteClassicLink")
_MULTIPATH = {"AllowMultipathResilience": True, "MultipathResilienceMode": "always-on"}
_SIDES = ("AccepterPeeringConnectionOptions", "RequesterPeeringConnectionOptions")


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make a VPC that is peered with ``vpc``, a group in each, one of which has gone, and a request."""
    peer, third = (scenes.create_vpc(wall, f"10.{number}.0.0/16") for number in (1, 2))
    pcx = scenes.peer_vpcs(wall, places["vpc"], peer)
    asked = wall.call("CreateVpcPeeringConnection", VpcId=third, PeerVpcId=places["vpc"])
    mine, theirs, gone = (
        scenes.create_group(wall, name, vpc_id)
        for name, vpc_id in (("mine", places["vpc"]), ("theirs", peer), ("gone", peer))
    )
    wall.call("AuthorizeSecurityGroupIngress", GroupId=mine, IpPermissions=[tcp(80, theirs, gone)])
    wall.call("DeleteSecurityGroup", GroupId=gone)
    return {
        "peer": peer, "third": third, "pcx": pcx, "theirs": theirs,
        "asked": asked["VpcPeeringConnection"]["VpcPeeringConnectionId"],
    }  # fmt: skip


EXAMPLES: dict[str, list[Json]] = {
    "CreateVpcPeeringConnection": [
        {"VpcId": "$third", "PeerVpcId": "$peer", "TagSpecifications": tagged("vpc-peering-connection")},
        {
            "VpcId": "$vpc", "PeerVpcId": "vpc-00000000", "PeerOwnerId": "111122223333", "PeerRegion": "eu-west-1",
            "RequesterPeeringConnectionOptions": _MULTIPATH,
        },
    ],
    "AcceptVpcPeeringConnection": [{"VpcPeeringConnectionId": "$asked"}],
    "RejectVpcPeeringConnection": [{"VpcPeeringConnectionId": "$asked"}],
    "DeleteVpcPeeringConnection": [{"VpcPeeringConnectionId": "$pcx"}],
    "DescribeVpcPeeringConnections": [{"VpcPeeringConnectionIds": ["$pcx"]}, *PAGED],
    "ModifyVpcPeeringConnectionOptions": [
        {
            "VpcPeeringConnectionId": "$pcx",
            **dict.fromkeys(_SIDES, {"AllowDnsResolutionFromRemoteVpc": True} | dict.fromkeys(_CLASSIC_LINK, False)),
        },
        *({"VpcPeeringConnectionId": "$pcx", side: _MULTIPATH} for side in _SIDES),
    ],
    "DescribeSecurityGroupReferences": [{"GroupId": ["$theirs"]}],
    "DescribeStaleSecurityGroups": [{"VpcId": "$vpc", "MaxResults": 5}, {"VpcId": "$vpc", "NextToken": "x"}],
}  # fmt: skip
