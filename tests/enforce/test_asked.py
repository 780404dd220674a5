"""An agent that is asked for flows under way, by a server without a socket between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from groupwall.enforce.agent.asked import Asked
from tests.driver import Wall
from tests.ops.test_live_flows import NARROW, Net
from tests.scenes import allow, tcp

PATIENCE = 30.0


class Following:
    """A host that follows a server, without a kernel. when_asked: what comes between a question and its answer."""

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self.asked: list[int] = []
        self.when_asked: Callable[[], object] = lambda: None

    def foreseen(self, question: dict[str, Any]) -> list[Any]:
        """Return what would end: nothing."""
        self.asked.append(question["Revision"])
        self.when_asked()
        return []


class Direct:
    """A client without a socket. Calls come one after the other."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self.calls: list[str] = []

    def call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the result of a call."""
        self.calls.append(operation)
        return self._wall.call(operation, **params)


@pytest.fixture
def net(wall: Wall) -> Net:
    """Return two hosts that are alive."""
    return Net(wall)


def _until(net: Net, host: Following, holds: Callable[[list[str]], bool]) -> None:
    """Have the agent of a host answer until something holds. holds: told by the calls that it made."""
    client = Direct(net.wall)

    async def run() -> None:
        answering = asyncio.create_task(Asked("host-web", host, client).answer())  # type: ignore[arg-type]
        async with asyncio.timeout(PATIENCE):
            while not holds(client.calls):
                assert not answering.done()
                await asyncio.sleep(0.01)
        answering.cancel()

    asyncio.run(run())


def test_each_question_is_answered_once(net: Net) -> None:
    """All that are open are answered, and who asked has the answer (inferred)."""
    some = [net.revoke("web") for _ in range(3)]
    host = Following(net.wall.app.revision())
    _until(net, host, lambda _: not net.questions("host-web"))
    assert [one.answer()["State"] for one in some] == ["complete"] * 3
    assert host.asked == [net.wall.app.revision()] * 3


def test_a_host_that_is_behind_answers_later(net: Net) -> None:
    """Not before it knows the revision that the question is about (inferred)."""
    asking = net.revoke("web")
    host = Following(net.wall.app.revision() - 1)
    _until(net, host, lambda calls: len(calls) > 2)
    assert host.asked == []
    host.revision += 1
    _until(net, host, lambda _: not net.questions("host-web"))
    assert asking.answer()["State"] == "complete"


def test_a_question_that_is_closed_meanwhile(net: Net, caplog: pytest.LogCaptureFixture) -> None:
    """What is not open any more as it is answered is no fault: the next question is answered at once (inferred)."""
    first = net.revoke("web")
    host = Following(net.wall.app.revision())

    def change_once() -> None:
        host.when_asked = lambda: None
        allow(net.wall, net.groups["web"], tcp(22, NARROW))
        assert first.answer()["State"] == "pending"
        host.revision = net.wall.app.revision()

    host.when_asked = change_once
    _until(net, host, lambda _: not net.questions("host-web"))
    assert (len(host.asked), first.answer()["State"]) == (2, "complete")
    assert caplog.records == []
