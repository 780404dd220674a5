"""An agent that dies is started again, as a child of what waits for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupwall.enforce.agent.alive import is_child
from tests.serving import PATIENCE
from tests.sources import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs fork")

KEPT = """
import os, sys
from groupwall.enforce.agent.alive import keep_alive
keep_alive(0)
print(os.getpid(), flush=True)
status = sys.argv[1]
sys.exit(int(status)) if status else sys.stdin.read()
"""


class Kept:
    """A program whose child tells its pid."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self.program = program

    def child(self) -> int:
        """Return the pid that the next child tells."""
        assert self.program.stdout
        return int(self.program.stdout.readline())

    def ended(self) -> tuple[int, str]:
        """Close the lifeline; return the program's status, and what it said."""
        _, said = self.program.communicate(timeout=PATIENCE)
        return self.program.returncode, said


def _kept(status: str) -> Iterator[Kept]:
    with subprocess.Popen(  # noqa: S603 - our own words only
        [sys.executable, "-c", KEPT, status], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as program:  # fmt: skip
        yield Kept(program)


@pytest.fixture
def kept() -> Iterator[Kept]:
    """A program whose child lives until the lifeline ends."""
    yield from _kept("")


@pytest.fixture(params=["0", "3"])
def ending(request: pytest.FixtureRequest) -> Iterator[tuple[str, Kept]]:
    """A program whose child ends at once, with a status."""
    for one in _kept(request.param):
        yield request.param, one


def test_who_is_killed_is_followed_by_another(kept: Kept) -> None:
    """Each time the child is killed there is a new one, and that is told; at the end all end well (inferred)."""
    pids = []
    for _ in range(3):
        pids.append(kept.child())
        os.kill(pids[-1], signal.SIGKILL)
    pids.append(kept.child())
    assert len(set(pids)) == len(pids)
    status, said = kept.ended()
    assert status == 0
    assert [line.rpartition(" in ")[2] for line in said.splitlines()] == [
        f"{pause} s it is started again" for pause in ("0.1", "0.2", "0.4")
    ]


def test_signals_end_neither(kept: Kept) -> None:
    """Ctrl-C and SIGTERM, which a whole group or service is sent, end nobody: the lifeline does (inferred)."""
    first = kept.child()
    for each in (first, kept.program.pid):
        os.kill(each, signal.SIGINT)
        os.kill(each, signal.SIGTERM)
    assert kept.ended() == (0, "")


def test_who_ends_at_the_start_is_not(ending: tuple[str, Kept]) -> None:
    """One that ends by itself at its start has said why: its status is that of all (inferred)."""
    status, kept = ending
    kept.child()
    assert kept.ended() == (int(status), "")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")
def test_a_child_is_known(kept: Kept) -> None:
    """Whose child a process is says the system; who is not there is nobody's (inferred)."""
    child = kept.child()
    assert is_child(child, kept.program.pid)
    assert not is_child(child, os.getpid())
    assert not is_child(None, os.getpid())
