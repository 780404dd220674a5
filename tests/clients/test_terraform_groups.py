"""Terraform's ``aws_vpc`` and ``aws_security_group``, and what the provider asks first: clients 3."""

from __future__ import annotations

import pytest

from tests.clients.terraform import (
    NAMED,
    OWNER,
    Account,
    Ec2,
    code,
    group_of,
    make_group,
    make_vpc,
    revoke_all,
    told,
    vpc_of,
)

ATTRIBUTES = {"EnableDnsHostnames": True, "EnableDnsSupport": False, "EnableNetworkAddressUsageMetrics": True}


def test_provider(account: Account) -> None:
    """The provider begins with its caller's identity, and old ones with what platforms there are: clients 3."""
    identity = account.sts.get_caller_identity()
    assert (identity["Account"], identity["Arn"].split(":")[:3]) == (OWNER, ["arn", "aws", "iam"])
    (platforms,) = account.ec2.describe_account_attributes(AttributeNames=["supported-platforms"])["AccountAttributes"]
    assert [each["AttributeValue"] for each in platforms["AttributeValues"]] == ["VPC"]


@pytest.mark.parametrize("ipv6", [False, True])
def test_vpc(ec2: Ec2, ipv6: bool) -> None:  # noqa: FBT001 - a table's column
    """``aws_vpc`` is made, changed attribute by attribute, read and deleted: clients 3."""
    vpc_id = make_vpc(ec2, ipv6=ipv6)
    for name, value in ATTRIBUTES.items():
        ec2.modify_vpc_attribute(VpcId=vpc_id, **{name: {"Value": value}})
        read = ec2.describe_vpc_attribute(VpcId=vpc_id, Attribute=name[0].lower() + name[1:])
        told(read, **{name: {"Value": value}})
    vpc = vpc_of(ec2, vpc_id)
    told(vpc, CidrBlock="10.0.0.0/16", InstanceTenancy="default", OwnerId=OWNER, Tags=NAMED)
    assert vpc["DhcpOptionsId"].startswith("dopt-")
    assert len(vpc.get("Ipv6CidrBlockAssociationSet", [])) == ipv6
    inside = {"Name": "vpc-id", "Values": [vpc_id]}
    ec2.describe_network_acls(Filters=[{"Name": "default", "Values": ["true"]}, inside])
    ec2.describe_route_tables(Filters=[{"Name": "association.main", "Values": ["true"]}, inside])
    named = {"Name": "group-name", "Values": ["default"]}
    assert len(ec2.describe_security_groups(Filters=[named, inside])["SecurityGroups"]) == 1
    ec2.delete_vpc(VpcId=vpc_id)
    assert code(ec2.describe_vpcs, VpcIds=[vpc_id]) == code(ec2.delete_vpc, VpcId=vpc_id) == "InvalidVpcID.NotFound"


@pytest.mark.parametrize("ipv6", [False, True])
def test_security_group(ec2: Ec2, ipv6: bool) -> None:  # noqa: FBT001 - a table's column
    """``aws_security_group`` with rules of its own: descriptions come back with what is revoked: clients 3."""
    vpc_id = make_vpc(ec2, ipv6=ipv6)
    group_id, other = make_group(ec2, vpc_id, "web"), make_group(ec2, vpc_id, "jump")
    pairs = [{"GroupId": other, "Description": "ours"}, {"GroupId": group_id, "Description": "ours"}]
    blocks = [{"CidrIp": "10.0.0.0/8", "Description": "ours"}, {"CidrIp": "192.0.2.0/24", "Description": "ours"}]
    ports = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    inline = [ports | {"UserIdGroupPairs": pairs, "IpRanges": blocks}]
    anything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=inline)
    ec2.authorize_security_group_egress(GroupId=group_id, IpPermissions=anything)

    group = group_of(ec2, group_id)
    told(group, GroupName="web", Description="Managed by Terraform", OwnerId=OWNER, VpcId=vpc_id, Tags=NAMED)
    (ingress,) = group["IpPermissions"]
    (egress,) = group["IpPermissionsEgress"]
    assert sorted(ingress["IpRanges"], key=lambda block: str(block["CidrIp"])) == blocks
    users = {(pair["UserId"], pair["GroupId"]) for pair in ingress["UserIdGroupPairs"]}
    assert users == {(OWNER, other), (OWNER, group_id)}
    told(egress, IpProtocol="-1", IpRanges=[{"CidrIp": "0.0.0.0/0"}])

    described = [ports | {"IpRanges": blocks[:1], "UserIdGroupPairs": pairs[:1]}]
    ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=described)
    added = [ports | {"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}]
    ec2.authorize_security_group_ingress(GroupId=group_id, IpPermissions=added)
    (ingress,) = group_of(ec2, group_id)["IpPermissions"]
    assert {block["CidrIp"] for block in ingress["IpRanges"]} == {"192.0.2.0/24", "198.51.100.0/24"}
    assert [pair["GroupId"] for pair in ingress["UserIdGroupPairs"]] == [group_id]


def test_security_group_end(ec2: Ec2) -> None:
    """``revoke_rules_on_delete`` ends a group that others name, at last by reading every rule: clients 3."""
    vpc_id = make_vpc(ec2)
    group_id, other = make_group(ec2, vpc_id, "web"), make_group(ec2, vpc_id, "jump")
    named = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [{"GroupId": group_id}]}
    for each in (group_id, other):
        ec2.authorize_security_group_ingress(GroupId=each, IpPermissions=[named])
    ec2.authorize_security_group_egress(GroupId=other, IpPermissions=[named])
    attached = [{"Name": "group-id", "Values": [group_id]}, {"Name": "description", "Values": ["AWS Lambda VPC ENI*"]}]
    assert ec2.describe_network_interfaces(Filters=attached)["NetworkInterfaces"] == []
    revoke_all(ec2, group_id, {"Name": "group-id", "Values": [group_id]})
    assert code(ec2.delete_security_group, GroupId=group_id) == "DependencyViolation"
    revoke_all(ec2, group_id)
    ec2.delete_security_group(GroupId=group_id)
    assert code(ec2.describe_security_groups, GroupIds=[group_id]) == "InvalidGroup.NotFound"
    assert code(ec2.delete_security_group, GroupId=group_id) == "InvalidGroup.NotFound"
    assert code(ec2.delete_vpc, VpcId=vpc_id) == "DependencyViolation"
    ec2.delete_security_group(GroupId=other)
    ec2.delete_vpc(VpcId=vpc_id)


def test_default_security_group(ec2: Ec2) -> None:
    """``aws_default_security_group`` takes a default group over, and revokes what it holds as it was described."""
    inside = [{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [make_vpc(ec2)]}]
    (group,) = ec2.describe_security_groups(Filters=inside)["SecurityGroups"]
    ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    told(group_of(ec2, group["GroupId"]), IpPermissions=[], IpPermissionsEgress=[])
