"""Signature Version 4 against botocore's signers, and every way to tamper with a signed request: users 8."""

from __future__ import annotations

import hmac
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Credentials, Reason, Scope, SignatureError, read_scope, sign, verify
from tests.wire.signed import FORM, HOST, KEY, SECRET, TOKEN, received, signed_at

BODY = b"Action=DescribeVpcs&Version=2016-11-15"
MINUTE = 60_000
NOW = 1_440_938_160_000  # 2015-08-30T12:36:00Z, the time of AWS's test vectors


def by_botocore(
    url: str = "/", body: bytes = b"", token: str | None = None, expires: int | None = None, method: str = "POST"
) -> Request:
    """Return a request signed by botocore now: in its headers, or with ``expires`` in its query string."""
    request = AWSRequest(method, f"https://{HOST}{url}", headers={"Content-Type": FORM, "X-Odd": "  a   b "}, data=body)
    credentials = TheirCredentials(KEY, SECRET, token)
    if expires is None:
        SigV4Auth(credentials, "ec2", "us-east-1").add_auth(request)
    else:
        SigV4QueryAuth(credentials, "ec2", "us-east-1", expires).add_auth(request)
    return received(request)


def by_us(token: str | None = None, **parts: Any) -> Request:  # noqa: ANN401 - any parts of a Request
    """Return a request signed by us at NOW."""
    plain = Request("POST", "/", "", (("host", HOST), ("content-type", FORM), ("user-agent", "x")), BODY)
    return sign(replace(plain, **parts), Credentials(KEY, SECRET, token), "us-east-1", "ec2", NOW)


def check(request: Request, now: int | None = None, secret: str = SECRET, token: str | None = None) -> Scope:
    """Verify a request, at the time it was signed unless told otherwise, and return its scope."""
    scope = read_scope(request)
    assert scope is not None
    verify(request, scope, secret, signed_at(scope) if now is None else now, token)
    return scope


def refusal(request: Request, now: int = NOW, secret: str = SECRET, token: str | None = None) -> Reason:
    """Return the reason that a request is refused for."""
    with pytest.raises(SignatureError) as caught:
        check(request, now, secret, token)
    return caught.value.reason


def with_header(request: Request, name: str, value: str | None) -> Request:
    """Return a request with another value of a header, or without it."""
    kept = tuple(pair for pair in request.headers if pair[0] != name)
    return replace(request, headers=kept if value is None else (*kept, (name, value)))


URLS = [
    "/", "", "/a b", "/a%20b", "//a//b/", "/a/../b/./c", "/a/..", "/\u1234", "/-_.~", "/?",
    "/?a=b", "/?a=&b", "/?b=2&a=1",
    "/?a=2&a=1&a=10", "/?a=%20b%2Fc", "/?A=1&a=2&B=3", "/?%E1%88%B4=%E1%88%B4", "/?a-b=1&a=2&a.b=3", "/?a=-_.~",
    "/?Action=DescribeVpcs&Version=2016-11-15", "/?a=b%3Dc", "/?a=%2B",
]  # fmt: skip


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize("token", [None, TOKEN])
def test_what_botocore_signs_in_headers_is_verified(url: str, token: str | None) -> None:
    """Odd paths, encoded, empty and repeated query parameters, with and without a session token: users 8."""
    request = by_botocore(url, BODY, token)
    scope = check(request, token=token)
    assert (scope.access_key_id, scope.region, scope.service) == (KEY, "us-east-1", "ec2")
    assert refusal(replace(request, body=b""), signed_at(scope), token=token) is Reason.MISMATCH


@pytest.mark.parametrize("url", ["/", "/a b", "/?a=b", "/?a=%20b%2Fc~", "/?a=&b=", "/?%E1%88%B4=%E1%88%B4"])
@pytest.mark.parametrize("token", [None, TOKEN])
def test_what_botocore_signs_in_the_query_string_is_verified(url: str, token: str | None) -> None:
    """The query form holds the signature, the token and how long it is good for: users 8."""
    request = by_botocore(url, b"", token, expires=60, method="GET")
    scope = check(request, token=token)
    assert (scope.expires, scope.session_token) == (60, token)
    now = signed_at(scope)
    assert refusal(replace(request, query=f"{request.query}&x=1"), now, token=token) is Reason.MISMATCH
    assert refusal(request, now + 61_000, token=token) is Reason.EXPIRED


VALUE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@settings(deadline=None)
@given(pairs=st.lists(st.tuples(VALUE, VALUE), max_size=4), body=st.binary(max_size=20))
def test_any_query_and_body_are_verified(pairs: list[tuple[str, str]], body: bytes) -> None:
    """Whatever the names and values, what botocore signs is verified, and so is what we sign."""
    query = "&".join(f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}" for name, value in pairs)
    check(by_botocore(f"/?{query}", body))
    check(by_us(query=query, body=body))


