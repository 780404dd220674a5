"""A real server for a test: its own process, a port that the system chose, ended by its pid."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TypeVar

Result = TypeVar("Result")

READY = "groupwall ready on "
PATIENCE = 30.0
"""Seconds that a start or an end may take on a busy machine."""

_WITH_PATIENCE = """
import sys
from groupwall.app import open_app
from groupwall.config import Quotas, Settings
from groupwall.listening import listen
from groupwall.server import serve
from groupwall.store.sqlite import open_store
from groupwall.units import Ids
settings = Settings(data=sys.argv[1], log="off")
app = open_app(open_store(settings.data, Ids()), settings, Quotas())
serve(app, settings, listen("127.0.0.1", 0), float(sys.argv[2]))
"""

PROGRAM = (sys.executable, "-c", "from groupwall.cli import main; main()")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers. url: such as ``http://127.0.0.1:40123``."""

    url: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        """The port that the system chose."""
        return int(self.url.rpartition(":")[2])

    def end(self) -> int:
        """Ask the server to end, wait for it and return its exit code."""
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        """End the server as a power cut would, as far as a process can tell."""
        self.process.kill()
        self.wait()

    def wait(self) -> int:
        """Return the exit code once the server has ended; one that does not end is killed, and its code is not 0."""
        return _kill_when_late(self.process, self.process.wait)


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run ``groupwall serve`` with these options and yield its address, such as ``http://127.0.0.1:40123``."""
    with started(*options) as server:
        yield server.url


@contextmanager
def started(*options: str, before: Sequence[str] = (), log: IO[str] | None = None) -> Iterator[Server]:
    """Run ``groupwall serve`` with these options.

    before: the words of a program that runs it, such as a tracer. log: where its standard error goes.
    """
    with running((*before, *PROGRAM, "serve", "--port", "0", *options), log) as server:
        yield server


@contextmanager
def patient(seconds: float, folder: str = ":memory:") -> Iterator[Server]:
    """Run a server that waits so long for a request to arrive."""
    with running((sys.executable, "-c", _WITH_PATIENCE, folder, str(seconds))) as server:
        yield server


@contextmanager
def running(command: Sequence[str], log: IO[str] | None = None) -> Iterator[Server]:
    """Run a program that serves, and end it if the test has not."""
    with subprocess.Popen(  # noqa: S603 - our own words only
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True
    ) as process:
        try:
            yield Server(_address(process), process)
        finally:
            process.terminate()
            _kill_when_late(process, process.wait)


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    line = _kill_when_late(process, process.stdout.readline)
    assert line.startswith(READY), f"the server said {line!r} and ended with {process.poll()}"
    return line.removeprefix(READY).strip()


def _kill_when_late(process: subprocess.Popen[str], wait: Callable[[], Result]) -> Result:
    timer = threading.Timer(PATIENCE, process.kill)
    timer.start()
    try:
        return wait()
    finally:
        timer.cancel()
