"""A read of megabytes: answered by a process of its own, the same as any, while the changes of others go on."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from groupwall.app import Call, open_app
from groupwall.config import Quotas, Settings
from groupwall.rules.values import Direction, Peer, PeerKind, PortRange, Properties, Rule
from groupwall.server import INLINE
from groupwall.store.changes import Event
from groupwall.store.entities import Group, World
from groupwall.store.sqlite import open_beside
from groupwall.store.transaction import Transaction
from groupwall.units import FrozenClock, Ids, SystemClock, ticks
from groupwall.wire.message import Reply
from tests.driver import ACTIONS, NOW, Wall
from tests.remote import PATIENCE, Remote, connect, on_the_line, read_all
from tests.scenes import create_group, default_vpc, rules_of, tcp
from tests.serving import PROGRAM, Server, running, started

GROUPS, RULES = 3_000, 20
REQUEST_ID = re.compile(rb"<requestId>[^<]*</requestId>")


def filled(folder: Path, groups: int = GROUPS) -> str:
    """Write groups with rules into a new store, as one change; return the id of a small group beside them."""
    ids = Ids(9)
    with Wall(data=str(folder)) as wall:
        small, vpc_id = create_group(wall, "small"), default_vpc(wall)
        ports = [tcp(port, "10.0.0.0/8") for port in range(1, 41)]
        wall.call("AuthorizeSecurityGroupIngress", GroupId=small, IpPermissions=ports)

        def fill(tx: Transaction) -> None:
            tx.enter(World(wall.account, wall.region))
            for number in range(groups):
                group = Group(ids.new("sg"), vpc_id, f"group-{number}", "one of many")
                tx.add(group)
                for port in range(RULES):
                    properties = Properties("tcp", PortRange(port, port), Peer(PeerKind.IPV4, "10.0.0.0/8"))
                    tx.add(Rule(ids.new("sgr"), group.id, Direction.INGRESS, properties, "a rule"))
            tx.record(Event(NOW, "test", "Fill", ids.request_id(), "{}"))

        wall.store.run(fill)
    return small


class Full(NamedTuple):
    """A server on a store with much in it, and the id of a small group."""

    server: Server
    folder: Path
    small: str


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Full]:
    """One server for the tests of this file."""
    folder = tmp_path_factory.mktemp("full")
    small = filled(folder)
    with started("--log", "off", "--data", str(folder)) as server:
        yield Full(server, folder, small)
        assert server.end() == 0


def describe(full: Full) -> Reply:
    """Describe everything."""
    with Remote(full.server.url) as remote:
        return remote.send(remote.request("DescribeSecurityGroups"))


def readers(full: Full) -> list[int]:
    """Return the ids of the server's child processes."""
    children = Path(f"/proc/{full.server.process.pid}/task/{full.server.process.pid}/children")
    return [int(number) for number in children.read_text().split()]


def test_a_large_read_is_answered_as_any(full: Full) -> None:
    """The reader's answer is the one that the app gives in this process, byte for byte but for its id (inferred)."""
    reply = describe(full)
    assert reply.status == 200
    assert reply.body.count(b"<groupName>group-") == GROUPS
    assert len(readers(full)) == 1
    with beside(full) as wall:
        body = wall.send(wall.request(ACTIONS["DescribeSecurityGroups"])).body
    assert REQUEST_ID.sub(b"", reply.body) == REQUEST_ID.sub(b"", body)
    told = dict(reply.headers)
    assert told["x-amzn-requestid"].encode() in reply.body
    assert int(told["x-groupwall-revision"]) > 0


@contextmanager
def beside(full: Full) -> Iterator[Wall]:
    """An app in this process on the server's store."""
    wall = Wall()
    wall.close()
    wall.store = open_beside(str(full.folder), read_only=True)
    wall.app = open_app(wall.store, Settings(), Quotas())
    wall.clock = FrozenClock(SystemClock().now())
    with wall:
        yield wall


