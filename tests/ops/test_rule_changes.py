"""Rules replaced in place [reference 11]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import scenes
from tests.driver import Wall
from tests.law import breaches
from tests.scenes import Held, Json, Scene, create_group, create_prefix_list, create_vpc, refusal, rules_of, tcp

BLOCK = "203.0.113.0/24"
TO: Json = {"IpProtocol": "udp", "FromPort": 53, "ToPort": 54, "CidrIpv4": "10.0.0.0/8"}
DUPLICATE = 'InvalidPermission.Duplicate: the specified rule "peer: {}, ALLOW" already exists'


def _updates(changes: dict[str, Json]) -> list[Json]:
    return [{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": rule} for rule_id, rule in changes.items()]


def modify(scene: Scene, changes: dict[str, Json]) -> Json:
    """Replace rules by id."""
    return scene.wall.call("ModifySecurityGroupRules", GroupId=scene.group, SecurityGroupRules=_updates(changes))


def refused(scene: Scene, changes: dict[str, Json]) -> str:
    """Return how that is refused, having seen that nothing of it was done."""
    before = scene.wall.app.revision()
    told = refusal(scene.wall, "ModifySecurityGroupRules", GroupId=scene.group, SecurityGroupRules=_updates(changes))
    assert scene.wall.app.revision() == before
    return told


def made(scene: Scene, *permissions: Json, **params: Any) -> list[str]:  # noqa: ANN401 - as boto3 gives them
    """Add rules and return their ids."""
    return [rule["SecurityGroupRuleId"] for rule in scene.authorize(*permissions, **params)["SecurityGroupRules"]]


@pytest.mark.reference("11 ModifySecurityGroupRules", "3.1 life of a rule id")
def test_a_rule_is_replaced_whole(anywhere: Scene) -> None:
    """Protocol, ports, source and description are those of the request; id, direction and tags stay [reference 11]."""
    tags = [{"Key": "team", "Value": "net"}]
    given = {"TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": tags}]}
    [rule_id] = made(anywhere, tcp(22, (BLOCK, "office")), **given)
    assert modify(anywhere, {rule_id: TO | {"Description": "names"}}) == {"Return": True}
    [rule] = rules_of(anywhere.wall, anywhere.group, egress=anywhere.egress)
    assert (rule["SecurityGroupRuleId"], rule["Tags"]) == (rule_id, tags)
    assert scenes.held(rule) == Held("udp", 53, 54, "10.0.0.0/8", "names")


@pytest.mark.parametrize("omitted", [{}, {"Description": ""}])
@pytest.mark.reference("clients 9 Modify keeps a description")
def test_a_description_that_is_left_out_goes(anywhere: Scene, omitted: Json) -> None:
    """A description that is omitted or empty is cleared [reference 11, live-test; which of the two: inferred]."""
    [rule_id] = made(anywhere, tcp(22, (BLOCK, "office")))
    modify(anywhere, {rule_id: {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": BLOCK} | omitted})
    assert anywhere.rules() == {Held("tcp", 22, 22, BLOCK)}


def test_values_are_normalised(anywhere: Scene) -> None:
    """What is stored is canonical, as for authorize [reference 3.2]."""
    first, second, third = made(anywhere, tcp(22, BLOCK, "::/0", anywhere.group))
    everything = {"IpProtocol": "-1", "FromPort": 5}
    modify(
        anywhere,
        {
            first: everything | {"CidrIpv4": "10.1.2.3/8"},
            second: everything | {"CidrIpv6": "2001:DB8::1/32"},
            third: everything | {"ReferencedGroupId": anywhere.group},
        },
    )
    assert anywhere.rules() == {Held("-1", -1, -1, peer) for peer in ("10.0.0.0/8", "2001:db8::/32", anywhere.group)}


def test_both_directions_in_one_call(wall: Wall) -> None:
    """One call changes ingress and egress, each keeping its direction [reference 11, live-test]."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, BLOCK)])
    ids = [rules_of(wall, group, egress=egress)[0]["SecurityGroupRuleId"] for egress in (False, True)]
    wall.call("ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=_updates(dict.fromkeys(ids, TO)))
    for egress, rule_id in zip((False, True), ids, strict=True):
        [rule] = rules_of(wall, group, egress=egress)
        assert (rule["SecurityGroupRuleId"], scenes.held(rule)) == (rule_id, Held("udp", 53, 54, "10.0.0.0/8"))


@pytest.mark.parametrize("size", [2, 3])
def test_rules_change_places(anywhere: Scene, tmp_path: Path, size: int) -> None:
    """Rules may take each other's values in one call, which is one change that tells each rule once (inferred)."""
    ports = range(1, size + 1)
    ids = made(anywhere, *(tcp(port, (BLOCK, f"port {port}")) for port in ports))
    turned = dict(zip(ids, [*ports[1:], ports[0]], strict=True))
    modify(
        anywhere,
        {
            one: {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIpv4": BLOCK}
            for one, port in turned.items()
        },
    )
    found = rules_of(anywhere.wall, anywhere.group, egress=anywhere.egress)
    assert {rule["SecurityGroupRuleId"]: rule["FromPort"] for rule in found} == turned
    change = anywhere.wall.call("DescribeChanges")["Changes"][-1]
    told = sorted((delta["Id"], "Before" in delta, "After" in delta) for delta in change["Deltas"])
    assert told == [(rule_id, True, True) for rule_id in sorted(ids)]
    anywhere.wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def test_what_stays_the_same_is_no_change(anywhere: Scene) -> None:
    """A rule that is replaced by itself leaves nothing to tell (inferred)."""
    [rule_id] = made(anywhere, tcp(22, BLOCK))
    before = anywhere.wall.app.revision()
    modify(anywhere, {rule_id: {"IpProtocol": "6", "FromPort": 22, "ToPort": 22, "CidrIpv4": BLOCK}})
    assert anywhere.wall.app.revision() == before


MISSING = (
    "MissingParameter: The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"
)
SEVERAL = (
    "InvalidParameterCombination: Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified"
)
PORTS = "InvalidParameterValue: Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
PROTOCOL = (
    "InvalidParameterValue: Invalid value 'null' for protocol. "
    "VPC security group rules must specify protocols explicitly."
)
VALID = (
    "Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
)
OTHER_KIND = "InvalidParameterValue: You may not specify {} for an existing {} rule."


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({}, PROTOCOL),
        ({"FromPort": 1, "ToPort": 2, "CidrIpv4": BLOCK}, PROTOCOL),
        ({"IpProtocol": "tcp"}, PORTS),
        ({"IpProtocol": "udp", "ToPort": 2, "CidrIpv4": BLOCK}, PORTS),
        ({"IpProtocol": "-1"}, MISSING),
        ({"IpProtocol": "-1", "CidrIpv4": "/32", "CidrIpv6": "x"}, SEVERAL),
        ({"IpProtocol": "-1", "PrefixListId": "pl-00000000", "ReferencedGroupId": "sg-00000000"}, SEVERAL),
        ({"IpProtocol": "-1", "CidrIpv4": "/32"}, "InvalidParameterValue: CIDR block /32 is malformed"),
        (
            {"IpProtocol": "-1", "ReferencedGroupId": "sg-nothing"},
            "InvalidGroupId.Malformed: The security-group ID 'sg-nothing' is malformed",
        ),
        (
            {"IpProtocol": "-1", "ReferencedGroupId": "sg-00000000"},
            OTHER_KIND.format("a referenced group id", "IPv4 CIDR"),
        ),
        ({"IpProtocol": "-1", "PrefixListId": "pl-00000000"}, OTHER_KIND.format("a prefix list id", "IPv4 CIDR")),
        ({"IpProtocol": "-1", "CidrIpv6": "::/0"}, OTHER_KIND.format("an IPv6 CIDR", "IPv4 CIDR")),
        (
            {"IpProtocol": "-1", "CidrIpv4": BLOCK, "Description": "what?"},
            "InvalidParameterValue: Invalid rule description. " + VALID,
        ),
    ],
)
@pytest.mark.reference("11 ModifySecurityGroupRules")
def test_what_no_rule_can_become(anywhere: Scene, what: Json, told: str) -> None:
    """Each refusal has its text, in the order protocol, ports, source; nothing of the call is done [reference 11]."""
    first, second = made(anywhere, tcp(22, BLOCK, "10.0.0.0/8"))
    assert refused(anywhere, {first: TO, second: what}) == told


