"""Patterns of policies: text with ``*``, ``?`` and ``${variables}``, held against a text (users 7.3 [docs]).

A pattern becomes a regular expression whose groups never try again, so that matching takes time in proportion to the
text and to the pattern, however many wildcards there are. What comes from a variable is literal: nobody widens a policy
by a tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from typing import NamedTuple, Protocol

ARN_PARTS = 6
LONGEST = 2_048
"""Characters of a text that is held against patterns, those of the longest ARN [docs: IAM quotas]. A longer one cannot
be told (inferred): matching takes as many steps as text and pattern have characters, multiplied.
"""
_NEVER = re.compile(r"(?!)")
_END = "\0"
"""Ends a value of a variable; no text that a client sends has it."""

_VARIABLE = re.compile(r"\$\{(?:([*?$])|\s*([^,{}'\s][^,{}']*?)\s*(?:,\s*'([^']*)'\s*)?)\}")
_REMEMBERED = 256
"""How many patterns with the values of variables in them are kept compiled."""


class Keys(Protocol):
    """Condition keys, in lower case, and their values; it may look a key up only when it is asked for."""

    def get(self, name: str, /) -> tuple[str, ...] | None:
        """Return the values of a key, None where the request has no such key."""


class Wildcard(Enum):
    """What stands for any text, and for any one character."""

    ANY = "*"
    ONE = "?"


class Variable(NamedTuple):
    """``${key}`` or ``${key, 'default'}``; key in lower case. place: tells it from the others of its pattern."""

    key: str
    default: str | None
    place: int


Token = str | Wildcard | Variable
Compile = Callable[[tuple[Token, ...]], re.Pattern[str]]


class Pattern(NamedTuple):
    """A pattern, compiled once: with other values of its variables at each call that would take fifty times as long.

    compiled: None where there are variables. behind_values: for the values of the variables and then the text, with
    ``_END`` behind each value.
    """

    text: str
    tokens: tuple[Token, ...]
    compile: Compile
    compiled: re.Pattern[str] | None
    behind_values: re.Pattern[str]

    def matches(self, text: str, keys: Keys) -> bool | None:
        """Return whether the whole text matches; None where a variable cannot be resolved (users 7.3 [docs])."""
        if self.compiled:
            return self.compiled.fullmatch(text) is not None
        values = _values(self.tokens, keys)
        if values is None:
            return None
        if self.compile is arn_pattern and any(":" in value for value in values):  # other parts than were compiled
            return arn_pattern(_filled(self.tokens, values)).fullmatch(text) is not None
        return self.behind_values.fullmatch(_END.join((*values, text))) is not None


def pattern(text: str, compiler: Compile, *, variables: bool, wildcards: bool = True) -> Pattern:
    """Return the pattern that a text of a policy means."""
    tokens = tuple(_tokens(text, variables=variables, wildcards=wildcards))
    fixed = not any(isinstance(token, Variable) for token in tokens)
    compiled = compiler(tokens)
    return Pattern(text, tokens, compiler, compiled if fixed else None, compiled)


def variables_of(some: Pattern) -> list[Variable]:
    """Return the variables that a pattern needs."""
    return [token for token in some.tokens if isinstance(token, Variable)]


def _tokens(text: str, *, variables: bool, wildcards: bool) -> Iterator[Token]:
    """Yield the parts of a text; ``${*}``, ``${?}`` and ``${$}`` are the characters themselves (users 7.3 [docs])."""
    position = 0
    for place, found in enumerate(_VARIABLE.finditer(text) if variables else ()):
        yield from _wild(text[position : found.start()], wildcards=wildcards)
        character, key, default = found.groups()
        yield character or Variable(key.lower(), default, place)
        position = found.end()
    yield from _wild(text[position:], wildcards=wildcards)


def _wild(text: str, *, wildcards: bool) -> Iterator[Token]:
    for piece in re.split(r"([*?])", text) if wildcards else [text]:
        if wildcards and piece in ("*", "?"):
            yield Wildcard(piece)
        elif piece:
            yield piece


def resolved(tokens: Sequence[Token], keys: Keys) -> tuple[Token, ...] | None:
    """Return tokens with the values of their variables; None where one has no value, or several (users 7.3 [docs])."""
    values = _values(tokens, keys)
    return None if values is None else _filled(tokens, values)


def _filled(tokens: Sequence[Token], values: Sequence[str]) -> tuple[Token, ...]:
    left = iter(values)
    return tuple(next(left) if isinstance(token, Variable) else token for token in tokens)


def _values(tokens: Sequence[Token], keys: Keys) -> tuple[str, ...] | None:
    """Return the values of variables, one for each; None where one cannot be resolved.

    That is, too, one that is too long, or in which ``_END`` is (inferred). A default stands in for a value that is
    absent, not for several (inferred), and its characters are literal (inferred).
    """
    found: list[str] = []
    for token in tokens:
        if isinstance(token, Variable):
            values = keys.get(token.key) or (() if token.default is None else (token.default,))
            if len(values) != 1 or len(values[0]) > LONGEST or _END in values[0]:
                return None
            found.append(values[0])
    return tuple(found)


@lru_cache(_REMEMBERED)
def text_pattern(tokens: tuple[Token, ...]) -> re.Pattern[str]:
    """Compile for texts: a wildcard stands for any character."""
    return re.compile(_heads(tokens) + _expression(tokens, "."), re.DOTALL)


@lru_cache(_REMEMBERED)
def caseless_pattern(tokens: tuple[Token, ...]) -> re.Pattern[str]:
    """Compile for texts whose case does not matter, such as actions (users 7.3 [docs])."""
    return re.compile(_heads(tokens) + _expression(tokens, "."), re.DOTALL | re.IGNORECASE)


@lru_cache(_REMEMBERED)
def arn_pattern(tokens: tuple[Token, ...]) -> re.Pattern[str]:
    """Compile for ARNs: six parts, of which the last may hold colons, and a wildcard stays inside of its part.

    With fewer parts it matches only where it ends in ``*``, which then stands for all the rest (users 7.3 [docs]).
    """
    *front, last = _parts(tokens)
    before = _heads(tokens) + "".join(f"{_expression(part, '[^:]')}:" for part in front)
    if len(front) == ARN_PARTS - 1:
        return re.compile(before + _expression(last, "."), re.DOTALL)
    if not last or last[-1] is not Wildcard.ANY:
        return _NEVER
    return re.compile(f"{before}{_expression(last[:-1], '[^:]')}.*", re.DOTALL)


def is_whole_arn(tokens: Sequence[Token]) -> bool:
    """Whether an ARN has its six parts."""
    return sum(token.count(":") for token in tokens if isinstance(token, str)) >= ARN_PARTS - 1


def _parts(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split at the first five colons."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, str):
            first, *others = token.split(":", ARN_PARTS - len(parts))
            parts[-1].append(first)
            parts += [[other] for other in others]
        else:
            parts[-1].append(token)
    return parts


def _heads(tokens: Sequence[Token]) -> str:
    """Return the regular expression of the values of variables, which come before the text."""
    places = [token.place for token in tokens if isinstance(token, Variable)]
    return "".join(f"(?P<v{place}>[^{_END}]*+){_END}" for place in places)


def _expression(tokens: Sequence[Token], one: str) -> str:
    """Return the regular expression of tokens. one: the expression of a character that a wildcard may stand for.

    Each piece between two ``*`` is taken where it is first found, for good: the atomic group is what keeps a pattern
    such as ``*a*a*a*b`` from trying every combination.
    """
    pieces = [""]
    for token in tokens:
        if token is Wildcard.ANY:
            pieces.append("")
        else:
            pieces[-1] += _piece(token, one)
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    end = f"{one}*{last}" if last else f"{one}*+"
    return first + "".join(f"(?>{one}*?{piece})" for piece in middle if piece) + end


def _piece(token: Token, one: str) -> str:
    if isinstance(token, Variable):
        return f"(?P=v{token.place})"
    return one if token is Wildcard.ONE else re.escape(str(token))
