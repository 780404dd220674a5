"""Policies and what they decide: an explicit deny, else an allow by every limit, else an implicit deny (users 7.1).

    read (groupwall.iam.documents) -> Policy -> decide(policies, access) -> Decision, which says why

Pure: what is asked comes in as a value, and nothing is remembered but which statements an action can match.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from groupwall.iam.conditions import Condition, listed, told
from groupwall.iam.patterns import LONGEST, Keys, Pattern

Effect = Literal["Allow", "Deny"]
Kind = Literal["identity", "boundary", "session", "trust"]

_REMEMBERED_ACTIONS = 512
"""More than there are operations; a policy forgets all of them when it is asked of more."""

_NEAREST = 3
_ACCOUNT = re.compile(r"([0-9]{12})|arn:[^:]+:iam::([0-9]{12}):root")
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
        that the statement fails closed (inferred), and so does one that is asked about too long a text.
        """
        if len(text) > LONGEST:
            return None
        unresolved = False
        for pattern in self.patterns:
            fixed = pattern.compiled
            matches = fixed.fullmatch(text) if fixed else pattern.matches(text, keys)
            if matches:
                return not self.negated
            unresolved |= fixed is None and matches is None
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
        _, resource, keys = access
        sure = self.effect == "Allow"
        if self.resources is not None:
            outcome = self.resources.outcome(resource, keys)
            if not outcome and (sure or outcome is False):
                return False
        for condition in self.conditions:
            outcome = condition.outcome(keys)
            if not outcome and (sure or outcome is False):
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
    """A statement that decided, with the name and the kind of its policy; one that is alone of its kind has no name."""

    kind: Kind
    policy: str
    statement: Statement

    def __str__(self) -> str:
        """Return ``statement Web of the identity policy admins``."""
        return f"{self.statement.name} of the {self.kind} policy {self.policy}".rstrip()


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
    denied = tuple(one for kind, some in kinds for one in _denying(kind, some, access))
    if denied:
        why = f"{denied[0]} denies it explicitly"
        return Decision(allowed=False, explicit=True, limit=denied[0].kind, matched=denied, why=why)
    allowing = []
    for kind, some in kinds:
        allowed = _allowing(kind, some, access)
        if allowed is None:
            why = _nearest(kind, some, access)
            return Decision(allowed=False, explicit=False, limit=kind, matched=(), why=why)
        allowing.append(allowed)
    why = f"{' and '.join(map(str, allowing))} {'allow' if len(allowing) > 1 else 'allows'} it"
    return Decision(allowed=True, explicit=False, limit="identity", matched=tuple(allowing), why=why)


def _kinds(policies: Policies) -> list[tuple[Kind, tuple[Policy, ...]]]:
    kinds: list[tuple[Kind, tuple[Policy, ...]]] = [("identity", policies.identity)]
    if policies.boundary is not None:
        kinds.append(("boundary", (policies.boundary,)))
    if policies.session is not None:
        kinds.append(("session", policies.session))
    return kinds


def _denying(kind: Kind, some: Sequence[Policy], access: Access) -> list[Matched]:
    """Return every Deny that applies."""
    return [
        Matched(kind, policy.name, statement)
        for policy in some
        for statement in policy.matching(access.action).denies
        if statement.applies(access)
    ]


def _allowing(kind: Kind, some: Sequence[Policy], access: Access) -> Matched | None:
    """Return the first Allow that applies."""
    for policy in some:
        for statement in policy.matching(access.action).allows:
            if statement.applies(access):
                return Matched(kind, policy.name, statement)
    return None


class _Kept(NamedTuple):
    """An Allow that its action matches, and what keeps it from applying; the fewer, the nearer."""

    place: Matched
    resource: bool
    conditions: tuple[Condition, ...]

    def told(self, access: Access) -> str:
        """Return what keeps it, as one clause."""
        parts = [told(condition, access.keys) for condition in self.conditions]
        if self.resource and self.place.statement.resources is not None:
            parts.insert(0, f"its {self.place.statement.resources.told('Resource')} does not cover the resource")
        return f"{self.place} does not apply: {'; '.join(parts)}"


def _kept(place: Matched, access: Access) -> _Kept:
    _, resource, keys = access
    resources, conditions = place.statement.resources, place.statement.conditions
    uncovered = resources is not None and not resources.outcome(resource, keys)
    return _Kept(place, uncovered, tuple(one for one in conditions if not one.outcome(keys)))


def _nearest(kind: Kind, some: Sequence[Policy], access: Access) -> str:
    """Say that no policy of a kind allows an access, and which statements come nearest, with what keeps each."""
    kept = [
        _kept(Matched(kind, policy.name, statement), access)
        for policy in some
        for statement in policy.matching(access.action).allows
    ]
    lacks = f"no {kind} policy allows {access.action} on {access.resource}"
    return f"{lacks}: {_told(kept, access) or 'no statement allows that action on anything'}"


def _told(kept: list[_Kept], access: Access) -> str:
    nearest = sorted(kept, key=lambda one: one.resource + len(one.conditions))[:_NEAREST]
    more = len(kept) - len(nearest)
    clauses = [one.told(access) for one in nearest] + ([f"{more} more do not apply either"] if more else [])
    return "; ".join(clauses)


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
    return found[1] or found[2] if found else None


def _distrust(policy: Policy, access: Access, caller: Sequence[str]) -> str:
    allows = policy.matching(access.action).allows
    lacks = f"the trust policy {policy.name} does not allow {access.action} to {caller[0] if caller else 'nobody'}"
    kept = [_kept(_trust(policy, one), access) for one in allows if _names(one, caller)]
    return f"{lacks}: {_told(kept, access) or 'no statement that allows it names the caller or its account'}"
