"""Why an access was refused: in AWS's words for everybody, and sealed, for whoever may decode it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from groupwall.iam.callers import Caller
from groupwall.iam.policy import Access, Decision, Matched
from groupwall.iam.sealing import LONGEST, NONCE_BYTES, sealed, unsealed
from groupwall.units import Ids

_PURPOSE = "authorization message"
_MOST_BYTES = LONGEST // 2
"""Of what is told: sealed, it must be short enough to be opened again."""
_LONGEST_TEXT = 2048
_KINDS = {
    "identity": ("an", "identity-based policy"),
    "boundary": ("a", "permissions boundary"),
    "session": ("a", "session policy"),
}


class Denial(NamedTuple):
    """An access that a caller's policies do not allow. keys: all condition keys of it that have a value."""

    caller: Caller
    access: Access
    keys: Mapping[str, tuple[str, ...]]
    decision: Decision


def because(denial: Denial) -> str:
    """Return the words after the resource: reference 2.3 [recorded for no identity policy, the others inferred]."""
    article, kind = _KINDS[denial.decision.limit]
    if denial.decision.explicit:
        return f"with an explicit deny in {article} {kind}"
    return f"because no {kind} allows the {denial.access.action} action"


def encoded(denial: Denial, seal: bytes, ids: Ids) -> str:
    """Return the encoded authorization message of a refusal.

    Where all that is known would be more than can be decoded, it is told without the condition keys, and without the
    statements if that is still too much: a call may give any number of tags.
    """
    every = _told(denial)
    fewer = every | {"context": every["context"] | {"conditions": _items(())}}
    for told in (every, fewer, fewer | {"matchedStatements": _items(())}):
        text = json.dumps(told, ensure_ascii=False)
        if len(text.encode()) <= _MOST_BYTES:
            break
    return sealed(seal, _PURPOSE, text, ids.key()[:NONCE_BYTES])


def decoded(message: str, seal: bytes) -> str:
    """Return what an encoded message tells, as JSON. SealError for one that was never given out."""
    return unsealed(seal, _PURPOSE, message)


def _told(denial: Denial) -> dict[str, Any]:
    """Return the members that AWS documents for DecodeAuthorizationMessage; ``why`` is ours (inferred)."""
    caller, access, keys, decision = denial
    name = caller.arn.rpartition("/")[2] if "/" in caller.arn else caller.account
    return {
        "allowed": decision.allowed,
        "explicitDeny": decision.explicit,
        "matchedStatements": _items(_statement(one, caller) for one in decision.matched),
        "failures": _items(()),
        "context": {
            "principal": {"id": caller.user_id, "name": name, "arn": caller.arn},
            "action": access.action,
            "resource": access.resource[:_LONGEST_TEXT],
            "conditions": _items(
                {"key": key, "values": _items({"value": value} for value in values)} for key, values in keys.items()
            ),
        },
        "why": decision.why[:_LONGEST_TEXT],
    }


def _statement(matched: Matched, caller: Caller) -> dict[str, Any]:
    statement = matched.statement
    return {
        "statementId": statement.sid,
        "effect": statement.effect.upper(),
        "principals": _items([{"value": caller.principal_id}]),
        "principalGroups": _items(()),
        "policy": matched.policy,
        "document": statement.document,
    }


def _items(values: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - any iterable of JSON
    return {"items": list(values)}
