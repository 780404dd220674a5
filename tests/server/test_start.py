"""How a server starts and ends: its one line, its exit codes, where it listens."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.law import breaches
from tests.programs import command
from tests.remote import Remote, connect, exchange, on_the_line, read_all
from tests.scenes import create_group
from tests.serving import PROGRAM, running, started


def refused(*words: str) -> tuple[int, str]:
    """Return the exit code and the standard error of a command that says nothing else."""
    ended = command(*words)
    assert ended.out == ""
    return ended.code, ended.err


def test_it_answers_when_it_says_so(tmp_path: Path) -> None:
    """The one line on standard output is exact, and requests are answered from then on (inferred)."""
    with started("--data", str(tmp_path)) as server:
        assert server.url == f"http://127.0.0.1:{server.port}"
        health = exchange(server.url, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, _, body = health.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert json.loads(body) == {"status": "ok", "revision": 0}
        assert server.end() == 0
        assert server.process.stdout
        assert server.process.stdout.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    """SIGTERM and SIGINT end a server with exit code 0, and leave a store without a log to be read again (inferred)."""
    with started("--data", str(tmp_path)) as server, Remote(server.url) as remote:
        create_group(remote)
        server.process.send_signal(number)
        assert server.wait() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["groupwall.db", "lock"]
    assert breaches(tmp_path) == []


def test_requests_under_way_are_answered_at_the_end(tmp_path: Path) -> None:
    """A request whose body has begun to arrive when SIGTERM comes is answered, and then the server ends (inferred)."""
    with started("--data", str(tmp_path)) as server, Remote(server.url) as remote:
        request = remote.request("CreateSecurityGroup", GroupName="late", Description="late")
        sent = on_the_line(request)
        with connect(server.url) as connection:
            connection.sendall(sent[:-9])
            create_group(remote, "early")  # by its answer the server has read what was sent before
            server.process.terminate()
            with contextlib.suppress(ConnectionError):
                while True:  # until it listens no more
                    socket.create_connection(("127.0.0.1", server.port), timeout=30).close()
            connection.sendall(sent[-9:])
            assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 OK\r\n")
        assert server.wait() == 0
    assert breaches(tmp_path) == []


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """A port that another program has is refused in one line that names it, and no store is made (inferred)."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, told = refused("serve", "--port", str(port), "--data", str(tmp_path / "new"))
    assert (code, told) == (1, f"OSError: 127.0.0.1:{port}: Address already in use\n")
    assert list(tmp_path.iterdir()) == []


def test_a_taken_folder_is_told(tmp_path: Path) -> None:
    """A second server on one folder is refused in one line, and the first goes on (inferred)."""
    with started("--data", str(tmp_path)) as server, Remote(server.url) as remote:
        code, told = refused("serve", "--port", "0", "--data", str(tmp_path))
        assert (code, told) == (1, f"StoreError: {tmp_path} is in use by another groupwall server\n")
        create_group(remote)


def test_a_killed_server_leaves_its_folder_free(tmp_path: Path) -> None:
    """After kill -9 another server takes the folder at once, with every change that was answered (inferred)."""
    with started("--data", str(tmp_path)) as server, Remote(server.url) as remote:
        created = create_group(remote)
        server.kill()
    with started("--data", str(tmp_path)) as server, Remote(server.url) as remote:
        groups = remote.call("DescribeSecurityGroups", GroupIds=[created])["SecurityGroups"]
        assert [group["GroupId"] for group in groups] == [created]


def without_rights() -> tuple[str, ...]:
    """Return the words that take root's rights to write anywhere from a program; none where the test has no such."""
    return ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()


