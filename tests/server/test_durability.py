"""What was answered stands: after kill -9 under load, and after a power cut that takes with it what was not synced."""

from __future__ import annotations

import os
import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest

from groupwall.store.sqlite import FILE
from tests.driver import Wall
from tests.law import breaches, revision
from tests.remote import Remote
from tests.scenes import create_group, tcp
from tests.serving import started
from tests.trace import Step, after_power_cut, traced

SOAK = bool(os.environ.get("GROUPWALL_SOAK"))
ROUNDS = 1_000 if SOAK else 30
CUTS = 1_000 if SOAK else 30
CLIENTS = 8
SOURCES = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""The rules that one call adds, and one call removes: all of them, or none."""


class Answered:
    """What a client was told: the ports that are open, those that are shut again, and the one that it asked about last.

    A port is open with a rule for each source.
    """

    def __init__(self) -> None:
        self.open: set[tuple[str, int]] = set()
        self.shut: set[tuple[str, int]] = set()
        self.asked: tuple[str, int] | None = None


def work(url: str, answered: Answered, turns: int = 1_000_000) -> None:
    """Open ports, and shut every other one, until the server is gone."""
    try:
        with Remote(url) as remote:
            for turn in range(turns):
                if turn % 15 == 0:
                    group = create_group(remote, f"group-{os.urandom(8).hex()}")
                answered.asked = port = (group, turn)
                permissions = [tcp(turn, *SOURCES)]
                remote.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=permissions)
                if turn % 2:
                    remote.call("RevokeSecurityGroupIngress", GroupId=group, IpPermissions=permissions)
                (answered.shut if turn % 2 else answered.open).add(port)
    except (OSError, HTTPException):
        pass  # killed


def broken_promises(folder: Path, clients: list[Answered]) -> list[str]:
    """Return what the store does not hold although it was answered, or holds in part."""
    with Wall(data=str(folder)) as wall:
        rules = wall.call("DescribeSecurityGroupRules")["SecurityGroupRules"]
    held = Counter(
        (rule["GroupId"], rule["FromPort"]) for rule in rules if not rule["IsEgress"] and rule["FromPort"] >= 0
    )
    torn = [f"torn: {port}" for port, count in held.items() if count != len(SOURCES)]
    lost = [f"lost: {port}" for client in clients for port in client.open if port not in held]
    back = [f"back: {port}" for client in clients for port in client.shut if port in held]
    known = {port for client in clients for port in (*client.open, client.asked)}
    return torn + lost + back + [f"never asked for: {port}" for port in held.keys() - known]


def test_kill_9_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """Killed again and again under load, a server loses and tears no change that it answered (inferred)."""
    clients: list[Answered] = []
    chance = random.Random(9)  # noqa: S311 - to be repeated
    for _ in range(ROUNDS):
        with started("--log", "off", "--data", str(tmp_path)) as server:
            mine = [Answered() for _ in range(CLIENTS)]
            threads = [threading.Thread(target=work, args=(server.url, one)) for one in mine]
            for thread in threads:
                thread.start()
            killer = threading.Timer(chance.uniform(0.01, 0.3), server.process.kill)
            killer.start()
            server.wait()
            for thread in threads:
                thread.join()
        clients += mine
        assert broken_promises(tmp_path, clients) == []
    assert sum(len(client.open) + len(client.shut) for client in clients) > 5 * ROUNDS
    assert breaches(tmp_path) == []


class Trace(NamedTuple):
    """What a server did under load, step by step, and the folder that it did it in."""

    steps: list[Step]
    folder: Path


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trace]:
    """One traced run, from an empty folder on, long enough for the log to be written back more than once."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    folder = tmp_path_factory.mktemp("traced") / "store"
    steps: list[Step] = []
    with traced(folder, steps) as server:
        threads = [threading.Thread(target=work, args=(server.url, Answered(), 45)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return Trace(steps, folder)


def unsynced_replies(steps: list[Step]) -> tuple[int, int]:
    """Return how many replies told a new revision, and how many of them left while the log was not synced."""
    waiting, told, early, last = 0, 0, 0, 0
    for step in steps:
        if step.file.endswith("-wal"):
            waiting = 0 if step.what == "sync" else waiting + 1
        elif step.what == "reply" and step.place > last:
            told, early, last = told + 1, early + bool(waiting), step.place
    return told, early


def test_no_reply_leaves_before_its_change_is_synced(trace: Trace) -> None:
    """Between the writing of a change and the sending of its reply the log is synced: docs/decisions/0002."""
    told, early = unsynced_replies(trace.steps)
    assert (told > 50, early) == (True, 0)
    assert unsynced_replies([step for step in trace.steps if step.what != "sync"])[1] > 50  # it would be noticed


def test_calls_of_a_turn_share_a_sync(trace: Trace) -> None:
    """Several connections at once need fewer syncs of the log than there are changes: docs/decisions/0002."""
    syncs = sum(step.what == "sync" and step.file.endswith("-wal") for step in trace.steps)
    assert syncs < max(step.place for step in trace.steps if step.what == "reply")


def state_after(trace: Trace, cut: int, kept: float, folder: Path) -> tuple[int, int]:
    """Put the files of a power cut into a folder; return the revision that was answered, and the one that is there."""
    chance = random.Random(cut)  # noqa: S311 - to be repeated
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in after_power_cut(trace.steps[:cut], chance, kept).items():
        path = Path(name)
        if path.parent == trace.folder and not name.endswith("-shm"):
            (folder / path.name).write_bytes(content)
    told = max((step.place for step in trace.steps[:cut] if step.what == "reply"), default=0)
    return told, revision(folder)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.95])
def test_a_power_cut_loses_nothing_that_was_answered(trace: Trace, tmp_path: Path, kept: float) -> None:
    """Without writes that were not synced, or with some of them, answered changes are there (inferred)."""
    assert any(step.file.endswith(FILE) for step in trace.steps[len(trace.steps) // 2 :] if step.what == "write")
    first = next(place for place, step in enumerate(trace.steps) if step.what == "reply")
    chance = random.Random(kept)  # noqa: S311 - to be repeated
    for cut in sorted(chance.sample(range(first + 1, len(trace.steps)), CUTS)):
        told, there = state_after(trace, cut, kept, tmp_path / "cut")
        assert there >= told, f"cut after step {cut}"
        assert breaches(tmp_path / "cut") == [], f"cut after step {cut}"


def test_a_store_without_syncs_would_lose_changes(trace: Trace, tmp_path: Path) -> None:
    """The same trace without its last syncs does lose changes, so that the test above can fail (inferred)."""
    half = len(trace.steps) // 2
    steps = [step for place, step in enumerate(trace.steps) if place < half or step.what != "sync"]
    last = max(place for place, step in enumerate(steps) if step.what == "reply")
    told, there = state_after(Trace(steps, trace.folder), last + 1, 0.0, tmp_path / "cut")
    assert there < told
