"""Questions to hosts of the flows under way that calls would end, and what hosts answered: in memory, for seconds.

A preview asks, each host that is concerned answers once, and the preview is told all of it. Nothing is written: what
was true of flows a minute ago is of no use to anyone (inferred).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from groupwall.rules.underway import UnderWay
from groupwall.store.entities import World

LONGEST = 30_000
"""Milliseconds that a question is open: longer than a preview may wait for its answers."""

MOST_OPEN, MOST_OF_A_WORLD = 64, 16
"""Questions that may be open, each with the facts that calls would alter."""

MOST_FLOWS = 1000
"""Flows that are kept of the answers to a question, and that a host may tell: how many more there are is counted."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a host answered, and when, in milliseconds since 1970. flows: not all of them when ``count`` is more."""

    time: int
    flows: tuple[UnderWay, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Question:
    """What calls would alter, asked of some hosts. id: "" until it is asked.

    asker: the request that asks. facts: as DescribeDesired tells them. same: a text that stays the same when they do.
    revision: that they were looked at. time: when, in milliseconds since 1970. hosts: those that are awaited.
    """

    world: World
    asker: str
    facts: Mapping[str, Any]
    same: str
    revision: int
    time: int
    hosts: frozenset[str]
    id: str = ""
    answers: dict[str, Told] = field(default_factory=dict)

    @property
    def awaited(self) -> frozenset[str]:
        """The hosts that have not answered."""
        return self.hosts - self.answers.keys()

    @property
    def room(self) -> int:
        """How many more flows are kept."""
        return MOST_FLOWS - sum(len(one.flows) for one in self.answers.values())


class Questions:
    """The open questions of all worlds.

    asked: a number that grows with each question. told: one that grows whenever a question has all its answers.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.told = 0
        self._open: dict[str, Question] = {}

    def of(self, world: World, asker: str) -> Question | None:
        """Return what a request asked before."""
        return next((one for one in self._open.values() if (one.world, one.asker) == (world, asker)), None)

    def get(self, world: World, question_id: str) -> Question | None:
        """Return an open question by its id."""
        one = self._open.get(question_id)
        return one if one and one.world == world else None

    def awaiting(self, world: World, host: str, now: int) -> Iterator[Question]:
        """Yield the open questions that a host has not answered, the oldest first."""
        self._forget_old(now)
        return (one for one in self._open.values() if one.world == world and host in one.awaited)

    def has_room(self, world: World, now: int) -> bool:
        """Tell whether another question may be asked."""
        self._forget_old(now)
        mine = sum(one.world == world for one in self._open.values())
        return len(self._open) < MOST_OPEN and mine < MOST_OF_A_WORLD

    def ask(self, question: Question) -> None:
        """Ask hosts, who hear of it at once."""
        self._open[question.id] = question
        self.asked += 1

    def tell(self, question: Question, host: str, told: Told) -> None:
        """Keep what a host answered; once nobody is awaited any more who asked hears of it."""
        question.answers[host] = told
        if not question.awaited:
            self.told += 1

    def close_of(self, world: World, asker: str) -> None:
        """Forget what a request asked, if it did, with the answers."""
        one = self.of(world, asker)
        if one:
            del self._open[one.id]

    def _forget_old(self, now: int) -> None:
        self._open = {one.id: one for one in self._open.values() if now - one.time <= LONGEST}
