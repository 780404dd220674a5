"""What a client may send at most, and for how long it may take: nobody holds up the server or fills its memory."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupwall.listening import HEADER_BYTES, MOST_PIPELINED
from groupwall.wire.limits import BODY_BYTES, PARAMETERS
from tests.remote import Remote, connect, exchange, read_all
from tests.server.test_http import FORM, QUERY, posted, status
from tests.serving import Server, patient


@pytest.fixture(scope="module")
def impatient() -> Iterator[Server]:
    """A server that waits half a second for a request to arrive."""
    with patient(0.5) as server:
        yield server


def memory(server: Server) -> int:
    """Return the most memory that a server has used so far, in bytes."""
    told = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"P",
        b"POST / HTTP/1.1\r\nhost: x",
        b"\r\n\r\n\r\n",
        posted(QUERY)[:-1],
        b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n5\r\nActi",
    ],
)
def test_a_request_that_never_ends_is_cut_off(impatient: Server, sent: bytes) -> None:
    """Headers or a body that do not arrive in time end the connection, without a word or with 408 (inferred)."""
    assert exchange(impatient.url, sent)[:12] in (b"", b"HTTP/1.1 408")


def test_the_second_request_has_its_clock_too(impatient: Server) -> None:
    """On a connection that was served before, headers that do not arrive in time end it as well (inferred)."""
    with connect(impatient.url) as connection:
        connection.sendall(posted(QUERY).replace(b"connection: close\r\n", b"") + b"POST / HT")
        assert status(read_all(connection)) == 200


def test_the_slow_hold_up_nobody(impatient: Server) -> None:
    """While hundreds of clients send nothing, another is served (inferred)."""
    with contextlib.ExitStack() as slow:
        for _ in range(300):
            slow.enter_context(connect(impatient.url)).sendall(b"POST / HTTP/1.1\r\nhost")
        with Remote(impatient.url) as remote:
            assert remote.call("DescribeVpcs")["Vpcs"]


def test_headers_have_a_limit(url: str) -> None:
    """Headers of 64 KiB are read, more are refused (inferred)."""
    room = HEADER_BYTES - 200
    assert status(exchange(url, posted(QUERY, b"x: " + b"a" * room + b"\r\n"))) == 200
    assert status(exchange(url, posted(QUERY, b"x: " + b"a" * HEADER_BYTES + b"\r\n"))) == 400
    assert status(exchange(url, posted(QUERY, b"x: a\r\n" * (HEADER_BYTES // 2)))) == 400
    assert status(exchange(url, b"GET /?" + b"a" * HEADER_BYTES + b" HTTP/1.1\r\nhost: localhost\r\n\r\n")) == 400


FAR_TOO_MUCH = 100_000_000
ENDLESS = {
    "header": (b"POST / HTTP/1.1\r\nx: ", b"a"),
    "target": (b"GET /?", b"a"),
    "empty lines": (b"", b"\r\n"),
    "trailer": (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ", b"a"),
    "chunk's extension": (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5;", b"a"),
    "chunks": (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
}


@pytest.mark.parametrize("part", ENDLESS)
def test_nothing_without_an_end_fills_the_memory(part: str) -> None:
    """Whatever part of a request goes on for ever is cut off after a few megabytes (inferred)."""
    first, more = ENDLESS[part]
    with patient(30) as server, connect(server.url) as connection:
        before = memory(server)
        sent = 0
        with contextlib.suppress(ConnectionError):
            connection.sendall(first)
            while sent < FAR_TOO_MUCH:
                sent += connection.send(more * (100_000 // len(more)))
        assert sent < FAR_TOO_MUCH
        assert memory(server) - before < FAR_TOO_MUCH // 2


def test_a_body_has_a_limit(url: str) -> None:
    """A body of 1 MiB is read, more is refused with 413, whether its length was told before or not (inferred)."""
    fill = b"Action=Nothing&Version=2016-11-15&x="
    assert status(exchange(url, posted(fill + b"a" * (BODY_BYTES - len(fill))))) == 400
    with connect(url) as connection:
        head = b"POST / HTTP/1.1\r\nhost: localhost\r\n" + FORM + f"content-length: {BODY_BYTES + 1}\r\n\r\n".encode()
        connection.sendall(head)
        assert read_all(connection).startswith(b"HTTP/1.1 413")
    with connect(url) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n" + FORM + b"\r\n")
        connection.sendall(b"%x\r\n%s\r\n" % (BODY_BYTES + 1, b"a" * (BODY_BYTES + 1)))
        assert read_all(connection).startswith(b"HTTP/1.1 413")


def test_a_length_that_is_none_is_refused(url: str) -> None:
    """A length that is no number, negative, or told twice is refused (inferred)."""
    for length in (b"-1", b"1e3", b"0x10", b"", b"99999999999999999999999", b"5, 5"):
        reply = exchange(url, b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: " + length + b"\r\n\r\n")
        assert status(reply) in range(400, 500), length
    twice = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcdef"
    both = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    assert status(exchange(url, twice)) == 400
    assert status(exchange(url, both)) == 400


def test_parameters_have_a_limit(url: str) -> None:
    """As many parameters as a body holds are refused or read in time, never a fault (inferred)."""
    for count in (PARAMETERS - 2, PARAMETERS + 1):
        body = QUERY + b"".join(b"&VpcId.%d=vpc-%x" % (number, number) for number in range(1, count + 1))
        assert status(exchange(url, posted(body))) == 400


KEPT = posted(b"Action=DescribeRegions&Version=2016-11-15").replace(b"connection: close\r\n", b"")


def test_requests_that_wait_have_a_limit() -> None:
    """A client that sends request after request and takes no reply is cut off, and fills no memory (inferred)."""
    with patient(30) as server, connect(server.url) as connection:
        before = memory(server)
        with contextlib.suppress(ConnectionError):
            while True:
                connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 5_000)
        assert memory(server) - before < 20_000_000


def test_as_many_requests_as_may_wait_are_answered(url: str) -> None:
    """One request under way and 32 that wait behind it are all answered (inferred)."""
    sent = KEPT * MOST_PIPELINED + posted(b"Action=DescribeRegions&Version=2016-11-15")
    assert exchange(url, sent).count(b"HTTP/1.1 200 OK") == MOST_PIPELINED + 1


def test_a_client_that_takes_no_reply_holds_up_nobody() -> None:
    """Replies that nobody reads do not keep others from theirs, nor the server from its end (inferred)."""
    with patient(0.5) as server, contextlib.ExitStack() as deaf:
        for _ in range(20):
            connection = deaf.enter_context(connect(server.url))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            with contextlib.suppress(TimeoutError):
                connection.settimeout(0.1)
                connection.sendall(KEPT * MOST_PIPELINED)
        with Remote(server.url) as remote:
            assert remote.call("DescribeVpcs")["Vpcs"]
        assert server.end() == 0
