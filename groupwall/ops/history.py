"""The history, as DescribeChanges tells it to clients and to the agents that follow it."""

from __future__ import annotations

from typing import Any

from groupwall import errors
from groupwall.ops.filters import conditions
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.store.changes import Change, Delta

FILTERS = {"operation": "operation", "caller": "caller", "request-id": "request-id", "resource-id": "resource-id"}
PAGE, LARGEST_PAGE = 100, 1000


def describe_changes(params: Params, context: Context) -> Result:
    """Return this world's changes after a revision, oldest first; NextAfter tells where the next page begins."""
    limit = params.get("MaxResults", PAGE)
    if not 1 <= limit <= LARGEST_PAGE:
        raise errors.max_results(limit, 1, LARGEST_PAGE)
    found = context.tx.changes(params.get("After", 0), conditions(params, FILTERS), limit + 1)
    shown = found[:limit]
    return {
        "Changes": [_described(change, deltas) for change, deltas in shown],
        "NextAfter": shown[-1][0].revision if len(found) > limit else None,
        "Revision": context.tx.head.revision,
    }


def _described(change: Change, deltas: list[Delta]) -> dict[str, Any]:
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
        "Deltas": [{"Kind": d.kind, "Id": d.id, "Before": d.before, "After": d.after} for d in deltas],
    }


OPERATIONS = (Operation("DescribeChanges", describe_changes, reads=True, in_world=False),)
