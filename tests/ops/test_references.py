"""Rules that reference a group of another VPC: made, shown, stale, mended, removed [reference 5, 8, 9, 13, 16]."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.driver import Wall
from tests.law import breaches
from tests.scenes import Json, create_group, create_vpc, group_of, peer_vpcs, refusal, rules_of, tcp

OTHER, WEST = "111122223333", "us-west-2"
UNLIKE = "InvalidGroup.NotFound: You have specified two resources that belong to different networks."


class Across:
    """A group of mine and one of a peered VPC, of the same or another account, and rules that reference it."""

    def __init__(self, mine: Wall, theirs: Wall, side: str = "Ingress") -> None:
        self.mine, self.theirs, self.side = mine, theirs, side
        self.vpc, self.peer = create_vpc(mine, "10.0.0.0/16"), create_vpc(theirs, "10.1.0.0/16")
        self.web, self.app = create_group(mine, "web", self.vpc), create_group(theirs, "app", self.peer)
        self.pcx = self.connect()

    def connect(self) -> str:
        """Peer the two VPCs."""
        where = {"PeerOwnerId": self.theirs.account, "PeerRegion": self.theirs.region}
        made = self.mine.call("CreateVpcPeeringConnection", VpcId=self.vpc, PeerVpcId=self.peer, **where)
        pcx: str = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        self.theirs.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=pcx)
        return pcx

    def cut(self) -> None:
        """Delete the connection."""
        self.theirs.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=self.pcx)

    def pair(self, **more: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Return the pair that names their group, UserId and all."""
        return {"GroupId": self.app, "UserId": self.theirs.account, **more}

    def params(self, *pairs: Json, port: int = 80) -> Json:
        """Return the parameters of a call on my group."""
        permission = tcp(port) | {"UserIdGroupPairs": list(pairs or [self.pair()])}
        return {"GroupId": self.web, "IpPermissions": [permission]}

    def authorize(self, *pairs: Json, port: int = 80) -> Json:
        """Add rules to my group; return the first as the reply has it."""
        reply = self.mine.call(f"AuthorizeSecurityGroup{self.side}", **self.params(*pairs, port=port))
        rule: Json = reply["SecurityGroupRules"][0]
        return rule

    def back(self) -> Json:
        """Return a permission that names my group, as another account does."""
        return tcp(82) | {"UserIdGroupPairs": [{"GroupId": self.web, "UserId": self.mine.account}]}

    def described(self) -> list[Json]:
        """Return the pairs of my group's permissions."""
        shown = group_of(self.mine, self.web)["IpPermissionsEgress" if self.side == "Egress" else "IpPermissions"]
        return [pair for permission in shown for pair in permission["UserIdGroupPairs"]]

    def stale(self) -> list[Json]:
        """Return my VPC's stale groups."""
        groups: list[Json] = self.mine.call("DescribeStaleSecurityGroups", VpcId=self.vpc)["StaleSecurityGroupSet"]
        return groups

    def live(self) -> Json:
        """Return what is told of a pair that is not stale."""
        return self.pair(GroupName="app", VpcId=self.peer, VpcPeeringConnectionId=self.pcx, PeeringStatus="active")


@pytest.fixture(params=["one account", "two accounts"])
def across(request: pytest.FixtureRequest, wall: Wall, side: str, tmp_path: Path) -> Iterator[Across]:
    """Peered VPCs of one account, and of two; the law holds when the test is over."""
    yield Across(wall, wall if request.param == "one account" else wall.elsewhere(OTHER), side)
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


@pytest.mark.reference("5.1 another account's group", "16 VPC peering")
def test_what_is_told_of_a_group_across(across: Across) -> None:
    """The pair, and ReferencedGroupInfo, tell the other VPC, the connection and its status [reference 5.2, 9]."""
    across.mine.call("AuthorizeSecurityGroupIngress", GroupId=across.web, IpPermissions=[tcp(22, across.web)])
    told = {name: text for name, text in across.live().items() if name != "GroupName"}
    rule = across.authorize(across.pair(Description="apps"))
    assert (rule["ReferencedGroupInfo"], rule["Description"]) == (told, "apps")
    own = {"GroupId": across.web, "UserId": across.mine.account}
    assert across.live() | {"Description": "apps"} in across.described()
    assert across.described() in (
        [own, across.live() | {"Description": "apps"}],
        [across.live() | {"Description": "apps"}],
    )
    shown = rules_of(across.mine, across.web, egress=across.side == "Egress")
    assert told in [one.get("ReferencedGroupInfo") for one in shown]


