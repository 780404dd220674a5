"""How commands speak to the agent of their machine: a socket in its folder, which root alone can reach.

A request is one line of JSON, an operation and its arguments; the reply is one, with what was done or why it was not.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

SOCKET = "agent.sock"
PATIENCE = 30.0
"""Seconds that a command waits."""
LONGEST = 1 << 20
"""Bytes of a request: of some 20,000 callers by SSH, whom one machine need not have."""

_CREDENTIALS = struct.Struct("3i")
"""The pid, user and group of who listens, as the kernel tells them."""

Act = Callable[..., Awaitable[str]]
Json = dict[str, Any]


class NoAgent(OSError):
    """No agent has this folder."""


class Denied(OSError):
    """The agent did not do what it was asked; the message says why."""


def ask(folder: Path, operation: str, **given: Any) -> str:  # noqa: ANN401 - what JSON can say
    """Have the agent of a folder do something; return what it tells. Raise NoAgent, Denied."""
    request = json.dumps([operation, given]).encode() + b"\n"
    if len(request) > LONGEST:
        raise Denied(f"what the agent is asked takes {len(request):,} bytes, and it reads {LONGEST:,}")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        try:
            connection.connect(str(folder / SOCKET))
        except (FileNotFoundError, ConnectionRefusedError):
            raise NoAgent(f"no agent runs with the folder {folder}; --state names another") from None
        connection.sendall(request)
        with connection.makefile("rb") as lines:
            told: Json = json.loads(lines.readline() or b'{"refused": "the agent ended"}')
    if "refused" in told:
        raise Denied(told["refused"])
    return str(told["done"])


def is_there(folder: Path) -> bool:
    """Tell whether an agent runs with a folder."""
    return agent_of(folder) is not None


def agent_of(folder: Path) -> int | None:
    """Return the pid of the agent that listens in a folder, None if none does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            connection.connect(str(folder / SOCKET))
        except OSError:
            return None
        told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid: int = _CREDENTIALS.unpack(told)[0]
    return pid


async def listen(folder: Path, acts: dict[str, Act], refusals: tuple[type[Exception], ...]) -> asyncio.Server:
    """Do what commands ask for, by the name of each operation. OSError if another agent has the folder."""
    if is_there(folder):
        raise NoAgent(f"another agent runs with the folder {folder}")
    place = folder / SOCKET
    place.unlink(missing_ok=True)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await reader.readline()
            if line:
                writer.write(json.dumps(await _done(acts, line, refusals)).encode() + b"\n")
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    return await asyncio.start_unix_server(answer, sock=_private(place), limit=LONGEST)


def _private(place: Path) -> socket.socket:
    """Return a socket that nobody else can connect to, whatever this process lets others do with what it makes."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(str(place))
    finally:
        os.umask(before)
    return made


async def _done(acts: dict[str, Act], line: bytes, refusals: tuple[type[Exception], ...]) -> Json:
    operation, given = json.loads(line)
    try:
        return {"done": await acts[operation](**given)}
    except refusals as error:
        return {"refused": str(error)}
