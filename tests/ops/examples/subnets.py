"""Example calls of the operations on subnets."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import islice

from tests.driver import Wall
from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json, create_vpc


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make a VPC with IPv6 and two subnets of which one has IPv6; the first zone has no default subnet."""
    vpc_id = create_vpc(wall, "10.9.0.0/16", AmazonProvidedIpv6CidrBlock=True)
    [vpc] = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"]
    block = vpc["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    first, second, third = islice(map(str, ip_network(block).subnets(new_prefix=64)), 3)
    plain, dual = (
        wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=cidr, **given)["Subnet"]
        for cidr, given in (("10.9.0.0/24", {}), ("10.9.1.0/24", {"Ipv6CidrBlock": first}))
    )
    [free] = wall.call("DescribeSubnets", SubnetIds=[places["subnet"]])["Subnets"]
    wall.call("DeleteSubnet", SubnetId=free["SubnetId"])
    return {
        "dual": dual["SubnetId"], "association": dual["Ipv6CidrBlockAssociationSet"][0]["AssociationId"],
        "plain": plain["SubnetId"], "six": vpc_id, "ipv6": second, "other6": third,
        "zone": free["AvailabilityZone"], "zone_id": free["AvailabilityZoneId"],
    }  # fmt: skip


_OF_SIX: Json = {"VpcId": "$six", "CidrBlock": "10.9.7.0/24"}

EXAMPLES: dict[str, list[Json]] = {
    "CreateSubnet": [
        {**_OF_SIX, "AvailabilityZone": "us-east-1b", "Ipv6CidrBlock": "$ipv6", "TagSpecifications": tagged("subnet")},
        {**_OF_SIX, "AvailabilityZoneId": "use1-az2", "Ipv6Native": False}, {**_OF_SIX, "OutpostArn": "x"},
        {**_OF_SIX, "Ipv4IpamPoolId": "x"}, {**_OF_SIX, "Ipv4NetmaskLength": 24}, {**_OF_SIX, "Ipv6IpamPoolId": "x"},
        {**_OF_SIX, "Ipv6NetmaskLength": 64},
    ],
    "CreateDefaultSubnet": [{"AvailabilityZone": "$zone"}, {"AvailabilityZoneId": "$zone_id", "Ipv6Native": True}],
    "DeleteSubnet": [{"SubnetId": "$dual"}],
    "DescribeSubnets": [{"SubnetIds": ["$plain"]}, *PAGED],
    "ModifySubnetAttribute": [
        {"SubnetId": "$dual", "AssignIpv6AddressOnCreation": {"Value": True}},
        {"SubnetId": "$plain", "AssignIpv6AddressOnCreation": {"Value": True}},
        {"SubnetId": "$plain", "MapPublicIpOnLaunch": {"Value": True}},
        {"SubnetId": "$plain", "EnableDns64": {"Value": True}},
        {"SubnetId": "$plain", "EnableResourceNameDnsARecordOnLaunch": {"Value": True}},
        {"SubnetId": "$plain", "EnableResourceNameDnsAAAARecordOnLaunch": {"Value": True}},
        {"SubnetId": "$plain", "PrivateDnsHostnameTypeOnLaunch": "resource-name"},
        {"SubnetId": "$plain", "MapCustomerOwnedIpOnLaunch": {"Value": True}},
        {"SubnetId": "$plain", "CustomerOwnedIpv4Pool": "x"}, {"SubnetId": "$plain", "EnableLniAtDeviceIndex": 1},
        {"SubnetId": "$plain", "DisableLniAtDeviceIndex": {"Value": True}},
    ],
    "AssociateSubnetCidrBlock": [
        {"SubnetId": "$plain", "Ipv6CidrBlock": "$other6"}, {"SubnetId": "$plain", "Ipv6IpamPoolId": "x"},
        {"SubnetId": "$plain", "Ipv6NetmaskLength": 64},
    ],
    "DisassociateSubnetCidrBlock": [{"AssociationId": "$association"}],
}  # fmt: skip

WITHOUT_EFFECT = {
    "MapCustomerOwnedIpOnLaunch.*": "the whole member is refused as unsupported",
    "DisableLniAtDeviceIndex.*": "the whole member is refused as unsupported",
}
WITHOUT_FILTER = {
    "DescribeSubnets": {
        "customer-owned-ipv4-pool": "Outposts are outside the slice",
        "enable-lni-at-device-index": "Outposts are outside the slice",
        "map-customer-owned-ip-on-launch": "Outposts are outside the slice",
        "outpost-arn": "Outposts are outside the slice",
    },
}
