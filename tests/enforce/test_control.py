"""Commands speak to the agent of their machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from groupwall.enforce.agent import control
from groupwall.enforce.agent.control import LONGEST, Denied, NoAgent


async def _double(word: str) -> str:
    if word == "wrong":
        raise ValueError("not that word")
    return word + word


def _asked(folder: Path, ask: Callable[[], str]) -> str:
    """Return what ``ask`` is told while an agent listens."""

    async def run() -> str:
        async with await control.listen(folder, {"double": _double}, (ValueError,)):
            try:
                return await asyncio.to_thread(ask)
            finally:
                await _settled(folder)

    return asyncio.run(run())


async def _settled(folder: Path) -> None:
    """Wait until every connection that came before has had its answer, one that was only looked at too."""
    await asyncio.to_thread(lambda: control.ask(folder, "double", word="last"))  # they are accepted in order
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})


def test_what_is_asked_is_done(tmp_path: Path) -> None:
    """A command has the agent do something, and is told what was done (inferred)."""
    assert _asked(tmp_path, lambda: control.ask(tmp_path, "double", word="ab")) == "abab"


def test_a_long_request_is_done(tmp_path: Path) -> None:
    """What an agent is asked may be as long as a megabyte; what is longer is refused, not lost (inferred)."""
    word = "x" * (LONGEST - len('["double", {"word": ""}]\n'))
    assert _asked(tmp_path, lambda: control.ask(tmp_path, "double", word=word)) == 2 * word
    with pytest.raises(Denied, match="takes 1,048,577 bytes, and it reads 1,048,576"):
        control.ask(tmp_path, "double", word=word + "x")


def test_what_is_refused_is_told(tmp_path: Path) -> None:
    """A refusal comes with its reason (inferred)."""
    with pytest.raises(Denied, match="not that word"):
        _asked(tmp_path, lambda: control.ask(tmp_path, "double", word="wrong"))


def test_nobody_is_there(tmp_path: Path) -> None:
    """Where no agent listens, or one died and left its socket, that is told (inferred)."""
    assert not control.is_there(tmp_path)
    with pytest.raises(NoAgent, match="no agent runs with the folder"):
        control.ask(tmp_path, "double", word="ab")
    assert _asked(tmp_path, lambda: str(control.is_there(tmp_path))) == "True"
    assert _asked(tmp_path, lambda: str(control.agent_of(tmp_path))) == str(os.getpid())
    with pytest.raises(NoAgent):
        control.ask(tmp_path, "double", word="ab")


def test_a_folder_has_one_agent(tmp_path: Path) -> None:
    """A second agent is refused while the first listens (inferred)."""
    with pytest.raises(NoAgent, match="another agent runs"):
        _asked(tmp_path, lambda: _asked(tmp_path, str))


def test_nobody_else_may_ask(tmp_path: Path) -> None:
    """Whatever a process lets others do with its files, the socket is its user's alone (inferred)."""
    before = os.umask(0)
    try:
        assert _asked(tmp_path, lambda: oct((tmp_path / control.SOCKET).stat().st_mode & 0o777)) == "0o600"
    finally:
        os.umask(before)
