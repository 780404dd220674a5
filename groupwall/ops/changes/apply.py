"""ApplyChanges: several calls of EC2 as one change, all or nothing (inferred)."""

from __future__ import annotations

from typing import Any

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.ops import tokens
from groupwall.ops.changes.confirm import deadline_of, refuse_odd_wait, wait_for_confirmation
from groupwall.ops.operation import Asked, Context, Operation, Params, Result
from groupwall.ops.parameters import kept_text
from groupwall.store.changes import compact

NAME = "ApplyChanges"
MOST_CALLS = 100
LONGEST_REASON = 1000
"""Characters of a Reason, which the history tells for as long as it is kept."""


def apply_changes(params: Params, context: Context) -> Result:
    """Make calls in their order as one change; the first error refuses all of them, with its own code.

    A call that is repeated with its token answers the revision that it made, without the results.
    """
    _refuse_odd(params)
    before = tokens.made_before(params, context, NAME)
    if before is not None:
        return {"Revision": int(before), "ConfirmBy": deadline_of(before, context)}
    calls = [Asked(one["Operation"], one["Parameters"]) for one in params["Calls"]]
    results = [_made(place, len(calls), one, context) for place, one in enumerate(calls, 1)]
    if not context.tx.written:
        return {"Results": results}
    revision = context.tx.head.revision + 1
    tokens.remember(params, context, NAME, str(revision))
    deadline = wait_for_confirmation(params, context, revision)
    return {"Revision": revision, "Results": results, "ConfirmBy": deadline}


def refuse_unreasoned(params: Params) -> None:
    """Refuse Force without a Reason, and one that is too long to keep."""
    reason = params.get("Reason") or ""
    if params.get("Force") and not reason.strip():
        raise errors.missing_parameter("Reason")
    kept_text(reason, "Reason", LONGEST_REASON)


def _refuse_odd(params: Params) -> None:
    calls, flows = params["Calls"], params.get("ExistingFlows")
    if not calls:
        raise errors.missing_parameter("Calls")
    if len(calls) > MOST_CALLS:
        raise errors.too_many_calls(MOST_CALLS)
    if flows not in (None, "keep", "cut"):
        message = f"Value ({flows}) for parameter existingFlows is invalid. Valid values are keep and cut."
        raise errors.invalid_value(message)
    refuse_odd_wait(params)
    refuse_unreasoned(params)


def _made(place: int, of: int, asked: Asked, context: Context) -> dict[str, Any]:
    """Make one call; its error tells which one it was, as a person counts them."""
    try:
        result = context.call(asked, context)
    except ApiError as error:
        message = f"Call {place} of {of} ({asked.operation}): {error.message.removesuffix(error.tail)}"
        raise ApiError(error.code, message, error.status, hint=error.hint, tail=error.tail) from error
    return {"Operation": asked.operation, "Result": compact(result)}


OPERATIONS = (Operation(NAME, apply_changes, calls=True, on=()),)
