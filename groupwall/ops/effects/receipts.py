"""Receipts: what a past change did, told by the history when it is asked for, and never stored (inferred)."""

from __future__ import annotations

import json

from groupwall import errors
from groupwall.ops.effects.mismatches import Made
from groupwall.ops.effects.previews import done
from groupwall.ops.filters import anywhere
from groupwall.ops.operation import Asked, Context, Operation, Params, Result
from groupwall.ops.past import change_asked, change_head, seen_between
from groupwall.store.changes import Change, Delta


def describe_receipt(params: Params, context: Context) -> Result:
    """Tell what a change did: the same as its preview told, if it was made next after that.

    MissingParameter or InvalidParameterCombination unless it is named by its revision or by its request's id;
    InvalidChange.NotFound where this world has no such change.
    """
    change, deltas = _found(params, context)
    before, after, _ = seen_between(change.revision - 1, change.revision, context)
    return {
        "Change": change_head(change),
        "Revision": change.revision,
        **done(Made(_calls(change), deltas, None), before, after, context),
    }


def _found(params: Params, context: Context) -> tuple[Change, list[Delta]]:
    revision, request_id = params.get("Revision"), params.get("RequestId")
    if revision is None and request_id is None:
        raise errors.missing_parameter("Revision")
    if revision is not None and request_id is not None:
        message = "Only one of 'revision' or 'requestId' may be provided."
        raise errors.invalid_combination(message)
    if revision is None:
        return _of_request(str(request_id), context)
    return change_asked(revision, context)


def _of_request(request_id: str, context: Context) -> tuple[Change, list[Delta]]:
    """Return the last change of a request: the one before it may be the beginning of the world."""
    found = context.tx.changes(0, [anywhere("request-id", [request_id])], 2)
    if not found:
        raise errors.change_not_found(request_id)
    return found[-1]


def _calls(change: Change) -> list[Asked]:
    """Return the calls of EC2 that a change consists of: itself, or those of ApplyChanges."""
    if change.operation != "ApplyChanges":
        return [Asked(change.operation, change.request)]
    return [Asked(one["Operation"], one["Parameters"]) for one in json.loads(change.request)["Calls"]]


OPERATIONS = (Operation("DescribeReceipt", describe_receipt, reads=True, on=()),)
