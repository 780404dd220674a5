"""Whatever botocore signs is verified, and nothing of it can be changed on its way: users 8."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Reason, SignatureError, read_scope, verify
from tests.wire.signed import FORM, KEY, SECRET, TOKEN, Case, signed, signed_at

BODY = b"Action=DescribeVpcs&Version=2016-11-15"
SECOND, DAY = 1000, 86_400_000

PATHS = [
    "", "/", "//", "/.", "/..", "/a/../b", "/a/./b/", "/a//b", "/a%20b", "/a%2Fb", "/%C3%BC", "/%E2%82%AC/a", "/a+b",
    "/-_.~",
]  # fmt: skip
QUERIES = [
    "a=b", "a", "a=", "=", "a=2&a=1&a=10", "b=1&a=1", "A=1&a=1", "a=%20", "a=%2B", "a=%3D%26", "a=%C3%BC&%C3%BC=a",
    "a-b=1&a.b=2&a=3",
]  # fmt: skip
HEADERS = [
    (("X-Amz-Odd", "  a   b  "),),
    (("X-Amz-Odd", "a"), ("X-Amz-Odd", "b"), ("X-Amz-Odd", "a")),
    (("X-Amz-Empty", ""),),
    (("Content-Type", FORM), ("X-Custom", "a,b , c"), ("X-Amz-Target", '"  quoted  "')),
]
BODIES = [b"", BODY, "Description=für €".encode(), bytes(range(256))]

CASES = [
    *(Case(path, BODY) for path in PATHS),
    *(Case(f"/?{query}", BODY) for query in QUERIES),
    *(Case("/", BODY, headers) for headers in HEADERS),
    *(Case("/", body) for body in BODIES),
    Case("/?a=%C3%BC", BODY, token=TOKEN),
    *(Case(f"/a%20b?{query}", method="GET", headers=(), expires=60) for query in QUERIES),
    Case("/?Action=DescribeVpcs&Version=2016-11-15", method="GET", headers=(), expires=60, token=TOKEN),
]


def now_of(request: Request) -> int:
    """Return when a request was signed."""
    scope = read_scope(request)
    assert scope
    return signed_at(scope)


def reason(case: Case, request: Request, now: int, secret: str = SECRET) -> Reason | None:
    """Return why a request is refused; None for one that is not."""
    try:
        scope = read_scope(request)
        assert scope
        if scope.access_key_id != KEY:  # its secret is another, if there is such a key
            return Reason.UNKNOWN_KEY
        verify(request, scope, secret, now, case.token)
    except SignatureError as error:
        return error.reason
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.url} {case.headers} {case.body[:9]!r} {case.expires}")
def test_what_is_signed_holds_and_nothing_else(case: Case) -> None:
    """A request is verified as it was signed; with any one part of it changed it is not: users 8."""
    request = signed(case)
    now = now_of(request)
    assert reason(case, request, now) is None
    assert [name for name, changed in tampered(request) if reason(case, changed, now) is None] == []
    assert reason(case, request, now, f"{SECRET}x") is Reason.MISMATCH


def tampered(request: Request) -> Iterator[tuple[str, Request]]:
    """Yield a request with each of its parts changed, with the part's name."""
    yield "method", replace(request, method="GET" if request.method == "POST" else "POST")
    yield "longer path", replace(request, path=f"{request.path}x")
    yield "path above", replace(request, path=f"/x/y{request.path}")
    yield "longer body", replace(request, body=request.body + b"&DryRun=false")
    if request.body:
        yield "no body", replace(request, body=b"")
        yield "body of other bits", replace(request, body=bytes([request.body[0] ^ 1]) + request.body[1:])
    yield from _other_queries(request)
    yield from _other_headers(request)
    yield from _other_signatures(request)


def _other_queries(request: Request) -> Iterator[tuple[str, Request]]:
    parts = request.query.split("&") if request.query else []
    yield "one more parameter", replace(request, query="&".join([*parts, "DryRun=false"]))
    for number, part in enumerate(parts):
        name, _, value = part.partition("=")
        around = parts[:number], parts[number + 1 :]
        for other in (
            f"x{name}={value}",
            f"{name}={value}x",
            None,
            *(() if name == "X-Amz-Signature" else (part, part)),
        ):
            changed = [*around[0], *([] if other is None else [other]), *([part] if other == part else []), *around[1]]
            yield f"query {part} -> {other}", replace(request, query="&".join(changed))


def _other_headers(request: Request) -> Iterator[tuple[str, Request]]:
    scope = read_scope(request)
    assert scope
    for number, (name, value) in enumerate(request.headers):
        if name not in scope.signed_headers:
            continue
        before, after = request.headers[:number], request.headers[number + 1 :]
        for other in (((name, f"{value}x"),), (), ((name, value), (name, value)), ((name, ""), (name, value))):
            yield f"header {name} -> {other}", replace(request, headers=(*before, *other, *after))
        yield f"header {name} swapped", replace(request, headers=(*before, (name, "x"), (name, value), *after))


