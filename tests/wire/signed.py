"""Requests that botocore's own signers signed, as a server gets them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Scope

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"  # noqa: S105 - AWS's documentation's own example
KEY = "AKIDEXAMPLE"
TOKEN = "to/ken+=="  # noqa: S105 - belongs to nobody
HOST = "ec2.us-east-1.amazonaws.com"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


class Case(NamedTuple):
    """A request to sign. url: path and query, as on the line. expires: in the query, good for so many seconds."""

    url: str = "/"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (("Content-Type", FORM),)
    method: str = "POST"
    token: str | None = None
    expires: int | None = None


def signed(case: Case, *how: type[Any]) -> Request:
    """Return a case signed now, in its headers or its query. how: what changes botocore's way, if anything does."""
    request = AWSRequest(case.method, f"https://{HOST}{case.url}", data=case.body)
    for name, value in case.headers:
        request.headers.add_header(name, value)
    credentials = Credentials(KEY, SECRET, case.token)
    if case.expires is None:
        type("Signer", (*how, SigV4Auth), {})(credentials, "ec2", "us-east-1").add_auth(request)
    else:
        type("Signer", (*how, SigV4QueryAuth), {})(credentials, "ec2", "us-east-1", case.expires).add_auth(request)
    return received(request)


def received(request: AWSRequest) -> Request:
    """Return what a server gets of a request of botocore's."""
    url = urlsplit(request.url)
    headers = [("host", url.netloc), *((name.lower(), str(value)) for name, value in request.headers.items())]
    body = request.data if isinstance(request.data, bytes) else (request.data or "").encode()
    return Request(request.method, url.path, url.query, tuple(headers), body)


def signed_at(scope: Scope) -> int:
    """Return the time of a scope in milliseconds since 1970."""
    moment = datetime.strptime(scope.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return int(moment.timestamp()) * 1000
