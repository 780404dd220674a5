"""Authorize: what is answered and what is refused, ingress and egress alike [reference 5, 21]."""

from __future__ import annotations

import pytest

from groupwall.config import Quotas
from tests import scenes
from tests.driver import Wall
from tests.scenes import EVERYWHERE, Json, Scene, create_group, create_vpc, permission, refusal, rules_of, tcp

SIDES = ("Ingress", "Egress")
BLOCK = "203.0.113.0/24"
TCP_22 = "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW"


@pytest.mark.reference(
    "3.1 one rule per source", "5.1 one source per rule", "5.2 one rule each, in order", "5.2 Return",
    "5.1 all kinds of source, both directions", "5.1 a group refers to itself", "3.1 kinds of source",
    "clients 2.9 every new rule is answered", "clients 9 authorize answers every rule",
    "users 5.1.4 only the last permission's rules",
)  # fmt: skip
def test_every_source_is_a_rule(anywhere: Scene) -> None:
    """Each source of each permission becomes one rule, answered in the order of the request [reference 5.2]."""
    sources = [BLOCK, "10.0.0.0/8", "::/0", anywhere.group]
    reply = anywhere.authorize(tcp(22, *sources), permission("-1", None, None, *sources))
    assert reply["Return"] is True
    assert [scenes.held(rule).peer for rule in reply["SecurityGroupRules"]] == sources * 2
    assert len(set(anywhere.rule_ids())) == 8


@pytest.mark.reference(
    "5.2 members of a rule", "5.2 ReferencedGroupInfo", "3.1 rule ARN", "clients 9 GroupOwnerId of a rule"
)
def test_the_members_of_a_rule(anywhere: Scene) -> None:
    """An answered rule has its owner and ARN, its description and tags only if set [reference 5.2]."""
    tags = [{"Key": "team", "Value": "net"}]
    given = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]}
    [plain] = anywhere.authorize(tcp(22, BLOCK))["SecurityGroupRules"]
    [pair] = anywhere.authorize(tcp(22, (anywhere.group, "peers")), **given)["SecurityGroupRules"]
    shared = {
        "GroupId": anywhere.group, "GroupOwnerId": "123456789012", "IsEgress": anywhere.egress,
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
    }  # fmt: skip
    assert plain == shared | _ids(plain) | {"CidrIpv4": BLOCK}
    assert pair == shared | _ids(pair) | {
        "ReferencedGroupInfo": {"GroupId": anywhere.group, "UserId": "123456789012"},
        "Description": "peers",
        "Tags": tags,
    }


def _ids(rule: Json) -> Json:
    rule_id = rule["SecurityGroupRuleId"]
    arn = f"arn:aws:ec2:us-east-1:123456789012:security-group-rule/{rule_id}"
    return {"SecurityGroupRuleId": rule_id, "SecurityGroupRuleArn": arn}


@pytest.mark.parametrize(
    ("row", "asked", "text"),
    [
        ("5.3 duplicate, tcp", tcp(22, EVERYWHERE), TCP_22),
        ("5.3 duplicate, all protocols", permission("-1", None, None, "10.0.0.0/19"), "peer: 10.0.0.0/19, ALL, ALLOW"),
        (
            "5.3 duplicate, udp", permission("udp", 0, 65535, EVERYWHERE),
            "peer: 0.0.0.0/0, UDP, from port: 0, to port: 65535, ALLOW",
        ),
        (
            "5.3 duplicate, icmp", permission("icmp", -1, -1, EVERYWHERE),
            "peer: 0.0.0.0/0, ICMP, type: ALL, code: ALL, ALLOW",
        ),
        ("5.3 duplicate, other description", tcp(22, (EVERYWHERE, "another")), TCP_22),
        ("3.1 description is no identity", tcp(22, (EVERYWHERE, "described")), TCP_22),
        ("3.2 two forms, one rule", permission("6", 22, 22, "1.2.3.4/0"), TCP_22),
        ("users 5.1.6 other spelling is no duplicate", tcp(22, "1.2.3.4/0"), TCP_22),
    ],
)  # fmt: skip
@pytest.mark.reference(
    "2.4 authorize and revoke repeated", "5.3 whole call refused", "users 4.1 check 8",
    "users 5.1.10 authorize is not atomic", "users 5.2.3 nothing validated", "users 5.4 duplicates appended",
)  # fmt: skip
def test_a_duplicate_refuses_the_whole_call(anywhere: Scene, row: str, asked: Json, text: str) -> None:
    """A rule that is there is named in the refusal, and nothing is added [reference 5.3]."""
    anywhere.authorize(
        tcp(22, EVERYWHERE), permission("-1", None, None, "10.0.0.0/19"), permission("udp", 0, 65535, EVERYWHERE),
        permission("icmp", -1, -1, EVERYWHERE),
    )  # fmt: skip
    before = anywhere.rules()
    expected = f'InvalidPermission.Duplicate: the specified rule "{text}" already exists'
    assert anywhere.refused("Authorize", tcp(80, BLOCK), asked) == expected, row
    assert anywhere.rules() == before


