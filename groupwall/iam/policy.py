"""Policies and what they decide: an explicit deny, else an allow by every limit, else an implicit deny (users 7.1).

    read (groupwall.iam.documents) -> Policy -> decide(policies, access) -> Decision, which says why

Pure: what is asked comes in as a value, and nothing is remembered but which statements an action can match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from groupwall.iam.conditions import Condition, listed, told
from groupwall.iam.patterns import Keys, Pattern

Effect = Literal["Allow", "Deny"]
Kind = Literal["identity", "boundary", "session", "trust"]

_REMEMBERED_ACTIONS = 512
"""More than there are operations; a policy forgets all of them when it is asked of more."""

_NEAREST = 3
_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?([0-9]{12})(?::root)?")
_EVERYONE = "*"


class Access(NamedTuple):
    """What the policies are asked.

    action: such as ``ec2:RevokeSecurityGroupIngress``. resource: an ARN, or ``*`` for an action that has none. keys:
    condition keys, in lower case, and their values; only ``get`` is called.
    """

    action: str
    resource: str
    keys: Keys


class Choice(NamedTuple):
    """What a statement is about: ``Resource`` or ``Action``, or with ``negated`` all but that."""

    patterns: tuple[Pattern, ...]
    negated: bool = False

    def outcome(self, text: str, keys: Keys) -> bool | None:
        """Return whether a text is meant; None for a negated choice of which a variable cannot be resolved.

        A pattern that cannot be resolved does not match (users 7.3 [docs]); negated, it would let in too much, so
        that the statement fails closed (inferred).
        """
        unresolved = False
        for pattern in self.patterns:
            matches = pattern.matches(text, keys)
            if matches:
                return not self.negated
            unresolved |= matches is None
        return None if unresolved and self.negated else self.negated

    def told(self, element: str) -> str:
        """Return the choice as its element, such as ``NotResource "arn:aws:ec2:*"``."""
        return f"{'Not' * self.negated}{element} {listed([one.text for one in self.patterns])}"


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement of a policy.

    sid: empty where it has none. index: its place, from 0. resources: None in a trust policy, which is about its role.
    principals: whom a trust policy names: ARNs, accounts, ``*``. document: the statement's JSON as given.
    """

    sid: str
    index: int
    effect: Effect
    actions: Choice
    resources: Choice | None
    conditions: tuple[Condition, ...]
    principals: tuple[str, ...]
    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return how a text calls it."""
        return f"statement {self.sid or self.index}"

    def applies(self, access: Access) -> bool:
        """Whether a statement that the action matches applies: what cannot be told allows nothing, and denies."""
        unsure = self.effect == "Deny"
        if self.resources is not None:
            outcome = self.resources.outcome(access.resource, access.keys)
            if not (outcome or (outcome is None and unsure)):
                return False
        for condition in self.conditions:
            outcome = condition.outcome(access.keys)
            if not (outcome or (outcome is None and unsure)):
                return False
        return True


class _Matching(NamedTuple):
    """The statements of a policy that an action can match."""

    denies: tuple[Statement, ...]
    allows: tuple[Statement, ...]


class _NoKeys:
    """Actions have no variables."""

    def get(self, _name: str, /) -> None:
        return None


_NO_KEYS = _NoKeys()


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """A policy as it was read. version: ``2008-10-17`` or ``2012-10-17``."""

    name: str
    version: str
    statements: tuple[Statement, ...]
    _remembered: dict[str, _Matching] = field(default_factory=dict, repr=False)

    def matching(self, action: str) -> _Matching:
        """Return the statements that an action can match, whatever its resource and context."""
        found = self._remembered.get(action)
        if found is None:
            some = [one for one in self.statements if one.actions.outcome(action, _NO_KEYS)]
            denies = tuple(one for one in some if one.effect == "Deny")
            found = _Matching(denies, tuple(one for one in some if one.effect == "Allow"))
            if len(self._remembered) >= _REMEMBERED_ACTIONS:
                self._remembered.clear()
            self._remembered[action] = found
        return found


class Policies(NamedTuple):
    """The policies of a caller. boundary, session: None for no such limit; a session of () allows nothing."""

    identity: tuple[Policy, ...]
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None


class Matched(NamedTuple):
    """A statement that decided, with the name and the kind of its policy."""

    kind: Kind
    policy: str
    statement: Statement

    def __str__(self) -> str:
        """Return ``statement Web of the identity policy admins``."""
        return f"{self.statement.name} of the {self.kind} policy {self.policy}"


class Decision(NamedTuple):
    """What policies decide.

    explicit: denied by a statement. limit: the kind of policy that decided, ``identity`` for an allow. matched: the
    statements that decided: every Deny that applies, or of each kind an Allow that does, or for an implicit deny none.
    why: one sentence.
    """

    allowed: bool
    explicit: bool
    limit: Kind
    matched: tuple[Matched, ...]
    why: str


def decide(policies: Policies, access: Access) -> Decision:
    """Decide whether policies allow an access.

    A Deny of any policy denies; else each kind of policy that there is has to allow; else it is denied implicitly
    (users 7.1 [docs]). Where several kinds do not allow, the first of identity, boundary, session is told (inferred).
    """
    kinds = _kinds(policies)
    denied = tuple(_matched(kinds, "Deny", access))
    if denied:
        why = f"{denied[0]} denies it explicitly"
        return Decision(allowed=False, explicit=True, limit=denied[0].kind, matched=denied, why=why)
    allowing = []
    for kind in kinds:
        allowed = next(_matched((kind,), "Allow", access), None)
        if allowed is None:
            why = _nearest(*kind, access)
            return Decision(allowed=False, explicit=False, limit=kind[0], matched=(), why=why)
        allowing.append(allowed)
    why = f"{' and '.join(str(one) for one in allowing)} {'allow' if len(allowing) > 1 else 'allows'} it"
    return Decision(allowed=True, explicit=False, limit="identity", matched=tuple(allowing), why=why)


_Kinds = Sequence[tuple[Kind, tuple[Policy, ...]]]


def _kinds(policies: Policies) -> _Kinds:
    kinds: list[tuple[Kind, tuple[Policy, ...]]] = [("identity", policies.identity)]
    if policies.boundary is not None:
        kinds.append(("boundary", (policies.boundary,)))
    if policies.session is not None:
        kinds.append(("session", policies.session))
    return kinds


def _matched(kinds: _Kinds, effect: Effect, access: Access) -> Iterator[Matched]:
    """Yield the statements of an effect that apply."""
    for kind, some in kinds:
        for policy in some:
            denies, allows = policy.matching(access.action)
            for statement in denies if effect == "Deny" else allows:
                if statement.applies(access):
                    yield Matched(kind, policy.name, statement)


class _Kept(NamedTuple):
    """An Allow that its action matches, and what kept it from applying; the fewer, the nearer."""

    place: Matched
    parts: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.place} does not apply: {'; '.join(self.parts)}"


def _nearest(kind: Kind, some: Sequence[Policy], access: Access) -> str:
    """Say that no policy of a kind allows an access, and which statements come nearest, with what keeps each."""
    kept = [
        _Kept(Matched(kind, policy.name, statement), tuple(_in_the_way(statement, access)))
        for policy in some
        for statement in policy.matching(access.action).allows
    ]
    lacks = f"no {kind} policy allows {access.action} on {access.resource}"
    if not kept:
        return f"{lacks}: no statement allows that action on anything"
    kept.sort(key=lambda one: len(one.parts))
    more = f"; {len(kept) - _NEAREST} more do not apply either" if len(kept) > _NEAREST else ""
    return f"{lacks}: {'; '.join(str(one) for one in kept[:_NEAREST])}{more}"


def _in_the_way(statement: Statement, access: Access) -> Iterator[str]:
    """Yield what keeps an Allow from applying: its resource, and each condition."""
    if statement.resources is not None and not statement.resources.outcome(access.resource, access.keys):
        yield f"its {statement.resources.told('Resource')} does not cover the resource"
    for condition in statement.conditions:
        if not condition.outcome(access.keys):
            yield told(condition, access.keys)


class Trust(NamedTuple):
    """What a role's trust policy says of a caller.

    explicit: denied by a statement. named: the caller itself is named, not only its account or everyone; one who is
    not needs a policy of its own that allows the action as well. matched: the statements that decided.
    """

    allowed: bool
    explicit: bool
    named: bool
    matched: tuple[Matched, ...]
    why: str


def trusts(policy: Policy, access: Access, caller: Sequence[str]) -> Trust:
    """Decide whether a role's trust policy lets a caller take the role.

    caller: what stands for it: its ARNs (of the user, or of the session and the role) and its account. A principal is
    an ARN, an account's id, the ARN of an account's root, which stands for the account, or ``*``; ARNs have no
    wildcards (inferred). That ``*`` names nobody, so that a policy of the caller's own is needed, is our choice
    (inferred).
    """
    denies, allows = policy.matching(access.action)
    denied = tuple(_trust(policy, one) for one in denies if _names(one, caller) and one.applies(access))
    if denied:
        why = f"{denied[0]} denies it explicitly"
        return Trust(allowed=False, explicit=True, named=False, matched=denied, why=why)
    allowing = [one for one in allows if _names(one, caller) and one.applies(access)]
    if not allowing:
        why = _distrust(policy, access, caller)
        return Trust(allowed=False, explicit=False, named=False, matched=(), why=why)
    named = any(not set(caller).isdisjoint(_alone(one)) for one in allowing)
    matched = tuple(_trust(policy, one) for one in allowing)
    return Trust(allowed=True, explicit=False, named=named, matched=matched, why=f"{matched[0]} allows it")


def _trust(policy: Policy, statement: Statement) -> Matched:
    return Matched("trust", policy.name, statement)


def _names(statement: Statement, caller: Sequence[str]) -> bool:
    return any(one == _EVERYONE or one in caller or _account(one) in caller for one in statement.principals)


def _alone(statement: Statement) -> set[str]:
    """Return the principals of a statement that are no accounts."""
    return {one for one in statement.principals if not _account(one)}


def _account(principal: str) -> str | None:
    """Return the account that a principal stands for, None for one that is no account."""
    found = _ACCOUNT.fullmatch(principal)
    return found[1] if found else None


def _distrust(policy: Policy, access: Access, caller: Sequence[str]) -> str:
    allows = policy.matching(access.action).allows
    lacks = f"the trust policy {policy.name} does not allow {access.action} to {caller[0] if caller else 'nobody'}"
    naming = [one for one in allows if _names(one, caller)]
    if not naming:
        return f"{lacks}: no statement that allows it names the caller or its account"
    kept = [str(_Kept(_trust(policy, one), tuple(_in_the_way(one, access)))) for one in naming[:_NEAREST]]
    return f"{lacks}: {'; '.join(kept)}"
