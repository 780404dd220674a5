"""A server's clients: calls by name over one connection, signed by the product's own signer, and raw bytes.

    with Remote(url) as remote:
        remote.call("CreateSecurityGroup", GroupName="web", Description="for web servers")

It answers as ``tests.driver.Wall`` does, so that what is written for the one works with the other.
"""

from __future__ import annotations

import contextlib
import socket
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from groupwall.units import Clock, SystemClock
from groupwall.wire.message import Reply, Request
from groupwall.wire.parse import read_error
from groupwall.wire.sigv4 import Credentials, sign
from tests.driver import ACTIONS

ANYONE = Credentials("123456789012", "any")
PATIENCE = 30.0
"""Seconds that a reply may take on a busy machine."""


class Remote:
    """One connection to a server, for one thread at a time."""

    def __init__(
        self, url: str, credentials: Credentials = ANYONE, region: str = "us-east-1", clock: Clock | None = None
    ) -> None:
        self.address = urlsplit(url)
        self.credentials = credentials
        self.region = region
        self.clock = clock or SystemClock()
        self._connection = HTTPConnection(self.address.hostname or "", self.address.port, timeout=PATIENCE)

    def call(self, name: str, /, **params: Any) -> dict[str, Any]:  # noqa: ANN401 - as boto3 gives them
        """Return what boto3 would give for a call. ApiError, as the reply tells it, when the call is refused."""
        reply = self.send(self.request(name, **params))
        if reply.status != 200:
            raise read_error(reply.body, reply.status)
        return ACTIONS[name].parse(reply.body)

    def request(self, name: str, /, **params: Any) -> Request:  # noqa: ANN401 - as boto3 gives them
        """Return the signed request of a call."""
        action = ACTIONS[name]
        return self.signed(urlencode(action.form(params)).encode(), action.service)

    def signed(self, body: bytes, service: str = "ec2") -> Request:
        """Return the signed request that posts a form."""
        head = (("host", self.address.netloc), ("content-type", "application/x-www-form-urlencoded; charset=utf-8"))
        return sign(Request("POST", "/", "", head, body), self.credentials, self.region, service, self.clock.now())

    def send(self, request: Request) -> Reply:
        """Return the reply to a request."""
        target = f"{request.path}?{request.query}" if request.query else request.path
        self._connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in (*request.headers, ("content-length", str(len(request.body)))):
            self._connection.putheader(name, value)
        self._connection.endheaders(request.body)
        with self._connection.getresponse() as response:
            headers = tuple((name.lower(), value) for name, value in response.getheaders())
            return Reply(response.status, headers, response.read())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def on_the_line(request: Request) -> bytes:
    """Return a request as it goes over the line."""
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    return f"{request.method} / HTTP/1.1\r\n{head}content-length: {len(request.body)}\r\n\r\n".encode() + request.body


def connect(url: str) -> socket.socket:
    """Return a bare connection, for bytes that no client would send."""
    address = urlsplit(url)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=PATIENCE)


def read_all(connection: socket.socket) -> bytes:
    """Return what the server sends until it closes the connection, which it may do with a reset."""
    chunks = []
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(1 << 16):
            chunks.append(chunk)
    return b"".join(chunks)


def exchange(url: str, sent: bytes) -> bytes:
    """Send bytes, and return all that comes back until the server closes the connection."""
    with connect(url) as connection:
        with contextlib.suppress(ConnectionError):  # refused before everything was sent; the reply may be there
            connection.sendall(sent)
        return read_all(connection)
