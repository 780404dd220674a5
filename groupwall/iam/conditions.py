"""Conditions of a policy: an operator, a key, the wanted values; met, not met, or not to be told (users 7.3 [docs]).

None, "not to be told", comes of a value that its operator cannot read. The statement then fails closed: an Allow does
not match and a Deny does (groupwall.iam.policy).
"""

from __future__ import annotations

import json
import operator as op
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from groupwall.iam import values
from groupwall.iam.patterns import (
    LONGEST,
    Compile,
    Keys,
    arn_pattern,
    caseless_pattern,
    is_whole_arn,
    pattern,
    resolved,
    text_pattern,
)

Test = Callable[[str, Keys], bool | None]
"""Whether a found value is what is wanted; None where one of the two cannot be read."""

_SHOWN_VALUES = 3
_SHOWN_CHARACTERS = 100


class UnknownOperatorError(ValueError):
    """An operator that there is not, for which the policy is refused (users 7.3)."""


class Operator(NamedTuple):
    """An operator as it is written.

    name: as AWS writes it, without what follows. every: all found values have to pass, not any. if_exists: an absent
    key passes.
    """

    name: str
    every: bool
    if_exists: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One key of one operator, name as it is written. tests: one for each wanted value; negated: none may hold."""

    operator: str
    name: str
    key: str
    wanted: tuple[str, ...]
    mode: Operator
    negated: bool
    tests: tuple[Test, ...]

    def outcome(self, keys: Keys) -> bool | None:
        """Return whether the condition is met; None where a value cannot be read (users 7.3 [docs])."""
        found = keys.get(self.key)
        if not found:
            return self.mode.if_exists or self.mode.every
        if len(found) == 1:  # Nearly always, and a third of the time.
            return self._passes(found[0], keys)
        outcomes = [self._passes(value, keys) for value in found]
        return _all(outcomes) if self.mode.every else _any(outcomes)

    def _passes(self, value: str, keys: Keys) -> bool | None:
        if len(value) > LONGEST:
            return None
        unread = False
        for test in self.tests:
            outcome = test(value, keys)
            if outcome:
                return not self.negated
            unread |= outcome is None
        return None if unread else self.negated


@dataclass(frozen=True, slots=True)
class Presence:
    """A ``Null`` of one key. absent: the wanted answers, None for a value that is neither true nor false."""

    operator: str
    name: str
    key: str
    wanted: tuple[str, ...]
    absent: tuple[bool | None, ...]

    def outcome(self, keys: Keys) -> bool | None:
        """Return whether the key is absent, or has no values, as is wanted (users 7.3 [docs])."""
        found = not keys.get(self.key)
        return _any([None if wanted is None else wanted is found for wanted in self.absent])


Condition = Comparison | Presence


def _any(outcomes: Sequence[bool | None]) -> bool | None:
    return True if True in outcomes else None if None in outcomes else False


def _all(outcomes: Sequence[bool | None]) -> bool | None:
    return False if False in outcomes else None if None in outcomes else True


class _Expansion(NamedTuple):
    """Whether variables expand; and the outcome where one cannot be resolved: no match, or for negated None."""

    variables: bool
    unresolved: bool | None


Make = Callable[[str, _Expansion], Test]
"""Makes the test of one wanted value."""


def _unread(_found: str, _keys: Keys) -> None:
    """Stand for a wanted value that cannot be read."""


def _text(compiler: Compile, *, wildcards: bool) -> Make:
    def make(wanted: str, expansion: _Expansion) -> Test:
        some = pattern(wanted, compiler, variables=expansion.variables, wildcards=wildcards)
        matches, fixed = some.matches, some.compiled
        if fixed:
            return lambda found, _keys: fixed.fullmatch(found) is not None

        def test(found: str, keys: Keys) -> bool | None:
            outcome = matches(found, keys)
            return expansion.unresolved if outcome is None else outcome

        return test

    return make


def _arn(wanted: str, expansion: _Expansion) -> Test:
    """Make the test of an ARN, which has at least five colons on both sides (users 7.3 [docs])."""
    arn = pattern(wanted, arn_pattern, variables=expansion.variables)
    if arn.compiled and not is_whole_arn(arn.tokens):
        return _unread

    def test(found: str, keys: Keys) -> bool | None:
        if not is_whole_arn((found,)):
            return None
        if arn.compiled:
            return arn.matches(found, keys)
        whole = resolved(arn.tokens, keys)
        if whole is None:
            return expansion.unresolved
        return arn.matches(found, keys) if is_whole_arn(whole) else None

    return test


def _value(compare: Callable[[Any, Any], bool], read: Callable[[str], Any], read_found: Callable[[str], Any]) -> Make:
    """Return what makes the test of a value that stands for something: ``compare(found, wanted)``."""

    def make(wanted: str, _expansion: _Expansion) -> Test:
        known = read(wanted)
        if known is None:
            return _unread

        def test(found: str, _keys: Keys) -> bool | None:
            value = read_found(found)
            return None if value is None else compare(value, known)

        return test

    return make


def _orders(name: str, read: Callable[[str], Any]) -> dict[str, Make]:
    orders = {
        "Equals": op.eq,
        "LessThan": op.lt,
        "LessThanEquals": op.le,
        "GreaterThan": op.gt,
        "GreaterThanEquals": op.ge,
    }
    return {f"{name}{order}": _value(compare, read, read) for order, compare in orders.items()}


def _is_in(address: Any, block: Any) -> bool:  # noqa: ANN401 - of either family
    return address in block


_POSITIVE: dict[str, Make] = {
    "StringEquals": _text(text_pattern, wildcards=False),
    "StringEqualsIgnoreCase": _text(caseless_pattern, wildcards=False),
    "StringLike": _text(text_pattern, wildcards=True),
    **_orders("Numeric", values.number),
    **_orders("Date", values.moment),
    "Bool": _value(op.eq, values.truth, values.truth),
    "BinaryEquals": _value(op.eq, values.octets, values.octets),
    "IpAddress": _value(_is_in, values.block, values.address),
    "ArnEquals": _arn,
    "ArnLike": _arn,
}
_NEGATED = {
    "StringNotEquals": "StringEquals",
    "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase",
    "StringNotLike": "StringLike",
    "NumericNotEquals": "NumericEquals",
    "DateNotEquals": "DateEquals",
    "NotIpAddress": "IpAddress",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}
_NULL = "Null"
OPERATORS = (*_POSITIVE, *_NEGATED, _NULL)
_SPELLED = {name.lower(): name for name in OPERATORS}
_WRITTEN = re.compile(r"(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?", re.IGNORECASE)


def operator(written: str) -> Operator:
    """Return what an operator's name means, in any case (users 7.3 [docs]). Raises UnknownOperatorError.

    Without a prefix any found value has to pass, but every one for a negated operator: none may be a wanted one.
    ``Null`` takes neither prefix nor suffix (inferred).
    """
    parts = _WRITTEN.fullmatch(written)
    name = _SPELLED.get(parts[2].lower()) if parts else None
    if parts is None or name is None or (name == _NULL and (parts[1] or parts[3])):
        raise UnknownOperatorError(written)
    every = parts[1].lower() == "forallvalues" if parts[1] else name in _NEGATED
    return Operator(name, every, bool(parts[3]))


def is_operator(written: str) -> bool:
    """Whether there is an operator of a name."""
    try:
        operator(written)
    except UnknownOperatorError:
        return False
    return True


def condition(written: str, key: str, wanted: Sequence[str], *, variables: bool) -> Condition:
    """Return the condition of an operator as it is written, a key, and the wanted values. Raises UnknownOperatorError.

    A negated operator whose variable cannot be resolved fails closed. AWS's documentation is remembered to say that
    such an operator holds, which in an Allow would open what was meant to be closed, so this is our choice (inferred).
    """
    mode = operator(written)
    if mode.name == _NULL:
        return Presence(written, key, key.lower(), tuple(wanted), tuple(values.truth(value) for value in wanted))
    negated = mode.name in _NEGATED
    make = _POSITIVE[_NEGATED.get(mode.name, mode.name)]
    expansion = _Expansion(variables, None if negated else False)
    tests = tuple(make(value, expansion) for value in wanted)
    return Comparison(written, key, key.lower(), tuple(wanted), mode, negated, tests)


def is_readable(some: Condition, index: int) -> bool:
    """Whether a wanted value can be read by its operator; one with variables is known only when it is asked."""
    return some.absent[index] is not None if isinstance(some, Presence) else some.tests[index] is not _unread


def expands_variables(some: Condition) -> bool:
    """Whether an operator expands variables: those of strings and ARNs do (users 7.3 [docs])."""
    return isinstance(some, Comparison) and some.mode.name.startswith(("String", "Arn"))


def told(some: Condition, keys: Keys) -> str:
    """Return what a condition wants and what it finds, as one clause."""
    found = keys.get(some.key)
    finds = f"finds {listed(found)}" if found else "finds none"
    unread = ", and a value cannot be read" if some.outcome(keys) is None else ""
    return f"{some.operator} of {some.name} wants {listed(some.wanted)}, {finds}{unread}"


def listed(some: Sequence[str]) -> str:
    """Return texts in quotes, escaped as in JSON, since a client may have sent them; of many or long ones a part."""
    texts = [json.dumps(text[:_SHOWN_CHARACTERS], ensure_ascii=False) for text in some[:_SHOWN_VALUES]]
    more = len(some) - _SHOWN_VALUES
    return " or ".join(texts) + (f" or {more} more" if more > 0 else "")
