"""Policy documents: JSON text -> Policy, and what is wrong with a text, by its lines.

A text with a grave fault is refused; other faults are warnings. What AWS is remembered to refuse is grave (inferred),
and so is whatever leaves open what a statement would mean (inferred): a name twice, an unknown operator (users 7.3).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from groupwall.errors import ApiError
from groupwall.iam import jsontext, lint
from groupwall.iam.conditions import Condition, condition, is_operator
from groupwall.iam.jsontext import JsonError, Node
from groupwall.iam.patterns import Pattern, arn_pattern, caseless_pattern, pattern
from groupwall.iam.policy import Choice, Effect, Policy, Statement

MOST_CHARACTERS = 6144
"""Without white space: IAM's limit of a managed policy [docs: IAM quotas]; here of every policy (inferred)."""

MOST_TEXT = 131_072
"""With white space: the limit of the parameter PolicyDocument [docs: IAM's CreatePolicy]."""

VERSIONS = ("2008-10-17", "2012-10-17")

_CHARACTERS = re.compile("[\t\n\r\u0020-\u00ff]*")
_POLICY_ELEMENTS = ("Version", "Id", "Statement")
_STATEMENT_ELEMENTS = (
    "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
)  # fmt: skip
_SID = re.compile("[A-Za-z0-9]*")
_ACTION = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_OF_TRUST = ("sts:", "*")
_RESOURCE_BEGINNINGS = ("arn:", "${")
_PRINCIPAL = re.compile(r"\*|[0-9]{12}|arn:[a-z-]+:(?:iam|sts)::[0-9]{12}:[^*?]+")
_NOTHING = lint.Known()
_OTHER_PRINCIPALS = ("Service", "Federated", "CanonicalUser")


class Fault(NamedTuple):
    """What is wrong. line: from 1. path: such as ``Statement[0].Action``. grave: the policy is refused."""

    line: int
    path: str
    message: str
    grave: bool

    def __str__(self) -> str:
        """Return ``line 4: Statement[0].Action: ...``, in which a name of the document cannot break the line."""
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"line {self.line}: {''.join(one if one.isprintable() else ascii(one)[1:-1] for one in text)}"


