"""Further blocks of a VPC: associate, disassociate, and the egress rule that comes with IPv6 [model; reference 7]."""

from __future__ import annotations

import pytest

from tests import scenes
from tests.driver import Wall
from tests.scenes import EVERYWHERE, Json, create_group, create_vpc, default_group, refusal, tcp


def _associate(wall: Wall, vpc_id: str, cidr: str) -> Json:
    answer = wall.call("AssociateVpcCidrBlock", VpcId=vpc_id, CidrBlock=cidr)
    assert answer["VpcId"] == vpc_id
    association: Json = answer["CidrBlockAssociation"]
    return association


def _vpc(wall: Wall, vpc_id: str) -> Json:
    vpc: Json = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"][0]
    return vpc


def test_a_further_block(wall: Wall) -> None:
    """A block comes, is told after the primary one, holds a subnet, and goes again [model]."""
    vpc_id = create_vpc(wall)
    made = _associate(wall, vpc_id, "10.1.2.3/16")
    assert made == {
        "AssociationId": made["AssociationId"], "CidrBlock": "10.1.0.0/16", "CidrBlockState": {"State": "associating"},
    }  # fmt: skip
    vpc = _vpc(wall, vpc_id)
    assert vpc["CidrBlock"] == "10.0.0.0/16"
    assert [one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"]] == ["10.0.0.0/16", "10.1.0.0/16"]
    assert {one["CidrBlockState"]["State"] for one in vpc["CidrBlockAssociationSet"]} == {"associated"}
    subnet = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    gone = {"AssociationId": made["AssociationId"]}
    in_use = f"InvalidCidrBlock.InUse: The vpc {vpc_id} currently has a subnet within CIDR block 10.1.0.0/16"
    assert refusal(wall, "DisassociateVpcCidrBlock", **gone) == in_use
    wall.call("DeleteSubnet", SubnetId=subnet)
    answer = wall.call("DisassociateVpcCidrBlock", **gone)
    assert answer == {"VpcId": vpc_id, "CidrBlockAssociation": made | {"CidrBlockState": {"State": "disassociating"}}}
    assert len(_vpc(wall, vpc_id)["CidrBlockAssociationSet"]) == 1
    assert refusal(wall, "DisassociateVpcCidrBlock", **gone).startswith("InvalidVpcCidrBlockAssociationID.NotFound: ")


def test_blocks_are_limited(wall: Wall) -> None:
    """A VPC has up to five IPv4 blocks, and one IPv6 block [docs: quotas; model; texts parity]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    for number in range(1, 5):
        _associate(wall, vpc_id, f"10.{number}.0.0/16")
    most = "CidrLimitExceeded: This network '{}' has met its maximum number of allowed CIDRs: {}"
    told = refusal(wall, "AssociateVpcCidrBlock", VpcId=vpc_id, CidrBlock="10.5.0.0/16")
    assert told == most.format(vpc_id, 5)
    told = refusal(wall, "AssociateVpcCidrBlock", VpcId=vpc_id, AmazonProvidedIpv6CidrBlock=True)
    assert told == most.format(vpc_id, 1)


def test_the_primary_block_stays(wall: Wall) -> None:
    """The block that a VPC was made with cannot be taken from it [model; text parity]."""
    vpc_id = create_vpc(wall)
    association = _vpc(wall, vpc_id)["CidrBlockAssociationSet"][0]["AssociationId"]
    assert refusal(wall, "DisassociateVpcCidrBlock", AssociationId=association) == (
        f"OperationNotPermitted: The vpc CIDR block with association ID {association} may not be disassociated."
        " It is the primary IPv4 CIDR block of the VPC"
    )


@pytest.mark.reference("7 rules of a new group", "19 its rules")
def test_ipv6_comes_with_its_egress_rule(wall: Wall) -> None:
    """With the first IPv6 block, groups whose egress nobody touched may reach ``::/0`` [reference 7; docs; inferred].

    The VPC user guide says it of the default group, unless its rules were changed.
    """
    vpc_id, other = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    groups = {name: create_group(wall, name, vpc_id) for name in ("plain", "revoked", "more", "told", "tagged", "in")}
    groups["default"] = default_group(wall, vpc_id)
    groups["elsewhere"] = create_group(wall, "elsewhere", other)
    everything = [scenes.permission("-1", None, None, EVERYWHERE)]
    wall.call("RevokeSecurityGroupEgress", GroupId=groups["revoked"], IpPermissions=everything)
    wall.call("AuthorizeSecurityGroupEgress", GroupId=groups["more"], IpPermissions=[tcp(22, EVERYWHERE)])
    wall.call("RevokeSecurityGroupEgress", GroupId=groups["told"], IpPermissions=everything)
    described = [scenes.permission("-1", None, None, (EVERYWHERE, "mine"))]
    wall.call("AuthorizeSecurityGroupEgress", GroupId=groups["told"], IpPermissions=described)
    [rule] = scenes.rules_of(wall, groups["tagged"], egress=True)
    wall.call("CreateTags", Resources=[rule["SecurityGroupRuleId"]], Tags=[{"Key": "a", "Value": "b"}])
    wall.call("AuthorizeSecurityGroupIngress", GroupId=groups["in"], IpPermissions=[tcp(22, EVERYWHERE)])
    answer = wall.call("AssociateVpcCidrBlock", VpcId=vpc_id, AmazonProvidedIpv6CidrBlock=True)
    assert answer["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"] == {"State": "associating"}
    open_to_ipv6 = {
        name
        for name, group in groups.items()
        if any(rule.get("CidrIpv6") == "::/0" for rule in scenes.rules_of(wall, group, egress=True))
    }
    assert open_to_ipv6 == {"plain", "in", "default"}
    assert create_group(wall, "new", vpc_id)
    [shown] = scenes.group_of(wall, groups["plain"])["IpPermissionsEgress"]
    assert (shown["IpRanges"], shown["Ipv6Ranges"]) == ([{"CidrIp": EVERYWHERE}], [{"CidrIpv6": "::/0"}])


def test_an_ipv6_block(wall: Wall) -> None:
    """An IPv6 block is Amazon's, is told with its pool and border group, and goes when no subnet has it [model]."""
    vpc_id = create_vpc(wall)
    given = {"AmazonProvidedIpv6CidrBlock": True, "Ipv6CidrBlockNetworkBorderGroup": "us-east-1"}
    made = wall.call("AssociateVpcCidrBlock", VpcId=vpc_id, **given)["Ipv6CidrBlockAssociation"]
    [shown] = _vpc(wall, vpc_id)["Ipv6CidrBlockAssociationSet"]
    assert shown == made | {"Ipv6CidrBlockState": {"State": "associated"}}
    assert (shown["Ipv6Pool"], shown["NetworkBorderGroup"]) == ("Amazon", "us-east-1")
    first = made["Ipv6CidrBlock"].replace("/56", "/64")
    subnet = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.0.0/24", Ipv6CidrBlock=first)["Subnet"]
    gone = {"AssociationId": made["AssociationId"]}
    assert refusal(wall, "DisassociateVpcCidrBlock", **gone).startswith("InvalidCidrBlock.InUse: ")
    wall.call("DeleteSubnet", SubnetId=subnet["SubnetId"])
    answer = wall.call("DisassociateVpcCidrBlock", **gone)
    assert answer["Ipv6CidrBlockAssociation"]["Ipv6CidrBlockState"] == {"State": "disassociating"}
    assert "Ipv6CidrBlockAssociationSet" not in _vpc(wall, vpc_id)


_CONFLICT = "InvalidVpc.Range: The CIDR '{0}' conflicts with another CIDR block of the VPC"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"CidrBlock": "10.0.0.0/16"}, _CONFLICT.format("10.0.0.0/16")),
        ({"CidrBlock": "10.0.128.0/20"}, _CONFLICT.format("10.0.128.0/20")),
        ({"CidrBlock": "10.1.0.0/8"}, "InvalidVpc.Range: The CIDR '10.1.0.0/8' is invalid."),
        (
            {"CidrBlock": "x"},
            "InvalidParameterValue: Value (x) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ),
        ({}, "MissingParameter: The request must contain the parameter cidrBlock"),
        ({"AmazonProvidedIpv6CidrBlock": False}, "MissingParameter: The request must contain the parameter cidrBlock"),
        (
            {"CidrBlock": "10.1.0.0/16", "AmazonProvidedIpv6CidrBlock": True},
            "InvalidParameterCombination: Only one of 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' may be provided.",
        ),
        (
            {"Ipv6CidrBlockNetworkBorderGroup": "us-east-1"},
            "InvalidParameterCombination: ipv6CidrBlockNetworkBorderGroup requires amazonProvidedIpv6CidrBlock.",
        ),
        (
            {"AmazonProvidedIpv6CidrBlock": True, "Ipv6CidrBlockNetworkBorderGroup": "us-west-2"},
            "InvalidParameterValue: Value (us-west-2) for parameter ipv6CidrBlockNetworkBorderGroup is invalid.",
        ),
        (
            {"Ipv6Pool": "x"},
            "UnsupportedOperation: The operation AssociateVpcCidrBlock with Ipv6Pool is not supported.",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(wall: Wall, given: Json, told: str) -> None:
    """A block that overlaps, is no block or is not ours to give is refused, and nothing is left of it (inferred)."""
    vpc_id = create_vpc(wall)
    before = wall.app.revision()
    assert refusal(wall, "AssociateVpcCidrBlock", VpcId=vpc_id, **given) == told
    assert wall.app.revision() == before


@pytest.mark.parametrize("where", [{}, {"account": "111122223333"}, {"region": "us-west-2"}])
@pytest.mark.parametrize("asks", [True, False])
def test_a_block_that_a_peered_vpc_has(wall: Wall, where: Json, asks: bool) -> None:  # noqa: FBT001 - a table's column
    """No block overlaps one of an actively peered VPC, a further one neither; once that ends it may (inferred)."""
    other = wall.elsewhere(**where)
    mine, theirs = create_vpc(wall), create_vpc(other, "10.1.0.0/16")
    _associate(other, theirs, "10.2.0.0/16")
    ends = [(wall, mine), (other, theirs)]
    (one, vpc), (two, peer) = ends if asks else ends[::-1]
    given = {"VpcId": vpc, "PeerVpcId": peer, "PeerOwnerId": two.account, "PeerRegion": two.region}
    made = one.call("CreateVpcPeeringConnection", **given)["VpcPeeringConnection"]
    pcx = {"VpcPeeringConnectionId": made["VpcPeeringConnectionId"]}
    two.call("AcceptVpcPeeringConnection", **pcx)
    before = wall.app.revision()
    for cidr in ("10.1.0.0/20", "10.2.0.0/16"):
        told = f"InvalidVpc.Range: The CIDR '{cidr}' conflicts with a CIDR block of a peered VPC"
        assert refusal(wall, "AssociateVpcCidrBlock", VpcId=mine, CidrBlock=cidr) == told
    assert wall.app.revision() == before
    _associate(wall, mine, "10.3.0.0/16")
    other.call("DeleteVpcPeeringConnection", **pcx)
    _associate(wall, mine, "10.2.0.0/16")


def test_blocks_of_another_world(wall: Wall) -> None:
    """A VPC or an association of another account or region is not found (inferred)."""
    vpc_id = create_vpc(wall)
    association = _associate(wall, vpc_id, "10.1.0.0/16")["AssociationId"]
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        told = refusal(other, "AssociateVpcCidrBlock", VpcId=vpc_id, CidrBlock="10.2.0.0/16")
        assert told.startswith("InvalidVpcID.NotFound: ")
        told = refusal(other, "DisassociateVpcCidrBlock", AssociationId=association)
        assert told.startswith("InvalidVpcCidrBlockAssociationID.NotFound: ")
