"""Commands of the command line, each run in a process of its own to its end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from groupwall.wire.sigv4 import Credentials
from tests.serving import PATIENCE, PROGRAM


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


def command(*words: str, before: Sequence[str] = ()) -> Ended:
    """Run ``groupwall`` with these words. before: those of a program that runs it."""
    return ended_of(*before, *PROGRAM, *words)


def ended_of(*words: str) -> Ended:
    """Run a program to its end."""
    done = subprocess.run(  # noqa: S603 - our own words only
        words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def make_key(folder: Path, *options: str) -> Credentials:
    """Make an access key in a store, with a server on it or without."""
    ended = command("keys", "create", "--data", str(folder), *options)
    assert (ended.code, ended.err) == (0, "")
    named = dict(line.split("=", 1) for line in ended.out.splitlines())
    return Credentials(named["AWS_ACCESS_KEY_ID"], named["AWS_SECRET_ACCESS_KEY"])
