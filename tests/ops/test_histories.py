"""What is asked of the history: windows, differences, who opened a flow, records, heads [inferred]."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from groupwall.errors import ApiError
from groupwall.ops.histories import bisect
from groupwall.ops.histories.export import OWN
from groupwall.ops.table import OPERATIONS
from groupwall.wire.model import SERVICES
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json, create_group, create_vpc, tcp
from tests.signing import ALLOW_ALL, Verified, trust
from tests.worlds import make_random_call, random_world, seeded

OFFICE = "198.51.100.7"


def _allow(wall: Wall, group: str, port: int) -> None:
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, f"{OFFICE}/32")])


def _revoke(wall: Wall, group: str, port: int) -> None:
    wall.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(port, f"{OFFICE}/32")])


def _revision(wall: Wall) -> int:
    return wall.store.read(lambda tx: tx.head.revision)


def _changes(wall: Wall, **asked: object) -> list[str]:
    return [change["Operation"] for change in wall.call("DescribeChanges", **asked)["Changes"]]


def test_changes_of_a_window(wall: Wall, web: str) -> None:
    """Since and Until are times, Before a revision; the newest come first when asked, and pages go on by Before."""
    wall.clock.advance(60)
    _allow(wall, web, 22)
    wall.clock.advance(60)
    _revoke(wall, web, 22)
    now = wall.clock.now()
    assert _changes(wall, Since=now) == ["RevokeSecurityGroupIngress"]
    assert _changes(wall, Since=now - 60_000, Until=now - 1) == ["AuthorizeSecurityGroupIngress"]
    assert _changes(wall, After=_revision(wall) - 2, Before=_revision(wall)) == ["AuthorizeSecurityGroupIngress"]
    page = wall.call("DescribeChanges", NewestFirst=True, MaxResults=1)
    assert [change["Operation"] for change in page["Changes"]] == ["RevokeSecurityGroupIngress"]
    later = wall.call("DescribeChanges", NewestFirst=True, MaxResults=1, Before=page["NextBefore"])
    assert [change["Operation"] for change in later["Changes"]] == ["AuthorizeSecurityGroupIngress"]
    assert "NextBefore" not in wall.call("DescribeChanges", NewestFirst=True)


def test_changes_of_a_group_and_of_an_interface(wall: Wall, web: str) -> None:
    """A group's changes are those of itself, its rules and its members; an interface's likewise (inferred)."""
    _allow(wall, web, 22)
    other = create_group(wall, "other")
    interface = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"][0]["NetworkInterfaceId"]
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[other])
    assert _changes(wall, Filters=[{"Name": "group-id", "Values": [web]}]) == [
        "CreateSecurityGroup", "CreateNetworkInterface", "AuthorizeSecurityGroupIngress",
        "ModifyNetworkInterfaceAttribute",
    ]  # fmt: skip
    assert _changes(wall, Filters=[{"Name": "interface-id", "Values": [interface]}]) == [
        "CreateNetworkInterface", "ModifyNetworkInterfaceAttribute",
    ]  # fmt: skip


def test_changes_of_rules_that_name_a_group(wall: Wall, web: str) -> None:
    """A group's changes are also those of other groups' rules that name it, as they were or as they are (inferred)."""
    other, third = create_group(wall, "other"), create_group(wall, "third")
    start = _revision(wall)
    for peer in (web, "192.0.2.0/24"):
        wall.call("AuthorizeSecurityGroupIngress", GroupId=other, IpPermissions=[tcp(22, peer)])
    rules = wall.call("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [other]}])
    [rule] = [one["SecurityGroupRuleId"] for one in rules["SecurityGroupRules"] if "ReferencedGroupInfo" in one]
    named = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "ReferencedGroupId": third}
    modified = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": named}]
    wall.call("ModifySecurityGroupRules", GroupId=other, SecurityGroupRules=modified)
    wall.call("RevokeSecurityGroupIngress", GroupId=other, SecurityGroupRuleIds=[rule])
    for group, changes in (
        (web, ["AuthorizeSecurityGroupIngress", "ModifySecurityGroupRules"]),
        (third, ["ModifySecurityGroupRules", "RevokeSecurityGroupIngress"]),
    ):
        assert _changes(wall, After=start, Filters=[{"Name": "group-id", "Values": [group]}]) == changes


def test_changes_of_a_rule_and_of_a_vpc(wall: Wall) -> None:
    """A rule's changes are those of itself and its tags; a VPC's those of what lies in it, rules apart (inferred)."""
    vpc = create_vpc(wall)
    group = create_group(wall, "web", vpc)
    _allow(wall, group, 22)
    _allow(wall, group, 23)
    rules = wall.call("DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group]}])
    [rule] = [one["SecurityGroupRuleId"] for one in rules["SecurityGroupRules"] if one["FromPort"] == 22]
    wall.call("CreateTags", Resources=[rule], Tags=[{"Key": "a", "Value": "b"}])
    _revoke(wall, group, 22)
    assert _changes(wall, Filters=[{"Name": "security-group-rule-id", "Values": [rule]}]) == [
        "AuthorizeSecurityGroupIngress", "CreateTags", "RevokeSecurityGroupIngress",
    ]  # fmt: skip
    assert _changes(wall, Filters=[{"Name": "vpc-id", "Values": [vpc]}]) == ["CreateVpc", "CreateSecurityGroup"]


def test_a_difference_is_rules_and_traffic(wall: Wall, web: str) -> None:
    """Between two revisions the rules that differ are told, and what that means at the gates (inferred)."""
    _allow(wall, web, 22)
    first = _revision(wall)
    _allow(wall, web, 443)
    _revoke(wall, web, 22)
    _allow(wall, web, 80)
    _revoke(wall, web, 80)
    wall.call("CreateTags", Resources=[web], Tags=[{"Key": "a", "Value": "b"}])
    told = wall.call("DescribeDifference", FromRevision=first)
    assert sorted((one["Action"], one["Rule"]["FromPort"]) for one in told["Rules"]) == [
        ("added", 443),
        ("removed", 22),
    ]
    [gate] = told["Gates"]
    assert [line["Text"] for line in gate["Cut"]] == [f"tcp 22 {OFFICE}"]
    assert [line["Text"] for line in gate["Opened"]] == [f"tcp 443 {OFFICE}"]
    assert [(one["Kind"], one["Action"]) for one in told["Entities"]] == [("tag", "added")]
    same = wall.call("DescribeDifference", FromRevision=_revision(wall))
    assert (same["Rules"], same["Gates"], same["Entities"]) == ([], [], [])


def test_a_rule_that_met_no_member(wall: Wall) -> None:
    """A rule that was there only while its group had no member is told so, though the group has one now."""
    group = create_group(wall, "later")
    _allow(wall, group, 22)
    before = _revision(wall)
    _revoke(wall, group, 22)
    create_interface(wall, Groups=[group])
    [removed] = wall.call("DescribeDifference", FromRevision=before)["Rules"]
    assert (removed["Action"], removed["Effect"]) == ("removed", "none: no member")


def test_a_difference_of_times(wall: Wall, web: str) -> None:
    """The ends can be times as well, but not both (inferred)."""
    before = wall.clock.now()
    wall.clock.advance(60)
    _allow(wall, web, 22)
    assert len(wall.call("DescribeDifference", From=before)["Rules"]) == 1
    for asked, code in (
        ({"From": before, "FromRevision": 1}, "InvalidParameterCombination"),
        ({}, "MissingParameter"),
        ({"FromRevision": 2, "ToRevision": 1}, "InvalidParameterValue"),
        ({"FromRevision": _revision(wall) + 1}, "InvalidParameterValue"),
    ):
        with pytest.raises(ApiError, match=code):
            wall.call("DescribeDifference", **asked)


def test_every_turn_of_a_flow_is_found(wall: Wall, web: str) -> None:
    """The change that made the verdict what it is comes first, and those that turned it before follow (inferred)."""
    turns = []
    for step in (_allow, _revoke, _allow):
        step(wall, web, 22)
        turns.append(_revision(wall))
        _allow(wall, web, 1000 + len(turns))
    told = wall.call("BisectFlow", From=OFFICE, To=web, FromPort=22)
    assert told["Verdict"] == "accept"
    flips = [(one["Change"]["Revision"], one["Before"], one["Verdict"]) for one in told["Changes"]]
    assert flips[:3] == [(turns[2], "drop", "accept"), (turns[1], "accept", "drop"), (turns[0], "drop", "accept")]
    assert flips[-1][1] == "none"
    assert str(turns[2]) in told["Text"]
    past = wall.call("BisectFlow", From=OFFICE, To=web, FromPort=22, AfterRevision=turns[0], UntilRevision=turns[1])
    assert [one["Change"]["Revision"] for one in past["Changes"]] == [turns[1]]


@pytest.mark.parametrize("seed", range(15))
def test_turns_are_those_that_were_seen(seed: int) -> None:
    """The turns told are those of the verdicts that ExplainFlow gave after each change (inferred)."""
    with Wall() as wall:
        scene, chance = random_world(wall, seeded(seed)), seeded(seed + 1)
        interface = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"][0]["NetworkInterfaceId"]
        asked: Json = {"From": "anywhere", "To": interface, "Protocol": "tcp", "FromPort": 22, "ToPort": 443}
        start = _revision(wall)
        seen = [(start, _verdict(wall, asked))]
        for _ in range(25):
            make_random_call(scene, chance)
            if _revision(wall) != seen[-1][0]:
                seen.append((_revision(wall), _verdict(wall, asked)))
        turned = [(now[0], was[1], now[1]) for was, now in pairwise(seen) if was[1] != now[1]]
        told = wall.call("BisectFlow", **asked, AfterRevision=start)
        flips = [(one["Change"]["Revision"], one["Before"], one["Verdict"]) for one in told["Changes"]]
        assert flips == turned[::-1]


def _verdict(wall: Wall, asked: Json) -> str:
    try:
        return str(wall.call("ExplainFlow", **asked)["Verdict"])
    except ApiError:
        return "none"


def test_a_search_that_costs_much_ends_early(wall: Wall, web: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says how far back it looked, and goes on from there when asked to (inferred)."""
    _allow(wall, web, 22)
    _revoke(wall, web, 22)
    monkeypatch.setattr(bisect, "MOST_ASKED", 4)  # two parts at either time
    asked = {"From": OFFICE, "To": web, "FromPort": 22}
    last = _revision(wall)
    told = wall.call("BisectFlow", **asked)
    assert [one["Change"]["Revision"] for one in told["Changes"]] == [last]
    assert f"changes up to revision {last - 1} were not looked at" in told["Text"]
    further = wall.call("BisectFlow", **asked, UntilRevision=last - 1)
    assert [one["Change"]["Revision"] for one in further["Changes"]] == [last - 1]


