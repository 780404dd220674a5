"""The history, as DescribeChanges tells it to clients and to the agents that follow it."""

from __future__ import annotations

from typing import Any

from groupwall import errors
from groupwall.ops.filters import conditions
from groupwall.ops.operation import Context, Operation, Params, Result, Waits
from groupwall.ops.past import change_head
from groupwall.ops.waiting import refuse_long_wait
from groupwall.store.changes import Change, Delta
from groupwall.store.history import Window

FILTERS = {
    "operation": "operation",
    "caller": "caller",
    "request-id": "request-id",
    "resource-id": "resource-id",
    **dict.fromkeys(("group-id", "security-group-rule-id", "interface-id", "vpc-id"), "tells-of"),
}
PAGE, LARGEST_PAGE = 100, 1000


def describe_changes(params: Params, context: Context) -> Result:
    """Return this world's changes, oldest first or newest first; NextAfter or NextBefore tell where the page ends.

    Oldest tells whoever follows the changes that those between After and it are not kept any more; an error instead
    would leave no way to go on. With Keys: the changes of the account's access keys, which belong to no world.
    """
    refuse_long_wait(params)
    limit = page_size(params)
    newest = bool(params.get("NewestFirst"))
    window = window_asked(params)._replace(newest_first=newest)
    account = context.world.account if params.get("Keys") else None
    found = context.tx.changes(params.get("After", 0), conditions(params, FILTERS), limit + 1, window, account)
    shown = found[:limit]
    end = shown[-1][0].revision if len(found) > limit else None
    return {
        "Changes": [_described(change, deltas) for change, deltas in shown],
        "NextAfter": None if newest else end,
        "NextBefore": end if newest else None,
        "Revision": context.tx.head.revision,
        "Oldest": oldest_kept(context),
    }


def oldest_kept(context: Context) -> int | None:
    """Return the oldest revision whose change is kept, or would be if it were made; None while all are (inferred)."""
    horizon = context.tx.horizon()
    return horizon + 1 if horizon else None


def page_size(params: Params) -> int:
    """Return how many changes a page may hold."""
    limit: int = params.get("MaxResults", PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise errors.max_results(limit, 1, LARGEST_PAGE)
    return limit


def window_asked(params: Params) -> Window:
    """Return the part of the history that a call names by Before, Since and Until."""
    return Window(params.get("Before"), params.get("Since"), params.get("Until"))


def _described(change: Change, deltas: list[Delta]) -> dict[str, Any]:
    told = [{"Kind": d.kind, "Id": d.id, "Before": d.before, "After": d.after} for d in deltas]
    return change_head(change) | {"Deltas": told}


def _no_changes(_params: Params, result: Result) -> bool:
    return not result["Changes"]


OPERATIONS = (
    Operation("DescribeChanges", describe_changes, reads=True, in_world=False, on=(), waits=Waits(_no_changes)),
)
