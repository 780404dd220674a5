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
from typing import Any, NamedTuple

from groupwall.enforce.agent import counts
from groupwall.enforce.agent.counts import Found, Known, More, Readings, Report
from groupwall.enforce.agent.volumes import Volumes
from groupwall.enforce.dataplane.posts import Post
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
        self._known = Known(Ids().request_id(), 0, {})
        self._volumes: dict[int, Volumes] = {}
        self._fault = ""

    async def run(self, posts: Callable[[], Iterable[Post]]) -> None:
        """Look and tell for ever. posts: those that there are when it is called."""
        self._known = counts.read(self._folder) or self._known
        while True:
            took = 0.0
            try:
                await self._tell_all()  # what was read before, which the server may lack
                took = await self._look(list(posts()))
                await self._tell_all()
                self._say("")
            except (NoAnswer, ApiError, OSError) as error:
                self._say(f"what rules let in could not be told: {error}")
            await asyncio.sleep(max(self._every, _SHARE * took))

    async def _look(self, posts: list[Post]) -> float:
        """Read and keep what rules let in; return how many seconds that took."""
        began = ticks()
        found = await read(posts, self._known.readings)
        found = found._replace(bytes=await self._bytes(posts))
        if found.bytes or found.readings != self._known.readings:
            await self._keep(counts.after(self._known, found, SystemClock().now()))
        return ticks() - began

    async def _bytes(self, posts: Collection[Post]) -> Mapping[str, int]:
        """Return how many bytes more passed in the flows that each rule admits."""
        found: Counter[str] = Counter()
        before = self._volumes
        self._volumes = {post.number: before.get(post.number) or Volumes(new=post.is_new) for post in posts}
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
        while self._known.untold:
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


def _counter(one: More, time: int) -> dict[str, Any]:
    told = {"SecurityGroupRuleId": one.rule_id, "Flows": one.flows, "Ended": one.ended}
    hit = {"LastHit": time} if one.flows else {}
    return told | hit | ({} if one.bytes is None else {"Bytes": one.bytes})


async def read(posts: Iterable[Post], before: Readings) -> Found:
    """Return what the counters of posts read, piece by piece; where one cannot be read now, what it read before.

    What a table had counted when it was taken up counts as told, unless it is known what was: then the rest is new.
    """
    readings: Readings = {}
    more: Counter[str] = Counter()
    for post in posts:
        place = str(post.number)
        was = before.get(place, {} if post.is_new else None)
        now = await _read(post, was or {})
        if was is not None:
            more.update(now.more)
        if was is not None or now.whole:
            readings[place] = now.packets
    return Found(readings, more)


class _Read(NamedTuple):
    """What the counters of a post read, and by how much they have grown. whole: whether none is missing."""

    packets: dict[str, int]
    more: dict[str, int]
    whole: bool


async def _read(post: Post, was: counts.Packets) -> _Read:
    now: dict[str, int] = {}
    more: dict[str, int] = {}
    whole = True
    for rules in _pieces(post):
        found = _admitted(post, rules)
        if found is None:
            whole = False
            now |= {rule.id: was[rule.id] for rule in rules if rule.id in was}
        else:
            now |= found
            more |= counts.grown(was, found)
        await asyncio.sleep(0)
    return _Read(now, more, whole)


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
