"""Rules that reference a group of another VPC that is associated with their own [reference 13, 14]."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.counting import Cost, cost, counted
from tests.driver import Wall
from tests.law import breaches
from tests.scenes import Json, create_group, create_vpc, group_of, peer_vpcs, refusal, rules_of, tcp

UNLIKE = "InvalidGroup.NotFound: You have specified two resources that belong to different networks."


class Lent:
    """A group ``app`` of the VPC ``home`` that may be used in ``away`` too, and a group ``web`` of that."""

    def __init__(self, wall: Wall, side: str = "Ingress") -> None:
        self.wall, self.side = wall, side
        self.home, self.away = create_vpc(wall, "10.0.0.0/16"), create_vpc(wall, "10.1.0.0/16")
        self.app, self.web = create_group(wall, "app", self.home), create_group(wall, "web", self.away)
        self.own = {"GroupId": self.app, "UserId": wall.account, "VpcId": self.home}
        self.lend("Associate")

    def lend(self, verb: str) -> None:
        """Associate the group with the other VPC, or Disassociate it."""
        self.wall.call(f"{verb}SecurityGroupVpc", GroupId=self.app, VpcId=self.away)

    def params(self, group: str = "", peer: str = "") -> Json:
        """Return the parameters of a call on one group that names another: web and app."""
        return {"GroupId": group or self.web, "IpPermissions": [tcp(80, peer or self.app)]}

    def authorize(self) -> Json:
        """Add the rule to web; return it as the reply has it."""
        rule: Json = self.wall.call(f"AuthorizeSecurityGroup{self.side}", **self.params())["SecurityGroupRules"][0]
        return rule

    def pairs(self, group: Json | None = None) -> list[Json]:
        """Return the pairs of web's rules, or of the stale ones of a group as it is listed."""
        egress = self.side == "Egress"
        if group is None:
            shown = group_of(self.wall, self.web)["IpPermissionsEgress" if egress else "IpPermissions"]
        else:
            shown = group["StaleIpPermissionsEgress" if egress else "StaleIpPermissions"]
        return [pair for permission in shown for pair in permission["UserIdGroupPairs"]]

    def stale(self) -> list[Json]:
        """Return the pairs of the stale rules of away's groups, of which web alone has any."""
        groups = self.wall.call("DescribeStaleSecurityGroups", VpcId=self.away)["StaleSecurityGroupSet"]
        assert [group["GroupId"] for group in groups] in ([], [self.web])
        return [pair for group in groups for pair in self.pairs(group)]


@pytest.fixture
def lent(wall: Wall, side: str, tmp_path: Path) -> Iterator[Lent]:
    """The group, lent; the law holds when the test is over."""
    yield Lent(wall, side)
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


@pytest.mark.reference("13 references and stale groups", "14 groups for a VPC, associations")
def test_what_is_told_of_an_associated_group(lent: Lent) -> None:
    """A rule may name it; its pair tells of its VPC and of no connection, and nobody is its referrer (inferred)."""
    rule = lent.authorize()
    assert rule["ReferencedGroupInfo"] == lent.own
    assert lent.own in lent.pairs()
    shown = rules_of(lent.wall, lent.web, egress=lent.side == "Egress")
    assert lent.own in [one.get("ReferencedGroupInfo") for one in shown]
    assert lent.stale() == []
    found = lent.wall.call("DescribeSecurityGroupReferences", GroupId=[lent.app])
    assert found == {"SecurityGroupReferenceSet": []}


def test_where_it_may_be_named(lent: Lent) -> None:
    """In the VPC it is associated with alone, and not the other way round (inferred)."""
    third = create_group(lent.wall, "third", create_vpc(lent.wall, "10.2.0.0/16"))
    name = f"AuthorizeSecurityGroup{lent.side}"
    for params in (lent.params(third), lent.params(lent.app, lent.web), lent.params(lent.web, third)):
        assert refusal(lent.wall, name, **params) == UNLIKE
    lent.lend("Disassociate")
    assert refusal(lent.wall, name, **lent.params()) == UNLIKE
    assert lent.pairs() == []


def test_an_association_of_another_account(wall: Wall) -> None:
    """A group that another account associated with a VPC of its own is unknown here, named or not (inferred)."""
    lent, mine = Lent(wall.elsewhere("111122223333")), create_group(wall)
    permission = tcp(80) | {"UserIdGroupPairs": [{"GroupId": lent.app, "UserId": lent.wall.account}]}
    told = refusal(wall, "AuthorizeSecurityGroupIngress", GroupId=mine, IpPermissions=[permission])
    assert told == f"InvalidGroup.NotFound: The security group '{lent.app}' does not exist"


@pytest.mark.reference("13 references and stale groups", "14 groups for a VPC, associations")
def test_an_association_that_is_gone(lent: Lent) -> None:
    """No rule holds it; the rule is stale without it, and mended by a new one [reference 13, model; pair inferred]."""
    lent.authorize()
    gone = {"GroupId": lent.app, "VpcId": lent.home}
    for _ in range(2):
        lent.lend("Disassociate")
        assert (lent.pairs(), lent.stale()) == ([gone], [gone])
        lent.lend("Associate")
        assert (lent.pairs(), lent.stale()) == ([lent.own], [])


