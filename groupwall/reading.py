"""The reader: a process of its own that answers large reads on a snapshot, so that no write waits for them.

In one process every reader would stall the writes through the interpreter lock while it encodes megabytes. The reader
is started when the first large read comes, never forked (a fork would keep the listening socket), and started again if
it dies. The two speak over its standard input and output: a line of JSON and the bytes that it announces, both ways.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from groupwall import errors
from groupwall.app import App, Reply, Request, open_app, unanswered
from groupwall.config import Settings, quotas_from
from groupwall.store.sqlite import open_beside

log = logging.getLogger("groupwall")

SECONDS_TO_ANSWER = 120.0

MOST_WAITING = 16
"""Questions that may wait for the one under way, which takes seconds at worst."""

MOST_UNTAKEN = 64 << 20
"""Bytes of replies that clients have not taken yet; from there on no more large reads are begun."""

SECONDS_FOR_ROOM = 10.0

_DIED = (OSError, EOFError, ValueError, RuntimeError)
"""What the pipes of a process that ended may raise; RuntimeError is uvloop's."""


class Room:
    """How much memory the replies take up that their clients have not taken yet."""

    def __init__(self) -> None:
        self._untaken = 0
        self._left = asyncio.Event()
        self._left.set()

    @contextlib.contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Count a reply of so many bytes while it is sent."""
        self._count(size)
        try:
            yield
        finally:
            self._count(-size)

    def _count(self, size: int) -> None:
        self._untaken += size
        if self._untaken < MOST_UNTAKEN:
            self._left.set()
        else:
            self._left.clear()

    async def wait(self) -> None:
        """Wait until another large reply may be held. ApiError when that takes too long."""
        try:
            async with asyncio.timeout(SECONDS_FOR_ROOM):
                await self._left.wait()
        except TimeoutError as error:
            raise errors.request_limit_exceeded() from error


class Reader:
    """The server's end: one question at a time to one reader process."""

    def __init__(self, settings: Settings, room: Room) -> None:
        self._settings = settings
        self._room = room
        self._asking = 0
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def answer(self, request: Request, request_id: str, unwanted: Callable[[], bool]) -> Reply:
        """Return the reply to a read. ApiError when too many ask, nobody wants it any more, or the process fails."""
        if self._asking > MOST_WAITING:
            raise errors.request_limit_exceeded()
        self._asking += 1
        try:
            async with self._turn:
                await self._room.wait()
                if unwanted():
                    raise errors.request_limit_exceeded()
                return await self._asked(_question(request, request_id))
        finally:
            self._asking -= 1

    async def _asked(self, question: bytes) -> Reply:
        try:
            async with asyncio.timeout(SECONDS_TO_ANSWER):
                try:
                    return await self._exchange(question)
                except _DIED:  # perhaps long ago: only a question tells
                    self.close()
                    return await self._exchange(question)
        except _DIED as error:
            self.close()
            log.warning("the reader ended twice, or did not answer in time: %r", error)
            raise unanswered() from error
        except BaseException:  # cancelled half-way through: the next question must not get this one's answer
            self.close()
            raise

    async def _exchange(self, question: bytes) -> Reply:
        process = self._process or await self._start()
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(question)
        await process.stdin.drain()
        head = json.loads(await process.stdout.readline() or b"{}")
        if not head:
            raise EOFError
        body = await process.stdout.readexactly(head["length"])
        return Reply(head["status"], tuple((name, value) for name, value in head["headers"]), body)

    async def _start(self) -> asyncio.subprocess.Process:
        settings = json.dumps([self._settings.data, self._settings.account, self._settings.region, self._settings.auth])
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "groupwall.reading", settings,  # -P: nothing in the working folder is run
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C at a terminal is for the server, which lets answers under way finish
        )  # fmt: skip
        return self._process

    def close(self) -> None:
        """End the reader process."""
        process, self._process = self._process, None
        if process and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()


def _question(request: Request, request_id: str) -> bytes:
    text = [request.method, request.path, request.query, request.headers]
    return json.dumps([request_id, *text, base64.b64encode(request.body).decode()]).encode() + b"\n"


def answer_all(app: App, questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer questions until there are no more."""
    for line in questions:
        request_id, method, path, query, headers, body = json.loads(line)
        pairs = tuple((name, value) for name, value in headers)
        request = Request(method, path, query, pairs, base64.b64decode(body))
        reply = app.read_alone(request, request_id)
        head: dict[str, Any] = {"status": reply.status, "headers": reply.headers, "length": len(reply.body)}
        answers.write(json.dumps(head).encode() + b"\n" + reply.body)
        answers.flush()


def main() -> None:
    """Be the reader of the store that the argument names."""
    data, account, region, auth = json.loads(sys.argv[1])
    settings = Settings(data=data, account=account, region=region, auth=auth, allow_open=True)  # the server has looked
    app = open_app(open_beside(data, read_only=True), settings, quotas_from(os.environ))
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        answer_all(app, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
