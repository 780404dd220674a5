"""The world as it is, or as it was at a revision or a time that a call names."""

from __future__ import annotations

from functools import partial

from groupwall import errors
from groupwall.ops.operation import Context, Params, Result
from groupwall.store.changes import Change, Delta
from groupwall.store.seen import Seen, otherwise_before, rewound


def seen(params: Params, context: Context) -> Seen:
    """Return the tables as they are, or as they were at ``AtRevision``, or at the time ``At``.

    InvalidParameterCombination for both, InvalidParameterValue for a revision that is yet to come, or forgotten.
    """
    if params.get("AtRevision") is None and params.get("At") is None:
        return Seen(context.tx, context.world)
    return seen_after(revision_asked(params, context), context)


def revision_asked(params: Params, context: Context) -> int:
    """Return the revision that ``AtRevision`` or ``At`` names, the newest for neither; raises as ``seen`` does."""
    revision, time = params.get("AtRevision"), params.get("At")
    if revision is not None and time is not None:
        message = "Only one of 'AtRevision' or 'At' may be provided."
        raise errors.invalid_combination(message)
    if time is not None:
        return context.tx.revision_at(time)
    return context.tx.head.revision if revision is None else int(revision)


def seen_after(revision: int, context: Context) -> Seen:
    """Return the tables as they were once a revision was reached, 0 for before the first.

    InvalidParameterValue for one that is yet to come, or that lies before the oldest that is known.
    """
    _refuse_unknown(revision, context)
    otherwise = otherwise_before(context.tx.changed_since(revision, rules=False))
    return Seen(context.tx, context.world, otherwise, partial(context.tx.rules_changed_since, revision))


def seen_between(first: int, last: int, context: Context) -> tuple[Seen, Seen, list[tuple[int, Delta]]]:
    """Return the tables as they were once each of two revisions was reached, and the (world, delta) pairs between.

    first: the earlier one. Raises as ``seen_after`` does. Every delta since the first is read once.
    """
    _refuse_unknown(first, context)
    after = seen_after(last, context)
    changed = context.tx.changed_since(first, last)
    return rewound(after, changed), after, changed


def _refuse_unknown(revision: int, context: Context) -> None:
    newest = context.tx.head.revision
    if not 0 <= revision <= newest:
        raise errors.revision_to_come(revision, newest)
    oldest = context.tx.horizon()
    if revision < oldest:
        raise errors.revision_forgotten(revision, oldest)


def change_asked(revision: int, context: Context) -> tuple[Change, list[Delta]]:
    """Return a change of this world. InvalidChange.NotFound, which tells when it may only be kept no longer."""
    found = context.tx.change(revision)
    if found:
        return found
    oldest = context.tx.horizon()
    if 0 < revision <= oldest:
        raise errors.change_forgotten(revision, oldest + 1)
    raise errors.change_not_found(revision)


def change_head(change: Change) -> Result:
    """Return a change without its deltas, as ChangeHead."""
    return {
        "Revision": change.revision,
        "Time": change.time,
        "AccountId": change.account,
        "Region": change.region,
        "Caller": change.caller,
        "Operation": change.operation,
        "RequestId": change.request_id,
        "Request": change.request,
        "Hash": change.hash.hex(),
        "PreviousHash": change.previous.hex(),
    }
