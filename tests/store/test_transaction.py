"""The budget of a read: it is stopped without a trace, and never with a write of anyone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from groupwall.app import Call, Outcome
from groupwall.store.transaction import Budget
from tests.driver import ACTIONS, Wall
from tests.law import breaches
from tests.scenes import create_group

NOTHING = Budget(rows=0, steps=0, seconds=0)
PLENTY = Budget(rows=1_000, steps=1_000, seconds=60)
MANY = 3_000
"""So many reads that SQLite looks at the budget at every place of a statement."""


def call(wall: Wall, name: str, **params: Any) -> Call:  # noqa: ANN401 - as boto3 gives them
    """Return a call that was understood."""
    understood = wall.app.prepare(wall.request(ACTIONS[name], **params))
    assert isinstance(understood, Call)
    return understood


def done(outcomes: Sequence[Outcome | None]) -> list[bool]:
    """Tell of each outcome whether its call was answered, and well."""
    return [outcome is not None and outcome.error is None for outcome in outcomes]


@pytest.mark.parametrize(
    "budget",
    [PLENTY._replace(rows=3), PLENTY._replace(steps=0), PLENTY._replace(seconds=0)],
    ids=["rows", "steps", "time"],
)
def test_each_part_of_a_budget_stops_a_read(wall: Wall, budget: Budget) -> None:
    """Rows, steps and time each bound a read, which is not answered then; within them it is (inferred)."""
    for number in range(300):
        create_group(wall, f"group-{number}")
    read = call(wall, "DescribeSecurityGroups")
    assert wall.app.answer([read], budget) == [None]
    assert done(wall.app.answer([read], PLENTY)) == [True]


def test_a_world_that_begins_has_no_budget(tmp_path: Path) -> None:
    """A read of a world that is not there yet is answered, and stops no write, whatever its budget (inferred)."""
    with Wall(data=str(tmp_path)) as wall:
        elsewhere = wall.elsewhere(region="eu-west-1")
        for number in range(MANY // 10):
            asked = [
                call(wall, "CreateSecurityGroup", GroupName=f"a-{number}", Description="a"),
                call(elsewhere, "DescribeSubnets"),
                call(wall, "CreateSecurityGroup", GroupName=f"b-{number}", Description="b"),
            ]
            assert done(wall.app.answer(asked, NOTHING)) == [True, True, True]
    assert breaches(tmp_path) == []


def test_a_stopped_read_leaves_no_trace(tmp_path: Path) -> None:
    """However often reads are stopped between them, the writes of a turn stand and the law holds (inferred)."""
    with Wall(data=str(tmp_path)) as wall:
        create_group(wall)
        read = call(wall, "DescribeSecurityGroups")
        for number in range(MANY // 30):
            write = call(wall, "CreateSecurityGroup", GroupName=f"group-{number}", Description="a")
            outcomes = wall.app.answer([*[read] * 15, write, *[read] * 15], NOTHING)
            assert done(outcomes) == [False] * 15 + [True] + [False] * 15
        assert len(wall.call("DescribeSecurityGroups")["SecurityGroups"]) == 2 + MANY // 30
    assert breaches(tmp_path) == []
