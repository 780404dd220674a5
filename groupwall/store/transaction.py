"""What an operation may do: one open transaction, seen from one world.

Writes go through ``add``, ``remove`` and ``replace``, which note the delta as they touch the table, so that no table
can change behind the history.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

from groupwall.store import counters
from groupwall.store.changes import Change, Delta, Event, Head, columns_text, mentioned, next_change
from groupwall.store.entities import Expectation, Tag, World
from groupwall.store.folder import StoreError
from groupwall.store.reads import Reads
from groupwall.store.rows import TooLarge
from groupwall.store.tables import ENTITIES, Entity, Row
from groupwall.units import ticks

T = TypeVar("T")

STEP = 2_000
"""Virtual machine steps of SQLite between two looks at a read's budget; one look costs well under a microsecond."""


NOWHERE = -1
"""The number of a world that is not there: nothing lies in it."""


_OF_THE_CALL = frozenset({
    sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
})  # fmt: skip
"""What a statement that should not have been made answers: one call's fault, not to be laid at the others' door."""


class Budget(NamedTuple):
    """What one read may cost: rows fetched, virtual machine steps of SQLite in units of STEP, and seconds.

    The steps bound a scan that finds nothing; the seconds bound steps that are slow, such as comparisons with patterns.
    """

    rows: int
    steps: int
    seconds: float


