"""What is to be said of rules, held against every flow at the edges of the rules of a gate (inferred)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from groupwall.ops.findings.findings import KINDS
from tests.counting import cost, counted
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.naive import ANY, Interface, Picture, Rule, block_of, blocks, picture, rules_admitting
from tests.scenes import (
    EVERYWHERE,
    Json,
    allow,
    create_group,
    create_prefix_list,
    create_vpc,
    default_group,
    peer_vpcs,
    permission,
    refusal,
    tcp,
)  # fmt: skip
from tests.strategies import EXAMPLES
from tests.worlds import OTHER_ACCOUNT, Scene, make_random_call, random_world, seeded

Said = dict[str, dict[str, set[str]]]
"""By rule: the kinds of its findings, each with the ids of the rules that make it so."""


def said(wall: Wall, **params: object) -> Said:
    """Return what is told, of all groups unless the parameters say otherwise."""
    found: Said = {}
    for one in wall.call("DescribeFindings", **params)["Findings"]:
        by = {rule["SecurityGroupRuleId"] for rule in one["By"]}
        kinds = found.setdefault(one["Rule"]["SecurityGroupRuleId"], {})
        assert one["Kind"] not in kinds
        kinds[one["Kind"]] = by
    return found


def reasons(wall: Wall, group: str) -> list[str]:
    """Return the kind and the reason of each finding of a group's ingress."""
    told = wall.call("DescribeFindings", GroupIds=[group])["Findings"]
    return [f"{one['Kind']}: {one['Reason']}" for one in told if not one["Rule"]["IsEgress"]]


# ---- random worlds


def _world(seed: int) -> Scene:
    """Return a random world after some random calls; close its wall."""
    scene, random = random_world(Wall(), seeded(seed)), seeded(seed)
    for _ in range(random.randrange(6)):
        make_random_call(scene, random)
    return scene


def _flows(seen: Picture, one: Interface, rule: Rule) -> Iterator[tuple[str, str, int, int]]:
    """Yield flows that a rule admits at an interface's gate: all that lie at an edge of any rule of that gate."""
    beside = [each for each in seen.rules if each.group in one.groups and each.direction == rule.direction]
    spans = [block_of(text) for each in beside for text in blocks(seen, each, one.vpc)]
    for mine in {block_of(text) for text in blocks(seen, rule, one.vpc)}:
        edges = {int(mine[0]), int(mine[-1])} | {
            edge
            for block in spans
            if block.version == mine.version
            for edge in (int(block[0]) - 1, int(block[0]), int(block[-1]), int(block[-1]) + 1)
            if int(mine[0]) <= edge <= int(mine[-1])
        }
        for edge, service in product(sorted(edges), _services(rule, beside)):
            yield (str(type(mine[0])(edge)), *service)


def _services(rule: Rule, beside: list[Rule]) -> list[tuple[str, int, int]]:
    """Return the services at an edge of any of some rules, for a rule that admits more than them; else its own."""
    found = {("132", ANY, ANY)}
    for each in beside:
        if each.protocol in ("tcp", "udp"):
            ports = {each.first - 1, each.first, each.last, each.last + 1} & {*range(65_536)}
            found |= {(each.protocol, port, ANY) for port in ports}
        elif each.protocol in ("icmp", "icmpv6"):
            kinds, codes = {max(each.first, 0), 255, 254}, {max(each.last, 0), 255, 254}
            found |= {(each.protocol, kind, code) for kind in kinds for code in codes}
        elif each.protocol != "-1":
            found.add((each.protocol, ANY, ANY))
    return sorted(one for one in found if _serves(rule, *one))


def _serves(rule: Rule, protocol: str, port: int, code: int) -> bool:
    if rule.protocol in ("tcp", "udp"):
        return rule.protocol == protocol and rule.first <= port <= rule.last
    if rule.protocol in ("icmp", "icmpv6"):
        return rule.protocol == protocol and rule.first in (ANY, port) and rule.last in (ANY, code)
    return rule.protocol in ("-1", protocol)