def test_changes_go_on_beside_a_large_read(full: Full) -> None:
    """While one large read is under way, several rules are removed, one after the other (inferred)."""
    done = threading.Event()
    sizes: list[int] = []

    def read() -> None:
        sizes.append(len(describe(full).body))
        done.set()

    with Remote(full.server.url) as remote:
        rules = [rule["SecurityGroupRuleId"] for rule in rules_of(remote, full.small)]
        reading = threading.Thread(target=read)
        reading.start()
        removed = 0
        while not done.is_set() and removed < len(rules) - 1:
            remote.call("RevokeSecurityGroupIngress", GroupId=full.small, SecurityGroupRuleIds=[rules[removed]])
            removed += not done.is_set()
        reading.join()
    assert removed >= 5
    assert sizes[0] > 10_000_000


def test_a_reader_that_dies_is_started_again(full: Full) -> None:
    """When the reader is killed, the next read is answered by another (inferred)."""
    assert describe(full).status == 200
    first = readers(full)
    os.kill(first[0], signal.SIGKILL)
    assert describe(full).status == 200
    assert readers(full) != first


def test_nothing_in_the_working_folder_is_run(tmp_path: Path) -> None:
    """A file there with the name of one of Python's modules is not what the reader imports (inferred)."""
    filled(tmp_path / "store", groups=100)
    (tmp_path / "base64.py").write_text("raise SystemExit")
    words = (sys.executable, "-P", *PROGRAM[1:], "serve", "--port", "0", "--data", "store", "--log", "off")
    with running(("env", "--chdir", str(tmp_path), *words)) as server, Remote(server.url) as remote:
        assert remote.send(remote.request("DescribeSecurityGroups")).status == 200


def test_a_client_that_leaves_gets_nobody_elses_answer(full: Full) -> None:
    """After a client that did not wait for a large read, the next one gets its own answer (inferred)."""
    with Remote(full.server.url) as remote:
        with connect(full.server.url) as gone:
            gone.sendall(on_the_line(remote.request("DescribeSecurityGroups")))
        reply = remote.send(remote.request("DescribeSecurityGroupRules"))
    assert (reply.status, reply.body.count(b"<DescribeSecurityGroupRulesResponse")) == (200, 1)


def test_a_page_of_a_large_account_is_no_large_read(full: Full) -> None:
    """A page keeps within what the server reads itself: only what it holds is read, and not the account (inferred)."""
    with beside(full) as wall:
        page = wall.app.prepare(wall.request(ACTIONS["DescribeSecurityGroups"], MaxResults=10))
        everything = wall.app.prepare(wall.request(ACTIONS["DescribeSecurityGroups"]))
        assert isinstance(page, Call)
        assert isinstance(everything, Call)
        small, large = wall.app.answer([page, everything], INLINE._replace(seconds=60))
    assert large is None
    assert small is not None
    assert len(small.result["SecurityGroups"]) == 10
    assert small.result["NextToken"]


def asked(full: Full, name: str = "DescribeSecurityGroups") -> bytes:
    """Return a request for everything, as it goes over the line."""
    with Remote(full.server.url) as remote:
        return on_the_line(remote.request(name))


@pytest.mark.parametrize("name", ["DescribeSecurityGroups", "DescribeSecurityGroupRules"])
def test_a_reply_of_megabytes_takes_up_little_memory(full: Full, name: str) -> None:
    """Neither process holds more than parts of a reply on its way, whatever its size (inferred)."""
    with Remote(full.server.url) as remote:
        assert len(remote.send(remote.request(name)).body) > 10_000_000
    assert memory(full.server.process.pid) < 80_000_000
    assert memory(readers(full)[0]) < 160_000_000  # of which SQLite keeps up to 64 MiB of pages