@pytest.mark.parametrize("owner", [None, "123456789012", "444455556666"])
def test_another_account_has_to_be_named(wall: Wall, owner: str | None) -> None:
    """Another account's group needs its UserId; without the right one there is no such group [reference 5.1, docs]."""
    across = Across(wall, wall.elsewhere(OTHER))
    told = f"InvalidGroup.NotFound: The security group '{across.app}' does not exist"
    params = across.params({"GroupId": across.app, "UserId": owner})
    assert refusal(wall, "AuthorizeSecurityGroupIngress", **params) == told


@pytest.mark.parametrize("state", ["no peering", "pending", "rejected", "deleted", "another VPC's"])
def test_only_an_active_peering_will_do(wall: Wall, state: str) -> None:
    """Without an active connection the two VPCs are different networks [reference 5.3, recorded; 16, docs]."""
    across = Across(wall, wall)
    across.cut()
    if state in ("pending", "rejected"):
        made = wall.call("CreateVpcPeeringConnection", VpcId=across.vpc, PeerVpcId=across.peer)["VpcPeeringConnection"]
        if state == "rejected":
            wall.call("RejectVpcPeeringConnection", VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
    if state == "another VPC's":
        third = create_vpc(wall, "10.2.0.0/16")
        for vpc in (across.vpc, across.peer):  # it is no way through: peering is not transitive
            peer_vpcs(wall, vpc, third)
    for side in ("Ingress", "Egress"):
        assert refusal(wall, f"AuthorizeSecurityGroup{side}", **across.params()) == UNLIKE
    assert across.described() == []


def test_no_reference_between_regions(wall: Wall) -> None:
    """A group of another Region cannot be referenced, peered or not [reference 16, docs]."""
    across = Across(wall, wall.elsewhere(region=WEST))
    told = f"InvalidGroup.NotFound: The security group '{across.app}' does not exist"
    assert refusal(wall, "AuthorizeSecurityGroupIngress", **across.params()) == told


@pytest.mark.reference(
    "8 references of peered VPCs", "9 deleted group of another VPC", "13 references and stale groups",
    "clients 9 references, stale groups, groups for a VPC",
)  # fmt: skip
def test_a_group_that_was_deleted(across: Across) -> None:
    """A peered VPC's reference keeps no group; the rule is stale, without UserId and GroupName [reference 8, 9, 13]."""
    across.authorize(across.pair(Description="for apps"))
    assert across.stale() == []
    across.theirs.call("DeleteSecurityGroup", GroupId=across.app)
    gone = {
        "GroupId": across.app, "VpcId": across.peer, "VpcPeeringConnectionId": across.pcx, "PeeringStatus": "active",
        "Description": "for apps",
    }  # fmt: skip
    assert across.described() == [gone]
    (stale,) = across.stale()
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [gone]}
    egress = across.side == "Egress"
    assert stale == {
        "VpcId": across.vpc, "GroupId": across.web, "GroupName": "web", "Description": "group web",
        "StaleIpPermissions": [] if egress else [permission],
        "StaleIpPermissionsEgress": [permission] if egress else [],
    }  # fmt: skip


def test_a_peering_that_was_deleted_and_made_anew(across: Across) -> None:
    """Its rules are stale with status ``deleted``, until the VPCs are peered again, by either side [reference 13]."""
    across.authorize()
    across.cut()
    assert across.described() == [across.live() | {"PeeringStatus": "deleted"}]
    (stale,) = across.stale()
    permissions = stale["StaleIpPermissions"] + stale["StaleIpPermissionsEgress"]
    assert permissions[0]["UserIdGroupPairs"] == [across.live() | {"PeeringStatus": "deleted"}]
    across.pcx = across.connect()
    assert across.described() == [across.live()]
    assert across.stale() == []


