"""Calls within a call: those that ApplyChanges makes as one change, and those that a preview only tries.

A call within a call is one that changes something by EC2's own operations, checked as if it came alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.ops.operation import Asked, Context, Operation, Params, Result, Tried
from groupwall.ops.table import OPERATIONS
from groupwall.store.changes import Delta, compact
from groupwall.wire.given import read_given
from groupwall.wire.model import SERVICES
from groupwall.wire.scalars import milliseconds, timestamp_text

REMOVED = "<sensitiveDataRemoved>"
"""What the history tells in the place of a secret, as CloudTrail does."""


class Inner(NamedTuple):
    """A call within a call that was understood."""

    operation: Operation
    params: dict[str, Any]


def understood(asked: Asked) -> Inner:
    """Return what a call within a call asks for. ApiError as if it came alone; for a read or a DryRun, too."""
    action = SERVICES["ec2"].actions.get(asked.operation)
    operation = OPERATIONS.get(asked.operation)
    if action is None or operation is None or action.empty or operation.reads:
        raise errors.call_not_taken(asked.operation)
    params = read_given(action, asked.parameters)
    if params.pop("DryRun", False):
        raise errors.dry_run_within()
    if operation.early:
        operation.early(params)
    return Inner(operation, params)


def parameters_of(asked: Asked) -> Params:
    """Return the parameters of a call within a call, with boto3's types."""
    return understood(asked).params


Permit = Callable[[Operation, Params, Context], None]
"""Refuses a call that its caller may not make: ApiError."""


def make_within(asked: Asked, context: Context, permit: Permit | None = None) -> Result:
    """Make a call within another, in the context of the latter; its results are as JSON carries them."""
    operation, params = understood(asked)
    if permit:
        permit(operation, params, context)
    action = SERVICES["ec2"].actions[operation.name]
    told: Result = _as_json(action.plain(operation.run(params, context)))
    return told


def _as_json(value: Any) -> Any:  # noqa: ANN401 - any part of a result
    """Return a result of boto3's as JSON can carry it: its times are text, as on the wire."""
    if isinstance(value, dict):
        return {name: _as_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    return timestamp_text(milliseconds(value)) if isinstance(value, datetime) else value


def tried(asked: Sequence[Asked], context: Context) -> Tried:
    """Make calls one after the other until one is refused, undo them, and return what they would do."""

    def work() -> tuple[list[Result], ApiError | None]:
        results: list[Result] = []
        for one in asked:
            try:
                results.append(make_within(one, context))
            except ApiError as error:
                return results, error
        return results, None

    (results, error), deltas = context.tx.tried(work)
    return Tried(tuple(deltas), tuple(results), len(results) if error else None, error)


def told(operation: Operation, params: dict[str, Any]) -> str:
    """Return a call's parameters as the history tells them: as JSON text, without its secrets."""
    shown = params | {name: REMOVED for name in operation.secret if name in params}
    if operation.calls and "Calls" in params:
        shown["Calls"] = [_call_told(one) for one in params["Calls"]]
    return compact(shown)


def _call_told(call: Mapping[str, str]) -> dict[str, str]:
    operation, params = understood(Asked(call["Operation"], call["Parameters"]))
    return {"Operation": operation.name, "Parameters": told(operation, params)}


def tried_as_json(done: Tried) -> list[Any]:
    """Return what was tried as JSON, for the process that reads on."""
    error = [done.error.code, done.error.message, done.error.status] if done.error else None
    return [done.deltas, done.results, done.refused_at, error]


def tried_from_json(given: list[Any]) -> Tried:
    """Return what ``tried_as_json`` wrote."""
    deltas, results, refused_at, error = given
    return Tried(tuple(map(Delta._make, deltas)), tuple(results), refused_at, ApiError(*error) if error else None)
