"""The one noun and its law: every accepted mutation is a change with its deltas, and ``fold(deltas) == tables``.

A change holds the hash of the one before, so that a history which was altered in one place no longer adds up from
there on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from groupwall.store.entities import World
from groupwall.store.tables import BY_KIND, ENTITIES, Entity

compact = json.JSONEncoder(separators=(",", ":")).encode
"""JSON text without spaces: the one form that is stored and hashed."""

GENESIS = bytes(32)
"""The hash before the first change."""


class Head(NamedTuple):
    """Where the history stands: the revision of the last change and its hash."""

    revision: int
    hash: bytes


class Delta(NamedTuple):
    """What a change did to one entity: its columns before and after as JSON text, None where it did not exist."""

    kind: str
    id: str
    before: str | None
    after: str | None


class Event(NamedTuple):
    """Who asked for what, and when: what a change tells beside its deltas. time is in milliseconds since 1970."""

    time: int
    caller: str
    operation: str
    request_id: str
    request: str


class Change(NamedTuple):
    """One committed alteration. world is the row number of account and region; 0, and both empty, for access keys."""

    revision: int
    world: int
    account: str
    region: str
    time: int
    caller: str
    operation: str
    request_id: str
    request: str
    previous: bytes
    hash: bytes


def next_change(head: Head, number: int, world: World, event: Event, deltas: Sequence[Delta]) -> Change:
    """Return the change that follows ``head`` in a world, given with its row number.

    Its hash covers what is told to clients: the world's names, the event, the hash before it and the deltas.
    """
    revision = head.revision + 1
    digest = hashlib.sha256(compact([revision, *world, *event, head.hash.hex(), deltas]).encode()).digest()
    return Change._make((revision, number, *world, *event, head.hash, digest))


def follows(change: Change, head: Head, deltas: Sequence[Delta]) -> bool:
    """Tell whether a change, as it was stored, is the one that follows ``head`` with these deltas, hash and all."""
    world, event = World(change.account, change.region), Event(*change[4:9])
    return change == next_change(head, change.world, world, event, deltas)


def columns_text(entity: Entity, value: object) -> str:
    """Return an entity's columns as the JSON text that a delta carries."""
    return compact(dict(zip(entity.columns, entity.to_row(value), strict=True)))


def value_of(kind: str, text: str) -> Any:  # noqa: ANN401 - a value of that kind
    """Return the entity whose columns a delta of a kind carries: the inverse of ``columns_text``."""
    entity = ENTITIES[BY_KIND[kind]]
    columns = _DEFAULTS[kind] | json.loads(text)
    return entity.from_row(tuple(columns[name] for name in entity.columns))


def mentioned(deltas: Iterable[Delta]) -> set[str]:
    """Return the ids by which what changed names others: what it belongs to, and groups that are a rule's peer."""
    texts = (text for delta in deltas for text in (delta.before, delta.after) if text)
    return {entity_id for text in texts for entity_id in _NAMED.findall(text)}


def fold(deltas: Iterable[tuple[int, Delta]]) -> dict[tuple[int, str, str], dict[str, Any]]:
    """Replay (world, delta) pairs in order; return what they leave: (world, kind, id) -> columns.

    World is 0 for what belongs to no world or to several. ValueError when a delta does not start from what the ones
    before it left.
    """
    state: dict[tuple[int, str, str], dict[str, Any]] = {}
    for world, delta in deltas:
        where = (world if _IN_WORLD[delta.kind] else 0, delta.kind, delta.id)
        if state.pop(where, None) != _columns(delta.kind, delta.before):
            message = f"{where} does not begin where the changes before it ended"
            raise ValueError(message)
        after = _columns(delta.kind, delta.after)
        if after is not None:
            state[where] = after
    return state


def _columns(kind: str, text: str | None) -> dict[str, Any] | None:
    """Return the columns that a delta tells, those that came later with their defaults."""
    return None if text is None else _DEFAULTS[kind] | json.loads(text)


_NAMED = re.compile(
    r'"(?:group_id|interface_id|vpc_id|requester_vpc|accepter_vpc|resource_id|peer)":"([^"/]+)"'
)  # fmt: skip
"""Columns that hold another entity's id, in compact JSON; a peer may be a block instead, which has a slash.

To parse the text would cost a write 2 % more. Nothing within a value is taken for a column: a quote there is escaped.
"""

_IN_WORLD = {entity.kind: entity.in_world for entity in ENTITIES.values()}
_DEFAULTS = {entity.kind: value._field_defaults for value, entity in ENTITIES.items()}
