"""What HTTP lets a client send: other methods and paths, old versions, several requests at once, a browser's marks."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from tests.remote import Remote, connect, exchange, read_all
from tests.serving import serving

FORM = b"content-type: application/x-www-form-urlencoded\r\n"
QUERY = b"Action=DescribeVpcs&Version=2016-11-15"


def posted(body: bytes, head: bytes = b"", version: bytes = b"1.1") -> bytes:
    """Return a request as it goes over the line, which asks for the connection to be closed after it."""
    length = f"content-length: {len(body)}\r\n".encode()
    first = b"POST / HTTP/" + version + b"\r\nhost: localhost\r\nconnection: close\r\n"
    return first + FORM + length + head + b"\r\n" + body


def status(reply: bytes) -> int:
    """Return the status of a reply."""
    return int(reply.split(b" ", 2)[1])


def replies(sent: bytes) -> list[bytes]:
    """Return the replies in a stream of them, by their lengths."""
    found = []
    while sent:
        head, _, rest = sent.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        found.append(head + b"\r\n\r\n" + rest[:length])
        sent = rest[length:]
    return found


def test_a_reply_has_its_headers(remote: Remote) -> None:
    """A reply tells its request id, its revision and its length, and no more of the server than its name (inferred)."""
    reply = remote.send(remote.request("DescribeVpcs"))
    names = {name for name, _ in reply.headers}
    assert names == {"content-type", "content-length", "x-amzn-requestid", "x-groupwall-revision", "server", "date"}
    assert dict(reply.headers)["server"] == "groupwall"


def test_a_query_is_as_good_as_a_form(url: str) -> None:
    """GET with a query string is served as POST with a form is: clients 2, requirement 4."""
    reply = exchange(url, b"GET /?" + QUERY + b" HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    assert status(reply) == 200
    assert b"<DescribeVpcsResponse" in reply


def test_http_1_0_is_served(url: str) -> None:
    """A client of HTTP/1.0 gets its reply, and the connection is closed (inferred)."""
    assert status(exchange(url, posted(QUERY, version=b"1.0").replace(b"connection: close\r\n", b""))) == 200


def test_a_head_has_no_body(url: str) -> None:
    """HEAD of /health answers without a body (inferred)."""
    reply = exchange(url, b"HEAD /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
    assert status(reply) == 200
    assert reply.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "HEAD"])
@pytest.mark.parametrize("path", ["/", "/health", "/favicon.ico", "//", "/%00", "/%ff", "/../../etc/passwd", "*"])
def test_no_method_and_no_path_is_a_fault(url: str, method: str, path: str) -> None:
    """A method that is not served is refused as a client's mistake, whatever the path (inferred)."""
    reply = exchange(url, f"{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n".encode())
    expected = (200,) if (method, path) == ("HEAD", "/health") else (400, 405)  # 400: the parser knows no such path
    assert status(reply) in expected


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "HEAD"])
def test_no_other_method_does_anything(remote: Remote, method: str) -> None:
    """Only GET and POST perform an operation; others name these two, and the connection goes on (inferred)."""
    asked = remote.request("CreateSecurityGroup", GroupName=method, Description="by another method")
    reply = remote.send(replace(asked, method=method, query=asked.body.decode()))
    assert (reply.status, dict(reply.headers)["allow"]) == (405, "GET, POST")
    assert method not in [group["GroupName"] for group in remote.call("DescribeSecurityGroups")["SecurityGroups"]]


def test_requests_sent_at_once_are_answered_in_order(url: str) -> None:
    """Requests that are sent without waiting for replies are answered one after the other (inferred)."""
    asked = [b"Action=DescribeVpcs", b"Action=DescribeSubnets", b"Action=Nothing", b"Action=DescribeSecurityGroups"] * 5
    sent = [posted(body + b"&Version=2016-11-15").replace(b"connection: close\r\n", b"") for body in asked]
    answered = replies(exchange(url, b"".join(sent) + posted(QUERY)))
    assert [status(reply) for reply in answered] == [200, 200, 400, 200] * 5 + [200]
    assert [b"DescribeVpcsResponse" in reply for reply in answered] == [True, False, False, False] * 5 + [True]