@pytest.mark.reference("5.3 duplicate, group", "users 5.1.3 description in a rule's equality")
def test_a_duplicate_of_a_group_names_the_group(anywhere: Scene) -> None:
    """A group as source is the same whatever its description says [reference 5.3, recorded]."""
    anywhere.authorize(tcp(2049, (anywhere.group, "storage")))
    text = f"peer: {anywhere.group}, TCP, from port: 2049, to port: 2049, ALLOW"
    expected = f'InvalidPermission.Duplicate: the specified rule "{text}" already exists'
    assert anywhere.refused("Authorize", tcp(2049, (anywhere.group, "other"))) == expected


@pytest.mark.reference("5.3 unknown group", "5.3 whole call refused")
def test_an_unknown_group(anywhere: Scene) -> None:
    """A source has to exist, and nothing of the call is done when it does not [reference 5.3, recorded]."""
    expected = "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"
    assert anywhere.refused("Authorize", tcp(22, BLOCK, "sg-00000000")) == expected
    assert anywhere.rules() == set()


@pytest.mark.reference("5.3 group of an unpeered VPC")
def test_a_group_of_another_network(anywhere: Scene) -> None:
    """A group of another VPC, not peered, cannot be a source [reference 5.3, recorded]."""
    foreign = create_group(anywhere.wall, "foreign", create_vpc(anywhere.wall, "10.9.0.0/16"))
    expected = "InvalidGroup.NotFound: You have specified two resources that belong to different networks."
    assert anywhere.refused("Authorize", tcp(22, foreign)) == expected


def test_a_group_of_another_account(anywhere: Scene) -> None:
    """Another account's group does not exist here while nothing is peered (inferred)."""
    theirs = create_group(anywhere.wall.elsewhere("111122223333"))
    pair = {"UserIdGroupPairs": [{"GroupId": theirs, "UserId": "111122223333"}]}
    expected = f"InvalidGroup.NotFound: The security group '{theirs}' does not exist"
    assert anywhere.refused("Authorize", tcp(22) | pair) == expected


IPV4 = [f"10.0.{number}.0/24" for number in range(60)]
IPV6 = [f"2001:db8:{number:x}::/48" for number in range(60)]
SELF = "the group itself"


