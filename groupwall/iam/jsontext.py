"""JSON text -> values that know their lines, for texts that people write and want to be told where they err.

Stricter than Python's own reader: no NaN, no number beyond a float, no half of a surrogate pair, no deep nesting.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_left
from typing import Any, NamedTuple

MOST_DEEP = 16
"""A policy nests seven levels."""

_SPACE = re.compile(r"[ \t\n\r]*")
_STRING = re.compile(r'"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None}
_WORD = re.compile("true|false|null")
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """A text that is no JSON. line, column: from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(f"{line}:{column}: {message}")
        self.line = line
        self.column = column
        self.message = message


class Number(str):
    """A number as it is written, so that none loses a digit."""

    __slots__ = ()


class Node(NamedTuple):
    """A value: dict or list of nodes, text, Number, True, False or None. line: from 1, of a member its name's."""

    value: Any
    line: int

    def plain(self) -> Any:  # noqa: ANN401 - any JSON
        """Return the value as Python's own reader does."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, Number):
            return float(self.value) if re.search("[.eE]", self.value) else int(self.value)
        return self.value


class Read(NamedTuple):
    """A text as it was read. twice: each name that an object has twice, with its line; the last one counts."""

    node: Node
    twice: tuple[tuple[int, str], ...]


def read(text: str) -> Read:
    """Read a JSON text. Raises JsonError."""
    reader = _Reader(text)
    node, end = reader.value(reader.space(0), 0)
    end = reader.space(end)
    if end < len(text):
        raise reader.error(end, "nothing may follow the value")
    return Read(node, tuple(reader.twice))


class _Reader:
    """Reads from a position, and returns what it read and where that ends."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self.twice: list[tuple[int, str]] = []

    def error(self, position: int, message: str) -> JsonError:
        line = self._line(position)
        start = self._breaks[line - 2] + 1 if line > 1 else 0
        return JsonError(line, position - start + 1, message)

    def _line(self, position: int) -> int:
        return bisect_left(self._breaks, position) + 1

    def space(self, position: int) -> int:
        found = _SPACE.match(self._text, position)
        return found.end() if found else position

    def value(self, position: int, depth: int) -> tuple[Node, int]:
        """Read the value that begins here."""
        start, line = self._text[position : position + 1], self._line(position)
        if start in ("{", "[") and depth >= MOST_DEEP:
            raise self.error(position, f"nested deeper than {MOST_DEEP}")
        if start == "{":
            members, end = self._object(position, depth)
            return Node(members, line), end
        if start == "[":
            items, end = self._list(position, depth)
            return Node(items, line), end
        value, end = self._string(position) if start == '"' else self._word(position)
        return Node(value, line), end

    def _object(self, position: int, depth: int) -> tuple[dict[str, Node], int]:
        members: dict[str, Node] = {}
        end = self.space(position + 1)
        if self._text[end : end + 1] == "}":
            return members, end + 1
        while True:
            line = self._line(end)
            name, end = self._string(end)
            if name in members:
                self.twice.append((line, name))
            end = self._expect(end, ":")
            node, end = self.value(end, depth + 1)
            members[name] = Node(node.value, line)
            more, end = self._more(end, "}")
            if not more:
                return members, end

    def _list(self, position: int, depth: int) -> tuple[list[Node], int]:
        items: list[Node] = []
        end = self.space(position + 1)
        if self._text[end : end + 1] == "]":
            return items, end + 1
        while True:
            node, end = self.value(end, depth + 1)
            items.append(node)
            more, end = self._more(end, "]")
            if not more:
                return items, end

    def _expect(self, position: int, character: str) -> int:
        position = self.space(position)
        if self._text[position : position + 1] != character:
            raise self.error(position, f"`{character}` is wanted here")
        return self.space(position + 1)

    def _more(self, position: int, closing: str) -> tuple[bool, int]:
        """Return whether a comma follows, and where to go on."""
        position = self.space(position)
        if self._text[position : position + 1] == closing:
            return False, position + 1
        if self._text[position : position + 1] != ",":
            raise self.error(position, f"`,` or `{closing}` is wanted here")
        return True, self.space(position + 1)

    def _string(self, position: int) -> tuple[str, int]:
        found = _STRING.match(self._text, position)
        if found is None:
            raise self.error(position, "a text in double quotes is wanted here, on one line")
        try:
            text = json.loads(found[0])
        except ValueError:
            raise self.error(position, "this text has an escape that JSON does not know") from None
        if _SURROGATE.search(text):
            raise self.error(position, "this text has half of a surrogate pair, which is no character")
        return text, found.end()

    def _word(self, position: int) -> tuple[str | bool | None, int]:
        """Read a number, true, false or null."""
        word = _WORD.match(self._text, position)
        if word:
            return _WORDS[word[0]], word.end()
        found = _NUMBER.match(self._text, position)
        if found is None:
            raise self.error(
                position, "a value is wanted here: an object, a list, a text, a number, true, false or null"
            )
        if not math.isfinite(float(found[0])):
            raise self.error(position, "this number is too large")
        return Number(found[0]), found.end()
