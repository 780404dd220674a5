"""The demo's own server: ``groupwall serve`` on a folder, killed and started again at will, ended by its pid."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import NamedTuple, Self

READY = "groupwall ready on "
PATIENCE = 30.0
"""Seconds that a start may take on a busy machine."""


class Key(NamedTuple):
    """An access key with its secret."""

    id: str
    secret: str


class Server:
    """``groupwall serve --auth signed`` on a folder, at a port that the system chose. OSError if it does not start."""

    def __init__(self, folder: str) -> None:
        self.endpoint = ""
        self._folder = folder
        self._program: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and return when it answers at ``endpoint``."""
        command = _command("serve", "--port", "0", "--data", self._folder, "--auth", "signed", "--log", "off")
        self._program = subprocess.Popen(  # noqa: S603 - our own words only
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, env=_environment()
        )
        assert self._program.stdout  # noqa: S101 - it is a pipe
        timer = threading.Timer(PATIENCE, self._program.kill)
        timer.start()
        line = self._program.stdout.readline()
        timer.cancel()
        if not line.startswith(READY):
            self.kill()
            raise OSError("the server did not start")
        self.endpoint = line.removeprefix(READY).strip()

    def kill(self) -> int:
        """End it with SIGKILL, so that nothing is left to say goodbye; return the pid that it had."""
        assert self._program  # noqa: S101 - it was started
        self._program.kill()
        self._program.communicate()
        return self._program.pid


def create_key(folder: str) -> Key:
    """Make an access key with ``groupwall keys create``, in a store that is made with it."""
    command = _command("keys", "create", "--user", "demo", "--data", folder, "--json")
    made = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=PATIENCE, env=_environment())  # noqa: S603
    shown = json.loads(made.stdout)
    return Key(shown["AccessKeyId"], shown["SecretAccessKey"])


def _command(*words: str) -> list[str]:
    return [sys.executable, "-m", "groupwall.cli", *words]


def _environment() -> dict[str, str]:
    """Return the environment without the user's settings, which must not bend what the demo promises."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GROUPWALL_")}