@pytest.mark.parametrize(
    ("row", "present", "asked", "fits"),
    [
        ("21 rules per group", IPV4[:59], [BLOCK], True),
        ("5.3 too many rules", IPV4, [BLOCK], False),
        ("users 4.1 check 10", IPV4, [BLOCK], False),
        ("5.3 too many rules", IPV4[:59], [BLOCK, "192.0.2.0/24"], False),
        ("21 weight of a CIDR", IPV4, ["::/0"], True),
        ("21 rules per group", IPV4, IPV6, True),
        ("21 weight of a group", IPV4, [SELF], False),
        ("21 weight of a group", IPV6, [SELF], False),
        ("21 weight of a group", IPV4[:59] + IPV6[:59], [SELF], True),
    ],
)
@pytest.mark.reference("users 5.1.10 one quota for IPv4 and IPv6")
def test_the_quota_of_rules(anywhere: Scene, row: str, present: list[str], asked: list[str], fits: bool) -> None:  # noqa: FBT001 - a column of the table
    """60 rules in each family and direction; a group as source counts in both families [reference 21, docs]."""
    anywhere.authorize(tcp(22, *present))
    wanted = tcp(22, *(anywhere.group if source == SELF else source for source in asked))
    if fits:
        assert len(anywhere.authorize(wanted)["SecurityGroupRules"]) == len(asked), row
        return
    expected = "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached."
    assert anywhere.refused("Authorize", wanted) == expected, row
    assert len(anywhere.rules()) == len(present)


