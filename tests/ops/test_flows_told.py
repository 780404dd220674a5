"""What is told of another account's interfaces: where their addresses are and what passes, and no more [inferred]."""

from __future__ import annotations

import base64
from typing import NamedTuple

import pytest

from tests.driver import Wall
from tests.interfaces import create_interface
from tests.naive import passes, picture
from tests.scenes import Json, create_group, create_vpc, permission
from tests.told import holds_flow
from tests.worlds import OTHER_ACCOUNT, random_world, seeded

ALL = "0.0.0.0/0"


class Neighbours(NamedTuple):
    """An account with an interface, and another one with three in a peered VPC: two of one group, one of another."""

    mine: Wall
    theirs: Wall
    interface: str
    group: str
    groups: tuple[str, str]
    others: tuple[str, ...]


def _subnet(wall: Wall, vpc: str, cidr: str) -> str:
    subnet: str = wall.call("CreateSubnet", VpcId=vpc, CidrBlock=cidr)["Subnet"]["SubnetId"]
    return subnet


@pytest.fixture
def neighbours(wall: Wall) -> Neighbours:
    """Give two accounts whose VPCs are peered."""
    theirs = wall.elsewhere(OTHER_ACCOUNT, wall.region)
    here, there = create_vpc(wall), create_vpc(theirs, "10.1.0.0/16")
    asked = {"VpcId": here, "PeerVpcId": there, "PeerOwnerId": OTHER_ACCOUNT}
    made = wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    theirs.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
    group = create_group(wall, "mine", here)
    one, other = (create_group(theirs, f"secret-{name}", there) for name in ("a", "b"))
    place, far = _subnet(wall, here, "10.0.0.0/24"), _subnet(theirs, there, "10.1.0.0/24")
    others = [
        create_interface(theirs, SubnetId=far, Groups=[each], PrivateIpAddress=f"10.1.0.{number}")
        for number, each in ((4, one), (5, one), (6, other))
    ]
    theirs.call("CreateTags", Resources=others, Tags=[{"Key": "Name", "Value": "secret-name"}])
    return Neighbours(
        wall, theirs, create_interface(wall, SubnetId=place, Groups=[group]), group, (one, other), tuple(others)
    )


def _open(wall: Wall, group: str, port: int, peer: str = ALL) -> None:
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission("tcp", port, port, peer)])


def _secrets(one: Neighbours) -> list[str]:
    rules = one.theirs.call("DescribeSecurityGroupRules")["SecurityGroupRules"]
    return ["secret", *one.groups, *one.others, *(rule["SecurityGroupRuleId"] for rule in rules)]


def _asked(one: Neighbours) -> list[Json]:
    """Return every question that touches the neighbour's interfaces, as its answer."""
    ends = ("anywhere", "10.1.0.0/16", "10.1.0.4", "10.1.0.6")
    answers = [
        one.mine.call("ExplainFlow", From=source, To=destination)
        for end in ends
        for source, destination in ((one.interface, end), (end, one.interface))
    ]
    reached = [
        one.mine.call("DescribeReachability", **{side: end})
        for side in ("From", "To")
        for end in (one.interface, "10.1.0.0/16", "10.1.0.4", ALL)
    ]
    return answers + reached


def test_nothing_of_another_account_is_told(neighbours: Neighbours) -> None:
    """No answer names its groups, rules, interfaces or their names, whatever passes: accounts are apart."""
    for group in neighbours.groups:
        _open(neighbours.theirs, group, 22)
    told = str(_asked(neighbours))
    assert not [secret for secret in _secrets(neighbours) if secret in told]
    assert "10.1.0.4" in told
    assert OTHER_ACCOUNT in told


def test_a_page_token_holds_no_secret(neighbours: Neighbours) -> None:
    """A token tells where a page begins, and a caller can read it: what it is made of must be the caller's to know."""
    hidden = _secrets(neighbours)
    for number in range(6):
        group = create_group(neighbours.mine, f"g{number}", neighbours.mine.call(
            "DescribeNetworkInterfaces", NetworkInterfaceIds=[neighbours.interface]
        )["NetworkInterfaces"][0]["VpcId"])  # fmt: skip
        subnet = neighbours.mine.call("DescribeNetworkInterfaces")["NetworkInterfaces"][0]["SubnetId"]
        create_interface(neighbours.mine, SubnetId=subnet, Groups=[group])
    for group in neighbours.groups:
        _open(neighbours.theirs, group, 22)
    _open(neighbours.mine, neighbours.group, 80, "10.1.0.5/32")
    told = neighbours.mine.call("DescribeReachability", From="0.0.0.0/0", MaxResults=5)
    read = base64.urlsafe_b64decode(told["NextToken"]).decode(errors="replace")
    assert not [secret for secret in hidden if secret in read]


def test_the_verdict_of_another_accounts_gate_is_told(neighbours: Neighbours) -> None:
    """Of its gate the verdict is told, without rules, and the reason names its account."""
    [course] = neighbours.mine.call("ExplainFlow", From=neighbours.interface, To="10.1.0.4", FromPort=22)["Courses"]
    assert course["Gates"][1] == {"IsEgress": False, "Verdict": "drop"}
    assert course["Gates"][0]["Rules"]
    assert course["Reason"].endswith(f"of account {OTHER_ACCOUNT} does not admit it")
    _open(neighbours.theirs, neighbours.groups[0], 22)
    [course] = neighbours.mine.call("ExplainFlow", From=neighbours.interface, To="10.1.0.4", FromPort=22)["Courses"]
    assert course["Gates"][1] == {"IsEgress": False, "Verdict": "accept"}
    assert course["Verdict"] == "accept"
    assert set(course["Destination"]) == {"Addresses", "VpcId", "AccountId"}