def _admitting(seen: Picture, rule: Rule) -> Iterator[set[str]]:
    """Yield, for each flow that a rule admits at a member of its group, the ids of all rules that do."""
    for one in seen.interfaces.values():
        if rule.group in one.groups:
            for address, *service in _flows(seen, one, rule):
                yield {rule_id for _, rule_id in rules_admitting(seen, one.id, rule.direction, address, *service)}


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_findings_are_those_of_single_flows(seed: int) -> None:
    """What is shadowed, redundant or unused is missed by no flow, and each other rule by one (inferred).

    A shadowed rule's flows are admitted by the one rule that is named, which stays; so all of them can go at once. A
    redundant one's are admitted by those named, none of which is shadowed. An unused one has no flows, and is
    none of those that a default group without a member begins with.
    """
    scene = _world(seed)
    with scene.wall as wall:
        seen, told = picture(wall, scene.accounts), said(wall)
        shadowed = {rule_id for rule_id, kinds in told.items() if "shadowed" in kinds}
        given = set(_given(wall, seen))
        for rule in picture(wall).rules:
            kinds = told.get(rule.id, {})
            flows = list(_admitting(seen, rule))
            assert ("unused" in kinds) == (not flows and rule.id not in given), rule
            for kind in kinds.keys() & {"shadowed", "redundant"}:
                assert all(rule.id in one and kinds[kind] & one for one in flows), rule
                assert not kinds[kind] & shadowed
            if flows and not kinds.keys() & {"shadowed", "redundant"}:
                assert any(one - shadowed == {rule.id} for one in flows), rule


def _given(wall: Wall, seen: Picture) -> Iterator[str]:
    """Yield the rules of default groups without a member that allow all from the group itself, or all to anywhere."""
    groups = {one["GroupId"] for one in wall.call("DescribeSecurityGroups")["SecurityGroups"] if _is_default(one)}
    worn = {group for one in seen.interfaces.values() for group in one.groups}
    for rule in wall.call("DescribeSecurityGroupRules")["SecurityGroupRules"]:
        itself = rule.get("ReferencedGroupInfo", {}).get("GroupId") == rule["GroupId"] and not rule["IsEgress"]
        anywhere = (rule.get("CidrIpv4") == EVERYWHERE or rule.get("CidrIpv6") == "::/0") and rule["IsEgress"]
        told_apart = rule["IpProtocol"] != "-1" or "Description" in rule
        if rule["GroupId"] in groups - worn and (itself or anywhere) and not told_apart:
            yield rule["SecurityGroupRuleId"]


def _is_default(group: Json) -> bool:
    return str(group["GroupName"]) == "default"


