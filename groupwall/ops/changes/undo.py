"""UndoChange: restores exactly what a change took, and takes away what it brought (inferred; docs/decisions/0013)."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.ops.changes.apply import refuse_unreasoned
from groupwall.ops.changes.confirm import mark_undone
from groupwall.ops.changes.limits import obstacles
from groupwall.ops.changes.plan import Plan, Step, by_change, later_changes, planned
from groupwall.ops.changes.touched import ON_CHANGED
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import change_asked
from groupwall.store.changes import Delta
from groupwall.store.entities import Instance, Tag
from groupwall.store.integrity import Tie, bereft, taken, unmet
from groupwall.store.tables import ENTITIES


def undo_change(params: Params, context: Context) -> Result:
    """Undo a change, as a change of its own, which can be undone itself; all of it or nothing.

    What is already as it was before the change stays, and so does a rule that is gone when its equal is there.
    """
    refuse_unreasoned(params)
    revision = params["Revision"]
    steps = undone(revision, change_asked(revision, context)[1], context)
    mark_undone(revision, context)
    return {
        "Revision": context.tx.head.revision + 1 if context.tx.written else None,
        "Entities": [
            {"Kind": ENTITIES[one.kind].kind, "Id": one.id, "Action": one.action, "Reason": one.reason or None}
            for one in steps
        ],
    }


def undone(revision: int, deltas: Sequence[Delta], context: Context) -> Sequence[Step]:
    """Undo what the deltas of a change tell; return what was done to each entity. CannotUndo."""
    plan = planned(revision, deltas, context)
    _refuse_odd(revision, plan, context)
    _write(plan.steps, context)
    return plan.steps


def _refuse_odd(revision: int, plan: Plan, context: Context) -> None:
    """Refuse an undo after which not all would hold that has to. What did not hold before the change need not now."""
    after = {(one.kind, one.id): one.wanted for one in plan.steps if one.wanted != one.now}
    gained = [value for value in after.values() if value is not None]
    lacking = unmet(plan.seen, gained)
    later = later_changes([tie.needed for tie in lacking], revision, context)
    changed = {entity_id: by_change(at) for (_, entity_id), at in later.items()}
    for tie in lacking:
        if tie.needed in changed:
            raise _refusal(revision, f"{_name(tie)} needs {tie.needed}, which is gone{changed[tie.needed]}")
    left = list(bereft(plan.seen, after))
    later = later_changes([_id(tie) for tie in left], revision, context)
    for tie in left:
        key = type(tie.value), _id(tie)
        if key in later and key not in after:
            raise _refusal(revision, f"{_name(tie)} needs {tie.needed}, and came{by_change(later[key])}")
    for value, holder in taken(context.tx, gained, after):
        raise _refusal(revision, f"{_name(Tie(holder, ''))} has the place of {_name(Tie(value, ''))}")
    for reason in obstacles(plan, context):
        raise _refusal(revision, reason)


def _refusal(revision: int, reason: str) -> ApiError:
    return errors.cannot_undo(revision, reason)


def _id(tie: Tie) -> str:
    return ENTITIES[type(tie.value)].id_of(tie.value)


def _name(tie: Tie) -> str:
    return f"{ENTITIES[type(tie.value)].kind} {_id(tie)}"


def _write(steps: Sequence[Step], context: Context) -> None:
    """Write what has been checked: what goes, what changes, and then what comes.

    Tags go first, since what has them would take them along; changes are made at once, since keys may change places.
    """
    tx = context.tx
    gone = [one.now for one in steps if one.wanted is None and one.now is not None]
    tx.remove(*(one for one in gone if isinstance(one, Tag)))
    tx.remove(*(one for one in gone if not isinstance(one, Tag)))
    tx.replace_all([(one.now, one.wanted) for one in steps if one.action == "changed back"])
    for one in steps:
        if one.action == "restored":
            tx.add(one.wanted)
    for one in steps:
        if one.kind is Instance and one.now is not None and one.now.script and not (one.wanted and one.wanted.script):
            tx.forget_secret(one.id)


OPERATIONS = (Operation("UndoChange", undo_change, on=(ON_CHANGED,)),)
