"""GetSessionToken, AssumeRole and DecodeAuthorizationMessage: credentials that end, and why a call was refused.

Nothing is written: a session is in its token (groupwall.iam.sessions). Who is only believed, as by an open server,
gets what it asks for: it could claim to be anybody without.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from groupwall import errors
from groupwall.iam.callers import assumed
from groupwall.iam.denials import decoded
from groupwall.iam.documents import PolicyError, read
from groupwall.iam.sealing import SealError
from groupwall.iam.sessions import Given, Session, begin
from groupwall.iam.standing import Standing
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.sessions.trusted import refuse_untrusted, role_here, role_of
from groupwall.regions import PARTITION_OF
from groupwall.units import MILLISECONDS

SHORTEST, HOUR = 900, 3_600
LONGEST_OF_ROLE, LONGEST_OF_USER = 43_200, 129_600
USUAL_OF_USER = 43_200
"""Seconds [STS's API reference, docs]."""

MOST_OF_POLICY = 2_048
"""Characters of a session policy [STS's API reference, docs]."""

_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NO_DEVICES = "there are no MFA devices"
_UNSUPPORTED = {
    "PolicyArns": "there are no managed policies; give the document as Policy",
    "Tags": "sessions have no tags; those of the role hold",
    "TransitiveTagKeys": "sessions have no tags",
    "SerialNumber": _NO_DEVICES,
    "TokenCode": _NO_DEVICES,
    "SourceIdentity": "sessions have none",
    "ProvidedContexts": "there are no providers of contexts",
}


def check_session(params: Params) -> None:
    """Check what GetSessionToken is given."""
    _refuse_unsupported(params)
    _duration(params, USUAL_OF_USER, LONGEST_OF_USER)


def get_session_token(params: Params, context: Context) -> Result:
    """Give out temporary credentials of the caller, who may do with them what it may do without.

    Those of the root are cut to an hour; a session gets none [STS's API reference, docs].
    """
    standing = context.standing()
    if standing.session:
        raise errors.session_within_session()
    seconds = _duration(params, USUAL_OF_USER, LONGEST_OF_USER)
    if context.caller.is_root:
        seconds = min(seconds, HOUR)
    return _told(begin(_session(standing, seconds, context), context.tx.seal, context.ids))


def check_role(params: Params) -> None:
    """Check what AssumeRole is given."""
    _refuse_unsupported(params)
    role_of(params["RoleArn"])
    _duration(params, HOUR, LONGEST_OF_ROLE)
    if not _NAME.fullmatch(params["RoleSessionName"]):
        message = "RoleSessionName must have 2 to 64 characters: letters, digits and _+=,.@-"
        raise errors.session_invalid(message)
    if params.get("Policy") is not None:
        _check_policy(params["Policy"])


def _check_policy(text: str) -> None:
    """Refuse what is no session policy. An empty one is none: it would limit nothing [STS's API reference, docs]."""
    if not 1 <= len(text) <= MOST_OF_POLICY:
        raise errors.session_invalid(f"Policy must have 1 to {MOST_OF_POLICY} characters.")
    try:
        read(text, "")
    except PolicyError as error:
        raise errors.session_policy_malformed(error.message) from None


def assume_role(params: Params, context: Context) -> Result:
    """Give out temporary credentials of a role, to whom its trust policy and the caller's policies let have them.

    A session of a role gets those of another for an hour at most [STS's API reference, docs].
    """
    standing = context.standing()
    if standing.key:
        refuse_untrusted(standing, params, context)
    seconds = _duration(params, HOUR, LONGEST_OF_ROLE)
    if seconds > HOUR and standing.session and standing.session.role:
        raise errors.session_chained()
    role, name, policy = role_here(params["RoleArn"], context), params["RoleSessionName"], params.get("Policy", "")
    session = _session(standing, seconds, context)
    session = session._replace(account=role.account, role=role.name, name=name, policy=policy)
    caller = assumed(role.account, role.name, name, PARTITION_OF[context.world.region])
    told = {"AssumedRoleUser": {"AssumedRoleId": caller.user_id, "Arn": caller.arn}}
    size = {"PackedPolicySize": math.ceil(100 * len(policy) / MOST_OF_POLICY)} if policy else {}  # inferred: the share
    return _told(begin(session, context.tx.seal, context.ids)) | told | size


def decode_authorization_message(params: Params, context: Context) -> Result:
    """Tell why a call of the caller's account was refused (inferred: one of another account is no message here)."""
    try:
        text = decoded(params["EncodedMessage"], context.tx.seal)
    except SealError:
        raise errors.message_invalid() from None
    if json.loads(text)["context"]["principal"]["arn"].split(":")[4] != context.caller.account:
        raise errors.message_invalid()
    return {"DecodedMessage": text}


def _refuse_unsupported(params: Params) -> None:
    for name, why in _UNSUPPORTED.items():
        if params.get(name):
            raise errors.session_not_taken(name, why)


def _duration(params: Params, usual: int, longest: int) -> int:
    seconds: int = params.get("DurationSeconds", usual)
    if not SHORTEST <= seconds <= longest:
        raise errors.session_duration(seconds, longest)
    return seconds


def _session(standing: Standing, seconds: int, context: Context) -> Session:
    """Return a session of the caller's own for so many seconds; it ends with the caller's key at the latest."""
    expires, key = context.now + seconds * MILLISECONDS, standing.key
    if key and key.expires:
        expires = min(expires, key.expires)
    partition = PARTITION_OF[context.world.region]
    return Session("", key.id if key else "", context.caller.account, partition, "", "", "", context.now, expires)


def _told(given: Given) -> dict[str, Any]:
    session, secret, token = given
    return {
        "Credentials": {
            "AccessKeyId": session.id,
            "SecretAccessKey": secret,
            "SessionToken": token,
            "Expiration": session.expires,
        }
    }


_SIZE = {"MinimumSessionTokenSize": "a token is as long as what it says"}

OPERATIONS = (
    Operation("GetSessionToken", get_session_token, check_session, reads=True, in_world=False, ignored=_SIZE, on=None),
    Operation("AssumeRole", assume_role, check_role, reads=True, in_world=False, ignored=_SIZE, on=None),
    Operation("DecodeAuthorizationMessage", decode_authorization_message, reads=True, in_world=False, on=()),
)