@pytest.mark.parametrize(
    ("stored", "given", "told"),
    [
        ("::/0", {"CidrIpv4": BLOCK}, OTHER_KIND.format("an IPv4 CIDR", "IPv6 CIDR")),
        ("group", {"CidrIpv4": BLOCK}, OTHER_KIND.format("an IPv4 CIDR", "referenced group id")),
        ("group", {"PrefixListId": "pl-00000000"}, OTHER_KIND.format("a prefix list id", "referenced group id")),
        ("list", {"ReferencedGroupId": "sg-00000000"}, OTHER_KIND.format("a referenced group id", "prefix list id")),
    ],
)
def test_the_kind_of_source_stays(anywhere: Scene, stored: str, given: Json, told: str) -> None:
    """A rule never gets another kind of source [reference 11, recorded: text; other kinds and code: inferred]."""
    source = {"group": anywhere.group, "list": create_prefix_list(anywhere.wall)}.get(stored, stored)
    [rule_id] = made(anywhere, tcp(22, source))
    assert refused(anywhere, {rule_id: {"IpProtocol": "-1"} | given}) == told


UNKNOWN = "InvalidSecurityGroupRuleId.NotFound: The security group rule ID '{}' does not exist"


@pytest.mark.parametrize(
    ("group", "rule", "told"),
    [
        ("sg-00000000", "sgr-x", "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"),
        ("web", "sgr-x", 'InvalidGroupId.Malformed: Invalid id: "web" (expecting "sg-...")'),
        ("", "sgr-00000000", "InvalidGroupId.Malformed: The security-group ID '' is malformed"),
        ("{group}", "sgr-00000000", UNKNOWN.format("sgr-00000000")),
        ("{group}", "x", 'InvalidSecurityGroupRuleId.Malformed: Invalid id: "x" (expecting "sgr-...")'),
        ("{group}", "{other}", UNKNOWN.format("{other}")),
    ],
)
@pytest.mark.reference("11 ModifySecurityGroupRules")
def test_a_group_or_rule_that_is_not_there(wall: Wall, group: str, rule: str, told: str) -> None:
    """Group and rule ids are looked at before the rule itself [reference 11, live-test; of another group: inferred]."""
    theirs = rules_of(wall, create_group(wall, "app"), egress=True)[0]["SecurityGroupRuleId"]
    places = {"group": create_group(wall), "other": theirs}
    given = {"GroupId": group.format(**places), "SecurityGroupRules": _updates({rule.format(**places): {}})}
    assert refusal(wall, "ModifySecurityGroupRules", **given) == told.format(**places)