@pytest.mark.parametrize("seed", range(max(EXAMPLES // 4, 25)))
def test_stale_and_wide_open_rules(seed: int) -> None:
    """Stale are the rules that DescribeStaleSecurityGroups tells [reference 13]; wide open all from all of a family."""
    scene = _world(seed)
    with scene.wall as wall:
        told, seen = said(wall), picture(wall)
        of_kind = {kind: {one for one, kinds in told.items() if kind in kinds} for kind in ("stale", "wide-open")}
        names = {
            rule.id: (rule.group, rule.direction, rule.protocol, rule.first, rule.last, rule.peer)
            for rule in seen.rules
        }
        assert {names[one] for one in of_kind["stale"]} == set(_told_stale(wall))
        for rule in seen.rules:
            everything = {"0.0.0.0/0", "::/0"} & ({*seen.entries.get(rule.peer, ())} | {rule.peer})
            assert (rule.id in of_kind["wide-open"]) == (rule.direction == "ingress" and bool(everything))


def _told_stale(wall: Wall) -> Iterator[tuple[str, str, str, int, int, str]]:
    for vpc in wall.call("DescribeVpcs")["Vpcs"]:
        for group in wall.call("DescribeStaleSecurityGroups", VpcId=vpc["VpcId"])["StaleSecurityGroupSet"]:
            for direction, member in (("ingress", "StaleIpPermissions"), ("egress", "StaleIpPermissionsEgress")):
                for one in group.get(member, []):
                    ports = one.get("FromPort", ANY), one.get("ToPort", ANY)
                    for pair in one["UserIdGroupPairs"]:
                        yield group["GroupId"], direction, one["IpProtocol"], *ports, pair["GroupId"]


@pytest.mark.parametrize("seed", range(5))
def test_findings_of_the_past(seed: int) -> None:
    """What was said at a revision is said again when that revision is asked for, whatever came after (inferred)."""
    scene, random = random_world(Wall(), seeded(seed)), seeded(seed)
    with scene.wall as wall:
        then = wall.call("DescribeFindings")
        for _ in range(12):
            make_random_call(scene, random)
        assert wall.call("DescribeFindings", AtRevision=then["Revision"]) == then


# ---- one after the other


def test_a_rule_within_another_is_shadowed(wall: Wall) -> None:
    """A wider rule of the same group is named; of two equal ones the one with the lesser id stays (inferred)."""
    web = create_group(wall)
    create_interface(wall, Groups=[web])
    wide, _ = allow(wall, web, permission("tcp", 20, 30, "10.0.0.0/8"), tcp(22, "10.1.0.0/16"))
    assert reasons(wall, web) == [
        f"shadowed: all that it admits is admitted by {wide} (tcp 20-30 from 10.0.0.0/8)",
    ]
    offices = create_prefix_list(wall, "192.0.2.0/24")
    equal = sorted(allow(wall, web, tcp(80, "192.0.2.0/24"), tcp(80, offices)))
    assert said(wall, GroupIds=[web])[equal[1]] == {"shadowed": {equal[0]}}
    assert equal[0] not in said(wall, GroupIds=[web])


def test_a_rule_is_redundant_at_every_gate_or_not_at_all(wall: Wall) -> None:
    """Rules of an interface's other groups count, as long as every member of the group has some that do (inferred)."""
    web, left, whole = create_group(wall), create_group(wall, "left"), create_group(wall, "whole")
    [rule] = allow(wall, web, tcp(22, "10.0.0.0/8"))
    halves = allow(wall, left, tcp(22, "10.0.0.0/9"), tcp(22, "10.128.0.0/9"))
    [same] = allow(wall, whole, permission("-1", None, None, "10.0.0.0/7"))
    create_interface(wall, Groups=[web, left])
    ingress = {"GroupIds": [web], "Kinds": ["redundant"]}
    assert said(wall, **ingress)[rule] == {"redundant": {*halves}}
    create_interface(wall, Groups=[web, whole])
    assert said(wall, **ingress)[rule] == {"redundant": {*halves, same}}
    create_interface(wall, Groups=[web])
    assert rule not in said(wall, **ingress)


def test_rules_that_shadow_each_other_are_no_excuse(wall: Wall) -> None:
    """What is shadowed makes nothing redundant: a rule and its parts do not excuse each other (inferred)."""
    web = create_group(wall)
    create_interface(wall, Groups=[web])
    low, high, whole = allow(wall, web, tcp(22, "10.0.0.0/9"), tcp(22, "10.128.0.0/9"), tcp(22, "10.0.0.0/8"))
    assert said(wall, GroupIds=[web]) == {low: {"shadowed": {whole}}, high: {"shadowed": {whole}}}


def test_what_a_rule_admits_depends_on_the_vpc(wall: Wall) -> None:
    """A group with members in an associated VPC has a shadow only where every VPC has it (inferred)."""
    home, far = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    web, named = create_group(wall, "web", home), create_group(wall, "named", home)
    subnets = [
        wall.call("CreateSubnet", VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
        for vpc, block in ((home, "10.0.0.0/24"), (far, "10.1.0.0/24"))
    ]
    for group in (web, named):
        wall.call("AssociateSecurityGroupVpc", GroupId=group, VpcId=far)
        wall.call("CreateNetworkInterface", SubnetId=subnets[0], Groups=[group])
    block, by_name = allow(wall, web, tcp(22, "10.0.0.0/16"), tcp(22, named))
    assert said(wall, GroupIds=[web])[by_name] == {"shadowed": {block}}
    for group in (web, named):
        wall.call("CreateNetworkInterface", SubnetId=subnets[1], Groups=[group])
    assert by_name not in said(wall, GroupIds=[web])


def test_reasons(wall: Wall) -> None:
    """A reason says what a person would ask next (inferred)."""
    web, empty, offices = create_group(wall), create_group(wall, "empty"), create_prefix_list(wall)
    create_interface(wall, Groups=[web])
    allow(wall, web, permission("tcp", 20, 22, EVERYWHERE), tcp(80, empty), tcp(443, offices))
    assert set(reasons(wall, web)) == {
        f"unused: {empty} has no member that {web} could meet",
        f"unused: {offices} has no entry",
        "wide-open: open to every IPv4 address: tcp 20-22",
    }
    allow(wall, empty, tcp(22, "10.0.0.0/8"))
    assert reasons(wall, empty) == [f"unused: no network interface is a member of {empty}"]


def test_what_a_default_group_begins_with(wall: Wall) -> None:
    """The rules that AWS gives a default group are not told to be unused, those that others gave it are (inferred)."""
    default = default_group(wall, create_vpc(wall))
    assert said(wall, GroupIds=[default]) == {}
    added = allow(wall, default, tcp(22, "10.0.0.0/8"))
    assert said(wall, GroupIds=[default], Kinds=["unused"]) == {rule: {"unused": set()} for rule in added}


def test_what_must_stay_is_told(wall: Wall) -> None:
    """Each of two rules is redundant as long as the other one stays (inferred)."""
    web, ops = create_group(wall), create_group(wall, "ops")
    create_interface(wall, Groups=[web, ops])
    told = wall.call("DescribeFindings", GroupIds=[web, ops], Kinds=["redundant"])["Findings"]
    assert sorted(one["Rule"]["GroupId"] for one in told) == sorted([web, ops])
    assert all(one["Reason"].endswith(" (all to 0.0.0.0/0), as long as that one stays") for one in told)


def test_why_a_rule_is_stale(wall: Wall) -> None:
    """It is told what is gone: the referenced group, the connection, or the association [reference 13]."""
    home, near, lent = create_vpc(wall), create_vpc(wall, "10.1.0.0/16"), create_vpc(wall, "10.2.0.0/16")
    web, there, other = create_group(wall, "web", home), create_group(wall, "a", near), create_group(wall, "b", near)
    peering, shared = peer_vpcs(wall, home, near), create_group(wall, "shared", lent)
    wall.call("AssociateSecurityGroupVpc", GroupId=shared, VpcId=home)
    allow(wall, web, tcp(22, there), tcp(22, other), tcp(22, shared))
    wall.call("DeleteSecurityGroup", GroupId=there)
    wall.call("DisassociateSecurityGroupVpc", GroupId=shared, VpcId=home)
    assert {one for one in reasons(wall, web) if one.startswith("stale")} == {
        f"stale: {there} is gone", f"stale: {shared} is no longer associated with the VPC of the rule's group",
    }  # fmt: skip
    wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    assert f"stale: {peering}, which led to {other}, is deleted" in reasons(wall, web)


def test_pages_hold_every_finding_once(wall: Wall) -> None:
    """The pages are the whole list, in its order, whatever their size (inferred)."""
    for number in range(7):
        allow(wall, create_group(wall, f"g{number}"), tcp(22, "10.0.0.0/8"), tcp(22, EVERYWHERE))
    whole = wall.call("DescribeFindings")["Findings"]
    assert whole == sorted(
        whole, key=lambda one: (one["Rule"]["GroupId"], one["Rule"]["SecurityGroupRuleId"], one["Kind"])
    )
    found, token = [], {}
    for _ in range(len(whole)):
        page = wall.call("DescribeFindings", MaxResults=5, **token)
        assert len(page["Findings"]) <= 5
        found += page["Findings"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert found == whole


def test_a_kind_alone_is_what_it_is_among_all(wall: Wall) -> None:
    """What is told of one kind does not depend on which others are asked for (inferred)."""
    web, ops = create_group(wall), create_group(wall, "ops")
    allow(wall, web, tcp(22, "10.0.0.0/8"), tcp(22, "10.1.0.0/16"), tcp(80, "0.0.0.0/0"))
    allow(wall, ops, tcp(22, "10.0.0.0/9"), tcp(22, "10.128.0.0/9"))
    create_interface(wall, Groups=[web, ops])
    allow(wall, create_group(wall, "empty"), tcp(22, "10.0.0.0/8"))
    told = wall.call("DescribeFindings")["Findings"]
    assert {one["Kind"] for one in told} == {"shadowed", "redundant", "wide-open", "unused"}
    for kind in KINDS:
        assert wall.call("DescribeFindings", Kinds=[kind])["Findings"] == [one for one in told if one["Kind"] == kind]


def test_what_is_asked_for_must_be_there(wall: Wall) -> None:
    """Kinds are of the five that there are, and groups are there (inferred)."""
    assert refusal(wall, "DescribeFindings", Kinds=["odd"]).startswith("InvalidParameterValue: Value (odd)")
    assert refusal(wall, "DescribeFindings", GroupIds=["sg-00000000"]).startswith("InvalidGroup.NotFound")
    assert said(wall, Kinds=["stale"]) == {}


# ---- large accounts


def _costs(folder: Path, groups: int) -> dict[str, int]:
    """Return how many statements each of the three takes, in an account with so many groups in two VPCs."""
    with Wall() as wall:
        first = create_group(wall, "first")
        near = create_vpc(wall, "10.9.0.0/16")
        for number in range(groups):
            group = create_group(wall, f"g{number}", None if number % 2 else near)
            allow(wall, group, tcp(22, "10.0.0.0/8"), tcp(23, EVERYWHERE))
            if number % 2:
                allow(wall, first, tcp(number, group))
                create_interface(wall, Groups=[group, first])
        asked: dict[str, Json] = {
            "DescribeFindings": {}, "DescribeUnusedGroups": {"MaxResults": 5}, "DescribeDependents": {"GroupId": first},
        }  # fmt: skip
        with counted(wall, folder) as connection:
            return {name: cost(wall, connection, name, params).statements for name, params in asked.items()}


def test_statements_do_not_grow(tmp_path: Path) -> None:
    """More groups, rules and members take no more statements (inferred)."""
    (tmp_path / "few").mkdir()
    (tmp_path / "many").mkdir()
    few, many = _costs(tmp_path / "few", 8), _costs(tmp_path / "many", 60)
    assert few == many
    assert max(many.values()) <= 30


def test_another_account_stays_unseen(wall: Wall) -> None:
    """Only the rules of the account itself are told of (inferred)."""
    other = wall.elsewhere(OTHER_ACCOUNT)
    allow(other, create_group(other), tcp(22, EVERYWHERE))
    assert said(wall, Kinds=["wide-open"]) == {}
