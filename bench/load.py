"""The load generator, a program of its own: a job as JSON on standard input, what it saw as JSON on standard output.

One thread, one epoll, requests as bytes made beforehand: what it costs itself is known from a run against null.py.
Every connection repeats its requests in turn and asks the next one when the last is answered; a server that closes its
connections is connected to anew, within the time measured, as any client would have to.
"""

from __future__ import annotations

import base64
import gc
import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field

from bench.figures import percentile

WARM_UP = 0.3
"""Seconds before anything is counted."""
DRAIN = 10.0
"""Seconds that the last answers may take."""


@dataclass(slots=True)
class Seen:
    """Latencies in seconds by request of the turn; replies in all, those that were no success, and new connections."""

    latencies: list[list[float]]
    answered: int = 0
    failures: int = 0
    connects: int = 0


@dataclass(slots=True)
class Connection:
    """One connection and the turn of requests that it repeats."""

    address: tuple[str, int]
    requests: list[bytes]
    place: int = -1
    asked: float = 0.0
    answer: bytes = b""
    sock: socket.socket = field(default_factory=socket.socket)

    def connect(self, poll: selectors.BaseSelector) -> None:
        """Connect, anew where there was a connection before."""
        if self.place >= 0:
            poll.unregister(self.sock)
        self.sock.close()
        self.sock = socket.create_connection(self.address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poll.register(self.sock, selectors.EVENT_READ, self)

    def ask(self) -> None:
        """Send the next request of the turn."""
        self.place = (self.place + 1) % len(self.requests)
        self.answer = b""
        self.asked = time.perf_counter()
        self.sock.sendall(self.requests[self.place])

    def is_complete(self) -> bool:
        """Take what has arrived; tell whether the reply is whole. ConnectionError when the server gave up half-way."""
        arrived = self.sock.recv(1 << 18)
        if not arrived:
            raise ConnectionError("the server closed a connection before it answered")
        self.answer += arrived
        head, found, _ = self.answer.partition(b"\r\n\r\n")
        if not found:
            return False
        _, length, after = head.lower().partition(b"\r\ncontent-length:")
        if not length:
            raise ConnectionError("a reply without content-length")
        return len(self.answer) >= len(head) + 4 + int(after.partition(b"\r\n")[0])

    @property
    def is_closing(self) -> bool:
        """Whether the server closes the connection after this reply."""
        head = self.answer.partition(b"\r\n\r\n")[0].lower()
        return head.startswith(b"http/1.0") or b"\r\nconnection: close" in head


def run(connections: list[Connection], seconds: float) -> tuple[Seen, float]:
    """Put load on for a time; return what was seen after the warm-up, and the seconds that this took."""
    poll = selectors.DefaultSelector()
    begin = time.perf_counter() + WARM_UP
    seen = Seen([[] for _ in connections[0].requests])
    for connection in connections:
        connection.connect(poll)
        connection.ask()
    left, end = len(connections), begin + seconds
    while left:
        ready = poll.select(DRAIN)
        if not ready:
            raise TimeoutError("the server does not answer")
        for key, _ in ready:
            connection = key.data
            if connection.is_complete():
                left -= not _go_on(connection, poll, seen, (begin, end))
    return seen, seconds


def _go_on(connection: Connection, poll: selectors.BaseSelector, seen: Seen, window: tuple[float, float]) -> bool:
    """Note an answer and ask the next request; False when the time is up and the turn is complete."""
    now = time.perf_counter()
    if window[0] <= now < window[1]:
        seen.latencies[connection.place].append(now - connection.asked)
    seen.answered += 1
    seen.failures += connection.answer[9:12] != b"200"
    if now >= window[1] and connection.place == len(connection.requests) - 1:
        poll.unregister(connection.sock)
        connection.sock.close()
        return False
    if connection.is_closing:
        connection.connect(poll)
        seen.connects += 1
    connection.ask()
    return True


def main() -> None:
    """Do the job: {host, port, seconds, turns: a list of base64 requests for each connection}."""
    job = json.load(sys.stdin)
    address = (job["host"], job["port"])
    connections = [Connection(address, [base64.b64decode(text) for text in turn]) for turn in job["turns"]]
    gc.disable()
    seen, seconds = run(connections, job["seconds"])
    requests = [
        {
            "count": len(times),
            "p50": percentile(times, 0.5),
            "p99": percentile(times, 0.99),
            "max": max(times, default=0),
        }
        for times in map(sorted, seen.latencies)
    ]
    totals = {"answered": seen.answered, "failures": seen.failures, "connects": seen.connects}
    json.dump({"seconds": seconds, **totals, "requests": requests}, sys.stdout)


if __name__ == "__main__":
    main()
