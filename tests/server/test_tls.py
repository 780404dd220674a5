"""``--tls-cert`` and ``--tls-key``: https as http is, for boto3 and for our client; what is wrong with the files."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest

from groupwall.config import SettingError, Settings
from groupwall.errors import ApiError
from groupwall.remote import Client, NoAnswer
from groupwall.tls import context
from groupwall.wire.sigv4 import Credentials
from tests.certificates import Files, make
from tests.law import breaches
from tests.programs import command, make_key
from tests.remote import ANYONE, connect, exchange, read_all
from tests.serving import Server, serving, started

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
LONGEST_MESSAGE = 1 << 16


class Secure(NamedTuple):
    """A server with TLS, and its files."""

    server: Server
    files: Files

    @property
    def url(self) -> str:
        """Its address."""
        return self.server.url


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """A server with TLS that keeps nothing."""
    files = make(tmp_path_factory.mktemp("tls"))
    with started("--data", ":memory:", "--log", "off", *files.options) as server:
        yield Secure(server, files)


def asked(secure: Secure, trusted: Path | None) -> int:
    """Return how many VPCs our own client is told of."""
    with Client(secure.url, ANYONE, "us-east-1", ca_bundle=str(trusted) if trusted else None) as client:
        return len(client.call("DescribeVpcs")["Vpcs"])


@contextlib.contextmanager
def wrapped(secure: Secure) -> Iterator[ssl.SSLSocket]:
    """Open a connection whose handshake is done."""
    trusted = ssl.create_default_context(cafile=secure.files.certificate)
    with connect(secure.url) as plain, trusted.wrap_socket(plain, server_hostname="localhost") as connection:
        yield connection


def test_boto3_speaks_https(secure: Secure) -> None:
    """The server says https, and boto3 that is given the certificate asks it as any other (inferred)."""
    assert secure.url == f"https://127.0.0.1:{secure.server.port}"
    ec2 = boto3.client(
        "ec2",
        endpoint_url=secure.url,
        verify=str(secure.files.certificate),
        region_name="us-east-1",
        aws_access_key_id=ANYONE.access_key_id,
        aws_secret_access_key=ANYONE.secret,
    )
    group = ec2.create_security_group(GroupName="secure", Description="x")["GroupId"]
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]


def test_our_client_trusts_what_it_is_told_to(secure: Secure) -> None:
    """With the file of the certificate it is trusted; the system's roots alone do not know it (inferred)."""
    assert asked(secure, secure.files.certificate) == 1
    with pytest.raises(NoAnswer, match="is not trusted"):
        asked(secure, None)


def test_commands_take_the_variable_of_the_aws_tools(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    """``AWS_CA_BUNDLE`` names the certificates that every command trusts: as the AWS CLI has it [docs]."""
    words = ("history", "--endpoint", secure.url, "--json")
    refused = command(*words)
    assert (refused.code, "is not trusted" in refused.err) == (1, True)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(secure.files.certificate))
    assert command(*words).code == 0


def test_a_connection_is_kept(secure: Secure) -> None:
    """Several requests go over one connection, each answered whole (inferred)."""
    with wrapped(secure) as connection:
        for _ in range(3):
            connection.sendall(HEALTH)
            reply = http.client.HTTPResponse(connection)
            reply.begin()
            assert (reply.status, reply.read()[:15]) == (200, b'{"status": "ok"')


def test_nothing_older_than_tls_1_2(secure: Secure) -> None:
    """TLS 1.1 and what came before are not spoken (inferred), and plain HTTP gets no reply."""
    assert context(*map(str, secure.files)).minimum_version == ssl.TLSVersion.TLSv1_2
    assert b"HTTP/" not in exchange(secure.url, HEALTH)


