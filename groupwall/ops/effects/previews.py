"""Previews: what calls would do if they were made as one change (inferred).

The calls are made, and undone; what is left of them are their deltas. So a preview tells what the calls themselves do,
with every check that they have, and no second account of them can be wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.changes.apply import MOST_CALLS
from groupwall.ops.effects.effects import effect
from groupwall.ops.effects.mismatches import Made, mismatches
from groupwall.ops.expectations.check import broken_by, broken_shown
from groupwall.ops.findings.dependents import hints_for
from groupwall.ops.groups.groups import ON_GROUP
from groupwall.ops.operation import Asked, Context, Operation, Params, Result, Tried
from groupwall.store.changes import compact
from groupwall.store.entities import Expectation
from groupwall.store.seen import Seen, otherwise_after


def preview(calls: Sequence[Asked], context: Context) -> Result:
    """Return what calls that were tried would do."""
    tried = context.tried
    assert tried is not None  # noqa: S101 - the operation's row says that it tries them
    before = Seen(context.tx, context.world)
    after = before.but(otherwise_after((context.tx.world, one) for one in tried.deltas))
    made, refused = Made(calls, tried.deltas, tried.refused_at), refused_at(calls, tried, after)
    would_be = _refused_whole(made, before, after, context) if refused else done(made, before, after, context)
    return {
        "Revision": context.tx.head.revision,
        **would_be,
        "Refused": refused,
        "Results": [] if refused else [compact(one) for one in tried.results],
    }


def _refused_whole(made: Made, before: Seen, after: Seen, context: Context) -> Result:
    """Return what calls would do of which one would be refused: nothing, but for what they name and is not there."""
    nothing: Result = {"Rules": [], "Gates": [], "References": [], "Expectations": []}
    return nothing | {"Mismatches": mismatches(made, before, after, context)}


def done(made: Made, before: Seen, after: Seen, context: Context) -> Result:
    """Return all that calls do, did or would do, told from the tables before and after."""
    return {
        **effect(before, after, made.deltas, context),
        "Mismatches": mismatches(made, before, after, context),
        "Expectations": broken_shown(broken_by(before.all(Expectation), before, after, made.deltas)),
    }


def refused_at(calls: Sequence[Asked], tried: Tried, after: Seen) -> dict[str, Any] | None:
    """Return why a call would be refused, told from the tables after those in front of it."""
    if tried.error is None or tried.refused_at is None:
        return None
    hints = hints_for(calls[tried.refused_at], tried.error, after)
    told = {"CallIndex": tried.refused_at, "Code": tried.error.code, "Message": tried.error.message}
    return told | {"Hints": hints}


def calls_asked(params: Params, _: Context | None = None) -> list[Asked]:
    """Return the calls of a request. MissingParameter for none, InvalidParameterValue for too many."""
    calls = [Asked(one["Operation"], one["Parameters"]) for one in params["Calls"]]
    if not calls:
        raise errors.missing_parameter("Calls")
    if len(calls) > MOST_CALLS:
        raise errors.too_many_calls(MOST_CALLS)
    return calls


def preview_changes(params: Params, context: Context) -> Result:
    """Tell what calls would do as one change; where one would be refused, that none does anything, and why."""
    return preview(calls_asked(params), context)


def revoke_asked(params: Params, _: Context | None = None) -> list[Asked]:
    """Return the revoke that is meant: of egress where ``IsEgress`` says so."""
    given = {name: value for name, value in params.items() if name != "IsEgress"}
    return [Asked(f"RevokeSecurityGroup{'Egress' if params.get('IsEgress') else 'Ingress'}", compact(given))]


def preview_revoke(params: Params, context: Context) -> Result:
    """Tell what a revoke would do, with the parameters that the revoke has, the flat form of ingress too."""
    return preview(revoke_asked(params), context)


OPERATIONS = (
    Operation("PreviewChanges", preview_changes, tries=calls_asked, on=()),
    Operation("PreviewRevoke", preview_revoke, tries=revoke_asked, on=(ON_GROUP,)),
)
