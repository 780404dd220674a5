"""Users and roles: what they may do, kept, changed and removed; each leaves a change that tells all of it.

A user need not be kept for its keys to work: it then has no policies, so that ``--auth iam`` lets it do nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from groupwall.errors import ApiError
from groupwall.iam.callers import ROLE, USER, unique_id
from groupwall.iam.documents import read
from groupwall.store.changes import Event
from groupwall.store.entities import Principal
from groupwall.store.transaction import Transaction
from groupwall.units import Ids

MOST_POLICIES = 10
"""IAM's quota of managed policies of a user or a role [IAM quotas, docs]."""

MOST_TAGS = 50
_TAG_KEY, _TAG_VALUE = 128, 256

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,64}")
_POLICY_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
"""IAM's rules for names; ours have no paths [IAM quotas, docs]."""


class Who(NamedTuple):
    """A user or a role. kind: ``callers.USER`` or ``callers.ROLE``."""

    account: str
    kind: str
    name: str

    @property
    def id(self) -> str:
        """The unique id."""
        return unique_id(*self)

    def arn(self, partition: str) -> str:
        """Return the ARN that policies know it by."""
        return f"arn:{partition}:iam::{self.account}:{self.kind}/{self.name}"


class Given(NamedTuple):
    """What a principal is given; None leaves a part as it was. policies: documents by name; "" as boundary: none."""

    policies: Mapping[str, str] | None = None
    boundary: str | None = None
    trust: str | None = None
    tags: Mapping[str, str] | None = None


def put(tx: Transaction, ids: Ids, now: int, who: Who, given: Given) -> Principal:
    """Keep a user or a role as it is given, made where it was not kept; return it as it is then.

    ApiError for what IAM does not take: a name, a document, too many of them; for a new role that nobody is trusted
    with, too.
    """
    _check(who, given)
    before = tx.principal(who.id)
    if before is None and who.kind == ROLE and not given.trust:
        raise _invalid(f"The role {who.name} needs a trust policy: it says who may assume it.")
    after = _changed(before or Principal(who.id, *who, "[]", "", "", "{}"), given)
    if before is None:
        tx.add(after)
    elif after != before:
        tx.replace(before, after)
    if after != before:
        _record(tx, ids, now, f"{'Update' if before else 'Create'}{who.kind.title()}", after)
    return after


def remove(tx: Transaction, ids: Ids, now: int, who: Who) -> Principal:
    """Forget a user or a role, and with it what it may do; return what it was. ApiError when it is not kept."""
    found = kept(tx, who)
    tx.remove(found)
    _record(tx, ids, now, f"Delete{who.kind.title()}", found)
    return found


def kept(tx: Transaction, who: Who) -> Principal:
    """Return a user or a role. ApiError, NoSuchEntity, when it is not kept [IAM's errors, docs]."""
    found = tx.principal(who.id)
    if found is None:
        raise ApiError("NoSuchEntity", f"The {who.kind} with name {who.name[:64]} cannot be found.", 404)
    return found


def policies_of(principal: Principal) -> dict[str, str]:
    """Return the documents of a principal's policies, by name."""
    return dict(json.loads(principal.policies))


def _changed(was: Principal, given: Given) -> Principal:
    parts = {
        "policies": None if given.policies is None else json.dumps(list(given.policies.items())),
        "boundary": given.boundary,
        "trust": given.trust,
        "tags": None if given.tags is None else json.dumps(dict(given.tags)),
    }
    return was._replace(**{name: part for name, part in parts.items() if part is not None})


def _check(who: Who, given: Given) -> None:
    if not _NAME.fullmatch(who.name):
        raise _invalid(f"The specified value for {who.kind}Name is invalid: {who.name[:64]!r}")
    _check_policies(given.policies or {})
    if given.boundary:
        read(given.boundary, "boundary")
    if given.trust is not None:
        if who.kind == USER:
            raise _invalid("Only a role has a trust policy.")
        read(given.trust, "trust", trust=True)
    _check_tags(given.tags or {})


def _check_policies(policies: Mapping[str, str]) -> None:
    if len(policies) > MOST_POLICIES:
        message = f"Cannot exceed quota for PoliciesPerPrincipal: {MOST_POLICIES}"
        raise ApiError("LimitExceeded", message, 409)
    for name, text in policies.items():
        if not _POLICY_NAME.fullmatch(name):
            raise _invalid(f"The specified value for policyName is invalid: {name[:128]!r}")
        read(text, name)


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise ApiError("LimitExceeded", f"Cannot exceed quota for TagsPerPrincipal: {MOST_TAGS}", 409)
    seen: set[str] = set()
    for key, value in tags.items():
        if not 0 < len(key) <= _TAG_KEY or len(value) > _TAG_VALUE or key.lower() in seen:
            raise _invalid(f"The tag {key[:_TAG_KEY]!r} is too long, empty, or there twice: tags of IAM have no case.")
        seen.add(key.lower())


def _invalid(message: str) -> ApiError:
    return ApiError("ValidationError", message)


def _record(tx: Transaction, ids: Ids, now: int, operation: str, principal: Principal) -> None:
    request = json.dumps({"AccountId": principal.account, f"{principal.kind.title()}Name": principal.name})
    tx.record(Event(now, "local", operation, ids.request_id(), request))
