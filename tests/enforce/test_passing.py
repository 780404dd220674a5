"""The benchmark of packets: that it runs. No time is asserted."""

from __future__ import annotations

import subprocess
import sys

from tests.serving import PATIENCE
from tests.sources import ROOT


def test_quick_run() -> None:
    """A quick run measures each kind of table, and when the last packet passes (inferred)."""
    command = [sys.executable, "-m", "bench.passing", "--quick"]
    done = subprocess.run(  # noqa: S603 - our own words only
        command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    for title in (
        "no table",
        "60 rules, linear",
        "a packet of a flow that has begun",
        "from revoke to the last packet",
    ):
        assert title in done.stdout
