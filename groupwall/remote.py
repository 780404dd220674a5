"""A small signed client of a server: a call in boto3's names -> its result as boto3 gives it, over one connection.

    with Client("http://127.0.0.1:4577", Credentials("123456789012", "any"), "us-east-1") as client:
        client.call("DescribeSecurityGroups", {"GroupNames": ["web"]})

It knows the operations of EC2 and groupwall's own, and needs no boto3. A call is sent once: whether one whose reply is
lost was performed, its caller has to ask.
"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
from http.client import HTTPConnection, HTTPException, HTTPSConnection, IncompleteRead
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from groupwall.errors import ApiError
from groupwall.units import SystemClock
from groupwall.wire.limits import REPLY_BYTES
from groupwall.wire.message import Request
from groupwall.wire.model import SERVICES, Action
from groupwall.wire.parse import UnreadableReplyError, read_error
from groupwall.wire.sigv4 import Credentials, sign

PATIENCE = 60.0
"""Seconds that a connection, and then each part of a reply, may take: as long as botocore waits."""

_FORM = "application/x-www-form-urlencoded; charset=utf-8"
_OWN_PORT = {"http": 80, "https": 443}
_ON_THE_LINE = re.compile(r"[\x21-\x7e]+")
_LABEL = 64
"""Characters that no part of a host's name has."""

_OK = 200
_LIKE = "it should be like http://127.0.0.1:4577"

_BROKEN = "the connection to {url} broke before the reply; the call may have been done"
_WHY: tuple[tuple[type[Exception], str], ...] = (
    (
        ConnectionRefusedError,
        "no groupwall answers at {url}: start `groupwall serve`, or name another with --endpoint",
    ),
    (TimeoutError, "{url} did not answer within {patience:g} seconds; the call may have been done"),
    (socket.gaierror, "there is no host of the name in {url}"),
    (ssl.SSLCertVerificationError, "the certificate of {url} is not trusted: {why}"),
    (ssl.SSLError, "{url} does not speak TLS: {why}"),
    (ConnectionError, _BROKEN),
    (HTTPException, _BROKEN),
)


class NoAnswer(OSError):
    """No reply of groupwall's came; the message says from where, and why."""


class EndpointError(ValueError):
    """An address that is none of a server; the message does not repeat it, as it may hold a password."""


class _Address(NamedTuple):
    scheme: str
    host: str
    port: int

    @property
    def header(self) -> str:
        """The host as requests name it: without the port that the scheme stands for, as botocore does."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _OWN_PORT[self.scheme] else f"{host}:{self.port}"


def _address(url: str) -> _Address:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _OWN_PORT[parts.scheme]
    except (ValueError, KeyError):
        raise EndpointError(f"the endpoint is no address: {_LIKE}") from None
    if not all(0 < len(label) < _LABEL for label in host.split(".")) or not _ON_THE_LINE.fullmatch(url):
        raise EndpointError(f"the endpoint is no address: {_LIKE}")
    if "@" in parts.netloc or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise EndpointError(f"the endpoint has more than scheme, host and port: {_LIKE}")
    return _Address(parts.scheme, host, port)


class Client:
    """One connection to a server, kept open between calls; for one thread at a time.

    endpoint: its address, http or https. region: of the world that is asked about. patience: seconds that each part of
    a reply may take. ca_bundle: a file of the certificates that https trusts, in place of the system's.
    Raises EndpointError.
    """

    def __init__(
        self,
        endpoint: str,
        credentials: Credentials,
        region: str,
        patience: float = PATIENCE,
        ca_bundle: str | None = None,
    ) -> None:
        self._address = _address(endpoint)
        self.endpoint = f"{self._address.scheme}://{self._address.header}"
        self._credentials = credentials
        self._region = region
        self._patience = patience
        self._ca_bundle = ca_bundle
        self._connection: HTTPConnection | None = None

    def call(self, operation: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the result of an operation of groupwall's own or of EC2's. Times in params: milliseconds since 1970.

        Raises ApiError when the server refuses, and for an operation that we lack; NoAnswer; NotInModelError for a
        parameter that the operation does not have.
        """
        action = SERVICES["groupwall"].actions.get(operation) or SERVICES["ec2"].action(operation)
        status, body = self._exchanged(self._signed(action, params or {}))
        try:
            if status == _OK:
                return action.parse(body)
            refusal = read_error(body, status)
        except (UnreadableReplyError, ApiError):
            raise NoAnswer(f"what answers at {self.endpoint} is no groupwall (status {status})") from None
        raise refusal

    def close(self) -> None:
        """Close the connection; the next call opens another."""
        if self._connection:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _signed(self, action: Action, params: dict[str, Any]) -> Request:
        head = (("host", self._address.header), ("content-type", _FORM), ("user-agent", "groupwall"))
        request = Request("POST", "/", "", head, urlencode(action.form(params)).encode())
        return sign(request, self._credentials, self._region, action.service, SystemClock().now())

    def _exchanged(self, request: Request) -> tuple[int, bytes]:
        """Return status and body of the reply."""
        try:
            connection = self._opened()
            connection.request(request.method, request.path, request.body, dict(request.headers))
            with connection.getresponse() as response:
                body = response.read(REPLY_BYTES + 1)
                if response.length:
                    raise IncompleteRead(b"", response.length)
                return response.status, body
        except (OSError, HTTPException) as error:
            self.close()
            raise NoAnswer(self._told(error)) from error

    def _opened(self) -> HTTPConnection:
        """Return the connection, another one where the server has closed the last meanwhile."""
        if self._connection and self._connection.sock and _said_something(self._connection.sock):
            self.close()
        if not self._connection:
            self._connection = self._made()
        return self._connection

    def _made(self) -> HTTPConnection:
        scheme, host, port = self._address
        if scheme == "http":
            return HTTPConnection(host, port, timeout=self._patience)
        trusted = ssl.create_default_context(cafile=self._ca_bundle)
        return HTTPSConnection(host, port, timeout=self._patience, context=trusted)

    def _told(self, error: OSError | HTTPException) -> str:
        text = next((text for kind, text in _WHY if isinstance(error, kind)), "{url} cannot be asked: {why}")
        why = getattr(error, "verify_message", getattr(error, "strerror", None)) or error
        return text.format(url=self.endpoint, why=why, patience=self._patience)


def _said_something(sock: socket.socket) -> bool:
    """Whether something arrived on a connection where nothing is due: its end, as a rule."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