@pytest.mark.reference("21 rules per group")
def test_the_directions_are_counted_apart(wall: Wall) -> None:
    """A full ingress leaves egress its own 60 rules [reference 21, docs]."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, *IPV4)])
    wall.call("AuthorizeSecurityGroupEgress", GroupId=group, IpPermissions=[tcp(22, *IPV4[:59])])
    assert len(rules_of(wall, group, egress=True)) == 60


def test_the_quota_is_a_setting() -> None:
    """How many rules there may be is a setting, as AWS raises it for an account (inferred)."""
    with Wall(quotas=Quotas(rules_per_group=2)) as wall:
        group = create_group(wall)
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, *IPV4[:2])])
        told = refusal(wall, "AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, BLOCK)])
        assert told.startswith("RulesPerSecurityGroupLimitExceeded: ")


FLAT = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": BLOCK}


@pytest.mark.reference("5.1 flat form", "5.1 members", "4.1 GroupName", "users 4.1 check 12")
def test_the_flat_form_by_name(wall: Wall) -> None:
    """One IPv4 rule, in a group of the default VPC that is called by its name [reference 5.1, model]."""
    group = create_group(wall)
    reply = wall.call("AuthorizeSecurityGroupIngress", GroupName="web", **FLAT)
    assert [rule["GroupId"] for rule in reply["SecurityGroupRules"]] == [group]
    assert [rule["CidrIpv4"] for rule in rules_of(wall, group)] == [BLOCK]


@pytest.mark.parametrize("protocol", ["icmpv6", "-1"])
@pytest.mark.reference("5.1 flat form", "4.1 flat form")
def test_the_flat_form_is_of_ipv4(wall: Wall, protocol: str) -> None:
    """The flat form cannot express IPv6 [reference 5.1, model]."""
    group = create_group(wall)
    told = refusal(wall, "AuthorizeSecurityGroupIngress", GroupId=group, IpProtocol=protocol, CidrIp="::/0")
    assert told == "InvalidParameterValue: CIDR block ::/0 is malformed"


@pytest.mark.reference(
    "4.8 opens icmp, udp and tcp", "4.1 SourceSecurityGroupName", "4.1 SourceSecurityGroupOwnerId",
    "users 5.1.10 SourceSecurityGroupName ignored",
)  # fmt: skip
def test_everything_from_a_named_group(wall: Wall) -> None:
    """SourceSecurityGroupName opens all of TCP, UDP and ICMP from the group, as three rules [reference 4.8]."""
    group, source = create_group(wall), create_group(wall, "app")
    named = {"SourceSecurityGroupName": "app", "SourceSecurityGroupOwnerId": "123456789012"}
    wall.call("AuthorizeSecurityGroupIngress", GroupName="web", **named)
    assert {scenes.held(rule) for rule in rules_of(wall, group)} == {
        ("tcp", 0, 65535, source, None), ("udp", 0, 65535, source, None), ("icmp", -1, -1, source, None),
    }  # fmt: skip


@pytest.mark.reference("4.8 unknown name", "3.3 name not found", "4.3 group by name")
@pytest.mark.parametrize(
    "named",
    [{"SourceSecurityGroupName": "x"}, {"IpPermissions": [tcp(22) | {"UserIdGroupPairs": [{"GroupName": "x"}]}]}],
)
@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
def test_an_unknown_source_name(wall: Wall, verb: str, named: Json) -> None:
    """A name that no group of the default VPC has is not found there [reference 4.8, issue]."""
    create_group(wall)
    told = refusal(wall, f"{verb}SecurityGroupIngress", GroupName="web", **named)
    vpc_id = scenes.default_vpc(wall)
    assert told == f"InvalidGroup.NotFound: The security group 'x' does not exist in default VPC '{vpc_id}'"


@pytest.mark.reference(
    "4.8 default VPC only", "3.3 name of a VPC group", "4.3 group by name", "users 5.1.10 names resolve in any VPC"
)
@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
@pytest.mark.parametrize(
    "named",
    [{"SourceSecurityGroupName": "app"}, {"IpPermissions": [tcp(22) | {"UserIdGroupPairs": [{"GroupName": "app"}]}]}],
)
def test_names_are_of_the_default_vpc(wall: Wall, verb: str, named: Json) -> None:
    """In another VPC groups have to be named by id, as source too [reference 3.3, recorded; 4.8, model]."""
    vpc_id = create_vpc(wall)
    group, _ = create_group(wall, "web", vpc_id), create_group(wall, "app", vpc_id)
    assert refusal(wall, f"{verb}SecurityGroupIngress", GroupId=group, **named) == (
        "InvalidParameterValue: Invalid value 'app' for groupName. You may not reference Amazon VPC security groups by "
        "name. Please use the corresponding id for this operation."
    )


@pytest.mark.reference("3.3 name not found")
@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
def test_a_name_without_a_default_vpc(wall: Wall, verb: str) -> None:
    """Without a default VPC the message names the VPC ``none`` [reference 3.3, recorded of a revoke]."""
    scenes.remove_default_vpc(wall)
    told = refusal(wall, f"{verb}SecurityGroupIngress", GroupName="web", **FLAT)
    assert told == "InvalidGroup.NotFound: The security group 'web' does not exist in default VPC 'none'"


@pytest.mark.parametrize(
    ("row", "group", "told"),
    [
        ("3.3 empty or no id", "", "InvalidGroupId.Malformed: The security-group ID '' is malformed"),
        (
            "3.3 empty or no id", "sg-a\tsg-b",
            "InvalidGroupId.Malformed: The security-group ID 'sg-a\tsg-b' is malformed",
        ),
        (
            "3.3 another prefix", "i-0d9566a2e1c8fe35d",
            'InvalidGroupId.Malformed: Invalid id: "i-0d9566a2e1c8fe35d" (expecting "sg-...")',
        ),
        (
            "3.3 well-formed, unknown", "sg-00000000",
            "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist",
        ),
        (
            "3.1 lengths of ids", "sg-00000000000000000",
            "InvalidGroup.NotFound: The security group 'sg-00000000000000000' does not exist",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("call", [f"{verb}SecurityGroup{side}" for verb in ("Authorize", "Revoke") for side in SIDES])
@pytest.mark.reference("0.2 four texts for a bad group id", "4.1 GroupId", "4.9 errors of ingress and egress")
def test_a_bad_group(wall: Wall, call: str, row: str, group: str, told: str) -> None:
    """Each way to name no group has its own text, for authorize and revoke in both directions [reference 3.3]."""
    assert refusal(wall, call, GroupId=group, IpPermissions=[tcp(22, BLOCK)]) == told, row


@pytest.mark.parametrize("call", [f"{verb}SecurityGroupIngress" for verb in ("Authorize", "Revoke")])
@pytest.mark.reference("5.3 no group", "4.2 no group", "4.1 GroupName")
def test_no_group(wall: Wall, call: str) -> None:
    """An ingress call has to say which group it is about [reference 4.2, issue]."""
    expected = "MissingParameter: The request must contain the parameter groupName or groupId"
    assert refusal(wall, call, IpPermissions=[tcp(22, BLOCK)]) == expected


@pytest.mark.parametrize("call", [f"{verb}SecurityGroupEgress" for verb in ("Authorize", "Revoke")])
@pytest.mark.reference("6 GroupId required, no flat form", "1.4 MissingParameter")
def test_egress_needs_the_id(wall: Wall, call: str) -> None:
    """Egress asks for GroupId and knows no GroupName, the only way to a group that is no VPC's [reference 6, model]."""
    assert refusal(wall, call) == "MissingParameter: The request must contain the parameter GroupId"


