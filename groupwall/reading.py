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
import os
import sys
from typing import Any, BinaryIO

from groupwall.app import App, Reply, Request, open_app
from groupwall.config import Settings, quotas_from
from groupwall.store.sqlite import open_beside

SECONDS_TO_ANSWER = 120.0


class ReaderGone(Exception):
    """The reader ended, or did not answer in time."""


class Reader:
    """The server's end: one question at a time to one reader process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def answer(self, request: Request, request_id: str) -> Reply:
        """Return the reply to a read. ReaderGone when the process fails."""
        async with self._turn:
            try:
                async with asyncio.timeout(SECONDS_TO_ANSWER):
                    return await self._exchange(_question(request, request_id))
            except (OSError, EOFError, TimeoutError) as error:
                self.close()
                raise ReaderGone from error
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
            sys.executable, "-m", "groupwall.reading", settings,
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
    settings = Settings(data=data, account=account, region=region, auth=auth)
    app = open_app(open_beside(data, read_only=True), settings, quotas_from(os.environ))
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        answer_all(app, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
