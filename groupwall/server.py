"""HTTP in front of the app: uvicorn below, one commit for the requests of a turn, large reads in another process.

The loop gathers the calls that arrived in this turn, has the app perform them in one transaction, and releases the
replies after the commit. A read that would hold up the others is handed to a reader process with its own snapshot.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from groupwall.accesslog import AccessLog, Entry
from groupwall.app import BODY_BYTES, App, Call, Outcome, Reply, Request
from groupwall.config import Settings
from groupwall.reading import Reader, ReaderGone
from groupwall.store.folder import StoreError
from groupwall.store.transaction import Budget
from groupwall.units import ticks

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MOST_CALLS = 256
"""Calls in one commit: bounds how long the first of them waits for the last."""

INLINE = Budget(rows=1_000, steps=25)
"""What a read may cost inside the loop, about two milliseconds; beyond it goes to the reader process."""

HEADER_BYTES = 1 << 16
MESSAGE_BYTES = 8 * BODY_BYTES
"""What one request may take up on the line, with the frames of its chunks: bounds a header that never ends."""

PATIENCE = 30.0
"""Seconds that a client may take to send the headers of a request, and again to send its body."""

SECONDS_TO_RECEIVE = 60
"""How long a client may take nothing of a reply before it is cut off."""


class TooSlow(Exception):
    """The client did not send its request in time."""


class TooBig(Exception):
    """The client sends more than a request may hold."""


class Turns:
    """Gathers the calls of a turn of the loop, has them answered together, and hands each its outcome."""

    def __init__(self, app: App, budget: Budget | None) -> None:
        self._app = app
        self._budget = budget
        self._waiting: list[tuple[Call, asyncio.Future[Outcome | None]]] = []

    async def answer(self, call: Call) -> Outcome | None:
        """Return what became of a call once it is durable; None for a read too large to answer here."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome | None] = loop.create_future()
        if not self._waiting:
            # Two steps: the first lets the tasks of all requests that were read in this turn run and join.
            loop.call_soon(loop.call_soon, self._answer_waiting)
        self._waiting.append((call, future))
        return await future

    def _answer_waiting(self) -> None:
        batch, self._waiting = self._waiting[:MOST_CALLS], self._waiting[MOST_CALLS:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer_waiting)
        try:
            outcomes = self._app.answer([call for call, _ in batch], self._budget)
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            raise
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():  # a client that went away cancelled its wait; what it asked for stands
                future.set_result(outcome)