@pytest.mark.parametrize("given", [{}, {"SecurityGroupRules": []}])
def test_nothing_to_modify(wall: Wall, given: Json) -> None:
    """A call without rules is refused [reference 11, live-test: code]."""
    told = refusal(wall, "ModifySecurityGroupRules", GroupId="sg-00000000", **given)
    assert told == "MissingParameter: The request must contain the parameter SecurityGroupRule"


@pytest.mark.reference("11 ModifySecurityGroupRules")
def test_a_rule_cannot_become_another(anywhere: Scene) -> None:
    """A result that another rule of the direction is already, or is to be too, is a duplicate [11, inferred]."""
    ids = made(anywhere, tcp(22, BLOCK, "10.0.0.0/8", "192.0.2.0/24"))
    taken: Json = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIpv4": "192.0.2.7/24"}
    expected = DUPLICATE.format("192.0.2.0/24, TCP, from port: 22, to port: 22")
    assert refused(anywhere, {ids[0]: taken}) == expected
    expected = DUPLICATE.format("10.0.0.0/8, UDP, from port: 53, to port: 54")
    assert refused(anywhere, {ids[0]: TO, ids[1]: TO | {"Description": "other"}}) == expected


def test_a_rule_named_twice(anywhere: Scene) -> None:
    """One rule cannot become two things (inferred)."""
    [rule_id] = made(anywhere, tcp(22, BLOCK))
    updates = _updates({rule_id: TO}) * 2
    told = refusal(anywhere.wall, "ModifySecurityGroupRules", GroupId=anywhere.group, SecurityGroupRules=updates)
    assert told == "InvalidParameterValue: The same permission must not appear multiple times"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            {"ReferencedGroupId": "sg-00000000"},
            "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist",
        ),
        (
            {"ReferencedGroupId": "{foreign}"},
            "InvalidGroup.NotFound: You have specified two resources that belong to different networks.",
        ),
        (
            {"PrefixListId": "pl-00000000"},
            "InvalidPrefixListID.NotFound: The prefix list ID 'pl-00000000' does not exist",
        ),
    ],
)
def test_sources_are_checked_as_for_authorize(anywhere: Scene, source: dict[str, str], told: str) -> None:
    """A group or prefix list that a rule is to name has to exist, and the group to be near [reference 5.3]."""
    foreign = create_group(anywhere.wall, "foreign", create_vpc(anywhere.wall, "10.9.0.0/16"))
    of_group, of_list = made(anywhere, tcp(22, anywhere.group), tcp(23, create_prefix_list(anywhere.wall)))
    given = {name: text.format(foreign=foreign) for name, text in source.items()}
    rule_id = of_list if "PrefixListId" in source else of_group
    assert refused(anywhere, {rule_id: {"IpProtocol": "-1"} | given}) == told


def test_the_quota_counts_what_comes_out(anywhere: Scene) -> None:
    """A larger prefix list has to fit the group after the change, the old one gone [reference 15, 21, docs]."""
    small, large, huge = (create_prefix_list(anywhere.wall, size=n) for n in (20, 50, 60))
    anywhere.authorize(tcp(80, *(f"10.{number}.0.0/16" for number in range(10))))
    [rule_id] = made(anywhere, tcp(22, small))
    told = refused(anywhere, {rule_id: {"IpProtocol": "-1", "PrefixListId": huge}})
    assert (
        told == "RulesPerSecurityGroupLimitExceeded: The maximum number of rules per security group has been reached."
    )
    modify(anywhere, {rule_id: {"IpProtocol": "-1", "PrefixListId": large}})
    assert Held("-1", -1, -1, large) in anywhere.rules()
