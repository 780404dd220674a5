"""Revoke: which rules go, what is answered, and the one difference that the default VPC makes [reference 4, 6]."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from groupwall.wire.model import SERVICES
from tests import scenes
from tests.driver import ACTIONS, Wall
from tests.law import breaches
from tests.scenes import EVERYWHERE, Json, Scene, create_group, permission, refusal, rules_of, tcp

BLOCK = "203.0.113.0/24"
OTHER = "198.51.100.0/24"
NOT_FOUND = "InvalidPermission.NotFound: The specified rule does not exist in this security group."
NOTHING = "MissingParameter: Either 'ipPermissions' or 'securityGroupRuleIds' should be provided."
ALL = permission("-1", None, None, EVERYWHERE)

# ---- by properties


@pytest.mark.reference(
    "4.4 non-default, all match", "4.4 default, all match", "4.2 permissions", "4.1 IpPermissions", "4.5 Return",
    "4.5 members of a revoked rule", "4.5 RevokedSecurityGroupRules", "0.2 revoked rules are listed",
    "0.2 nothing unknown, nothing said", "users 4.1 check 4", "users 5.1.2 no lists in the answer",
    "clients 9 no RevokedSecurityGroupRules",
)  # fmt: skip
def test_all_match(anywhere: Scene) -> None:
    """All rules named go and are listed with their ids, flat; UnknownIpPermissions is absent [reference 4.4, 4.5]."""
    asked = [tcp(22, BLOCK, (anywhere.group, "peers")), permission("-1", None, None, "::/0")]
    made = anywhere.authorize(*asked)["SecurityGroupRules"]
    reply = anywhere.revoke(*asked)
    ids = [rule["SecurityGroupRuleId"] for rule in made]
    shared = {"GroupId": anywhere.group, "IsEgress": anywhere.egress}
    ssh = shared | {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    every = shared | {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}
    assert reply == {
        "Return": True,
        "RevokedSecurityGroupRules": [
            ssh | {"SecurityGroupRuleId": ids[0], "CidrIpv4": BLOCK},
            ssh | {"SecurityGroupRuleId": ids[1], "ReferencedGroupId": anywhere.group, "Description": "peers"},
            every | {"SecurityGroupRuleId": ids[2], "CidrIpv6": "::/0"},
        ],
    }  # fmt: skip
    assert anywhere.rules() == set()


@pytest.mark.reference(
    "4.4 non-default, none match", "6 non-default, no match", "4.4 full stop", "2.4 authorize and revoke repeated",
    "users 4.1 check 1", "users 5.2.1 a mismatch never errors", "users 5.4 silent on mismatch",
    "clients 2.22 an absent egress rule",
)  # fmt: skip
def test_a_mismatch_is_an_error(in_other_vpc: Scene) -> None:
    """In a VPC that is not the default one, a rule that is not there is an error, the second time too [4.4]."""
    in_other_vpc.authorize(tcp(22, BLOCK))
    in_other_vpc.revoke(tcp(22, BLOCK))
    assert in_other_vpc.refused("Revoke", tcp(22, BLOCK)) == NOT_FOUND


@pytest.mark.parametrize(
    "asked", [[tcp(22, BLOCK), tcp(80, BLOCK)], [tcp(80, BLOCK), tcp(22, BLOCK)], [tcp(22, BLOCK, OTHER)]]
)
@pytest.mark.reference(
    "4.4 non-default, some match", "4.7 all or nothing", "users 4.1 check 2",
    "users 5.1.1 not atomic across permissions", "clients 9 revoke is not atomic", "users 5.4 not atomic on failure",
)  # fmt: skip
def test_a_partial_match_changes_nothing(in_other_vpc: Scene, asked: list[Json]) -> None:
    """One mismatch keeps all the others, whichever comes first [reference 4.4, docs]."""
    in_other_vpc.authorize(tcp(22, BLOCK))
    before = in_other_vpc.rule_ids()
    assert in_other_vpc.refused("Revoke", *asked) == NOT_FOUND
    assert in_other_vpc.rule_ids() == before


@pytest.mark.reference(
    "4.4 default, none match", "6 default, no match", "2.4 authorize and revoke repeated",
    "users 4.1 check 11", "users 5.1.2 default VPC not told apart", "clients 9 no UnknownIpPermissions",
)  # fmt: skip
def test_a_mismatch_in_the_default_vpc(in_default_vpc: Scene) -> None:
    """In the default VPC what does not match comes back, and nothing else does [reference 4.4, docs]."""
    reply = in_default_vpc.revoke(tcp(22, BLOCK))
    assert reply == {"Return": True, "UnknownIpPermissions": [_shown("tcp", 22, 22, IpRanges=[{"CidrIp": BLOCK}])]}


@pytest.mark.reference("4.4 default, some match", "4.5 UnknownIpPermissions", "users 4.1 check 11")
def test_a_partial_match_in_the_default_vpc(in_default_vpc: Scene) -> None:
    """In the default VPC the rules that match go and are listed, the others are unknown [reference 4.4, docs]."""
    in_default_vpc.authorize(tcp(22, BLOCK))
    reply = in_default_vpc.revoke(tcp(22, OTHER, BLOCK), permission("6", 80, 80, "10.0.0.1/8", ("2001:DB8::/32", "v6")))
    assert [scenes.held(rule) for rule in reply["RevokedSecurityGroupRules"]] == [("tcp", 22, 22, BLOCK, None)]
    assert reply["UnknownIpPermissions"] == [
        _shown("tcp", 22, 22, IpRanges=[{"CidrIp": OTHER}]),
        _shown(
            "tcp", 80, 80, IpRanges=[{"CidrIp": "10.0.0.0/8"}],
            Ipv6Ranges=[{"CidrIpv6": "2001:db8::/32", "Description": "v6"}],
        ),
    ]  # fmt: skip
    assert in_default_vpc.rules() == set()


@pytest.mark.reference("4.5 UnknownIpPermissions", "4.2 flat form")
def test_a_flat_mismatch_comes_back_nested(wall: Wall) -> None:
    """The unknown rule of a flat request has the form of a permission, normalised [reference 4.5, model]."""
    flat = {"IpProtocol": "6", "FromPort": 22, "ToPort": 22, "CidrIp": "203.0.113.9/24"}
    reply = wall.call("RevokeSecurityGroupIngress", GroupId=create_group(wall), **flat)
    assert reply["UnknownIpPermissions"] == [_shown("tcp", 22, 22, IpRanges=[{"CidrIp": BLOCK}])]


def _shown(protocol: str, first: int, last: int, **sources: list[Json]) -> Json:
    lists: Json = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [], "UserIdGroupPairs": []}
    return {"IpProtocol": protocol, "FromPort": first, "ToPort": last} | lists | sources


@pytest.mark.parametrize(
    ("row", "asked", "told"),
    [
        ("4.2 nothing to revoke", {}, NOTHING),
        ("6 nothing to revoke", {}, NOTHING),
        ("0.2 a revoke that names nothing fails", {}, NOTHING),
        ("4.2 empty rule ids", {"SecurityGroupRuleIds": []}, NOTHING),
        ("4.2 empty permissions", {"IpPermissions": []}, NOTHING),
        ("users 5.1.5 naming nothing answers true", {"IpPermissions": []}, NOTHING),
        (
            "users 4.1 check 6", {"SecurityGroupRuleIds": ["sgr-00000000"], "IpPermissions": [ALL]},
            "InvalidParameterCombination: Only one of 'ipPermissions' or 'securityGroupRuleIds' may be provided.",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(anywhere: Scene, row: str, asked: Json, told: str) -> None:
    """A revoke names rules, by properties or by id but not both [reference 4.2; both: inferred]."""
    assert anywhere.refused("Revoke", **asked) == told, row


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        ("4.2 CIDR with a source name", {"SourceSecurityGroupName": "web", "CidrIp": BLOCK}),
        ("4.2 source name with a protocol", {"SourceSecurityGroupName": "web", "IpProtocol": "tcp"}),
        ("4.2 source name with a protocol", {"SourceSecurityGroupName": "web", "FromPort": 1, "ToPort": 2}),
        ("4.1 SourceSecurityGroupName", {"SourceSecurityGroupName": "web", "ToPort": 1}),
        ("1.4 InvalidParameter*", {"IpPermissions": [ALL], "IpProtocol": "tcp"}),
        ("1.4 InvalidParameter*", {"IpPermissions": [ALL], "SourceSecurityGroupName": "web"}),
    ],
)
@pytest.mark.parametrize("verb", ["Authorize", "Revoke"])
def test_what_cannot_be_combined(wall: Wall, verb: str, row: str, asked: Json) -> None:
    """Members of different forms exclude each other [reference 4.2, docs: forbidden; code inferred]."""
    told = refusal(wall, f"{verb}SecurityGroupIngress", GroupId=create_group(wall), **asked)
    assert told.startswith("InvalidParameterCombination: "), row


def test_id_and_name_together(wall: Wall) -> None:
    """GroupId and GroupName together have to name one group (inferred)."""
    group, _ = create_group(wall), create_group(wall, "app")
    told = refusal(wall, "RevokeSecurityGroupIngress", GroupId=group, GroupName="app", IpPermissions=[ALL])
    assert told.startswith("InvalidParameterCombination: ")
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, GroupName="web", IpPermissions=[ALL])
    wall.call("RevokeSecurityGroupIngress", GroupId=group, GroupName="web", IpPermissions=[ALL])


@pytest.mark.reference(
    "4.2 flat form", "4.1 flat form", "4.1 GroupName", "users 4.1 check 12", "users 5.2.4 no GroupName"
)
def test_the_flat_form_by_name(wall: Wall) -> None:
    """The flat form in a group called by name is answered like a permission [reference 4.2, docs][recorded]."""
    group = create_group(wall)
    flat = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": BLOCK}
    wall.call("AuthorizeSecurityGroupIngress", GroupName="web", **flat)
    reply = wall.call("RevokeSecurityGroupIngress", GroupName="web", **flat)
    assert [scenes.held(rule) for rule in reply["RevokedSecurityGroupRules"]] == [("tcp", 80, 80, BLOCK, None)]
    assert rules_of(wall, group) == []


@pytest.mark.reference("4.8 opens icmp, udp and tcp", "4.1 SourceSecurityGroupName")
def test_everything_from_a_named_group(wall: Wall) -> None:
    """What SourceSecurityGroupName opened it closes again [reference 4.8]."""
    group, _ = create_group(wall), create_group(wall, "app")
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, SourceSecurityGroupName="app")
    reply = wall.call("RevokeSecurityGroupIngress", GroupId=group, SourceSecurityGroupName="app")
    assert len(reply["RevokedSecurityGroupRules"]) == 3
    assert rules_of(wall, group) == []


@pytest.mark.reference("4.3 group by name")
def test_a_group_by_name_in_a_permission(wall: Wall) -> None:
    """In the default VPC a pair may name its group; the stored id is meant [reference 4.3, model]."""
    group, source = create_group(wall), create_group(wall, "app")
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, source)])
    by_name = tcp(22) | {"UserIdGroupPairs": [{"GroupName": "app"}]}
    reply = wall.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[by_name])
    assert [rule["ReferencedGroupId"] for rule in reply["RevokedSecurityGroupRules"]] == [source]


@pytest.mark.reference(
    "4.3 one source of a merged permission", "4.3 group", "0.2 a pair has no name", "users 4.1 check 3",
    "users 5.2.3 described pairs not matched", "clients 9 a described group rule",
)  # fmt: skip
def test_one_source_of_several(anywhere: Scene) -> None:
    """One source goes, the others of its permission stay; a pair's other members do no harm [reference 4.3]."""
    anywhere.authorize(tcp(22, (BLOCK, "office"), (OTHER, "branch"), "::/0", (anywhere.group, "peers")))
    anywhere.revoke(tcp(22, BLOCK))
    fed_back = {
        "GroupId": anywhere.group, "UserId": "123456789012", "VpcId": "vpc-00000000", "PeeringStatus": "active",
        "VpcPeeringConnectionId": "pcx-00000000",
    }  # fmt: skip
    anywhere.revoke(tcp(22) | {"UserIdGroupPairs": [fed_back]})
    assert anywhere.rules() == {("tcp", 22, 22, OTHER, "branch"), ("tcp", 22, 22, "::/0", None)}


