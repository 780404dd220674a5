# ruff: noqa: S608 - the tables are ours, and so are their names
"""Tampering with the history, or with the tables behind its back, is found [inferred]."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from groupwall.iam import keys, principals
from groupwall.iam.callers import USER
from groupwall.iam.principals import Given, Who
from groupwall.store.tables import ENTITIES, Entity
from groupwall.store.verify import verify
from groupwall.units import Ids
from tests.driver import NOW, Wall
from tests.interfaces import launch
from tests.scenes import allow, create_group, create_prefix_list, create_vpc, peer_vpcs, tcp
from tests.tampering import assert_found, copy_of
from tests.worlds import make_random_call, random_world, seeded


@pytest.fixture(scope="module")
def filled() -> Iterator[Wall]:
    """A wall with some sixty changes and an entity of every kind, which nobody may change."""
    with Wall() as wall:
        scene, chance = random_world(wall, seeded(2)), seeded(3)
        wall.call("CreateTags", Resources=[wall.call("DescribeVpcs")["Vpcs"][0]["VpcId"]], Tags=[{"Key": "k"}])
        for _ in range(20):
            make_random_call(scene, chance)
        _make_what_is_left(wall)
        yield wall


def _make_what_is_left(wall: Wall) -> None:
    """Make an entity of every kind that the random calls have not made."""
    home, near = create_vpc(wall, "10.70.0.0/16"), create_vpc(wall, "10.71.0.0/16")
    ours, theirs = create_group(wall, "ours", home), create_group(wall, "theirs", near)
    peer_vpcs(wall, home, near)
    allow(wall, ours, tcp(22, theirs))
    wall.call("AssociateSecurityGroupVpc", GroupId=ours, VpcId=near)
    create_prefix_list(wall, "192.0.2.0/24", ClientToken="once")
    launch(wall, wall.call("CreateSubnet", VpcId=home, CidrBlock="10.70.0.0/24")["Subnet"]["SubnetId"])
    wall.call("PutExpectations", Expectations=[{"Name": "one", "From": "anywhere", "To": ours}], AllowBroken=True)
    tagging = {"Resources": [ours], "Tags": [{"Key": "k"}]}
    calls = [{"Operation": "CreateTags", "Parameters": json.dumps(tagging)}]
    wall.call("ApplyChanges", Calls=calls, ConfirmWithin=60)
    alice, nothing = Who(wall.account, USER, "alice"), Given(policies={})
    wall.store.run(lambda tx: keys.create(tx, Ids(5), NOW, keys.Wanted(wall.account, "alice")))
    wall.store.run(lambda tx: principals.put(tx, Ids(6), NOW, alice, nothing))


def test_what_was_not_touched_is_intact(filled: Wall) -> None:
    """A store as it was written has no fault (inferred)."""
    found = verify(copy_of(filled), {})
    assert found.faults == []
    assert found.checked == found.head.revision


_CHANGES = (
    "UPDATE change SET time = time + 1 WHERE revision = 7",
    "UPDATE change SET caller = 'nobody' WHERE revision = 7",
    "UPDATE change SET operation = 'RevokeSecurityGroupIngress' WHERE revision = 7",
    "UPDATE change SET request_id = 'other' WHERE revision = 7",
    "UPDATE change SET request = '{}' WHERE revision = 7",
    "UPDATE change SET account = '111122223333' WHERE revision = 7",
    "UPDATE change SET region = 'eu-west-1' WHERE revision = 7",
    "UPDATE change SET world = world + 1 WHERE revision = 7",
    "UPDATE change SET previous = zeroblob(32) WHERE revision = 7",
    "UPDATE change SET hash = zeroblob(32) WHERE revision = 7",
    "DELETE FROM change WHERE revision = 7",
    "DELETE FROM change WHERE revision = (SELECT max(revision) FROM change)",
    "DELETE FROM change WHERE revision = 1",
    "UPDATE change SET revision = 1000 WHERE revision = 7",
    "UPDATE change SET revision = -7 WHERE revision = 7",
    "DELETE FROM delta WHERE revision = 7",
    "DELETE FROM delta WHERE revision = 7 AND place = 0",
    "UPDATE delta SET place = 900 WHERE revision = 2 AND place = 0",
    "UPDATE delta SET id = 'x' WHERE revision = 7 AND place = 0",
    "UPDATE delta SET kind = 'vpc' WHERE revision = 7 AND place = 0",
    "UPDATE delta SET after = NULL WHERE revision = 7 AND place = 0",
    "UPDATE delta SET before = after WHERE revision = 7 AND place = 0",
    "UPDATE delta SET after = replace(after, '0', '1') WHERE revision = 7 AND place = 0",
    "UPDATE delta SET after = 'no json' WHERE revision = 7 AND place = 0",
    "UPDATE delta SET revision = 8, place = 500 WHERE revision = 7 AND place = 0",
    "INSERT INTO delta SELECT revision, 900, kind, id, before, after FROM delta WHERE revision = 7 AND place = 0",
    "INSERT INTO delta VALUES (100000, 0, 'vpc', 'vpc-1', NULL, NULL)",
    "INSERT INTO change VALUES (1000, 1, 'a', 'b', 1, 'c', 'd', 'e', '{}', zeroblob(32), zeroblob(32))",
    "UPDATE head SET revision = revision - 1",
    "UPDATE head SET hash = zeroblob(32)",
)


@pytest.mark.parametrize("tampering", _CHANGES)
def test_tampering_with_the_history_is_found(filled: Wall, tampering: str) -> None:
    """Whatever of a change or its deltas is altered, removed, added or moved, it no longer adds up (inferred)."""
    assert_found(copy_of(filled), tampering)


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.kind)
def test_tampering_with_a_table_is_found(filled: Wall, entity: Entity) -> None:
    """A row that is removed or altered behind the history's back is found (inferred)."""
    first = copy_of(filled).execute(f"SELECT {', '.join(entity.key)} FROM {entity.table}").fetchone()
    where = " AND ".join(f"{name} = ?" for name in entity.key)
    column = next((name for name in entity.columns if name not in entity.key), entity.columns[0])
    other = f"CASE typeof({column}) WHEN 'integer' THEN {column} + 1 ELSE coalesce({column}, '') || 'x' END"
    for tampering in (f"DELETE FROM {entity.table}", f"UPDATE {entity.table} SET {column} = {other}"):
        assert_found(copy_of(filled), f"{tampering} WHERE {where}", first)


def test_a_history_written_anew_is_found_by_a_head(filled: Wall) -> None:
    """A chain that was rewritten whole adds up, but not to a head that somebody kept (inferred)."""
    connection = copy_of(filled)
    digest = connection.execute("SELECT hash FROM change WHERE revision = 7").fetchone()[0]
    assert verify(connection, {7: digest.hex()}).faults == []
    assert [fault.revision for fault in verify(connection, {7: "00" * 32}).faults] == [7]
    assert verify(connection, {10**6: "00"}).faults
