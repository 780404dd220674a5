"""What stands between the socket and the application: uvicorn, with the bounds and the manners that it lacks."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import uvicorn
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from groupwall.app import BODY_BYTES
from groupwall.sending import CUT_OFF

HEADER_BYTES = 1 << 16
MESSAGE_BYTES = 8 * BODY_BYTES
"""What one request may take up on the line, with the frames of its chunks: bounds a header that never ends."""

MOST_PIPELINED = 32
"""Requests of one connection that may wait for the reply to an earlier one: each takes up a few kilobytes."""

SECONDS_TO_SHAKE_HANDS = 30.0
"""How long a client may take for TLS's handshake. It runs beside all else, and nothing is read before its end."""

SECONDS_TO_PART = 1.0
"""How long a TLS connection waits for its client's farewell: clients that keep one for later send none."""

SECONDS_TO_RECEIVE = 60
"""How long a client may take nothing of a reply before it is cut off."""


class TooMuch(Exception):
    """A client sends more than it may; the parser turns it into a 400."""


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol with the bounds that it lacks: on requests, their size, and the time for their headers."""

    def __init__(self, patience: float, **given: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(**given)
        self._patience = patience
        self._deadline: asyncio.TimerHandle | None = None
        self._header_bytes = 0
        self._message_bytes = 0
        self._answered: RequestResponseCycle | None = None

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
        """Start the clock and the counts of a request, unless too many wait before it."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise TooMuch
        super().on_message_begin()
        self.scope[CUT_OFF] = self.transport.abort  # type: ignore[literal-required]  # ASGI lets a server add to it
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
            raise TooMuch

    def on_headers_complete(self) -> None:
        """Stop the clock: from here on the body has its own."""
        self._stop_clock()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read; in silence when an earlier reply is due, for which the refusal would be taken."""
        if self.pipeline or self._owes_a_reply():
            self.transport.close()
        else:
            super().send_400_response(msg)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer what was asked before a client closed its half of the connection, then close the other half."""
        if not self._owes_a_reply():
            return False
        self.cycle.keep_alive = False
        self.cycle.message_event.set()  # whoever waits to hear that the client has gone must take it as gone
        return not self.transport.get_extra_info("sslcontext")  # TLS has no half of a connection

    def _owes_a_reply(self) -> bool:
        return bool(self._answered) and not (self.cycle.more_body or self.cycle.response_complete)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock of a connection that is gone, and tell the request under way, not only the newest."""
        self._stop_clock()
        if self._answered:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def _start_clock(self) -> None:
        self._stop_clock()
        self._deadline = self.loop.call_later(self._patience, self.transport.close)

    def _stop_clock(self) -> None:
        if self._deadline:
            self._deadline.cancel()


class Listener(uvicorn.Server):
    """uvicorn's server: says when it is ready and when it ends, with exit code 0 on SIGTERM and SIGINT."""

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        ending: Callable[[], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._ending = ending
        self._tls = tls

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so. In place of uvicorn's own, which leaves TLS its long patience."""
        await self.lifespan.startup()
        self.servers = [await self._listening(sock) for sock in sockets or []]
        self.started = True
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that it ends, then let requests under way be answered."""
        self._ending()
        await super().shutdown(sockets)

    async def _listening(self, sock: socket.socket) -> asyncio.base_events.Server:
        tls = self._tls
        return await asyncio.get_running_loop().create_server(
            self._protocol,
            sock=sock,
            backlog=self.config.backlog,
            ssl=tls,
            ssl_handshake_timeout=SECONDS_TO_SHAKE_HANDS if tls else None,
            ssl_shutdown_timeout=SECONDS_TO_PART if tls else None,
        )

    def _protocol(self) -> asyncio.Protocol:
        make: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        return make(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)

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
    """Return a socket that listens. OSError, which names the address, when it is taken, not ours, or none."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return _bound(socket.socket(family, kind, protocol), address)
    except UnicodeError as error:  # a label of a name that is empty or too long
        raise OSError(f"{host}:{port}: not the name of a host") from error
    except OSError as error:
        raise OSError(error.errno, f"{host}:{port}: {error.strerror}") from error


def _bound(sock: socket.socket, address: Any) -> socket.socket:  # noqa: ANN401 - its form is the family's
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
