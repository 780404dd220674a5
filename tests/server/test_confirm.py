"""Changes that undo themselves on a real server: by itself at the deadline, and after a start or a kill [inferred]."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest

from groupwall.units import SystemClock
from tests.law import breaches
from tests.ops.test_apply import asked
from tests.remote import Remote
from tests.scenes import EVERYWHERE, create_group, tcp
from tests.serving import Server, started

PATIENCE = 30.0
SECOND = 1000


def _health(server: Server) -> int:
    """Return the revision that /health tells, which is no call: nothing is settled for it."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health")
        revision: int = json.loads(connection.getresponse().read())["revision"]
    finally:
        connection.close()
    return revision


def _applied(url: str, seconds: int) -> tuple[str, int]:
    """Open a port until it is confirmed; return the group and the change's revision."""
    with Remote(url) as remote:
        group = create_group(remote)
        call = asked("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE)])
        made = remote.call("ApplyChanges", Calls=[call], ConfirmWithin=seconds)
        assert len(_rules(remote, group)) == 1
    return group, made["Revision"]


def _rules(remote: Remote, group: str) -> list[object]:
    told = remote.call("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"]
    rules: list[object] = told[0]["IpPermissions"]
    return rules


def test_the_server_wakes_by_itself(tmp_path: Path) -> None:
    """At the deadline the server undoes the change although nobody asks."""
    with started("--data", str(tmp_path), "--log", "off") as server:
        _, revision = _applied(server.url, 1)
        until = SystemClock().now() + PATIENCE * SECOND
        while _health(server) == revision and SystemClock().now() < until:
            threading.Event().wait(0.02)
        assert _health(server) == revision + 1
        assert breaches(tmp_path) == []


@pytest.mark.parametrize("kill", [False, True])
def test_a_restart_forgets_no_deadline(tmp_path: Path, *, kill: bool) -> None:
    """A change whose time passes while no server runs, ended or killed, is undone by the next one when it starts."""
    with started("--data", str(tmp_path), "--log", "off") as server:
        group, revision = _applied(server.url, 1)
        confirmed = SystemClock().now() + SECOND
        server.kill() if kill else server.end()
    while SystemClock().now() <= confirmed:
        threading.Event().wait(0.05)
    with started("--data", str(tmp_path), "--log", "off") as server:
        assert _health(server) == revision + 1
        with Remote(server.url) as remote:
            assert _rules(remote, group) == []
            [told] = remote.call("DescribeConfirmations")["Confirmations"]
            assert told["State"] == "undone"
    assert breaches(tmp_path) == []


def test_a_confirmed_change_survives_its_time(tmp_path: Path) -> None:
    """A change that is confirmed stays when its time is over."""
    with started("--data", str(tmp_path), "--log", "off") as server:
        group, revision = _applied(server.url, 1)
        with Remote(server.url) as remote:
            remote.call("ConfirmChange", Revision=revision)
            until = SystemClock().now() + 2 * SECOND
            while SystemClock().now() <= until:
                threading.Event().wait(0.05)
            assert len(_rules(remote, group)) == 1
        assert _health(server) == revision + 1