def test_slow_and_failing_handshakes_hold_up_nobody(secure: Secure) -> None:
    """Others are answered while handshakes do not begin, do not go on, or are rubbish (inferred)."""
    hello = ssl.MemoryBIO()
    begun = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        begun.do_handshake()
    first = hello.read()
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(connect(secure.url)) for _ in range(90)]
        for number, connection in enumerate(slow):
            connection.sendall((b"", first[: len(first) // 2], b"rubbish" * 50)[number % 3])
        assert asked(secure, secure.files.certificate) == 1
        assert b"HTTP/" not in read_all(slow[2])


def test_who_hangs_up_early_harms_nobody(tmp_path: Path) -> None:
    """Connections that end without a farewell, before and after their request, leave the log empty (inferred)."""
    files = make(tmp_path)
    with (
        (tmp_path / "log").open("w") as log,
        started("--data", ":memory:", *files.options, log=log) as server,
    ):
        secure = Secure(server, files)
        for sent in (b"", HEALTH, HEALTH[:20], b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nab"):
            with wrapped(secure) as connection:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_RDWR)
        with connect(server.url) as connection:
            connection.sendall(b"\x16\x03\x01")
        assert asked(secure, files.certificate) == 1
        server.end()
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line.split()[2] for line in lines if "408" not in line] == ["DescribeVpcs"]


def test_a_signal_ends_it_though_connections_are_kept(tmp_path: Path) -> None:
    """SIGTERM ends the server at once though clients keep connections that they say nothing on (inferred)."""
    files = make(tmp_path)
    with started("--data", str(tmp_path / "store"), *files.options) as server, contextlib.ExitStack() as stack:
        secure = Secure(server, files)
        for _ in range(3):
            connection = stack.enter_context(wrapped(secure))
            connection.sendall(HEALTH)
            assert connection.recv(LONGEST_MESSAGE).startswith(b"HTTP/1.1 200")
        assert asked(secure, files.certificate) == 1
        server.process.terminate()
        assert server.process.wait(timeout=8) == 0
    assert breaches(tmp_path / "store") == []


FAULTS: dict[str, str] = {
    "missing": "cannot be read: No such file or directory",
    "folder": "cannot be read: Is a directory",
    "other": "the key is not that of the certificate",
    "encrypted": "it is encrypted",
    "certificate": "the second holds no key in PEM form",
    "empty": "the second holds no key in PEM form",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_key_is_told(tmp_path: Path, fault: str) -> None:
    """A key that cannot be used is refused in one line that says why, before anything is made (inferred)."""
    good = make(tmp_path)
    keys = {
        "missing": tmp_path / "missing",
        "folder": tmp_path,
        "other": make(tmp_path, "other").key,
        "encrypted": make(tmp_path, "encrypted", b"passphrase").key,
        "certificate": good.certificate,
        "empty": tmp_path / "empty",
    }
    (tmp_path / "empty").touch()
    files = Files(good.certificate, keys[fault])
    ended = command("serve", "--port", "0", "--data", str(tmp_path / "store"), *files.options)
    assert (ended.code, ended.out) == (2, "")
    assert FAULTS[fault] in " ".join(ended.err.split())
    assert not (tmp_path / "store").exists()


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    """A file without a certificate is named as such (inferred)."""
    files = make(tmp_path)
    with pytest.raises(SettingError, match="the first holds no certificate in PEM form"):
        context(str(files.key), str(files.key))


def test_tls_needs_both() -> None:
    """A certificate without a key is refused, and a key without a certificate (inferred)."""
    for given in ({"tls_cert": "a"}, {"tls_key": "a"}):
        with pytest.raises(SettingError, match="both --tls-cert and --tls-key"):
            Settings(**given)


@pytest.mark.parametrize(("mode", "lines"), [(0o600, 0), (0o640, 0), (0o604, 1)])
def test_a_key_that_everybody_can_read_is_told(tmp_path: Path, mode: int, lines: int) -> None:
    """A key that is not kept is told once, in the log; a group may be given it (inferred)."""
    files = make(tmp_path)
    files.key.chmod(mode)
    with (tmp_path / "log").open("w") as log, started("--data", ":memory:", *files.options, log=log) as server:
        server.end()
    told = (tmp_path / "log").read_text().splitlines()
    assert [line.startswith("everybody on this machine can read the key") for line in told] == [True] * lines


EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested


@pytest.mark.parametrize(("tls", "host", "lines"), [(False, EVERYWHERE, 1), (True, EVERYWHERE, 0), (False, "::1", 0)])
def test_signatures_in_the_clear_are_told(tmp_path: Path, tls: bool, host: str, lines: int) -> None:  # noqa: FBT001
    """Beyond this machine, without TLS, it is told once that requests can be read (inferred)."""
    options = make(tmp_path).options if tls else ()
    make_key(tmp_path / "store")  # the first start would make one, and say so
    where = ("--auth", "signed", "--host", host, "--data", str(tmp_path / "store"))
    with (tmp_path / "log").open("w") as log, started(*where, *options, log=log) as server:
        server.end()
    assert [line.startswith("requests come in the clear") for line in (tmp_path / "log").read_text().splitlines()] == (
        [True] * lines
    )


def test_policies_see_https(tmp_path: Path) -> None:
    """``aws:SecureTransport`` is true of what came by https, and false of the rest [AWS's condition keys, docs]."""
    files = make(tmp_path)
    only_secure = {
        "Effect": "Allow",
        "Action": "ec2:DescribeVpcs",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    (tmp_path / "policy").write_text(json.dumps({"Version": "2012-10-17", "Statement": [only_secure]}))
    folder = tmp_path / "store"
    key = make_key(folder, "--user", "alice", "--policy", str(tmp_path / "policy"))
    options = ("--auth", "iam", "--log", "off", "--data", str(folder))
    with (
        serving(*options, *files.options) as url,
        Client(url, key, "us-east-1", ca_bundle=str(files.certificate)) as client,
    ):
        assert client.call("DescribeVpcs")["Vpcs"]
    with serving(*options) as url, Client(url, key, "us-east-1") as client, pytest.raises(ApiError) as caught:
        client.call("DescribeVpcs")
    assert caught.value.code == "UnauthorizedOperation"


def test_wrong_credentials_are_told_over_https(tmp_path: Path) -> None:
    """A server that verifies does so over https (inferred)."""
    files = make(tmp_path)
    options = ("--auth", "signed", "--log", "off", "--data", str(tmp_path / "store"), *files.options)
    with (
        serving(*options) as url,
        Client(url, Credentials("AKIAIOSFODNN7EXAMPLE", "x"), "us-east-1", ca_bundle=str(files.certificate)) as client,
        pytest.raises(Exception, match="AWS was not able to validate"),
    ):
        client.call("DescribeVpcs")