class PolicyError(ApiError):
    """A policy that is refused: MalformedPolicyDocument [docs: IAM's errors], the text is ours (inferred)."""

    def __init__(self, name: str, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        others = len(self.faults) - 1
        more = f"; {others} more fault{'s' * (others > 1)}" if others else ""
        told = f"The policy {name}".rstrip()
        super().__init__("MalformedPolicyDocument", f"{told} is refused: {self.faults[0]}{more}.")


def read(text: str, name: str, *, trust: bool = False) -> Policy:
    """Read a policy. trust: it is a role's trust policy, of principals instead of resources. Raises PolicyError."""
    reader = _Reader(lint.Known(), trust=trust)
    policy = reader.read(text, name)
    grave = [fault for fault in reader.faults if fault.grave]
    if policy is None or grave:
        raise PolicyError(name, grave)
    return policy


def faults(text: str, known: lint.Known = _NOTHING, *, trust: bool = False) -> list[Fault]:
    """Return what is wrong with a policy, by line; warnings too. known: what there is to name."""
    reader = _Reader(known, trust=trust)
    reader.read(text, "")
    return sorted(reader.faults)


class _Spot(NamedTuple):
    """A value of the document, and where it is."""

    node: Node
    path: str

    def members(self) -> Iterator[tuple[str, _Spot]]:
        """Yield the members of an object."""
        for name, node in self.node.value.items():
            yield name, _Spot(node, f"{self.path}.{name}" if self.path else name)

    def items(self) -> list[_Spot]:
        """Return the items of a list; a value alone is a list of one, as everywhere in policies."""
        if not isinstance(self.node.value, list):
            return [self]
        return [_Spot(node, f"{self.path}[{index}]") for index, node in enumerate(self.node.value)]


class _Reader:
    """Reads one policy, and goes on after a fault to find the others."""

    def __init__(self, known: lint.Known, *, trust: bool) -> None:
        self.faults: list[Fault] = []
        self._known = known
        self._trust = trust
        self._version = VERSIONS[0]

    def read(self, text: str, name: str) -> Policy | None:
        """Return the policy; None for a text that is no JSON object."""
        if not self._is_bounded(text):
            return None
        try:
            node, twice = jsontext.read(text)
        except JsonError as error:
            self.faults.append(Fault(error.line, "", f"column {error.column}: {error.message}", grave=True))
            return None
        self.faults += [Fault(line, "", f"`{again}` is there twice", grave=True) for line, again in twice]
        top = self._object(_Spot(node, ""), _POLICY_ELEMENTS)
        return None if top is None else self._policy(top, name)

    def _is_bounded(self, text: str) -> bool:
        allowed = _CHARACTERS.match(text)
        end = allowed.end() if allowed else 0
        if len(text) > MOST_TEXT or len("".join(text.split())) > MOST_CHARACTERS:
            message = (
                f"a policy has at most {MOST_CHARACTERS} characters that are no white space, and {MOST_TEXT} in all"
            )
            self.faults.append(Fault(1, "", message, grave=True))
        elif end < len(text):
            line = text.count("\n", 0, end) + 1
            self.faults.append(
                Fault(line, "", "a policy has no characters beyond U+00FF, nor control ones", grave=True)
            )
        return not self.faults

    def _grave(self, spot: _Spot, message: str) -> None:
        self.faults.append(Fault(spot.node.line, spot.path, message, grave=True))

    def _warn(self, spot: _Spot, *messages: str) -> None:
        self.faults += [Fault(spot.node.line, spot.path, message, grave=False) for message in messages]

    def _object(self, spot: _Spot, known: Collection[str] = ()) -> dict[str, _Spot] | None:
        """Return the members of an object, None for what is none. known: the names that there are, if not any."""
        if not isinstance(spot.node.value, dict):
            self._grave(spot, "an object is wanted here")
            return None
        members = dict(spot.members())
        for name, member in members.items():
            if known and name not in known:
                self._grave(member, f"there is no element `{name}`: it may be {', '.join(known)}")
        return members

    def _members(self, spot: _Spot | None, known: Collection[str] = ()) -> dict[str, _Spot]:
        """Return the members of an object, none for what is none or not there."""
        return (self._object(spot, known) or {}) if spot else {}

    def _text(self, spot: _Spot | None) -> str:
        """Return a text, an empty one for what is none."""
        return str(spot.node.value) if spot is not None and self._is_text(spot) else ""

    def _is_text(self, spot: _Spot) -> bool:
        if isinstance(spot.node.value, str) and not isinstance(spot.node.value, jsontext.Number):
            return True
        self._grave(spot, "a text is wanted here")
        return False

    def _texts(self, spot: _Spot) -> list[tuple[_Spot, str]]:
        """Return the texts of a list, or of one text."""
        some = spot.items()
        if not some:
            self._warn(spot, "the list is empty")
        return [(one, one.node.value) for one in some if self._is_text(one)]

    def _policy(self, top: Mapping[str, _Spot], name: str) -> Policy:
        self._text(top.get("Id"))
        self._version = self._read_version(top)
        if "Statement" not in top:
            self.faults.append(Fault(1, "", "a policy has the element Statement", grave=True))
            return Policy(name, self._version, ())
        spots = top["Statement"].items()
        if not spots:
            self._warn(top["Statement"], "the policy has no statements, so it allows nothing")
        read = [self._statement(spot, index) for index, spot in enumerate(spots)]
        statements = tuple(statement for statement in read if statement is not None)
        self._compare_sids(spots, statements)
        return Policy(name, self._version, statements)

    def _read_version(self, top: Mapping[str, _Spot]) -> str:
        if "Version" not in top:
            message = (
                f"Version is missing, which means {VERSIONS[0]}: variables such as ${{aws:username}} are plain text"
            )
            self.faults.append(Fault(1, "Version", message, grave=False))
            return VERSIONS[0]
        version = self._text(top["Version"])
        if version not in VERSIONS:
            self._grave(top["Version"], f"it may be {' or '.join(VERSIONS)}")
        return version

    def _compare_sids(self, spots: Iterable[_Spot], statements: Iterable[Statement]) -> None:
        seen: set[str] = set()
        lines = dict(enumerate(spots))
        for statement in statements:
            if statement.sid in seen:
                self._grave(lines[statement.index], f"the Sid `{statement.sid}` is there twice")
            seen.update({statement.sid} - {""})

    def _statement(self, spot: _Spot, index: int) -> Statement | None:
        elements = self._object(spot, _STATEMENT_ELEMENTS)
        if elements is None:
            return None
        statement = Statement(
            sid=self._sid(elements.get("Sid")),
            index=index,
            effect=self._effect(spot, elements),
            actions=self._choice(spot, elements, "Action") or Choice(()),
            resources=self._resources(spot, elements),
            conditions=tuple(self._conditions(elements.get("Condition"))),
            principals=tuple(self._principals(spot, elements)),
            document=spot.node.plain(),
        )
        self._warn(spot, *lint.of_statement(statement, self._known))
        return statement

    def _sid(self, spot: _Spot | None) -> str:
        sid = self._text(spot)
        if spot is not None and not _SID.fullmatch(sid):
            self._grave(spot, "a Sid has letters and digits only")
        return sid

    def _effect(self, spot: _Spot, elements: Mapping[str, _Spot]) -> Effect:
        effect = self._text(elements.get("Effect"))
        if effect not in ("Allow", "Deny"):
            self._grave(elements.get("Effect", spot), "Effect is `Allow` or `Deny`")
        return "Allow" if effect == "Allow" else "Deny"

    def _choice(self, spot: _Spot, elements: Mapping[str, _Spot], name: str) -> Choice | None:
        """Read Action or NotAction, Resource or NotResource: exactly one of the two has to be there."""
        there = [one for one in (name, f"Not{name}") if one in elements]
        if len(there) != 1:
            self._grave(spot, f"a statement has either {name} or Not{name}")
            return None
        read = self._action if name == "Action" else self._resource
        patterns = tuple(read(*one) for one in self._texts(elements[there[0]]))
        return Choice(patterns, negated=there[0] != name)

    def _action(self, spot: _Spot, text: str) -> Pattern:
        if not _ACTION.fullmatch(text):
            self._grave(spot, "an action is `*`, or begins with its service: `ec2:RevokeSecurityGroupIngress`")
        elif self._trust and not text.lower().startswith(_OF_TRUST):
            self._grave(spot, "a trust policy is about actions of sts alone: `sts:AssumeRole`")
        else:
            self._warn(spot, *lint.of_action(text, self._known))
        return pattern(text, caseless_pattern, variables=False)

    def _resource(self, spot: _Spot, text: str) -> Pattern:
        if text != "*" and not text.startswith(_RESOURCE_BEGINNINGS):
            self._grave(spot, "a resource is `*`, or an ARN: `arn:aws:ec2:*:*:security-group/*`")
            return pattern("", arn_pattern, variables=False)
        some = pattern(text, arn_pattern, variables=self._expands)
        self._warn(spot, *lint.of_resource(some, self._version, self._known))
        return some

    @property
    def _expands(self) -> bool:
        return self._version == VERSIONS[1]

    def _resources(self, spot: _Spot, elements: Mapping[str, _Spot]) -> Choice | None:
        if not self._trust:
            return self._choice(spot, elements, "Resource") or Choice(())
        for name in ("Resource", "NotResource"):
            if name in elements:
                self._grave(elements[name], "a trust policy is about its role, so it names no resource")
        return None

    def _conditions(self, spot: _Spot | None) -> Iterator[Condition]:
        for written, operands in self._members(spot).items():
            if not is_operator(written):
                self._grave(operands, f"there is no operator `{written}`")
            for key, wanted in self._members(operands).items():
                yield from self._condition(written, key, wanted)

    def _condition(self, written: str, key: str, wanted: _Spot) -> Iterator[Condition]:
        if ":" not in key:
            self._grave(wanted, "a condition key begins with its service: `aws:SourceIp`")
        values = [self._value(one) for one in wanted.items()]
        if is_operator(written):
            found = condition(written, key, values, variables=self._expands)
            self._warn(wanted, *lint.of_condition(found, self._version, self._known))
            yield found

    def _value(self, spot: _Spot) -> str:
        """Return a wanted value as text: a number as it is written, true and false."""
        value = spot.node.value
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, str):
            return str(value)
        self._grave(spot, "a text, a number, true or false is wanted here")
        return ""

    def _principals(self, spot: _Spot, elements: Mapping[str, _Spot]) -> Iterator[str]:
        if "NotPrincipal" in elements:
            self._grave(elements["NotPrincipal"], "NotPrincipal is not read here: name those who are meant")
        principal = elements.get("Principal")
        if not self._trust and principal:
            self._grave(principal, "only a role's trust policy has Principal")
        elif self._trust and principal is None:
            self._grave(spot, "a statement of a trust policy has Principal")
        elif principal and principal.node.value == "*":
            yield "*"
        else:
            for kind, members in self._members(principal, ("AWS", *_OTHER_PRINCIPALS)).items():
                yield from self._principals_of(kind, members)

    def _principals_of(self, kind: str, spot: _Spot) -> Iterator[str]:
        if kind in _OTHER_PRINCIPALS:
            self._warn(spot, f"no {kind} calls here, so this matches nobody")
            return
        for one, text in self._texts(spot):
            if not _PRINCIPAL.fullmatch(text):
                self._grave(one, "a principal is `*`, an account's id, or an ARN of iam or sts without wildcards")
            yield text