@pytest.mark.reference(
    "4.2 ranges and pairs in one permission", "1.1 empty lists of other SDKs", "users 5.2.3 fed back"
)
def test_what_is_described_can_be_revoked(anywhere: Scene) -> None:
    """The permissions of a described group, handed back, empty it [reference 4.2, 4.3: the shared idiom]."""
    sources = [(BLOCK, "office"), "10.0.0.0/8", "::/0", (anywhere.group, "peers")]
    anywhere.authorize(tcp(22, *sources), permission("-1", None, None, *sources), permission("icmp", 8, -1, *sources))
    reply = anywhere.revoke(*anywhere.described())
    assert len(reply["RevokedSecurityGroupRules"]) == 12
    assert anywhere.described() == []


@pytest.mark.reference("4.3 tags")
def test_tags_are_not_compared(anywhere: Scene) -> None:
    """A tagged rule is found by its properties alone, and its tags go with it [reference 4.3, model]."""
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}]
    anywhere.authorize(tcp(22, BLOCK), TagSpecifications=tags)
    anywhere.revoke(tcp(22, BLOCK))
    assert anywhere.wall.call("DescribeTags") == {"Tags": []}


# ---- by id


@pytest.mark.reference(
    "4.1 SecurityGroupRuleIds", "4.2 rule ids", "0.2 revoked rules are listed", "users 5.4 rule ids ignored"
)
def test_by_id(anywhere: Scene) -> None:
    """Rules named by id go; one named twice counts once [reference 4.1; twice: inferred]."""
    made = anywhere.authorize(tcp(22, (BLOCK, "office"), OTHER, "10.0.0.0/8"))["SecurityGroupRules"]
    ids = [rule["SecurityGroupRuleId"] for rule in made]
    reply = anywhere.revoke(SecurityGroupRuleIds=[ids[1], ids[0], ids[1]])
    assert [rule["SecurityGroupRuleId"] for rule in reply["RevokedSecurityGroupRules"]] == [ids[1], ids[0]]
    assert reply["Return"] is True
    assert anywhere.rule_ids() == [ids[2]]