PARTS = {
    "key": (r"AKIDEXAMPLE", "AKIDANOTHER"),
    "date of the scope": (r"(AKIDEXAMPLE(?:/|%2F))\d{8}", r"\g<1>20150830"),
    "region": (r"us-east-1", "us-east-2"),
    "service": (r"(/|%2F)ec2(/|%2F)aws4", r"\1sts\2aws4"),
    "end of the scope": (r"aws4_request", "aws4_Request"),
    "algorithm": (r"AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    "signature": (r"(Signature=)([0-9a-f])", lambda found: f"{found[1]}{(int(found[2], 16) + 1) % 16:x}"),
    "short signature": (r"(Signature=[0-9a-f]{63})[0-9a-f]", r"\1"),
    "signed headers less one": (r"(SignedHeaders=)[a-z-]+(?:;|%3B)?", r"\1"),
    "signed headers and one more": (r"(SignedHeaders=)", r"\1accept;"),
    "time": (r"(X-Amz-Date=\d{8}T\d{5})(\d)", lambda found: f"{found[1]}{(int(found[2]) + 1) % 10}"),
    "impossible time": (r"(X-Amz-Date=\d{8}T)\d", r"\g<1>9"),
    "life": (r"(X-Amz-Expires=)\d+", r"\g<1>604800"),
    "token": (r"to(/|%2F)ken", r"to\1Ken"),
}


def _other_signatures(request: Request) -> Iterator[tuple[str, Request]]:
    authorization = request.header("authorization")
    for name, (form, other) in PARTS.items():
        text = request.query if authorization is None else authorization
        changed = re.sub(form, other, text, count=1)
        if changed != text and authorization is None:
            yield name, replace(request, query=changed)
        elif changed != text:
            yield name, with_header(request, "authorization", changed)


def with_header(request: Request, name: str, value: str) -> Request:
    """Return a request with another value of a header, at its place."""
    return replace(request, headers=tuple((one, value if one == name else was) for one, was in request.headers))


def test_each_part_of_a_signature_was_tried() -> None:
    """The two forms together hold every part that the table changes."""
    cases = (Case("/", BODY, token=TOKEN), Case("/?a=b", method="GET", expires=60, token=TOKEN))
    tried = {name for case in cases for name, _ in _other_signatures(signed(case))}
    assert PARTS.keys() - tried == {"token"} - tried


@pytest.mark.parametrize(
    ("sent", "same"),
    [
        ("b=2&a=1", True),
        ("a=1&b=2", True),
        ("a=1&b=2&", True),
        ("%61=1&b=2", True),
        ("a=2&b=1", False),
        ("a=1&a=1&b=2", False),
        ("a=1%26b=2", False),
    ],
)
def test_the_order_of_parameters_does_not_matter(sent: str, same: bool) -> None:  # noqa: FBT001 - a column
    """Parameters are signed in order of their names, each decoded once: users 8."""
    case = Case("/?b=2&a=1", BODY)
    request = signed(case)
    assert (reason(case, replace(request, query=sent), now_of(request)) is None) is same


def test_the_order_of_a_headers_values_matters() -> None:
    """The values of a header that comes several times are signed in order of arrival: users 8."""
    case = Case("/", BODY, (("X-Amz-Odd", "a"), ("X-Amz-Odd", "b")))
    request = signed(case)
    now = now_of(request)
    joined = tuple(pair for pair in request.headers if pair[0] != "x-amz-odd")
    assert reason(case, replace(request, headers=(*joined, ("x-amz-odd", "a,b"))), now) is None
    assert reason(case, replace(request, headers=(*joined, ("x-amz-odd", "b,a"))), now) is Reason.MISMATCH


@pytest.mark.parametrize("expires", [None, 60, 604_800])
@pytest.mark.parametrize("late", [False, True])
def test_a_replay_is_refused_outside_of_its_time(expires: int | None, late: bool) -> None:  # noqa: FBT001 - a case
    """In headers 15 minutes either way; in the query as long as it says, and 15 minutes before: users 8."""
    case = Case("/?a=b", method="GET", expires=expires)
    request = signed(case)
    limit = now_of(request) + ((expires or 900) if late else -900) * SECOND
    beyond = 1 if late else -1
    assert reason(case, request, limit) is None
    assert reason(case, request, limit + beyond * SECOND) is Reason.EXPIRED
    assert reason(case, request, limit + beyond * 10 * DAY) is Reason.EXPIRED


class Unhosted:
    """A way of botocore's that leaves the host out of what it signs."""

    def headers_to_sign(self, request: object) -> object:
        """Return the headers without the host."""
        headers = super().headers_to_sign(request)  # type: ignore[misc]  # botocore's, below
        del headers["host"]
        return headers


@pytest.mark.parametrize("expires", [None, 60])
def test_the_host_must_be_signed(expires: int | None) -> None:
    """A signature that holds for any host is refused, or one server could use it at another: users 8."""
    case = Case("/?a=b", method="GET", expires=expires)
    assert reason(case, signed(case, Unhosted), 0) is Reason.INCOMPLETE


class Elsewhen:
    """A way of botocore's that signs for the scope of another day."""

    def scope(self, request: object) -> str:
        """Return key and scope, of 2015."""
        whole: str = super().scope(request)  # type: ignore[misc]  # botocore's, below
        return re.sub(r"/\d{8}/", "/20150830/", whole)

    def credential_scope(self, request: object) -> str:
        """Return the scope, of 2015."""
        whole: str = super().credential_scope(request)  # type: ignore[misc]
        return re.sub(r"^\d{8}/", "20150830/", whole)

    def signature(self, string_to_sign: str, request: object) -> str:
        """Sign with the key of 2015."""
        stamp = request.context["timestamp"]  # type: ignore[attr-defined]
        request.context["timestamp"] = f"20150830{stamp[8:]}"  # type: ignore[attr-defined]
        made: str = super().signature(string_to_sign, request)  # type: ignore[misc]
        request.context["timestamp"] = stamp  # type: ignore[attr-defined]
        return made


@pytest.mark.parametrize("expires", [None, 60])
def test_the_day_of_the_scope_is_that_of_the_time(expires: int | None) -> None:
    """A key of another day signs nothing of today, though its signature holds: users 8."""
    case = Case("/?a=b", method="GET", expires=expires)
    request = signed(case, Elsewhen)
    assert reason(case, request, now_of(request)) is Reason.MISMATCH
