"""What previews say of one call, in a world small enough to be read: rules, gates, references, what is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from groupwall.config import Quotas
from groupwall.iam.callers import root
from groupwall.ops.effects.effects import effect
from groupwall.ops.operation import Context
from groupwall.ops.past import seen_between
from groupwall.store.entities import World
from groupwall.store.transaction import Transaction
from groupwall.units import Ids
from tests.counting import cost, counted
from tests.driver import NOW, Wall
from tests.interfaces import create_interface
from tests.scenes import (
    EVERYWHERE,
    Json,
    allow,
    create_group,
    create_prefix_list,
    create_vpc,
    peer_vpcs,
    permission,
    refusal,
    rules_of,
    tcp,
)  # fmt: skip

BLOCK = "10.0.0.0/8"


def calls(*some: tuple[str, Json]) -> list[Json]:
    """Return calls as PreviewChanges takes them."""
    return [{"Operation": name, "Parameters": json.dumps(params)} for name, params in some]


def preview(wall: Wall, operation: str, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
    """Return the preview of one call."""
    return wall.call("PreviewChanges", Calls=calls((operation, params)))


def effects(told: Json) -> list[str]:
    """Return each rule's action and effect."""
    return [f"{one['Action']}: {one['Effect']}" for one in told["Rules"]]


def texts(lines: list[Json]) -> list[str]:
    """Return traffic lines as people read them."""
    return [one["Text"] for one in lines]


def test_what_is_untracked_stops(wall: Wall) -> None:
    """A gate tells what of its cut stops flows under way: those of an open pair of rules (reference 20 [docs])."""
    anyone = permission("tcp", 22, 22, EVERYWHERE)
    web = create_group(wall)
    allow(wall, web, anyone)
    allow(wall, web, tcp(80, BLOCK))
    create_interface(wall, Groups=[web])
    both = [anyone, tcp(80, BLOCK)]
    [gate] = wall.call("PreviewRevoke", GroupId=web, IpPermissions=both)["Gates"]
    assert sorted(texts(gate["Cut"])) == [f"tcp 22 {EVERYWHERE}", f"tcp 80 {BLOCK}"]
    assert texts(gate["Stops"]) == [f"tcp 22 {EVERYWHERE}"]
    out = permission("-1", -1, -1, EVERYWHERE)
    [gate] = preview(wall, "RevokeSecurityGroupEgress", GroupId=web, IpPermissions=[out])["Gates"]
    assert texts(gate["Stops"]) == [f"tcp {EVERYWHERE}"]  # the answers to ssh
    wall.call("RevokeSecurityGroupEgress", GroupId=web, IpPermissions=[out])
    [gate] = wall.call("PreviewRevoke", GroupId=web, IpPermissions=both)["Gates"]
    assert gate["Stops"] == []


def test_a_tag_that_cuts_is_named(wall: Wall) -> None:
    """A gate that admits less tells whose tag ends flows under way there, if any does, and so does the receipt.

    Where nothing is cut, or an interface is gone, none is named (inferred).
    """
    web, ops = create_group(wall), create_group(wall, "ops")
    allow(wall, web, tcp(22, BLOCK), tcp(80, BLOCK))
    interface = create_interface(wall, Groups=[web, ops])
    revoke = {"GroupId": web, "IpPermissions": [tcp(22, BLOCK)]}
    assert [gate["CutBy"] for gate in wall.call("PreviewRevoke", **revoke)["Gates"]] == [[]]
    for value in ("keep", "cut"):
        wall.call("CreateTags", Resources=[ops], Tags=[{"Key": "groupwall:existing-flows", "Value": value}])
        named = [[ops]] if value == "cut" else [[]]
        assert [gate["CutBy"] for gate in wall.call("PreviewRevoke", **revoke)["Gates"]] == named
    wall.call("RevokeSecurityGroupIngress", **revoke)
    assert [gate["CutBy"] for gate in wall.call("DescribeReceipt", Revision=wall.app.revision())["Gates"]] == [[ops]]
    more = preview(wall, "AuthorizeSecurityGroupIngress", **revoke)
    gone = preview(wall, "DeleteNetworkInterface", NetworkInterfaceId=interface)
    assert [gate["CutBy"] for told in (more, gone) for gate in told["Gates"]] == [[], [], []]


