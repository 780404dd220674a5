"""A server lets old changes go by itself, from its start on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from groupwall.store.retention import PORTION
from tests.driver import Wall
from tests.law import breaches
from tests.remote import Remote
from tests.serving import serving

DAY = 86_400


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store with two portions of changes from 100 days ago."""
    with Wall(data=str(tmp_path)) as wall:
        wall.clock.advance(time.time() - 100 * DAY - wall.clock.now() / 1000)
        vpc_id = wall.call("DescribeVpcs")["Vpcs"][0]["VpcId"]
        for number in range(2 * PORTION):
            wall.ask("CreateTags", Resources=[vpc_id], Tags=[{"Key": "k", "Value": str(number)}])
    return tmp_path


def _first(url: str) -> int | None:
    with Remote(url) as remote:
        found = remote.call("VerifyHistory")
    assert found["Intact"]
    return found["First"]["Revision"] if "First" in found else None


def test_old_changes_go_while_it_runs(old: Path) -> None:
    """All that is older goes, portion by portion, and the history adds up at every moment (inferred)."""
    with serving("--data", str(old), "--retention-days", "99") as url:
        late = time.monotonic() + 20
        while _first(url) is not None:
            assert time.monotonic() < late
    assert not breaches(old)


@pytest.mark.parametrize("days", ["0", "101"])
def test_younger_changes_stay(old: Path, days: str) -> None:
    """Nothing goes that is younger, and nothing at all with 0 (inferred)."""
    with serving("--data", str(old), "--retention-days", days) as url:
        assert _first(url) == 1
