"""Answers that are held back: until there is something new, and no longer than anyone waits for them [inferred]."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from groupwall.app import Call, Outcome
from groupwall.errors import ApiError
from groupwall.holding import Holding
from groupwall.sending import Client
from groupwall.turns import Turns
from groupwall.units import ticks
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.programs import make_key
from tests.remote import Remote
from tests.scenes import allow, create_group, tcp
from tests.server.test_turns import NO_BUDGET, Counted, call, together
from tests.serving import Server, started

Result = TypeVar("Result")

SOON = 10.0
"""Seconds: half of the longest Wait, so what took less was not held to its end."""


class Desk:
    """A loop's end of the server, without sockets: calls come in, and are held."""

    def __init__(self, wall: Wall) -> None:
        self.counted = Counted(wall)
        self.counted.hosts, self.counted.revision = wall.app.hosts, wall.app.revision  # type: ignore[attr-defined]
        self.holding = Holding(self.counted, Turns(self.counted, None))  # type: ignore[arg-type]
        self.left = asyncio.Event()

    async def _receive(self) -> dict[str, Any]:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, _message: dict[str, Any]) -> None: ...

    def ask(self, one: Call) -> asyncio.Task[Outcome | None]:
        """Begin to ask."""
        client = Client({"http_version": "1.1"}, self._receive, self._send)
        return asyncio.ensure_future(self.holding.answer(one, client))


def at_desk(wall: Wall, work: Callable[[Desk], Awaitable[Result]]) -> Result:
    """Do some work in a loop of its own."""

    async def run() -> Result:
        async with asyncio.timeout(SOON):
            return await work(Desk(wall))

    return asyncio.run(run())


@pytest.fixture
def wall() -> Iterator[Wall]:
    """A world that has begun."""
    with Wall() as new:
        create_group(new, "web")
        yield new


def _waiting(wall: Wall, **params: Any) -> Call:  # noqa: ANN401 - as boto3 gives them
    return call(wall, "DescribeDesired", After=wall.app.revision(), Wait=20, **params)


def _revision(outcome: Outcome | None) -> int:
    assert outcome
    assert outcome.result
    revision: int = outcome.result["Revision"]
    return revision


async def _settled(desk: Desk, sizes: int) -> None:
    """Let the loop go on until so many transactions were made, and what followed from them is done."""
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(desk.counted.sizes) == sizes


def test_many_are_woken_by_one_change(wall: Wall) -> None:
    """All who wait are answered by one commit and one turn, and until then nothing is asked for them."""

    async def work(desk: Desk) -> tuple[list[int], list[int]]:
        waiting = [desk.ask(_waiting(wall)) for _ in range(200)]
        await _settled(desk, 1)
        made = desk.ask(call(wall, "CreateSecurityGroup", GroupName="new", Description="a group"))
        await made
        return [_revision(one) for one in await asyncio.gather(*waiting)], desk.counted.sizes

    revisions, sizes = at_desk(wall, work)
    assert revisions == [wall.app.revision()] * 200
    assert sizes == [200, 1, 200]


def test_a_commit_in_the_same_turn_is_not_missed(wall: Wall) -> None:
    """A change that is made in the turn of the question, after it, is told at once."""

    async def work(desk: Desk) -> Outcome | None:
        asked = desk.ask(_waiting(wall))
        desk.ask(call(wall, "CreateSecurityGroup", GroupName="new", Description="a group"))
        return await asked

    assert _revision(at_desk(wall, work)) == wall.app.revision()


def test_who_leaves_is_forgotten(wall: Wall) -> None:
    """Nothing waits any more for a client that has gone, and nothing more is asked for it."""

    async def work(desk: Desk) -> list[int]:
        asked = desk.ask(_waiting(wall))
        await _settled(desk, 1)
        desk.left.set()
        await asked
        return desk.counted.sizes

    assert at_desk(wall, work) == [1]


@pytest.mark.parametrize("given", [{"Wait": 21}, {"Wait": -1}])
def test_a_wait_out_of_bounds_is_refused(wall: Wall, given: dict[str, int]) -> None:
    """Beyond 20 seconds, and below none, is refused at once."""
    with pytest.raises(ApiError, match=r"InvalidParameterValue: .*wait.*0 to 20 seconds"):
        wall.call("DescribeChanges", After=wall.app.revision(), **given)


def test_nobody_waits_in_process(wall: Wall) -> None:
    """Without a server the answer comes at once, as there is nobody else who could make a change meanwhile."""
    assert wall.call("DescribeChanges", After=wall.app.revision(), Wait=20)["Changes"] == []