def test_we_sign_as_botocore_does() -> None:
    """The same request, key, token and time give the same Authorization header."""
    theirs = AWSRequest("POST", f"https://{HOST}/?a=b", headers={"Content-Type": FORM}, data=BODY)
    SigV4Auth(TheirCredentials(KEY, SECRET, TOKEN), "ec2", "us-east-1").add_auth(theirs)
    now = signed_at(check(received(theirs), token=TOKEN))
    plain = Request("POST", "/", "a=b", (("host", HOST), ("content-type", FORM)), BODY)
    ours = sign(plain, Credentials(KEY, SECRET, TOKEN), "us-east-1", "ec2", now)
    assert ours.header("authorization") == theirs.headers["Authorization"]


def test_the_signature_of_the_documentation() -> None:
    """AWS's worked example, GET ListUsers of IAM, has the signature that the documentation gives."""
    headers = (("host", "iam.amazonaws.com"), ("content-type", FORM))
    request = Request("GET", "/", "Action=ListUsers&Version=2010-05-08", headers, b"")
    signed = sign(request, Credentials(KEY, SECRET), "us-east-1", "iam", NOW)
    expected = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    assert signed.headers[-1][1].endswith(f"SignedHeaders=content-type;host;x-amz-date, Signature={expected}")


@pytest.mark.parametrize(
    "tamper",
    [
        {"method": "GET"}, {"path": "/x"}, {"query": "a=b"}, {"body": BODY + b"&DryRun=true"}, {"body": b""},
    ],
)  # fmt: skip
def test_a_changed_request_is_refused(tamper: dict[str, Any]) -> None:
    """Method, path, query string and body are all signed."""
    assert refusal(replace(by_us(), **tamper)) is Reason.MISMATCH


@pytest.mark.parametrize("name", ["host", "content-type"])
def test_a_changed_header_is_refused(name: str) -> None:
    """A signed header may neither change, nor go, nor come twice."""
    request = by_us()
    assert refusal(with_header(request, name, "other")) is Reason.MISMATCH
    assert refusal(with_header(request, name, None)) is Reason.MISMATCH
    assert refusal(replace(request, headers=((name, "first"), *request.headers))) is Reason.MISMATCH


def test_an_unsigned_header_may_change() -> None:
    """What proxies add or rewrite is not signed."""
    check(with_header(by_us(), "user-agent", "other"), NOW)


@pytest.mark.parametrize(
    "part", ["Credential=", "us-east-1", "ec2/", "aws4_request", "SignedHeaders=", "Signature=", "host;"]
)
def test_a_changed_authorization_is_refused(part: str) -> None:
    """No part of the Authorization header can be changed or left out."""
    request = by_us()
    authorization = request.header("authorization") or ""
    assert part in authorization
    for other in ("", "x", part.upper()):
        changed = with_header(request, "authorization", authorization.replace(part, other))
        assert refusal(changed) in {Reason.MISMATCH, Reason.INCOMPLETE}


def test_another_day_in_the_scope_is_refused() -> None:
    """The scope's date is that of the time stamp: users 8."""
    request = by_us()
    authorization = (request.header("authorization") or "").replace("/20150830/", "/20150829/")
    assert refusal(with_header(request, "authorization", authorization)) is Reason.MISMATCH


@pytest.mark.parametrize(("minutes", "accepted"), [(-16, False), (-15, True), (0, True), (15, True), (16, False)])
def test_the_clocks_may_differ_by_fifteen_minutes(minutes: int, accepted: bool) -> None:  # noqa: FBT001 - a column
    """15 minutes of skew either way are accepted, more is not: reference 1.4 [docs]."""
    if accepted:
        check(by_us(), NOW + minutes * MINUTE)
    else:
        assert refusal(by_us(), NOW + minutes * MINUTE) is Reason.EXPIRED


def test_a_changed_secret_is_refused_at_once() -> None:
    """A key derived from the old secret is never used for the new one: users 8."""
    request = by_us()
    check(request, NOW)
    assert refusal(request, secret="another") is Reason.MISMATCH  # noqa: S106 - not a secret
    check(request, NOW)


@pytest.mark.parametrize(("sent", "known"), [("a", None), (None, "a"), ("a", "b")])
def test_the_session_token_belongs_to_the_key(sent: str | None, known: str | None) -> None:
    """A token that the key does not have, or the lack of the one that it has, is refused."""
    assert refusal(by_us(token=sent), token=known) is Reason.UNKNOWN_KEY


