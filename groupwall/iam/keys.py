"""Access keys: made, disabled, enabled, deleted; each leaves a change that tells everything but the secret."""

from __future__ import annotations

import json
import re
import string
from typing import NamedTuple

from groupwall.errors import ApiError
from groupwall.store.changes import Event
from groupwall.store.entities import AccessKey
from groupwall.store.transaction import Transaction
from groupwall.units import Ids

ACTIVE, INACTIVE = "Active", "Inactive"
_ID_ALPHABET = string.ascii_uppercase + "234567"
_SECRET_ALPHABET = string.ascii_letters + string.digits + "+/"
_USER = re.compile(r"[A-Za-z0-9+=,.@_-]{0,64}")
"""IAM's rule for the names of users."""


class Wanted(NamedTuple):
    """Whose a new key is to be. user: "" for the account's root. expires: in milliseconds since 1970, 0 for never."""

    account: str
    user: str = ""
    expires: int = 0


def create(tx: Transaction, ids: Ids, now: int, wanted: Wanted) -> tuple[AccessKey, str]:
    """Make a key; return it and its secret, which is shown nowhere else. ApiError for a name that no user can have."""
    account, user, expires = wanted
    if not _USER.fullmatch(user):
        raise ApiError("ValidationError", f"The specified value for userName is invalid: {user[:64]!r}")
    key = AccessKey("AKIA" + ids.text(_ID_ALPHABET, 16), account, user, ACTIVE, now, expires)
    secret = ids.text(_SECRET_ALPHABET, 40)
    tx.add(key)
    tx.keep_secret(key.id, secret)
    _record(tx, ids, now, "CreateAccessKey", key)
    return key, secret


def usable(key: AccessKey) -> bool:
    """Tell whether a key is one to sign with, whatever its time."""
    return key.status == ACTIVE


def set_status(tx: Transaction, ids: Ids, now: int, key_id: str, status: str) -> AccessKey:
    """Let a key be used, or refuse it, from now on; return it as it is then. ApiError when there is none.

    status: ``ACTIVE`` or ``INACTIVE``.
    """
    key = _found(tx, key_id)
    after = key._replace(status=status)
    if after != key:
        tx.replace(key, after)
        _record(tx, ids, now, "UpdateAccessKey", after)
    return after


def delete(tx: Transaction, ids: Ids, now: int, key_id: str) -> AccessKey:
    """Remove a key and its secret; return what it was. ApiError when there is none."""
    key = _found(tx, key_id)
    tx.remove(key)
    tx.forget_secret(key.id)
    _record(tx, ids, now, "DeleteAccessKey", key)
    return key


def _found(tx: Transaction, key_id: str) -> AccessKey:
    found = tx.access_key(key_id)
    if found is None:
        raise ApiError("NoSuchEntity", f"The Access Key with id {key_id[:64]} cannot be found", 404)
    return found[0]


def _record(tx: Transaction, ids: Ids, now: int, operation: str, key: AccessKey) -> None:
    request = json.dumps({"AccessKeyId": key.id, "AccountId": key.account, "UserName": key.user})
    tx.record(Event(now, "local", operation, ids.request_id(), request))