def test_an_address_may_have_been_of_several_interfaces(wall: Wall, web: str) -> None:
    """Turns are found of an address that an interface of another VPC had, too; it must be of one now (inferred)."""
    _allow(wall, web, 443)
    (server,) = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]
    address = server["PrivateIpAddress"]
    subnet = wall.call("CreateSubnet", VpcId=create_vpc(wall, "172.31.0.0/16"), CidrBlock="172.31.0.0/16")["Subnet"]
    made = wall.call("CreateNetworkInterface", SubnetId=subnet["SubnetId"], PrivateIpAddress=address)
    flow = {"From": OFFICE, "To": address, "FromPort": 443}
    with pytest.raises(ApiError, match="is of several network interfaces"):
        wall.call("BisectFlow", **flow)
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=made["NetworkInterface"]["NetworkInterfaceId"])
    told = wall.call("BisectFlow", **flow)["Changes"]
    assert [one["Verdict"] for one in told] == ["accept", "partly", "accept", "drop"]


@pytest.mark.parametrize("end", ["Neither", "Neither of them"])
def test_what_is_no_end_has_no_turns(wall: Wall, web: str, end: str) -> None:
    """An end that is malformed is refused, whatever it says (inferred)."""
    with pytest.raises(ApiError, match="InvalidParameterValue"):
        wall.call("BisectFlow", From=end, To=web)