def test_a_revoke_that_looks_harmless(wall: Wall) -> None:
    """A second rule, of another group on the same interface, still lets the traffic in, and is named."""
    web, ops = create_group(wall), create_group(wall, "ops")
    allow(wall, web, tcp(22, BLOCK))
    [wide] = allow(wall, ops, permission("tcp", 20, 30, EVERYWHERE))
    interface = create_interface(wall, Groups=[web, ops])
    told = wall.call("PreviewRevoke", GroupId=web, IpPermissions=[tcp(22, BLOCK)])
    assert effects(told) == [f"removed: none: still open by {wide}"]
    [gate] = told["Gates"]
    assert (gate["InterfaceIds"], gate["GroupIds"], gate["IsEgress"]) == ([interface], sorted([web, ops]), False)
    assert (gate["Cut"], gate["Opened"]) == ([], [])
    [still] = gate["StillOpen"]
    assert still["Of"]["Text"] == f"tcp 22 from {BLOCK}"
    assert texts(still["Traffic"]) == [f"tcp 22 {BLOCK}"]
    assert [(one["SecurityGroupRuleId"], one["GroupName"]) for one in still["Rules"]] == [(wide, "ops")]
    assert json.loads(told["Results"][0])["Return"] is True


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"IpPermissions": [tcp(22, BLOCK)]}, f"tcp 22 from {BLOCK}"),
        ({"GroupName": "web", "IpPermissions": [tcp(22, BLOCK)]}, f"tcp 22 from {BLOCK}"),
        ({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": BLOCK}, f"tcp 22 from {BLOCK}"),
        ({"IpPermissions": [permission("-1", None, None, EVERYWHERE)], "IsEgress": True}, f"all to {EVERYWHERE}"),
        ({"IsEgress": True, "SecurityGroupRuleIds": ["egress"]}, f"all to {EVERYWHERE}"),
    ],
)
def test_every_form_of_a_revoke(wall: Wall, params: Json, text: str) -> None:
    """A preview takes what the revoke of its direction takes: permissions, ids, names and the flat form of ingress."""
    web = create_group(wall)
    allow(wall, web, tcp(22, BLOCK))
    if "SecurityGroupRuleIds" in params:
        params = params | {"SecurityGroupRuleIds": [rules_of(wall, web, egress=True)[0]["SecurityGroupRuleId"]]}
    named = {} if "GroupName" in params else {"GroupId": web}
    told = wall.call("PreviewRevoke", **named, **params)
    assert [(one["Action"], one["Rule"]["Text"]) for one in told["Rules"]] == [("removed", text)]
    assert effects(told) == ["removed: none: no member"]
    assert len(rules_of(wall, web)) + len(rules_of(wall, web, egress=True)) == 2


def test_what_happens_to_rules(wall: Wall) -> None:
    """Each rule that differs is told with what its difference means, whichever call it comes of."""
    web, other = create_group(wall), create_group(wall, "other")
    ssh, web_rule, near = allow(wall, web, tcp(22, BLOCK), tcp(80, EVERYWHERE), tcp(81, other))
    create_interface(wall, Groups=[web])
    told = wall.call(
        "PreviewChanges",
        Calls=calls(
            ("AuthorizeSecurityGroupIngress", {"GroupId": web, "IpPermissions": [tcp(80, BLOCK), tcp(443, BLOCK)]}),
            ("ModifySecurityGroupRules", {"GroupId": web, "SecurityGroupRules": [_modified(ssh, 23)]}),
            ("RevokeSecurityGroupIngress", {"GroupId": web, "SecurityGroupRuleIds": [near]}),
            (
                "UpdateSecurityGroupRuleDescriptionsIngress",
                {"GroupId": web, "IpPermissions": [tcp(80, (EVERYWHERE, "the world"))]},
            ),
        ),
    )
    assert sorted(effects(told)) == [
        f"added: none: open before by {web_rule}",
        f"added: opened tcp 443 {BLOCK}",
        f"modified: cut tcp 22 {BLOCK}; opened tcp 23 {BLOCK}",
        "modified: none: the same traffic",
        "removed: none: its peer stands for no address",
    ]
    [modified] = [one for one in told["Rules"] if one["Rule"]["SecurityGroupRuleId"] == ssh]
    assert (modified["Before"]["Text"], modified["Rule"]["Text"]) == (f"tcp 22 from {BLOCK}", f"tcp 23 from {BLOCK}")
    [gate] = told["Gates"]
    assert texts(gate["Cut"]) == [f"tcp 22 {BLOCK}"]
    assert texts(gate["Opened"]) == [f"tcp 23, 443 {BLOCK}"]
    assert len(told["Results"]) == 4


