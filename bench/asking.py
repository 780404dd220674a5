"""A client that asks one request after the other, and times each reply to its end."""

from __future__ import annotations

import http.client
import statistics
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from bench.wire import Site
from groupwall.wire.message import Request

Turn = Sequence[tuple[str, Request]]
"""Requests that belong together, such as one that undoes the other, each with the name of what it is."""


class Answer(NamedTuple):
    """Seconds to the first byte of a reply's body and to its last, and its bytes."""

    first: float
    whole: float
    size: int


class Asker:
    """One connection to a server; ``connect`` it anew where it may have been idle for long."""

    def __init__(self, site: Site) -> None:
        self._connection = http.client.HTTPConnection(site.host, site.port, timeout=600)

    def connect(self) -> None:
        """Connect."""
        self._connection.close()
        self._connection.connect()

    def ask(self, request: Request) -> Answer:
        """Ask, and read the reply to its end. AssertionError when it is no success."""
        start = time.perf_counter()
        self._connection.request(request.method, request.path, request.body, dict(request.headers))
        reply = self._connection.getresponse()
        size = len(reply.read(1))
        first = time.perf_counter() - start
        while part := reply.read(1 << 16):
            size += len(part)
        assert reply.status == http.client.OK, reply.status
        return Answer(first, time.perf_counter() - start, size)

    def repeat(self, turn: Turn, seconds: float) -> dict[str, float]:
        """Ask a turn again and again for a time, at least once; return the median of each of its requests."""
        self.connect()
        times: defaultdict[str, list[float]] = defaultdict(list)
        end = time.perf_counter() + seconds
        while not times or time.perf_counter() < end:
            for name, request in turn:
                times[name].append(self.ask(request).whole)
        return {name: statistics.median(found) for name, found in times.items()}
