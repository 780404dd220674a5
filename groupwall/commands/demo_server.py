"""The demo's own servers: ``groupwall serve`` on a folder, killed and started again at will, ended by its pid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from groupwall.config import SettingError

READY = "groupwall ready on "
PATIENCE = 30.0
"""Seconds that a start may take on a busy machine."""


_REFUSED = 2
"""The exit code of a server that cannot be what it was asked to be."""
_WHY = "Error: "


class Key(NamedTuple):
    """An access key with its secret."""

    id: str
    secret: str


class Server:
    """``groupwall serve --auth signed`` on a folder, at a port that the system chose. OSError if it does not start.

    options: more of its words. log: where its standard error goes. environment: variables for it. python: which runs
    it.
    """

    def __init__(
        self, folder: str, *options: str, log: Path | None = None, python: str = sys.executable, **environment: str
    ) -> None:
        self.endpoint = ""
        self._python = python
        self._words = ("--port", "0", "--data", folder, "--auth", "signed", "--log", "off", *options)
        self._log = log
        self._environment = _environment() | environment
        self._program: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and return when it answers at ``endpoint``. SettingError if it says that it cannot be done here."""
        with open(self._log or os.devnull, "w") as log:  # noqa: PTH123 - one of them is no file
            self._program = subprocess.Popen(  # noqa: S603 - our own words only
                _command("serve", *self._words, python=self._python),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log if self._log else None, text=True,
                env=self._environment,
            )  # fmt: skip
        line = self._first_line(self._program)
        if not line.startswith(READY):
            self.end()
            self._tell_why(self._program.returncode)
        self.endpoint = line.removeprefix(READY).strip()

    def _first_line(self, program: subprocess.Popen[str]) -> str:
        assert program.stdout  # noqa: S101 - it is a pipe
        timer = threading.Timer(PATIENCE, program.kill)
        timer.start()
        try:
            return program.stdout.readline()
        finally:
            timer.cancel()

    def _tell_why(self, status: int) -> None:
        told = self._log.read_text("utf-8").strip() if self._log else ""
        if status == _REFUSED and _WHY in told:
            raise SettingError(f"the server says: {' '.join(told.rpartition(_WHY)[2].split())}")
        raise OSError(f"the server did not start: {told}" if told else "the server did not start")

    def kill(self) -> int:
        """End it with SIGKILL, so that nothing is left to say goodbye; return the pid that it had."""
        assert self._program  # noqa: S101 - it was started
        self._program.kill()
        self._program.communicate()
        return self._program.pid

    def end(self) -> None:
        """Have it end, and its agent with it, if it runs."""
        if self._program:
            self._program.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._program.communicate(timeout=PATIENCE)
            self.kill()


def create_key(folder: str) -> Key:
    """Make an access key with ``groupwall keys create``, in a store that is made with it."""
    command = _command("keys", "create", "--user", "demo", "--data", folder, "--json")
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE, env=_environment())  # noqa: S603
    shown = json.loads(made.stdout)
    return Key(shown["AccessKeyId"], shown["SecretAccessKey"])


def _command(*words: str, python: str = sys.executable) -> list[str]:
    return [python, "-P", "-m", "groupwall.cli", *words]  # -P: nothing in the working folder is run


def _environment() -> dict[str, str]:
    """Return the environment without the user's settings, which must not bend what the demo promises."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GROUPWALL_")}
