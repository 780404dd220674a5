"""How a wall answers botocore: a call from its parameters at once, or an HTTP request on the true wire.

Both end in ``App.answer``. A call skips the signature, the XML and botocore's parser; a test compares the two ways on
every operation. What a call holds is only let past the wire's reader when nothing in it could be refused there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.parsers import create_parser
from botocore.utils import parse_timestamp

from groupwall.app import App, Call, Outcome, Refusal, Reply, Request, hinted
from groupwall.authentication import Open
from groupwall.errors import ApiError
from groupwall.store.retention import PORTION, Retention
from groupwall.units import Ids
from groupwall.wire.decode import Decoded
from groupwall.wire.dialects import Dialect
from groupwall.wire.model import SERVICES
from groupwall.wire.pairs import pairs
from groupwall.wire.sigv4 import SignatureError

_UTC: tzinfo = parse_timestamp("1970-01-01T00:00:00Z").tzinfo
"""The zone of the times that botocore's own parser gives."""

_PARSERS = {dialect: create_parser(dialect) for dialect in ("ec2", "query")}
_OK = 200

_FEW, _SHORT = 1000, 100_000
"""Parameters, and characters of their values, that are within the wire's limits however they are written."""

KEPT = Retention(most=10_000)
"""What is kept of the history: a test of many hours would fill the memory with it."""

FORGET_EVERY = PORTION // 4
"""Calls between two looks for changes to let go: so few that no more are made than a portion takes away."""

Answer = tuple[AWSResponse, dict[str, Any]]


class Caller(NamedTuple):
    """Who calls, from where: an access key id, "" for none, and a region. token: of temporary credentials."""

    access_key_id: str
    region: str
    token: str = ""


class Answers:
    """The answers of one app, which believes every caller."""

    def __init__(self, app: App, ids: Ids, identify: Open, retention: Retention = KEPT) -> None:
        self._app = app
        self._ids = ids
        self._identify = identify
        self._retention = retention
        self._calls = count(1)

    def call(self, service: str, body: Mapping[str, Any], caller: Caller) -> Answer:
        """Return what botocore would have made of the reply: the response, without its body, and the result.

        body: the pairs of the wire as botocore's serializer leaves them, not yet text.
        """
        request_id = self._ids.request_id()
        dialect, headers = SERVICES[service].dialect, _headers(service, request_id)
        try:
            action = SERVICES[service].action(body["Action"])
            decoded = Decoded(action, body["Version"], action.decode(_texts(body)))
            call = self._app.call(decoded, self._identify.claimed(*caller), request_id)
        except ApiError as error:
            return _refusal(error, dialect, headers)
        except SignatureError as error:
            return _refusal(dialect.refuse(error), dialect, headers)
        outcome = self._answer(call)
        if outcome is None:
            raise AssertionError(call)  # only a budget makes it so, and none was given
        headers["x-groupwall-revision"] = str(outcome.revision)
        if outcome.error:
            headers |= hinted(outcome.error)
            return _refusal(outcome.error, dialect, headers)
        return _result(headers, action.plain(outcome.result or {}, _UTC))

    def request(self, sent: AWSPreparedRequest) -> AWSResponse:
        """Return the response to an HTTP request."""
        call = self._app.prepare(_request(sent))
        if isinstance(call, Refusal):
            return _response(sent.url, call.reply)
        outcome = self._answer(call)
        return _response(sent.url, self._app.reply(call, outcome) if outcome else self._app.unavailable(call))

    def _answer(self, call: Call) -> Outcome | None:
        outcome = self._app.answer([call])[0]
        if next(self._calls) % FORGET_EVERY == 0:
            self._app.forget(self._retention)
        return outcome


def _texts(body: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    texts = {name: str(value) for name, value in body.items()}
    written = "".join(texts.values())
    if written.isascii() and written.isprintable() and len(texts) <= _FEW and len(written) <= _SHORT:
        return texts.items()
    return pairs(Request("POST", "/", "", (), urlencode(texts).encode())).items()


def _headers(service: str, request_id: str) -> dict[str, str]:
    content_type = SERVICES[service].dialect.content_type
    return {"content-type": content_type, "x-amzn-requestid": request_id, "server": "groupwall"}


def _result(headers: dict[str, str], result: dict[str, Any]) -> Answer:
    request_id = headers["x-amzn-requestid"]
    result["ResponseMetadata"] = {
        "RequestId": request_id,
        "HTTPStatusCode": _OK,
        "HTTPHeaders": headers,
        "RetryAttempts": 0,
    }
    return AWSResponse("", _OK, headers, _Body(b"")), result


def _refusal(error: ApiError, dialect: Dialect, headers: dict[str, str]) -> Answer:
    """Return an error, written and read as on the wire: it has no model to take its parts from."""
    body = dialect.error(error, headers["x-amzn-requestid"], "")
    parsed = _PARSERS[dialect.name].parse({"status_code": error.status, "headers": headers, "body": body}, None)
    parsed["ResponseMetadata"]["RetryAttempts"] = 0
    return AWSResponse("", error.status, headers, _Body(body)), parsed


class _Body:
    """A body as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self) -> Iterator[bytes]:
        """Yield the body."""
        yield self._body


def _request(sent: AWSPreparedRequest) -> Request:
    url = urlsplit(sent.url)
    headers = [("host", url.netloc), *((name.lower(), _text(value)) for name, value in sent.headers.items())]
    body = sent.body or b""
    return Request(
        sent.method, url.path or "/", url.query, tuple(headers), body.encode() if isinstance(body, str) else body
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _response(url: str, reply: Reply) -> AWSResponse:
    return AWSResponse(url, reply.status, dict(reply.headers), _Body(reply.body))
