"""The application below the protocol: whatever happens, a client gets a reply that it can read."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

import pytest

from groupwall.accesslog import AccessLog, Outlet
from groupwall.config import Settings
from groupwall.server import Site
from tests.bound import allow, bound, deny
from tests.driver import Wall

BODY = b"Action=DescribeVpcs&Version=2016-11-15"
SCOPE = {
    "type": "http", "method": "POST", "path": "/", "raw_path": b"/", "scheme": "http", "query_string": b"",
    "client": ("127.0.0.1", 1),
    "headers": [(b"host", b"localhost"), (b"content-length", str(len(BODY)).encode())],
}  # fmt: skip


def answered(wall: Wall, *, body: bool = True, cancel: bool = False, client: str = "127.0.0.1") -> tuple[int, bytes]:
    """Return status and body of the reply to one request, which may be cut off while it waits."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not body:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": BODY}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        await asyncio.sleep(0)

    async def ask() -> None:
        log = AccessLog(Outlet(os.open(os.devnull, os.O_WRONLY)), "off")
        scope = SCOPE | {"client": (client, 1)}
        task = asyncio.ensure_future(Site(wall.app, log, Settings(data=":memory:"), 30)(scope, receive, send))
        if cancel:
            await asyncio.sleep(0)
            task.cancel()
        await task

    asyncio.run(ask())
    return sent[0]["status"], sent[1]["body"]


def test_a_fault_is_told_in_the_clients_form(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours is an InternalError in EC2's XML, and its traceback is in the log alone (inferred)."""
    with Wall() as wall, caplog.at_level(logging.ERROR, "groupwall"):
        monkeypatch.setattr(wall.app, "answer", lambda *_: 1 // 0)
        monkeypatch.setattr(asyncio.BaseEventLoop, "call_exception_handler", lambda *_: None)
        status, body = answered(wall)
    assert (status, b"<Code>InternalError</Code>" in body) == (500, True)
    assert b"ZeroDivisionError" not in body
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("body", [True, False])
def test_a_request_that_is_cut_off_gets_a_reply(*, body: bool) -> None:
    """A request that a server which ends can't wait for is answered 503, and nothing is raised (inferred)."""
    with Wall() as wall:
        status, told = answered(wall, body=body, cancel=True)
    assert (status, b"The server is ending." in told) == (503, True)


@pytest.mark.parametrize("client", ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "::192.0.2.1"])
def test_an_ipv4_client_has_its_ipv4_address(client: str) -> None:
    """A Deny of an IPv4 block holds for who comes by IPv4, also to a socket that listens for both (inferred)."""
    from_there = deny("*", "*", IpAddress={"aws:SourceIp": "192.0.2.0/24"})
    with Wall() as wall:
        _, told = answered(bound(wall, allow("*"), from_there), client=client)
    assert (b"<Code>UnauthorizedOperation</Code>" in told) is (client in ("192.0.2.1", "::ffff:192.0.2.1"))
