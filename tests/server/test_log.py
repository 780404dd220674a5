"""The log of requests: one line for each, of what was asked and by whom, and nothing that a client could forge."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from groupwall.accesslog import AccessLog, Entry, printable
from tests.remote import Remote, exchange
from tests.scenes import create_group
from tests.serving import PROGRAM, Server, running, started

HOSTILE = b"Action=Descr\r\nibe%0d%0aVpcs\x1b[31m&Version=2016-11-15&Evil=%00%0a%1b"


def asked_of(server: Server) -> None:
    """Ask what shows in a log: a call that is done, one that is refused, one signed in its query, and noise."""
    with Remote(server.url) as remote:
        group_id = create_group(remote, "logged")
        remote.send(remote.request("DeleteSecurityGroup", GroupId="sg-0123456789abcdef0"))
        request = remote.request("DescribeSecurityGroups", GroupIds=[group_id])
        query = request.body.decode() + "&X-Amz-Signature=0123abcd&X-Amz-Credential=AKIDEXAMPLE"
        remote.send(replace(request, method="GET", query=query, body=b""))
        remote.send(replace(request, body=HOSTILE))
    exchange(server.url, b"GET /\x1b[2J\r\n\r\n")


def test_a_line_of_text_for_each_request(tmp_path: Path) -> None:
    """A line tells when, who, what, status, code, duration, account, region and request id (inferred)."""
    with (tmp_path / "log").open("w") as log, started("--data", ":memory:", log=log) as server:
        asked_of(server)
        server.end()
    lines = (tmp_path / "log").read_text().splitlines()
    uuid = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    seen, known = r"[0-9-]{10}T[0-9:.]{12}Z 127\.0\.0\.1", rf"[0-9.]+ 123456789012 us-east-1 {uuid}"
    expected = [
        rf"{seen} CreateSecurityGroup 200 - {known}",
        rf"{seen} DeleteSecurityGroup 400 InvalidGroup\.NotFound {known}",
        rf"{seen} DescribeSecurityGroups 200 - {known}",
        rf"{seen} - 400 MalformedQueryString [0-9.]+ - - {uuid}",
    ]
    assert len(lines) == len(expected)
    assert [line for line, form in zip(lines, expected, strict=True) if not re.fullmatch(form, line)] == []


def test_a_line_of_json_for_each_request(tmp_path: Path) -> None:
    """With --log json a line is one object with the same fields (inferred)."""
    with (tmp_path / "log").open("w") as log, started("--data", ":memory:", "--log", "json", log=log) as server:
        asked_of(server)
        server.end()
    entries = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [entry["operation"] for entry in entries] == [
        "CreateSecurityGroup", "DeleteSecurityGroup", "DescribeSecurityGroups", "-",
    ]  # fmt: skip
    assert [entry["status"] for entry in entries] == [200, 400, 200, 400]
    assert {key for entry in entries for key in entry} == {
        "time", "client", "operation", "status", "milliseconds", "request_id", "account", "region", "code",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_log_holds_nothing_secret_and_nothing_forged(tmp_path: Path, form: str) -> None:
    """No query, no signature, no parameter and no control character of a request reaches the log (inferred)."""
    with (tmp_path / "log").open("wb") as log, started("--data", ":memory:", "--log", form, log=log) as server:
        asked_of(server)
        server.end()
    told = (tmp_path / "log").read_bytes()
    assert [byte for byte in told if byte != ord("\n") and not 32 <= byte < 127] == []
    for word in (b"Signature", b"0123abcd", b"AKIDEXAMPLE", b"logged", b"Evil", b"31m", b"2J", b"sg-"):
        assert word not in told


def test_a_log_can_be_off(tmp_path: Path) -> None:
    """With --log off nothing is written, whatever comes (inferred)."""
    with (tmp_path / "log").open("w") as log, started("--data", ":memory:", "--log", "off", log=log) as server:
        asked_of(server)
        server.end()
    assert (tmp_path / "log").read_text() == ""


def test_the_end_of_the_logs_reader_is_not_the_servers() -> None:
    """When nobody reads the log any more, requests are answered all the same (inferred)."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as log, started("--data", ":memory:", log=log) as server:
        os.close(reading)
        log.close()
        with Remote(server.url) as remote:
            for number in range(20):
                create_group(remote, f"group-{number}")
        assert server.end() == 0


def test_a_log_that_nobody_reads_is_given_up() -> None:
    """The first line that cannot be written is the last that is tried, and no error of the server's (inferred)."""
    reading, writing = os.pipe()
    os.close(reading)
    faults: list[object] = []

    async def write() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        for _ in range(3):
            log.add(Entry(*Entry._fields))  # type: ignore[arg-type]
            await asyncio.sleep(0)

    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "w") as stream:
        log = AccessLog(stream, "text")
        asyncio.run(write())
    assert faults == []


def test_a_server_without_standard_error_serves(tmp_path: Path) -> None:
    """A server whose standard error was closed before it began has no log, and serves (inferred)."""
    words = [*PROGRAM, "serve", "--port", "0", "--data", str(tmp_path)]
    with running(["sh", "-c", 'exec "$@" 2>&-', "sh", *words]) as server:
        with Remote(server.url) as remote:
            create_group(remote)
        assert server.end() == 0


def test_whatever_is_not_printable_is_escaped() -> None:
    """A line of the log is one line of printable ASCII (inferred)."""
    assert printable("plain ~text") == "plain ~text"
    assert printable("a\nb\x1b[0m\x7fä\u2028") == "a\\nb\\x1b[0m\\x7f\\xe4\\u2028"


def test_a_start_that_fails_tells_no_secret(tmp_path: Path) -> None:
    """What a command prints when it is refused holds nothing of the environment's credentials (inferred)."""
    (tmp_path / "file").write_text("")
    done = subprocess.run(  # noqa: S603 - our own words only
        [*PROGRAM, "serve", "--port", "0", "--data", str(tmp_path / "file")],
        env=os.environ | {"AWS_SECRET_ACCESS_KEY": "very-secret"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "very-secret" not in done.stdout + done.stderr