@pytest.mark.reference("8 in use by an interface or association", "13 references and stale groups")
def test_a_group_that_was_deleted(lent: Lent) -> None:
    """An association keeps its group, a reference from another VPC does not; a stale rule is revoked as any [8, 13]."""
    lent.authorize()
    told = f"DependencyViolation: resource {lent.app} has a dependent object"
    assert refusal(lent.wall, "DeleteSecurityGroup", GroupId=lent.app) == told
    lent.lend("Disassociate")
    lent.wall.call("DeleteSecurityGroup", GroupId=lent.app)
    gone = {"GroupId": lent.app, "VpcId": lent.home}
    assert (lent.pairs(), lent.stale()) == ([gone], [gone])
    permission = tcp(80) | {"UserIdGroupPairs": [gone]}
    lent.wall.call(f"RevokeSecurityGroup{lent.side}", GroupId=lent.web, IpPermissions=[permission])
    assert (lent.pairs(), lent.stale()) == ([], [])
    rows = lent.wall.store._connection.execute("SELECT count(*) FROM reference").fetchone()  # noqa: SLF001
    assert rows == (0,)


@pytest.mark.parametrize("first", ["peering", "association"])
def test_two_ways_to_a_group(lent: Lent, first: str) -> None:
    """An active connection is told where there is one; a rule is stale when neither way is left (inferred)."""
    if first == "association":
        lent.authorize()
    pcx = peer_vpcs(lent.wall, lent.away, lent.home)
    if first == "peering":
        lent.authorize()
    across = {"GroupName": "app", "VpcPeeringConnectionId": pcx}
    assert lent.pairs() == [lent.own | across | {"PeeringStatus": "active"}]
    lent.lend("Disassociate")
    assert lent.stale() == []
    lent.lend("Associate")
    lent.wall.call("DeleteVpcPeeringConnection", VpcPeeringConnectionId=pcx)
    assert (lent.pairs(), lent.stale()) == ([lent.own], [])
    lent.lend("Disassociate")
    by_peering = lent.own | across | {"PeeringStatus": "deleted"}
    assert lent.stale() == [by_peering if first == "peering" else {"GroupId": lent.app, "VpcId": lent.home}]


def test_a_changed_rule(wall: Wall) -> None:
    """A rule may change to an associated group, and its ports when that is associated no more (inferred)."""
    lent = Lent(wall)
    near = create_group(wall, "near", lent.away)
    made = wall.call("AuthorizeSecurityGroupIngress", **lent.params(peer=near))["SecurityGroupRules"][0]
    rule = {"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81, "ReferencedGroupId": lent.app}
    update = {"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": rule}
    wall.call("ModifySecurityGroupRules", GroupId=lent.web, SecurityGroupRules=[update])
    assert lent.pairs() == [lent.own]
    lent.lend("Disassociate")
    update["SecurityGroupRule"] |= {"ToPort": 82}
    wall.call("ModifySecurityGroupRules", GroupId=lent.web, SecurityGroupRules=[update])
    assert lent.pairs() == lent.stale() == [{"GroupId": lent.app, "VpcId": lent.home}]


def test_a_vpc_that_goes(lent: Lent) -> None:
    """A VPC goes with its default group's rule, its reference and the association (inferred)."""
    default = next(
        group["GroupId"]
        for group in lent.wall.call("GetSecurityGroupsForVpc", VpcId=lent.away)["SecurityGroupForVpcs"]
        if group["GroupName"] == "default"
    )
    lent.wall.call(f"AuthorizeSecurityGroup{lent.side}", **lent.params(default))
    lent.wall.call("DeleteSecurityGroup", GroupId=lent.web)
    lent.wall.call("DeleteVpc", VpcId=lent.away)
    lent.wall.call("DeleteSecurityGroup", GroupId=lent.app)
    rows = lent.wall.store._connection.execute("SELECT count(*) FROM reference").fetchone()  # noqa: SLF001
    assert rows == (0,)


CALLS = (
    "DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeStaleSecurityGroups",
    "RevokeSecurityGroupIngress", "DisassociateSecurityGroupVpc",
)  # fmt: skip


def _costs(folder: Path, groups: int) -> dict[str, Cost]:
    """Return what calls cost where a group names so many associated ones."""
    with Wall() as wall:
        lent = Lent(wall)
        lent.authorize()
        for number in range(1, groups):
            lent.app = create_group(wall, f"app{number}", create_vpc(wall, f"10.{number + 1}.0.0/16"))
            lent.lend("Associate")
            lent.authorize()
        asked = {
            "DescribeStaleSecurityGroups": {"VpcId": lent.away}, "RevokeSecurityGroupIngress": lent.params(),
            "DisassociateSecurityGroupVpc": {"GroupId": lent.app, "VpcId": lent.away},
        }  # fmt: skip
        with counted(wall, folder) as connection:
            return {name: cost(wall, connection, name, asked.get(name, {})) for name in CALLS}


def test_what_is_read_does_not_grow(tmp_path: Path) -> None:
    """Calls take as many statements for fifteen associated groups of as many VPCs as for one (inferred)."""
    few, many = _costs(tmp_path, 1), _costs(tmp_path, 15)
    assert {name: one.statements for name, one in many.items()} == {name: one.statements for name, one in few.items()}


def test_what_an_authorize_reads_does_not_grow(tmp_path: Path) -> None:
    """A rule that names an associated group takes as many statements, however many VPCs that is lent to (inferred)."""
    taken = []
    for vpcs in (1, 15):
        with Wall() as wall:
            lent = Lent(wall)
            for number in range(1, vpcs):
                far = create_vpc(wall, f"10.{number + 1}.0.0/16")
                wall.call("AssociateSecurityGroupVpc", GroupId=lent.app, VpcId=far)
            with counted(wall, tmp_path) as connection:
                taken.append(cost(wall, connection, "AuthorizeSecurityGroupIngress", lent.params()).statements)
    assert taken[0] == taken[1]
