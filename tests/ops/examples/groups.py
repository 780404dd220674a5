"""Example calls of the operations on groups, rules and tags."""

from __future__ import annotations

from tests.ops.examples.shared import FED_BACK, PAGED, TAGS, tagged
from tests.scenes import EVERYWHERE, Json, permission, tcp

_FLAT = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}
_NAMED = {"SourceSecurityGroupName": "app", "SourceSecurityGroupOwnerId": "123456789012"}
_SOURCES: Json = {
    "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "b"}],
    "UserIdGroupPairs": [FED_BACK, {"GroupName": "other"}],
}
_PREFIX_LIST = tcp(22) | {"PrefixListIds": [{"PrefixListId": "pl-00000000", "Description": "c"}]}


def _authorize(**more: object) -> list[Json]:
    asked = tcp(22) | {key: value for key, value in _SOURCES.items() if key != "UserIdGroupPairs"}
    pairs = tcp(23) | {"UserIdGroupPairs": [FED_BACK]}
    return [
        {"GroupId": "$web", "IpPermissions": [asked, pairs], "TagSpecifications": tagged("security-group-rule")},
        {"GroupId": "$web", "IpPermissions": [_PREFIX_LIST]},
        {"GroupId": "$web", "IpPermissions": [tcp(22) | _SOURCES]},
        {"GroupId": "$web", **_FLAT, **more},
        {"GroupId": "$web", **_NAMED, **more},
    ]


EXAMPLES: dict[str, list[Json]] = {
    "AuthorizeSecurityGroupIngress": [*_authorize(), {"GroupName": "web", **_FLAT}],
    "AuthorizeSecurityGroupEgress": _authorize(),
    "RevokeSecurityGroupIngress": [
        {"GroupId": "$web", "IpPermissions": [tcp(443, "192.0.2.0/24")]},
        {"GroupId": "$web", "SecurityGroupRuleIds": ["$ingress"]},
        *[one for one in _authorize() if "TagSpecifications" not in one],
        {"GroupName": "web", "IpPermissions": [tcp(22) | _SOURCES]},
    ],
    "RevokeSecurityGroupEgress": [
        {"GroupId": "$web", "IpPermissions": [permission("-1", None, None, EVERYWHERE)]},
        {"GroupId": "$web", "SecurityGroupRuleIds": ["$egress"]},
        *[one for one in _authorize() if "TagSpecifications" not in one],
    ],
    "DescribeSecurityGroupRules": [{"SecurityGroupRuleIds": ["$ingress"]}, *PAGED],
    "CreateSecurityGroup": [
        {"GroupName": "new", "Description": "new", "VpcId": "$vpc", "TagSpecifications": tagged("security-group")},
    ],
    "DeleteSecurityGroup": [{"GroupId": "$web"}, {"GroupName": "web"}],
    "DescribeSecurityGroups": [{"GroupIds": ["$web"]}, {"GroupNames": ["web"]}, *PAGED],
    "CreateTags": [{"Resources": ["$web"], "Tags": TAGS}],
    "DeleteTags": [{"Resources": ["$app"], "Tags": [{"Key": "kept", "Value": "x"}]}],
    "DescribeTags": [{}, *PAGED],
}  # fmt: skip

WITHOUT_EFFECT = {
    "UserIdGroupPairs[].UserId": "a new rule across a peering needs it; in a revoke it does no harm [reference 4.3]",
    "UserIdGroupPairs[].VpcId": "given back from Describe it does no harm [reference 4.3]",
    "UserIdGroupPairs[].VpcPeeringConnectionId": "given back from Describe it does no harm [reference 4.3]",
    "UserIdGroupPairs[].PeeringStatus": "given back from Describe it does no harm [reference 4.3]",
}
