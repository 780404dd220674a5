"""AWS Signature Version 4: what a request says about its signature, whether it is true, and signing a request.

The steps are those of AWS's documentation, in header form and in query form; users 8 lists them with their edge cases.
The payload hash is always that of the actual body: a client cannot ask for ``UNSIGNED-PAYLOAD``.

The path is encoded once as it stood in the request line, as botocore does for every service but S3 (an escape in it is
encoded again); it is ``/`` for all of our services.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from groupwall.wire.scalars import milliseconds, moment

if TYPE_CHECKING:
    from groupwall.wire.message import Request

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW_SECONDS = 900
LONGEST_EXPIRES = 604_800
"""A week: the longest that a query-signed request may say it is good for."""

_UNRESERVED = "-_.~"
_KEYS_REMEMBERED = 1024
_SPACES = re.compile(r"[ \t\r\n]+")
_TIMESTAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")
_CREDENTIAL = re.compile(r"([\x21-\x7e]{1,128})/([0-9]{8})/([a-z0-9-]{1,64})/([a-z0-9-]{1,64})/aws4_request")
_EXPIRES = re.compile(r"[0-9]{1,6}")
_SIGNATURE_PARAMETER = "X-Amz-Signature"
_AUTHORIZATION, _DATE, _TOKEN = "authorization", "x-amz-date", "x-amz-security-token"
_SAYING = frozenset((_AUTHORIZATION, _DATE, _TOKEN))
"""Headers that say something of the signature; each may come once."""


class Reason(Enum):
    """Why a signature is refused."""

    UNSIGNED = "nothing is signed"
    INCOMPLETE = "a part is missing or not in its form"
    UNKNOWN_KEY = "no such access key, or not its session token"
    MISMATCH = "the signature is another"
    SCOPE = "signed for another region or service"
    EXPIRED = "the clocks differ too much, or the request has expired"
    ENDED = "the credentials have expired"


class SignatureError(Exception):
    """A refused signature; a dialect says how it is answered."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client signs with."""

    access_key_id: str
    secret: str
    session_token: str | None = None


