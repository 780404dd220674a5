"""Example calls of the operations on VPCs and subnets."""

from __future__ import annotations

from tests.ops.examples.shared import PAGED, tagged
from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "CreateVpc": [
        {
            "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default", "AmazonProvidedIpv6CidrBlock": True,
            "TagSpecifications": tagged("vpc"),
        },
        {"Ipv4IpamPoolId": "x"}, {"Ipv4NetmaskLength": 16}, {"Ipv6CidrBlock": "::/56"},
        {"Ipv6CidrBlockNetworkBorderGroup": "x"}, {"Ipv6IpamPoolId": "x"}, {"Ipv6NetmaskLength": 56}, {"Ipv6Pool": "x"},
        {"VpcEncryptionControl": {"Mode": "monitor"}},
    ],
    "DeleteVpc": [{"VpcId": "$vpc"}],
    "DescribeVpcs": [{"VpcIds": ["$vpc"]}, *PAGED],
    "DescribeSubnets": [{"SubnetIds": ["$subnet"]}, *PAGED],
    "DeleteSubnet": [{"SubnetId": "$subnet"}],
}  # fmt: skip

WITHOUT_EFFECT = {"VpcEncryptionControl.*": "the whole member is refused as unsupported"}
WITHOUT_FILTER = {
    "DescribeSubnets": {
        "availability-zone-id": "asked for by none of the clients tried [clients 6]",
        "available-ip-address-count": "no interface takes an address yet",
        "customer-owned-ipv4-pool": "Outposts are outside the slice",
        "enable-dns64": "no subnet has IPv6 yet",
        "enable-lni-at-device-index": "Outposts are outside the slice",
        "ipv6-cidr-block-association.ipv6-cidr-block": "no subnet has IPv6 yet",
        "ipv6-cidr-block-association.association-id": "no subnet has IPv6 yet",
        "ipv6-cidr-block-association.state": "no subnet has IPv6 yet",
        "ipv6-native": "no subnet has IPv6 yet",
        "map-customer-owned-ip-on-launch": "Outposts are outside the slice",
        "outpost-arn": "Outposts are outside the slice",
        "private-dns-name-options-on-launch.hostname-type": "names of instances are outside the slice",
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record": "as hostname-type",
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": "as hostname-type",
        "subnet-arn": "asked for by none of the clients tried [clients 6]",
    },
}
