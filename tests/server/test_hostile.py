"""Thousands of requests that no client would send: none is a fault, none hangs, none changes what it should not."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from tests.driver import ACTIONS
from tests.law import breaches
from tests.remote import Remote
from tests.serving import patient

MANY = 1_000_000 if os.environ.get("GROUPWALL_SOAK") else 2_000
AT_ONCE = 64
SECONDS_FOR_ONE = 60

JUNK = [
    "", " ", "0", "-1", "1e9", "true", "TRUE", "null", "None", "\x00", "\r\nx: y", "%", "%zz", "%00", "%ff%fe",
    "'", '"', "'; DROP TABLE rule; --", "<x>&amp;]]>", "../../etc/passwd", "${jndi:x}", "{{7*7}}", "ä\u2028\U0001f600",
    "*", "?" * 300, "*a" * 5000, "\\", "9" * 400, "0.0.0.0/0", "::/0", "1.2.3.4/33", "::ffff:1.2.3.4/120", "\ud800",
    "sgr-0123456789abcdef0", "vpc-" + "f" * 17, "2020-01-01T00:00:00Z", "-0", "+1", "1_000", "\u0663", "a" * 70_000,
]  # fmt: skip
HEADERS = [
    "content-type: application/json", "content-type: multipart/form-data; boundary=x", "content-type: text/xml",
    "content-encoding: gzip", "transfer-encoding: gzip, chunked", "transfer-encoding: identity", "expect: 200-maybe",
    "authorization: AWS4-HMAC-SHA256", "authorization: AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
    "authorization: AWS4-HMAC-SHA256 Credential=, SignedHeaders=;;;, Signature=\x7f", "x-amz-date: yesterday",
    "x-amz-security-token: \xff", "host:", "host: a\x00b", "content-length: 3", "cookie: " + "a" * 9000, " folded: x",
    "connection: keep-alive, close, x", "range: bytes=0-", "if-none-match: *", "upgrade: h2c\r\nconnection: upgrade",
    ":", "x" * 300 + ": y", "origin: null", "x-http-method-override: DELETE", "x-forwarded-for: 127.0.0.1",
]  # fmt: skip
NAMES = [
    "IpPermissions.{}.IpRanges.{}.CidrIp", "Filter.{}.Value.{}", "GroupId", "GroupId.{}", "SecurityGroupRuleId.{}",
    "TagSpecification.{}.Tag.{}.Key", "MaxResults", "NextToken", "DryRun", "Version", "Action", "A" * 300, "VpcId",
    "IpPermissions.{}", "Filter", "....", "Filter..Name", "Filter.{}.Name.{}.x", "CidrBlock",
]  # fmt: skip
INDEXES = ["0", "1", "2", "01", "-1", "99999999999999999999", "a", "", "\uff11", "100000"]


def hostile(seed: int) -> Iterator[bytes]:
    """Yield requests without an end, the same for a seed."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    while True:
        body = form(chance).encode("utf-8", "surrogatepass")
        whole = on_the_line(chance, body)
        if chance.random() < 0.2:
            whole = bitten(chance, whole)
        yield whole


def form(chance: random.Random) -> str:
    """Return a form of a known operation with unlikely parameters."""
    pairs = [("Action", chance.choice([*ACTIONS, *JUNK[:5]])), ("Version", chance.choice(["2016-11-15"] * 400 + JUNK))]
    for _ in range(chance.choice([0, 0, 1, 2, 5, 40])):
        name = chance.choice(NAMES)
        while "{}" in name:
            name = name.replace("{}", chance.choice(INDEXES), 1)
        pairs.append((name, chance.choice(JUNK)))
    if chance.random() < 0.8:
        return "&".join(f"{name}={quote(value.encode('utf-8', 'surrogatepass'))}" for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in pairs)


def on_the_line(chance: random.Random, body: bytes) -> bytes:
    """Return a request with a body or a query, and with some odd headers."""
    head = [b"host: localhost", b"connection: close"]
    head += [line.encode("latin-1") for line in chance.sample(HEADERS, chance.choice([0, 0, 1, 3]))]
    if chance.random() < 0.2:
        target = b"/" + chance.choice([b"", b"%00", b"..;", b"\xff"]) + b"?" + body[:5000]
        return (
            chance.choice([b"GET ", b"HEAD ", b"POST ", b"BREW "])
            + target
            + b" HTTP/1.1\r\n"
            + b"\r\n".join(head)
            + b"\r\n\r\n"
        )
    if chance.random() < 0.2:
        head.append(b"transfer-encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        head.append(b"content-length: %d" % (len(body) + chance.choice([0] * 20 + [-1, 1, 10**6])))
    return b"POST / HTTP/1.1\r\n" + b"\r\n".join(head) + b"\r\n\r\n" + body


def bitten(chance: random.Random, whole: bytes) -> bytes:
    """Return bytes of which some were changed, lost or doubled."""
    sent = bytearray(whole)
    for _ in range(chance.choice([1, 3, 30])):
        place = chance.randrange(len(sent) + 1)
        sent[place : place + chance.choice([0, 1, 5])] = chance.randbytes(chance.choice([0, 1, 2]))
    return bytes(sent)


async def outcome(host: str, port: int, sent: bytes) -> str:
    """Return the status line's number, ``closed`` without a reply, or ``hangs``."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        async with asyncio.timeout(SECONDS_FOR_ONE):
            writer.write(sent)
            reply = await reader.read(12)
    except TimeoutError:
        return "hangs"
    except ConnectionError:
        return "closed"
    finally:
        writer.close()
    return reply[9:12].decode("latin-1") or "closed"


async def outcomes(url: str, many: int) -> dict[str, list[bytes]]:
    """Send so many hostile requests; return those that had each outcome."""
    address = urlsplit(url)
    requests = hostile(many)
    found: dict[str, list[bytes]] = {}

    async def send(share: int) -> None:
        for _ in range(share):
            sent = next(requests)
            found.setdefault(await outcome(address.hostname or "", address.port or 0, sent), []).append(sent)

    await asyncio.gather(*(send(many // AT_ONCE) for _ in range(AT_ONCE)))
    return found


def test_no_hostile_request_is_a_fault(tmp_path: Path) -> None:
    """Of thousands of odd requests none is answered 5xx, none hangs, and the law holds then (inferred)."""
    with patient(0.3, str(tmp_path)) as server:
        found = asyncio.run(outcomes(server.url, MANY))
        with Remote(server.url) as remote:
            assert remote.call("DescribeVpcs")["Vpcs"]
        assert server.end() == 0
    assert {status: sent[:3] for status, sent in found.items() if status[:1] not in "234c"} == {}
    counts = Counter({status: len(sent) for status, sent in found.items()})
    assert counts["200"] > MANY // 100, counts  # some of them must get far
    assert counts["400"] > MANY // 4, counts
    assert breaches(tmp_path) == []
