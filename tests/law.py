"""The law of the store, checked on its file as it lies on the disk.

Every change follows the one before, without a gap and with its hash, from the first or from the checkpoint; and the
deltas of all changes, after what the checkpoint has, give the tables, and what is mentioned in them is found by its id.

It goes through the chain apart from ``follows``, on purpose: what the store's own verification overlooks is found here.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from groupwall.store.changes import GENESIS, Change, Delta, Event, Head, fold, next_change
from groupwall.store.entities import World
from groupwall.store.sqlite import FILE
from groupwall.store.tables import ENTITIES


def breaches(folder: Path) -> list[str]:
    """Return what is wrong with a store, nothing when the law holds. The server may be running."""
    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        return [*_damage(connection), *_broken_chain(connection), *_drift(connection), *_unmentioned(connection)]


def revision(folder: Path) -> int:
    """Return the revision of the last change."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        return int(connection.execute("SELECT revision FROM head").fetchone()[0])


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    if found != ["ok"]:
        yield f"the file is damaged: {found}"


def _broken_chain(connection: sqlite3.Connection) -> Iterator[str]:
    deltas: dict[int, list[Delta]] = {}
    for number, _, *columns in connection.execute("SELECT * FROM delta ORDER BY revision, place"):
        deltas.setdefault(number, []).append(Delta(*columns))
    head = _begun(connection)
    for row in connection.execute("SELECT * FROM change ORDER BY revision"):
        change = Change(*row)
        world = World(change.account, change.region)
        if change != next_change(head, change.world, world, Event(*row[4:9]), deltas.pop(change.revision, [])):
            yield f"change {change.revision} does not follow from {head.revision}"
        head = Head(change.revision, change.hash)
    if head != Head(*connection.execute("SELECT revision, hash FROM head").fetchone()):
        yield f"the head is not at the last change, {head.revision}"
    if deltas:
        yield f"deltas of no change: {sorted(deltas)}"


def _begun(connection: sqlite3.Connection) -> Head:
    row = connection.execute("SELECT revision, hash FROM checkpoint ORDER BY revision DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, GENESIS)


def _drift(connection: sqlite3.Connection) -> Iterator[str]:
    text = "SELECT change.world, delta.kind, delta.id, before, after FROM change JOIN delta USING (revision)"
    rows = connection.execute(f"{text} ORDER BY revision, place")
    begun = connection.execute("SELECT world, kind, id, NULL, columns FROM checkpoint_entity")
    told = fold((world, Delta(*columns)) for world, *columns in (*begun, *rows))
    kept = dict(_tables(connection))
    for where in sorted(told.keys() | kept.keys()):
        if told.get(where) != kept.get(where):
            yield f"{where}: the history tells {told.get(where)}, the table has {kept.get(where)}"


def _unmentioned(connection: sqlite3.Connection) -> Iterator[str]:
    told = {
        (columns[name], revision)
        for revision, *texts in connection.execute("SELECT revision, before, after FROM delta")
        for columns in (json.loads(text) for text in texts if text)
        for name in _NAMING
        if columns.get(name) and "/" not in columns[name]
    }
    kept = set(connection.execute("SELECT id, revision FROM mention"))
    if told != kept:
        yield f"what changes mention is {sorted(told - kept)} more than is kept, and {sorted(kept - told)} less"


_NAMING = ("group_id", "interface_id", "vpc_id", "requester_vpc", "accepter_vpc", "resource_id", "peer")


def _tables(connection: sqlite3.Connection) -> Iterator[tuple[tuple[int, str, str], dict[str, Any]]]:
    for entity in ENTITIES.values():
        scope = "world" if entity.in_world else "0"
        text = f"SELECT {scope}, {', '.join(entity.columns)} FROM {entity.table}"  # noqa: S608 - the schema's own names
        for world, *row in connection.execute(text):
            value = entity.from_row(tuple(row))
            yield (
                (world, entity.kind, entity.id_of(value)),
                dict(zip(entity.columns, entity.to_row(value), strict=True)),
            )
