"""A real server for a test: its own process, a port that the system chose, ended by its pid."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Result = TypeVar("Result")

READY = "groupwall ready on "
PATIENCE = 30.0
"""Seconds that a start or an end may take on a busy machine."""


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run ``groupwall serve`` with these options and yield its address, such as ``http://127.0.0.1:40123``."""
    command = [sys.executable, "-c", "from groupwall.cli import main; main()", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own words only
        try:
            yield _address(server)
        finally:
            server.terminate()
            _kill_when_late(server, server.wait)


def _address(server: subprocess.Popen[str]) -> str:
    assert server.stdout
    line = _kill_when_late(server, server.stdout.readline)
    assert line.startswith(READY), f"the server said {line!r} and ended with {server.poll()}"
    return line.removeprefix(READY).strip()


def _kill_when_late(server: subprocess.Popen[str], wait: Callable[[], Result]) -> Result:
    timer = threading.Timer(PATIENCE, server.kill)
    timer.start()
    try:
        return wait()
    finally:
        timer.cancel()
