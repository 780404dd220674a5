"""Rows to values: what can be asked of every noun alike, by id, by a column, listed part by part.

Every read is a plain statement over an index; how many there are in a call does not depend on the size of the account.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from groupwall.store import fields, query
from groupwall.store.entities import World
from groupwall.store.query import Where
from groupwall.store.tables import ENTITIES, Entity, Row

T = TypeVar("T")


class TooLarge(Exception):
    """A read that would hold up the others; nothing of it was answered. Run it where it holds up nobody."""


class Page(NamedTuple):
    """Where a listing goes on: after this key, at most so many items. ``limit`` None: all."""

    after: str = ""
    limit: int | None = None


ALL = Page()

PART = 100
"""Items of a listing that are read at once: at 50 rules for a group, a few megabytes while they are described."""


class Rows:
    """The rows of one world, on one connection. ``rows_left``: how many may still be fetched, None for any."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.world = 0
        self._connection = connection
        self._rows_left: int | None = None

    def _all(self, text: str, bound: Sequence[Any] = ()) -> list[Row]:
        cursor = self._connection.execute(text, bound)
        if self._rows_left is None:
            return cursor.fetchall()
        rows = cursor.fetchmany(self._rows_left + 1)
        self._spend(len(rows), cursor)
        return rows

    def _in_parts(self, text: str, bound: Sequence[Any]) -> Iterator[list[Row]]:
        cursor = self._connection.execute(text, bound)
        rows = cursor.fetchmany(PART)
        while rows:
            self._spend(len(rows), cursor)
            yield rows
            rows = cursor.fetchmany(PART) if len(rows) == PART else []

    def _spend(self, rows: int, cursor: sqlite3.Cursor) -> None:
        if self._rows_left is not None:
            self._rows_left -= rows
            if self._rows_left < 0:
                cursor.close()
                raise TooLarge

    def _one(self, text: str, bound: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - a row, or None
        return self._connection.execute(text, bound).fetchone()

    def _values(self, kind: type[T], rows: Iterable[Row]) -> list[T]:
        return list(map(ENTITIES[kind].from_row, rows))

    def by_id(self, kind: type[T], ids: Sequence[str]) -> dict[str, T]:
        """Return those of the entities named that this world has, by their ids."""
        entity = ENTITIES[kind]
        test, bound = among("id", ids)
        text = f"SELECT {COLUMNS[kind]} FROM {entity.table} WHERE {entity.scope} AND {test}"
        return {entity.id_of(one): one for one in self._values(kind, self._all(text, (self.world, bound)))}

    def get(self, kind: type[T], entity_id: str) -> T | None:
        """Return an entity of this world by its id."""
        entity = ENTITIES[kind]
        row = self._one(
            f"SELECT {COLUMNS[kind]} FROM {entity.table} WHERE {entity.scope} AND id = ?", (self.world, entity_id)
        )
        return self._values(kind, [row])[0] if row else None

    def by(self, kind: type[T], column: str, values: Sequence[str]) -> dict[str, list[T]]:
        """Return the entities with one of these values in a column, by that value, each list in the order of the key.

        A value that none has is not in the answer. The column must be one of the kind's, and should be indexed.
        """
        entity = ENTITIES[kind]
        place = entity.columns.index(column)
        test, bound = among(column, values)
        rows = self._all(
            f"SELECT {COLUMNS[kind]} FROM {entity.table} WHERE {entity.scope} AND {test}"
            f" ORDER BY {', '.join(entity.key)}",
            (self.world, bound),
        )
        grouped: dict[str, list[T]] = {}
        for row, value in zip(rows, self._values(kind, rows), strict=True):
            grouped.setdefault(row[place], []).append(value)
        return grouped

    def of(self, kind: type[T], column: str, value: str) -> list[T]:
        """Return the entities with this value in a column, in the order of the key; ``by`` asks for several at once."""
        return self.by(kind, column, [value]).get(value, [])

    def keyed(self, kind: type[T], columns: Sequence[str], wanted: Sequence[Row]) -> list[T]:
        """Return the entities that have one of the rows of values in these columns, which should be indexed."""
        if not wanted:
            return []
        entity = ENTITIES[kind]
        test = " AND ".join(
            f"{entity.table}.{column} = json_extract(asked.value, '$[{place}]')" for place, column in enumerate(columns)
        )
        text = (
            f"SELECT {COLUMNS[kind]} FROM json_each(?2) AS asked CROSS JOIN {entity.table} ON {entity.scope} AND {test}"
        )
        return self._values(kind, self._all(text, (self.world, json.dumps(wanted))))

    def any(self, kind: type[T], column: str, value: str) -> bool:
        """Tell whether an entity has this value in a column."""
        entity = ENTITIES[kind]
        text = f"SELECT 1 FROM {entity.table} WHERE {entity.scope} AND {_checked(entity, column)} = ? LIMIT 1"
        return self._one(text, (self.world, value)) is not None

    def count(self, kind: type[T], column: str = "", value: str = "") -> int:
        """Return how many entities have this value in a column, or how many there are when no column is named."""
        entity = ENTITIES[kind]
        test, bound = (f" AND {_checked(entity, column)} = ?", [value]) if column else ("", [])
        text = f"SELECT count(*) FROM {entity.table} WHERE {entity.scope}{test}"
        return int(self._one(text, (self.world, *bound))[0])

    def listed(self, kind: type[T], conditions: Sequence[Where] = (), page: Page = ALL) -> list[T]:
        """List the entities of one kind that meet the conditions, in the order that the kind is listed by."""
        return [one for part in self.walk(kind, conditions, page) for one in part]

    def walk(self, kind: type[T], conditions: Sequence[Where] = (), page: Page = ALL) -> Iterator[list[T]]:
        """Yield what ``listed`` lists part by part, each read when it is asked for: by one statement, on one snapshot.

        For use within the attempt that it began in.
        """
        entity = ENTITIES[kind]
        text, bound = query.clause(fields.FIELDS.get(kind, {}), conditions)
        order, marks = ", ".join(entity.listed_by), ", ".join("?" * len(entity.listed_by))
        parts = self._in_parts(
            f"SELECT {COLUMNS[kind]} FROM {entity.table} WHERE {entity.table}.{entity.listing or entity.scope}"
            f" AND ({order}) > ({marks}){text} ORDER BY {order} LIMIT ?",
            (self.world, *_after(page, entity), *bound, -1 if page.limit is None else page.limit),
        )
        return (self._values(kind, rows) for rows in parts)

    def place(self, value: object) -> str:
        """Return the key of the page that goes on after this entity."""
        return "/".join(getattr(value, column) for column in ENTITIES[type(value)].listed_by)

    def anywhere(self, kind: type[T], ids: Sequence[str]) -> dict[str, tuple[World, T]]:
        """Return those of the entities named that any world has, each with its world, by their ids.

        It is for what lies across a peering connection: who asks must not tell a caller more than that connection does.
        """
        entity = ENTITIES[kind]
        test, bound = among(f"{entity.table}.id", ids)
        rows = self._all(
            f"SELECT world.account, world.region, {COLUMNS[kind]} FROM {entity.table}"
            f" JOIN world ON world.world = {entity.table}.world WHERE {test}",
            (bound,),
        )
        values = self._values(kind, [row[2:] for row in rows])
        return {entity.id_of(one): (World(*row[:2]), one) for row, one in zip(rows, values, strict=True)}


def _after(page: Page, entity: Entity) -> list[str]:
    """Return the columns of a page's key; no id has a slash in it, so only the last column may."""
    last = len(entity.listed_by) - 1
    texts = page.after.split("/", last)
    return texts + [""] * (last + 1 - len(texts))


def _checked(entity: Entity, column: str) -> str:
    return entity.columns[entity.columns.index(column)]


def among(column: str, values: Sequence[str]) -> tuple[str, str]:
    """Return the test that a column is one of these, and what to bind; the common case of one costs half as much."""
    return (f"{column} = ?", values[0]) if len(values) == 1 else (f"{column} IN {LISTED}", json.dumps(values))


COLUMNS = {
    kind: ", ".join(f"{entity.table}.{column}" for column in entity.columns) for kind, entity in ENTITIES.items()
}
LISTED = "(SELECT value FROM json_each(?))"
