"""What is told of counters: all that they counted and never more, whatever begins anew and whoever dies [inferred]."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.enforce.agent import counts
from groupwall.enforce.agent.counts import AT_ONCE, Found, Known, More, Report
from tests.strategies import EXAMPLES

NOTHING = Known("one", 0, {})


class Taking:
    """A server: it adds up each report once. flows: by rule."""

    def __init__(self) -> None:
        self.flows: Counter[str] = Counter()
        self.there: set[str] = set()
        self._number = 0

    def take(self, report: Report) -> None:
        """Take a report."""
        if report.number <= self._number:
            return
        assert report.number == self._number + 1
        self._number = report.number
        for rule_id, flows, ended, _ in report.some:
            self.flows[rule_id] += flows
            self.there = self.there - {rule_id} if ended else self.there | {rule_id}


class Machine:
    """Counters in places, and an agent that may die wherever it likes. happened: flows by rule."""

    def __init__(self, folder: Path) -> None:
        self.server = Taking()
        self.happened: Counter[str] = Counter()
        self._folder = folder
        self._places: dict[str, dict[str, int]] = {}
        self._known = NOTHING
        self._keep(NOTHING)

    def hit(self, place: str, rule_id: str, flows: int) -> None:
        """Let flows in."""
        packets = self._places.setdefault(place, {})
        packets[rule_id] = packets.get(rule_id, 0) + flows
        self.happened[rule_id] += flows

    def begin_anew(self, place: str) -> None:
        """Have a table made again."""
        self._places[place] = dict.fromkeys(self._places.get(place, {}), 0)

    def go(self, place: str) -> None:
        """Have a place go."""
        self._places.pop(place, None)

    def look(self, dies: str) -> None:
        """Read and tell; the agent dies on the way, or not, and is started again."""
        if not self._known.untold:
            self._read(dies)
        for report in self._known.untold:
            self.server.take(report)
            if dies == "between reports":
                break
        else:
            self._known = self._known._replace(untold=())
        if dies:
            again = counts.read(self._folder)
            assert again
            self._known = again

    def _read(self, dies: str) -> None:
        readings = {place: dict(packets) for place, packets in self._places.items()}
        more: Counter[str] = Counter()
        for place, packets in readings.items():
            more.update(counts.grown(self._known.readings.get(place, {}), packets))
        after = counts.after(self._known, Found(readings, more), 7)
        if dies != "before it is kept":
            self._keep(after)
        self._known = after if dies != "before it is kept" else self._known

    def _keep(self, known: Known) -> None:
        (self._folder / counts.FILE).write_text("".join(f"{line}\n" for line in counts.lines(known)))
        self._known = known


_PLACES, _RULES = st.sampled_from(["7", "8"]), st.sampled_from(["sgr-1", "sgr-2", "sgr-3"])
_HITS = st.tuples(st.just("hit"), _PLACES, _RULES, st.integers(0, 5))
_LOOKS = st.tuples(st.just("look"), st.sampled_from(["", "", "before it is kept", "between reports", "at the end"]))
_BREAKS = st.tuples(st.sampled_from(["begin_anew", "go"]), _PLACES)


@settings(max_examples=5 * EXAMPLES, deadline=None)
@given(st.lists(st.one_of(_HITS, _HITS, _LOOKS), max_size=20))
def test_all_is_told_once(steps: list[tuple[str, ...]]) -> None:
    """However often an agent dies, the server has counted each flow once, when it has looked twice more (issue 6)."""
    with TemporaryDirectory() as folder:
        machine = _after(steps, Path(folder))
        assert +machine.server.flows == +machine.happened
        assert machine.server.there == {*machine.happened}


@settings(max_examples=5 * EXAMPLES, deadline=None)
@given(st.lists(st.one_of(_HITS, _HITS, _LOOKS, _BREAKS), max_size=20))
def test_never_too_much_is_told(steps: list[tuple[str, ...]]) -> None:
    """Whatever table is made again, or goes, nothing is counted twice: a rule has no more than it let in (issue 6)."""
    with TemporaryDirectory() as folder:
        machine = _after(steps, Path(folder))
        assert all(machine.server.flows[one] <= flows for one, flows in machine.happened.items())


def _after(steps: Sequence[tuple[str, ...]], folder: Path) -> Machine:
    machine = Machine(folder)
    for name, *more in [*steps, ("look", ""), ("look", "")]:
        getattr(machine, name)(*more)
    return machine


@pytest.mark.parametrize(
    ("before", "now", "more"),
    [
        ({}, {"a": 3, "b": 0}, {"a": 3}),
        ({"a": 3}, {"a": 3}, {}),
        ({"a": 3}, {"a": 5}, {"a": 2}),
        ({"a": 3}, {"a": 2}, {"a": 2}),
        ({"a": 3}, {"a": 0}, {}),
        ({"a": 3, "b": 1}, {"b": 2}, {"b": 1}),
    ],
)
def test_a_counter_that_is_lower_began_anew(before: dict[str, int], now: dict[str, int], more: dict[str, int]) -> None:
    """A counter has grown by the difference, and by all that it reads where that is less than before (issue 6)."""
    assert counts.grown(before, now) == more


def test_what_begins_and_what_ends_is_told() -> None:
    """A rule is told when it is counted for the first time, and when no place has it any more, with the last flows."""
    first = counts.after(NOTHING, Found({"7": {"a": 0, "b": 0}, "8": {"a": 0}}), 5)
    assert first.untold == (Report(1, 5, (More("a"), More("b"))),)
    told = first._replace(untold=())
    second = counts.after(told, Found({"8": {"a": 0}}, {"a": 2}, {"a": 9, "b": 9}), 6)
    assert second.untold == (Report(2, 6, (More("a", 2, bytes=9), More("b", ended=True))),)
    assert counts.all_again(second._replace(untold=()), 9).untold == (Report(3, 9, (More("a"),)),)


def test_many_are_told_in_several_reports(tmp_path: Path) -> None:
    """A report has no more rules than a server takes well, and all of them are read again as they were kept."""
    readings = {"7": {f"sgr-{number:04}": number for number in range(2 * AT_ONCE + 1)}, "8": {}}
    known = counts.after(NOTHING, Found(readings, readings["7"]), 5)
    assert [(one.number, len(one.some)) for one in known.untold] == [(1, AT_ONCE), (2, AT_ONCE), (3, 1)]
    beside = counts.beside(tmp_path)
    beside.write_text("\n".join(counts.lines(known)))
    assert beside.stat().st_mode & 0o077 == 0
    beside.rename(tmp_path / counts.FILE)
    assert counts.read(tmp_path) == known


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '["one", 2]\n["read"]', '["one", 2]\n{"a": 1}', "\0"])
def test_a_file_that_is_none_is_as_none(tmp_path: Path, text: str) -> None:
    """What is in a file that nobody of ours wrote is not taken for what was told."""
    (tmp_path / counts.FILE).write_text(text)
    assert counts.read(tmp_path) is None