class Site:
    """The ASGI application: /health, and everything else is an API request."""

    def __init__(self, app: App, log: AccessLog, reader: Reader | None, patience: float) -> None:
        self._app = app
        self._log = log
        self._reader = reader
        self._patience = patience
        self._turns = Turns(app, INLINE if reader else None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"] == "/health" and scope["method"] in ("GET", "HEAD"):
            await _send(send, self._health())
            return
        try:
            async with asyncio.timeout(self._patience):
                body = await _body(scope, receive)
        except TimeoutError:
            await _send(send, Reply(408, (("connection", "close"),), b"The request took too long to arrive.\n"))
            return
        except TooBig:
            await _send(send, Reply(413, (("connection", "close"),), b"The request is too large.\n"))
            return
        started = ticks()
        client = (scope.get("client") or ("-",))[0]
        reply, entry = await self._answered(_request(scope, body), client)
        self._log.add(entry._replace(milliseconds=(ticks() - started) * 1000))
        await _send(send, reply)

    def _health(self) -> Reply:
        try:
            status, said = 200, {"status": "ok", "revision": self._app.revision()}
        except StoreError:
            status, said = 503, {"status": "unavailable"}
        return Reply(status, (("content-type", "application/json"),), json.dumps(said).encode())

    async def _answered(self, request: Request, client: str) -> tuple[Reply, Entry]:
        call = self._app.prepare(request)
        if isinstance(call, Reply):
            request_id = dict(call.headers)["x-amzn-requestid"]
            return call, Entry(client, "-", call.status, 0, request_id, code="refused")
        outcome = await self._turns.answer(call)
        world, name = call.identity.world, call.action.name
        if outcome is None:
            reply = await self._read_apart(request, call)
            return reply, Entry(client, name, reply.status, 0, call.request_id, *world)
        reply = self._app.reply(call, outcome)
        code = outcome.error.code if outcome.error else "-"
        return reply, Entry(client, name, reply.status, 0, call.request_id, *world, code)

    async def _read_apart(self, request: Request, call: Call) -> Reply:
        assert self._reader is not None  # noqa: S101 - without a reader no read has a budget to go beyond
        try:
            return await self._reader.answer(request, call.request_id)
        except ReaderGone:
            return self._app.unavailable(call)


async def _body(scope: Scope, receive: Receive) -> bytes:
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not length.isdigit() or int(length) > BODY_BYTES:
        raise TooBig
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise TimeoutError
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_BYTES:
            raise TooBig
        if not message.get("more_body"):
            return b"".join(chunks)


def _request(scope: Scope, body: bytes) -> Request:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    return Request(scope["method"], path, query, headers, body)


async def _send(send: Send, reply: Reply) -> None:
    headers = [(name.encode(), value.encode()) for name, value in reply.headers]
    headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with the bounds that it lacks: on the size of a request, and on the time for its headers."""

    def __init__(self, patience: float, **given: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**given)
        self._patience = patience
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._message_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock of the first request."""
        super().connection_made(transport)
        self._start_clock()

    def data_received(self, chunk: bytes) -> None:
        """Count what arrives: the parser below keeps an unfinished header, however long it gets."""
        super().data_received(chunk)
        self._message_bytes += len(chunk)
        if self._message_bytes > MESSAGE_BYTES:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Start the clock and the counts of a request."""
        super().on_message_begin()
        self._header_bytes = self._message_bytes = 0
        self._start_clock()

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > HEADER_BYTES:
            raise TooBig

    def on_headers_complete(self) -> None:
        """Stop the clock: from here on the body has its own."""
        self._stop_clock()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock of a connection that is gone."""
        self._stop_clock()
        super().connection_lost(exc)

    def _start_clock(self) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(self._patience, self.transport.close)

    def _stop_clock(self) -> None:
        if self._deadline:
            self._deadline.cancel()


class Listener(uvicorn.Server):
    """uvicorn's server: says when it is ready, and ends with exit code 0 on SIGTERM and SIGINT."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._ready()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let requests under way be answered when asked to end, and do not die of the signal afterwards."""

        def end(number: int, frame: FrameType | None) -> None:
            del frame
            self.handle_exit(number, None)

        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. OSError when the address is taken or not ours."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    sock = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":  # there the option would let a second server take the same port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":  # the connections inherit it; elsewhere the kernel's own patience holds
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SECONDS_TO_RECEIVE * 1000)
        sock.bind(address)
        sock.listen(1024)
    except OSError:
        sock.close()
        raise
    return sock


def serve(app: App, settings: Settings, sock: socket.socket, patience: float = PATIENCE) -> None:
    """Answer requests on a listening socket until SIGTERM or SIGINT."""
    reader = Reader(settings) if app.store.on_disk else None
    log = AccessLog(sys.stderr, settings.log if sys.stderr else "off")  # None where it was closed before the start
    site = Site(app, log, reader, patience)
    config = uvicorn.Config(
        site,
        http=partial(Protocol, patience),  # type: ignore[arg-type]  # what makes one will do
        ws="none", lifespan="off", log_config=None, log_level="error", access_log=False, server_header=False,
        timeout_graceful_shutdown=10, backlog=1024, timeout_keep_alive=65,
    )  # fmt: skip
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    ready = f"groupwall ready on http://{shown}:{port}"
    Listener(config, lambda: print(ready, flush=True)).run(sockets=[sock])  # noqa: T201 - the one line that it prints
    if reader:
        reader.close()
