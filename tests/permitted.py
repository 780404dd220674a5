"""Calls that a caller may make or not: revoke_ingress and ten others, on things that the root has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

Json = dict[str, Any]

SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
DNS = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "198.51.100.0/24"}]}

WORLD_STATE = (
    "describe_security_groups", "describe_security_group_rules", "describe_vpcs", "describe_subnets",
    "describe_network_interfaces", "describe_managed_prefix_lists", "describe_tags",
)  # fmt: skip
"""What tells everything that the calls below could change."""


class Things(NamedTuple):
    """Ids of what there is."""

    group: str
    rule: str
    vpc: str
    subnet: str
    interface: str
    prefix_list: str


class Attempt(NamedTuple):
    """A call of EC2: the client's method, its parameters, the action that it needs permission for, and on what."""

    method: str
    params: Callable[[Things], Json]
    action: str
    resource: Callable[[Things], str]


ATTEMPTS = (
    Attempt(
        "revoke_security_group_ingress",
        lambda it: {"GroupId": it.group, "IpPermissions": [SSH]},
        "RevokeSecurityGroupIngress",
        lambda it: f"security-group/{it.group}",
    ),
    Attempt(
        "revoke_security_group_egress",
        lambda it: {
            "GroupId": it.group,
            "IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        },
        "RevokeSecurityGroupEgress",
        lambda it: f"security-group/{it.group}",
    ),
    Attempt(
        "authorize_security_group_ingress",
        lambda it: {"GroupId": it.group, "IpPermissions": [DNS]},
        "AuthorizeSecurityGroupIngress",
        lambda it: f"security-group/{it.group}",
    ),
    Attempt(
        "authorize_security_group_egress",
        lambda it: {"GroupId": it.group, "IpPermissions": [DNS]},
        "AuthorizeSecurityGroupEgress",
        lambda it: f"security-group/{it.group}",
    ),
    Attempt(
        "modify_security_group_rules",
        lambda it: {
            "GroupId": it.group,
            "SecurityGroupRules": [
                {
                    "SecurityGroupRuleId": it.rule,
                    "SecurityGroupRule": {
                        "IpProtocol": "tcp",
                        "FromPort": 22,
                        "ToPort": 22,
                        "PrefixListId": it.prefix_list,
                    },
                }
            ],
        },
        "ModifySecurityGroupRules",
        lambda it: f"security-group-rule/{it.rule}",
    ),
    Attempt(
        "update_security_group_rule_descriptions_ingress",
        lambda it: {
            "GroupId": it.group,
            "SecurityGroupRuleDescriptions": [{"SecurityGroupRuleId": it.rule, "Description": "of the office"}],
        },
        "UpdateSecurityGroupRuleDescriptionsIngress",
        lambda it: f"security-group/{it.group}",
    ),
    Attempt(
        "create_security_group",
        lambda it: {"GroupName": "made", "Description": "d", "VpcId": it.vpc},
        "CreateSecurityGroup",
        lambda it: f"vpc/{it.vpc}",
    ),
    Attempt(
        "delete_security_group",
        lambda it: {"GroupId": it.group},
        "DeleteSecurityGroup",
        lambda it: f"security-group/{it.group}",
    ),
    Attempt(
        "create_network_interface",
        lambda it: {"SubnetId": it.subnet, "Groups": [it.group]},
        "CreateNetworkInterface",
        lambda it: f"subnet/{it.subnet}",
    ),
    Attempt(
        "modify_network_interface_attribute",
        lambda it: {"NetworkInterfaceId": it.interface, "Groups": [it.group]},
        "ModifyNetworkInterfaceAttribute",
        lambda it: f"network-interface/{it.interface}",
    ),
    Attempt(
        "delete_managed_prefix_list",
        lambda it: {"PrefixListId": it.prefix_list},
        "DeleteManagedPrefixList",
        lambda it: f"prefix-list/{it.prefix_list}",
    ),
    Attempt(
        "create_tags",
        lambda it: {"Resources": [it.group], "Tags": [{"Key": "team", "Value": "web"}]},
        "CreateTags",
        lambda it: f"security-group/{it.group}",
    ),
)


def lay_out(ec2: Any) -> Things:  # noqa: ANN401 - boto3 has no types
    """Make what the calls are about: a group with a rule, an interface in another group, an empty prefix list."""
    subnet = ec2.describe_subnets()["Subnets"][0]
    group = ec2.create_security_group(GroupName="web", Description="d")["GroupId"]
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])["SecurityGroupRules"][0]
    interface = ec2.create_network_interface(SubnetId=subnet["SubnetId"])["NetworkInterface"]
    made = ec2.create_managed_prefix_list(PrefixListName="office", AddressFamily="IPv4", MaxEntries=5)["PrefixList"]
    return Things(
        group, rule["SecurityGroupRuleId"], subnet["VpcId"], subnet["SubnetId"], interface["NetworkInterfaceId"],
        made["PrefixListId"],
    )  # fmt: skip


def state(ec2: Any) -> Json:  # noqa: ANN401 - boto3 has no types
    """Return all that can be described of what the calls could change."""
    told = {}
    for method in WORLD_STATE:
        told[method] = getattr(ec2, method)()
        del told[method]["ResponseMetadata"]
    return told


def refused(ec2: Any, attempt: Attempt, things: Things, **more: bool) -> Mapping[str, Any] | None:  # noqa: ANN401 - boto3 has no types
    """Make a call; return its error as boto3 tells it with its HTTP status, None when it was accepted."""
    try:
        getattr(ec2, attempt.method)(**attempt.params(things), **more)
    except ClientError as error:
        return {**error.response["Error"], "Status": error.response["ResponseMetadata"]["HTTPStatusCode"]}
    return None


def policy(effect: str, action: str, resource: str) -> Json:
    """Return a policy that allows everything, or everything but one action on one resource."""
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    statement = {"Effect": effect, "Action": f"ec2:{action}", "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [everything, statement]}