class Scope(NamedTuple):
    """What a request says about its signature.

    date and timestamp as written: ``20261123`` and ``20261123T034600Z``. expires: seconds, None in header form and
    where the query form leaves it out.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    session_token: str | None
    expires: int | None


def read_scope(request: Request) -> Scope | None:
    """Return what a request says about its signature; None when it is unsigned.

    Raises SignatureError(INCOMPLETE) when a part is missing or malformed, when ``host`` or a session token's header is
    not signed, when the scheme is not version 4, or when there is more than one signature: another reader of the
    request, such as a proxy, might believe the other (inferred).
    """
    saying = [pair for pair in request.headers if pair[0] in _SAYING]
    said = dict(saying)
    authorization = said.get(_AUTHORIZATION)
    if authorization is not None:
        twice = len(said) < len(saying) or (request.query and _SIGNATURE_PARAMETER in dict(_decoded(request)))
        if twice:
            raise SignatureError(Reason.INCOMPLETE)
        found = _from_header(authorization, said)
    elif "X-Amz-" in request.query:
        found = _from_query(request)
    elif "AWSAccessKeyId=" in request.query:
        raise SignatureError(Reason.INCOMPLETE)
    else:
        return None
    token_unsigned = _TOKEN not in found.signed_headers and said.get(_TOKEN)
    if "host" not in found.signed_headers or token_unsigned:
        raise SignatureError(Reason.INCOMPLETE)
    return found


def verify(request: Request, scope: Scope, secret: str, now: int, session_token: str | None = None) -> None:
    """Check a signature. now: milliseconds since 1970. session_token: the one that belongs to the access key.

    The caller checks the region and the service of the scope. Raises SignatureError.
    """
    if not _same(scope.session_token or "", session_token or ""):
        raise SignatureError(Reason.UNKNOWN_KEY)
    if scope.date != scope.timestamp[:8]:
        raise SignatureError(Reason.MISMATCH)
    _check_time(scope, now)
    if not _same(_signature(request, scope, secret), scope.signature):
        raise SignatureError(Reason.MISMATCH)


def sign(request: Request, credentials: Credentials, region: str, service: str, now: int) -> Request:
    """Return the request with a signature in its headers. It must have a ``host`` header; now: ms since 1970."""
    timestamp = f"{moment(now):%Y%m%dT%H%M%SZ}"
    headers = [*request.headers, ("x-amz-date", timestamp)]
    if credentials.session_token:
        headers.append(("x-amz-security-token", credentials.session_token))
    names = {name for name, _ in headers if name in {"host", "content-type"} or name.startswith("x-amz-")}
    found = Scope(
        access_key_id=credentials.access_key_id,
        date=timestamp[:8],
        region=region,
        service=service,
        signed_headers=tuple(sorted(names)),
        signature="",
        timestamp=timestamp,
        session_token=credentials.session_token,
        expires=None,
    )
    signature = _signature(replace(request, headers=tuple(headers)), found, credentials.secret)
    authorization = (
        f"{ALGORITHM} Credential={credentials.access_key_id}/{_credential_scope(found)}, "
        f"SignedHeaders={';'.join(found.signed_headers)}, Signature={signature}"
    )
    return replace(request, headers=(*headers, ("authorization", authorization)))


def _from_header(authorization: str, headers: dict[str, str]) -> Scope:
    algorithm, _, rest = authorization.partition(" ")
    parts = [part.strip().partition("=") for part in rest.split(",")]
    said = {name: value for name, _, value in parts}
    said["Algorithm"] = algorithm
    said["Date"] = headers.get(_DATE, "")
    return _scope(said, headers.get(_TOKEN), None)


def _from_query(request: Request) -> Scope:
    said = {name.removeprefix("X-Amz-"): value for name, value in _decoded(request) if name.startswith("X-Amz-")}
    expires = said.get("Expires")
    if expires is not None and not (_EXPIRES.fullmatch(expires) and 0 < int(expires) <= LONGEST_EXPIRES):
        raise SignatureError(Reason.INCOMPLETE)
    return _scope(said, said.get("Security-Token"), int(expires) if expires else None)


def _scope(said: dict[str, str], token: str | None, expires: int | None) -> Scope:
    credential = _CREDENTIAL.fullmatch(said.get("Credential", ""))
    signed = tuple(said.get("SignedHeaders", "").split(";"))
    signature, timestamp = said.get("Signature", ""), said.get("Date", "")
    well_formed = _SIGNATURE.fullmatch(signature) and _TIMESTAMP.fullmatch(timestamp)
    if credential is None or not well_formed or len(set(signed)) < len(signed) or said.get("Algorithm") != ALGORITHM:
        raise SignatureError(Reason.INCOMPLETE)
    key, date, region, service = credential.groups()
    return Scope(key, date, region, service, signed, signature, timestamp, token, expires)


def _check_time(scope: Scope, now: int) -> None:
    try:
        age = now - _signed_at(scope.timestamp)
    except ValueError:
        raise SignatureError(Reason.INCOMPLETE) from None
    if not -SKEW_SECONDS * 1000 <= age <= (scope.expires or SKEW_SECONDS) * 1000:
        raise SignatureError(Reason.EXPIRED)


@lru_cache(maxsize=_KEYS_REMEMBERED)
def _signed_at(t: str) -> int:
    """Return ``20261123T034600Z`` in milliseconds since 1970; a client signs many requests in one second."""
    year, month, day, hour, minute, second = t[:4], t[4:6], t[6:8], t[9:11], t[11:13], t[13:15]
    signed_at = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    return milliseconds(signed_at)


def _signature(request: Request, scope: Scope, secret: str) -> str:
    canonical = "\n".join(
        (
            request.method,
            "/" if request.path == "/" else quote(_normalised(request.path), safe="/~", errors="replace"),
            _canonical_query(request) if request.query else "",
            _canonical_headers(request, scope),
            ";".join(scope.signed_headers),
            hashlib.sha256(request.body).hexdigest(),
        )
    )
    digest = hashlib.sha256(canonical.encode("latin-1", "replace")).hexdigest()
    to_sign = f"{ALGORITHM}\n{scope.timestamp}\n{_credential_scope(scope)}\n{digest}"
    key = _derived_key(secret, scope.date, scope.region, scope.service)
    return hmac.digest(key, to_sign.encode(), "sha256").hex()


def _credential_scope(scope: Scope) -> str:
    return f"{scope.date}/{scope.region}/{scope.service}/aws4_request"


@lru_cache(maxsize=_KEYS_REMEMBERED)
def _derived_key(secret: str, *scope: str) -> bytes:
    """Derive the key of a day, region and service; it is remembered by the secret, so a new one meets no old key."""
    key = b"AWS4" + secret.encode()
    for part in (*scope, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _canonical_query(request: Request) -> str:
    encoded = [(_encoded(name), _encoded(value)) for name, _, value in _query_parts(request)]
    return "&".join(f"{name}={value}" for name, value in sorted(encoded) if name != _SIGNATURE_PARAMETER)


def _decoded(request: Request) -> list[tuple[str, str]]:
    return [(unquote_plus(name), unquote_plus(value)) for name, _, value in _query_parts(request)]


def _query_parts(request: Request) -> list[tuple[str, str, str]]:
    return [part.partition("=") for part in request.query.split("&") if part]


def _encoded(text: str) -> str:
    """Decode what is encoded, so that nothing is encoded twice; a plus is a space, as libcloud sends it."""
    raw = unquote_to_bytes(text.replace("+", " ").encode("utf-8", "replace"))
    return quote(raw, safe=_UNRESERVED)


def _canonical_headers(request: Request, scope: Scope) -> str:
    values: dict[str, list[str]] = {name: [] for name in scope.signed_headers}
    for name, value in request.headers:
        if name in values:
            odd = "  " in value or not value.isprintable()  # most values need no folding, and a pattern costs more
            values[name].append(_SPACES.sub(" ", value.strip(" \t\r\n")) if odd else value.strip(" "))
    if not all(values.values()):
        raise SignatureError(Reason.MISMATCH)
    return "".join(f"{name}:{','.join(several)}\n" for name, several in values.items())


def _normalised(path: str) -> str:
    """Return a path without empty segments, ``.`` and ``..``; a slash at its end stays."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    closing = "/" if segments and path.endswith("/") else ""
    return f"/{'/'.join(segments)}{closing}"


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
