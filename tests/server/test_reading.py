"""The queue before the reader process: how long it may get, who leaves it, and what becomes of its failures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from groupwall.config import Settings
from groupwall.errors import ApiError
from groupwall.reading import MOST_UNTAKEN, MOST_WAITING, Reader, Room
from groupwall.wire.message import Reply, Request

READ = Request("POST", "/", "", (), b"")


class Slow(Reader):
    """A reader without a process that answers when it is told to."""

    def __init__(self) -> None:
        self.room = Room()
        self.gate = asyncio.Event()
        self.asked = 0
        super().__init__(Settings(), self.room)

    async def _exchange(self, question: bytes) -> Reply:
        del question
        self.asked += 1
        await self.gate.wait()
        return Reply(200, (), b"")

    def ask(self, unwanted: Callable[[], bool] = lambda: False) -> asyncio.Task[Reply]:
        """Ask something, and do not wait for the answer."""
        return asyncio.ensure_future(self.answer(READ, "id", unwanted))


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
        asked = [reader.ask(), *(reader.ask(lambda: True) for _ in range(5)), reader.ask()]
        return told(await asyncio.gather(*asked, return_exceptions=True)), reader.asked

    expected = ["answered", *["RequestLimitExceeded"] * 5, "answered"]
    assert asyncio.run(ask()) == (expected, 2)


def test_replies_that_nobody_takes_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """While clients leave too much lying, no more is read; once they take it, reading goes on (inferred)."""
    monkeypatch.setattr("groupwall.reading.SECONDS_FOR_ROOM", 0.01)

    async def ask() -> tuple[list[str], int]:
        reader = Slow()
        reader.gate.set()
        with reader.room.holding(MOST_UNTAKEN):
            before = await asyncio.gather(reader.ask(), return_exceptions=True)
        after = await asyncio.gather(reader.ask(), return_exceptions=True)
        return told([*before, *after]), reader.asked

    assert asyncio.run(ask()) == (["RequestLimitExceeded", "answered"], 1)


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
