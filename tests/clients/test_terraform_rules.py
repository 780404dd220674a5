"""Terraform's ``aws_vpc_security_group_ingress_rule`` and ``aws_vpc_security_group_egress_rule``: clients 3."""

from __future__ import annotations

import pytest

from tests.clients.terraform import NAMED, OWNER, Ec2, Json, code, told

PORTS = [
    {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 88},
    {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1},
    {"IpProtocol": "-1"},
]
DNS = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53}
# The member by which a rule is changed, and the list and its member by which it is made.
SOURCES = [
    ("CidrIpv4", "IpRanges", "CidrIp"),
    ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
    ("PrefixListId", "PrefixListIds", "PrefixListId"),
    ("ReferencedGroupId", "UserIdGroupPairs", "GroupId"),
]


def rule_of(ec2: Ec2, rule_id: str) -> Json:
    """Return a rule as the provider reads it."""
    rule: Json = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule_id])["SecurityGroupRules"][0]
    return rule


def ports_of(rule: Json) -> tuple[str, int, int]:
    """Return a rule's protocol and ports; what it does not name, the provider takes for -1 and so for none."""
    return rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1)


@pytest.mark.parametrize("side", ["ingress", "egress"])
@pytest.mark.parametrize("ports", PORTS, ids=lambda ports: ports["IpProtocol"])
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source[0])
def test_rule(ec2: Ec2, peers: dict[str, str], side: str, ports: Json, source: tuple[str, str, str]) -> None:
    """A rule with one peer is made, tagged, read, changed as a whole, which clears its description, and deleted."""
    authorize, revoke = (getattr(ec2, f"{verb}_security_group_{side}") for verb in ("authorize", "revoke"))
    name, its_list, member = source
    group_id, peer = peers["web"], peers[name]
    made = authorize(GroupId=group_id, IpPermissions=[ports | {its_list: [{member: peer, "Description": "first"}]}])
    rule_id = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    ec2.create_tags(Resources=[rule_id], Tags=NAMED)

    rule = rule_of(ec2, rule_id)
    told(rule, GroupId=group_id, IsEgress=side == "egress", Description="first", Tags=NAMED)
    assert ports_of(rule) == ports_of(ports)
    if name == "ReferencedGroupId":
        told(rule["ReferencedGroupInfo"], UserId=OWNER, GroupId=peer)
    else:
        assert rule[name] == peer

    update = {"SecurityGroupRuleId": rule_id, "SecurityGroupRule": DNS | {name: peer}}
    ec2.modify_security_group_rules(GroupId=group_id, SecurityGroupRules=[update])
    changed = rule_of(ec2, rule_id)
    told(changed, **DNS, Description=None, Tags=NAMED)

    revoke(GroupId=group_id, SecurityGroupRuleIds=[rule_id])
    gone = code(revoke, GroupId=group_id, SecurityGroupRuleIds=[rule_id])
    assert gone == code(rule_of, ec2=ec2, rule_id=rule_id) == "InvalidSecurityGroupRuleId.NotFound"
    refused = code(revoke, GroupId="sg-0123456789abcdef0", SecurityGroupRuleIds=[rule_id])
    assert refused == "InvalidGroup.NotFound"
