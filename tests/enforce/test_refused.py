"""An agent whom a server does not let tell what it enforces says so."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from groupwall.enforce.agent import agent
from groupwall.enforce.agent.agent import Agent, Clients
from groupwall.enforce.agent.host import Host
from groupwall.errors import ApiError

PATIENCE = 60
ASKED_AGAIN = 3


class Refusing:
    """A server that tells what should hold, and hears nobody."""

    endpoint = "http://127.0.0.1:1"

    def __init__(self) -> None:
        self.refused = 0
        self.enough = threading.Event()

    def call(self, name: str, _given: dict[str, Any]) -> dict[str, Any]:
        """Answer a call."""
        if name == "Acknowledge":
            self.refused += 1
            if self.refused == ASKED_AGAIN:
                self.enough.set()
            raise ApiError("UnauthorizedOperation", "not you", 403)
        return {"Revision": 1, "Whole": True} if name == "DescribeDesired" else {}


@pytest.mark.skipif(sys.platform == "win32", reason="agents have sockets with names")
def test_a_refusal_is_said_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What the server does not take is said once, however often it is told, since nothing counts as enforced.

    (inferred)
    """
    monkeypatch.setattr(agent, "REFUSED", 0.01)
    server = Refusing()
    clients = Clients(*(server for _ in Clients._fields))  # type: ignore[arg-type]

    async def run() -> None:
        running = asyncio.create_task(Agent("one", Host(tmp_path), clients, 0).run(tmp_path))
        assert await asyncio.to_thread(server.enough.wait, PATIENCE)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running

    asyncio.run(run())
    said = [one.getMessage() for one in caplog.records if "not you" in one.getMessage() and one.levelname == "WARNING"]
    assert said == ["the server does not take what is enforced here: UnauthorizedOperation: not you"]