def test_a_refusal_is_not_taken_for_an_earlier_reply(url: str) -> None:
    """Nonsense behind a request that is not answered yet ends the connection without a word (inferred)."""
    kept = posted(QUERY).replace(b"connection: close\r\n", b"")
    assert exchange(url, kept + b"nonsense\r\n\r\n") == b""
    assert status(exchange(url, b"nonsense\r\n\r\n")) == 400


def test_a_half_closed_connection_is_answered(url: str) -> None:
    """A client that says it will send no more gets the reply, and then the end; half a request has none (inferred)."""
    kept = posted(QUERY).replace(b"connection: close\r\n", b"")
    for sent, statuses in ((kept, [200]), (kept * 3, [200] * 3), (kept[:-1], []), (b"", [])):
        with connect(url) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            assert [status(reply) for reply in replies(read_all(connection))] == statuses


def test_a_body_may_come_byte_by_byte(url: str) -> None:
    """A request that arrives in the smallest pieces is read as one (inferred)."""
    with connect(url) as connection:
        for place in range(len(whole := posted(QUERY))):
            connection.sendall(whole[place : place + 1])
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")


def test_a_body_may_come_in_chunks(url: str) -> None:
    """A chunked body is read as any other (inferred)."""
    head = b"POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ntransfer-encoding: chunked\r\n" + FORM + b"\r\n"
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (QUERY[:7], QUERY[7:]))
    assert status(exchange(url, head + chunks + b"0\r\n\r\n")) == 200


def test_a_client_that_asks_first_is_told_to_go_on(url: str) -> None:
    """A client that waits for leave to send its body gets it (inferred)."""
    with connect(url) as connection:
        head, _, body = posted(QUERY, b"expect: 100-continue\r\n").partition(b"\r\n\r\n")
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1 << 16) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize("protocol", [b"h2c", b"websocket", b"TLS/1.0"])
def test_an_offer_to_upgrade_is_no_fault(url: str, protocol: bytes) -> None:
    """An offer of another protocol is passed over in a query, and refused with a body, which it owns (inferred)."""
    offer = b"upgrade: " + protocol + b"\r\nconnection: Upgrade\r\n\r\n"
    with connect(url) as connection:
        connection.sendall(b"GET /?" + QUERY + b" HTTP/1.1\r\nhost: localhost\r\n" + offer)
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK")
    with connect(url) as connection:
        connection.sendall(posted(QUERY).replace(b"connection: close\r\n", offer[:-2]))
        reply = read_all(connection)
    assert (status(reply), reply.endswith(b"send the request without an upgrade.\n")) == (400, True)


MARKS = [
    ("origin", "http://evil.example"),
    ("origin", "null"),
    ("origin", ""),
    ("host", "evil.example:4577"),
    ("referer", "http://127.0.0.1:4577/"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-origin"),
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_page_in_a_browser_is_refused(remote: Remote, mark: tuple[str, str]) -> None:
    """What a browser marks as sent by a page is refused, and changes nothing (inferred)."""
    request = remote.request("CreateSecurityGroup", GroupName="evil", Description="evil")
    headers = (*(header for header in request.headers if header[0] != mark[0]), mark)
    reply = remote.send(replace(request, headers=headers))
    assert (reply.status, b"<Code>UnauthorizedOperation</Code>" in reply.body) == (403, True)
    assert len(remote.call("DescribeSecurityGroups")["SecurityGroups"]) == 1


def test_what_a_user_types_in_a_browser_is_served(remote: Remote) -> None:
    """A request that no page sent is served in a browser too (inferred)."""
    request = remote.request("DescribeVpcs")
    assert remote.send(replace(request, headers=(*request.headers, ("sec-fetch-site", "none")))).status == 200


def test_another_host_name_can_be_meant() -> None:
    """With --allow-open a server is reached under any name: clients 2, requirement 14."""
    named = posted(QUERY).replace(b"host: localhost", b"host: groupwall.test:4577")
    with serving("--data", ":memory:", "--log", "off", "--allow-open") as url:
        assert status(exchange(url, named)) == 200
