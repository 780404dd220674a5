"""Client tokens: a call repeated with its token answers what it made, and makes nothing anew [reference 2.4]."""

from __future__ import annotations

import hashlib

from groupwall import errors
from groupwall.ops.operation import Context, Params
from groupwall.store.changes import compact
from groupwall.store.entities import Token

LONGEST = 255
"""Characters of a token [model: CreateManagedPrefixList; the others allow 64]; text of the error inferred."""


def made_before(params: Params, context: Context, operation: str) -> str | None:
    """Return the id of what a call with this token made, None for a new token or none.

    IdempotentParameterMismatch when the token came with other parameters.
    """
    token = params.get("ClientToken")
    if not token:
        return None
    if len(token) > LONGEST:
        message = f"Value ({token}) for parameter clientToken is invalid. It exceeds {LONGEST} characters."
        raise errors.invalid_value(message)
    known = next((one for one in context.tx.of(Token, "token", token) if one.operation == operation), None)
    if known is None:
        return None
    if known.digest != _digest(params):
        raise errors.idempotent_parameter_mismatch()
    return known.resource_id


def remember(params: Params, context: Context, operation: str, resource_id: str) -> None:
    """Keep what a call with a token has made."""
    token = params.get("ClientToken")
    if token:
        context.tx.add(Token(operation, token, _digest(params), resource_id))


def _digest(params: Params) -> str:
    return hashlib.sha256(compact(sorted(dict(params).items())).encode()).hexdigest()