def test_a_stale_rule_is_revoked_like_any(across: Across) -> None:
    """A stale rule goes by its pair, however much of it is given back, or by its id [reference 4.3, 13, docs]."""
    rule_id = across.authorize()["SecurityGroupRuleId"]
    across.authorize(port=81)
    across.cut()
    across.mine.call(f"RevokeSecurityGroup{across.side}", **across.params(across.described()[0], port=81))
    across.mine.call(f"RevokeSecurityGroup{across.side}", GroupId=across.web, SecurityGroupRuleIds=[rule_id])
    assert across.described() == across.stale() == []
    rows = across.mine.store._connection.execute("SELECT count(*) FROM reference").fetchone()  # noqa: SLF001
    assert rows == (0,)


def test_no_reference_outlives_its_group(across: Across) -> None:
    """A deleted group takes its rules' references with it, and so does a deleted VPC [inferred]."""
    across.authorize()
    across.mine.call("DeleteSecurityGroup", GroupId=across.web)
    default = next(
        one["GroupId"]
        for one in across.mine.call("DescribeSecurityGroups", GroupNames=[])["SecurityGroups"]
        if (one["VpcId"], one["GroupName"]) == (across.vpc, "default")
    )
    across.web = default
    across.authorize()
    across.mine.call("DeleteVpc", VpcId=across.vpc)
    rows = across.mine.store._connection.execute("SELECT count(*) FROM reference").fetchone()  # noqa: SLF001
    assert rows == (0,)


def test_a_reference_keeps_no_vpc(across: Across) -> None:
    """The referenced VPC can be deleted with its group: the rule is stale with a deleted peering [inferred]."""
    across.authorize()
    across.theirs.call("DeleteSecurityGroup", GroupId=across.app)
    across.theirs.call("DeleteVpc", VpcId=across.peer)
    gone = {"GroupId": across.app, "VpcId": across.peer, "VpcPeeringConnectionId": across.pcx}
    assert across.described() == [gone | {"PeeringStatus": "deleted"}]
    assert len(across.stale()) == 1


def test_a_group_of_the_same_vpc_is_still_kept(wall: Wall) -> None:
    """A reference within the VPC keeps a group, one from a peered VPC beside it or not [reference 8]."""
    across = Across(wall, wall)
    across.authorize()
    near = create_group(wall, "near", across.peer)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=near, IpPermissions=[tcp(80, across.app)])
    assert refusal(wall, "DeleteSecurityGroup", GroupId=across.app).startswith("DependencyViolation: ")


def _filtered(wall: Wall, name: str, value: str) -> list[str]:
    groups = wall.call("DescribeSecurityGroups", Filters=[{"Name": name, "Values": [value]}])["SecurityGroups"]
    return [group["GroupId"] for group in groups]


def test_filters_see_groups_across(across: Across) -> None:
    """The user-id, group-id and group-name of a referenced group are found in any account [reference 9, model]."""
    across.authorize()
    prefix = "egress.ip-permission" if across.side == "Egress" else "ip-permission"
    asked = {"group-id": across.app, "group-name": "app", "user-id": across.theirs.account}
    for name, value in asked.items():
        assert across.web in _filtered(across.mine, f"{prefix}.{name}", value), name
    across.theirs.call("DeleteSecurityGroup", GroupId=across.app)
    found = [across.web in _filtered(across.mine, f"{prefix}.{name}", value) for name, value in asked.items()]
    assert found == [True, False, False]


