"""Any sequence of peering calls from three worlds leaves what a model of a page's length says, and the law holds.

Rules reference each VPC's one group across the connections: what is told of them follows from the connections.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from groupwall.errors import ApiError
from tests import scenes
from tests.driver import Wall
from tests.law import breaches
from tests.scenes import Json, tcp

WEEK = 7
WORLDS = (("123456789012", "us-east-1"), ("111122223333", "us-east-1"), ("123456789012", "us-west-2"))
PLACES = range(len(WORLDS) + 1)
"""Two VPCs in the first world, one in each of the others."""

ends = st.sampled_from([(0, 1), (1, 0), (0, 2), (2, 0), (0, 3), (1, 1)])
"""Which VPC asks which; few, so that calls meet."""

ages = st.sampled_from([0, 0, 0, 1, 2, 5])
"""Which connection, counted from the newest."""

actors = st.sampled_from(["requester", "accepter", "accepter", "another"])


@dataclass
class Connection:
    """What the model knows of a connection: the numbers of its VPCs, its status, and the day it was asked for."""

    id: str
    requester: int
    accepter: int
    day: int
    status: str = "pending-acceptance"

    def at(self, day: int) -> str:
        """Return the status on a day."""
        return "expired" if self.status == "pending-acceptance" and day >= self.day + WEEK else self.status


@contextmanager
def _refused(code: str) -> Iterator[None]:
    """Expect a refusal of this code, or none for an empty one."""
    try:
        yield
    except ApiError as error:
        assert error.code == code  # noqa: PT017 - the code of the call that was just made
        return
    assert not code


class Peerings(RuleBasedStateMachine):
    """Calls of three worlds on four VPCs; after each, every world sees what the model says."""

    def __init__(self) -> None:
        super().__init__()
        wall = Wall()
        self.worlds = [wall.elsewhere(*world) for world in WORLDS]
        self.walls = [self.worlds[0], *self.worlds]
        self.vpcs = [scenes.create_vpc(self.walls[place], f"10.{place}.0.0/16") for place in PLACES]
        self.groups = [scenes.create_group(self.walls[place], f"g{place}", self.vpcs[place]) for place in PLACES]
        self.known: list[Connection] = []
        self.rules: dict[tuple[int, int], Connection] = {}
        self.day = 0

    @initialize()
    def begin(self) -> None:
        """Begin with two connections and a rule across each, which chance alone makes too seldom."""
        for pair in ((0, 1), (2, 0)):
            self.connect(pair)
            self.reference(pair)

    def teardown(self) -> None:
        """The history gives the tables."""
        with tempfile.TemporaryDirectory() as folder:
            self.walls[0].copy_to(Path(folder))
            assert breaches(Path(folder)) == []
        self.walls[0].close()

    def _between(self, one: int, other: int, *statuses: str) -> Connection | None:
        ends = {one, other}
        found = (c for c in self.known if {c.requester, c.accepter} == ends and c.at(self.day) in statuses)
        return next(found, None)

    @rule(pair=ends)
    def create(self, pair: tuple[int, int]) -> None:
        """Ask for a connection; one with itself fails, and a second one is refused."""
        one, other = pair
        there = self.walls[other]
        params = {"VpcId": self.vpcs[one], "PeerVpcId": self.vpcs[other]}
        exists = one != other and self._between(one, other, "pending-acceptance", "active")
        with _refused("VpcPeeringConnectionAlreadyExists" if exists else ""):
            made = self.walls[one].call(
                "CreateVpcPeeringConnection", **params, PeerOwnerId=there.account, PeerRegion=there.region
            )["VpcPeeringConnection"]
            status = "failed" if one == other else "pending-acceptance"
            self.known.append(Connection(made["VpcPeeringConnectionId"], one, other, self.day, status))

    @rule(pair=ends)
    def connect(self, pair: tuple[int, int]) -> None:
        """Ask for a connection, and have whoever may accept what is asked for between the two."""
        one, other = pair
        self.create(pair)
        asked = self._between(one, other, "pending-acceptance")
        if asked:
            self.act(len(self.known) - 1 - self.known.index(asked), "accepter", "Accept")

    @rule(age=ages, actor=actors, verb=st.sampled_from(["Accept", "Reject", "Delete"]))
    def act(self, age: int, actor: str, verb: str) -> None:
        """Accept, reject or delete a connection, in whichever world."""
        if not self.known:
            return
        connection = self.known[-1 - age % len(self.known)]
        by = {"requester": connection.requester, "accepter": connection.accepter}.get(actor, 3)
        with _refused(self._expected(connection, self.walls[by], verb)):
            self.walls[by].call(f"{verb}VpcPeeringConnection", VpcPeeringConnectionId=connection.id)
            connection.status = {"Accept": "active", "Reject": "rejected", "Delete": "deleted"}[verb]

    def _expected(self, connection: Connection, wall: Wall, verb: str) -> str:
        requester, accepter = self.walls[connection.requester], self.walls[connection.accepter]
        status = connection.at(self.day)
        sides = [requester] if status == "failed" else [requester, accepter]
        if _place(wall) not in map(_place, sides):
            return "InvalidVpcPeeringConnectionID.NotFound"
        if verb != "Delete" and _place(wall) != _place(accepter):
            return "OperationNotPermitted"
        if status != "pending-acceptance" and not (verb == "Delete" and status == "active"):
            return "InvalidStateTransition"
        withdrawn = verb == "Delete" and status == "pending-acceptance"
        return "OperationNotPermitted" if withdrawn and wall.account != requester.account else ""

    @rule(days=st.integers(1, WEEK))
    def wait(self, days: int) -> None:
        """Let days pass."""
        self.day += days
        self.walls[0].clock.advance(timedelta(days=days))

    @rule(pair=ends)
    def reference(self, pair: tuple[int, int]) -> None:
        """Have one VPC's group reference another's."""
        one, other = pair
        here, there = self.walls[one], self.walls[other]
        if one == other or (one, other) in self.rules:
            return
        connection = self._between(one, other, "active") if here.region == there.region else None
        named = {"GroupId": self.groups[other], "UserId": there.account}
        with _refused("" if connection else "InvalidGroup.NotFound"):
            here.call("AuthorizeSecurityGroupIngress", GroupId=self.groups[one], IpPermissions=[_permission(named)])
            assert connection
            self.rules[one, other] = connection

    @rule(pair=ends)
    def forget(self, pair: tuple[int, int]) -> None:
        """Revoke such a rule, by the pair as it is shown."""
        one, other = pair
        if self.rules.pop((one, other), None):
            shown = next(shown for shown in self._pairs(one) if shown["GroupId"] == self.groups[other])
            asked = {"GroupId": self.groups[one], "IpPermissions": [_permission(shown)]}
            assert self.walls[one].call("RevokeSecurityGroupIngress", **asked)["Return"]

    def _pairs(self, place: int) -> list[Json]:
        shown = scenes.group_of(self.walls[place], self.groups[place])["IpPermissions"]
        return [pair for permission in shown for pair in permission["UserIdGroupPairs"]]

    @invariant()
    def every_side_sees_its_own(self) -> None:
        """Each world lists the connections of its VPCs with their status, and no other."""
        for world in self.worlds:
            told = world.call("DescribeVpcPeeringConnections")["VpcPeeringConnections"]
            assert {one["VpcPeeringConnectionId"]: one["Status"]["Code"] for one in told} == {
                one.id: one.at(self.day)
                for one in self.known
                if _place(world) == _place(self.walls[one.requester])
                or (one.status != "failed" and _place(world) == _place(self.walls[one.accepter]))
            }

    @invariant()
    def rules_follow_the_connections(self) -> None:
        """A rule is stale exactly while no connection of its VPCs is active, and tells which one there is or was."""
        for place in PLACES:
            expected = {}
            for (one, other), made_by in self.rules.items():
                if one == place:
                    now = self._between(one, other, "active") or made_by
                    expected[self.groups[other]] = (now.id, now.at(self.day))
            pairs = self._pairs(place)
            told = {pair["GroupId"]: (pair["VpcPeeringConnectionId"], pair["PeeringStatus"]) for pair in pairs}
            assert told == expected
            stale = self.walls[place].call("DescribeStaleSecurityGroups", VpcId=self.vpcs[place])
            found = [
                pair["GroupId"]
                for group in stale["StaleSecurityGroupSet"]
                for permission in group["StaleIpPermissions"]
                for pair in permission["UserIdGroupPairs"]
            ]
            assert sorted(found) == sorted(group for group, (_, status) in expected.items() if status != "active")

    @invariant()
    def references_are_told_to_the_referenced(self) -> None:
        """A group's references are the rules that name it across an active connection."""
        for place in PLACES:
            found = self.walls[place].call("DescribeSecurityGroupReferences", GroupId=[self.groups[place]])
            told = {
                (one["ReferencingVpcId"], one["VpcPeeringConnectionId"]) for one in found["SecurityGroupReferenceSet"]
            }
            live = [(one, self._between(one, other, "active")) for one, other in self.rules if other == place]
            assert told == {(self.vpcs[one], connection.id) for one, connection in live if connection}


def _place(wall: Wall) -> tuple[str, str]:
    return wall.account, wall.region


def _permission(pair: Json) -> Json:
    return tcp(80) | {"UserIdGroupPairs": [pair]}


TestPeerings: Callable[[], None] = Peerings.TestCase
TestPeerings.settings = settings(  # type: ignore[attr-defined]
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
