"""Example calls of every operation, which together give every input member that the model has.

``$name`` in a value stands for what ``set_out`` made. Where a call writes, its first example succeeds.
"""

from __future__ import annotations

from string import Template
from typing import Any

from tests import scenes
from tests.driver import Wall
from tests.scenes import EVERYWHERE, Json, permission, tcp

_FLAT = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}
_NAMED = {"SourceSecurityGroupName": "app", "SourceSecurityGroupOwnerId": "123456789012"}
_TAGS = [{"Key": "team", "Value": "net"}]
_FED_BACK = {
    "GroupId": "$app", "Description": "peers", "UserId": "123456789012", "VpcId": "$vpc", "PeeringStatus": "active",
    "VpcPeeringConnectionId": "pcx-00000000",
}  # fmt: skip
_SOURCES: Json = {
    "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "a"}],
    "Ipv6Ranges": [{"CidrIpv6": "::/0", "Description": "b"}],
    "UserIdGroupPairs": [_FED_BACK, {"GroupName": "other"}],
}
_PREFIX_LIST = tcp(22) | {"PrefixListIds": [{"PrefixListId": "pl-00000000", "Description": "c"}]}
_PAGED: list[Json] = [{"MaxResults": 5, "Filters": [{"Name": "x", "Values": ["y"]}]}, {"NextToken": "x"}]


def _tagged(kind: str) -> list[Json]:
    return [{"ResourceType": kind, "Tags": _TAGS}]


def _authorize(**more: object) -> list[Json]:
    asked = tcp(22) | {key: value for key, value in _SOURCES.items() if key != "UserIdGroupPairs"}
    pairs = tcp(23) | {"UserIdGroupPairs": [_FED_BACK]}
    return [
        {"GroupId": "$web", "IpPermissions": [asked, pairs], "TagSpecifications": _tagged("security-group-rule")},
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
    "DescribeSecurityGroupRules": [{"SecurityGroupRuleIds": ["$ingress"]}, *_PAGED],
    "CreateSecurityGroup": [
        {"GroupName": "new", "Description": "new", "VpcId": "$vpc", "TagSpecifications": _tagged("security-group")},
    ],
    "DeleteSecurityGroup": [{"GroupId": "$web"}, {"GroupName": "web"}],
    "DescribeSecurityGroups": [{"GroupIds": ["$web"]}, {"GroupNames": ["web"]}, *_PAGED],
    "CreateVpc": [
        {
            "CidrBlock": "10.0.0.0/16", "InstanceTenancy": "default", "AmazonProvidedIpv6CidrBlock": True,
            "TagSpecifications": _tagged("vpc"),
        },
        {"Ipv4IpamPoolId": "x"}, {"Ipv4NetmaskLength": 16}, {"Ipv6CidrBlock": "::/56"},
        {"Ipv6CidrBlockNetworkBorderGroup": "x"}, {"Ipv6IpamPoolId": "x"}, {"Ipv6NetmaskLength": 56}, {"Ipv6Pool": "x"},
        {"VpcEncryptionControl": {"Mode": "monitor"}},
    ],
    "DeleteVpc": [{"VpcId": "$vpc"}],
    "DescribeVpcs": [{"VpcIds": ["$vpc"]}, *_PAGED],
    "DescribeSubnets": [{"SubnetIds": ["$subnet"]}, *_PAGED],
    "DeleteSubnet": [{"SubnetId": "$subnet"}],
    "CreateTags": [{"Resources": ["$web"], "Tags": _TAGS}],
    "DeleteTags": [{"Resources": ["$app"], "Tags": [{"Key": "kept", "Value": "x"}]}],
    "DescribeTags": [{}, *_PAGED],
    "DescribeRegions": [{"RegionNames": ["us-east-1"], "AllRegions": True}, {"Filters": [{"Name": "x", "Values": []}]}],
    "DescribeAvailabilityZones": [
        {"ZoneNames": ["us-east-1a"], "ZoneIds": ["use1-az1"], "AllAvailabilityZones": True},
        {"Filters": [{"Name": "x", "Values": []}]},
    ],
    "DescribeAccountAttributes": [{"AttributeNames": ["default-vpc"]}],
    "GetCallerIdentity": [{}],
    "DescribeChanges": [{"After": 0, "MaxResults": 1, "Filters": [{"Name": "operation", "Values": ["x"]}]}],
}  # fmt: skip


def set_out(wall: Wall) -> dict[str, str]:
    """Make what the examples name; return the id of each."""
    web, app = scenes.create_group(wall), scenes.create_group(wall, "app")
    scenes.create_group(wall, "other")
    wall.call("CreateTags", Resources=[app], Tags=[{"Key": "kept", "Value": "x"}])
    asked = [tcp(443, "192.0.2.0/24")]
    made = wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=asked)["SecurityGroupRules"]
    return {
        "web": web,
        "app": app,
        "vpc": scenes.create_vpc(wall),
        "subnet": wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"],
        "ingress": made[0]["SecurityGroupRuleId"],
        "egress": scenes.rules_of(wall, web, egress=True)[0]["SecurityGroupRuleId"],
    }


def filled(value: Any, places: dict[str, str]) -> Any:  # noqa: ANN401 - parameters of any form
    """Return parameters with the ids that their names stand for."""
    if isinstance(value, str):
        return Template(value).substitute(places)
    if isinstance(value, dict):
        return {key: filled(part, places) for key, part in value.items()}
    return [filled(part, places) for part in value] if isinstance(value, list) else value
