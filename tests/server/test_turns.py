"""One commit for the calls of a turn: what goes together, what does not, and who waits for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from groupwall.app import Call, Outcome
from groupwall.store.transaction import Budget
from groupwall.turns import MOST_CALLS, Turns
from tests.driver import ACTIONS, Wall
from tests.law import breaches
from tests.scenes import create_group

NO_BUDGET = Budget(rows=3, steps=0, seconds=0)
"""What every read goes beyond."""


@pytest.fixture
def wall(tmp_path: Path) -> Iterator[Wall]:
    """A world in a file, so that there is a commit to count."""
    with Wall(data=str(tmp_path)) as new:
        create_group(new, "web")
        yield new


class Counted:
    """An app that counts how often it is asked for answers, each time one transaction."""

    def __init__(self, wall: Wall) -> None:
        self.sizes: list[int] = []
        self._app = wall.app

    def answer(self, calls: Sequence[Call], budget: Budget | None) -> list[Outcome | None]:
        """Count, and pass on."""
        self.sizes.append(len(calls))
        return self._app.answer(calls, budget)


def call(wall: Wall, name: str, **params: Any) -> Call:  # noqa: ANN401 - as boto3 gives them
    """Return a call that was understood."""
    understood = wall.app.prepare(wall.request(ACTIONS[name], **params))
    assert isinstance(understood, Call)
    return understood


def group(wall: Wall, name: str) -> Call:
    """Return the call that makes a group."""
    return call(wall, "CreateSecurityGroup", GroupName=name, Description="a group")


def together(wall: Wall, calls: Sequence[Call], budget: Budget | None = None) -> tuple[list[Outcome | None], list[int]]:
    """Have calls answered that arrive in one turn of the loop; return their outcomes, and how many each commit had."""
    counted = Counted(wall)

    async def ask() -> list[Outcome | None]:
        turns = Turns(counted, budget)  # type: ignore[arg-type]
        return await asyncio.gather(*(turns.answer(one) for one in calls))

    return asyncio.run(ask()), counted.sizes


def codes(outcomes: Sequence[Outcome | None]) -> list[str]:
    """Return the code of each outcome, empty for what was done."""
    return [outcome.error.code if outcome and outcome.error else "" for outcome in outcomes]


def test_the_calls_of_a_turn_share_a_commit(tmp_path: Path, wall: Wall) -> None:
    """Calls that arrive together are done in one transaction, each a change of its own: docs/decisions/0002."""
    outcomes, sizes = together(wall, [group(wall, f"group-{number}") for number in range(20)])
    assert sizes == [20]
    assert codes(outcomes) == [""] * 20
    revisions = [outcome.revision for outcome in outcomes if outcome]
    assert revisions == list(range(revisions[0], revisions[0] + 20))
    assert breaches(tmp_path) == []


def test_no_commit_is_longer_than_allowed(tmp_path: Path, wall: Wall) -> None:
    """More calls than one commit may have are done in several, and all are answered (inferred)."""
    calls = [group(wall, f"group-{number}") for number in range(2 * MOST_CALLS + 10)]
    outcomes, sizes = together(wall, calls)
    assert sizes == [MOST_CALLS, MOST_CALLS, 10]
    assert codes(outcomes) == [""] * len(calls)
    assert breaches(tmp_path) == []


def test_an_error_is_of_its_own_call(tmp_path: Path, wall: Wall) -> None:
    """Of two calls of one turn that want the same the first has it, the second is refused; others stand (inferred)."""
    outcomes, _ = together(wall, [group(wall, name) for name in ("a", "same", "same", "web", "b")])
    assert codes(outcomes) == ["", "", "InvalidGroup.Duplicate", "InvalidGroup.Duplicate", ""]
    assert breaches(tmp_path) == []


def test_a_large_read_disturbs_no_write(tmp_path: Path, wall: Wall) -> None:
    """A read that goes beyond its budget is left to the reader, and the writes of its turn are done (inferred)."""
    for number in range(5):
        create_group(wall, f"more-{number}")
    large = call(wall, "DescribeSecurityGroups")
    outcomes, _ = together(wall, [group(wall, "a"), large, group(wall, "b"), large], NO_BUDGET)
    assert [outcome is None for outcome in outcomes] == [False, True, False, True]
    assert codes(outcomes) == ["", "", "", ""]
    names = {found["GroupName"] for found in wall.call("DescribeSecurityGroups")["SecurityGroups"]}
    assert {"a", "b"} <= names
    assert breaches(tmp_path) == []


def test_a_write_has_no_budget(wall: Wall) -> None:
    """What a change has to read it reads, however much it is (inferred)."""
    outcomes, _ = together(wall, [group(wall, "a")], Budget(rows=0, steps=0, seconds=0))
    assert codes(outcomes) == [""]


def test_a_client_that_went_away_gets_what_it_asked_for(tmp_path: Path, wall: Wall) -> None:
    """A call whose client no longer waits is done, and those beside it are answered (inferred)."""

    async def ask() -> Outcome | None:
        turns = Turns(wall.app, None)
        gone = asyncio.ensure_future(turns.answer(group(wall, "gone")))
        stays = asyncio.ensure_future(turns.answer(group(wall, "stays")))
        await asyncio.sleep(0)
        gone.cancel()
        return await stays

    assert codes([asyncio.run(ask())]) == [""]
    names = {found["GroupName"] for found in wall.call("DescribeSecurityGroups")["SecurityGroups"]}
    assert names == {"default", "web", "gone", "stays"}
    assert breaches(tmp_path) == []


def test_a_fault_reaches_everyone_who_waits(wall: Wall) -> None:
    """When a turn cannot be answered at all, nobody waits for ever, and the next turn is answered (inferred)."""

    class Faulty(Counted):
        def answer(self, calls: Sequence[Call], budget: Budget | None) -> list[Outcome | None]:
            if not self.sizes:
                self.sizes.append(0)
                raise ZeroDivisionError
            return super().answer(calls, budget)

    async def ask() -> tuple[list[object], Outcome | None]:
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        turns = Turns(Faulty(wall), None)  # type: ignore[arg-type]
        first = await asyncio.gather(*(turns.answer(group(wall, name)) for name in "ab"), return_exceptions=True)
        return list(first), await turns.answer(group(wall, "c"))

    first, after = asyncio.run(ask())
    assert [type(error) for error in first] == [ZeroDivisionError] * 2
    assert codes([after]) == [""]


def test_who_comes_later_goes_into_the_next_commit(wall: Wall) -> None:
    """A call that comes while a turn is answered is in the next one (inferred)."""
    counted = Counted(wall)

    async def ask() -> None:
        turns = Turns(counted, None)  # type: ignore[arg-type]

        async def twice(number: int) -> None:
            await turns.answer(group(wall, f"first-{number}"))
            await turns.answer(group(wall, f"second-{number}"))

        await asyncio.gather(*map(twice, range(5)))

    asyncio.run(ask())
    assert counted.sizes == [5, 5]
