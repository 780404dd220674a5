"""The benchmarks of packets and of tables: that they run. No time is asserted."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.serving import PATIENCE
from tests.sources import ROOT

PASSING = ("no table", "60 rules, linear", "a packet of a flow that has begun", "from revoke to the last packet")
TABLES = (
    "10 groups of 60 rules",
    "loaded in",
    "read back and compared",
    "what rules let in",
    "revoke, the last rule of its form",
    "kernel:",
)


@pytest.mark.parametrize(("module", "titles"), [("bench.passing", PASSING), ("bench.packets", TABLES)])
def test_quick_run(module: str, titles: tuple[str, ...]) -> None:
    """A quick run measures everything: what tables cost packets, and what changes of tables cost (inferred)."""
    done = subprocess.run(  # noqa: S603 - our own words only
        [sys.executable, "-m", module, "--quick"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    assert [title for title in titles if title not in done.stdout] == []
