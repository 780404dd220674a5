"""Who calls: the account and the ARN that stand behind an access key."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from groupwall.store.entities import AccessKey


class Caller(NamedTuple):
    """One caller, as GetCallerIdentity tells it."""

    account: str
    arn: str
    user_id: str


def root(account: str, partition: str) -> Caller:
    """Return the account's root user."""
    return Caller(account, f"arn:{partition}:iam::{account}:root", account)


def behind(key: AccessKey, partition: str) -> Caller:
    """Return the caller that an access key signs for: its user, or the account's root where it names none.

    The user's unique id is derived from account and name, since nothing but keys is stored of a user.
    """
    if not key.user:
        return root(key.account, partition)
    digest = hashlib.sha256(f"{key.account}/{key.user}".encode()).hexdigest().upper()
    return Caller(key.account, f"arn:{partition}:iam::{key.account}:user/{key.user}", f"AIDA{digest[:17]}")
