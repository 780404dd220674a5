"""Answers in which there is nothing new, held back until there is something, or the Wait of the call is over.

Nobody asks over and over: whatever this process commits or is told wakes those who wait for it, and one timer for all
of them looks for the commits of other processes, such as ``groupwall keys``.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial

from groupwall.app import App, Call, Outcome
from groupwall.ops.operation import News, Waits
from groupwall.sending import Client
from groupwall.store.folder import StoreError
from groupwall.turns import Turns

LOOK = 0.5
"""Seconds between two looks for what other processes commit."""

log = logging.getLogger("groupwall")


class Bell:
    """A number that grows when there is something new, and those who wait until it is beyond what they know."""

    def __init__(self) -> None:
        self._newest = 0
        self._ended = False
        self._waiting: dict[asyncio.Future[bool], int] = {}

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    async def beyond(self, number: int, seconds: float, client: Client) -> bool:
        """Wait until there is something beyond a number; False when time is over, the client leaves or all ends."""
        if self._newest > number:
            return True
        if self._ended or seconds <= 0:
            return False
        loop = asyncio.get_running_loop()
        future: asyncio.Future[bool] = loop.create_future()
        self._waiting[future] = number
        give_up = partial(self._wake, future, found=False)
        timer = loop.call_later(seconds, give_up)
        try:
            async with client.watched(give_up):
                return await future
        finally:
            timer.cancel()
            self._waiting.pop(future, None)

    def reached(self, number: int) -> None:
        """Wake those who know of less."""
        if number > self._newest:
            self._newest = number
            for future in [future for future, known in self._waiting.items() if known < number]:
                self._wake(future, found=True)

    def end(self) -> None:
        """Wake everyone, and let nobody wait from now on."""
        self._ended = True
        for future in list(self._waiting):
            self._wake(future, found=False)

    def _wake(self, future: asyncio.Future[bool], *, found: bool) -> None:
        self._waiting.pop(future, None)
        if not future.done():
            future.set_result(found)


class Holding:
    """Has calls answered by the turns of the loop, and holds back those answers that may be held."""

    def __init__(self, app: App, turns: Turns) -> None:
        self._app = app
        self._turns = turns
        self._bells = {each: Bell() for each in News}
        self._changes = self._bells[News.CHANGES]
        self._look: asyncio.TimerHandle | None = None

    async def answer(self, call: Call, client: Client) -> Outcome | None:
        """Return what became of a call, as ``Turns`` does; with a Wait, once there is something new in it."""
        waits = call.operation.waits
        if waits and (seconds := call.params.get("Wait", waits.unsaid)):
            try:
                return await self._held(call, waits, seconds, client)
            finally:  # nobody would hear of what hosts answer from now on
                self._app.hosts.questions.close_of(call.identity.world, call.request_id)
        return await self._asked(call)

    async def _held(self, call: Call, waits: Waits, seconds: int, client: Client) -> Outcome | None:
        """Ask, and again whenever something happened: who may not ask, or asks for nonsense, hears so at once."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            heard = self._heard()
            outcome = await self._asked(call)
            if not outcome or outcome.result is None or not waits.nothing_new(call.params, outcome.result):
                return outcome
            known = (heard | {News.CHANGES: outcome.revision})[waits.news]
            self._look_out()
            if not await self._bells[waits.news].beyond(known, until - loop.time(), client):
                return await self._asked(call) if waits.once_more else outcome

    async def _asked(self, call: Call) -> Outcome | None:
        outcome = await self._turns.answer(call)
        if outcome:
            self._changes.reached(outcome.revision)
            for each, number in self._heard().items():
                self._bells[each].reached(number)
        return outcome

    def _heard(self) -> dict[News, int]:
        """Return how far hosts are, in what they tell and are asked."""
        hosts = self._app.hosts
        return {
            News.HOSTS: hosts.number,
            News.QUESTIONS: hosts.questions.asked,
            News.ANSWERS: hosts.questions.told,
        }

    def _look_out(self) -> None:
        if not self._look:
            self._look = asyncio.get_running_loop().call_later(LOOK, self._look_once)

    def _look_once(self) -> None:
        self._look = None
        try:
            self._changes.reached(self._app.revision())
        except StoreError as error:  # the calls that need the store tell their clients
            log.warning("%s", error)
        if len(self._changes):
            self._look_out()

    def end(self) -> None:
        """Give all who wait the answers that there are, and hold back none from now on."""
        for each in self._bells.values():
            each.end()
