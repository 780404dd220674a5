"""The queue before the reader process: how long it may get, who leaves it, and what becomes of its failures."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest

from groupwall import reading
from groupwall.app import Call
from groupwall.config import Settings
from groupwall.errors import ApiError
from groupwall.reading import MOST_WAITING, Reader, answer_all
from groupwall.sending import BrokenOff, Client
from groupwall.wire.message import Reply, Request
from tests.driver import ACTIONS, Wall

with Wall() as _any:
    READ = _any.request(ACTIONS["DescribeSecurityGroups"])
    CALL = _any.app.prepare(READ, "the-id")
    assert isinstance(CALL, Call)
HEAD = Reply(200, (), b"")


class Asking(Client):
    """A client without a connection, and what it was sent."""

    def __init__(self, *, leaving: bool = False, deaf: bool = False) -> None:
        self.sent: list[dict[str, Any]] = []
        self._deaf = deaf
        super().__init__({"http_version": "1.1"}, asyncio.Event().wait, self._sent)  # type: ignore[arg-type]
        self.leaving = leaving

    async def _sent(self, message: dict[str, Any]) -> None:
        if self._deaf and message.get("body"):
            await asyncio.Event().wait()
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        """What came of the reply's body."""
        return b"".join(message.get("body", b"") for message in self.sent)


class Slow(Reader):
    """A reader without a process that answers when it is told to, in the parts that it is given."""

    def __init__(self, parts: Iterable[bytes] = (b"part", b"")) -> None:
        self.gate = asyncio.Event()
        self.asked = 0
        self._parts = tuple(parts)
        self._left: list[bytes] = []
        super().__init__(Settings())

    async def _exchange(self, question: bytes) -> Reply:
        del question
        self.asked += 1
        await self.gate.wait()
        self._left = list(self._parts)
        return HEAD

    async def _part(self) -> bytes:
        if not self._left:
            raise EOFError
        return self._left.pop(0)

    def ask(self, client: Client | None = None) -> asyncio.Task[Reply]:
        """Ask something, and do not wait for the answer."""
        return asyncio.ensure_future(self.answer(READ, CALL, client or Asking()))


def told(answers: list[Reply | BaseException]) -> list[str]:
    """Return what became of each question, in a word."""
    return [answer.code if isinstance(answer, ApiError) else "answered" for answer in answers]


