"""Who calls: the account and the ARN that stand behind an access key or a session."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import NamedTuple

from groupwall.store.entities import AccessKey

USER, ROLE = "user", "role"
"""The kinds of principals."""

_PREFIX = {USER: "AIDA", ROLE: "AROA"}


class Caller(NamedTuple):
    """One caller, as GetCallerIdentity tells it."""

    account: str
    arn: str
    user_id: str

    @property
    def principal(self) -> str:
        """The ARN that policies know the caller by: of a role's session, the role's."""
        start, _, name = self.arn.partition(":assumed-role/")
        return f"{start.replace(':sts:', ':iam:')}:role/{name.partition('/')[0]}" if name else self.arn

    @property
    def principal_id(self) -> str:
        """The unique id of the user or the role; of the root, its account."""
        return self.user_id.partition(":")[0]

    @property
    def is_root(self) -> bool:
        """Whether the caller is its account's root."""
        return self.user_id == self.account


@lru_cache(maxsize=1024)
def unique_id(account: str, kind: str, name: str) -> str:
    """Return the unique id of a user or a role, which is derived, since a user who only has keys is kept nowhere."""
    sort = "" if kind == USER else f"{kind}/"
    digest = hashlib.sha256(f"{account}/{sort}{name}".encode()).hexdigest().upper()
    return f"{_PREFIX[kind]}{digest[:17]}"


def root(account: str, partition: str) -> Caller:
    """Return the account's root user."""
    return Caller(account, f"arn:{partition}:iam::{account}:root", account)


def behind(key: AccessKey, partition: str) -> Caller:
    """Return the caller that an access key signs for: its user, or the account's root where it names none."""
    if not key.user:
        return root(key.account, partition)
    arn = f"arn:{partition}:iam::{key.account}:user/{key.user}"
    return Caller(key.account, arn, unique_id(key.account, USER, key.user))


def assumed(account: str, role: str, session: str, partition: str) -> Caller:
    """Return the caller that a role's session is."""
    arn = f"arn:{partition}:sts::{account}:assumed-role/{role}/{session}"
    return Caller(account, arn, f"{unique_id(account, ROLE, role)}:{session}")