def _change(across: Across, rule_id: str, **rule: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
    update = {"SecurityGroupRuleId": rule_id, "SecurityGroupRule": {"IpProtocol": "tcp", "FromPort": 90, "ToPort": 90}}
    update["SecurityGroupRule"] |= rule
    return {"GroupId": across.web, "SecurityGroupRules": [update]}


def test_a_changed_rule(wall: Wall) -> None:
    """A rule may change to a group across and back, and its ports though it is stale; its tags stay [inferred]."""
    across = Across(wall, wall)
    near = create_group(wall, "near", across.vpc)
    rule_id = across.authorize({"GroupId": near})["SecurityGroupRuleId"]
    wall.call("CreateTags", Resources=[rule_id], Tags=[{"Key": "a", "Value": "b"}])
    wall.call("ModifySecurityGroupRules", **_change(across, rule_id, ReferencedGroupId=across.app))
    assert across.described() == [across.live()]
    across.cut()
    wall.call("ModifySecurityGroupRules", **_change(across, rule_id, ReferencedGroupId=across.app, FromPort=1))
    assert across.described() == [across.live() | {"PeeringStatus": "deleted"}]
    wall.call("ModifySecurityGroupRules", **_change(across, rule_id, ReferencedGroupId=near))
    assert across.described() == [{"GroupId": near, "UserId": wall.account}]
    assert across.stale() == []
    change = _change(across, rule_id, ReferencedGroupId=across.app)
    assert refusal(wall, "ModifySecurityGroupRules", **change) == UNLIKE
    assert [tag["Key"] for tag in wall.call("DescribeTags")["Tags"]] == ["a"]


@pytest.mark.reference("13 references and stale groups", "clients 9 references, stale groups, groups for a VPC")
def test_who_references_a_group(across: Across) -> None:
    """The VPCs across active connections are listed, once each, and none of the group's own [reference 13, model]."""
    own = create_group(across.theirs, "own", across.peer)
    across.theirs.call("AuthorizeSecurityGroupIngress", GroupId=own, IpPermissions=[tcp(80, across.app)])
    assert _referencing(across.theirs, across.app, own) == []
    for port in (80, 81):
        across.authorize(port=port)
    expected = {"GroupId": across.app, "ReferencingVpcId": across.vpc, "VpcPeeringConnectionId": across.pcx}
    assert _referencing(across.theirs, own, across.app, across.app) == [expected]
    assert _referencing(across.mine, across.web) == []
    across.cut()
    assert _referencing(across.theirs, across.app) == []
    across.pcx = across.connect()
    assert _referencing(across.theirs, across.app) == [expected | {"VpcPeeringConnectionId": across.pcx}]


def _referencing(wall: Wall, *group_ids: str) -> list[Json]:
    found: list[Json] = wall.call("DescribeSecurityGroupReferences", GroupId=list(group_ids))[
        "SecurityGroupReferenceSet"
    ]
    return found


def test_references_of_groups_that_are_not_there(wall: Wall) -> None:
    """A group that is unknown, malformed or of another account refuses the call [reference 3.3]."""
    theirs = create_group(wall.elsewhere(OTHER))
    for group_id in ("sg-00000000", theirs):
        told = f"InvalidGroup.NotFound: The security group '{group_id}' does not exist"
        assert (
            refusal(wall, "DescribeSecurityGroupReferences", GroupId=[create_group(wall, group_id[3:]), group_id])
            == told
        )
    assert refusal(wall, "DescribeSecurityGroupReferences", GroupId=["x"]).startswith("InvalidGroupId.Malformed: ")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"VpcId": "vpc-00000000"}, "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist"),
        ({"VpcId": "x"}, "InvalidVpcId.Malformed: "),
        ({"MaxResults": 4}, "InvalidParameterValue: Value ( 4 ) for parameter maxResults is invalid."),
        ({"MaxResults": 256}, "InvalidParameterValue: Value ( 256 ) for parameter maxResults is invalid."),
        ({"NextToken": "x"}, "InvalidParameterValue: Unable to parse pagination token"),
    ],
)
def test_stale_groups_refused(wall: Wall, params: Json, expected: str) -> None:
    """An unknown VPC, a page of a wrong size [reference 13, live-test, model]."""
    given = {"VpcId": create_vpc(wall)} | params
    assert refusal(wall, "DescribeStaleSecurityGroups", **given).startswith(expected)


def test_pages_of_stale_groups(wall: Wall) -> None:
    """Stale groups come in the order of their ids, page by page, groups that are not stale between them [model]."""
    across = Across(wall, wall)
    stale = []
    for number in range(14):
        across.web = create_group(wall, f"g{number}", across.vpc)
        if number % 2:
            stale.append(across.web)
            across.authorize()
    across.cut()
    first = wall.call("DescribeStaleSecurityGroups", VpcId=across.vpc, MaxResults=5)
    second = wall.call("DescribeStaleSecurityGroups", VpcId=across.vpc, MaxResults=5, NextToken=first["NextToken"])
    pages = [[group["GroupId"] for group in page["StaleSecurityGroupSet"]] for page in (first, second)]
    assert pages == [sorted(stale)[:5], sorted(stale)[5:]]
    assert "NextToken" not in second
    assert len(wall.call("DescribeStaleSecurityGroups", VpcId=across.vpc)["StaleSecurityGroupSet"]) == 7
    assert wall.call("DescribeStaleSecurityGroups", VpcId=across.peer) == {"StaleSecurityGroupSet": []}


