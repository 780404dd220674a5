"""Example calls of the operations that change rules in place."""

from __future__ import annotations

from tests.ops.examples.shared import SOURCES
from tests.scenes import Json, tcp

_TO: Json = {"IpProtocol": "tcp", "FromPort": 444, "ToPort": 445, "Description": "other"}
_EVERYTHING = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}


def _modified(rule_id: str, **source: str) -> Json:
    return {
        "GroupId": "$web",
        "SecurityGroupRules": [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": _TO | source}],
    }


def _described(rule: str, first: Json) -> list[Json]:
    named = [{"SecurityGroupRuleId": rule, "Description": "new"}]
    return [
        {"GroupId": "$web", "IpPermissions": [first]},
        {"GroupId": "$web", "SecurityGroupRuleDescriptions": named},
        {"GroupName": "web", "IpPermissions": [tcp(443) | SOURCES]},
    ]


EXAMPLES: dict[str, list[Json]] = {
    "ModifySecurityGroupRules": [
        _modified("$ingress", CidrIpv4="10.0.0.0/8"),
        _modified("$egress", CidrIpv6="::/0"),
        _modified("$ingress", PrefixListId="pl-00000000"),
        _modified("$egress", ReferencedGroupId="$app"),
    ],
    "UpdateSecurityGroupRuleDescriptionsIngress": _described("$ingress", tcp(443) | {"IpRanges": SOURCES["IpRanges"]}),
    "UpdateSecurityGroupRuleDescriptionsEgress": _described("$egress", _EVERYTHING),
}
