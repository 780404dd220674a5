"""Example calls of previews and receipts."""

from __future__ import annotations

import json

from tests.ops.examples.shared import SOURCES
from tests.scenes import Json, tcp

_REVOKE = json.dumps({"GroupId": "GROUP", "IpPermissions": [tcp(443, "192.0.2.0/24")]}).replace("GROUP", "$web")

EXAMPLES: dict[str, list[Json]] = {
    "PreviewChanges": [{"Calls": [{"Operation": "RevokeSecurityGroupIngress", "Parameters": _REVOKE}]}],
    "PreviewRevoke": [
        {"GroupId": "$web", "IpPermissions": [tcp(443, "192.0.2.0/24")]},
        {"GroupId": "$web", "IpPermissions": [tcp(443) | SOURCES]},
        {"GroupId": "$web", "IsEgress": True, "SecurityGroupRuleIds": ["$egress"]},
        {"GroupName": "web", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "192.0.2.0/24"},
        {"GroupName": "web", "SourceSecurityGroupName": "other"},
    ],
    "DescribeReceipt": [{"Revision": 1}, {"RequestId": "00000000-0000-0000-0000-000000000000"}],
}
