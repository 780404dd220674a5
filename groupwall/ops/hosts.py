"""What hosts told since the server started: kept in memory, since agents tell it again within seconds (inferred).

To write it would cost a durable commit for each host and change. Which interfaces a host enforces is written: it must
not be forgotten that a host which is dead now should enforce a change.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from groupwall.ops.questions import Questions
from groupwall.store.entities import World

STEPS = 64
"""Revisions of a host whose time is remembered."""

FORMER = 64
"""Agents of one host that are remembered, the newest."""

MOST = 1000
"""Hosts of a world that are remembered; the one that was not heard of for longest goes first."""

ANSWERS = 16
"""Answers that are remembered, each small enough to be made on the loop: all hosts ask for the newest."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Told:
    """What a host told. steps: (revision, time) since when it enforces it, oldest first; times in milliseconds.

    makes_instances: whether it makes the instances that should run.
    """

    seen: int
    steps: tuple[tuple[int, int], ...] = ()
    drifts: int = 0
    message: str = ""
    makes_instances: bool = False

    @property
    def revision(self) -> int:
        """The revision that it enforces."""
        return self.steps[-1][0]

    def reached(self, revision: int) -> int | None:
        """Return when it told for the first time that it enforces a revision; None when that is not known, or yet."""
        times = [(step, time) for step, time in self.steps if step >= revision]
        return times[0][1] if times and len(times) < len(self.steps) else None


class Hosts:
    """What hosts of all worlds told. number: grows whenever one enforces another revision, or other interfaces.

    questions: what they are asked beside.
    """

    def __init__(self) -> None:
        self.number = 0
        self.questions = Questions()
        self._told: dict[World, dict[str, Told]] = {}
        self._series: dict[tuple[World, str], list[str]] = {}
        self._answers: dict[Hashable, Any] = {}

    def answer(self, question: Hashable, make: Callable[[], T]) -> T:
        """Return the answer to what hosts ask one after the other, made for the first of them.

        question: all that the answer follows from.
        """
        if question not in self._answers:
            self._answers[question] = make()
            if len(self._answers) > ANSWERS:
                del self._answers[next(iter(self._answers))]
        answer: T = self._answers[question]
        return answer

    def of(self, world: World) -> Mapping[str, Told]:
        """Return what the hosts of a world told, by name."""
        return self._told.get(world, {})

    def tell(self, world: World, name: str, revision: int, told: Told) -> None:
        """Remember that a host enforces a revision, with what it told beside: drifts since it told before."""
        hosts = self._told.setdefault(world, {})
        before = hosts.pop(name, Told(told.seen))
        if not before.steps or revision != before.revision:
            self.number += 1
        steps = _stepped(before.steps, revision, told.seen)
        hosts[name] = replace(told, steps=steps, drifts=before.drifts + told.drifts)
        if len(hosts) > MOST:
            self.forget(world, next(iter(hosts)))

    def is_former(self, world: World, name: str, series: str) -> bool:
        """Tell whether another agent took over the name of a host from this one, each known by its series."""
        return series in self._series.get((world, name), ())[:-1]

    def hand_over(self, world: World, name: str, series: str) -> None:
        """Let a host's name be an agent's from now on; an empty series is of one that does not say who it is."""
        some = self._series.setdefault((world, name), [])
        if series and series != (some or [""])[-1]:
            some[:] = [*(one for one in some if one != series), series][-FORMER:]

    def forget(self, world: World, name: str) -> None:
        """Forget what a host told; whoever waits for it looks again."""
        self._told.get(world, {}).pop(name, None)
        self._series.pop((world, name), None)
        self.number += 1


def _stepped(steps: tuple[tuple[int, int], ...], revision: int, now: int) -> tuple[tuple[int, int], ...]:
    """Return the steps with another revision; what a host falls behind again it has to reach anew."""
    before = tuple(step for step in steps if step[0] <= revision)
    if before and before[-1][0] == revision:
        return before
    return (*before, (revision, now))[-STEPS:]
