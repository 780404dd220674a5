"""The log of requests: one line each, as text or as JSON, without secrets and without control characters.

Only what the request asked for is told (operation, account, region), never its parameters, headers or query string: a
query may hold a signature. Lines are gathered and written once for each turn of the loop.
"""

from __future__ import annotations

import asyncio
import json
from typing import NamedTuple, TextIO


class Entry(NamedTuple):
    """One answered request, in the order of a line. milliseconds: from the last byte read to the reply."""

    time: str
    client: str
    operation: str
    status: int
    code: str
    milliseconds: float
    account: str
    region: str
    request_id: str


class AccessLog:
    """Where the entries go. form: ``text``, ``json`` or ``off``."""

    def __init__(self, stream: TextIO, form: str) -> None:
        self._stream = stream
        self._form = form
        self._lines: list[str] = []

    def add(self, entry: Entry) -> None:
        """Write an entry, together with those of the same turn."""
        if self._form == "off":
            return
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(_json(entry) if self._form == "json" else _text(entry))

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        try:
            self._stream.write("".join(lines))
            self._stream.flush()
        except OSError:
            self._form = "off"  # nobody reads it any more; requests are worth more than their log


def _json(entry: Entry) -> str:
    return json.dumps(entry._asdict()) + "\n"


def _text(entry: Entry) -> str:
    return printable(" ".join(map(str, entry))) + "\n"


def printable(text: str) -> str:
    """Return text as one line: whatever is not printable ASCII is written as an escape."""
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)