def memory(pid: int) -> int:
    """Return the most memory that a process has used so far, in bytes."""
    told = Path(f"/proc/{pid}/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) * 1024


def test_a_client_that_takes_nothing_is_cut_off(full: Full) -> None:
    """It holds up the next large read for some seconds, and does not get an end that it could believe (inferred)."""
    with connect(full.server.url) as deaf:
        deaf.sendall(asked(full))
        deaf.recv(12, socket.MSG_PEEK)
        started = ticks()
        assert describe(full).status == 200
        assert ticks() - started < PATIENCE
        assert broken(deaf)


def broken(connection: socket.socket) -> bool:
    """Read to the end, and tell whether that is one of an incomplete reply."""
    try:
        return not read_all(connection).endswith(b"\r\n0\r\n\r\n")
    except ConnectionError:
        return True


def test_a_reader_that_dies_amid_a_reply_breaks_it_off(full: Full) -> None:
    """A reply that cannot be brought to its end has none, and the next one is whole (inferred)."""
    assert describe(full).status == 200
    with connect(full.server.url) as connection:
        connection.sendall(asked(full))
        assert connection.recv(12) == b"HTTP/1.1 200"
        os.kill(readers(full)[0], signal.SIGKILL)
        assert broken(connection)
    assert describe(full).body.count(b"<groupName>group-") == GROUPS


def test_a_client_that_has_said_all_gets_all(full: Full) -> None:
    """One that closed its half of the connection after its request is sent the whole reply (inferred)."""
    with connect(full.server.url) as connection:
        connection.sendall(asked(full))
        assert connection.recv(12) == b"HTTP/1.1 200"
        connection.shutdown(socket.SHUT_WR)
        assert not broken(connection)


def test_parts_need_their_version_of_http(full: Full) -> None:
    """A client of HTTP/1.0, which knows no parts, is told to ask for pages (inferred)."""
    with connect(full.server.url) as connection:
        connection.sendall(asked(full).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        reply = read_all(connection)
    assert reply.startswith(b"HTTP/1.1 400")
    assert b"MaxResults" in reply


def test_the_reader_ends_with_the_server(tmp_path: Path) -> None:
    """A server that ends, or is killed, leaves no reader behind (inferred)."""
    filled(tmp_path, groups=100)
    for end in (Server.end, Server.kill):
        with started("--log", "off", "--data", str(tmp_path)) as server:
            full = Full(server, tmp_path, "")
            assert describe(full).status == 200
            pipes = [os.pidfd_open(pid) for pid in readers(full)]
            assert len(pipes) == 1
            end(server)
            ended, _, _ = select.select(pipes, [], [], 30)
            assert ended == pipes
            os.close(pipes[0])


def test_a_large_read_under_way_is_answered_at_the_end(tmp_path: Path) -> None:
    """A large read that a server was asked for before SIGTERM is answered whole (inferred)."""
    filled(tmp_path, groups=1_000)
    with started("--log", "off", "--data", str(tmp_path)) as server, Remote(server.url) as remote:
        with connect(server.url) as connection:
            connection.sendall(on_the_line(remote.request("DescribeSecurityGroups")))
            remote.call("DescribeVpcs")  # by its answer the server has read what was sent before
            server.process.terminate()
            reply = read_all(connection)
        assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
        assert reply.count(b"<groupName>group-") == 1_000
        assert server.wait() == 0


def test_an_end_amid_a_large_read_is_no_fault(tmp_path: Path) -> None:
    """A server that ends while a reply is stuck breaks it off, and its log tells no traceback (inferred)."""
    filled(tmp_path / "store", groups=1_000)
    with (tmp_path / "log").open("w") as log, started("--data", str(tmp_path / "store"), log=log) as server:
        full = Full(server, tmp_path, "")
        with connect(server.url) as connection:
            connection.sendall(asked(full))
            assert connection.recv(12) == b"HTTP/1.1 200"
            os.kill(readers(full)[0], signal.SIGSTOP)
            assert server.end() == 0
            assert broken(connection)
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_in_memory_large_reads_are_answered_too() -> None:
    """A store in memory has no reader; its large reads are answered where it is (inferred)."""
    with started("--data", ":memory:", "--log", "off") as server, Remote(server.url) as remote:
        for number in range(300):
            create_group(remote, f"group-{number}")
        assert len(remote.call("DescribeSecurityGroups")["SecurityGroups"]) == 301
        assert readers(Full(server, Path(), "")) == []
