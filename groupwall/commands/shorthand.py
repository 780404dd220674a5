"""What the AWS CLI calls shorthand: ``Name=operation,Values=Revoke*,Authorize*`` for a structure.

A value is text, in quotes where it holds a comma or a bracket, ``[...]`` for a list and ``{...}`` for a structure
within. Its form is AWS's documentation's; what a name may stand for is not checked here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from groupwall.wire.shapes import List, Shape, Structure

_NAME = re.compile(r"\s*([A-Za-z0-9]+)=")
_PLAIN = re.compile(r"[^,\]}]*")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def read_shorthand(text: str, shape: Shape) -> dict[str, Any]:
    """Return the structure that a text describes. Raises ValueError that says where the text is none."""
    reader = _Reader(text)
    found = reader.structure(shape)
    if reader.place < len(text):
        raise reader.fault("an end")
    return found


class _Reader:
    """Reads from left to right. place: of the next character."""

    def __init__(self, text: str) -> None:
        self.place = 0
        self._text = text

    def structure(self, shape: Shape | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while True:
            name = _NAME.match(self._text, self.place)
            if name is None:
                raise self.fault("NAME=VALUE")
            self.place = name.end()
            member = shape.members.get(name[1]) if isinstance(shape, Structure) else None
            found[name[1]] = self._values(member.shape if member else None)
            if not self._took(","):
                return found

    def _values(self, shape: Shape | None) -> Any:  # noqa: ANN401 - as the text says
        """Return one value, or several up to the next name; where a list is wanted one value makes a list."""
        item = shape.item if isinstance(shape, List) else shape
        found = [self._value(item)]
        while self._next() == "," and not _NAME.match(self._text, self.place + 1):
            self.place += 1
            found.append(self._value(item))
        if len(found) > 1:
            return found
        return found if isinstance(shape, List) and not isinstance(found[0], list) else found[0]

    def _value(self, shape: Shape | None) -> Any:  # noqa: ANN401 - as the text says
        if self._took("["):
            return self._closed("]", lambda: self._items(shape))
        if self._took("{"):
            return self._closed("}", lambda: self.structure(shape))
        quoted = _QUOTED.match(self._text, self.place)
        if quoted:
            self.place = quoted.end()
            return _ESCAPED.sub(r"\1", quoted[0][1:-1])
        plain = _PLAIN.match(self._text, self.place)
        assert plain is not None  # noqa: S101 - it matches nothing, too
        self.place = plain.end()
        return plain[0].strip()

    def _items(self, shape: Shape | None) -> list[Any]:
        found = [] if self._next() == "]" else [self._value(shape)]
        while self._took(","):
            found.append(self._value(shape))
        return found

    def _closed(self, bracket: str, read: Callable[[], Any]) -> Any:  # noqa: ANN401 - as the text says
        found = read()
        if not self._took(bracket):
            raise self.fault(bracket)
        return found

    def _next(self) -> str:
        return self._text[self.place : self.place + 1]

    def _took(self, character: str) -> bool:
        taken = self._next() == character
        self.place += taken
        return taken

    def fault(self, wanted: str) -> ValueError:
        return ValueError(f"is neither JSON nor shorthand: {wanted} is missing at character {self.place + 1}")
