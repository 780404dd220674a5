"""Hostile requests: each is read or refused with a 4xx, quickly: reference 1.4."""

from __future__ import annotations

import gc
import random
import time
from typing import TYPE_CHECKING

import pytest

from groupwall.errors import ApiError
from groupwall.errors.request import MOST_CHARACTERS
from groupwall.wire.decode import dialect_of, read
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import SignatureError, read_scope, verify
from tests.wire.strategies import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = 20_000
SECONDS = 15
WORST_SECONDS = 0.5
"""What one hostile request may cost here; about 0.1 s on an idle machine."""

SEEDS = [
    (
        "Action=RevokeSecurityGroupIngress&Version=2016-11-15&GroupId=sg-0123456789abcdef0&IpPermissions.1.IpProtocol="
        "tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.0%2F8"
        "&IpPermissions.1.IpRanges.1.Description=a+b&IpPermissions.1.Groups.1.GroupId=sg-1&DryRun=true"
    ),
    "Action=DescribeSecurityGroups&Version=2014-10-01&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1&MaxResults=5",
    "Action=DescribeChanges&Version=2026-11-01&After=0&Filters.member.1.Name=a&Filters.member.1.Values.member.1=b",
    "Action=GetCallerIdentity&Version=2011-06-15",
    "Action=CreateTags&Version=2016-11-15&ResourceId.0=sg-1&Tag.0.Key=k&Tag.0.Value=%E2%82%AC",
    "Action=DescribeVpcs&Version=2016-11-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-SignedHeaders=host&X-Amz-Expires=60"
    "&X-Amz-Credential=A%2F20150830%2Fus-east-1%2Fec2%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-Signature="
    + "0"
    * 64,
]
JUNK = [
    "%", "%0", "%zz", "%00", "%ff", "%EF%BF%BF", "\x00", "\ud800", "\ufffe", "\u0661", "+", "=", "&", ".", "..", "-1",
    "0", "1", "100000", "100001", "9" * 400, "." * 300,
    ".1" * 200, "IpPermissions.1.", ".member.1", "Action", "Version", "&Action=X",
    "&Version=", "\r\n", "<", "]]>", "&IpPermissions=", "&IpPermissions.1.IpRanges=", "true", "1e3", "\xff",
]  # fmt: skip
KEYS = [f"{name}.{index}" for action in ACTIONS for name in action.input.by_wire_in for index in (0, 1, 100_000)]
EDITS: list[Callable[[random.Random, str], str]] = [
    lambda chance, text: text[: (at := chance.randrange(len(text) + 1))] + chance.choice(JUNK) + text[at:],
    lambda chance, text: text[: (at := chance.randrange(len(text) + 1))] + text[at + chance.randrange(9) :],
    lambda chance, text: text.replace("1", chance.choice(JUNK), chance.randrange(4)),
    lambda chance, text: "&".join(chance.sample(parts := text.split("&"), len(parts))),
    lambda chance, text: text + "&" + chance.choice(text.split("&")),
    lambda chance, text: text + "&" + chance.choice(KEYS) + "=" + chance.choice(JUNK),
    lambda chance, text: text + "&" + "".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(9))),
]


def hostile(chance: random.Random) -> Request:
    """Return a real request, edited a few times, in the body, in the query string or in both."""
    text = chance.choice(SEEDS)
    for _ in range(chance.randrange(1, 6)):
        text = chance.choice(EDITS)(chance, text)
    body = chance.randbytes(40) if chance.random() < 0.05 else text.encode("utf-8", "surrogatepass")
    method, query, body = chance.choice([("POST", "", body), ("GET", text, b""), ("POST", text, body)])
    authorization = chance.choice([*JUNK, "AWS4-HMAC-SHA256 Credential=" + chance.choice(JUNK)])
    headers = (("host", "h"), ("authorization", authorization)) if chance.random() < 0.2 else (("host", "h"),)
    return Request(method, chance.choice(["/", *JUNK]), query, headers, body)


def check(error: ApiError) -> None:
    """Check that an error is the client's, and no longer than it need be."""
    assert 400 <= error.status < 500
    assert len(error.message) <= MOST_CHARACTERS + len("...")


def answer(request: Request) -> None:
    """Read a request and its signature as the server does; anything but a clean refusal is raised."""
    try:
        read(request)
    except ApiError as error:
        check(error)
        dialect, version = dialect_of(request)
        dialect.error(error, "id", version)
    try:
        scope = read_scope(request)
        if scope is not None:
            verify(request, scope, "secret", 1_440_938_160_000)
    except SignatureError:
        pass


def test_hostile_requests_are_refused_cleanly() -> None:
    """20,000 mutated requests give only values and 4xx, in bounded time."""
    chance, started = random.Random(20_261_123), time.perf_counter()  # noqa: S311 - the same requests on every run
    for number in range(REQUESTS):
        request = hostile(chance)
        try:
            answer(request)
        except Exception as fault:
            raise AssertionError(f"request {number}: {request}") from fault
    assert time.perf_counter() - started < SECONDS


HEAD = "Action=RevokeSecurityGroupIngress&Version=2016-11-15&"
LARGE = {
    "escapes": "GroupId=" + "%41" * 349_000,
    "lonely escapes": "GroupId=" + "a%41" * 262_000,
    "pluses": "GroupId=" + "+a" * 500_000,
    "separators": "&" * 1_000_000,
    "equals": "=" * 1_000_000,
    "parameters": "&".join(f"a{number}=" for number in range(100_000)),
    "items": "&".join(f"SecurityGroupRuleId.{number}=a" for number in range(9_900, 0, -1)),
    "permissions": "&".join(f"IpPermissions.{number}.IpRanges.7.CidrIp=a" for number in range(9_900)),
    "empties": "&".join(f"IpPermissions.{number}=" for number in range(9_900)),
    "authentication": "&".join(f"X-Amz-{number}=" for number in range(9_900)),
    "a deep key": "IpPermissions" + ".1" * 500_000 + "=",
    "a long number": "FromPort=" + "9" * 1_000_000,
    "not ASCII": "GroupId=" + "\u00e9%41" * 200_000,
    "percents": "GroupId=" + "%25" * 349_000,
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE.keys())
def test_a_large_request_costs_little(body: str) -> None:
    """No body within the limits costs more than its share (inferred)."""
    request = Request("POST", "/", "", (("host", "h"),), (HEAD + body).encode()[: 1 << 20])
    gc.freeze()  # a collection would also walk what the rest of the test run has left behind
    started = time.process_time()
    answer(request)
    spent = time.process_time() - started
    gc.unfreeze()
    assert spent < WORST_SECONDS
