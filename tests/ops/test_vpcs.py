"""VPCs: create, delete, describe [reference 7, 19; clients 2]."""

from __future__ import annotations

import pytest

from tests import scenes
from tests.driver import Wall
from tests.scenes import EVERYWHERE, Json, create_group, create_vpc, default_group, group_of, refusal, tcp

IN_USE = "DependencyViolation: The vpc '{}' has dependencies and cannot be deleted."
NO_BLOCK = "InvalidParameterValue: Value ({}) for parameter cidrBlock is invalid. This is not a valid CIDR block."


@pytest.mark.reference("19 default VPC")
def test_a_world_has_a_default_vpc(wall: Wall) -> None:
    """A world begins with one default VPC, 172.31.0.0/16, and a subnet for each zone [reference 19, recorded]."""
    [vpc] = wall.call("DescribeVpcs")["Vpcs"]
    assert (vpc["IsDefault"], vpc["CidrBlock"], vpc["State"]) == (True, "172.31.0.0/16", "available")
    subnets = wall.call("DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
    assert sorted((subnet["AvailabilityZone"], subnet["CidrBlock"]) for subnet in subnets) == [
        ("us-east-1a", "172.31.0.0/20"), ("us-east-1b", "172.31.16.0/20"), ("us-east-1c", "172.31.32.0/20"),
    ]  # fmt: skip
    assert all(subnet["DefaultForAz"] and subnet["MapPublicIpOnLaunch"] for subnet in subnets)


@pytest.mark.reference("clients 2.21 pending", "clients 9 state of a new VPC")
def test_a_new_vpc_is_pending(wall: Wall) -> None:
    """The answer says ``pending``, the next description ``available`` [clients 2.21, recorded]."""
    tags = [{"Key": "Name", "Value": "mine"}]
    given = {"TagSpecifications": [{"ResourceType": "vpc", "Tags": tags}]}
    vpc = wall.call("CreateVpc", CidrBlock="10.0.0.0/16", **given)["Vpc"]
    [found] = wall.call("DescribeVpcs", VpcIds=[vpc["VpcId"]])["Vpcs"]
    assert (vpc["State"], found["State"]) == ("pending", "available")
    assert vpc | {"State": "available"} == found
    assert found == {
        "VpcId": vpc["VpcId"], "OwnerId": "123456789012", "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default",
        "IsDefault": False, "State": "available", "DhcpOptionsId": vpc["DhcpOptionsId"], "Tags": tags,
        "CidrBlockAssociationSet": [{
            "AssociationId": found["CidrBlockAssociationSet"][0]["AssociationId"], "CidrBlock": "10.0.0.0/16",
            "CidrBlockState": {"State": "associated"},
        }],
    }  # fmt: skip


@pytest.mark.parametrize("ipv6", [False, True])
@pytest.mark.reference("19 default group", "19 its rules", "clients 9 default group of a VPC")
def test_every_vpc_has_a_default_group(wall: Wall, *, ipv6: bool) -> None:
    """It lets in its own members and lets out everything, to ::/0 too where there is IPv6 [reference 19]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=ipv6)
    group = group_of(wall, default_group(wall, vpc_id))
    every = {"IpProtocol": "-1", "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    assert (group["GroupName"], group["Description"]) == ("default", "default VPC security group")
    assert group["IpPermissions"] == [
        every | {"UserIdGroupPairs": [{"GroupId": group["GroupId"], "UserId": "123456789012"}]}
    ]
    ranges = {"IpRanges": [{"CidrIp": EVERYWHERE}], "Ipv6Ranges": [{"CidrIpv6": "::/0"}] if ipv6 else []}
    assert group["IpPermissionsEgress"] == [every | ranges]


@pytest.mark.reference("19 changed rules stay, deletion")
def test_rules_of_the_default_group_may_go(wall: Wall) -> None:
    """The default group's rules are changed like any others and are not restored [reference 19]."""
    group = default_group(wall, scenes.default_vpc(wall))
    for side, member in (("Ingress", "IpPermissions"), ("Egress", "IpPermissionsEgress")):
        wall.call(f"RevokeSecurityGroup{side}", GroupId=group, IpPermissions=group_of(wall, group)[member])
    create_group(wall)
    assert scenes.rules_of(wall, group) == scenes.rules_of(wall, group, egress=True) == []


@pytest.mark.reference("19 DeleteVpc with groups", "19 changed rules stay, deletion")
def test_a_vpc_goes_with_its_default_group(wall: Wall) -> None:
    """Another group keeps a VPC; its default group goes with it, rules and tags and all [reference 19, docs]."""
    vpc_id = create_vpc(wall)
    group, default = create_group(wall, "web", vpc_id), default_group(wall, vpc_id)
    wall.call("CreateTags", Resources=[default, vpc_id], Tags=[{"Key": "a", "Value": "b"}])
    assert refusal(wall, "DeleteVpc", VpcId=vpc_id) == IN_USE.format(vpc_id)
    wall.call("DeleteSecurityGroup", GroupId=group)
    wall.call("DeleteVpc", VpcId=vpc_id)
    assert refusal(wall, "DescribeVpcs", VpcIds=[vpc_id]).startswith("InvalidVpcID.NotFound: ")
    assert refusal(wall, "DescribeSecurityGroups", GroupIds=[default]).startswith("InvalidGroup.NotFound: ")
    assert wall.call("DescribeTags") == {"Tags": []}


def test_what_ends_with_a_vpc(wall: Wall) -> None:
    """Associations with a VPC end with it, and so do its peerings, which do not keep it (inferred)."""
    home, away = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    wall.call("AssociateSecurityGroupVpc", GroupId=create_group(wall, "web", home), VpcId=away)
    wall.call("CreateVpcPeeringConnection", VpcId=home, PeerVpcId=away)
    wall.call("DeleteVpc", VpcId=away)
    assert wall.call("DescribeSecurityGroupVpcAssociations")["SecurityGroupVpcAssociations"] == []
    [peering] = wall.call("DescribeVpcPeeringConnections")["VpcPeeringConnections"]
    assert peering["Status"]["Code"] == "deleted"


def test_a_new_vpc_with_ipv6(wall: Wall) -> None:
    """The IPv6 block of a new VPC comes a moment after it [model]; the region is its border group (inferred)."""
    given = {"AmazonProvidedIpv6CidrBlock": True, "Ipv6CidrBlockNetworkBorderGroup": "us-east-1"}
    vpc = wall.call("CreateVpc", CidrBlock="10.0.0.0/16", **given)["Vpc"]
    [made] = vpc["Ipv6CidrBlockAssociationSet"]
    [found] = wall.call("DescribeVpcs", VpcIds=[vpc["VpcId"]])["Vpcs"]
    assert made["Ipv6CidrBlockState"] == {"State": "associating"}
    assert found["Ipv6CidrBlockAssociationSet"] == [made | {"Ipv6CidrBlockState": {"State": "associated"}}]


def test_subnets_keep_a_vpc(wall: Wall) -> None:
    """The default VPC goes only after its subnets [inferred from the documentation of DeleteVpc]."""
    vpc_id = scenes.default_vpc(wall)
    assert refusal(wall, "DeleteVpc", VpcId=vpc_id).startswith("DependencyViolation: ")
    scenes.remove_default_vpc(wall)
    assert wall.call("DescribeVpcs") == {"Vpcs": []}
    assert wall.call("DescribeSecurityGroups") == {"SecurityGroups": []}


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("CreateVpc", {}, "MissingParameter: The request must contain the parameter cidrBlock"),
        ("CreateVpc", {"CidrBlock": "x"}, NO_BLOCK.format("x")),
        ("CreateVpc", {"CidrBlock": "10.0.0.0/8"}, "InvalidVpc.Range: The CIDR '10.0.0.0/8' is invalid."),
        ("CreateVpc", {"CidrBlock": "10.0.0.0/29"}, "InvalidVpc.Range: The CIDR '10.0.0.0/29' is invalid."),
        (
            "CreateVpc", {"CidrBlock": "10.0.0.0/16", "InstanceTenancy": "x"},
            "InvalidParameterValue: Value (x) for parameter instanceTenancy is invalid.",
        ),
        (
            "CreateVpc", {"CidrBlock": "10.0.0.0/16", "Ipv4NetmaskLength": 16},
            "UnsupportedOperation: The operation CreateVpc with Ipv4NetmaskLength is not supported.",
        ),
        ("DeleteVpc", {"VpcId": "vpc-00000000"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist"),
        ("DeleteVpc", {"VpcId": "x"}, 'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")'),
        (
            "DescribeVpcs", {"VpcIds": ["vpc-00000000"]},
            "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist",
        ),
        ("DescribeVpcs", {"VpcIds": ["x"]}, 'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")'),
    ],
)  # fmt: skip
@pytest.mark.reference("3.3 VPC unknown or malformed")
def test_what_is_refused(wall: Wall, name: str, given: Json, told: str) -> None:
    """What is no VPC is told so [reference 3.3: the VPC's codes; other codes and texts inferred]."""
    assert refusal(wall, name, **given) == told


def test_blocks_lose_their_host_bits(wall: Wall) -> None:
    """A VPC's block is stored as a network (inferred from rules, reference 3.2)."""
    vpc = wall.call("CreateVpc", CidrBlock="10.1.2.3/16", InstanceTenancy="dedicated")["Vpc"]
    assert (vpc["CidrBlock"], vpc["InstanceTenancy"]) == ("10.1.0.0/16", "dedicated")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("vpc-id", "{mine}", "mine"), ("cidr", "10.*", "mine"), ("cidr-block", "172.31.0.0/16", "default"),
        ("cidrBlock", "10.7.0.0/16", "mine"), ("is-default", "true", "default"), ("isDefault", "false", "mine"),
        ("owner-id", "123456789012", "default mine"), ("state", "available", "default mine"), ("state", "pending", ""),
        ("tag:Name", "mine", "mine"), ("tag-key", "Name", "mine"), ("tag-value", "mine", "mine"),
        ("dhcp-options-id", "{dhcp}", "default mine"), ("dhcpOptionsId", "dopt-00000000", ""),
        ("cidr-block-association.cidr-block", "10.7.0.0/16", "mine"),
        ("cidr-block-association.association-id", "{association}", "mine"),
        ("cidr-block-association.state", "associated", "default mine"),
        ("ipv6-cidr-block-association.state", "associated", "mine"),
        ("ipv6-cidr-block-association.ipv6-cidr-block", "2600:1f*", "mine"),
        ("ipv6-cidr-block-association.association-id", "{association6}", "mine"),
        ("ipv6-cidr-block-association.ipv6-pool", "Amazon", "mine"),
    ],
)  # fmt: skip
def test_filters_of_vpcs(wall: Wall, name: str, value: str, found: str) -> None:
    """VPCs are found by each filter of the model [model]."""
    made = wall.call("CreateVpc", CidrBlock="10.7.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    wall.call("CreateTags", Resources=[made["VpcId"]], Tags=[{"Key": "Name", "Value": "mine"}])
    places = {
        "mine": made["VpcId"],
        "dhcp": made["DhcpOptionsId"],
        "association": made["CidrBlockAssociationSet"][0]["AssociationId"],
        "association6": made["Ipv6CidrBlockAssociationSet"][0]["AssociationId"],
    }
    wanted = [{"Name": name, "Values": [value.format(**places)]}]
    vpcs = wall.call("DescribeVpcs", Filters=wanted)["Vpcs"]
    assert sorted("default" if vpc["IsDefault"] else "mine" for vpc in vpcs) == found.split()


@pytest.mark.parametrize(("name", "ids"), [("DescribeVpcs", "VpcIds"), ("DescribeSubnets", "SubnetIds")])
def test_ids_are_not_paged(wall: Wall, name: str, ids: str) -> None:
    """MaxResults with ids is refused (inferred from DescribeSecurityGroups)."""
    assert refusal(wall, name, **{ids: ["x"]}, MaxResults=5).startswith("InvalidParameterCombination: ")


def test_ids_of_blocks_and_groups_are_new(wall: Wall) -> None:
    """Two VPCs share no id of their own, and their groups none either (inferred)."""
    first, second = create_vpc(wall), create_vpc(wall)
    assert first != second
    assert default_group(wall, first) != default_group(wall, second)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=default_group(wall, first), IpPermissions=[tcp(22, EVERYWHERE)])
    assert len(scenes.rules_of(wall, default_group(wall, second))) == 1