def test_two_of_my_vpcs_reference_one_group(wall: Wall) -> None:
    """Each tells its own connection, and one connection's end makes only its own rules stale (inferred)."""
    one = Across(wall, wall)
    two = Across(wall, wall)
    two.peer, two.app = one.peer, one.app
    vpc = create_vpc(wall, "10.5.0.0/16")
    two.vpc, two.web = vpc, create_group(wall, "web", vpc)
    two.pcx = two.connect()
    one.authorize()
    two.authorize()
    one.cut()
    listed = wall.call("DescribeSecurityGroups", GroupIds=[one.web, two.web])["SecurityGroups"]
    pairs = {group["GroupId"]: group["IpPermissions"][0]["UserIdGroupPairs"] for group in listed}
    assert pairs == {one.web: [one.live() | {"PeeringStatus": "deleted"}], two.web: [two.live()]}
    assert (len(one.stale()), two.stale()) == (1, [])


def _statements(wall: Wall, name: str, **params: Any) -> int:  # noqa: ANN401 - as boto3 gives them
    """Return how many statements a call takes."""
    seen: list[str] = []
    wall.store._connection.set_trace_callback(seen.append)  # noqa: SLF001 - only a test needs it
    wall.call(name, **params)
    wall.store._connection.set_trace_callback(None)  # noqa: SLF001
    return len(seen)


def test_what_is_read_does_not_grow(wall: Wall) -> None:
    """Listings take as many statements for twenty references to eight VPCs as for one: docs/decisions/0006."""
    across = Across(wall, wall)
    calls: dict[str, Json] = {
        "DescribeSecurityGroups": {}, "DescribeSecurityGroupRules": {}, "DescribeVpcPeeringConnections": {},
        "DescribeStaleSecurityGroups": {"VpcId": across.vpc},
        "DescribeSecurityGroupReferences": {"GroupId": [across.app]},
    }  # fmt: skip
    without = _statements(wall, "DescribeSecurityGroups")
    across.authorize()
    before = {name: _statements(wall, name, **params) for name, params in calls.items()}
    for number in range(2, 8):
        account = wall.elsewhere(f"11112222333{number}")
        there = create_vpc(account, f"10.{number}.0.0/16")
        ends = {"VpcId": across.vpc, "PeerVpcId": there, "PeerOwnerId": account.account}
        made = wall.call("CreateVpcPeeringConnection", **ends)["VpcPeeringConnection"]
        account.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made["VpcPeeringConnectionId"])
        groups = [create_group(account, f"g{name}", there) for name in range(3)]
        across.authorize(*({"GroupId": group, "UserId": account.account} for group in groups))
        account.call("AuthorizeSecurityGroupIngress", GroupId=groups[0], IpPermissions=[across.back()])
    assert {name: _statements(wall, name, **params) for name, params in calls.items()} == before
    assert before["DescribeSecurityGroups"] - without == 5


def test_rules_of_blocks_pay_nothing(wall: Wall) -> None:
    """A rule that names a block, or its own group, is revoked and listed without a look at references (inferred)."""
    web = create_group(wall)
    blocks, own = {"GroupId": web, "IpPermissions": [tcp(80, "10.0.0.0/8")]}, tcp(81, web)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[*blocks["IpPermissions"], own])
    seen: list[str] = []
    wall.store._connection.set_trace_callback(seen.append)  # noqa: SLF001 - only a test needs it
    wall.call("DescribeSecurityGroups")
    wall.call("DescribeSecurityGroupRules")
    wall.call("RevokeSecurityGroupIngress", **blocks)
    wall.call("RevokeSecurityGroupIngress", GroupId=web, IpPermissions=[own])
    wall.store._connection.set_trace_callback(None)  # noqa: SLF001
    assert [text for text in seen if any(word in text for word in ("reference", "peering", "association"))] == []
