"""The client of a server: calls of both services, connections kept and lost, and servers that are none."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from groupwall.remote import Client, EndpointError, NoAnswer
from groupwall.wire.model import SERVICES
from groupwall.wire.shapes import NotInModelError
from groupwall.wire.sigv4 import Credentials
from tests.programs import make_key
from tests.serving import PATIENCE, serving, started

ANYONE = Credentials("123456789012", "any")
REGION = "us-east-1"
REPLY = SERVICES["groupwall"].action("DescribeChanges").encode({"Changes": [], "Revision": 7}, "id", "2026-11-01")
LENGTH = b"Content-Length"
Serve = Callable[[socket.socket], None]


def head(length: int, more: str = "") -> bytes:
    """Return the beginning of a reply."""
    return f"HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{more}\r\n".encode()


def client(url: str, credentials: Credentials = ANYONE, patience: float = PATIENCE) -> Client:
    """Return a client of a server."""
    return Client(url, credentials, REGION, patience)


@contextmanager
def answering(*connections: Serve, wrap: ssl.SSLContext | None = None) -> Iterator[int]:
    """Run something that is not groupwall: each connection is served by the next function. Yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def run() -> None:
            for serve in connections:
                connection, _ = listener.accept()
                connection.settimeout(PATIENCE)
                with suppress(OSError), connection, wrap.wrap_socket(connection, True) if wrap else connection as line:  # noqa: FBT003
                    serve(line)

        thread = threading.Thread(target=run)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def saying(*parts: bytes) -> Serve:
    """Return what answers each of several requests on a connection, and then closes it."""

    def serve(line: socket.socket) -> None:
        with line.makefile("rb") as request:
            for part in parts:
                length = dict(one.split(b": ", 1) for one in iter(request.readline, b"\r\n") if b": " in one)[LENGTH]
                request.read(int(length))
                line.sendall(part)

    return serve


def test_both_services() -> None:
    """One client calls EC2's operations and groupwall's own, over one connection; times come as boto3 gives them."""
    with serving("--data", ":memory:", "--log", "off") as url, client(url) as wall:
        made = wall.call("CreateSecurityGroup", {"GroupName": "a;b=c [x]", "Description": "d"})
        changes = wall.call("DescribeChanges", {"After": 1, "MaxResults": 5})["Changes"]
        found = wall.call("DescribeSecurityGroups", {"GroupIds": [made["GroupId"]]})["SecurityGroups"]
    assert [group["GroupName"] for group in found] == ["a;b=c [x]"]
    assert [change["Operation"] for change in changes] == ["CreateSecurityGroup"]
    assert abs(datetime.now(UTC) - changes[0]["Time"]).total_seconds() < 60


def test_a_refusal_is_an_error() -> None:
    """What the server refuses is an ApiError with its code, text and status, and the connection lives on (inferred)."""
    with serving("--data", ":memory:", "--log", "off") as url, client(url) as wall:
        with pytest.raises(ApiError) as raised:
            wall.call("DeleteSecurityGroup", {"GroupId": "sg-12345678"})
        assert (raised.value.code, raised.value.status) == ("InvalidGroup.NotFound", 400)
        assert wall.call("DescribeChanges")["Revision"] == 0


def test_a_signed_server(tmp_path: Path) -> None:
    """Where signatures are verified a key is believed, with another secret it is refused: users 8."""
    key = make_key(tmp_path)
    with started("--auth", "signed", "--data", str(tmp_path), "--log", "off") as server:
        with client(server.url, key) as known:
            assert known.call("DescribeVpcs")["Vpcs"]
            assert known.call("DescribeChanges")["Changes"] == []
        with client(server.url, Credentials(key.access_key_id, "another")) as stranger:
            with pytest.raises(ApiError) as raised:
                stranger.call("DescribeChanges")
            assert raised.value.code == "SignatureDoesNotMatch"


def test_parameters_that_there_are_not() -> None:
    """An unknown operation or parameter is an error before anything is sent (inferred)."""
    nowhere = client("http://127.0.0.1:1")
    with pytest.raises(ApiError, match="InvalidAction"):
        nowhere.call("DescribeNothing")
    with pytest.raises(NotInModelError, match="Befor"):
        nowhere.call("DescribeChanges", {"Befor": 1})


