"""The agent: has a host follow what a server tells, and tells it what the kernel has.

    tell me all -> tables -> I have revision N -> tell me what came after N, I wait -> tables -> ...

Rules that are in the kernel stay there whoever dies: agent, server or the way between. An agent that starts lets
nothing pass what it guards until it has been told everything once, unless a whole table is there from before, which
decides until then (DESIGN 4.8; reference dataplane-nftables 8).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from groupwall.enforce.agent import control
from groupwall.enforce.agent.apart import apart
from groupwall.enforce.agent.asked import Asked
from groupwall.enforce.agent.counting import EVERY, Counting
from groupwall.enforce.agent.guard import callers_kept, hooked_here, server_kept
from groupwall.enforce.agent.hearing import Hearing
from groupwall.enforce.agent.host import Host
from groupwall.enforce.agent.ready import tell_ready
from groupwall.enforce.dataplane.bindings import Unbound, Wanted
from groupwall.enforce.dataplane.devices import Devices
from groupwall.enforce.dataplane.posts import UNDONE, Post
from groupwall.enforce.policy.own import Kept, Own
from groupwall.errors import ApiError
from groupwall.remote import Client, NoAnswer
from groupwall.units import MILLISECONDS, Ids, SystemClock, ticks, timestamp

WAIT = 2
"""Seconds that the server holds a question: so often it hears of a host where nothing changes, and knows it alive."""

SOONEST, LATEST, REFUSED = 0.05, 0.8, 5.0
"""Seconds until a question is asked again: at first, at most where nobody answered, and where it was refused."""

UNHEARD = 2.0 * WAIT
"""Seconds that a command waits for the server to tell of what it names: longer than a question is held."""

HANDED_OVER = 30.0
"""Seconds that the agent of a server that was killed may take to end."""

log = logging.getLogger("groupwall")


class Clients(NamedTuple):
    """Connections to one server: those of asking and answering are held while they wait for changes and questions.

    What holds is told before counters.
    """

    asking: Client
    telling: Client
    counting: Client
    answering: Client


class Agent:
    """One host, and one server.

    name: the host's, by which the server knows it. counters_every: seconds, 0 for never.
    """

    def __init__(self, name: str, host: Host, clients: Clients, counters_every: float = EVERY) -> None:
        self._name = name
        self._host = host
        self._clients = clients
        self._drifts = 0
        self._fault = ""
        self._refusal = ""
        self._series = Ids().request_id()
        self._hearing = Hearing("the server answers again")
        self._enforced: list[str] = []
        self._news = asyncio.Event()
        self._work = asyncio.Event()
        self._heard = asyncio.Event()
        self._holds = asyncio.Event()
        self._end = asyncio.Event()
        self._watched: dict[Post | Devices, int] = {}
        self._counters_every = counters_every

    async def run(self, folder: Path, lifeline: int | None = None) -> None:
        """Go on until SIGTERM or SIGINT; all tables stay.

        folder: the agent's, where commands find it. lifeline: a descriptor, which in place of signals ends the agent
        when nobody holds its other end any more. OSError if another agent has the folder.
        """
        self._end_by(lifeline)
        server = await self._listen(folder, patient=lifeline is not None)
        log.info("follows %s as %s", self._clients.asking.endpoint, self._name)
        for line in self._host.begin():
            log.warning("%s", line)
        if lifeline is None:  # else it is the server that was started
            tell_ready()
        self._watch()
        self._await_trials()
        asked = Asked(self._name, self._host, self._clients.answering)
        running = [self._ask(), self._build(), self._tell(), asked.answer(), self._end.wait()]
        running += [self._count(folder)] if self._counters_every else []
        tasks = [asyncio.create_task(each) for each in running]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
        finally:
            for each in tasks:
                each.cancel()
            server.close()
            (folder / control.SOCKET).unlink(missing_ok=True)
            self._host.close()

    async def _listen(self, folder: Path, *, patient: bool) -> asyncio.Server:
        """Listen to commands. patient: wait for the agent of a server that was killed, which is about to end too."""
        acts: dict[str, control.Act] = {
            "attach": self._attach,
            "attach-host": self._attach_host,
            "confirm": self._confirm,
            "detach": self._detach,
        }
        late = ticks() + HANDED_OVER
        while True:
            try:
                return await control.listen(folder, acts, (Unbound, OSError))
            except control.NoAgent:
                if not patient or ticks() > late or self._end.is_set():
                    raise
                await asyncio.sleep(SOONEST)

    def _end_by(self, lifeline: int | None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            if lifeline is None:
                loop.add_signal_handler(number, self._end.set)
            else:
                signal.signal(number, signal.SIG_IGN)
        if lifeline is not None:
            loop.add_reader(lifeline, self._end.set)

    # ---- to the kernel

    async def _ask(self) -> None:
        """Ask for ever for what should hold, and have the host follow."""
        wait, pause = 0, SOONEST
        while True:
            asked, before = ticks(), self._host.revision
            try:
                self._host.follow(await self._asked(before, wait))
            except (ApiError, OSError, ValueError, LookupError) as error:
                patient = pause < LATEST and isinstance(error, NoAnswer)  # a server may end, and be there again
                self._hearing.fails(f"{type(error).__name__}: {error}", patient=patient)
                self._look()
                if not patient:
                    self._heard.set()
                await asyncio.sleep(REFUSED if isinstance(error, ApiError) else pause)
                wait, pause = 0, min(2 * pause, LATEST)
            else:
                wait, pause = WAIT, SOONEST
                self._hearing.succeeds()
                self._look()
                self._heard.set()
                if self._host.revision == before:  # one that does not hold a question must not be flooded with them
                    await asyncio.sleep(asked + SOONEST - ticks())
            self._watch()
            self._news.set()
            self._work.set()
            if self._host.applied:
                self._holds.set()

    async def _build(self) -> None:
        """Make and remove instances for ever, and let answers in between."""
        while True:
            await self._work.wait()
            self._work.clear()
            while self._host.step():
                await asyncio.sleep(0)
                self._watch()
            self._say()
            self._news.set()  # at the end, as other interfaces are a change in the history

    async def _asked(self, revision: int, wait: int) -> dict[str, Any]:
        given = {"After": revision, "Wait": wait}
        return await apart(partial(self._clients.asking.call, "DescribeDesired", given))

    def _say(self) -> None:
        """Tell what is in the way, once for as long as it stays the same."""
        fault = "; ".join(self._host.faults)
        if fault and fault != self._fault:
            log.warning("%s", fault)
        self._fault = fault

    def _look(self) -> None:
        """Follow what became of namespaces and devices, and tell of it."""
        before = self._host.interfaces, self._host.faults
        for line in self._host.look():
            log.warning("%s", line)
        self._say()
        if before != (self._host.interfaces, self._host.faults):
            self._watch()
            self._news.set()

    def _watch(self) -> None:
        """Hear of whatever disturbs a table, and of what becomes of devices, and set it right at once."""
        loop = asyncio.get_running_loop()
        acts: dict[Post | Devices, Callable[[], None]] = {
            **dict.fromkeys(self._host.posts(), self._repair),
            **dict.fromkeys(self._host.devices(), self._look),
        }
        there = {one: one.fileno() for one in acts}
        for gone in self._watched.keys() - there.keys():  # first: a new post may have the number of one that went
            loop.remove_reader(self._watched[gone])
        for new in there.keys() - self._watched.keys():
            loop.add_reader(there[new], acts[new])
        self._watched = there

    def _repair(self) -> None:
        before = self._host.applied
        drifts = self._host.repaired()
        self._say()
        if drifts:
            log.warning("somebody changed %s of our tables; it is as it should be again", drifts)
            self._drifts += drifts
        if drifts or self._host.applied != before:
            self._news.set()

    # ---- to the server

    async def _tell(self) -> None:
        """Tell the server for ever, after each news, what holds here."""
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._host.applied and not self._message():
                continue  # nothing holds yet, and nothing is known to be in the way
            drifts, given = self._drifts, self._told()
            try:
                await apart(partial(self._clients.telling.call, "Acknowledge", given))
                self._drifts -= drifts
                self._refusal = ""
            except (NoAnswer, ApiError) as error:
                self._say_refused(error)
                await asyncio.sleep(LATEST if isinstance(error, NoAnswer) else REFUSED)
                self._news.set()

    def _say_refused(self, error: NoAnswer | ApiError) -> None:
        """Tell once that the server does not take what holds here: it counts as not enforced."""
        if isinstance(error, ApiError) and str(error) != self._refusal:
            log.warning("the server does not take what is enforced here: %s", error)
            self._refusal = str(error)
        log.debug("%s", error)  # of no answer who asks hears as well, and says so

    def _told(self) -> dict[str, object]:
        if self._host.applied:
            self._enforced = self._host.interfaces
        return {
            "Host": self._name,
            "Series": self._series,
            "Revision": self._host.applied,
            "InterfaceIds": self._enforced,
            "Instances": self._host.makes_instances,
            "Drifts": self._drifts,
            "Message": self._message(),
        }

    def _message(self) -> str:
        """Return what whoever looks at the hosts should know."""
        return "; ".join([*self._trials(), *filter(None, (self._hearing.trouble, self._fault))])[:1024]

    def _trials(self) -> list[str]:
        """Return what holds only until it is not confirmed."""
        return [f"{one} is on trial until {timestamp(until)}" for one, until in self._host.trials.items()]

    async def _count(self, folder: Path) -> None:
        """Tell the server for ever what rules let in, from when they hold."""
        await self._holds.wait()
        counting = Counting(self._name, folder, self._counters_every, self._tell_counters)
        await counting.run(self._host.posts)

    async def _tell_counters(self, given: dict[str, Any]) -> dict[str, Any]:
        return await apart(partial(self._clients.counting.call, "TellCounters", given))

    # ---- to commands

    async def _attach(self, interface_id: str, device: str | None, netns: str | None) -> str:
        await self._hear_of(interface_id)
        one = self._host.attach(Wanted(interface_id, device, netns))
        self._watch()
        self._news.set()
        where = f" in {netns}" if netns else ""
        return f"{one.device}{where} is {interface_id} from now on, at revision {self._host.applied}"

    async def _hear_of(self, interface_id: str) -> None:
        """Wait for one more answer if no answer told of an interface: it may have been made a moment ago."""
        if not self._host.knows(interface_id):
            self._heard.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._heard.wait(), UNHEARD)
        if not self._host.knows(interface_id) and (self._hearing.trouble or not self._host.revision):
            since = "answers no more" if self._host.revision else "has not answered yet"
            why = f" ({self._hearing.trouble})" if self._hearing.trouble else ""
            raise Unbound(f"{self._clients.asking.endpoint} {since}, so {interface_id} is not known here{why}")

    async def _attach_host(self, interface_id: str, callers: list[tuple[str, int]] | None, seconds: int) -> str:
        """Hold this machine itself, on trial. callers: who must be able to come back, None to keep nothing at all."""
        await self._hear_of(interface_id)
        try:
            kept = [] if callers is None else [*callers_kept(callers), *await self._server_kept()]
        except (ValueError, TypeError) as error:
            raise Unbound(str(error)) from None
        others = ", ".join(hooked_here())
        until = SystemClock().now() + seconds * MILLISECONDS
        own = Own(tuple(dict.fromkeys(kept)), until)
        self._host.attach(Wanted(interface_id, own=own))
        self._await_trials()
        self._watch()
        self._news.set()
        return "\n".join(
            [
                f"this machine is {interface_id} until {timestamp(until)}, and on only if that is confirmed by then",
                f"kept whatever the rules say: loopback{''.join(f', {one.told}' for one in own.kept)}",
                *([f"these tables of others decide too: {others}"] if others else []),
            ]
        )

    async def _server_kept(self) -> list[Kept]:
        return await apart(partial(server_kept, self._clients.asking.endpoint))

    async def _confirm(self, interface_id: str) -> str:
        one = self._host.confirm(interface_id)
        self._news.set()
        return f"{one.told} is {interface_id} until it is detached"

    def _await_trials(self) -> None:
        """Undo what is on trial at the end of its time, unless it was confirmed by then."""
        loop, now = asyncio.get_running_loop(), SystemClock().now()
        for interface_id, until in self._host.trials.items():
            loop.call_later((until - now) / MILLISECONDS, self._undo, interface_id, until)

    def _undo(self, interface_id: str, until: int) -> None:
        if self._host.trials.get(interface_id) == until:
            log.warning("nobody confirmed that this machine is %s: it is free of groupwall", interface_id)
            try:
                self._freed(interface_id)
            except UNDONE as error:
                log.warning("%s: %s", interface_id, error)

    async def _detach(self, interface_id: str) -> str:
        return f"{self._freed(interface_id)} is free of groupwall"

    def _freed(self, interface_id: str) -> str:
        one = self._host.detach(interface_id)
        self._watch()
        self._news.set()
        return one.told