def _modified(rule_id: str, port: int) -> Json:
    asked = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "CidrIpv4": BLOCK}
    return {"SecurityGroupRuleId": rule_id, "SecurityGroupRule": asked}


def test_interfaces_that_stand_alike_share_an_entry(wall: Wall) -> None:
    """One entry tells of all interfaces with the same groups, and another of those with more."""
    web, ops = create_group(wall), create_group(wall, "ops")
    allow(wall, web, tcp(22, BLOCK))
    alike = [create_interface(wall, Groups=[web]) for _ in range(3)]
    other = create_interface(wall, Groups=[ops, web])
    told = wall.call("PreviewRevoke", GroupId=web, IpPermissions=[tcp(22, BLOCK)])
    assert sorted(gate["InterfaceIds"] for gate in told["Gates"]) == sorted([sorted(alike), [other]])


def test_a_member_that_goes(wall: Wall) -> None:
    """What an interface leaves is cut at its own gates, and at those of the rules that name its group."""
    web, app = create_group(wall), create_group(wall, "app")
    [named] = allow(wall, app, tcp(8080, web))
    gone, stays = create_interface(wall, Groups=[web]), create_interface(wall, Groups=[app])
    told = preview(wall, "DeleteNetworkInterface", NetworkInterfaceId=gone)
    address = wall.call("DescribeNetworkInterfaces", NetworkInterfaceIds=[gone])["NetworkInterfaces"][0]
    cut = {(gate["InterfaceIds"][0], gate["IsEgress"]): texts(gate["Cut"]) for gate in told["Gates"]}
    assert cut == {
        (gone, True): [f"all {EVERYWHERE}"],
        (stays, False): [f"tcp 8080 {address['PrivateIpAddress']}"],
    }
    assert told["Rules"] == []
    assert [(one["Rule"]["SecurityGroupRuleId"], one["Reason"]) for one in told["References"]] == [
        (named, "the members of its peer change")
    ]


def test_a_prefix_list_that_changes(wall: Wall) -> None:
    """An entry that goes cuts what rules admitted by it; the rules that name the list are told."""
    offices = create_prefix_list(wall, "198.51.100.0/24", "192.0.2.0/24")
    web = create_group(wall)
    [named] = allow(wall, web, tcp(22, offices))
    create_interface(wall, Groups=[web])
    change = {"PrefixListId": offices, "CurrentVersion": 1, "RemoveEntries": [{"Cidr": "192.0.2.0/24"}]}
    told = preview(wall, "ModifyManagedPrefixList", **change)
    assert [texts(gate["Cut"]) for gate in told["Gates"]] == [["tcp 22 192.0.2.0/24"]]
    assert [(one["Rule"]["SecurityGroupRuleId"], one["Reason"]) for one in told["References"]] == [
        (named, "the entries of its peer change")
    ]


def peered(wall: Wall) -> tuple[str, str, str, str]:
    """Make two peered VPCs, a group in each, the first naming the second; return groups, rule and connection."""
    home, there = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    peering = peer_vpcs(wall, home, there)
    web, app = create_group(wall, "web", home), create_group(wall, "app", there)
    [rule] = allow(wall, web, tcp(22, app))
    return web, app, rule, peering


