"""Changes that undo themselves unless they are confirmed in time (inferred).

Nothing runs that would watch the time: whoever asks anything first has what is due undone (docs/decisions/0013).
"""

from __future__ import annotations

from typing import Any

from groupwall import errors
from groupwall.ops.changes.touched import ON_CHANGED
from groupwall.ops.filters import Paging
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.store.entities import Confirmation
from groupwall.units import MILLISECONDS

WAITING, CONFIRMED, UNDONE, REFUSED = "waiting", "confirmed", "undone", "refused"
LONGEST_WAIT = 86_400
"""Seconds, a day."""


def refuse_odd_wait(params: Params) -> None:
    """Refuse a ConfirmWithin that is too short or too long."""
    seconds = params.get("ConfirmWithin")
    if seconds is not None and not 1 <= seconds <= LONGEST_WAIT:
        message = f"Value ({seconds}) for parameter confirmWithin is invalid. Expecting 1 to {LONGEST_WAIT} seconds."
        raise errors.invalid_value(message)


def wait_for_confirmation(params: Params, context: Context, revision: int) -> int | None:
    """Have the change under way wait for a confirmation, if its call says how long; return until when."""
    seconds = params.get("ConfirmWithin")
    if seconds is None:
        return None
    deadline: int = context.now + seconds * MILLISECONDS
    context.tx.add(Confirmation(str(revision), deadline, WAITING, ""))
    return deadline


def deadline_of(revision: str, context: Context) -> int | None:
    """Return until when a change was to be confirmed, None for one that was not."""
    found = _found(revision, context)
    return found.deadline if found else None


def _found(revision: str, context: Context) -> Confirmation | None:
    return next(iter(context.tx.of(Confirmation, "revision", revision)), None)


def confirm_change(params: Params, context: Context) -> Result:
    """Confirm a change, which stays from then on; one that is confirmed already stays so."""
    revision = params["Revision"]
    found = _found(str(revision), context)
    if found is None:
        raise errors.confirmation_not_found(revision)
    is_late = found.state == WAITING and context.now >= found.deadline
    if is_late or found.state not in (WAITING, CONFIRMED):
        raise errors.confirmation_too_late(revision)
    context.tx.replace(found, found._replace(state=CONFIRMED))
    return {"Revision": revision}


def mark_undone(revision: int, context: Context) -> None:
    """Note that a change which was to be confirmed is undone; one that was confirmed stays known as that."""
    found = _found(str(revision), context)
    if found and found.state in (WAITING, REFUSED):
        context.tx.replace(found, found._replace(state=UNDONE, message=""))


def describe_confirmations(params: Params, context: Context) -> Result:
    """List the changes that were to be confirmed, by revision, with what became of them."""
    paging = Paging(params, context, "confirmations")
    after, limit = paging.page()
    found = context.tx.confirmations(int(after or 0), limit)
    shown, token = paging.split(found, lambda one: one.revision)
    return {"Confirmations": [_described(one) for one in shown], "NextToken": token}


def _described(one: Confirmation) -> dict[str, Any]:
    return {
        "Revision": int(one.revision),
        "Deadline": one.deadline,
        "State": one.state,
        "Message": one.message or None,
    }


OPERATIONS = (
    Operation("ConfirmChange", confirm_change, on=(ON_CHANGED,)),
    Operation("DescribeConfirmations", describe_confirmations, reads=True, in_world=False, on=()),
)