@pytest.mark.parametrize(
    ("row", "rule_id", "told"),
    [
        (
            "4.4 rule id unknown", "sgr-00000000",
            "InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-00000000' does not exist",
        ),
        (
            "3.3 rule id unknown", "sgr-00000000000000000",
            "InvalidSecurityGroupRuleId.NotFound: The security group rule ID 'sgr-00000000000000000' does not exist",
        ),
        (
            "4.4 rule id malformed", "49.15.207.58",
            'InvalidSecurityGroupRuleId.Malformed: Invalid id: "49.15.207.58" (expecting "sgr-...")',
        ),
        (
            "3.3 rule id malformed", "sg-00000000",
            'InvalidSecurityGroupRuleId.Malformed: Invalid id: "sg-00000000" (expecting "sgr-...")',
        ),
    ],
)  # fmt: skip
@pytest.mark.reference(
    "4.9 errors of ingress and egress", "users 4.1 check 5", "users 5.1.5 code of an unknown rule id",
    "clients 9 code of an unknown rule id", "clients 2.11 codes that clients match on",
)  # fmt: skip
def test_a_bad_id_keeps_all(anywhere: Scene, row: str, rule_id: str, told: str) -> None:
    """An id that means no rule is an error in both kinds of VPC, and the good id beside it stays [4.4]."""
    anywhere.authorize(tcp(22, BLOCK))
    before = anywhere.rule_ids()
    assert anywhere.refused("Revoke", SecurityGroupRuleIds=[*before, rule_id]) == told, row
    assert anywhere.rule_ids() == before