def test_what_hosts_tell_wakes(wall: Wall) -> None:
    """DescribePropagation waits for hosts, and not for changes."""
    interface = create_interface(wall)
    wall.call("Acknowledge", Host="one", Revision=1, InterfaceIds=[interface])
    revision = wall.app.revision()

    async def work(desk: Desk) -> tuple[str, bool]:
        asked = desk.ask(call(wall, "DescribePropagation", Wait=20))
        await _settled(desk, 1)
        await desk.ask(call(wall, "CreateTags", Resources=[interface], Tags=[{"Key": "a", "Value": "b"}]))
        await _settled(desk, 2)
        early = asked.done()
        await desk.ask(call(wall, "Acknowledge", Host="one", Revision=revision + 1, InterfaceIds=[interface]))
        outcome = await asked
        assert outcome
        assert outcome.result
        return outcome.result["State"], early

    assert at_desk(wall, work) == ("applied", False)


def test_an_instance_that_is_made_wakes(wall: Wall) -> None:
    """Who waits for a change hears when a host has other interfaces, though it had that revision before."""
    wall.call("Acknowledge", Host="one", Revision=1, Instances=True)
    run = wall.call("RunInstances", ImageId="ami-00000000", MinCount=1, MaxCount=1)["Instances"][0]
    interface, revision = run["NetworkInterfaces"][0]["NetworkInterfaceId"], wall.app.revision()
    wall.call("Acknowledge", Host="one", Revision=revision, Instances=True)

    async def work(desk: Desk) -> tuple[bool, str]:
        asked = desk.ask(call(wall, "DescribePropagation", Revision=revision, Wait=20))
        await _settled(desk, 1)
        early = asked.done()
        given = {"Host": "one", "Revision": revision, "InterfaceIds": [interface], "Instances": True}
        await desk.ask(call(wall, "Acknowledge", **given))
        outcome = await asked
        assert outcome
        assert outcome.result
        return early, outcome.result["State"]

    assert at_desk(wall, work) == (False, "applied")


def _revoke(group: str) -> list[dict[str, str]]:
    given = json.dumps({"GroupId": group, "IpPermissions": [tcp(22, "192.0.2.0/24")]})
    return [{"Operation": "RevokeSecurityGroupIngress", "Parameters": given}]


@pytest.fixture
def opened(wall: Wall) -> str:
    """A group with a rule, and two hosts that enforce an interface in it each."""
    group = create_group(wall, "open")
    allow(wall, group, tcp(22, "192.0.2.0/24"))
    for name in ("one", "two"):
        interface = create_interface(wall, Groups=[group])
        wall.call("Acknowledge", Host=name, Revision=1, InterfaceIds=[interface])
    return group


def test_a_preview_waits_for_what_hosts_answer(wall: Wall, opened: str) -> None:
    """Hosts that wait for a question hear of it at once; who asked hears once, when the last of them has answered."""

    async def answered(desk: Desk, name: str) -> None:
        asked = await desk.ask(call(wall, "DescribeFlowQuestions", Host=name, Wait=20))
        assert asked
        assert asked.result
        [question] = asked.result["Questions"]
        await desk.ask(call(wall, "TellFlows", Host=name, QuestionId=question["QuestionId"]))

    async def work(desk: Desk) -> tuple[str, bool, list[int]]:
        waiting = asyncio.ensure_future(answered(desk, "one"))
        await _settled(desk, 1)
        preview = desk.ask(call(wall, "PreviewFlows", Calls=_revoke(opened), Wait=20))
        await waiting
        await desk.ask(call(wall, "CreateTags", Resources=[opened], Tags=[{"Key": "a", "Value": "b"}]))
        await _settled(desk, 5)
        early = preview.done()
        await answered(desk, "two")
        outcome = await preview
        assert outcome
        assert outcome.result
        return outcome.result["State"], early, desk.counted.sizes

    assert at_desk(wall, work) == ("complete", False, [1] * 8)


def _asked_of(wall: Wall, host: str) -> list[str]:
    return [one["QuestionId"] for one in wall.call("DescribeFlowQuestions", Host=host)["Questions"]]


@pytest.mark.parametrize(("given", "asked"), [({}, 1), ({"Wait": 20}, 1), ({"Wait": 0}, 0)])
def test_who_does_not_wait_asks_nobody(wall: Wall, opened: str, given: dict[str, int], asked: int) -> None:
    """A preview waits for hosts though it does not say so; once it is answered, or given up, nobody is asked."""

    async def work(desk: Desk) -> tuple[bool, int, int]:
        preview = desk.ask(call(wall, "PreviewFlows", Calls=_revoke(opened), **given))
        await _settled(desk, 1)
        done, meanwhile = preview.done(), len(_asked_of(wall, "one"))
        desk.left.set()
        await preview
        return done, meanwhile, len(_asked_of(wall, "one"))

    assert at_desk(wall, work) == (not asked, asked, 0)


