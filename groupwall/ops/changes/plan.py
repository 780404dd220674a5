"""What an undo does to each entity that a change touched, worked out before anything is written (inferred)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.errors import cannot_undo
from groupwall.ops.operation import Context
from groupwall.rules.values import Rule
from groupwall.store.changes import Delta, columns_text, value_of
from groupwall.store.entities import Confirmation, Host, World
from groupwall.store.integrity import NEEDS, columns_of, kept
from groupwall.store.seen import Seen, otherwise_after
from groupwall.store.tables import BY_KIND, ENTITIES

Key = tuple[type[Any], str]
"""The type and the id of an entity."""


class Step(NamedTuple):
    """One entity: as it is, and as the undo leaves it; None for not there. reason: why it stays as it is, if it does.

    ``wanted`` is ``now`` where nothing is done.
    """

    kind: type[Any]
    id: str
    now: Any
    wanted: Any
    reason: str = ""

    @property
    def action(self) -> str:
        """What is done, in the words of the answer."""
        if self.wanted == self.now:
            return "unchanged"
        if self.now is None:
            return "restored"
        return "removed" if self.wanted is None else "changed back"

    @property
    def name(self) -> str:
        """The entity as a text names it."""
        return f"{ENTITIES[self.kind].kind} {self.id}"


class Plan(NamedTuple):
    """An undo: its steps, what they touch last first, and the tables as they would be after it."""

    steps: tuple[Step, ...]
    seen: Seen

    def gained(self, kind: type[Any]) -> list[Step]:
        """Return the steps by which entities of a kind come back, or are changed."""
        return [one for one in self.steps if one.kind is kind and one.wanted not in (None, one.now)]

    def gone(self, kind: type[Any]) -> list[Step]:
        """Return the steps by which entities of a kind go away."""
        return [one for one in self.steps if one.kind is kind and one.wanted is None and one.now is not None]


def planned(revision: int, deltas: Sequence[Delta], context: Context) -> Plan:
    """Return how a change is undone. CannotUndo where it is of no kind that can be, or was altered since."""
    touched = _net(deltas)
    if not touched:
        raise cannot_undo(revision, "it only tells what became of another change, or what a host enforces")
    if any(kind is World for kind, _ in touched):
        raise cannot_undo(revision, "a world that has begun stays")
    now = kept(context.tx, [before or after for before, after in touched.values()])
    _refuse_altered(revision, touched, now, context)
    steps = [Step(*key, now.get(key), before) for key, (before, _) in reversed(touched.items())]
    steps = _without_equals(steps, context)
    changed = [(context.tx.world, _delta(one)) for one in steps]
    return Plan(tuple(steps), Seen(context.tx, context.world, otherwise_after(changed)))


def _net(deltas: Iterable[Delta]) -> dict[Key, tuple[Any, Any]]:
    """Return what a change did to each entity as a whole: as it was before and after, and not alike.

    Confirmations tell of changes, and hosts of themselves: they are no part of what can be undone.
    """
    found: dict[Key, tuple[Any, Any]] = {}
    for delta in deltas:
        key = BY_KIND[delta.kind], delta.id
        before, after = (None if text is None else value_of(delta.kind, text) for text in (delta.before, delta.after))
        found[key] = found.pop(key)[0] if key in found else before, after
    return {key: pair for key, pair in found.items() if pair[0] != pair[1] and key[0] not in _TELLING}


_TELLING = frozenset({Confirmation, Host})


def _refuse_altered(
    revision: int, touched: Mapping[Key, tuple[Any, Any]], now: Mapping[Key, Any], context: Context
) -> None:
    altered = [key for key, pair in touched.items() if now.get(key) not in pair]
    if altered:
        kind, entity_id = altered[0]
        later = later_changes([entity_id], revision, context).get(altered[0])
        raise cannot_undo(revision, f"{ENTITIES[kind].kind} {entity_id} was altered since{by_change(later)}")


def later_changes(ids: Iterable[str], revision: int, context: Context) -> dict[Key, int | None]:
    """Return the last change after a revision of each entity named; None for one of another account or Region."""
    found: dict[Key, int | None] = {}
    mine = context.tx.world
    for kind, entity_id, later, world in context.tx.last_changed(sorted(set(ids)), revision):
        key = BY_KIND[kind], entity_id
        if world == mine or found.get(key) is None:
            found[key] = later if world == mine else None
    return found


def by_change(revision: int | None) -> str:
    """Return the end of a reason that lies in a later change."""
    if revision is None:
        return ", from another account or Region"
    return f", by the change {revision}; undoing that one first would help"


def _without_equals(steps: Sequence[Step], context: Context) -> list[Step]:
    """Return the steps, without a rule whose equal is there, nor what would hang on it: they stay away."""
    back = [one.wanted for one in steps if one.kind is Rule and one.now is None and one.wanted is not None]
    columns = ENTITIES[Rule].key
    touched = {one.id for one in steps if one.kind is Rule}
    there = context.tx.keyed(Rule, columns, columns_of(back, columns))
    equals = {_natural_key(one): one.id for one in there if one.id not in touched}
    equal_of = {rule.id: equals[_natural_key(rule)] for rule in back if _natural_key(rule) in equals}
    return [_left_away(one, equal_of) for one in steps]


def _natural_key(rule: Rule) -> tuple[Any, ...]:
    return rule.group_id, rule.direction, rule.properties


def _left_away(step: Step, equal_of: Mapping[str, str]) -> Step:
    rules = [step.id] if step.kind is Rule else list(_needed(step.wanted)) if step.wanted is not None else []
    equal = next((equal_of[one] for one in rules if one in equal_of), None)
    if equal is None or step.now is not None:
        return step
    return step._replace(wanted=None, reason=f"an equal rule is there: {equal}")


def _needed(value: Any) -> Iterator[str]:  # noqa: ANN401 - any entity
    """Yield the ids that an entity needs."""
    names = [need.column for need in NEEDS.get(type(value), ())]
    yield from (columns_of([value], names)[0] if names else ())


def _delta(step: Step) -> Delta:
    entity = ENTITIES[step.kind]
    before, after = (None if one is None else columns_text(entity, one) for one in (step.now, step.wanted))
    return Delta(entity.kind, step.id, before, after)