class Transaction(Reads):
    """One open transaction of the store. Not for use after the store has ended it, nor from two threads at once."""

    def __init__(
        self, connection: sqlite3.Connection, head: Head, seal: bytes, worlds: dict[World, int], *, sole: bool = False
    ) -> None:
        super().__init__(connection)
        self.seal = seal
        self.head = head
        self.spoiled = False
        self.expects = True
        """Whether any world may have expectations: read with the head, since each write asks."""
        self._place = World("", "")
        self._sole = sole
        self._worlds = worlds
        self._begun_at = head.revision
        self._deltas: list[Delta] = []
        self._undo = False
        self._budget: Budget | None = None
        self._steps_left: int | None = None
        self._deadline = 0.0
        self._stopped = False

    # ---- the frame of one call

    @contextmanager
    def attempt(self, budget: Budget | None = None) -> Iterator[None]:
        """Do the block's work, or none of it: what was written since the block began is undone when it raises.

        With a budget, reads that go beyond it raise TooLarge. StoreError when the database itself fails: then nothing
        of the whole transaction may be told as done, since SQLite may have ended it by itself. A sole attempt of its
        transaction is spared the savepoint: to undo it, it is marked as spoiled, which keeps the store from the commit.
        """
        if not self._connection.in_transaction:  # SQLite ended it: a savepoint would open, and commit, one of its own
            raise StoreError("the database undid the changes under way")
        head, self._deltas, self._undo = self.head, [], False
        self._budget, self._stopped = budget, False
        with self._explained():
            if not self._sole:
                self._connection.execute("SAVEPOINT attempt")
            try:
                yield
            except BaseException:
                self._end_attempt(head)
                raise
            self._end_attempt(head if self._undo else None)

    def _end_attempt(self, back_to: Head | None) -> None:
        self._steps_left = None  # or the statements below could be stopped themselves
        if back_to is not None:
            self.head, self.spoiled = back_to, self._sole
        if self._sole or not self._connection.in_transaction:
            return
        if back_to is not None:
            self._connection.execute("ROLLBACK TO attempt")
        self._connection.execute("RELEASE attempt")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Tell a read that was stopped and a database that failed from the errors of an operation."""
        try:
            yield
        except sqlite3.Error as error:
            if self._stopped:
                raise TooLarge from error
            code: int | None = getattr(error, "sqlite_errorcode", None)
            if self._connection.in_transaction and code is not None and code & 0xFF in _OF_THE_CALL:
                raise
            message = f"the database failed: {error}"
            raise StoreError(message) from error
        finally:
            self._rows_left = self._steps_left = None

    def undo(self) -> None:
        """Have what was written in this attempt undone at its end, although nothing went wrong."""
        self._undo = True

    def step(self) -> bool:
        """Look at the budget of the read under way; True (stop) once it is used up. SQLite calls this."""
        if self._steps_left is None:
            return False
        self._steps_left -= 1
        self._stopped = self._steps_left < 0 or ticks() > self._deadline
        return self._stopped

    def look(self) -> None:
        """Raise TooLarge once the seconds of the read under way are spent; for work that is not SQLite's."""
        if self._steps_left is not None and ticks() > self._deadline:
            raise TooLarge

    def tried(self, work: Callable[[], T]) -> tuple[T, list[Delta]]:
        """Do work and undo what it wrote; return its result, and the deltas that it would have made."""
        written, self._deltas = self._deltas, []
        self._connection.execute("SAVEPOINT tried")
        try:
            result = work()
            return result, self._deltas
        finally:
            self._deltas = written
            self._connection.execute("ROLLBACK TO tried")
            self._connection.execute("RELEASE tried")

    @property
    def deltas(self) -> tuple[Delta, ...]:
        """What was written since the last change was recorded."""
        return tuple(self._deltas)

    def limit(self, budget: Budget | None) -> None:
        """Have the reads from here on cost no more than this, or raise TooLarge."""
        if budget:
            self._rows_left, self._steps_left, seconds = budget
            self._deadline = ticks() + seconds

    @property
    def written(self) -> bool:
        """Whether anything was written since the last change was recorded."""
        return bool(self._deltas)

    def record(self, event: Event) -> Change:
        """Close what was written so far into one change, the next of the history."""
        change = next_change(self.head, self.world, self._place, event, self._deltas)
        self._connection.execute("INSERT INTO change VALUES (?,?,?,?,?,?,?,?,?,?,?)", change)
        for place, delta in enumerate(self._deltas):
            self._connection.execute("INSERT INTO delta VALUES (?,?,?,?,?,?)", (change.revision, place, *delta))
        for one in mentioned(self._deltas):
            self._connection.execute("INSERT INTO mention VALUES (?,?)", (one, change.revision))
        self.head, self._deltas = Head(change.revision, change.hash), []
        return change

    def enter(self, world: World) -> bool:
        """Look at this world from now on; False when it has never been written to, and so is not there yet.

        The attempt's budget holds from here on, unless the world is yet to begin: then it is small, and to stop one of
        the writes that begin it would end the whole transaction.
        """
        number = self._worlds.get(world) or self._number(world)
        self.world, self._place = number or NOWHERE, world
        if number:
            self.limit(self._budget)
        return number is not None

    def _number(self, world: World) -> int | None:
        """Return a world's number, remembered once it is committed: it never changes, and no world is ever removed."""
        row = self._one("SELECT world FROM world WHERE account = ? AND region = ?", world)
        if row is None:
            return None
        if self.head.revision == self._begun_at:
            self._worlds[world] = row[0]
        return int(row[0])

    def create_world(self, world: World) -> None:
        """Give a world its number and look at it from now on."""
        self.world = 1 + (self._one("SELECT max(world) FROM world")[0] or 0)
        self.add(world)

    # ---- writing

    def add(self, value: Any) -> None:  # noqa: ANN401 - any of ENTITIES
        """Insert one entity. sqlite3.IntegrityError when its key is taken, which operations rule out beforehand."""
        entity = ENTITIES[type(value)]
        self._insert(entity, value)
        self.expects = self.expects or isinstance(value, Expectation)
        self._deltas.append(Delta(entity.kind, entity.id_of(value), None, columns_text(entity, value)))

    def _insert(self, entity: Entity, value: object) -> None:
        row = entity.to_row(value)
        self._connection.execute(_WRITES[entity.kind].insert, (self.world, *row) if entity.in_world else row)

    def remove(self, *values: Any) -> None:  # noqa: ANN401 - any of ENTITIES
        """Delete entities, and the tags that they have."""
        if not values:
            return
        tags = self.tags_of([ENTITIES[type(value)].id_of(value) for value in values if not isinstance(value, Tag)])
        for value in (*(tag for mine in tags.values() for tag in mine), *values):
            entity = ENTITIES[type(value)]
            self._change_row(_WRITES[entity.kind].delete, (), entity, value)
            self._deltas.append(Delta(entity.kind, entity.id_of(value), columns_text(entity, value), None))

    def replace(self, before: Any, after: Any) -> None:  # noqa: ANN401 - any of ENTITIES, both of one kind
        """Put ``after`` where ``before`` is, which is no change where they are equal; both have the same id."""
        if after == before:
            return
        entity = ENTITIES[type(before)]
        self._change_row(_WRITES[entity.kind].update, entity.to_row(after), entity, before)
        texts = columns_text(entity, before), columns_text(entity, after)
        self._deltas.append(Delta(entity.kind, entity.id_of(before), *texts))

    def replace_all(self, pairs: Sequence[tuple[Any, Any]]) -> None:
        """Put every ``after`` where its ``before`` is, all at once: keys may change places. Each pair has one id."""
        for before, _ in pairs:
            entity = ENTITIES[type(before)]
            self._change_row(_WRITES[entity.kind].delete, (), entity, before)
        for before, after in pairs:
            entity = ENTITIES[type(after)]
            self._insert(entity, after)
            texts = columns_text(entity, before), columns_text(entity, after)
            self._deltas.append(Delta(entity.kind, entity.id_of(before), *texts))

    def _change_row(self, statement: str, values: Row, entity: Entity, value: object) -> None:
        columns = dict(zip(entity.columns, entity.to_row(value), strict=True))
        found = [columns[name] for name in entity.key]
        scope = [self.world] if entity.in_world else []
        if self._connection.execute(statement, (*values, *scope, *found)).rowcount != 1:
            message = f"{entity.kind} {entity.id_of(value)} was not there to be changed"
            raise LookupError(message)

    def add_counters(self, report: counters.Report, now: int) -> bool:
        """Add what a host tells of rules, outside the history; False when it was added before."""
        return counters.add(self._connection, self.world, report, now)

    def end_counters(self, host: str, now: int) -> None:
        """Note that a host counts nothing any more, outside the history."""
        counters.end(self._connection, self.world, host, now)

    def keep_secret(self, owner: str, secret: str) -> None:
        """Keep a secret of an entity, in the place of the one before, outside what the history tells."""
        self._connection.execute("INSERT OR REPLACE INTO secret VALUES (?, ?)", (owner, secret))

    def forget_secret(self, owner: str) -> None:
        """Remove an entity's secret for good."""
        self._connection.execute("DELETE FROM secret WHERE owner = ?", (owner,))


class _Writes(NamedTuple):
    insert: str
    delete: str
    update: str


def _writes(entity: Entity) -> _Writes:
    scope = ("world",) if entity.in_world else ()
    marks = ", ".join("?" * len(scope + entity.columns))
    where = " AND ".join(f"{column} = ?" for column in scope + entity.key)
    sets = ", ".join(f"{column} = ?" for column in entity.columns)
    return _Writes(
        f"INSERT INTO {entity.table} VALUES ({marks})",
        f"DELETE FROM {entity.table} WHERE {where}",
        f"UPDATE {entity.table} SET {sets} WHERE {where}",
    )


_WRITES = {entity.kind: _writes(entity) for entity in ENTITIES.values()}
