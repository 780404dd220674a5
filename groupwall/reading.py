"""The reader: a process of its own that answers large reads on a snapshot, so that no write waits for them.

In one process every reader would stall the writes through the interpreter lock while it encodes megabytes. The reader
is started when the first large read comes, never forked (a fork would keep the listening socket), and started again if
it dies. The two speak over its standard input and output: a question is a line of JSON; a reply is a line of JSON, its
head, and then its body in parts, each behind its length, which is passed on to the client as it comes: no process holds
more of it than a few parts. A reply that goes wrong half-way ends with the reader, and the server breaks it off.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import logging
import os
import sys
from dataclasses import replace
from typing import BinaryIO

from groupwall import errors
from groupwall.app import App, Call, Reply, Request, open_app, unanswered
from groupwall.calls import tried_as_json, tried_from_json
from groupwall.config import Settings, quotas_from
from groupwall.sending import BrokenOff, Client
from groupwall.store.sqlite import open_beside

log = logging.getLogger("groupwall")

SECONDS_TO_ANSWER = 120.0
"""From a question to the end of its reply, with the time that the client takes: the next question waits that long."""

LENGTH_BYTES = 4

MOST_WAITING = 16
"""Questions that may wait for the one under way, which takes seconds at worst."""

_DIED = (OSError, EOFError, ValueError, RuntimeError)
"""What the pipes of a process that ended may raise; RuntimeError is uvloop's."""


class Reader:
    """The server's end: one question at a time to one reader process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asking = 0
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def answer(self, request: Request, call: Call, client: Client) -> Reply:
        """Send the reply to a read to its client; return the reply's head.

        ApiError, with nothing sent, when too many ask, the client has gone, or the process fails. BrokenOff when that
        happens later, or when the client does not take what it is sent.
        """
        if self._asking > MOST_WAITING:
            raise errors.request_limit_exceeded()
        self._asking += 1
        try:
            async with self._turn:
                if client.leaving:
                    raise errors.request_limit_exceeded()
                return await self._asked(_question(request, call), client)
        finally:
            self._asking -= 1

    async def _asked(self, question: bytes, client: Client) -> Reply:
        try:
            async with asyncio.timeout(SECONDS_TO_ANSWER):
                head = await self._head(question)
                await self._pass_on(head, client)
        except _DIED as error:
            self.close()
            if client.begun:
                log.warning("a large reply was broken off: %r", error)
                raise BrokenOff(client.begun) from error
            log.warning("the reader ended twice, or did not answer in time: %r", error)
            raise unanswered() from error
        except BaseException:  # cancelled half-way through: the next question must not get this one's answer
            self.close()
            raise
        return head

    async def _head(self, question: bytes) -> Reply:
        try:
            return await self._exchange(question)
        except _DIED:  # perhaps long ago: only a question tells
            self.close()
            return await self._exchange(question)

    async def _exchange(self, question: bytes) -> Reply:
        process = self._process or await self._start()
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(question)
        await process.stdin.drain()
        head = json.loads(await process.stdout.readline() or b"{}")
        if not head:
            raise EOFError
        return Reply(head["status"], tuple((name, value) for name, value in head["headers"]), b"")

    async def _pass_on(self, head: Reply, client: Client) -> None:
        await client.begin(head)
        while part := await self._part():
            await client.take(part)
        await client.end()

    async def _part(self) -> bytes:
        assert self._process is not None  # noqa: S101 - it was asked
        assert self._process.stdout is not None  # noqa: S101
        size = await self._process.stdout.readexactly(LENGTH_BYTES)
        return await self._process.stdout.readexactly(int.from_bytes(size))

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


def _question(request: Request, call: Call) -> bytes:
    """Return the line that asks the reader. What the call tries was tried before: the reader may not write."""
    text = [request.method, request.path, request.query, request.headers]
    way = [request.source, request.secure]
    tried = tried_as_json(call.tried) if call.tried else None
    return json.dumps([call.request_id, tried, *text, base64.b64encode(request.body).decode(), *way]).encode() + b"\n"


def answer_all(app: App, questions: BinaryIO, answers: BinaryIO) -> None:
    """Answer questions until there are no more."""
    for line in questions:
        request_id, tried, method, path, query, headers, body, *way = json.loads(line)
        pairs = tuple((name, value) for name, value in headers)
        request = Request(method, path, query, pairs, base64.b64decode(body), *way)
        answer = _Answer(answers)
        call = app.prepare(request, request_id)
        if tried and isinstance(call, Call):
            call = replace(call, tried=tried_from_json(tried))
        refusal = app.read_alone(call, answer.send)
        if refusal:
            answer.send(refusal)
        answer.end()


class _Answer:
    """A reply on its way to the server."""

    def __init__(self, answers: BinaryIO) -> None:
        self._answers = answers
        self._status = 0

    def send(self, part: Reply) -> None:
        """Send a part, the head before the first. SystemExit when it is an error amid a reply of another status."""
        if not self._status:
            head = {"status": part.status, "headers": part.headers}
            self._send(json.dumps(head).encode() + b"\n")
            self._status = part.status
        if part.status != self._status:
            sys.exit("a large reply could not be brought to its end")
        self._send(len(part.body).to_bytes(LENGTH_BYTES) + part.body)

    def end(self) -> None:
        """Tell that there are no more parts."""
        self._send(bytes(LENGTH_BYTES))

    def _send(self, sent: bytes) -> None:
        try:
            self._answers.write(sent)
            self._answers.flush()
        except BrokenPipeError:  # the server is gone, or gave up
            sys.exit()


def main() -> None:
    """Be the reader of the store that the argument names."""
    data, account, region, auth = json.loads(sys.argv[1])
    settings = Settings(data=data, account=account, region=region, auth=auth, allow_open=True)  # the server has looked
    app = open_app(open_beside(data, read_only=True), settings, quotas_from(os.environ))
    with contextlib.suppress(KeyboardInterrupt):
        answer_all(app, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
