"""The history in the form of CloudTrail's records, and the heads of its chain, for those who keep them elsewhere."""

from __future__ import annotations

import json
from typing import Any

from groupwall.iam.callers import ROLE, USER, Caller, unique_id
from groupwall.ops.histories.listed import oldest_kept, page_size, window_asked
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.store.changes import Change, Delta, compact
from groupwall.units import timestamp

VERSION = "1.05"
"""The version of the form that the recordings have [reference 24, recorded]."""

OWN = frozenset({
    "Acknowledge", "ApplyChanges", "BeginWorld", "ConfirmChange", "DeleteExpectations", "ForgetHost", "PutExpectations",
    "UndoChange",
})  # fmt: skip
"""The operations of changes that are no call of EC2."""

_OURS = "groupwall"
_ASSUMED = "assumed-role"
_SOURCES = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
_RENAMED = {"UserIdGroupPairs": "groups"}


def export_history(params: Params, context: Context) -> Result:
    """Export changes, oldest first, each as the JSON text of a record; in a file they make JSON lines.

    CloudTrail's members are filled where this server knows them; the address and the program of the caller, and what
    was answered, are not kept, and so are left out. What CloudTrail has no place for is in ``additionalEventData``.
    """
    limit = page_size(params)
    found = context.tx.changes(params.get("After", 0), (), limit + 1, window_asked(params))
    shown = found[:limit]
    return {
        "Records": [compact(_record(change, deltas)) for change, deltas in shown],
        "NextAfter": shown[-1][0].revision if len(found) > limit else None,
        "Oldest": oldest_kept(context),
    }


def _record(change: Change, deltas: list[Delta]) -> dict[str, Any]:
    told = [{"kind": d.kind, "id": d.id, "before": d.before, "after": d.after} for d in deltas]
    return {
        "eventVersion": VERSION,
        "userIdentity": _identity(change.caller),
        "eventTime": timestamp(change.time // 1000 * 1000)[:-5] + "Z",
        "eventSource": _OURS if change.operation in OWN else "ec2.amazonaws.com",
        "eventName": change.operation,
        "awsRegion": change.region,
        "requestParameters": _parameters(json.loads(change.request)),
        "responseElements": None,
        "requestID": change.request_id,
        "eventID": _uuid(change.hash),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "recipientAccountId": change.account,
        "additionalEventData": {
            "revision": change.revision,
            "time": change.time,
            "hash": change.hash.hex(),
            "previousHash": change.previous.hex(),
            "request": change.request,
            "deltas": told,
        },
    }


def _identity(arn: str) -> dict[str, Any]:
    """Return who called [CloudTrail's userIdentity element, docs]: a user, a role's session, the root or the server.

    The server takes back what nobody confirmed in time. When a session began is not kept.
    """
    account = arn.split(":")[4]
    kind, _, name = arn.rpartition(":")[2].partition("/")
    told: dict[str, Any] = {"arn": arn, "accountId": account}
    if kind == "root":
        return {"type": "Root", **told}
    if kind == USER:
        return {"type": "IAMUser", "principalId": unique_id(account, USER, name), **told, "userName": name}
    if kind != _ASSUMED:
        return {"type": "AWSService", **told, "invokedBy": _OURS}
    role, _, session = name.partition("/")
    issuer = {
        "type": "Role",
        "principalId": unique_id(account, ROLE, role),
        "arn": Caller(account, arn, "").principal,
        "accountId": account,
        "userName": role,
    }
    principal_id = f"{issuer['principalId']}:{session}"
    return {"type": "AssumedRole", "principalId": principal_id, **told, "sessionContext": {"sessionIssuer": issuer}}


def _uuid(digest: bytes) -> str:
    """Return half of a change's hash in the form of a UUID: the same event has the same id in every export."""
    text = digest[:16].hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _parameters(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return parameters as CloudTrail shows them: names in lower camel case, lists as ``items``, or ``{}`` for none.

    Reference 24 [recorded] for permissions; the lists of other operations have the same form (inferred).
    """
    if isinstance(value, list):
        return {"items": [_parameters(item) for item in value]} if value else {}
    if not isinstance(value, dict):
        return value
    if "IpProtocol" in value and "CidrIp" not in value:
        value = {**{name: [] for name in _SOURCES}, **value}
    return {_RENAMED.get(name, name[:1].lower() + name[1:]): _parameters(part) for name, part in value.items()}


def describe_heads(params: Params, context: Context) -> Result:
    """Describe the newest head of the chain, and every thousandth before it, for the whole store.

    A chain proves nothing to those who could rewrite it whole: a head that somebody else kept does.
    """
    limit = page_size(params)
    found = context.tx.heads(params.get("After", 0), limit + 1)
    shown = found[:limit]
    return {
        "Heads": [{"Revision": revision, "Hash": digest.hex(), "Time": time} for revision, digest, time in shown],
        "NextAfter": shown[-1][0] if len(found) > limit else None,
    }


OPERATIONS = (
    Operation("ExportHistory", export_history, reads=True, in_world=False, on=()),
    Operation("DescribeHeads", describe_heads, reads=True, in_world=False, on=()),
)