def test_records_have_cloudtrails_form(wall: Wall, web: str) -> None:
    """Requests read as CloudTrail shows them, and what it has no place for stands apart (reference 24, recorded)."""
    _allow(wall, web, 22)
    [text] = wall.call("ExportHistory", After=_revision(wall) - 1)["Records"]
    assert "\n" not in text
    record = json.loads(text)
    assert record["eventName"] == "AuthorizeSecurityGroupIngress"
    assert record["requestParameters"] == {
        "groupId": web,
        "ipPermissions": {"items": [{
            "ipRanges": {"items": [{"cidrIp": f"{OFFICE}/32"}]}, "ipv6Ranges": {}, "prefixListIds": {}, "groups": {},
            "ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
        }]},
    }  # fmt: skip
    assert record["userIdentity"] == {
        "type": "Root", "arn": "arn:aws:iam::123456789012:root", "accountId": "123456789012",
    }  # fmt: skip
    change = wall.call("DescribeChanges", After=_revision(wall) - 1)["Changes"][0]
    assert record["additionalEventData"]["hash"] == change["Hash"]
    assert record["requestID"] == change["RequestId"]


def test_records_tell_who_called(wall: Wall) -> None:
    """A user, a role's session, the root and the server itself are told apart [CloudTrail's userIdentity, docs]."""
    server = Verified(wall, "iam")
    arn = server.role("deploy", trust(wall.account), policy=ALLOW_ALL)
    root, alice = server.by(server.key()), server.by(server.key("alice", policy=ALLOW_ALL))
    night = alice.session("AssumeRole", RoleArn=arn, RoleSessionName="night")
    for who, name in (root, "one"), (alice, "two"), (night, "three"):
        who.call("ApplyChanges", Calls=[_creating(name)], ConfirmWithin=60)
    wall.clock.advance(61)
    create_group(wall)
    records = [json.loads(one) for one in root.call("ExportHistory")["Records"]]
    made = [one["userIdentity"] for one in records if one["eventName"] == "ApplyChanges"]
    assert [one["type"] for one in made] == ["Root", "IAMUser", "AssumedRole"]
    assert made[1]["userName"] == "alice"
    issuer = made[2]["sessionContext"]["sessionIssuer"]
    assert (issuer["arn"], issuer["userName"]) == (arn, "deploy")
    assert made[2]["principalId"] == f"{issuer['principalId']}:night"
    undone = [one["userIdentity"] for one in records if one["eventName"] == "UndoChange"]
    assert {(one["type"], one["invokedBy"]) for one in undone} == {("AWSService", "groupwall")}