def test_an_unsigned_request_has_no_scope() -> None:
    """Without authentication parameters there is nothing to verify."""
    assert read_scope(Request("POST", "/", "Action=DescribeVpcs", (("host", HOST),), BODY)) is None


@pytest.mark.parametrize(
    "authorization",
    [
        "", "x", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 ", "Basic abc", "AWS AKID:sig", "Bearer x",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host, Signature=zz",
        "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=x-amz-date, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host;host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=a/2015083/r/s/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=\u00e9/20150830/r/s/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-ECDSA-P256-SHA256 Credential=a/20150830/r/s/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
    ],
)  # fmt: skip
def test_an_incomplete_authorization_is_named(authorization: str) -> None:
    """What is not in the form of version 4 is incomplete, never a fault of ours."""
    assert refusal(with_header(by_us(), "authorization", authorization)) is Reason.INCOMPLETE


@pytest.mark.parametrize(
    "stamp", [None, "", "20150830", "20151330T123600Z", "2015-08-30T12:36:00Z", "99999999T999999Z"]
)
def test_a_time_stamp_must_be_there_and_real(stamp: str | None) -> None:
    """A missing, malformed or impossible time is refused."""
    assert refusal(with_header(by_us(), "x-amz-date", stamp)) in {Reason.INCOMPLETE, Reason.MISMATCH}


def test_a_session_token_must_be_signed() -> None:
    """A token in a header that is not signed could be anyone's: users 8."""
    assert refusal(with_header(by_us(), "x-amz-security-token", "t")) is Reason.INCOMPLETE


@pytest.mark.parametrize("expires", ["0", "604801", "-1", "x", "", "\u0661"])
def test_a_query_signature_is_good_for_a_week_at_most(expires: str) -> None:
    """X-Amz-Expires lies in 1 to 604800 seconds: users 8."""
    query = by_botocore(expires=60, method="GET").query.replace("X-Amz-Expires=60", f"X-Amz-Expires={quote(expires)}")
    assert refusal(replace(by_us(), headers=(("host", HOST),), query=query)) is Reason.INCOMPLETE


def test_version_two_is_not_taken() -> None:
    """A signature of version 2 is refused as incomplete: clients 2.6 [inferred]."""
    request = Request("GET", "/", "AWSAccessKeyId=A&Signature=x&SignatureVersion=2", (("host", HOST),), b"")
    assert refusal(request) is Reason.INCOMPLETE


def test_a_plus_in_a_query_string_is_a_space() -> None:
    """What libcloud signs as %20 and sends as a plus is verified: users 8."""
    request = by_us(query="a=b%20c")
    check(replace(request, query="a=b+c"), NOW)


def test_header_values_are_folded_and_joined() -> None:
    """Inner white space counts once, and several headers of one name are joined in order of arrival: users 8."""
    odd = (("host", HOST), ("x-amz-odd", " a \t b "), ("x-amz-odd", "c"))
    request = sign(Request("POST", "/", "", odd, BODY), Credentials(KEY, SECRET), "us-east-1", "ec2", NOW)
    joined = (("host", HOST), ("x-amz-odd", "a b,c"), *request.headers[3:])
    check(replace(request, headers=joined), NOW)


class Secretive(str):
    """A signature that must not be compared but in constant time: what ends early tells how much of it was right."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise AssertionError(other)

    __ne__ = startswith = endswith = __eq__  # type: ignore[assignment]


def test_a_signature_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signature meets the one that was computed in hmac.compare_digest, and is compared nowhere else (inferred)."""
    seen: list[bytes] = []
    compare = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: seen.extend((one, other)) or compare(one, other))
    request = by_us()
    scope = read_scope(request)
    assert scope
    for signature in (scope.signature, scope.signature[:-1] + "g", "0" * 64):
        seen.clear()
        verdict = refusal_of(request, scope._replace(signature=Secretive(signature)))
        assert verdict is (None if signature == scope.signature else Reason.MISMATCH)
        assert signature.encode() in seen


def refusal_of(request: Request, scope: Scope) -> Reason | None:
    """Return why a request is refused that says so of its signature; None for one that is not."""
    try:
        verify(request, scope, SECRET, NOW)
    except SignatureError as error:
        return error.reason
    return None


def test_one_signature_is_enough() -> None:
    """A request with two Authorizations, or one and a signature in its query, is refused: who is meant? (inferred)."""
    request = by_us()
    authorization = request.header("authorization") or ""
    twice = replace(request, headers=(*request.headers, ("authorization", authorization)))
    assert refusal(twice) is Reason.INCOMPLETE
    for query in ("X-Amz-Signature=x", "a=b&X%2DAmz-Signature", "X-Amz-Signature"):
        assert refusal(by_us(query=query)) is Reason.INCOMPLETE