def test_the_queue_has_an_end() -> None:
    """Of many questions one is asked and sixteen wait, the rest are refused at once (inferred)."""

    async def ask() -> list[str]:
        reader = Slow()
        asked = [reader.ask() for _ in range(MOST_WAITING + 4)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        assert sum(one.done() for one in asked) == 3
        reader.gate.set()
        return told(await asyncio.gather(*asked, return_exceptions=True))

    assert asyncio.run(ask()) == ["answered"] * (MOST_WAITING + 1) + ["RequestLimitExceeded"] * 3


def test_a_question_that_nobody_waits_for_is_not_asked() -> None:
    """Questions whose clients went away while they waited cost nothing, and the next is asked (inferred)."""

    async def ask() -> tuple[list[str], int]:
        reader = Slow()
        reader.gate.set()
        asked = [reader.ask(), *(reader.ask(Asking(leaving=True)) for _ in range(5)), reader.ask()]
        return told(await asyncio.gather(*asked, return_exceptions=True)), reader.asked

    expected = ["answered", *["RequestLimitExceeded"] * 5, "answered"]
    assert asyncio.run(ask()) == (expected, 2)


def test_parts_are_passed_on_as_they_come() -> None:
    """A client gets the head and each part by itself, and the end (inferred)."""

    async def ask() -> Asking:
        reader, client = Slow([b"a", b"b", b""]), Asking()
        reader.gate.set()
        await reader.ask(client)
        return client

    assert [message.get("body") for message in asyncio.run(ask()).sent] == [None, b"a", b"b", None]


def test_a_client_that_takes_nothing_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up after a while, and the next one is answered (inferred)."""
    monkeypatch.setattr("groupwall.sending.SECONDS_TO_TAKE", 0.01)

    async def ask() -> bytes:
        reader, client = Slow(), Asking()
        reader.gate.set()
        deaf, other = reader.ask(Asking(deaf=True)), reader.ask(client)
        with pytest.raises(BrokenOff):
            await deaf
        await other
        return client.body

    assert asyncio.run(ask()) == b"part"


def test_a_client_that_takes_its_time_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slowly parts are taken, a question has its time, and then the next one's has come (inferred)."""
    monkeypatch.setattr(reading, "SECONDS_TO_ANSWER", 0.02)

    async def ask() -> None:
        reader = Slow()
        reader.gate.set()
        with pytest.raises(BrokenOff):
            await reader.ask(Asking(deaf=True))

    asyncio.run(ask())


class Failing(Slow):
    """A reader whose process ends at each question."""

    async def _exchange(self, question: bytes) -> Reply:
        del question
        self.asked += 1
        raise EOFError


def test_a_reader_that_fails_twice_is_told() -> None:
    """A question is asked once again, and then the client is told to: 503 (inferred)."""

    async def ask() -> int:
        reader = Failing()
        with pytest.raises(ApiError, match=r"Unavailable: The read could not be answered; try again\.") as caught:
            await reader.ask()
        assert caught.value.status == 503
        return reader.asked

    assert asyncio.run(ask()) == 2


def test_a_reader_that_fails_amid_a_reply_breaks_it_off() -> None:
    """What was begun is neither begun again nor ended, so that nobody takes it for the whole (inferred)."""

    async def ask() -> tuple[int, list[str]]:
        reader, client = Slow([b"a"]), Asking()
        reader.gate.set()
        with pytest.raises(BrokenOff) as caught:
            await reader.ask(client)
        assert caught.value.begun == HEAD
        return reader.asked, [message["type"] for message in client.sent]

    assert asyncio.run(ask()) == (1, ["http.response.start", "http.response.body"])


def question(wall: Wall, name: str) -> bytes:
    """Return a question of the reader's."""
    return asked(wall, wall.request(ACTIONS[name]))


def asked(wall: Wall, request: Request) -> bytes:
    """Return the question that a request makes."""
    call = wall.app.prepare(request, "the-id")
    assert isinstance(call, Call)
    return reading._question(request, call)  # noqa: SLF001 - the server's end of the pipe


def test_refusals_are_passed_on(wall: Wall) -> None:
    """A call that is refused, before it is performed or by it, is told with its status (inferred)."""
    answers = BytesIO()
    refused = wall.request(ACTIONS["DescribeSecurityGroups"], GroupIds=["sg-00000000"])
    answer_all(wall.app, BytesIO(asked(wall, refused)), answers)
    head, _, body = answers.getvalue().partition(b"\n")
    assert json.loads(head)["status"] == 400
    assert b"InvalidGroup.NotFound" in body
    assert body.endswith(b"</Response>" + bytes(4))


def test_a_fault_amid_a_reply_ends_the_reader(wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a list cannot be read to its end, the reader ends, and leaves the reply without one (inferred)."""
    answers = BytesIO()

    def write(_action: object, _result: object, _id: str, _version: str, send: Any) -> None:  # noqa: ANN401 - a function
        send(b"the first part")
        raise LookupError

    monkeypatch.setattr("groupwall.wire.model.Action.write", write)
    with pytest.raises(SystemExit, match="could not be brought to its end"):
        answer_all(wall.app, BytesIO(question(wall, "DescribeSecurityGroups")), answers)
    assert answers.getvalue().endswith(b"the first part")


class Gone(BytesIO):
    """The pipe to a server that was killed."""

    def flush(self) -> None:
        """Find nobody there."""
        raise BrokenPipeError


def test_a_server_that_is_gone_is_no_fault(wall: Wall) -> None:
    """A reader whose server was killed ends without a word (inferred)."""
    with pytest.raises(SystemExit) as ended:
        answer_all(wall.app, BytesIO(question(wall, "DescribeSecurityGroups")), Gone())
    assert ended.value.code is None
