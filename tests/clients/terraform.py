"""The steps of Terraform's AWS provider that several of its resources share: clients 3.

The binary is not run here: its calls are made by boto3, in its order and with its parameters, against a server that
verifies them, and all that the provider reads of a reply is asserted. An error passes only where the provider lets it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

Json = dict[str, Any]
Ec2 = Any  # boto3's client of EC2, which has no type
OWNER = "123456789012"
POLLS = 5
NAMED = [{"Key": "Name", "Value": "terraform"}]


class Account(NamedTuple):
    """What the provider is configured with: the two services that it calls."""

    ec2: Ec2
    sts: Any


def code(call: Callable[..., Any], **params: Any) -> str:  # noqa: ANN401 - as boto3 takes them
    """Return the code with which a call is refused, which is what the provider goes by."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    refused: str = caught.value.response["Error"]["Code"]
    return refused


def told(answer: Json, **expected: Any) -> None:  # noqa: ANN401 - as boto3 gives them
    """Assert members of an answer, all of which the provider reads."""
    assert {name: answer.get(name) for name in expected} == expected


def until(read: Callable[[], Json], member: str, end: str) -> Json:
    """Read again until a member says so, as the provider does, which fails at a state that it does not know."""
    for _ in range(POLLS):
        if (state := read())[member].endswith(end):
            return state
    pytest.fail(f"{member} is not {end} after {POLLS} reads")


def tagged(kind: str) -> list[Json]:
    """Return the tags with which a resource of a kind is made."""
    return [{"ResourceType": kind, "Tags": NAMED}]


def vpc_of(ec2: Ec2, vpc_id: str) -> Json:
    """Return a VPC as the provider reads it."""
    vpc: Json = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"][0]
    return vpc


def make_vpc(ec2: Ec2, *, ipv6: bool = False) -> str:
    """Make a VPC as the resource ``aws_vpc`` does and wait for it."""
    made = ec2.create_vpc(
        CidrBlock="10.0.0.0/16",
        AmazonProvidedIpv6CidrBlock=ipv6,
        InstanceTenancy="default",
        TagSpecifications=tagged("vpc"),
    )["Vpc"]
    vpc_id: str = made["VpcId"]
    until(lambda: vpc_of(ec2, vpc_id), "State", "available")
    if ipv6:
        wanted = [{"Name": "ipv6-cidr-block-association.association-id",
                   "Values": [made["Ipv6CidrBlockAssociationSet"][0]["AssociationId"]]}]  # fmt: skip
        (found,) = ec2.describe_vpcs(Filters=wanted)["Vpcs"]
        assert found["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlockState"]["State"] == "associated"
    return vpc_id


def make_group(ec2: Ec2, vpc_id: str, name: str) -> str:
    """Make a group as the resource ``aws_security_group`` does, which takes its open egress away."""
    group_id: str = ec2.create_security_group(
        GroupName=name, Description="Managed by Terraform", VpcId=vpc_id, TagSpecifications=tagged("security-group")
    )["GroupId"]
    group_of(ec2, group_id)
    anything = {"IpProtocol": "-1", "FromPort": 0, "ToPort": 0}
    ec2.revoke_security_group_egress(
        GroupId=group_id, IpPermissions=[anything | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    )
    over_ipv6 = [anything | {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]
    if vpc_of(ec2, vpc_id).get("Ipv6CidrBlockAssociationSet"):
        ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=over_ipv6)
    else:
        refused = code(ec2.revoke_security_group_egress, GroupId=group_id, IpPermissions=over_ipv6)
        assert refused == "InvalidPermission.NotFound"
    return group_id


def group_of(ec2: Ec2, group_id: str) -> Json:
    """Return a group as the provider reads it."""
    group: Json = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    return group


def revoke_all(ec2: Ec2, group_id: str, *filters: Json) -> None:
    """Remove a group's rules and those that name it, one by one, as ``revoke_rules_on_delete`` does."""
    pages = ec2.get_paginator("describe_security_group_rules").paginate(Filters=list(filters))
    for rule in [rule for page in pages for rule in page["SecurityGroupRules"]]:
        if group_id in (rule["GroupId"], rule.get("ReferencedGroupInfo", {}).get("GroupId")):
            side = "egress" if rule["IsEgress"] else "ingress"
            revoke = getattr(ec2, f"revoke_security_group_{side}")
            revoke(GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]])
