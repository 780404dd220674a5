"""What can be asked of a table: AWS's filters as conditions of a WHERE clause.

A condition names a field of groupwall.store.fields and the values that satisfy it, ``*`` and ``?`` standing for any
text and any one character, a backslash taking their meaning away. No text of a client ever becomes SQL: fields are
looked up there, values are bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Where(NamedTuple):
    """One condition: any of ``values`` is met by ``field``. ``key`` is the tag's key for the field ``tag``."""

    field: str
    values: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A column, and the clause that holds its test: ``{}`` stands for the test, ``:key`` for the condition's key.

    number: the column holds whole numbers, which SQLite finds by any text of the same worth, such as ``022`` for 22.
    """

    column: str
    clause: str = "{}"
    number: bool = False


PATTERN_BYTES = 50_000
"""The longest pattern that SQLite takes. Nothing that is kept is as long, so that a longer one is met by nothing."""

_DECIMAL = re.compile(r"0|-?[1-9][0-9]*")
_PATTERN = re.compile(r"\\(.)|(\*+|\?)|([%_\\])", re.DOTALL)


def like_pattern(value: str) -> str | None:
    """Return the LIKE pattern (escaped by a backslash) of a value with wildcards, None when it has none.

    >>> like_pattern("web-*"), like_pattern("web")
    ('web-%', None)
    """
    if "*" not in value and "?" not in value:
        return None

    def mend(found: re.Match[str]) -> str:
        escaped, wildcard, special = found.groups()
        if wildcard:
            return "_" if wildcard == "?" else "%"
        return _escape(escaped or special)

    return _PATTERN.sub(mend, value)


def _escape(character: str) -> str:
    return "\\" + character if character in "%_\\" else character


def clause(fields: dict[str, Field], conditions: Sequence[Where]) -> tuple[str, list[str]]:
    """Return `` AND …`` for every condition, and the values to bind. KeyError for a field that the table lacks."""
    text, bound = "", []
    for condition in conditions:
        field = fields[condition.field]
        test, values = _test(field, condition.values)
        inner = field.clause.format(test)
        keys = [condition.key] * inner.count(":key")
        text += f" AND ({inner.replace(':key', '?')})"
        bound += keys + values
    return text, bound


def _test(field: Field, values: Sequence[str]) -> tuple[str, list[str]]:
    patterns = [like_pattern(value) for value in values]
    exact = [value for value, pattern in zip(values, patterns, strict=True) if pattern is None]
    if field.number:
        exact = [value for value in exact if _DECIMAL.fullmatch(value)]
    bound = [pattern for pattern in patterns if pattern is not None and len(pattern.encode()) <= PATTERN_BYTES]
    tests = [f"{field.column} LIKE ? ESCAPE '\\'"] * len(bound)
    if len(exact) == 1:
        tests.insert(0, f"{field.column} = ?")
        bound.insert(0, exact[0])
    elif exact or not tests:
        tests.insert(0, f"{field.column} IN (SELECT value FROM json_each(?))")
        bound.insert(0, json.dumps(exact))
    return "(" + " OR ".join(tests) + ")", bound
