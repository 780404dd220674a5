"""The tables as they were, or as they would be: what they hold, with some entities otherwise.

The past is the tables of now with what each entity was before the changes since; what calls would do is the tables with
what each entity would be after them. Either way the deltas are all that has to be known, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from groupwall.rules.values import Rule
from groupwall.store.changes import Delta, value_of
from groupwall.store.entities import Peering, PrefixListEntry, World
from groupwall.store.reads import Reads
from groupwall.store.tables import BY_KIND, ENTITIES

T = TypeVar("T")


EVERY_WORLD = 0
"""In the place of a world's row number, for what belongs to no world or to several."""

Otherwise = dict[type[Any], dict[int, dict[str, Any]]]
"""An entity as it was or would be, by its type, its world's row number and its id, since worlds share some ids.

None where it was or would not be there.
"""

RulesSince = Callable[[str, Sequence[str]], list[tuple[int, Delta]]]
"""What changed since of the rules with one of some values in a column; see ``History.rules_changed_since``."""


def otherwise_before(deltas: Iterable[tuple[int, Delta]]) -> Otherwise:
    """Return what (world, delta) pairs changed as it was before the first of them, given in their order."""
    return _gathered(deltas, lambda delta: delta.before, last=False)


def otherwise_after(deltas: Iterable[tuple[int, Delta]]) -> Otherwise:
    """Return what (world, delta) pairs changed as it was after the last of them, given in their order."""
    return _gathered(deltas, lambda delta: delta.after, last=True)


def _gathered(deltas: Iterable[tuple[int, Delta]], side: Callable[[Delta], str | None], *, last: bool) -> Otherwise:
    gathered: dict[type[Any], dict[int, dict[str, Any]]] = {}
    for world, delta in deltas:
        kind = BY_KIND[delta.kind]
        found = gathered.setdefault(kind, {}).setdefault(world if ENTITIES[kind].in_world else EVERY_WORLD, {})
        if last or delta.id not in found:
            text = side(delta)
            found[delta.id] = None if text is None else value_of(delta.kind, text)
    return gathered


def rewound(seen: Seen, deltas: Sequence[tuple[int, Delta]]) -> Seen:
    """Return a past as it was before the last changes that led to it, given as (world, delta) pairs in their order."""
    earlier = otherwise_before(deltas)
    joined = {kind: {world: dict(of) for world, of in worlds.items()} for kind, worlds in seen.otherwise.items()}
    for kind, worlds in earlier.items():
        for world, of in worlds.items():
            joined.setdefault(kind, {}).setdefault(world, {}).update(of)
    return seen.but(joined)