@pytest.mark.parametrize("call", [f"{verb}SecurityGroupEgress" for verb in ("Authorize", "Revoke")])
@pytest.mark.parametrize("member", ["IpProtocol", "FromPort", "ToPort", "CidrIp", "SourceSecurityGroupName"])
@pytest.mark.reference(
    "6 GroupId required, no flat form", "1.4 UnknownParameter", "6 CLI converts the flat form",
    "4.9 errors of ingress and egress",
)  # fmt: skip
def test_egress_has_no_flat_form(wall: Wall, call: str, member: str) -> None:
    """Egress takes permissions only; a member of the flat form is not recognised [reference 6, model; code 4.9]."""
    value = 80 if member.endswith("Port") else "x"
    told = refusal(wall, call, GroupId=create_group(wall), **{member: value})
    assert told == f"UnknownParameter: The parameter {member} is not recognized"


def test_nothing_to_authorize(anywhere: Scene) -> None:
    """A call that names no rule is asked for one (inferred)."""
    assert anywhere.refused("Authorize") == "MissingParameter: The request must contain the parameter ipPermissions"


@pytest.mark.reference("4.2 ranges and pairs in one permission", "users 5.4 permission without a source")
def test_a_permission_without_sources(anywhere: Scene) -> None:
    """Ranges and pairs may stand in one permission; one without sources is passed over, and refused alone [4.2]."""
    anywhere.authorize(tcp(80), tcp(22, BLOCK, anywhere.group))
    assert len(anywhere.rules()) == 2
    for verb in ("Authorize", "Revoke"):
        assert anywhere.refused(verb, tcp(22)).startswith("MissingParameter: ")
    assert len(anywhere.rules()) == 2


@pytest.mark.reference("18 taggable")
def test_every_new_rule_is_tagged(anywhere: Scene) -> None:
    """Tags given at creation are on each of the rules [reference 18, model]."""
    tags = [{"Key": "team", "Value": "net"}, {"Key": "until", "Value": ""}]
    given = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]}
    anywhere.authorize(tcp(22, BLOCK, "10.0.0.0/8"), **given)
    shown = rules_of(anywhere.wall, anywhere.group, egress=anywhere.egress)
    assert [rule["Tags"] for rule in shown] == [tags, tags]


def test_tags_of_another_resource(anywhere: Scene) -> None:
    """Tags for another kind of resource refuse the call (inferred, text from moto's tests)."""
    given = {"TagSpecifications": [{"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]}]}
    text = "'security-group' is not a valid taggable resource type for this operation."
    assert anywhere.refused("Authorize", tcp(22, BLOCK), **given) == f"InvalidParameterValue: {text}"
    assert anywhere.rules() == set()


@pytest.mark.reference("2.4 eventual consistency", "3.1 life of a rule id")
def test_a_rule_is_there_at_once_under_a_new_id(anywhere: Scene) -> None:
    """What was answered is seen by the next call, and a rule that was revoked comes back with another id [3.1]."""
    first = anywhere.authorize(tcp(22, BLOCK))["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    assert anywhere.rule_ids() == [first]
    anywhere.revoke(SecurityGroupRuleIds=[first])
    assert anywhere.rule_ids() == []
    assert anywhere.authorize(tcp(22, BLOCK))["SecurityGroupRules"][0]["SecurityGroupRuleId"] != first
