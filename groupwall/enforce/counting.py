"""Counting: an agent looks now and then at what rules let in, and tells the server what came since.

It is done on the agent's loop, in pieces of a millisecond, with all else in between: a thread would hold the
interpreter for five at a time. Each counter is asked for by its key, so that tables may change between two pieces
(decision 0021).
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from groupwall.enforce import counts
from groupwall.enforce.counts import Found, Known, More, Readings, Report
from groupwall.enforce.posts import Post
from groupwall.enforce.volumes import Volumes
from groupwall.errors import ApiError
from groupwall.remote import NoAnswer
from groupwall.rules.values import Rule
from groupwall.units import Ids, SystemClock, ticks

EVERY = 30.0
"""Seconds from one look to the next."""

_SHARE = 20
"""A look takes at most this part of the time, so that many rules are looked at less often (inferred)."""

_AT_ONCE = 50
"""Rules that are asked for at once: a millisecond."""

log = logging.getLogger("groupwall")

Tell = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Calls TellCounters. Raises NoAnswer, ApiError."""


class Counting:
    """What one host counts. folder: where what was told is kept over the agent's end. every: see EVERY."""

    def __init__(self, host: str, folder: Path, every: float, tell: Tell) -> None:
        self._host = host
        self._folder = folder
        self._every = every
        self._tell = tell
        self._known: Known | None = None
        self._volumes: dict[int, Volumes] | None = None
        self._fault = ""

    async def run(self, posts: Callable[[], Iterable[Post]]) -> None:
        """Look and tell for ever. posts: those that there are when it is called, each brought up to what should hold.

        An agent that does not know what was told takes what the counters read at first for told.
        """
        self._known = counts.read(self._folder)
        while True:
            began = ticks()
            try:
                await self._look(list(posts()))
                self._say("")
            except (NoAnswer, ApiError, OSError) as error:
                self._say(f"what rules let in could not be told: {error}")
            await asyncio.sleep(max(self._every, _SHARE * (ticks() - began)))

    async def _look(self, posts: list[Post]) -> None:
        """Read and tell; first what was read before, which the server may lack."""
        await self._tell_all()
        known = self._known
        found = await read(posts, known.readings if known else {})
        volumes = await self._bytes(posts)
        if known is None:
            await self._keep(counts.after(_new(), Found(found.readings), SystemClock().now()))
        elif volumes or found.readings != known.readings:
            await self._keep(counts.after(known, found._replace(bytes=volumes), SystemClock().now()))
        await self._tell_all()

    async def _bytes(self, posts: Collection[Post]) -> Mapping[str, int]:
        """Return how many bytes more passed in the flows that each rule admits."""
        found: Counter[str] = Counter()
        new, before = self._volumes is not None, self._volumes or {}
        self._volumes = {post.number: before.get(post.number) or Volumes(new=new) for post in posts}
        for post in posts:
            found.update(await self._volumes[post.number].more(post))
        return found

    async def _keep(self, known: Known) -> None:
        """Keep what is known before any of it is told: who tells it again after a crash then tells the same."""
        beside = counts.beside(self._folder)
        with beside.open("w", encoding="utf-8") as file:
            for line in counts.lines(known):
                file.write(f"{line}\n")
                await asyncio.sleep(0)
        beside.replace(self._folder / counts.FILE)
        self._known = known

    async def _tell_all(self) -> None:
        """Tell all that is not told. A server that knows of no counts of this host is told of every rule."""
        while self._known and self._known.untold:
            report, *rest = self._known.untold
            answer = await self._tell(self._told(self._known.series, report))
            self._known = self._known._replace(untold=tuple(rest))
            if answer["New"] and report.number > 1:
                await self._keep(counts.all_again(self._known, SystemClock().now()))

    def _told(self, series: str, report: Report) -> dict[str, Any]:
        told = [_counter(one, report.time) for one in report.some]
        return {"Host": self._host, "Series": series, "Number": report.number, "Counters": told}

    def _say(self, fault: str) -> None:
        if fault and fault != self._fault:
            log.warning("%s", fault)
        self._fault = fault


def _new() -> Known:
    return Known(Ids().request_id(), 0, {})


def _counter(one: More, time: int) -> dict[str, Any]:
    told = {"SecurityGroupRuleId": one.rule_id, "Flows": one.flows, "Ended": one.ended}
    hit = {"LastHit": time} if one.flows else {}
    return told | hit | ({} if one.bytes is None else {"Bytes": one.bytes})


async def read(posts: Iterable[Post], before: Readings) -> Found:
    """Return what the counters of posts read, piece by piece; where one cannot be read now, what it read before."""
    readings: Readings = {}
    more: Counter[str] = Counter()
    for post in posts:
        place = str(post.number)
        was, now = before.get(place, {}), readings.setdefault(place, {})
        for rules in _pieces(post):
            found = _admitted(post, rules)
            if found is None:
                now |= {rule.id: was[rule.id] for rule in rules if rule.id in was}
            else:
                now |= found
                more.update(counts.grown(was, found))
            await asyncio.sleep(0)
    return Found(readings, more)


def _admitted(post: Post, rules: Iterable[Rule]) -> dict[str, int] | None:
    """Return what rules let in at a post; None where its table does not hold them, or is gone by now."""
    try:
        return None if post.is_due() else post.admitted(rules)
    except OSError:
        return None


def _pieces(post: Post) -> Iterator[list[Rule]]:
    """Yield the rules of a post, each as they are when they are asked for."""
    piece: list[Rule] = []
    for group_id in list(post.state.groups):
        rules = [*piece, *post.state.groups.get(group_id, ())]
        whole = len(rules) - len(rules) % _AT_ONCE
        yield from (rules[place : place + _AT_ONCE] for place in range(0, whole, _AT_ONCE))
        piece = rules[whole:]
    if piece:
        yield piece