def test_nobody_there() -> None:
    """Where nothing listens the error says how to start a server, and a later call tries again (inferred)."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with client(f"http://127.0.0.1:{port}") as wall:
        for _ in range(2):
            with pytest.raises(NoAnswer, match=rf"no groupwall answers at http://127.0.0.1:{port}: start `groupwall s"):
                wall.call("DescribeChanges")


def test_the_connection_is_kept() -> None:
    """Calls share one connection (inferred)."""
    whole = head(len(REPLY)) + REPLY
    with answering(saying(whole, whole, whole)) as port, client(f"http://127.0.0.1:{port}") as wall:
        assert [wall.call("DescribeChanges")["Revision"] for _ in range(3)] == [7] * 3


def test_a_closed_connection_is_replaced() -> None:
    """A connection that the server closed between two calls is opened anew, and nothing is sent twice (inferred)."""
    whole = head(len(REPLY)) + REPLY
    with answering(saying(whole), saying(whole)) as port, client(f"http://127.0.0.1:{port}") as wall:
        assert wall.call("DescribeChanges")["Revision"] == 7
        assert wall._connection  # noqa: SLF001 - its end must have arrived
        assert wall._connection.sock.recv(1, socket.MSG_PEEK) == b""  # noqa: SLF001
        assert wall.call("DescribeChanges")["Revision"] == 7


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (b"", "broke before the reply"),
        (head(len(REPLY)) + REPLY[:-9], "broke before the reply"),
        (b"SSH-2.0-OpenSSH\r\n", "broke before the reply"),
        (head(5) + b"hello", "is no groupwall"),
        (head(24) + b"<!DOCTYPE html><p>hi</p>", "is no groupwall"),
        (b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", r"is no groupwall \(status 404\)"),
        (b"HTTP/1.1 302 No\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", "is no groupwall"),
        (head(len(REPLY)) + REPLY.replace(b">7<", b">a<") , "is no groupwall"),
    ],
)  # fmt: skip
def test_what_is_no_groupwall(said: bytes, told: str) -> None:
    """Whatever else answers is told in one line with its address; nothing is followed (inferred)."""
    with answering(saying(said)) as port, client(f"http://127.0.0.1:{port}") as wall:
        with pytest.raises(NoAnswer, match=told) as raised:
            wall.call("DescribeChanges")
        assert f"http://127.0.0.1:{port}" in str(raised.value)


def test_silence() -> None:
    """A server that says nothing is waited for as long as was asked (inferred)."""
    done = threading.Event()
    with (
        answering(lambda _: done.wait(PATIENCE) and None) as port,
        client(f"http://127.0.0.1:{port}", patience=0.1) as wall,
    ):
        with pytest.raises(NoAnswer, match=r"did not answer within 0\.1 seconds"):
            wall.call("DescribeChanges")
        done.set()


def test_no_such_host() -> None:
    """A name that no host has is told (inferred)."""
    with pytest.raises(NoAnswer, match=r"there is no host of the name in http://\[::1%nothing\]:1"):
        client("http://[::1%nothing]:1").call("DescribeChanges")


@pytest.mark.parametrize(
    "url",
    [
        f"http://{'a' * 64}", "http://a..b", "",
        "127.0.0.1:4577", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://127.0.0.1:x",
        "http://host name", "http://host\r\nx: y", "http://h\u00f6st", "http://[::1", "file:///etc/passwd",
        "http://me:geheim@127.0.0.1", "http://127.0.0.1/path", "http://127.0.0.1/?geheim", "http://127.0.0.1#geheim",
    ],
)  # fmt: skip
def test_addresses_that_are_none(url: str) -> None:
    """What is no address of a server is refused, and not repeated: it may hold a password (inferred)."""
    with pytest.raises(EndpointError) as raised:
        client(url)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("http://localhost:80/", "http://localhost"),
        ("https://Wall.example", "https://wall.example"),
        ("https://wall.example:80", "https://wall.example:80"),
        ("http://[::1]:4577", "http://[::1]:4577"),
    ],
)
def test_addresses(url: str, endpoint: str) -> None:
    """An address is named as requests name it, without the port that its scheme stands for (inferred)."""
    assert client(url).endpoint == endpoint


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_certificates_are_verified(tmp_path: Path) -> None:
    """Over https a certificate is believed that the bundle holds, for its own host, and no other (inferred)."""
    for name in ("127.0.0.1", "127.0.0.2"):
        made = f"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN={name} -addext"
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.pem")]
        subprocess.run(  # noqa: S603 - our own words only
            ["openssl", *made.split(), f"subjectAltName=IP:{name}", *files],  # noqa: S607 - wherever it is
            check=True, capture_output=True, timeout=30,
        )  # fmt: skip
    own = tls(tmp_path, "127.0.0.1")
    assert asked(own, str(tmp_path / "127.0.0.1.pem")) == "7"
    assert "is not trusted: self" in asked(own, None)
    assert "IP address mismatch" in asked(tls(tmp_path, "127.0.0.2"), str(tmp_path / "127.0.0.2.pem"))
    assert "cannot be asked: No such file" in asked(own, str(tmp_path / "none.pem"))


def tls(folder: Path, name: str) -> ssl.SSLContext:
    """Return how a server with this certificate speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def asked(context: ssl.SSLContext, bundle: str | None) -> str:
    """Return the revision that a server tells over https, or the error."""
    with answering(saying(head(len(REPLY)) + REPLY), wrap=context) as port:
        wall = Client(f"https://127.0.0.1:{port}", ANYONE, REGION, PATIENCE, bundle)
        try:
            return str(wall.call("DescribeChanges")["Revision"])
        except NoAnswer as error:
            socket.create_connection(("127.0.0.1", port)).close()  # when nobody came, the server still waits
            return str(error)
        finally:
            wall.close()
