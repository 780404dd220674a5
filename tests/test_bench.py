"""The benchmark: that it runs, that its result can be read, and that its arithmetic is right. No time is asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import enforced, report
from bench.figures import Bar, Row, percentile, spread
from tests.sources import ROOT

PATIENCE = 300.0


def test_quick_run(tmp_path: Path) -> None:
    """A quick run measures every row without an error and writes the result as JSON and as a table (inferred)."""
    command = [sys.executable, "-m", "bench", "--quick", "--out", str(tmp_path)]
    ran = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=PATIENCE)  # noqa: S603
    assert ran.returncode == 0, ran.stderr
    (path,) = (tmp_path / "results").iterdir()
    result = json.loads(path.read_text("utf-8"))
    assert result["quick"]
    assert {"cores", "system", "load"} == set(result["machine"])
    assert [row["name"] for row in result["rows"] if not row["ours"] or min(row["ours"]) <= 0] == []
    table = (tmp_path / "RESULTS.md").read_text("utf-8")
    assert [row["name"] for row in result["rows"] if row["name"] not in table] == []
    assert str(ROOT) not in table + path.read_text("utf-8")
    measured = [row["name"] for row in result["rows"] if row["name"].startswith("from the request to the last packet")]
    assert len(measured) == (0 if enforced.why_not() else 2)
    assert result.get("skipped", {}) == ({"packets": enforced.why_not()} if enforced.why_not() else {})


def test_what_is_not_measured_is_said() -> None:
    """Where something cannot be measured the table says so above, with the reason (inferred)."""
    result = {"date": "2026-11-23", "rounds": 1, "machine": {"cores": 1, "system": "Linux", "load": 0.0}}
    told = report.table(result | {"versions": {}, "skipped": {"packets": "that needs root"}}, [])
    assert "\nNot measured: packets, as that needs root.\n" in told


@pytest.mark.parametrize(
    ("comparison", "compared"),
    [("times", [0.5, 2.0]), ("times faster", [2.0, 0.5]), ("more", [-2.0, 2.0])],
)
def test_comparisons(comparison: str, compared: list[float]) -> None:
    """Two series are compared round by round, in the way that the row names (inferred)."""
    assert Row("", "", [2.0, 4.0], "", [4.0, 2.0], comparison).compared() == compared


@pytest.mark.parametrize(
    ("bars", "verdict"),
    [
        ((), ""),
        ((Bar("value", at_least=3),), "met"),
        ((Bar("value", at_most=3),), "missed"),
        ((Bar("value", at_least=3), Bar("comparison", at_least=4)), "missed"),
        ((Bar("comparison", at_most=4),), "met"),
    ],
)
def test_verdicts(bars: tuple[Bar, ...], verdict: str) -> None:
    """The median is held against each bar, and all have to be met (inferred)."""
    assert Row("", "", [1.0, 9.0, 6.0], "", [2.0, 3.0, 3.0], bars=bars).verdict() == verdict


def test_a_bar_without_its_other_side() -> None:
    """A comparison with nothing has no verdict (inferred)."""
    assert Row("", "", [1.0], bars=(Bar("comparison", at_least=4),)).verdict() == ""


def test_spread_and_percentiles() -> None:
    """Spreads are least, median, most; a percentile is one of the values (inferred)."""
    assert spread([3.0, 1.0, 2.0]) == (1.0, 2.0, 3.0)
    assert (percentile([1.0, 2.0, 3.0, 4.0], 0.5), percentile([1.0, 2.0], 0.99), percentile([], 0.5)) == (3.0, 2.0, 0.0)
