"""What calls cost does not depend on the peerings that ended, which another account can bring about at will."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.counting import Cost, cost, counted
from tests.driver import Wall
from tests.scenes import Json, create_group, create_vpc, peer_vpcs, tcp

OTHER = "111122223333"
FEW, MANY = 2, 60
CALLS = [
    "AuthorizeSecurityGroupIngress", "DescribeSecurityGroups", "DescribeSecurityGroupRules",
    "DescribeStaleSecurityGroups", "DescribeSecurityGroupReferences", "CreateTags", "CreateVpcPeeringConnection",
    "AcceptVpcPeeringConnection", "DeleteVpcPeeringConnection", "AssociateVpcCidrBlock",
]  # fmt: skip


def _ask(wall: Wall, vpc: str, peer: str) -> str:
    asked = wall.call("CreateVpcPeeringConnection", VpcId=vpc, PeerVpcId=peer, PeerOwnerId=OTHER)
    return str(asked["VpcPeeringConnection"]["VpcPeeringConnectionId"])


def _calls(wall: Wall, ended: int) -> tuple[Wall, dict[str, Json]]:
    """Return the account that another one sent so many requests and took back, and what it asks for."""
    theirs, vpc = wall.elsewhere(OTHER), create_vpc(wall)
    ours, far = create_vpc(theirs, "10.1.0.0/16"), create_vpc(theirs, "10.2.0.0/16")
    for _ in range(ended):
        wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=_ask(wall, vpc, ours))
    peering, asked = peer_vpcs(theirs, ours, far), _ask(wall, vpc, ours)
    web, app = create_group(theirs, "web", ours), create_group(theirs, "app", far)
    theirs.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, app)])
    return theirs, {
        "AuthorizeSecurityGroupIngress": {"GroupId": web, "IpPermissions": [tcp(80, app)]},
        "DescribeSecurityGroups": {"GroupIds": [web]},
        "DescribeSecurityGroupRules": {"Filters": [{"Name": "group-id", "Values": [web]}]},
        "DescribeStaleSecurityGroups": {"VpcId": ours},
        "DescribeSecurityGroupReferences": {"GroupId": [app]},
        "CreateTags": {"Resources": [peering], "Tags": [{"Key": "a", "Value": "b"}]},
        "CreateVpcPeeringConnection": {"VpcId": ours, "PeerVpcId": create_vpc(theirs, "10.3.0.0/16")},
        "AcceptVpcPeeringConnection": {"VpcPeeringConnectionId": asked},
        "DeleteVpcPeeringConnection": {"VpcPeeringConnectionId": peering},
        "AssociateVpcCidrBlock": {"VpcId": ours, "CidrBlock": "10.4.0.0/16"},
    }


def _cost(folder: Path, ended: int, name: str) -> Cost:
    with Wall() as wall:
        theirs, calls = _calls(wall, ended)
        with counted(theirs, folder) as connection:
            return cost(theirs, connection, name, calls[name])


def _cost_of_a_block(folder: Path, peers: int) -> Cost:
    with Wall() as wall:
        hub = create_vpc(wall)
        for number in range(1, peers + 1):
            peer_vpcs(wall, hub, create_vpc(wall, f"10.{number}.0.0/16"))
        with counted(wall, folder) as connection:
            return cost(wall, connection, "AssociateVpcCidrBlock", {"VpcId": hub, "CidrBlock": "10.200.0.0/16"})


def test_a_further_block_and_its_peers(tmp_path: Path) -> None:
    """A block is held against those of all peered VPCs at once: as many statements for twelve as for one (inferred)."""
    assert _cost_of_a_block(tmp_path, 12).statements == _cost_of_a_block(tmp_path, 1).statements


@pytest.mark.parametrize("name", CALLS)
def test_ended_peerings_do_not_count(tmp_path: Path, name: str) -> None:
    """However many requests another account sent and took back, a call takes the same statements and steps [inferred].

    Peerings are never forgotten, so that the other account could make every call of this one slow.
    """
    few, many = (_cost(tmp_path, ended, name) for ended in (FEW, MANY))
    assert many.statements == few.statements
    assert many.steps <= few.steps * 1.1 + 20