def test_ids_of_other_rules(anywhere: Scene) -> None:
    """The id of another group's rule, or of the other direction's, is not found (inferred)."""
    other = create_group(anywhere.wall, "other")
    other_side = "Ingress" if anywhere.egress else "Egress"
    call = anywhere.wall.call
    theirs = call("AuthorizeSecurityGroupIngress", GroupId=other, IpPermissions=[ALL])["SecurityGroupRules"]
    mine = call(f"AuthorizeSecurityGroup{other_side}", GroupId=anywhere.group, IpPermissions=[tcp(22, BLOCK)])
    for rule in theirs + mine["SecurityGroupRules"]:
        rule_id = rule["SecurityGroupRuleId"]
        expected = f"InvalidSecurityGroupRuleId.NotFound: The security group rule ID '{rule_id}' does not exist"
        assert anywhere.refused("Revoke", SecurityGroupRuleIds=[rule_id]) == expected


def test_ids_of_another_world(anywhere: Scene) -> None:
    """A group and a rule of another account or region do not exist here (inferred)."""
    rule_id = anywhere.authorize(tcp(22, BLOCK))["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    for other in (anywhere.wall.elsewhere("111122223333"), anywhere.wall.elsewhere(region="eu-west-1")):
        mine = create_group(other)
        told = refusal(other, f"RevokeSecurityGroup{anywhere.side}", GroupId=anywhere.group, IpPermissions=[ALL])
        assert told.startswith("InvalidGroup.NotFound: ")
        told = refusal(other, f"RevokeSecurityGroup{anywhere.side}", GroupId=mine, SecurityGroupRuleIds=[rule_id])
        assert told.startswith("InvalidSecurityGroupRuleId.NotFound: ")
    assert anywhere.rule_ids() == [rule_id]


# ---- the rules that AWS gives


@pytest.mark.parametrize("ports", [(None, None), (-1, -1), (0, 0)])
@pytest.mark.reference(
    "6 default rule is ordinary", "6 IsEgress", "4.5 recorded outputs", "clients 2.10 default egress with ports 0",
    "users 5.4 -1 and 0.0.0.0/0 dropped from the comparison",
)  # fmt: skip
def test_the_default_egress_rule(wall: Wall, ports: tuple[int | None, int | None]) -> None:
    """The rule that a new group has goes like any other, with the ports that clients send for it [reference 6]."""
    group = create_group(wall, "web", scenes.create_vpc(wall))
    [rule] = rules_of(wall, group, egress=True)
    asked = permission("-1", *ports, EVERYWHERE)
    [revoked] = wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[asked])[
        "RevokedSecurityGroupRules"
    ]
    assert revoked == {
        "SecurityGroupRuleId": rule["SecurityGroupRuleId"], "GroupId": group, "IsEgress": True,
        "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "CidrIpv4": EVERYWHERE,
    }  # fmt: skip
    assert rules_of(wall, group, egress=True) == []


