"""The tables as they were and would be, against copies of the whole store kept at each revision [inferred]."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from groupwall.errors import ApiError
from groupwall.rules.values import Rule
from groupwall.store.changes import Delta
from groupwall.store.entities import (
    AccessKey,
    Group,
    Interface,
    Member,
    Peering,
    PrefixList,
    PrefixListEntry,
    Principal,
    Tag,
    Vpc,
    World,
)
from groupwall.store.reads import Reads
from groupwall.store.seen import Otherwise, Seen, otherwise_after, otherwise_before, rewound
from groupwall.store.sqlite import FILE
from groupwall.store.tables import ENTITIES
from tests.driver import Wall
from tests.scenes import Json, create_group, create_vpc, permission, rules_of
from tests.strategies import EXAMPLES
from tests.worlds import OTHER_ACCOUNT, Scene, random_call, random_world, seeded

KINDS = [kind for kind in ENTITIES if kind not in (World, AccessKey, Principal)]
"""What lies in a world, or is seen from one."""

CALLS = 12


class Kept(NamedTuple):
    """A store as it was at a revision."""

    revision: int
    connection: sqlite3.Connection

    def of(self, world: World) -> Reads:
        """Return what is read of one of its worlds."""
        reads = Reads(self.connection).at(world)
        assert reads is not None
        return reads


class Story(NamedTuple):
    """A store after random calls, with copies from before each of them."""

    worlds: tuple[World, ...]
    kept: list[Kept]

    @property
    def now(self) -> Kept:
        """The store after the last call."""
        return self.kept[-1]


@pytest.fixture(params=range(max(EXAMPLES // 20, 5)))
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    """Give a random world's story, in which two accounts take part where it has two."""
    random = seeded(request.param)
    with Wall() as wall:
        scene = random_world(wall, random)
        _share_ids(scene)
        kept = [_keep(wall, tmp_path)]
        for _ in range(CALLS):
            _call(scene, random)
            kept.append(_keep(wall, tmp_path))
    yield Story(tuple(World(account, wall.region) for account in scene.accounts), kept)
    for one in kept:
        one.connection.close()


def _keep(wall: Wall, folder: Path) -> Kept:
    wall.copy_to(folder)
    revision = wall.store.read(lambda tx: tx.head.revision)
    copied = (folder / FILE).rename(folder / f"{revision}-{len(list(folder.iterdir()))}")
    return Kept(revision, sqlite3.connect(copied))


def _share_ids(scene: Scene) -> None:
    """Have both accounts keep tags of one resource, whose ids are alike."""
    for account in scene.accounts:
        wall = scene.wall.elsewhere(account, scene.wall.region)
        for one in wall.call("DescribeVpcPeeringConnections")["VpcPeeringConnections"]:
            tags = [{"Key": "owner", "Value": account}]
            wall.call("CreateTags", Resources=[one["VpcPeeringConnectionId"]], Tags=tags)


def _call(scene: Scene, random: Random) -> None:
    """Make a call as either account, refused or not; now and then one of tags."""
    wall = random.choice([scene.wall.elsewhere(account, scene.wall.region) for account in scene.accounts])
    with suppress(ApiError):
        if random.random() < 0.2:
            peerings = wall.call("DescribeVpcPeeringConnections")["VpcPeeringConnections"]
            for one in peerings[:1]:
                wall.call("DeleteTags", Resources=[one["VpcPeeringConnectionId"]])
        else:
            operation, params = random_call(replace(scene, wall=wall), random)
            wall.call(operation, **params)


def _before(reads: Reads, revision: int) -> Otherwise:
    return otherwise_before(reads.changed_since(revision))


def test_the_past_is_what_it_was(story: Story) -> None:
    """Whatever is asked about a revision is answered as the tables of then answer it, in each world and beside it."""
    for world in story.worlds:
        now = story.now.of(world)
        for then in story.kept:
            seen = Seen(now, world, _before(now, then.revision))
            _assert_alike(seen, then.of(world), now, _near(world, now, story.worlds))


