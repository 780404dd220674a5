"""HTTP in front of the app: uvicorn below, one commit for the requests of a turn, large reads in another process.

listening   bytes -> requests, bounded
Site        request -> app.prepare -> Turns -> app.reply -> reply, and a line in the log
turns       the calls of a turn of the loop share one commit
holding     an answer with nothing new in it waits for the next change, where its call says so
reading     a read that would hold up the others, in a process with its own snapshot
sending     a reply to its client, whole or part by part
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import ssl
import sys
from functools import partial
from typing import NamedTuple

import uvicorn

from groupwall.accesslog import AccessLog, Entry, Outlet
from groupwall.app import BODY_BYTES, App, Call, Outcome, Reply, Request
from groupwall.config import Settings, is_loopback
from groupwall.errors import ApiError
from groupwall.holding import Holding
from groupwall.listening import Listener, Protocol
from groupwall.reading import Reader
from groupwall.sending import BrokenOff, Client, Receive, Scope, Send
from groupwall.store.folder import StoreError
from groupwall.store.retention import FOR_EVER, Retention
from groupwall.store.transaction import Budget
from groupwall.turns import Turns
from groupwall.units import MILLISECONDS, SystemClock, ticks, timestamp

INLINE = Budget(rows=1_000, steps=25, seconds=0.004)
"""What a read may cost inside the loop, about two milliseconds; beyond it goes to the reader process."""

PATIENCE = 30.0
"""Seconds that a client may take to send the headers of a request, and again to send its body."""

SHORTEST_SLEEP = 1.0
"""Seconds until the server wakes for a deadline: what could not be written then is not tried over and over."""

DAY = 24 * 60 * 60 * MILLISECONDS
HOUR = 60 * 60.0
"""Seconds between two looks for changes that need not be kept any more."""

BREATH = 0.1
"""Seconds for calls between two portions of them: a million changes go in ten minutes."""

STANDARD_ERROR = 2

_MAPPED = "::ffff:"

_IN_THE_CLEAR = (
    "requests come in the clear: a signature keeps a request from being changed, not from being read, nor a token "
    "from being seen; --tls-cert and --tls-key, or a proxy with TLS, do"
)

log = logging.getLogger("groupwall")


class TooBig(Exception):
    """The client sends more than a request may hold."""


class Told(NamedTuple):
    """What the log tells of a call beside its reply.

    whose: account, region, request id, and as in an Entry the caller, its key, and why that is not believed.
    """

    operation: str
    code: str
    whose: tuple[str, str, str, str, str, str]


class Alarm:
    """Wakes the server when a change is due that nobody confirmed, so that who waits for changes hears of its undo."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._clock = SystemClock()
        self._set_for: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self) -> None:
        """Have the server wake at the next deadline; to be called whenever that may be another one."""
        deadline = self._app.deadline()
        if deadline != self._set_for:
            if self._timer:
                self._timer.cancel()
            self._set_for = deadline
            self._timer = self._timer_for(deadline) if deadline is not None else None

    def _timer_for(self, deadline: int) -> asyncio.TimerHandle:
        seconds = (deadline - self._clock.now()) / MILLISECONDS
        return asyncio.get_running_loop().call_later(max(seconds, SHORTEST_SLEEP), self._ring)

    def _ring(self) -> None:
        self._set_for = None
        self._app.settle()
        self.set()


class Forgetting:
    """Lets go of changes that are older than the history is kept, in portions, with room for calls between them."""

    def __init__(self, app: App, days: int) -> None:
        self._app = app
        self._retention = Retention(age=days * DAY) if days else FOR_EVER

    def go_on(self) -> None:
        """Let a portion go, and have the next one follow."""
        if self._retention != FOR_EVER:
            more = self._app.forget(self._retention)
            asyncio.get_running_loop().call_later(BREATH if more else HOUR, self.go_on)


