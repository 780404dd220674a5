"""One commit for many calls: all of it, or nothing that anyone was told of; what fails is real."""

from __future__ import annotations

import contextlib
import resource
import sqlite3
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path

import pytest

from groupwall.app import Call, Outcome, open_app
from groupwall.config import Quotas, Settings
from groupwall.store.sqlite import FILE, Store, open_store
from groupwall.store.transaction import Transaction
from groupwall.units import FrozenClock, Ids
from tests.driver import ACTIONS, NOW, Wall
from tests.law import breaches, revision
from tests.scenes import create_group


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """The connection of a store of one group, for a test to make it fail.

    Without a cache each statement is prepared each time, and so comes before an authorizer.
    """
    with Wall(data=str(tmp_path)) as wall:
        create_group(wall, "web")
    opened = sqlite3.connect(tmp_path / FILE, isolation_level=None, timeout=0.1, cached_statements=0)
    with contextlib.closing(opened):
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute("PRAGMA temp_store = MEMORY")
        yield opened


@pytest.fixture
def wall(tmp_path: Path, connection: sqlite3.Connection) -> Wall:
    """The world of that store."""
    wall = Wall()
    wall.close()
    wall.store = Store(connection, str(tmp_path), contextlib.ExitStack())
    wall.app = open_app(wall.store, Settings(), Quotas(), FrozenClock(NOW), Ids(2))
    return wall


def turn(wall: Wall, *calls: tuple[str, dict[str, object]]) -> list[Outcome]:
    """Return the outcomes of calls that are committed together."""
    understood = [wall.app.prepare(wall.request(ACTIONS[name], **params)) for name, params in calls]
    assert all(isinstance(call, Call) for call in understood)
    return [outcome for outcome in wall.app.answer(understood) if outcome]  # type: ignore[arg-type]


def group(name: str) -> tuple[str, dict[str, object]]:
    """Return the call that makes a group."""
    return "CreateSecurityGroup", {"GroupName": name, "Description": "a group"}


def names(wall: Wall) -> set[str]:
    """Return the names of all groups."""
    return {found["GroupName"] for found in wall.call("DescribeSecurityGroups")["SecurityGroups"]}


def test_an_error_touches_no_other_call(tmp_path: Path, wall: Wall) -> None:
    """Of the calls of a turn one is refused, one says so only of itself, and the others stand (inferred)."""
    at = revision(tmp_path)
    taken, missing = group("web"), ("DeleteSecurityGroup", {"GroupId": "sg-0123456789abcdef0"})
    outcomes = turn(wall, group("a"), taken, group("b"), missing, ("DescribeSecurityGroups", {}))
    codes = [outcome.error.code if outcome.error else "" for outcome in outcomes]
    assert codes == ["", "InvalidGroup.Duplicate", "", "InvalidGroup.NotFound", ""]
    assert [outcome.revision for outcome in outcomes] == [at + 1, at + 1, at + 2, at + 2, at + 2]
    assert names(wall) == {"default", "web", "a", "b"}
    assert breaches(tmp_path) == []


def test_work_that_raises_leaves_nothing(tmp_path: Path, wall: Wall) -> None:
    """A fault in the work of a transaction undoes all of it, and the store goes on (inferred)."""
    call = wall.app.prepare(wall.request(ACTIONS["CreateSecurityGroup"], **group("inner")[1]))

    def work(tx: Transaction) -> None:
        wall.app.perform(call, tx)  # type: ignore[arg-type]
        raise ZeroDivisionError

    at = revision(tmp_path)
    with pytest.raises(ZeroDivisionError):
        wall.store.run(work)
    assert revision(tmp_path) == at
    create_group(wall, "after")
    assert breaches(tmp_path) == []


def test_a_full_database_refuses_the_turn(tmp_path: Path, wall: Wall, connection: sqlite3.Connection) -> None:
    """When there is no room every call of the turn is refused and none stands; with room it goes on (inferred)."""
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")
    done: set[str] = set()
    for number in range(100):
        asked = [f"{number}-{part}" for part in range(5)]
        outcomes = turn(wall, *map(group, asked))
        refused = [outcome.error.code if outcome.error else "" for outcome in outcomes]
        if refused != [""] * 5:
            break
        done.update(asked)
    assert refused == ["Unavailable"] * 5
    assert names(wall) == {"default", "web", *done}
    assert breaches(tmp_path) == []
    connection.execute("PRAGMA max_page_count = 1000000")
    create_group(wall, "after")
    assert breaches(tmp_path) == []