def test_rules_are_recalled_when_they_are_asked_for(story: Story) -> None:
    """What became of rules since is looked up for each question by itself, and answers as the tables of then do."""
    for world in story.worlds:
        now = story.now.of(world)
        for then in story.kept:
            _assert_rules_alike(partial(_recalling, now, world, then.revision), then.of(world), now)


def test_what_was_recalled_is_rewound(story: Story) -> None:
    """A past of which some rules are known by now is rewound further, and answers as the tables before it."""
    for world in story.worlds:
        now = story.now.of(world)
        for then, after in zip(story.kept, story.kept[1:], strict=False):
            _assert_rules_alike(partial(_rewound, now, world, then.revision, after.revision), then.of(world), now)


def _rewound(now: Reads, world: World, first: int, last: int) -> Seen:
    seen = _recalling(now, world, last)
    seen.by(Rule, "group_id", [one.id for one in seen.all(Group)][::2])
    return rewound(seen, now.changed_since(first, last))


def _recalling(now: Reads, world: World, revision: int) -> Seen:
    otherwise = otherwise_before(now.changed_since(revision, rules=False))
    return Seen(now, world, otherwise, partial(now.rules_changed_since, revision))


def _assert_rules_alike(make: Callable[[], Seen], then: Reads, now: Reads) -> None:
    """Compare questions about rules, each asked of a view that was asked nothing before; in the end some at once."""
    known = {one.id: one for reads in (then, now) for one in _rows(reads, Rule)}
    questions = [(name, values) for name, values in _texts(Rule, list(known.values())).items() if values]
    for column, values in questions:
        assert make().by(Rule, column, values) == then.by(Rule, column, values), column
        assert make().of(Rule, column, values[0]) == then.of(Rule, column, values[0]), column
    assert make().by_id(Rule, sorted(known)) == then.by_id(Rule, sorted(known))
    assert make().anywhere(Rule, sorted(known)) == then.anywhere(Rule, sorted(known))
    seen = make()
    for column, values in questions[::-1]:
        assert [seen.of(Rule, column, one) for one in values] == [then.of(Rule, column, one) for one in values]


def _near(world: World, now: Reads, worlds: tuple[World, ...]) -> tuple[World, ...]:
    """Return a world and those it ever had a peering with, of which alone the past is known."""
    accounts = {account for one in now.listed(Peering) for account in (one.requester_account, one.accepter_account)}
    return tuple(one for one in worlds if one == world or one.account in accounts)


def test_what_would_be_is_what_comes(story: Story) -> None:
    """The tables of before, seen with the deltas of what followed, answer as the tables of after."""
    for world in story.worlds:
        for then, after in zip(story.kept, story.kept[1:], strict=False):
            deltas = _deltas(after, then.revision)
            seen = Seen(then.of(world), world, otherwise_after(deltas))
            _assert_alike(seen, after.of(world), then.of(world), story.worlds)


def _deltas(kept: Kept, after: int) -> list[tuple[int, Delta]]:
    rows = kept.connection.execute(
        "SELECT world, kind, id, before, after FROM change JOIN delta USING (revision) WHERE revision > ?"
        " ORDER BY revision, place",
        (after,),
    )
    return [(world, Delta(*columns)) for world, *columns in rows]


