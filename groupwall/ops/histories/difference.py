"""DescribeDifference: what lies between two instants, as rules, as traffic, and all else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.effects.effects import effect
from groupwall.ops.flows.shown import Json
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import seen_between
from groupwall.rules.values import Rule
from groupwall.store.changes import Delta
from groupwall.store.tables import ENTITIES


def describe_difference(params: Params, context: Context) -> Result:
    """Describe the difference between two revisions, or times, the later one now by default.

    What changed and changed back is no difference. InvalidParameterValue when the first is the later one.
    """
    first = _revision(params, "From", context)
    last = _revision(params, "To", context)
    if first is None:
        raise errors.missing_parameter("FromRevision")
    last = context.tx.head.revision if last is None else last
    if first > last:
        raise errors.revisions_reversed(first, last)
    before, after, changed = seen_between(first, last, context)
    told = effect(before, after, [delta for _, delta in changed], context)
    mine = (delta for world, delta in changed if world == context.tx.world)
    return {
        "FromRevision": first,
        "ToRevision": last,
        "Rules": told["Rules"],
        "Gates": told["Gates"],
        "Entities": [_shown(one) for one in _net(mine) if one.kind != ENTITIES[Rule].kind],
    }


def _revision(params: Params, end: str, context: Context) -> int | None:
    revision, time = params.get(f"{end}Revision"), params.get(end)
    if revision is not None and time is not None:
        message = f"Only one of '{end}Revision' or '{end}' may be provided."
        raise errors.invalid_combination(message)
    return context.tx.revision_at(time) if time is not None else revision


class Net(NamedTuple):
    """An entity before the first and after the last of some changes."""

    kind: str
    id: str
    before: str | None
    after: str | None


def _net(deltas: Iterable[Delta]) -> Iterator[Net]:
    """Yield what differs in the end, by kind and id."""
    found: dict[tuple[str, str], Net] = {}
    for delta in deltas:
        known = found.get((delta.kind, delta.id))
        found[delta.kind, delta.id] = Net(*delta) if known is None else known._replace(after=delta.after)
    return (one for _, one in sorted(found.items()) if one.before != one.after)


def _shown(one: Net) -> Json:
    action = "added" if one.before is None else "removed" if one.after is None else "modified"
    return {
        "Kind": one.kind,
        "Id": one.id,
        "Action": action,
        "Before": one.before,
        "After": one.after,
        "Text": f"{action} {one.kind} {one.id}",
    }


OPERATIONS = (Operation("DescribeDifference", describe_difference, reads=True, on=()),)