def test_rules_that_become_stale(wall: Wall) -> None:
    """A connection or a group that goes leaves the rules that name it stale, with members or without [13, model]."""
    _, app, rule, peering = peered(wall)
    ended = preview(wall, "DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    deleted = preview(wall, "DeleteSecurityGroup", GroupId=app)
    for told in (ended, deleted):
        found = [(one["Rule"]["SecurityGroupRuleId"], one["Reason"]) for one in told["References"]]
        assert found == [(rule, "becomes stale")]


def test_rules_that_are_stale_no_more(wall: Wall) -> None:
    """A new connection mends the rules that an old one left stale [13, docs]."""
    _, _, rule, peering = peered(wall)
    [told] = wall.call("DescribeVpcPeeringConnections")["VpcPeeringConnections"]
    wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    ends = {"VpcId": told["RequesterVpcInfo"]["VpcId"], "PeerVpcId": told["AccepterVpcInfo"]["VpcId"]}
    made = wall.call("CreateVpcPeeringConnection", **ends)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    accepted = preview(wall, "AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
    assert [(one["Rule"]["SecurityGroupRuleId"], one["Reason"]) for one in accepted["References"]] == [
        (rule, "is no longer stale")
    ]


# --- what is not there


def near(told: Json) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Return what was asked for and not there, each with the nearest rules by what a person reads."""
    return [
        (one["Asked"], [(rule["Rule"]["Text"], rule["Differences"]) for rule in one["Nearest"]])
        for one in told["Mismatches"]
    ]


@pytest.mark.parametrize("default", [True, False])
def test_the_nearest_rules(wall: Wall, *, default: bool) -> None:
    """A rule that is not there is told with those near it, of the groups on the same interfaces too [users 1.1 need 2].

    In the default VPC the revoke is accepted, elsewhere it is refused; told is the same.
    """
    vpc = None if default else create_vpc(wall)
    web, ops = create_group(wall, "web", vpc), create_group(wall, "ops", vpc)
    allow(wall, web, permission("tcp", 22, 23, "10.0.0.0/24"))
    allow(wall, ops, tcp(22, "10.0.0.0/24"))
    create_group(wall, "elsewhere", vpc)
    if vpc:
        subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        create_interface(wall, SubnetId=subnet, Groups=[web, ops])
    else:
        create_interface(wall, Groups=[web, ops])
    told = wall.call("PreviewRevoke", GroupId=web, IpPermissions=[tcp(22, "10.0.0.0/24")])
    assert near(told) == [
        (
            "tcp 22 from 10.0.0.0/24",
            [
                ("tcp 22-23 from 10.0.0.0/24", ["ports: 22 asked, 22-23 there"]),
                ("tcp 22 from 10.0.0.0/24", [f"group: {web} asked, {ops} there"]),
            ],
        )
    ]
    assert (told.get("Refused") or {}).get("Code") == (None if default else "InvalidPermission.NotFound")
    assert told["Rules"] == told["Gates"] == []


def test_an_id_of_elsewhere(wall: Wall) -> None:
    """A rule named by an id that is of another group, or of the other direction, is told with where it is."""
    web, ops = create_group(wall), create_group(wall, "ops")
    [theirs] = allow(wall, ops, tcp(22, BLOCK))
    [mine] = [rule["SecurityGroupRuleId"] for rule in rules_of(wall, web, egress=True)]
    told = wall.call("PreviewRevoke", GroupId=web, SecurityGroupRuleIds=[mine, theirs, "sgr-00000000"])
    assert near(told) == [
        (mine, [(f"all to {EVERYWHERE}", ["direction: ingress asked, egress there"])]),
        (theirs, [(f"tcp 22 from {BLOCK}", [f"group: {web} asked, {ops} there"])]),
        ("sgr-00000000", []),
    ]
    modified = preview(wall, "ModifySecurityGroupRules", GroupId=web, SecurityGroupRules=[_modified(theirs, 23)])
    assert [asked for asked, _ in near(modified)] == [theirs]
    assert modified["Refused"]["Code"] == "InvalidSecurityGroupRuleId.NotFound"


def test_a_description_that_differs(wall: Wall) -> None:
    """A description that a revoke gives takes part in the match [4.3, docs], and is told where it is what differs."""
    web = create_group(wall)
    allow(wall, web, tcp(22, (BLOCK, "ann")))
    told = wall.call("PreviewRevoke", GroupId=web, IpPermissions=[tcp(22, (BLOCK, "bob"))])
    assert near(told) == [
        (f"tcp 22 from {BLOCK} described 'bob'", [(f"tcp 22 from {BLOCK}", ["description: 'bob' asked, 'ann' there"])])
    ]


def test_a_rule_that_is_revoked_twice(wall: Wall) -> None:
    """The second of two revokes of one rule finds it no more, and only the second."""
    web = create_group(wall)
    allow(wall, web, tcp(22, BLOCK))
    revoke = ("RevokeSecurityGroupIngress", {"GroupId": web, "IpPermissions": [tcp(22, BLOCK)]})
    told = wall.call("PreviewChanges", Calls=calls(revoke, revoke))
    assert [(one["CallIndex"], one["Asked"]) for one in told["Mismatches"]] == [(1, f"tcp 22 from {BLOCK}")]


# --- what is refused


def test_what_would_be_refused(wall: Wall) -> None:
    """The call's place, code and message are told; all or nothing holds, so those before it would do nothing either."""
    web = create_group(wall)
    create_interface(wall, Groups=[web])
    asked = calls(
        ("AuthorizeSecurityGroupIngress", {"GroupId": web, "IpPermissions": [tcp(22, BLOCK)]}),
        ("DeleteSecurityGroup", {"GroupId": web}),
        ("DeleteVpc", {"VpcId": "no such thing"}),
    )
    told = wall.call("PreviewChanges", Calls=asked)
    assert effects(wall.call("PreviewChanges", Calls=asked[:1])) == [f"added: opened tcp 22 {BLOCK}"]
    assert told["Rules"] == told["Gates"] == told["References"] == told["Results"] == []
    refused = told["Refused"]
    assert (refused["CallIndex"], refused["Code"]) == (1, "DependencyViolation")
    assert any("eni-" in hint for hint in refused["Hints"])
    assert f"{refused['Code']}: {refused['Message']}" == refusal(wall, "DeleteSecurityGroup", GroupId=web)


def test_a_call_that_is_none(wall: Wall) -> None:
    """What is no call that changes something is refused as a part of the preview, as is what has no parameters."""
    for name in ("DescribeVpcs", "NoSuchThing", "PreviewRevoke"):
        assert preview(wall, name)["Refused"]["Code"] == "InvalidParameterValue"
    told = wall.call("PreviewChanges", Calls=[{"Operation": "DeleteVpc", "Parameters": "no JSON"}])
    assert told["Refused"]["Code"] == "InvalidParameterValue"
    assert wall.call("PreviewRevoke", GroupId="sg-00000000")["Refused"]["Code"] == "InvalidGroup.NotFound"
    assert wall.call("PreviewRevoke", IsEgress=True, GroupId="x", CidrIp=BLOCK)["Refused"]["Code"] == "UnknownParameter"


def test_how_many_calls(wall: Wall) -> None:
    """A preview takes at least one call and at most a hundred."""
    assert refusal(wall, "PreviewChanges", Calls=[]).startswith("MissingParameter: ")
    many = calls(*[("DeleteVpc", {"VpcId": "vpc-00000000"})] * 101)
    assert refusal(wall, "PreviewChanges", Calls=many) == (
        "InvalidParameterValue: A request may hold at most 100 calls."
    )


def test_the_quota_counts(wall: Wall) -> None:
    """A preview makes the call with every check that it has: the quota's too [21]."""
    with Wall(quotas=Quotas(rules_per_group=1)) as small:
        web = create_group(small)
        asked = {"GroupId": web, "IpPermissions": [tcp(22, BLOCK), tcp(23, BLOCK)]}
        told = preview(small, "AuthorizeSecurityGroupIngress", **asked)
        assert told["Refused"]["Code"] == "RulesPerSecurityGroupLimitExceeded"
    assert wall.app.revision() == 0


def test_a_preview_before_all_changes(wall: Wall) -> None:
    """A world that is yet to begin is previewed at the revision that there is; nothing of it is kept (inferred)."""
    new = ("CreateSecurityGroup", {"GroupName": "web", "Description": "d"})
    told = wall.call("PreviewChanges", Calls=calls(new, ("CreateVpc", {"CidrBlock": "10.0.0.0/16"})))
    assert (told["Revision"], len(told["Results"]), wall.app.revision()) == (0, 2, 0)
    create_group(wall)
    assert wall.elsewhere("111122223333").call("PreviewChanges", Calls=calls(new))["Revision"] == 2


def test_expectations_that_would_be_broken(wall: Wall) -> None:
    """A preview names them, though the change itself would be refused; one that is forced has it in its receipt."""
    web = create_group(wall)
    allow(wall, web, tcp(443, EVERYWHERE))
    interface = create_interface(wall, Groups=[web])
    expected = {"Name": "shop", "From": EVERYWHERE, "To": interface, "Protocol": "tcp", "FromPort": 443}
    wall.call("PutExpectations", Expectations=[expected | {"Verdict": "accept"}])
    revoke = ("RevokeSecurityGroupIngress", {"GroupId": web, "IpPermissions": [tcp(443, EVERYWHERE)]})
    told = wall.call("PreviewChanges", Calls=calls(revoke))
    assert [one["Name"] for one in told["Expectations"]] == ["shop"]
    assert told.get("Refused") is None
    made = wall.call("ApplyChanges", Calls=calls(revoke), Force=True, Reason="the shop is closed")
    receipt = wall.call("DescribeReceipt", Revision=made["Revision"])
    assert receipt["Expectations"] == told["Expectations"]


def _costs(wall: Wall, folder: Path, size: int) -> list[int]:
    """Return the statements of previews and a receipt about a group with so many members, groups beside, and users."""
    web = create_group(wall)
    allow(wall, web, tcp(22, BLOCK))
    for number in range(size):
        group = create_group(wall, f"g{number}")
        allow(wall, group, tcp(22, web))
        create_interface(wall, Groups=[group])
        create_interface(wall, Groups=[group, web])
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    new = ("CreateNetworkInterface", {"SubnetId": subnet, "Groups": [web]})
    with counted(wall, folder) as connection:
        asked: list[tuple[str, Json]] = [
            ("PreviewRevoke", {"GroupId": web, "IpPermissions": [tcp(22, BLOCK)]}),
            ("PreviewRevoke", {"GroupId": web, "IpPermissions": [tcp(22, "10.0.0.0/9")]}),
            ("PreviewChanges", {"Calls": calls(new)}),
            ("DescribeReceipt", {"Revision": wall.app.revision()}),
        ]
        return [cost(wall, connection, name, params).statements for name, params in asked]


def test_the_account_does_not_count(tmp_path: Path) -> None:
    """The statements of a preview or a receipt do not grow with the members, groups and references that it tells of."""
    with Wall() as small, Wall() as large:
        few, many = (tmp_path / name for name in ("few", "many"))
        few.mkdir()
        many.mkdir()
        pairs = zip(_costs(small, few, 1), _costs(large, many, 20), strict=True)
        assert all(more <= less + 4 for less, more in pairs)  # what is known by then is not read again


def test_what_another_account_changes(wall: Wall) -> None:
    """An address that a peer's member gets is opened at the gates of rules that name its group [16, docs]."""
    other = wall.elsewhere("111122223333")
    home, there = create_vpc(wall), create_vpc(other, "10.9.0.0/16")
    asked = {"VpcId": home, "PeerVpcId": there, "PeerOwnerId": other.account}
    made = wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
    mine, theirs = create_group(wall, "mine", home), create_group(other, "theirs", there)
    pair = [{"GroupId": theirs, "UserId": other.account}]
    [rule] = allow(wall, mine, {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": pair})
    for each, vpc, block, group in ((wall, home, "10.0.0.0/24", mine), (other, there, "10.9.0.0/24", theirs)):
        subnet = each.call("CreateSubnet", VpcId=vpc, CidrBlock=block)["Subnet"]["SubnetId"]
        interface = create_interface(each, SubnetId=subnet, Groups=[group])
    revision = wall.app.revision()
    other.call("AssignPrivateIpAddresses", NetworkInterfaceId=interface, PrivateIpAddresses=["10.9.0.99"])
    told = between(wall, revision, wall.app.revision())
    assert [texts(gate["Opened"]) for gate in told["Gates"]] == [["tcp 22 10.9.0.99"]]
    assert [(one["Rule"]["SecurityGroupRuleId"], one["Reason"]) for one in told["References"]] == [
        (rule, "the members of its peer change")
    ]


def between(wall: Wall, first: int, last: int) -> Json:
    """Return what lies between two revisions, by the one function that all ask."""
    world = World(wall.account, wall.region)

    def work(tx: Transaction) -> Json:
        tx.enter(world)
        context = Context(tx, world, root(wall.account, "aws"), NOW, Ids(1), Quotas())
        before, after, changed = seen_between(first, last, context)
        return effect(before, after, [delta for _, delta in changed], context)

    return wall.store.read(work)