class Seen:
    """What can be asked of the tables of one world, with some entities otherwise. The questions are those of Rows.

    What was read by a column is kept for those made by ``but``, as what they are compared with has mostly the same: so
    nothing may be written while they are asked.
    """

    def __init__(
        self, reads: Reads, world: World, otherwise: Otherwise | None = None, rules_since: RulesSince | None = None
    ) -> None:
        """rules_since: tells how rules are otherwise, where ``otherwise`` does not: it is asked when they are."""
        self.world = world
        self._reads = reads
        self._otherwise = {} if otherwise is None else otherwise
        self._rules_since = rules_since
        self._recalled: set[tuple[str, str]] = set()
        self._kept: dict[tuple[type[Any], str, tuple[str, ...]], dict[str, list[Any]]] = {}

    @property
    def otherwise(self) -> Otherwise:
        """What is otherwise than the tables have it, as far as it is known by now."""
        return self._otherwise

    def but(self, otherwise: Otherwise) -> Seen:
        """Return the same world with other entities otherwise."""
        other = Seen(self._reads, self.world, otherwise, self._rules_since)
        other._kept, other._recalled = self._kept, set(self._recalled)
        return other

    def at(self, world: World) -> Seen | None:
        """Return another world, with the same entities otherwise; None when it has not begun."""
        reads = self._reads.at(world)
        if reads is None:
            return None
        other = Seen(reads, world, self._otherwise, self._rules_since)
        other._recalled = self._recalled
        return other

    def get(self, kind: type[T], entity_id: str) -> T | None:
        """Return an entity by its id."""
        return self.by_id(kind, [entity_id]).get(entity_id)

    def by_id(self, kind: type[T], ids: Sequence[str]) -> dict[str, T]:
        """Return those of the entities named that there are, by their ids."""
        if not ids:
            return {}
        self._recall(kind, "id", ids)
        return self._mended(kind, self._reads.by_id(kind, ids), ids)

    def of(self, kind: type[T], column: str, value: str) -> list[T]:
        """Return the entities with this value in a column."""
        return self.by(kind, column, [value]).get(value, [])

    def by(self, kind: type[T], column: str, values: Sequence[str]) -> dict[str, list[T]]:
        """Return the entities with one of these values in a column, by that value; see ``Rows.by``."""
        if not values:
            return {}
        self._recall(kind, column, values)
        key = (kind, column, tuple(values))
        if key not in self._kept:
            self._kept[key] = self._reads.by(kind, column, values)
        return self._grouped(kind, column, values, self._kept[key])

    def entries(self, list_ids: Sequence[str]) -> dict[str, list[PrefixListEntry]]:
        """Return the entries that prefix lists have now, by list."""
        if not list_ids:
            return {}
        found = self._grouped(PrefixListEntry, "list_id", list_ids, self._reads.entries(list_ids))
        return {list_id: [one for one in some if not one.last] for list_id, some in found.items()}

    def live_peerings(self, vpc_ids: Sequence[str]) -> list[Peering]:
        """Return the peerings of VPCs of any world that are active or asked for; see ``Reads.live_peerings``."""
        found = {one.id: one for one in self._reads.live_peerings(vpc_ids)} if vpc_ids else {}
        for peering_id, peering in self._others(Peering).items():
            found.pop(peering_id, None)
            if peering and peering.status in _LIVE and {*vpc_ids} & {*_ends(peering)}:
                found[peering_id] = peering
        return [found[peering_id] for peering_id in sorted(found)]

    def anywhere(self, kind: type[T], ids: Sequence[str]) -> dict[str, tuple[World, T]]:
        """Return those of the entities named that any world has, each with its world; see ``Rows.anywhere``."""
        if not ids:
            return {}
        self._recall(kind, "id", ids)
        found = self._reads.anywhere(kind, ids)
        others = self._otherwise.get(kind, {})
        worlds = self._reads.worlds(sorted(others)) if others else {}
        for number, values in others.items():
            for entity_id in values.keys() & {*ids}:
                found.pop(entity_id, None)
                if values[entity_id] is not None and number in worlds:
                    found[entity_id] = (worlds[number], values[entity_id])
        return found

    def all(self, kind: type[T]) -> list[T]:
        """Return every entity of a kind that lies in a world, in the order of the ids."""
        self._recall(kind, "", [""])
        id_of = ENTITIES[kind].id_of
        kept = {id_of(one): one for one in self._reads.listed(kind)}
        found = self._mended(kind, kept, self._others(kind))
        return [found[one] for one in sorted(found)]

    def _recall(self, kind: type[Any], column: str, values: Sequence[str]) -> None:
        """See to it that it is known how those rules are otherwise that have one of these values in a column.

        Rules are most of what changes, and those of a few groups are asked for.
        """
        if self._rules_since is None or kind is not Rule:
            return
        missing = [one for one in values if (column, one) not in self._recalled]
        if missing:
            self._recalled.update((column, one) for one in missing)
            for world, rules in otherwise_before(self._rules_since(column, missing)).get(Rule, {}).items():
                known = self._otherwise.setdefault(Rule, {}).setdefault(world, {})
                known |= {rule_id: rule for rule_id, rule in rules.items() if rule_id not in known}

    def _others(self, kind: type[T]) -> Mapping[str, T | None]:
        """Return what is otherwise of this world, and of what lies in none."""
        return self._otherwise.get(kind, {}).get(self._reads.world if ENTITIES[kind].in_world else EVERY_WORLD, {})

    def _grouped(
        self, kind: type[T], column: str, values: Sequence[str], found: dict[str, list[T]]
    ) -> dict[str, list[T]]:
        others = self._others(kind)
        if not others:
            return found
        entity, wanted = ENTITIES[kind], set(values)
        value_in = _column(kind, column)
        kept = {entity.id_of(one): one for some in found.values() for one in some}
        joining = [one for one, other in others.items() if other is not None and value_in(other) in wanted]
        mended = self._mended(kind, kept, joining)
        grouped: dict[str, list[T]] = {}
        for one in sorted(mended.values(), key=lambda one: _key(kind, one)):
            grouped.setdefault(value_in(one), []).append(one)
        return grouped

    def _mended(self, kind: type[T], found: dict[str, T], wanted: Iterable[str]) -> dict[str, T]:
        """Return what was found, without what is otherwise, and with what of that is wanted and seen from here."""
        others = self._others(kind)
        if not others:
            return found
        kept = {one: value for one, value in found.items() if one not in others}
        for one in wanted:
            other = others.get(one)
            if other is not None and (not isinstance(other, Peering) or self._is_side(other)):
                kept[one] = other
        return kept

    def _is_side(self, peering: Peering) -> bool:
        """Tell whether this world sees a peering: one that failed was never the accepter's, as the tables tell it."""
        requester, accepter = _sides(peering)
        return self.world == requester or (self.world == accepter and peering.status != "failed")


_LIVE = ("pending-acceptance", "active")


def _ends(peering: Peering) -> tuple[str, str]:
    return peering.requester_vpc, peering.accepter_vpc


def _sides(peering: Peering) -> tuple[World, World]:
    return (
        World(peering.requester_account, peering.requester_region),
        World(peering.accepter_account, peering.accepter_region),
    )


def _column(kind: type[Any], name: str) -> Callable[[Any], Any]:
    """Return what gives the value of a column, which need not be a member of that name."""
    entity = ENTITIES[kind]
    if hasattr(kind, "_fields") and entity.columns == kind._fields:
        return attrgetter(name)
    place = entity.columns.index(name)
    return lambda value: entity.to_row(value)[place]


def _key(kind: type[Any], value: object) -> tuple[Any, ...]:
    entity = ENTITIES[kind]
    columns = dict(zip(entity.columns, entity.to_row(value), strict=True))
    return tuple(columns[name] for name in entity.key)