def _assert_alike(seen: Seen, then: Reads, now: Reads, worlds: tuple[World, ...]) -> None:
    """Compare every question, about all that there was then or is now."""
    for kind in KINDS:
        id_of = ENTITIES[kind].id_of
        known = {id_of(one): one for reads in (then, now) for one in _rows(reads, kind)}
        if {*ENTITIES[kind].listed_by} <= {*ENTITIES[kind].columns}:  # others are never listed
            assert seen.all(kind) == sorted(_rows(then, kind), key=id_of)
        if "id" in ENTITIES[kind].columns:
            assert seen.by_id(kind, sorted(known)) == then.by_id(kind, sorted(known))
            assert [seen.get(kind, one) for one in known] == [then.by_id(kind, [one]).get(one) for one in known]
        for column, values in _texts(kind, list(known.values())).items():
            assert seen.by(kind, column, values) == then.by(kind, column, values), (kind, column)
            assert [seen.of(kind, column, one) for one in values] == [then.of(kind, column, one) for one in values]
    _assert_alike_across(seen, then, now, worlds)


def _rows(reads: Reads, kind: type[Any]) -> list[Any]:
    """Return all entities of a kind that a world sees, by a statement of the test's own."""
    entity = ENTITIES[kind]
    text = f"SELECT {', '.join(entity.columns)} FROM {entity.table} WHERE {entity.scope}"  # noqa: S608 - the schema's own
    return [entity.from_row(row) for row in reads._connection.execute(text, (reads.world,))]  # noqa: SLF001 - a test's


def _texts(kind: type[Any], known: list[Any]) -> dict[str, list[str]]:
    """Return the values of each column that holds texts alone; none for a column that nobody can ask by."""
    entity = ENTITIES[kind]
    rows = [entity.to_row(one) for one in known]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(entity.columns)}
    return {
        name: sorted(set(values)) for name, values in columns.items() if all(isinstance(one, str) for one in values)
    }


def _assert_alike_across(seen: Seen, then: Reads, now: Reads, worlds: tuple[World, ...]) -> None:
    everywhere = [reads for world in worlds for one in (then, now) if (reads := one.at(world))]
    vpcs = sorted({one.id for reads in everywhere for one in reads.listed(Vpc)})
    lists = sorted({one.id for reads in everywhere for one in reads.listed(PrefixList)})
    assert seen.live_peerings(vpcs) == sorted(then.live_peerings(vpcs), key=lambda one: one.id)
    assert [seen.live_peerings([one]) for one in vpcs] == [
        sorted(then.live_peerings([one]), key=lambda one: one.id) for one in vpcs
    ]
    assert seen.entries(lists) == then.entries(lists)
    for kind in (Vpc, Interface, Rule):
        ids = sorted({one.id for reads in everywhere for one in reads.listed(kind)})
        assert seen.anywhere(kind, ids) == then.anywhere(kind, ids)
    for world in worlds:
        there, expected = seen.at(world), then.at(world)
        assert there is not None
        assert expected is not None
        members = _rows(now.at(world) or now, Member)
        interfaces = sorted({one.interface_id for one in (*members, *_rows(expected, Member))})
        assert there.by(Member, "interface_id", interfaces) == expected.by(Member, "interface_id", interfaces)


# ---- by hand


@pytest.mark.parametrize("kind", [Rule, Peering, PrefixListEntry])
def test_nothing_asked_is_nothing_answered(wall: Wall, kind: type[Any]) -> None:
    """Questions about no ids or values answer nothing, and cost no statement."""
    create_group(wall)

    def look(tx: Any) -> None:  # noqa: ANN401 - a transaction
        seen = Seen(tx, World(wall.account, wall.region))
        tx._connection.set_trace_callback(_unexpected)  # noqa: SLF001 - only a test needs it
        try:
            answers = (seen.by_id(kind, []), seen.by(kind, "id", []), seen.anywhere(kind, []), seen.entries([]))
            assert (*answers, seen.live_peerings([])) == ({}, {}, {}, {}, [])
        finally:
            tx._connection.set_trace_callback(None)  # noqa: SLF001 - as above

    wall.store.read(look)


def _unexpected(text: str) -> None:
    raise AssertionError(text)


def test_a_world_that_has_not_begun_is_not_seen(wall: Wall) -> None:
    """Another world can be looked at once it has begun."""
    create_group(wall)
    told = wall.store.read(lambda tx: Seen(tx, World(wall.account, wall.region)).at(World("111122223333", "us-east-1")))
    assert told is None


