"""The log of requests: one line each, as text or as JSON, without secrets and without control characters.

Only what the request asked for is told (operation, account, region), never its parameters, headers or query string: a
query may hold a signature. Of an access key its id is told, never the secret, a token or a signature. Lines are
gathered and handed on once for each turn of the loop, to an outlet that writes them from a thread of its own: a pipe
that nobody empties blocks whoever writes to it, and must not block the loop.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import NamedTuple

from groupwall.buckets import Buckets

MOST_WAITING = 1 << 20
"""Characters that may wait to be written; what comes then is dropped, and the number of its lines told later."""

SECONDS_TO_GATHER = 0.05
"""How long a line may wait for others: a thread that woke for every turn would take the interpreter lock each time."""

SECONDS_TO_END = 1.0

STRANGERS_PER_SECOND, STRANGERS_AT_ONCE = 5, 500
"""Lines about who is not known, so that nobody fills a disk by failing: 100 megabytes a day at most."""


class Outlet:
    """A file descriptor as a text stream that never blocks and never fails. Close it to have the rest written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._change = threading.Condition()
        self._waiting: list[str] = []
        self._size = 0
        self._dropped = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Have text written, or drop it when too much waits already."""
        with self._change:
            if self._size + len(text) <= MOST_WAITING:
                if not self._waiting:
                    self._change.notify()
                self._waiting.append(text)
                self._size += len(text)
            else:
                self._dropped += text.count("\n")

    def flush(self) -> None:
        """Do nothing: all that was written is on its way."""

    def close(self) -> None:
        """Wait a moment for what is still to be written."""
        self._closed.set()
        with self._change:
            self._change.notify()
        self._thread.join(SECONDS_TO_END)

    def _write_all(self) -> None:
        while text := self._next():
            dropped = self._dropped
            notice = f"{dropped} lines of the log were dropped here: nobody took them\n" if dropped else ""
            try:
                self._put((notice + text).encode(errors="backslashreplace"))
                self._count_dropped(-dropped)
            except OSError:
                self._count_dropped(text.count("\n"))

    def _next(self) -> str:
        """Wait for text, and a moment for more, and return it; none once the outlet is closed."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed.is_set())
        self._closed.wait(SECONDS_TO_GATHER)
        with self._change:
            text, self._waiting, self._size = "".join(self._waiting), [], 0
            return text

    def _put(self, rest: bytes) -> None:
        while rest:  # past Python's own buffer, whose lock would be missed at the exit
            rest = rest[os.write(self._descriptor, rest) :]

    def _count_dropped(self, lines: int) -> None:
        with self._change:
            self._dropped += lines


class Entry(NamedTuple):
    """One answered request, in the order of a line. milliseconds: from the last byte read to the reply.

    caller: the ARN of who made it, key: the id of the access key; reason: why the key was not believed. ``-`` for none.
    """

    time: str
    client: str
    operation: str
    status: int
    code: str
    milliseconds: float
    account: str
    region: str
    request_id: str
    caller: str
    key: str
    reason: str


class AccessLog:
    """Where the entries go. form: ``text``, ``json`` or ``off``."""

    def __init__(self, outlet: Outlet, form: str) -> None:
        self._outlet = outlet
        self._form = form
        self._lines: list[str] = []
        self._room = Buckets(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE)
        self._left_out = 0

    def add(self, entry: Entry, now: int) -> None:
        """Write an entry, together with those of the same turn. now: milliseconds since 1970."""
        if self._form == "off":
            return
        if entry.caller == "-" and not self._room.take("", now):
            self._left_out += 1
            return
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        if entry.caller == "-":
            self._tell_left_out()
        self._lines.append(_json(entry) if self._form == "json" else _text(entry))

    def close(self) -> None:
        """Write what is still to be told."""
        self._tell_left_out()
        self._write()

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._lines.append(f"{self._left_out} refusals of callers that are not known were left out here\n")
            self._left_out = 0

    def _write(self) -> None:
        lines, self._lines = self._lines, []
        self._outlet.write("".join(lines))


def _json(entry: Entry) -> str:
    return json.dumps(entry._asdict()) + "\n"


def _text(entry: Entry) -> str:
    return printable(" ".join(map(str, entry))) + "\n"


def printable(text: str) -> str:
    """Return text as one line: whatever is not printable ASCII is written as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if " " <= c <= "~" else c.encode("unicode_escape").decode() for c in text)
