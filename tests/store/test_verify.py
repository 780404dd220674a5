# ruff: noqa: S608 - the tables are ours, and so are their names
"""Tampering with the history, or with the tables behind its back, is found [inferred]."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from groupwall.store.tables import ENTITIES, Entity
from groupwall.store.verify import verify
from tests.driver import Wall
from tests.worlds import make_random_call, random_world, seeded


@pytest.fixture(scope="module")
def store() -> Iterator[bytes]:
    """Return the file of a store with some forty changes in it."""
    with Wall() as wall:
        scene, chance = random_world(wall, seeded(2)), seeded(3)
        wall.call("CreateTags", Resources=[wall.call("DescribeVpcs")["Vpcs"][0]["VpcId"]], Tags=[{"Key": "k"}])
        for _ in range(20):
            make_random_call(scene, chance)
        yield wall.store._connection.serialize()  # noqa: SLF001 - a copy of the file, to be tampered with


def _opened(store: bytes) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.deserialize(store)
    return connection


def test_what_was_not_touched_is_intact(store: bytes) -> None:
    """A store as it was written has no fault (inferred)."""
    found = verify(_opened(store), {})
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
def test_tampering_with_the_history_is_found(store: bytes, tampering: str) -> None:
    """Whatever of a change or its deltas is altered, removed, added or moved, it no longer adds up (inferred)."""
    connection = _opened(store)
    assert connection.execute(tampering).rowcount
    assert verify(connection, {}).faults


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.kind)
def test_tampering_with_a_table_is_found(store: bytes, entity: Entity) -> None:
    """A row that is removed or altered behind the history's back is found (inferred)."""
    first = _opened(store).execute(f"SELECT {', '.join(entity.key)} FROM {entity.table}").fetchone()
    if first is None:
        return
    where = " AND ".join(f"{name} = ?" for name in entity.key)
    column = next((name for name in entity.columns if name not in entity.key), entity.columns[0])
    other = f"CASE typeof({column}) WHEN 'integer' THEN {column} + 1 ELSE coalesce({column}, '') || 'x' END"
    for tampering in (f"DELETE FROM {entity.table}", f"UPDATE {entity.table} SET {column} = {other}"):
        connection = _opened(store)
        assert connection.execute(f"{tampering} WHERE {where}", first).rowcount
        assert verify(connection, {}).faults


def test_a_history_written_anew_is_found_by_a_head(store: bytes) -> None:
    """A chain that was rewritten whole adds up, but not to a head that somebody kept (inferred)."""
    connection = _opened(store)
    digest = connection.execute("SELECT hash FROM change WHERE revision = 7").fetchone()[0]
    assert verify(connection, {7: digest.hex()}).faults == []
    assert [fault.revision for fault in verify(connection, {7: "00" * 32}).faults] == [7]
    assert verify(connection, {10**6: "00"}).faults
