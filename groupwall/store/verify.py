"""Whether the history adds up: the chain of hashes, the deltas from one to the next, and the tables that they leave.

It begins with nothing, or with the checkpoint in place of the changes that are no longer kept. Nothing tells whether
that is what these left, but every entity of it must be what a change found, or what is in the tables still.

All worlds are looked at, since the chain runs through all of them. Of every entity the digest of what it was last is
remembered, some hundred bytes each, and the changes are read one by one.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from groupwall.store.changes import GENESIS, Change, Delta, Head, columns_text, follows, value_of
from groupwall.store.retention import horizon
from groupwall.store.tables import BY_KIND, ENTITIES, Entity

MOST_FAULTS = 100


class Fault(NamedTuple):
    """Where the history does not add up. world: the row number of the world that it is in, 0 for none or the head."""

    revision: int
    world: int
    text: str


class Verified(NamedTuple):
    """What was found. first: the oldest change; faults: the first MOST_FAULTS of them.

    unchecked: revisions that a hash was kept of, and whose own is not known any more.
    """

    checked: int
    first: Head | None
    head: Head
    faults: list[Fault]
    unchecked: list[int]


def verify(connection: sqlite3.Connection, kept: Mapping[int, str]) -> Verified:
    """Return whether a store's history adds up, and agrees with heads that were kept elsewhere: revision -> hash."""
    audit = _Audit(connection)
    faults: list[Fault] = []
    for fault in audit.faults(kept):
        faults.append(fault)
        if len(faults) == MOST_FAULTS:
            break
    return Verified(audit.checked, audit.first, audit.head, faults, audit.unchecked)


class _Audit:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.checked = 0
        self.first: Head | None = None
        self.head = self._horizon = horizon(connection)
        self.unchecked: list[int] = []
        self._connection = connection
        self._state = {
            (world, kind, entity_id): _told(kind, text)
            for world, kind, entity_id, text in connection.execute("SELECT * FROM checkpoint_entity")
        }

    def faults(self, kept: Mapping[int, str]) -> Iterator[Fault]:
        """Yield every fault, those of the changes first."""
        for change, deltas in self._changes():
            yield from self._chained(change, deltas, kept)
            yield from self._folded(change, deltas)
            self.head = Head(change.revision, change.hash)
            self.first = self.first or self.head
            self.checked += 1
        yield from self._ended(kept)
        for entity in ENTITIES.values():
            yield from self._kept(entity)
        for world, kind, entity_id in self._state:
            yield Fault(self.head.revision, world, f"{kind} {entity_id} is not in the tables")

    def _changes(self) -> Iterator[tuple[Change, list[Delta]]]:
        deltas = self._connection.execute("SELECT * FROM delta ORDER BY revision, place")
        row = deltas.fetchone()
        for columns in self._connection.execute("SELECT * FROM change ORDER BY revision"):
            change, mine = Change(*columns), []
            while row and row[0] <= change.revision:
                mine.append(Delta(*row[2:]) if row[0] == change.revision else Delta("", "", None, None))
                row = deltas.fetchone()
            yield change, mine
        if row:
            stray = Change(row[0], 0, "", "", 0, "", "", "", "", b"", b"")
            yield stray, [Delta(*row[2:])]

    def _chained(self, change: Change, deltas: list[Delta], kept: Mapping[int, str]) -> Iterator[Fault]:
        if not follows(change, self.head, deltas):
            yield Fault(change.revision, change.world, f"it does not follow from the change {self.head.revision}")
        if kept.get(change.revision, change.hash.hex()) != change.hash.hex():
            yield Fault(change.revision, change.world, "its hash is not the one that was kept")

    def _folded(self, change: Change, deltas: list[Delta]) -> Iterator[Fault]:
        for delta in deltas:
            kind = BY_KIND.get(delta.kind)
            if kind is None:
                yield Fault(change.revision, change.world, "it tells of something unknown")
                continue
            where = (change.world if ENTITIES[kind].in_world else 0, delta.kind, delta.id)
            before = None if delta.before is None else _told(delta.kind, delta.before)
            if self._state.pop(where, None) != before:
                yield Fault(change.revision, change.world, f"{delta.kind} {delta.id} was not so before")
            if delta.after is not None:
                self._state[where] = _told(delta.kind, delta.after)

    def _ended(self, kept: Mapping[int, str]) -> Iterator[Fault]:
        row = self._connection.execute("SELECT revision, hash FROM head").fetchone()
        if Head(*row) != self.head:
            yield Fault(self.head.revision, 0, f"the head of the store is revision {row[0]}, or has another hash")
        yield from self._compared(kept)

    def _compared(self, kept: Mapping[int, str]) -> Iterator[Fault]:
        """Compare what was kept with the heads that have no change; note those of which nothing is known any more."""
        heads = dict(self._connection.execute("SELECT revision, hash FROM checkpoint")) | {0: GENESIS}
        for revision, digest in sorted(kept.items()):
            if revision in heads:
                if heads[revision].hex() != digest:
                    yield Fault(revision, 0, "its hash is not the one that was kept")
            elif digest and 0 < revision < self._horizon.revision:
                self.unchecked.append(revision)
            elif not self._horizon.revision < revision <= self.head.revision:
                yield Fault(revision, 0, "there is no change with the hash that was kept")

    def _kept(self, entity: Entity) -> Iterator[Fault]:
        """Compare a table with what the changes leave."""
        scope = "world, " if entity.in_world else "0, "
        text = f"SELECT {scope}{', '.join(entity.columns)} FROM {entity.table}"
        for world, *columns in self._connection.execute(text):
            try:
                value = entity.from_row(tuple(columns))
            except (ValueError, LookupError, TypeError):
                yield Fault(self.head.revision, world, f"a {entity.kind} cannot be read")
                continue
            where = (world, entity.kind, entity.id_of(value))
            if self._state.pop(where, None) != _digest(columns_text(entity, value)):
                yield Fault(self.head.revision, world, f"{entity.kind} {where[2]} is not what the changes leave")


def _told(kind: str, text: str) -> bytes:
    """Return the digest of what a delta tells of an entity, columns that came later with their defaults."""
    try:
        return _digest(columns_text(ENTITIES[BY_KIND[kind]], value_of(kind, text)))
    except (ValueError, LookupError, TypeError):
        return _digest(text)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
