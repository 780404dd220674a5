"""A reply on its way to its client: whole, or part by part, with an end to the patience for one that takes nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from groupwall.app import Reply
from groupwall.errors import ApiError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

CUT_OFF = "groupwall.cut_off"
"""Where a request's scope holds what ends its connection at once, whatever was not taken yet."""

SECONDS_TO_TAKE = 10.0
"""How long a client may take nothing of a reply that comes in parts: others wait behind it."""


class BrokenOff(Exception):
    """A reply of which parts were sent cannot be brought to its end."""

    def __init__(self, begun: Reply) -> None:
        super().__init__("a reply was broken off")
        self.begun = begun


class Client:
    """The client of one request: what it sends, whether it is still there, and its reply."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.begun: Reply | None = None
        self.leaving = False
        self._scope = scope
        self._send = send
        self._gone = asyncio.Event()
        self._complete = False

    @contextlib.asynccontextmanager
    async def watched(self, left: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
        """Look out for the client's end: after the body of a request there is nothing else to hear of.

        left: called when the client seems to leave.
        """
        watch = asyncio.ensure_future(self._watch(left))
        try:
            yield
        finally:
            watch.cancel()

    async def _watch(self, left: Callable[[], None]) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            self.leaving = True  # it closed its half: perhaps it still listens, perhaps it is gone
            left()
        self.leaving = True
        left()
        self._gone.set()

    def refuse_if_old(self) -> None:
        """Refuse a client of HTTP/1.0, which knows no parts: ApiError."""
        if self._scope["http_version"] == "1.0":
            raise ApiError("HttpVersionNotSupported", "A reply of this size needs HTTP/1.1, or pages: MaxResults.", 400)

    async def begin(self, reply: Reply) -> None:
        """Send the head of a reply that comes in parts."""
        self.begun = reply
        await self._send({"type": "http.response.start", "status": reply.status, "headers": _headers(reply)})

    async def take(self, part: bytes) -> None:
        """Send a part, once the client has taken most of those before it. OSError when it is gone, or takes nothing."""
        async with asyncio.timeout(SECONDS_TO_TAKE):
            await self._send({"type": "http.response.body", "body": part, "more_body": True})
        if self._gone.is_set():
            raise ConnectionError("the client is gone")

    async def end(self) -> None:
        """End a reply that came in parts."""
        await self._send({"type": "http.response.body"})
        self._complete = True

    async def finish(self, reply: Reply) -> None:
        """Send a whole reply; or, when one was sent in parts and not to its end, let the client see that it was not."""
        if self.begun is None:
            headers = [*_headers(reply), (b"content-length", str(len(reply.body)).encode())]
            await self._send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await self._send({"type": "http.response.body", "body": reply.body})
        elif not self._complete:
            self._scope[CUT_OFF]()
            with contextlib.suppress(asyncio.CancelledError):  # the server is ending and does not wait for it
                while (await self.receive())["type"] != "http.disconnect":
                    pass


def _headers(reply: Reply) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in reply.headers]