@contextlib.contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    """Have the kernel refuse to write beyond this many bytes of any file, as a failing disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", range(0, 20_000, 2_500))
def test_after_a_failed_commit_no_more_writes(tmp_path: Path, wall: Wall, room: int) -> None:
    """After an I/O error in a commit writes are refused until the store is opened again; reads go on (inferred)."""
    create_group(wall, "before")
    at = revision(tmp_path)
    with no_file_longer_than((tmp_path / f"{FILE}-wal").stat().st_size + room):
        outcomes = turn(wall, *(group(f"lost-{number}") for number in range(40)))
    assert {outcome.error.code for outcome in outcomes if outcome.error} == {"Unavailable"}
    assert len([outcome for outcome in outcomes if outcome.error]) == 40
    assert [outcome.error.code for outcome in turn(wall, group("late")) if outcome.error] == ["Unavailable"]
    assert names(wall) == {"default", "web", "before"}
    wall.close()
    with Wall(data=str(tmp_path)) as again:
        assert names(again) == {"default", "web", "before"}
        create_group(again, "after")
    assert revision(tmp_path) == at + 1
    assert breaches(tmp_path) == []


WRITES = {
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,
    sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_TRANSACTION,
}


def fail_at(place: int) -> tuple[Callable[..., int], list[int]]:
    """Return an authorizer that refuses the statement at a place among those that write, and what it counts."""
    seen = [0]

    def authorize(action: int, *_: object) -> int:
        seen[0] += action in WRITES
        return sqlite3.SQLITE_DENY if action in WRITES and seen[0] == place else sqlite3.SQLITE_OK

    return authorize, seen


def test_no_statement_fails_half_way(tmp_path: Path, wall: Wall, connection: sqlite3.Connection) -> None:
    """Whichever statement of a turn fails, each call stands whole or not at all, as it was told (inferred)."""
    for place in range(1, 200):
        asked = [group(f"first-{place}"), group("web"), group(f"last-{place}")]
        before = {"default", "web"} | {name for name in names(wall) if "-" in name}
        authorize, seen = fail_at(place)
        connection.set_authorizer(authorize)
        outcomes = turn(wall, *asked)
        connection.set_authorizer(None)
        told = {
            str(params["GroupName"]) for (_, params), outcome in zip(asked, outcomes, strict=True) if not outcome.error
        }
        assert breaches(tmp_path) == [], f"place {place}"
        assert names(wall) == before | told, f"place {place}"
        if seen[0] < place:
            break
        assert {outcome.error.code for outcome in outcomes if outcome.error} == {"Unavailable"}, f"place {place}"
        wall.app.store = wall.store = Store(connection, str(tmp_path), contextlib.ExitStack())
    assert 20 < place < 100


def test_a_transaction_that_sqlite_ended_is_not_gone_on_with(
    tmp_path: Path, wall: Wall, connection: sqlite3.Connection
) -> None:
    """When SQLite undoes the whole transaction by itself no later call of the turn stands either (inferred)."""
    connection.execute(
        "CREATE TEMP TRIGGER gone BEFORE INSERT ON main.security_group WHEN new.name = 'gone'"
        " BEGIN SELECT RAISE(ROLLBACK, 'gone'); END"
    )
    at = revision(tmp_path)
    outcomes = turn(wall, group("a"), group("gone"), group("b"))
    assert [outcome.error.code for outcome in outcomes if outcome.error] == ["Unavailable"] * 3
    assert revision(tmp_path) == at
    assert names(wall) == {"default", "web"}
    create_group(wall, "after")
    assert breaches(tmp_path) == []


def test_another_writer_is_waited_for_not_overrun(tmp_path: Path, wall: Wall) -> None:
    """While another process writes, a call waits for its turn, and is refused after a while (inferred)."""
    with contextlib.closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [outcome.error.code for outcome in turn(wall, group("a")) if outcome.error] == ["Unavailable"]
        assert names(wall) == {"default", "web"}
        other.execute("ROLLBACK")
    create_group(wall, "a")
    assert breaches(tmp_path) == []


def test_two_stores_on_one_file_take_turns(tmp_path: Path, wall: Wall) -> None:
    """What another process changed between two calls is built upon: the revision has no gap and no fork (inferred)."""
    other = copy(wall)
    other.store = open_store(str(tmp_path), Ids(3))
    other.app = open_app(other.store, Settings(), Quotas(), FrozenClock(NOW), Ids(3))
    for number in range(5):
        create_group(wall, f"mine-{number}")
        create_group(other, f"theirs-{number}")
    assert names(wall) == names(other)
    other.close()
    assert breaches(tmp_path) == []


def test_a_read_writes_nothing(tmp_path: Path, wall: Wall) -> None:
    """A world that is only looked at is not kept, and looks the same every time (inferred)."""
    at = revision(tmp_path)
    elsewhere = wall.elsewhere(region="eu-west-1")
    assert elsewhere.call("DescribeVpcs") == elsewhere.call("DescribeVpcs")
    assert revision(tmp_path) == at
    assert breaches(tmp_path) == []


def test_a_store_in_memory_keeps_the_same_law() -> None:
    """Without a file the calls of a turn stand or fall alone too (inferred)."""
    store = open_store(":memory:", Ids(1))
    assert not store.on_disk
    with pytest.raises(ZeroDivisionError):
        store.run(lambda _: 1 / 0)
    assert store.read(lambda tx: tx.head.revision) == 0


@pytest.mark.parametrize("name", [FILE, f"{FILE}-wal"])
def test_a_file_that_was_removed_takes_no_more_writes(tmp_path: Path, wall: Wall, name: str) -> None:
    """What would be written to a file that nobody can find again is refused, and reads go on (inferred)."""
    create_group(wall, "kept")
    (tmp_path / name).unlink()
    assert [outcome.error.code for outcome in turn(wall, group("lost")) if outcome.error] == ["Unavailable"]
    assert names(wall) == {"default", "web", "kept"}