def test_a_preview_tells_what_was_answered_when_its_time_is_over(wall: Wall, opened: str) -> None:
    """Of two hosts one answers: that is told at the end of the wait, and the question is open no longer."""

    async def work(desk: Desk) -> tuple[str, dict[str, str], list[str]]:
        preview = desk.ask(call(wall, "PreviewFlows", Calls=_revoke(opened), Wait=1))
        await _settled(desk, 1)
        wall.call("TellFlows", Host="one", QuestionId=_asked_of(wall, "one")[0])
        outcome = await preview
        assert outcome
        assert outcome.result
        states = {one["Host"]: one["State"] for one in outcome.result["Hosts"]}
        return outcome.result["State"], states, _asked_of(wall, "two")

    assert at_desk(wall, work) == ("pending", {"one": "answered", "two": "awaited"}, [])


def test_a_request_that_is_broken_off_asks_nobody(wall: Wall, opened: str) -> None:
    """When the task of a request ends in its midst, so does its question."""

    async def work(desk: Desk) -> list[str]:
        preview = desk.ask(call(wall, "PreviewFlows", Calls=_revoke(opened), Wait=20))
        await _settled(desk, 1)
        preview.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await preview
        return _asked_of(wall, "one")

    assert at_desk(wall, work) == []


def test_a_preview_is_not_left_to_the_reader(wall: Wall, opened: str) -> None:
    """The process that reads large answers knows nothing of hosts, so that a preview of flows is answered here."""
    asked = [call(wall, "PreviewFlows", Calls=_revoke(opened)), call(wall, "PreviewChanges", Calls=_revoke(opened))]
    outcomes, _ = together(wall, asked, NO_BUDGET)
    assert [outcome is None for outcome in outcomes] == [False, True]


# ---- a real server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on a folder, in which something was made."""
    with started("--data", str(tmp_path), "--log", "off") as running:
        with Remote(running.url) as remote:
            create_group(remote)
        yield running


def _asked(url: str, name: str, **params: Any) -> tuple[float, dict[str, Any]]:  # noqa: ANN401 - as boto3 gives them
    """Return how many seconds an answer took, and the answer."""
    with Remote(url) as remote:
        began = ticks()
        told = remote.call(name, **params)
        return ticks() - began, told


@contextlib.contextmanager
def _meanwhile(url: str, name: str, **params: Any) -> Iterator[Future[tuple[float, dict[str, Any]]]]:  # noqa: ANN401 - as boto3 gives them
    """Ask in another thread, long enough for the question to be held."""
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(_asked, url, name, **params)
        threading.Event().wait(0.2)
        yield asked


def _head(url: str) -> int:
    revision: int = _asked(url, "DescribeChanges")[1]["Revision"]
    return revision


def test_a_change_is_told_when_it_is_made(server: Server) -> None:
    """Who waits for changes hears of one from another connection, and of its deltas."""
    with _meanwhile(server.url, "DescribeChanges", After=_head(server.url), Wait=20) as asked:
        with Remote(server.url) as remote:
            group = create_group(remote, "new")
        took, told = asked.result()
    assert took < SOON
    assert told["Changes"][0]["Deltas"][0]["Id"] == group


def test_the_end_of_the_wait(server: Server) -> None:
    """When nothing happens, the answer comes when its time is over, and says so."""
    took, told = _asked(server.url, "DescribeDesired", After=_head(server.url), Wait=1)
    assert 0.9 < took < SOON
    assert not told["Whole"]
    assert (told["Groups"], told["Gone"]) == ([], [])


def test_the_servers_end_answers_everyone(server: Server) -> None:
    """SIGTERM gives those who wait their answers at once, and the server ends."""
    after = _head(server.url)
    with _meanwhile(server.url, "DescribeDesired", After=after, Wait=20) as asked:
        began = ticks()
        assert server.end() == 0
        assert ticks() - began < SOON / 2
        assert asked.result()[1]["Revision"] == after


def test_a_commit_of_another_process_is_seen(server: Server, tmp_path: Path) -> None:
    """A key that ``groupwall keys`` makes beside the server is told within a second of its commit."""
    with _meanwhile(server.url, "DescribeChanges", After=_head(server.url), Keys=True, Wait=20) as asked:
        make_key(tmp_path)
        made = ticks()
        _, told = asked.result()
        assert ticks() - made < 1.0
    assert [change["Operation"] for change in told["Changes"]] == ["CreateAccessKey"]
