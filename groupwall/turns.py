"""The turns of the loop: the calls that arrived together are performed in one transaction and made durable at once.

Measured in docs/decisions/0002-group-commit.md.
"""

from __future__ import annotations

import asyncio

from groupwall.app import App, Call, Outcome
from groupwall.store.transaction import Budget

MOST_CALLS = 256
"""Calls in one commit: bounds how long the first of them waits for the last."""


class Turns:
    """Gathers the calls of a turn of the loop, has them answered together, and hands each its outcome."""

    def __init__(self, app: App, budget: Budget | None) -> None:
        self._app = app
        self._budget = budget
        self._waiting: list[tuple[Call, asyncio.Future[Outcome | None]]] = []

    async def answer(self, call: Call) -> Outcome | None:
        """Return what became of a call once it is durable; None for a read too large to answer here."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Outcome | None] = loop.create_future()
        if not self._waiting:
            # Two steps: the first lets the tasks of all requests that were read in this turn run and join.
            loop.call_soon(loop.call_soon, self._answer_waiting)
        self._waiting.append((call, future))
        return await future

    def _answer_waiting(self) -> None:
        batch, self._waiting = self._waiting[:MOST_CALLS], self._waiting[MOST_CALLS:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer_waiting)
        try:
            outcomes = self._app.answer([call for call, _ in batch], self._budget)
        except BaseException as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            raise
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():  # a client that went away cancelled its wait; what it asked for stands
                future.set_result(outcome)
