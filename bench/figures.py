"""Series of figures, one for each round: their spread, how two of them compare, and the bar that they have to reach."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which this share of an ordered list lies; 0 of an empty one."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


class Spread(NamedTuple):
    """The least, the median and the greatest figure of a series."""

    least: float
    median: float
    most: float


def spread(series: Sequence[float]) -> Spread:
    """Return the spread of a series that is not empty."""
    return Spread(min(series), statistics.median(series), max(series))


COMPARISONS: dict[str, Callable[[float, float], float]] = {
    "times": lambda ours, other: ours / other,
    "times faster": lambda ours, other: other / ours,
    "more": lambda ours, other: ours - other,
}
"""How ours compares with the other: a ratio, a ratio of durations upside down, a difference in the row's unit."""


class Bar(NamedTuple):
    """What a median has to reach. of: ``value`` for our own figure, ``comparison`` for how it compares."""

    of: str
    at_least: float | None = None
    at_most: float | None = None

    def met(self, median: float) -> bool:
        """Tell whether a median is on the right side."""
        return (self.at_least is None or median >= self.at_least) and (self.at_most is None or median <= self.at_most)


class Row(NamedTuple):
    """One line of the result. ours and other: a figure for each round, measured in turns; other may be empty.

    against: what the other is. comparison: one of COMPARISONS.
    """

    name: str
    unit: str
    ours: list[float]
    against: str = ""
    other: list[float] = []  # noqa: RUF012 - never changed
    comparison: str = "times"
    bars: tuple[Bar, ...] = ()

    def compared(self) -> list[float]:
        """Return how the two compare in each round."""
        compare = COMPARISONS[self.comparison]
        return [compare(*both) for both in zip(self.ours, self.other, strict=True)] if self.other else []

    def verdict(self) -> str:
        """Return ``met`` or ``missed``; nothing where there is no bar, or nothing to hold against it."""
        series = {"value": self.ours, "comparison": self.compared()}
        bars = [bar for bar in self.bars if series[bar.of]]
        if not bars:
            return ""
        return "met" if all(bar.met(statistics.median(series[bar.of])) for bar in bars) else "missed"
