"""How long the history is kept, and the checkpoint in place of what was let go.

A checkpoint is what every entity was at a revision, the horizon, and the head there: the changes up to it are folded
into it, and deleted, in one transaction. So the changes that are kept still lead from a known state to the tables, and
the chain of hashes goes on from a known head. Folding costs as much as the changes that are let go, whatever there is.
"""

from __future__ import annotations

import sqlite3
from itertools import takewhile
from typing import NamedTuple

from groupwall.rules.values import Rule
from groupwall.store import counters
from groupwall.store.changes import GENESIS, Change, Delta, Head, follows, mentioned
from groupwall.store.folder import StoreError
from groupwall.store.tables import BY_KIND, ENTITIES

PORTION = 200
"""Changes that are let go at once: some milliseconds, in which no call is answered."""

MILESTONE = 1000
"""Of every revision that is a multiple of it the head is kept for ever."""


class Retention(NamedTuple):
    """What is kept of the history: changes of so many milliseconds, and so many changes at most; None for all."""

    age: int | None = None
    most: int | None = None


FOR_EVER = Retention()


def horizon(connection: sqlite3.Connection) -> Head:
    """Return the head at the newest checkpoint: the oldest state that is known. The one before all changes, if none."""
    row = connection.execute("SELECT revision, hash FROM checkpoint ORDER BY revision DESC LIMIT 1").fetchone()
    return Head(*row) if row else Head(0, GENESIS)


def overdue(connection: sqlite3.Connection, retention: Retention, now: int) -> int | None:
    """Return the revision up to which a portion of changes can go now; None when none can.

    now: in milliseconds since 1970. Where the clock was set back, a change goes once all before it can. A change that
    waits for its confirmation stays, with all after it: it may have to be undone.
    """
    oldest = connection.execute("SELECT revision, time FROM change ORDER BY revision LIMIT ?", (PORTION,)).fetchall()
    newest, waiting = connection.execute(_NEWEST_AND_WAITING).fetchone()
    age, most = retention

    def can_go(row: tuple[int, int]) -> bool:
        revision, time = row
        if waiting is not None and revision >= waiting:
            return False
        return (age is not None and time < now - age) or (most is not None and revision <= newest - most)

    return max((revision for revision, _ in takewhile(can_go, oldest)), default=None)


def let_go(connection: sqlite3.Connection, last: int) -> None:
    """Put the changes up to a revision into the checkpoint, and delete them, in the transaction that is open.

    StoreError when they don't follow from the horizon, each from the one before: to fold them would hide it for good.
    """
    mentions = _mentions(connection, last)
    folded: dict[tuple[int, str, str], str | None] = {}
    for world, kind, entity_id, after in connection.execute(_FOLDED, (last,)):
        folded[world if ENTITIES[BY_KIND[kind]].in_world else 0, kind, entity_id] = after
    gone = [where for where, after in folded.items() if after is None]
    there = [(*where, after) for where, after in folded.items() if after is not None]
    connection.executemany("DELETE FROM checkpoint_entity WHERE world = ? AND kind = ? AND id = ?", gone)
    _let_counters_go(connection, gone, last)
    connection.executemany("INSERT OR REPLACE INTO checkpoint_entity VALUES (?, ?, ?, ?)", there)
    connection.execute("DELETE FROM checkpoint WHERE revision % ? != 0", (MILESTONE,))
    connection.execute(_HEADS, (last, MILESTONE))
    connection.executemany("DELETE FROM mention WHERE id = ? AND revision = ?", mentions)
    connection.execute("DELETE FROM delta WHERE revision <= ?", (last,))
    connection.execute("DELETE FROM change WHERE revision <= ?", (last,))


def _let_counters_go(connection: sqlite3.Connection, gone: list[tuple[int, str, str]], last: int) -> None:
    (time,) = connection.execute("SELECT time FROM change WHERE revision = ?", (last,)).fetchone()
    rules = [(world, one) for world, kind, one in gone if kind == ENTITIES[Rule].kind]
    counters.forget(connection, rules, time)


def _mentions(connection: sqlite3.Connection, last: int) -> list[tuple[str, int]]:
    """Return (id, revision) of all that the changes up to a revision mention. StoreError when they don't add up."""
    head, found = horizon(connection), []
    for row in connection.execute("SELECT * FROM change WHERE revision <= ? ORDER BY revision", (last,)).fetchall():
        change = Change(*row)
        deltas = [Delta(*columns) for columns in connection.execute(_DELTAS, (change.revision,))]
        if not follows(change, head, deltas):
            message = f"the change {change.revision} does not follow from the one before, so no change is let go"
            raise StoreError(message)
        head = Head(change.revision, change.hash)
        found += [(one, change.revision) for one in mentioned(deltas)]
    return found


_DELTAS = "SELECT kind, id, before, after FROM delta WHERE revision = ? ORDER BY place"
_NEWEST_AND_WAITING = (
    "SELECT revision, (SELECT min(CAST(revision AS INTEGER)) FROM confirmation WHERE state = 'waiting') FROM head"
)
_HEADS = (
    "INSERT INTO checkpoint SELECT revision, time, hash FROM change"
    " WHERE revision <= ?1 AND (revision = ?1 OR revision % ?2 = 0)"
)
_FOLDED = (
    "SELECT change.world, delta.kind, delta.id, delta.after FROM change CROSS JOIN delta USING (revision)"
    " WHERE change.revision <= ? ORDER BY delta.revision, delta.place"
)
