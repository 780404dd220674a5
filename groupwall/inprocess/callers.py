"""Callers of a wall that may only do what their policies allow: users and roles, each with a key of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.iam import keys, principals
from groupwall.iam.callers import USER
from groupwall.iam.keys import Wanted
from groupwall.iam.principals import Given, Who
from groupwall.store.entities import AccessKey
from groupwall.store.sqlite import Store
from groupwall.store.transaction import Transaction
from groupwall.units import Clock, Ids

Document = str | Mapping[str, Any]
"""A policy: its JSON, or the same as a mapping."""


class Wish(NamedTuple):
    """What a caller is to be: an account's user with policies, perhaps within a boundary, with tags."""

    account: str
    user: str
    policy: Document | Sequence[Document]
    boundary: Document | None
    tags: Mapping[str, str]


def make(store: Store, ids: Ids, clock: Clock, wish: Wish) -> tuple[AccessKey, str]:
    """Make a user, or make it over, and return a key of it with the secret. ApiError for a policy that is none."""
    who = Who(wish.account, USER, wish.user)
    documents = [wish.policy] if isinstance(wish.policy, str | Mapping) else wish.policy
    policies = {f"policy-{place}": _text(one) for place, one in enumerate(documents, 1)}
    given = Given(policies, "" if wish.boundary is None else _text(wish.boundary), None, wish.tags)
    now = clock.now()

    def work(tx: Transaction) -> tuple[AccessKey, str]:
        principals.put(tx, ids, now, who, given)
        return keys.create(tx, ids, now, Wanted(wish.account, wish.user))

    return store.run(work)


def _text(document: Document) -> str:
    return document if isinstance(document, str) else json.dumps(document)
