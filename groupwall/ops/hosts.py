"""What hosts told since the server started: kept in memory, since agents tell it again within seconds (inferred).

To write it would cost a durable commit for each host and change. Which interfaces a host enforces is written: it must
not be forgotten that a host which is dead now should enforce a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from groupwall.store.entities import World

STEPS = 64
"""Revisions of a host whose time is remembered."""

MOST = 1000
"""Hosts of a world that are remembered; the one that was not heard of for longest goes first."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a host told. steps: (revision, time) since when it enforces it, oldest first; times in milliseconds."""

    seen: int
    steps: tuple[tuple[int, int], ...] = ()
    drifts: int = 0
    message: str = ""

    @property
    def revision(self) -> int:
        """The revision that it enforces."""
        return self.steps[-1][0]

    def reached(self, revision: int) -> int | None:
        """Return when it told for the first time that it enforces a revision; None when that is not known, or yet."""
        times = [(step, time) for step, time in self.steps if step >= revision]
        return times[0][1] if times and len(times) < len(self.steps) else None


class Hosts:
    """What hosts of all worlds told. number: grows whenever one enforces another revision than before."""

    def __init__(self) -> None:
        self.number = 0
        self._told: dict[World, dict[str, Told]] = {}

    def of(self, world: World) -> Mapping[str, Told]:
        """Return what the hosts of a world told, by name."""
        return self._told.get(world, {})

    def tell(self, world: World, name: str, revision: int, told: Told) -> None:
        """Remember that a host enforces a revision, with what it told beside: drifts since it told before."""
        hosts = self._told.setdefault(world, {})
        before = hosts.pop(name, Told(told.seen))
        if not before.steps or revision != before.revision:
            self.number += 1
        hosts[name] = Told(
            told.seen, _stepped(before.steps, revision, told.seen), before.drifts + told.drifts, told.message
        )
        if len(hosts) > MOST:
            del hosts[next(iter(hosts))]


def _stepped(steps: tuple[tuple[int, int], ...], revision: int, now: int) -> tuple[tuple[int, int], ...]:
    """Return the steps with another revision; what a host falls behind again it has to reach anew."""
    before = tuple(step for step in steps if step[0] <= revision)
    if before and before[-1][0] == revision:
        return before
    return (*before, (revision, now))[-STEPS:]
