"""What a server asks of the flows under way here: which of them would end if calls were made, with a cut.

Who asked waits meanwhile, and the tables do not wait for it: flows are listed in a thread, since there may be many.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from groupwall.enforce.agent.apart import apart
from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane.foreseen import would_end
from groupwall.errors import ApiError
from groupwall.remote import Client, NoAnswer
from groupwall.rules.underway import told
from groupwall.units import ticks

WAIT = 20
"""Seconds that the server holds the answer while it has no question."""

AGAIN, LATER, REFUSED = 0.05, 0.8, 5.0
"""Seconds until the server is asked again: at least, where nobody answered, and where it refused."""

NOT_OPEN = "InvalidFlowQuestion.NotFound"
"""How the answer to a question that is not open any more is refused."""

MOST = 1000
"""Flows that are told; of the others only how many there are."""

Question = Mapping[str, Any]
log = logging.getLogger("groupwall")


class Asked:
    """What a server asks of one host. name: the host's."""

    def __init__(self, name: str, host: Host, client: Client) -> None:
        self._name = name
        self._host = host
        self._client = client
        self._fault = ""

    async def answer(self) -> None:
        """Answer questions for ever. A server that does not take an answer, or has no questions, is asked again."""
        while True:
            asked = ticks()
            try:
                await self._answer_all(await self._questions())
            except (ApiError, OSError, ValueError, LookupError) as error:
                self._say(error)
                await asyncio.sleep(REFUSED if isinstance(error, ApiError) else LATER)
            await asyncio.sleep(asked + AGAIN - ticks())

    async def _questions(self) -> list[Question]:
        given = {"Host": self._name, "Wait": WAIT}
        reply = await apart(partial(self._client.call, "DescribeFlowQuestions", given))
        return list(reply.get("Questions", []))

    async def _answer_all(self, questions: list[Question]) -> None:
        for one in questions:
            if one["Revision"] <= self._host.revision:  # else what it is about is on its way here
                await self._answer(one)

    async def _answer(self, question: Question) -> None:
        foreseen = self._host.foreseen({**question, "Whole": False})
        found = await apart(partial(would_end, foreseen))
        flows = [told(one) for one in found[:MOST]]
        given = {"Host": self._name, "QuestionId": question["QuestionId"], "Flows": flows, "Count": len(found)}
        await apart(partial(self._tell, given))

    def _tell(self, given: dict[str, Any]) -> None:
        try:
            self._client.call("TellFlows", given)
        except ApiError as error:
            if error.code != NOT_OPEN:  # who asked is content, or has gone
                raise

    def _say(self, error: Exception) -> None:
        """Tell why a question is not answered, once for as long as it stays the same."""
        fault = f"{type(error).__name__}: {error}"
        if fault != self._fault and not isinstance(error, NoAnswer):  # who asks for what should hold tells of it
            log.warning("flows under way are not told: %s", fault)
        self._fault = fault
