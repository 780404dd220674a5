"""``groupwall policy simulate``: what kept policies, or others, decide on one access that nobody makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from groupwall.config import SettingError
from groupwall.iam.callers import ROLE, USER, Caller, assumed
from groupwall.iam.documents import read
from groupwall.iam.facts import NOWHERE, Facts, Keys
from groupwall.iam.policy import Access, Decision, Policies, decide, trusts
from groupwall.iam.principals import Who, kept, policies_of
from groupwall.iam.resources import ANY, KIND_OF_PREFIX, Resource, Touched
from groupwall.ops.sessions.trusted import ACTION, besides, names_of, role_of
from groupwall.regions import PARTITION_OF
from groupwall.store.entities import Principal, World
from groupwall.store.transaction import Transaction

_ARN_PARTS = 6
_SESSION = "simulated"


class Question(NamedTuple):
    """An access to decide on.

    resource: an ARN, an id such as ``sg-…``, or ``*``. context: condition keys, in lower case, in place of what the
    access would have. policies: documents by name in place of those that are kept, None for these.
    """

    who: Who
    action: str
    resource: str
    region: str
    context: Mapping[str, tuple[str, ...]]
    policies: Mapping[str, str] | None


class Answer(NamedTuple):
    """A decision, with the ARNs that it is about."""

    caller: str
    resource: str
    decision: Decision


class _Told:
    """Condition keys: those that were given, then those of the access."""

    def __init__(self, given: Mapping[str, tuple[str, ...]], found: Keys) -> None:
        self._given = given
        self._found = found

    def get(self, name: str, /) -> tuple[str, ...] | None:
        """Return the values of a key."""
        return self._given.get(name) or self._found.get(name)


def decided(tx: Transaction, question: Question, now: int) -> Answer:
    """Decide. ApiError for a caller that nobody knows where its policies are asked for; SettingError for the rest."""
    who = question.who
    principal = tx.principal(who.id)
    if principal is None and question.policies is None and not _has_key(tx, who):
        principal = kept(tx, who)
    partition = PARTITION_OF[question.region]
    world, resource = _resource(tx, question, partition)
    tags = json.loads(principal.tags) if principal else {}
    caller, policies = _caller(who, partition), _policies(principal, question)
    facts = Facts(caller, tags, None, NOWHERE, world.region, world.account, now)
    found = Keys(facts, resource, None, dict)
    arn = resource.arn if resource else question.resource
    access = Access(question.action, arn, _Told(question.context, found))
    role = tx.principal(role_of(arn).id) if question.action.lower() == ACTION.lower() and ":role/" in arn else None
    decision = _assumed(role, access, caller, policies) if role else decide(policies, access)
    return Answer(who.arn(partition), arn, decision)


def _has_key(tx: Transaction, who: Who) -> bool:
    """Whether a user that is not kept has a key; it then has no policies."""
    return who.kind == USER and any((key.account, key.user) == (who.account, who.name) for key in tx.access_keys())


def _assumed(role: Principal, access: Access, caller: Caller, policies: Policies) -> Decision:
    """Decide whether a role may be assumed: by its trust policy, and by what the caller needs besides."""
    trust = trusts(read(role.trust, role.name, trust=True), access, names_of(caller))
    if not trust.allowed:
        return Decision(allowed=False, explicit=trust.explicit, limit="identity", matched=trust.matched, why=trust.why)
    named = trust.named and role.account == caller.account
    own = decide(besides(policies, named=named), access)
    if not own.allowed:
        return own._replace(why=f"{trust.why}, but {own.why}")
    why = trust.why if named else f"{trust.why}, and {own.why}"
    return own._replace(why=why, matched=trust.matched if named else (*trust.matched, *own.matched))


def _policies(principal: Principal | None, question: Question) -> Policies:
    texts = question.policies
    if texts is None:
        texts = policies_of(principal) if principal else {}
    identity = tuple(read(text, name) for name, text in texts.items())
    boundary = read(principal.boundary, "") if principal and principal.boundary else None
    return Policies(identity, boundary)


def _caller(who: Who, partition: str) -> Caller:
    if who.kind == ROLE:
        return assumed(who.account, who.name, _SESSION, partition)
    return Caller(who.account, who.arn(partition), who.id)


def _resource(tx: Transaction, question: Question, partition: str) -> tuple[World, Resource | None]:
    """Return the world of a resource, and the resource, None where it is none of EC2's."""
    home = World(question.who.account, question.region)
    world, kind, resource_id = _named(question.resource, home)
    tx.enter(world)
    if not kind:
        return world, None

    def arn(resource: str) -> str:
        return f"arn:{partition}:ec2:{world.region}:{world.account}:{resource}"

    return world, Resource(kind, resource_id, Touched([(kind, resource_id)], tx, arn))


def _named(resource: str, home: World) -> tuple[World, str, str]:
    """Return world, kind and id of a resource; no kind where it is none of EC2's. SettingError for what names none."""
    if resource == ANY:
        return home, "", ""
    if not resource.startswith("arn:"):
        kind = KIND_OF_PREFIX.get(resource.partition("-")[0])
        if kind is None:
            raise SettingError(f"{resource[:100]!r} is no ARN, no id such as sg-..., and not *")
        return home, kind, resource
    parts = resource.split(":", _ARN_PARTS - 1)
    if len(parts) != _ARN_PARTS:
        raise SettingError(f"{resource[:100]!r} is no ARN: it has six parts, arn:aws:ec2:REGION:ACCOUNT:KIND/ID")
    kind, slash, resource_id = parts[5].partition("/")
    if parts[2] != "ec2" or not slash:
        return home, "", ""
    return World(parts[4], parts[3]), kind, resource_id


def answer_told(answer: Answer) -> dict[str, Any]:
    """Return an answer as JSON."""
    decision = answer.decision
    return {
        "Allowed": decision.allowed,
        "ExplicitDeny": decision.explicit,
        "Caller": answer.caller,
        "Resource": answer.resource,
        "Why": decision.why,
        "Statements": [
            {"Kind": one.kind, "Policy": one.policy, "Statement": one.statement.document} for one in decision.matched
        ],
    }


def who_of(text: str, account: str) -> Who:
    """Return the user, or with ``role/`` before it the role, of a name."""
    kind, slash, name = text.partition("/")
    return Who(account, kind, name) if slash and kind in (USER, ROLE) else Who(account, USER, text)


def context_of(given: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return condition keys given as ``key=value``; several of one key are its values. SettingError without ``=``."""
    found: dict[str, tuple[str, ...]] = {}
    for one in given:
        key, sign, value = one.partition("=")
        if not sign or ":" not in key:
            raise SettingError(f"{one!r} is no condition key: write aws:SourceIp=192.0.2.1")
        found[key.lower()] = (*found.get(key.lower(), ()), value)
    return found