def test_which_interfaces_share_groups_is_not_told(neighbours: Neighbours) -> None:
    """Interfaces of another account's VPC are told as one, by what passes to them and not by their groups."""
    for group in neighbours.groups:
        _open(neighbours.theirs, group, 22)
    _open(neighbours.mine, neighbours.group, 80, "10.1.0.5/32")
    told = neighbours.mine.call("ExplainFlow", From=neighbours.interface, To="10.1.0.0/24")["Courses"]
    [course] = [one for one in told if one["Destination"].get("AccountId") == OTHER_ACCOUNT]
    assert course["Destination"]["Addresses"] == ["10.1.0.4/31", "10.1.0.6"]
    before = _without_revision(_asked(neighbours))
    attribute = {"NetworkInterfaceId": neighbours.others[1], "Groups": [neighbours.groups[1]]}
    neighbours.theirs.call("ModifyNetworkInterfaceAttribute", **attribute)
    assert _without_revision(_asked(neighbours)) == before


def _without_revision(answers: list[Json]) -> list[Json]:
    return [{name: value for name, value in one.items() if name != "Revision"} for one in answers]


def test_gates_together_can_differ(neighbours: Neighbours) -> None:
    """Where one of its interfaces admits what another refuses, their gates are told to admit it partly."""
    _open(neighbours.theirs, neighbours.groups[0], 22)
    told = neighbours.mine.call("ExplainFlow", From=neighbours.interface, To="10.1.0.0/24", FromPort=22)["Courses"]
    [course] = [one for one in told if one["Destination"].get("AccountId") == OTHER_ACCOUNT]
    assert course["Verdict"] == course["Gates"][1]["Verdict"] == "partly"
    assert course["Reason"].endswith("admits some of it")
    assert [one["Destinations"] for one in course["Passing"]] == [["10.1.0.4/31"]]


def test_another_accounts_interface_is_not_there_by_its_id(neighbours: Neighbours) -> None:
    """Its ids name nothing here: they are answered as ids that are nowhere."""
    for end in (*neighbours.others, *neighbours.groups):
        texts = []
        for asked in (end, end[:-8] + "00000000"):
            with pytest.raises(Exception, match="does not exist") as refused:
                neighbours.mine.call("ExplainFlow", From=neighbours.interface, To=asked)
            texts.append(str(refused.value).replace(asked, ""))
        assert texts[0] == texts[1]


def test_the_names_of_its_groups_are_its_own(neighbours: Neighbours) -> None:
    """A rule of ours that references its group tells the group's id and the members that it stands for, no name."""
    pair = {"GroupId": neighbours.groups[0], "UserId": OTHER_ACCOUNT}
    asked = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "UserIdGroupPairs": [pair]}
    neighbours.mine.call("AuthorizeSecurityGroupIngress", GroupId=neighbours.group, IpPermissions=[asked])
    told = neighbours.mine.call("ExplainFlow", From="10.1.0.4/31", To=neighbours.interface, FromPort=22)
    [rule] = told["Courses"][0]["Gates"][-1]["Rules"]
    assert rule["PeerAddresses"] == ["10.1.0.4/31"]
    assert "PeerName" not in rule
    assert "secret" not in str(told)


@pytest.mark.parametrize("seed", range(60))
def test_what_passes_between_accounts_is_told_exactly(seed: int) -> None:
    """Between random interfaces of peered accounts each flow is told to pass exactly when it does: 16, 17 [docs]."""
    with Wall() as wall:
        scene = random_world(wall, seeded(seed))
        seen = picture(wall, scene.accounts)
        ours = picture(wall).interfaces
        for mine in ours.values():
            told = {
                side: [flow for end in _pages(wall, **{side: mine.id}) for flow in end["Flows"]]
                for side in ("From", "To")
            }
            for other in seen.interfaces.values():
                if other.id not in ours:
                    for service in (("tcp", 22, -1), ("udp", 80, -1), ("icmp", 8, 0), ("50", -1, -1)):
                        ends = (mine.id, mine.addresses[0]), (other.id, other.addresses[0])
                        address, far = mine.addresses[0], other.addresses[0]
                        if _joined(seen.peerings, mine.vpc, other.vpc):
                            assert holds_flow(told["From"], address, far, service) == passes(seen, *ends, *service)
                            assert holds_flow(told["To"], far, address, service) == passes(seen, *ends[::-1], *service)


def _joined(peerings: tuple, one: str, other: str) -> bool:  # type: ignore[type-arg] - tests.naive's
    return any(each.joins and each.vpcs == {one, other} for each in peerings)


def _pages(wall: Wall, **asked: object) -> list[Json]:
    page = wall.call("DescribeReachability", **asked, MaxResults=5)
    ends: list[Json] = page["Ends"]
    while "NextToken" in page:
        page = wall.call("DescribeReachability", **asked, MaxResults=5, NextToken=page["NextToken"])
        ends += page["Ends"]
    return ends
