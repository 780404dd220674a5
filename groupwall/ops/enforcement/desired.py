"""DescribeDesired: what hosts should enforce, as a whole or what changed since."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from groupwall.ops.changes.apply import NAME as APPLY
from groupwall.ops.enforcement.differences import Differences, altered_by, differences
from groupwall.ops.enforcement.facts import LISTS, Json, Key, Listed, View
from groupwall.ops.existing_flows import CUT
from groupwall.ops.operation import Context, Operation, Params, Result, Waits
from groupwall.ops.waiting import refuse_long_wait
from groupwall.rules import parsing
from groupwall.store.changes import Delta
from groupwall.store.query import Where
from groupwall.store.rows import PART
from groupwall.store.seen import Seen, otherwise_before

ALL = -1
"""As a limit of SQL."""


def describe_desired(params: Params, context: Context) -> Result:
    """Return the facts of this world that differ since ``After``, and those that are gone; or all there are.

    All when ``After`` is 0, lies before the oldest revision that is known, or is yet to come: then it is of a store
    that this one has taken the place of.
    """
    refuse_long_wait(params)
    given = params.get("VpcIds")
    view = View(Seen(context.tx, context.world), frozenset(map(parsing.vpc_id, given)) if given else None)
    after, head = params.get("After", 0), context.tx.head.revision
    whole = not max(1, context.tx.horizon()) <= after <= head
    if whole:
        return {"Revision": head, "Whole": True} | _whole(view, context)
    question = (context.world, after, context.tx.head, view.vpc_ids)
    told = context.hosts.answer(question, lambda: _changed(after, view, context))
    return {"Revision": head, "Whole": False} | told


def _changed(after: int, view: View, context: Context) -> Result:
    changed = context.tx.changed_since(after)
    before = view._replace(seen=view.seen.but(otherwise_before(changed)))
    found = differences(before, view, changed)
    cuts = altered_by(before, view, _cutting(after, context), sorted(found.keys)) if found.keys else []
    return differing(found, cuts)


def differing(found: Differences, cuts: Iterable[Key]) -> Result:
    """Return facts that differ, list by list. cuts: those that flows under way are to end by."""
    return {
        listed.member: [fact for key, fact in found.told.items() if key.kind == kind] for kind, listed in LISTS.items()
    } | {"Gone": list(map(_name, found.gone)), "Cuts": list(map(_name, cuts))}


def _name(key: Key) -> Json:
    return {"Kind": key.kind, "Id": key.id, "VpcId": key.vpc_id or None}


def _cutting(after: int, context: Context) -> list[Delta]:
    """Return the deltas of changes since a revision which ask for flows under way to be cut."""
    applied = context.tx.changes(after, [Where("operation", (APPLY,))], ALL)
    return [
        delta
        for change, deltas in applied
        if json.loads(change.request).get("ExistingFlows") == CUT
        for delta in deltas
    ]


def _whole(view: View, context: Context) -> Result:
    """Return all facts, list by list and part by part, read while the reply is written."""
    return {listed.member: _all(kind, listed, view, context) for kind, listed in LISTS.items()} | {
        "Gone": [],
        "Cuts": [],
    }


def _all(kind: str, listed: Listed, view: View, context: Context) -> Iterator[Json]:
    parts = _parts(context.tx.referenced_groups()) if kind == "members" else _walked(listed, context)
    return (fact for ids in parts for fact in listed.facts(view, ids).values())


def _walked(listed: Listed, context: Context) -> Iterable[Sequence[str]]:
    return ([one.id for one in part] for part in context.tx.walk(listed.entity))


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + PART] for start in range(0, len(ids), PART))


def _nothing_new(params: Params, result: Result) -> bool:
    return bool(result["Revision"] == params.get("After", 0))


OPERATIONS = (Operation("DescribeDesired", describe_desired, reads=True, on=(), waits=Waits(_nothing_new)),)
