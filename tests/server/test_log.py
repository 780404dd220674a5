"""The log of requests: one line for each, of what was asked and by whom, and nothing that a client could forge."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from groupwall.accesslog import MOST_WAITING, Outlet, printable
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
    seen = r"[0-9-]{10}T[0-9:.]{12}Z 127\.0\.0\.1"
    known = rf"[0-9.]+ 123456789012 us-east-1 {uuid} arn:aws:iam::123456789012:root - -"
    expected = [
        rf"{seen} CreateSecurityGroup 200 - {known}",
        rf"{seen} DeleteSecurityGroup 400 InvalidGroup\.NotFound {known}",
        rf"{seen} DescribeSecurityGroups 200 - {known}",
        rf"{seen} - 400 MalformedQueryString [0-9.]+ - - {uuid} - 123456789012 -",
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
        "caller", "key", "reason",
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


def test_a_refused_request_is_told_by_name(tmp_path: Path) -> None:
    """The action of a request that could not be read is told where it is one of AWS's (inferred)."""
    with (tmp_path / "log").open("w") as log, started("--data", ":memory:", log=log) as server:
        with Remote(server.url) as remote:
            for action in ("RunInstances", "DescribeVpcs", "Nothing", "Describe%0aVpcs"):
                remote.send(remote.signed(f"Action={action}&Version=2016-11-15&Bogus=1".encode()))
        server.end()
    told = [line.split()[2:5] for line in (tmp_path / "log").read_text().splitlines()]
    assert [operation for operation, _, _ in told] == ["RunInstances", "DescribeVpcs", "-", "-"]
    assert {status for _, status, _ in told} == {"400"}


def test_a_client_cannot_forge_its_address(tmp_path: Path) -> None:
    """The address in the log is the connection's, whatever a header says (inferred)."""
    with (tmp_path / "log").open("w") as log, started("--data", ":memory:", log=log) as server:
        with Remote(server.url) as remote:
            asked = remote.request("DescribeVpcs")
            remote.send(replace(asked, headers=(*asked.headers, ("x-forwarded-for", "192.0.2.1"))))
        server.end()
    assert (tmp_path / "log").read_text().split()[1] == "127.0.0.1"


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


def test_a_log_that_nobody_empties_holds_up_nobody(tmp_path: Path) -> None:
    """With standard error a pipe that is full, requests are answered, and the server ends when told to (inferred)."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as log, started("--data", str(tmp_path), log=log) as server:
        os.set_blocking(reading, False)
        os.set_blocking(writing, True)
        with Remote(server.url) as remote:
            for _ in range(1_000):  # a pipe holds 64 KiB, a line is longer than 100 characters
                remote.call("DescribeRegions")
        assert server.end() == 0
    os.close(reading)


def outlet_on(pipe: tuple[int, int]) -> Outlet:
    """Return an outlet to a pipe that was filled by others."""
    os.set_blocking(pipe[1], False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(pipe[1], b"\0" * 4096)
    os.set_blocking(pipe[1], True)
    return Outlet(pipe[1])


def test_what_nobody_takes_is_dropped_and_told() -> None:
    """Once the log is read again it goes on, and says how many lines are missing (inferred)."""
    pipe = os.pipe()
    outlet = outlet_on(pipe)
    line = "x" * 99 + "\n"
    for _ in range(MOST_WAITING // 100 * 3):
        outlet.write(line)
    taken = b""
    while taken.count(b"\n") < MOST_WAITING // 100:
        taken += os.read(pipe[0], 1 << 20).lstrip(b"\0")
    outlet.write("after\n")
    while not taken.endswith(b"after\n"):
        taken += os.read(pipe[0], 1 << 20)
    outlet.close()
    told = [row.partition(" ") for row in taken.decode().splitlines() if "dropped" in row]
    lines = [row for row in taken.decode().splitlines() if row.startswith("x")]
    assert {text for _, _, text in told} == {"lines of the log were dropped here: nobody took them"}
    assert sum(int(number) for number, _, _ in told) + len(lines) == MOST_WAITING // 100 * 3
    for end in pipe:
        os.close(end)


def test_a_log_that_failed_goes_on(tmp_path: Path) -> None:
    """A line that could not be written is counted, and the next is tried (inferred)."""
    full, log = os.open("/dev/full", os.O_WRONLY), os.open(tmp_path / "log", os.O_CREAT | os.O_RDWR)
    outlet = Outlet(full)
    outlet.write("lost\nand this\n")
    while not outlet._dropped:  # noqa: SLF001 - the writing thread's word that it has tried
        os.sched_yield()
    os.dup2(log, full)
    outlet.write("kept\n")
    outlet.close()
    assert (tmp_path / "log").read_text() == "2 lines of the log were dropped here: nobody took them\nkept\n"
    for descriptor in (full, log):
        os.close(descriptor)


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
