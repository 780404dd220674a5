"""Example calls of previews and receipts."""

from __future__ import annotations

import json

from tests.scenes import Json, tcp

_REVOKE = json.dumps({"GroupId": "GROUP", "IpPermissions": [tcp(443, "192.0.2.0/24")]}).replace("GROUP", "$web")
_SOURCES: Json = {
    "IpRanges": [{"CidrIp": "192.0.2.0/24", "Description": "a"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "b"}],
    "UserIdGroupPairs": [
        {
            "GroupId": "$app", "Description": "peers", "UserId": "123456789012", "VpcId": "$vpc",
            "PeeringStatus": "active", "VpcPeeringConnectionId": "pcx-00000000",
        },
        {"GroupName": "other"},
    ],
    "PrefixListIds": [{"PrefixListId": "pl-00000000", "Description": "c"}],
}  # fmt: skip

EXAMPLES: dict[str, list[Json]] = {
    "PreviewChanges": [{"Calls": [{"Operation": "RevokeSecurityGroupIngress", "Parameters": _REVOKE}]}],
    "PreviewRevoke": [
        {"GroupId": "$web", "IpPermissions": [tcp(443, "192.0.2.0/24")]},
        {"GroupId": "$web", "IpPermissions": [tcp(443) | _SOURCES]},
        {"GroupId": "$web", "IsEgress": True, "SecurityGroupRuleIds": ["$egress"]},
        {"GroupName": "web", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "192.0.2.0/24"},
        {"GroupName": "web", "SourceSecurityGroupName": "other"},
    ],
    "DescribeReceipt": [{"Revision": 1}, {"RequestId": "00000000-0000-0000-0000-000000000000"}],
}
