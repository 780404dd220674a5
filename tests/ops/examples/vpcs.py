"""Example calls of the operations on VPCs."""

from __future__ import annotations

from tests.driver import Wall
from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json, create_vpc, remove_default_vpc


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make a VPC with a second block; there is no default VPC."""
    remove_default_groups(wall, places)
    vpc_id = create_vpc(wall, "10.8.0.0/16")
    made = wall.call("AssociateVpcCidrBlock", VpcId=vpc_id, CidrBlock="10.9.0.0/16")["CidrBlockAssociation"]
    return {"wide": vpc_id, "second": made["AssociationId"]}


def remove_default_groups(wall: Wall, places: dict[str, str]) -> None:
    """Leave the world without its default VPC and the groups in it."""
    wall.call("RevokeSecurityGroupIngress", GroupId=places["web"], SecurityGroupRuleIds=[places["ingress"]])
    for group in wall.call("DescribeSecurityGroups")["SecurityGroups"]:
        if group["GroupName"] != "default":
            wall.call("DeleteSecurityGroup", GroupId=group["GroupId"])
    remove_default_vpc(wall)


_NOT_OURS: list[Json] = [
    {"Ipv4IpamPoolId": "x"}, {"Ipv4NetmaskLength": 16}, {"Ipv6CidrBlock": "::/56"}, {"Ipv6IpamPoolId": "x"},
    {"Ipv6NetmaskLength": 56}, {"Ipv6Pool": "x"},
]  # fmt: skip
_IPV6 = {"AmazonProvidedIpv6CidrBlock": True, "Ipv6CidrBlockNetworkBorderGroup": "us-east-1"}

EXAMPLES: dict[str, list[Json]] = {
    "CreateVpc": [
        {
            "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default", "AmazonProvidedIpv6CidrBlock": True,
            "TagSpecifications": tagged("vpc"),
        },
        {"CidrBlock": "10.0.0.0/16", **_IPV6}, *_NOT_OURS, {"VpcEncryptionControl": {"Mode": "monitor"}},
    ],
    "DeleteVpc": [{"VpcId": "$vpc"}],
    "DescribeVpcs": [{"VpcIds": ["$vpc"]}, *PAGED],
    "DescribeVpcAttribute": [{"VpcId": "$vpc", "Attribute": "enableDnsSupport"}],
    "ModifyVpcAttribute": [
        {"VpcId": "$vpc", "EnableDnsHostnames": {"Value": True}},
        {"VpcId": "$vpc", "EnableDnsSupport": {"Value": True}},
        {"VpcId": "$vpc", "EnableNetworkAddressUsageMetrics": {"Value": True}},
    ],
    "AssociateVpcCidrBlock": [
        {"VpcId": "$vpc", "CidrBlock": "10.1.0.0/16"}, {"VpcId": "$vpc", **_IPV6},
        *({"VpcId": "$vpc", **given} for given in _NOT_OURS),
    ],
    "DisassociateVpcCidrBlock": [{"AssociationId": "$second"}],
    "CreateDefaultVpc": [{}],
}  # fmt: skip

WITHOUT_EFFECT = {"VpcEncryptionControl.*": "the whole member is refused as unsupported"}