@pytest.mark.parametrize("name", ["", "lock", "groupwall.db"])
def test_what_may_not_be_written_is_told(tmp_path: Path, name: str) -> None:
    """A folder or a file in it that the server may not write is refused in one line (inferred)."""
    folder = tmp_path / "read-only"
    with started("--data", str(folder)) as server:
        server.end()
    before = (folder / "groupwall.db").read_bytes()
    (folder / name).chmod(0o500)
    if not name:
        (folder / "lock").unlink()
    words = [*without_rights(), *PROGRAM, "serve", "--port", "0", "--data", str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - our own
    (folder / name).chmod(0o700)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.endswith("Permission denied\n")
    assert done.stderr.startswith("StoreError: ")
    assert (folder / "groupwall.db").read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database" * 1000, b"SQLite format 3\x00" + b"\xff" * 5000])
@pytest.mark.parametrize("command", [("serve", "--port", "0"), ("keys", "list"), ("keys", "create")])
def test_damage_is_told_by_every_command(tmp_path: Path, command: tuple[str, ...], content: bytes) -> None:
    """What is no database is refused in one line by each command, and left as it is (inferred)."""
    (tmp_path / "groupwall.db").write_bytes(content)
    code, told = refused(*command, "--data", str(tmp_path))
    assert (code, told.count("\n")) == (1, 1)
    assert told.startswith(f"StoreError: {tmp_path / 'groupwall.db'} is damaged or is no database")
    assert (tmp_path / "groupwall.db").read_bytes() == content


def test_it_listens_where_it_is_told() -> None:
    """A server on 127.0.0.1 is on no other address of the machine: users 5.3."""
    with started("--data", ":memory:") as server:
        exchange(server.url, b"GET /health HTTP/1.0\r\n\r\n")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", server.port), timeout=30)


def test_it_listens_on_ipv6() -> None:
    """An IPv6 address is listened on, and told in brackets (inferred)."""
    with started("--data", ":memory:", "--host", "::1") as server, Remote(server.url) as remote:
        assert server.url == f"http://[::1]:{server.port}"
        assert urlsplit(server.url).hostname == "::1"
        assert remote.call("DescribeVpcs")["Vpcs"]
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=30)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])  # noqa: S104 - to be refused
def test_open_doors_stay_on_this_machine(tmp_path: Path, host: str) -> None:
    """Without --allow-open nothing but loopback is listened on while callers are believed: users 5.3."""
    code, told = refused("serve", "--port", "0", "--host", host, "--data", str(tmp_path / "new"))
    assert code == 2
    assert f"--auth open lets anyone who can reach {host} change everything" in told
    assert list(tmp_path.iterdir()) == []


def test_open_doors_can_be_meant() -> None:
    """With --allow-open every address is listened on (inferred)."""
    with started("--data", ":memory:", "--host", "0.0.0.0", "--allow-open") as server:  # noqa: S104 - what is tested
        assert exchange(f"http://127.0.0.2:{server.port}", b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("host", ["a..b", "a" * 70, "nowhere.invalid"])
def test_a_name_that_is_no_hosts_is_told(tmp_path: Path, host: str) -> None:
    """A host that cannot be looked up is refused in one line that names it (inferred)."""
    code, told = refused("serve", "--port", "0", "--host", host, "--allow-open", "--data", str(tmp_path / "new"))
    assert (code, told.count("\n"), told.startswith(f"OSError: {host}:0: ")) == (1, 1, True)


def test_a_full_standard_output_is_told() -> None:
    """A server that cannot say that it is ready ends with one line that says so, and names no address (inferred)."""
    words = ["sh", "-c", 'exec "$@" >/dev/full', "sh", *PROGRAM, "serve", "--port", "0", "--data", ":memory:"]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=30)  # noqa: S603 - our own words
    assert (done.returncode, done.stderr) == (1, "OSError: standard output: No space left on device\n")


def test_too_few_files_are_told() -> None:
    """Where only few files may be open at once a server ends with one line, and begins with some more (inferred)."""
    words = ("prlimit", "--nofile=16:16", *PROGRAM, "serve", "--port", "0", "--data", ":memory:")
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=30)  # noqa: S603 - our own words
    assert (done.returncode, done.stderr) == (1, "OSError: Too many open files\n")
    with started("--data", ":memory:", before=("prlimit", "--nofile=48:48")) as server:
        assert server.end() == 0


def test_without_standard_files_nothing_takes_their_place(tmp_path: Path) -> None:
    """Started with 0 and 2 closed, a server has no socket there, which its log would be written to (inferred)."""
    words = [*PROGRAM, "serve", "--port", "0", "--data", str(tmp_path)]
    with running(["sh", "-c", 'exec "$@" <&- 2>&-', "sh", *words]) as server:
        for descriptor in (0, 2):
            assert Path(f"/proc/{server.process.pid}/fd/{descriptor}").readlink() == Path(os.devnull)
        assert server.end() == 0


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    """Told twice, a server does not wait for requests that arrive slowly, and shows no traceback (inferred)."""
    with (
        (tmp_path / "log").open("w") as log,
        started("--data", ":memory:", log=log) as server,
        connect(server.url) as slow,
        Remote(server.url) as remote,
    ):
        slow.sendall(on_the_line(remote.request("DescribeVpcs"))[:-9])
        remote.call("DescribeRegions")  # by its answer the server has read what was sent before
        for _ in range(2):
            server.process.send_signal(signal.SIGINT)
            with contextlib.suppress(ConnectionError):
                while True:  # until it listens no more
                    socket.create_connection(("127.0.0.1", server.port), timeout=30).close()
        assert server.wait() == 0
        assert read_all(slow)[:12] in (b"", b"HTTP/1.1 503")
    assert [line.split()[2] for line in (tmp_path / "log").read_text().splitlines()] == ["DescribeRegions"]


def test_an_address_that_is_not_ours_is_told(tmp_path: Path) -> None:
    """An address of another machine is refused in one line (inferred)."""
    code, told = refused("serve", "--port", "0", "--host", "192.0.2.1", "--allow-open", "--data", str(tmp_path / "new"))
    assert (code, told) == (1, "OSError: 192.0.2.1:0: Cannot assign requested address\n")
