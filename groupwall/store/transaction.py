"""What an operation may read and write: one open transaction, seen from one world.

Reads are plain statements by index, a fixed number for each call whatever the account's size. Writes go through ``add``,
``remove`` and ``replace``, which note the delta as they touch the table, so that no table can change behind the history.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from groupwall.rules.values import Asked, Direction, Rule
from groupwall.store import query
from groupwall.store.changes import Change, Delta, Event, Head, columns_text, next_change
from groupwall.store.entities import ENTITIES, AccessKey, Entity, Group, Row, Subnet, Tag, Vpc, VpcCidr, World
from groupwall.store.folder import StoreError
from groupwall.store.query import Field, Where

STEP = 2_000
"""Virtual machine steps of SQLite between two looks at a read's budget; one look costs well under a microsecond."""


class TooLarge(Exception):
    """A read that would hold up the others; nothing of it was answered. Run it where it holds up nobody."""


class Budget(NamedTuple):
    """What one read may cost: rows fetched, and virtual machine steps of SQLite in units of STEP."""

    rows: int
    steps: int


class Page(NamedTuple):
    """Where a listing goes on: after this key, at most so many items. ``limit`` None: all."""

    after: str = ""
    limit: int | None = None


ALL = Page()


class Transaction:
    """One open transaction of the store. Not for use after the store has ended it, nor from two threads at once."""

    def __init__(self, connection: sqlite3.Connection, head: Head, seal: bytes, worlds: dict[World, int]) -> None:
        self.seal = seal
        self.head = head
        self.world = 0
        self._connection = connection
        self._worlds = worlds
        self._begun_at = head.revision
        self._deltas: list[Delta] = []
        self._undo = False
        self._rows_left: int | None = None
        self._steps_left: int | None = None

    # ---- the frame of one call

    @contextmanager
    def attempt(self, budget: Budget | None = None) -> Iterator[None]:
        """Do the block's work, or none of it: what was written since the block began is undone when it raises.

        With a budget, reads that go beyond it raise TooLarge. StoreError when the database itself fails: then nothing of
        the whole transaction may be told as done, since SQLite may have ended it by itself.
        """
        head, self._deltas, self._undo = self.head, [], False
        self._rows_left, self._steps_left = budget or (None, None)
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException as error:
            self._end_attempt(head)
            if isinstance(error, sqlite3.OperationalError) and self._steps_left is not None and self._steps_left < 0:
                raise TooLarge from error
            if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError):
                message = f"the database failed: {error}"
                raise StoreError(message) from error
            raise
        else:
            self._end_attempt(head if self._undo else None)
        finally:
            self._rows_left = self._steps_left = None

    def _end_attempt(self, back_to: Head | None) -> None:
        if not self._connection.in_transaction:
            return
        if back_to is not None:
            self.head = back_to
            self._connection.execute("ROLLBACK TO attempt")
        self._connection.execute("RELEASE attempt")

    def undo(self) -> None:
        """Have what was written in this attempt undone at its end, although nothing went wrong."""
        self._undo = True

    def step(self) -> bool:
        """Count down the budget of the read under way; True (stop) once it is used up. SQLite calls this as it works."""
        if self._steps_left is None:
            return False
        self._steps_left -= 1
        return self._steps_left < 0

    @property
    def written(self) -> bool:
        """Whether anything was written since the last change was recorded."""
        return bool(self._deltas)

    def record(self, event: Event) -> Change:
        """Close what was written so far into one change, the next of the history."""
        change = next_change(self.head, event, self._deltas)
        self._connection.execute("INSERT INTO change VALUES (?,?,?,?,?,?,?,?,?)", change)
        for place, delta in enumerate(self._deltas):
            self._connection.execute("INSERT INTO delta VALUES (?,?,?,?,?,?)", (change.revision, place, *delta))
        self.head, self._deltas = Head(change.revision, change.hash), []
        return change

    def enter(self, world: World) -> bool:
        """Look at this world from now on; False when it has never been written to, and so is not there yet."""
        number = self._worlds.get(world) or self._number(world)
        self.world = number or 0
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
        row = entity.to_row(value)
        self._connection.execute(_WRITES[entity.kind].insert, (self.world, *row) if entity.in_world else row)
        self._deltas.append(Delta(entity.kind, entity.id_of(value), None, columns_text(entity, value)))

    def remove(self, *values: Any) -> None:  # noqa: ANN401 - any of ENTITIES
        """Delete entities, and the tags that they have."""
        tags = self.tags_of([value.id for value in values if not isinstance(value, Tag)])
        for value in (*(tag for mine in tags.values() for tag in mine), *values):
            entity = ENTITIES[type(value)]
            self._change_row(_WRITES[entity.kind].delete, (), entity, value)
            self._deltas.append(Delta(entity.kind, entity.id_of(value), columns_text(entity, value), None))

    def replace(self, before: Any, after: Any) -> None:  # noqa: ANN401 - any of ENTITIES, both of one kind
        """Put ``after`` where ``before`` is; both have the same id."""
        entity = ENTITIES[type(before)]
        self._change_row(_WRITES[entity.kind].update, entity.to_row(after), entity, before)
        texts = columns_text(entity, before), columns_text(entity, after)
        self._deltas.append(Delta(entity.kind, entity.id_of(before), *texts))

    def _change_row(self, statement: str, values: Row, entity: Entity, value: object) -> None:
        columns = dict(zip(entity.columns, entity.to_row(value), strict=True))
        found = [columns[name] for name in entity.key]
        scope = [self.world] if entity.in_world else []
        if self._connection.execute(statement, (*values, *scope, *found)).rowcount != 1:
            message = f"{entity.kind} {entity.id_of(value)} was not there to be changed"
            raise LookupError(message)

    # ---- reading

    def _all(self, text: str, bound: Sequence[Any] = ()) -> list[Row]:
        cursor = self._connection.execute(text, bound)
        if self._rows_left is None:
            return cursor.fetchall()
        rows = cursor.fetchmany(self._rows_left + 1)
        self._rows_left -= len(rows)
        if self._rows_left < 0:
            cursor.close()
            raise TooLarge
        return rows

    def _one(self, text: str, bound: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a row, or None
        return self._connection.execute(text, bound).fetchone()

    def _values(self, value: type, rows: Iterable[Row]) -> list[Any]:
        return list(map(ENTITIES[value].from_row, rows))

    def _listed(self, value: type, fields: dict[str, Field], conditions: Sequence[Where], page: Page) -> list[Any]:
        entity = ENTITIES[value]
        text, bound = query.clause(fields, conditions)
        rows = self._all(
            f"SELECT {_columns(entity)} FROM {entity.table} WHERE {entity.table}.world = ? AND {entity.table}.id > ?"
            f"{text} ORDER BY {entity.table}.id LIMIT ?",
            (self.world, page.after, *bound, -1 if page.limit is None else page.limit),
        )
        return self._values(value, rows)

    def default_vpc(self) -> Vpc | None:
        """Return the world's default VPC."""
        return next(iter(self._values(Vpc, self._all(_ONE_VPC + "is_default = 1", (self.world,)))), None)

    def vpc(self, vpc_id: str) -> Vpc | None:
        """Return a VPC of this world by its id."""
        return next(iter(self._values(Vpc, self._all(_ONE_VPC + "id = ?", (self.world, vpc_id)))), None)

    def vpcs(self, conditions: Sequence[Where] = (), page: Page = ALL) -> list[Vpc]:
        """List VPCs in the order of their ids."""
        return self._listed(Vpc, query.VPCS, conditions, page)

    def vpc_cidrs(self, vpc_ids: Sequence[str]) -> dict[str, list[VpcCidr]]:
        """Return the blocks of each VPC."""
        rows = self._all(
            f"SELECT {_columns(ENTITIES[VpcCidr])} FROM vpc_cidr WHERE world = ? AND vpc_id IN {_LISTED}",
            (self.world, json.dumps(vpc_ids)),
        )
        return _grouped(self._values(VpcCidr, rows), "vpc_id")

    def subnets(self, conditions: Sequence[Where] = (), page: Page = ALL) -> list[Subnet]:
        """List subnets in the order of their ids."""
        return self._listed(Subnet, query.SUBNETS, conditions, page)

    def group(self, group_id: str) -> Group | None:
        """Return a group of this world by its id."""
        rows = self._all(f"{_ONE_GROUP} id = ?", (self.world, group_id))
        return next(iter(self._values(Group, rows)), None)

    def group_named(self, vpc_id: str, name: str) -> Group | None:
        """Return the group of a VPC that has this name; capitals do not matter [reference 7, model]."""
        rows = self._all(f"{_ONE_GROUP} vpc_id = ? AND name = ? COLLATE NOCASE", (self.world, vpc_id, name))
        return next(iter(self._values(Group, rows)), None)

    def groups(self, conditions: Sequence[Where] = (), page: Page = ALL) -> list[Group]:
        """List groups in the order of their ids."""
        return self._listed(Group, query.GROUPS, conditions, page)

    def count_groups(self) -> int:
        """Return how many groups this world has."""
        return int(self._one("SELECT count(*) FROM security_group WHERE world = ?", (self.world,))[0])

    def rules_of(self, group_ids: Sequence[str], direction: Direction | None = None) -> dict[str, list[Rule]]:
        """Return the rules of each group, of one direction or of both, in the order of their natural keys."""
        directed, bound = ("", ()) if direction is None else (" AND direction = ?", (direction.value,))
        rows = self._all(
            f"SELECT {_columns(ENTITIES[Rule])} FROM rule WHERE world = ? AND group_id IN {_LISTED}{directed}"
            " ORDER BY group_id, direction, protocol, from_port, to_port, peer",
            (self.world, json.dumps(group_ids), *bound),
        )
        return _grouped(self._values(Rule, rows), "group_id")

    def rules_like(self, group_id: str, direction: Direction, asked: Sequence[Asked]) -> list[Rule]:
        """Return the group's rules whose protocol, ports and peer are those of one asked, found by their natural key."""
        wanted = [(item.properties.protocol, *item.properties.ports, item.properties.peer.text) for item in asked]
        rows = self._all(_RULES_LIKE, (json.dumps(wanted), self.world, group_id, direction.value))
        return self._values(Rule, rows)

    def rules_by_id(self, rule_ids: Sequence[str]) -> list[Rule]:
        """Return those of the rules that this world has, in the order of their ids."""
        rows = self._all(
            f"SELECT {_columns(ENTITIES[Rule])} FROM rule WHERE world = ? AND id IN {_LISTED} ORDER BY id",
            (self.world, json.dumps(rule_ids)),
        )
        return self._values(Rule, rows)

    def rules(self, conditions: Sequence[Where] = (), page: Page = ALL) -> list[Rule]:
        """List rules in the order of their ids."""
        return self._listed(Rule, query.RULES, conditions, page)

    def peers(self, group_id: str, direction: Direction) -> list[tuple[str, str]]:
        """Return (kind, text) of the peer of every rule of a group in one direction, for its quota."""
        text = "SELECT peer_kind, peer FROM rule WHERE world = ? AND group_id = ? AND direction = ?"
        return self._all(text, (self.world, group_id, direction.value))  # type: ignore[return-value]

    def referencing(self, group_id: str) -> list[str]:
        """Return the ids of the other groups of this world that have a rule with this group as its peer."""
        rows = self._all(
            "SELECT DISTINCT group_id FROM rule WHERE world = ? AND peer = ? AND group_id != ?",
            (self.world, group_id, group_id),
        )
        return [row[0] for row in rows]

    def tags_of(self, resource_ids: Sequence[str]) -> dict[str, list[Tag]]:
        """Return the tags of each resource, in the order of their keys."""
        rows = self._all(
            f"SELECT {_columns(ENTITIES[Tag])} FROM tag WHERE world = ? AND resource_id IN {_LISTED}"
            " ORDER BY resource_id, key",
            (self.world, json.dumps(resource_ids)),
        )
        return _grouped(self._values(Tag, rows), "resource_id")

    def tags(self, conditions: Sequence[Where], page: Page = ALL) -> list[Tag]:
        """List tags by resource and key; the key of the page is ``resource_id``, a line feed, ``key``."""
        text, bound = query.clause(query.TAGS, conditions)
        resource_id, _, key = page.after.partition("\n")
        rows = self._all(
            f"SELECT {_columns(ENTITIES[Tag])} FROM tag WHERE world = ? AND (resource_id, key) > (?, ?){text}"
            " ORDER BY resource_id, key LIMIT ?",
            (self.world, resource_id, key, *bound, -1 if page.limit is None else page.limit),
        )
        return self._values(Tag, rows)

    def has_resource(self, kind: type, resource_id: str) -> bool:
        """Tell whether this world has the resource."""
        table = ENTITIES[kind].table
        return self._one(f"SELECT 1 FROM {table} WHERE world = ? AND id = ?", (self.world, resource_id)) is not None

    def changes(self, after: int, conditions: Sequence[Where], limit: int) -> list[tuple[Change, list[Delta]]]:
        """Return this world's changes after a revision, each with its deltas in order."""
        text, bound = query.clause(query.CHANGES, conditions)
        rows = self._all(
            f"SELECT * FROM change WHERE change.world = ? AND change.revision > ?{text} ORDER BY revision LIMIT ?",
            (self.world, after, *bound, limit),
        )
        changes = [Change(*row) for row in rows]
        deltas = self._all(
            f"SELECT * FROM delta WHERE revision IN {_LISTED} ORDER BY revision, place",
            (json.dumps([change.revision for change in changes]),),
        )
        of: dict[int, list[Delta]] = {change.revision: [] for change in changes}
        for revision, _, *columns in deltas:
            of[revision].append(Delta(*columns))
        return [(change, of[change.revision]) for change in changes]

    def access_key(self, key_id: str) -> tuple[AccessKey, str] | None:
        """Return an access key and its secret."""
        row = self._one(_ONE_KEY, (key_id,))
        return (AccessKey(*row[:-1]), row[-1]) if row else None

    def access_keys(self) -> list[AccessKey]:
        """List all access keys by account and user."""
        rows = self._all(f"SELECT {_columns(ENTITIES[AccessKey])} FROM access_key ORDER BY account, user, id")
        return self._values(AccessKey, rows)

    def keep_secret(self, key_id: str, secret: str) -> None:
        """Store an access key's secret, outside what the history tells."""
        self._connection.execute("INSERT INTO secret VALUES (?, ?)", (key_id, secret))

    def forget_secret(self, key_id: str) -> None:
        """Remove an access key's secret for good."""
        self._connection.execute("DELETE FROM secret WHERE access_key_id = ?", (key_id,))


def _columns(entity: Entity) -> str:
    return ", ".join(f"{entity.table}.{column}" for column in entity.columns)


def _grouped(values: Iterable[Any], attribute: str) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    for value in values:
        grouped.setdefault(getattr(value, attribute), []).append(value)
    return grouped


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
_LISTED = "(SELECT value FROM json_each(?))"
_ONE_VPC = f"SELECT {_columns(ENTITIES[Vpc])} FROM vpc WHERE world = ? AND "
_ONE_GROUP = f"SELECT {_columns(ENTITIES[Group])} FROM security_group WHERE world = ? AND"
_ONE_KEY = (
    f"SELECT {_columns(ENTITIES[AccessKey])}, secret FROM access_key JOIN secret ON access_key_id = access_key.id"
    " WHERE access_key.id = ?"
)
_RULES_LIKE = f"""
    SELECT {_columns(ENTITIES[Rule])} FROM json_each(?) AS asked CROSS JOIN rule
    WHERE rule.world = ? AND rule.group_id = ? AND rule.direction = ?
    AND rule.protocol = json_extract(asked.value, '$[0]') AND rule.from_port = json_extract(asked.value, '$[1]')
    AND rule.to_port = json_extract(asked.value, '$[2]') AND rule.peer = json_extract(asked.value, '$[3]')"""