@pytest.mark.reference("clients 2.10 default egress with ports 0", "users 5.1.8 unknown IPv6 rules vanish")
def test_an_ipv6_rule_that_is_not_there(wall: Wall) -> None:
    """Revoking ::/0, which a group of a VPC without IPv6 lacks, is the error Terraform tolerates [clients 2.10]."""
    group = create_group(wall, "web", scenes.create_vpc(wall))
    asked = permission("-1", 0, 0, "::/0")
    assert refusal(wall, "RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[asked]) == NOT_FOUND


@pytest.mark.reference("4.5 recorded outputs", "0.2 ports of all protocols")
def test_a_reference_to_itself(wall: Wall) -> None:
    """``-1`` from the group itself is found without ports and UserId, as recorded [reference 4.5, recorded]."""
    group = scenes.default_group(wall, scenes.create_vpc(wall))
    asked = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    [revoked] = wall.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[asked])[
        "RevokedSecurityGroupRules"
    ]
    assert (revoked["FromPort"], revoked["ToPort"], revoked["ReferencedGroupId"]) == (-1, -1, group)


@pytest.mark.reference("19 IsDefault decides")
def test_the_vpc_decides_not_the_name(wall: Wall) -> None:
    """The group ``default`` of another VPC is not forgiven a mismatch, that of the default VPC is [reference 19]."""
    ours = scenes.default_group(wall, scenes.default_vpc(wall))
    theirs = scenes.default_group(wall, scenes.create_vpc(wall))
    asked = [tcp(22, BLOCK)]
    assert "UnknownIpPermissions" in wall.call("RevokeSecurityGroupIngress", GroupId=ours, IpPermissions=asked)
    assert refusal(wall, "RevokeSecurityGroupIngress", GroupId=theirs, IpPermissions=asked) == NOT_FOUND


@pytest.mark.reference("4.7 no promised time", "2.4 eventual consistency")
def test_a_revoke_is_seen_at_once(anywhere: Scene) -> None:
    """The next call sees the group without the rule [reference 4.7: AWS promises no time; inferred]."""
    anywhere.authorize(tcp(22, BLOCK))
    anywhere.revoke(tcp(22, BLOCK))
    assert anywhere.described() == []


@pytest.mark.reference("2.4 no client token")
def test_no_operation_on_groups_takes_a_client_token() -> None:
    """A security group call cannot be made idempotent by a token [reference 2.4, model]."""
    groups = [name for name in SERVICES["ec2"].actions if "SecurityGroup" in name]
    assert groups
    assert [name for name in groups if "ClientToken" in ACTIONS[name].input.members] == []


@pytest.mark.reference("users 5.5 many threads, one rule")
def test_of_many_threads_one_revokes(in_other_vpc: Scene, tmp_path: Path) -> None:
    """Of 32 threads that revoke one rule, one does it and the others are told that it is not there (users 5)."""
    in_other_vpc.authorize(tcp(22, BLOCK))
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda _: _tried(in_other_vpc), range(32)))
    assert sorted(answers) == [NOT_FOUND] * 31 + ["revoked"]
    in_other_vpc.wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def _tried(scene: Scene) -> str:
    try:
        scene.revoke(tcp(22, BLOCK))
    except ApiError as refused:
        return str(refused)
    return "revoked"