def test_before_it_began_a_world_was_as_it_begins(wall: Wall) -> None:
    """A world that nobody has changed shows its default VPC, so it did before it was kept: 0004."""
    other = wall.elsewhere(OTHER_ACCOUNT, wall.region)
    create_group(other)
    revision = wall.store.read(lambda tx: tx.head.revision)
    shown = wall.call("DescribeSecurityGroups")["SecurityGroups"]
    create_group(wall)
    here = World(wall.account, wall.region)

    def then(tx: Any) -> list[str]:  # noqa: ANN401 - a transaction
        tx.enter(here)
        return [one.id for one in Seen(tx, here, _before(tx, revision)).all(Vpc)]

    assert wall.store.read(then) == [shown[0]["VpcId"]]


def test_worlds_that_share_an_id_are_told_apart(wall: Wall) -> None:
    """What another account keeps under the same id is not taken for one's own."""
    other = wall.elsewhere(OTHER_ACCOUNT, wall.region)
    here, there = create_vpc(wall), create_vpc(other, "10.9.0.0/16")
    asked: Json = {"VpcId": here, "PeerVpcId": there, "PeerOwnerId": OTHER_ACCOUNT}
    peering = wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    for each in (wall, other):
        each.call("CreateTags", Resources=[peering], Tags=[{"Key": "a", "Value": each.account}])
    revision = wall.store.read(lambda tx: tx.head.revision)
    other.call("DeleteTags", Resources=[peering])

    def then(each: Wall) -> list[str]:
        world = World(each.account, each.region)

        def look(tx: Any) -> list[str]:  # noqa: ANN401 - a transaction
            tx.enter(world)
            return [one.value for one in Seen(tx, world, _before(tx, revision)).all(Tag)]

        return wall.store.read(look)

    assert (then(wall), then(other)) == ([wall.account], [OTHER_ACCOUNT])


def test_a_peers_peers_count(wall: Wall) -> None:
    """Changes of a world are known when it is a peer, or a peer's: a rule beyond a peering may name its groups."""
    walls = [wall, wall.elsewhere(OTHER_ACCOUNT, wall.region), wall.elsewhere("222233334444", wall.region)]
    vpcs = [create_vpc(each, f"10.{number}.0.0/16") for number, each in enumerate(walls)]
    for (one, vpc), (other, peer) in zip(
        zip(walls, vpcs, strict=True), zip(walls[1:], vpcs[1:], strict=True), strict=False
    ):
        made = one.call("CreateVpcPeeringConnection", VpcId=vpc, PeerVpcId=peer, PeerOwnerId=other.account)
        pcx = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        other.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=pcx)
    revision = wall.store.read(lambda tx: tx.head.revision)
    stranger = wall.elsewhere("333344445555", wall.region)
    group, _ = create_group(walls[2]), create_group(stranger)
    asked = [permission("-1", None, None, "0.0.0.0/0")]
    walls[2].call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=asked)

    def since(tx: Any) -> set[str]:  # noqa: ANN401 - a transaction
        tx.enter(World(wall.account, wall.region))
        return {delta.id for _, delta in tx.changed_since(revision)}

    rules = {one["SecurityGroupRuleId"] for egress in (False, True) for one in rules_of(walls[2], group, egress=egress)}
    assert wall.store.read(since) == {group, *rules}


def test_the_revision_of_a_time(wall: Wall) -> None:
    """A time names the last change accepted by then; none before the first."""
    times = []
    for number in range(3):
        wall.clock.advance(60)
        create_group(wall, f"g{number}")
        times.append(wall.clock.now())
    asked = (times[0] - 1, times[0], times[1] - 1, times[1], times[2] + 1)
    assert [wall.store.read(lambda tx, time=time: tx.revision_at(time)) for time in asked] == [0, 2, 2, 3, 4]