def _creating(name: str) -> dict[str, str]:
    asked = {"GroupName": name, "Description": "for a record"}
    return {"Operation": "CreateSecurityGroup", "Parameters": json.dumps(asked)}


def test_records_tell_whose_operation_it_was(wall: Wall) -> None:
    """A record of an operation of ours, or of a world's beginning, does not claim to be a call of EC2 (inferred)."""
    create_group(wall)
    records = map(json.loads, wall.call("ExportHistory")["Records"])
    assert [(one["eventName"], one["eventSource"]) for one in records] == [
        ("BeginWorld", "groupwall"), ("CreateSecurityGroup", "ec2.amazonaws.com"),
    ]  # fmt: skip
    ours = {name for name in SERVICES["groupwall"].actions if OPERATIONS[name].changes}
    assert ours | {"BeginWorld"} == OWN


def test_records_are_safe_on_a_terminal(wall: Wall, web: str) -> None:
    """Control characters of either kind, those that turn text round and all beyond ASCII are escapes (inferred)."""
    odd = "\x85\x9b2J \u202e \u2066 \u2028 \u200b 漢"
    wall.call("CreateTags", Resources=[web], Tags=[{"Key": "name", "Value": odd}])
    [text] = wall.call("ExportHistory", After=_revision(wall) - 1)["Records"]
    assert text.isascii()
    assert text.isprintable()
    assert json.loads(text)["requestParameters"]["tags"]["items"] == [{"key": "name", "value": odd}]


def test_heads_are_compared(wall: Wall, web: str) -> None:
    """A head that was kept agrees with the history, or the history is another one (inferred)."""
    [*_, newest] = wall.call("DescribeHeads")["Heads"]
    head = {name: newest[name] for name in ("Revision", "Hash")}
    assert head["Revision"] == _revision(wall)
    _allow(wall, web, 22)
    assert wall.call("VerifyHistory", Heads=[head])["Intact"]
    forged = {"Revision": head["Revision"], "Hash": "0" * 64}
    told = wall.call("VerifyHistory", Heads=[forged])
    assert [fault["Revision"] for fault in told["Faults"]] == [head["Revision"]]
    assert not wall.call("VerifyHistory", Heads=[{"Revision": 10_000, "Hash": "00"}])["Intact"]


def test_the_head_before_all_changes(wall: Wall) -> None:
    """Whoever begins to keep heads has revision 0 and zeros, which agree with every history (inferred)."""
    create_group(wall)
    assert wall.call("VerifyHistory", Heads=[{"Revision": 0, "Hash": "00" * 32}])["Intact"]
    assert not wall.call("VerifyHistory", Heads=[{"Revision": 0, "Hash": "01" * 32}])["Intact"]
    assert not wall.call("VerifyHistory", Heads=[{"Revision": -1, "Hash": "00" * 32}])["Intact"]


def test_two_hashes_of_one_change_cannot_both_be_right(wall: Wall) -> None:
    """Heads of one revision that differ are a fault, in whichever order; the same head twice is none (inferred)."""
    create_group(wall)
    (head,) = wall.call("DescribeHeads")["Heads"]
    right = {"Revision": head["Revision"], "Hash": head["Hash"]}
    wrong = right | {"Hash": "00"}
    assert wall.call("VerifyHistory", Heads=[right, right])["Intact"]
    for heads in ([wrong, right], [right, wrong], [right, wrong, right]):
        assert not wall.call("VerifyHistory", Heads=heads)["Intact"]


def test_what_has_not_begun_is_intact() -> None:
    """A store without a change, and one that a new account asks about, add up: asking begins no world (inferred)."""
    with Wall() as wall:
        assert wall.call("VerifyHistory")["Intact"]
        create_group(wall)
        told = wall.elsewhere("210987654321").call("VerifyHistory")
        assert (told["Intact"], told["Checked"]) == (True, 2)