class Site:
    """The ASGI application: /health, and everything else is an API request."""

    def __init__(self, app: App, access_log: AccessLog, settings: Settings, patience: float) -> None:
        self._app = app
        self._log = access_log
        self._reader = Reader(settings) if app.store.on_disk else None
        self._patience = patience
        self._clock = SystemClock()
        self._holding = Holding(app, Turns(app, INLINE if self._reader else None))
        self._alarm = Alarm(app)
        self._forgetting = Forgetting(app, settings.retention_days)

    def begin(self) -> None:
        """Look at what is left from before; the loop is running."""
        self._app.settle()
        self._set_alarm()
        self._forgetting.go_on()

    def _set_alarm(self) -> None:
        try:
            self._alarm.set()
        except StoreError as error:  # the calls that need the store tell their clients
            log.warning("%s", error)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        client = Client(scope, receive, send)
        await client.finish(self._at_once(scope) or await self._served(scope, client))

    def _at_once(self, scope: Scope) -> Reply | None:
        """Return the reply to a request whose body does not matter."""
        method = scope["method"]
        if scope["path"] == "/health" and method in ("GET", "HEAD"):
            return self._health()
        if method not in ("GET", "POST"):
            return Reply(405, (("allow", "GET, POST"),), b"Only GET and POST are served.\n")
        if method == "POST" and any(
            name == b"connection" and b"upgrade" in value.lower() for name, value in scope["headers"]
        ):  # the parser takes what follows for the other protocol, so the body is lost
            return _last(400, "No other protocol is offered; send the request without an upgrade.")
        return None

    async def _served(self, scope: Scope, client: Client) -> Reply:
        try:
            async with asyncio.timeout(self._patience):
                body = await _body(scope, client.receive)
        except TimeoutError:
            return _last(408, "The request took too long to arrive.")
        except TooBig:
            return _last(413, "The request is too large.")
        except asyncio.CancelledError:
            return _last(503, "The server is ending.")
        started = ticks()
        reply, told = await self._answered(_request(scope, body), client)
        address = (scope.get("client") or ("-",))[0]
        took, now = round((ticks() - started) * 1000, 2), self._clock.now()
        self._log.add(Entry(timestamp(now), address, told.operation, reply.status, told.code, took, *told.whose), now)
        return reply

    def end(self) -> None:
        """Answer those who wait for something new: the server is ending."""
        self._holding.end()

    def close(self) -> None:
        """End the reader process, if there is one, and the log."""
        self._log.close()
        if self._reader:
            self._reader.close()

    def _health(self) -> Reply:
        try:
            status, said = 200, {"status": "ok", "revision": self._app.revision()}
            if self._app.store.failure():
                status, said = 503, said | {"status": "read-only"}
        except StoreError:
            status, said = 503, {"status": "unavailable"}
        return Reply(status, (("content-type", "application/json"),), json.dumps(said).encode())

    async def _answered(self, request: Request, client: Client) -> tuple[Reply, Told]:
        """Return the reply to a request, whatever happens, and what the log tells of it."""
        try:
            call = self._app.prepare(request)
            if isinstance(call, Call):
                return await self._performed(request, call, client)
            refusal = call
        except asyncio.CancelledError:
            refusal = self._app.refuse(request, ApiError("Unavailable", "The server is ending.", 503))
        except Exception:
            log.exception("a request failed")
            refusal = self._app.refuse(request, ApiError("InternalError", "An internal error has occurred", 500))
        whose = ("-", "-", refusal.request_id, "-", refusal.key or "-", refusal.reason or "-")
        return refusal.reply, Told(refusal.operation, refusal.code, whose)

    async def _performed(self, request: Request, call: Call, client: Client) -> tuple[Reply, Told]:
        outcome = await self._holding.answer(call, client)
        self._set_alarm()
        code, identity = "-", call.identity
        whose = (*identity.world, call.request_id, identity.caller.arn, identity.key_id or "-", "-")
        try:
            reply = self._app.reply(call, outcome) if outcome else await self._read_apart(request, call, client)
        except BrokenOff as broken:
            reply, code = broken.begun, "BrokenOff"
        except ApiError as error:
            outcome = Outcome(None, error, 0)
            reply = self._app.reply(call, outcome)
        if outcome and outcome.error:
            code = outcome.error.code
        return reply, Told(call.action.name, code, whose)

    async def _read_apart(self, request: Request, call: Call, client: Client) -> Reply:
        assert self._reader is not None  # noqa: S101 - without a reader no read has a budget to go beyond
        client.refuse_if_old()
        self._app.settle()  # the reader may not write
        async with client.watched():
            return await self._reader.answer(request, self._app.tried(call) if call.operation.tries else call, client)


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
    source = _unmapped(scope["client"][0]) if scope.get("client") else ""
    return Request(scope["method"], path, query, headers, body, source, scope["scheme"] == "https")


def _unmapped(address: str) -> str:
    """Return a client's address; of one who comes by IPv4 to a socket for both, the IPv4 one, which policies name."""
    return address.removeprefix(_MAPPED) if "." in address else address


def _last(status: int, text: str) -> Reply:
    """Return a reply in plain text after which the connection is closed."""
    return Reply(status, (("connection", "close"),), f"{text}\n".encode())


def address(sock: socket.socket, *, secure: bool) -> str:
    """Return where a server listens, such as ``http://127.0.0.1:4577``."""
    host, port = sock.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"


def serve(
    app: App, settings: Settings, sock: socket.socket, patience: float = PATIENCE, tls: ssl.SSLContext | None = None
) -> None:
    """Answer requests on a listening socket until SIGTERM or SIGINT; by https with ``tls``."""
    outlet = Outlet(STANDARD_ERROR)
    logging.basicConfig(stream=outlet, format="%(message)s")  # faults are told the same way, so they don't block either
    site = Site(app, AccessLog(outlet, settings.log), settings, patience)
    config = uvicorn.Config(
        site,
        http=partial(Protocol, patience),  # type: ignore[arg-type]  # what makes one will do
        ws="none", lifespan="off", log_config=None, log_level="error", access_log=False, server_header=False,
        proxy_headers=False,  # or a client could tell the log whose address it has
        timeout_graceful_shutdown=10, backlog=1024, timeout_keep_alive=65,
    )  # fmt: skip
    ready = f"groupwall ready on {address(sock, secure=tls is not None)}"
    if settings.auth != "open" and not tls and not is_loopback(settings.host):
        log.warning(_IN_THE_CLEAR)
    try:
        Listener(config, lambda: _begin(site, ready), site.end, tls).run(sockets=[sock])
    finally:
        site.close()
        outlet.close()


def _begin(site: Site, ready: str) -> None:
    site.begin()
    _say(ready)


def _say(line: str) -> None:
    """Print the one line that a server prints. OSError that names standard output when it takes nothing."""
    try:
        print(line, flush=True)  # noqa: T201
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would try again at the exit
        raise OSError(error.errno, f"standard output: {error.strerror}") from error
