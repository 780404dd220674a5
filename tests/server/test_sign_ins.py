"""What the log tells of who is not believed: the key, why, from where; and never what could be used."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from groupwall.accesslog import STRANGERS_AT_ONCE, AccessLog, Entry, Outlet
from groupwall.units import FrozenClock, SystemClock
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Credentials
from tests.programs import command, make_key
from tests.remote import Remote
from tests.serving import Server, started

NOBODYS = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "a-stolen-token")
NOW = 1_795_000_000_000


def asked(server: Server, credentials: Credentials, request: Request | None = None, seconds: int = 0) -> None:
    """Ask with credentials, or send another request; ``seconds``: by a clock that differs so much."""
    clock = FrozenClock(SystemClock().now() + seconds * 1000)
    with Remote(server.url, credentials, clock=clock) as remote:
        remote.send(request or remote.request("DescribeVpcs"))


def entries(folder: Path, form: str = "json") -> Iterator[dict[str, Any]]:
    """Yield what a server logs of requests that are believed, and of those that are not."""
    key = make_key(folder / "store", "--user", "alice")
    with (
        (folder / "log").open("w") as log,
        started("--auth", "signed", "--log", form, "--data", str(folder / "store"), log=log) as server,
    ):
        asked(server, key)
        asked(server, Credentials(key.access_key_id, "wrong"))
        asked(server, Credentials(key.access_key_id, key.secret), seconds=1000)
        asked(server, NOBODYS)
        asked(server, Credentials(key.secret, key.access_key_id))
        asked(server, key, Request("POST", "/", "", (("host", "x"),), b"Action=DescribeVpcs&Version=2016-11-15"))
        assert command("keys", "disable", key.access_key_id, "--data", str(folder / "store")).code == 0
        asked(server, key)
        server.end()
    told = (folder / "log").read_text()
    for secret in (key.secret, NOBODYS.secret, "stolen", "Signature", "AWS4"):
        assert secret not in told
    yield {"key": key.access_key_id}
    yield from (json.loads(line) if form == "json" else {"line": line} for line in told.splitlines())


ALICE = "arn:aws:iam::123456789012:user/alice"


def test_a_line_names_the_caller_or_the_key_and_why(tmp_path: Path) -> None:
    """Of who is believed the ARN and the key's id are told, of others the id that they named and why (inferred)."""
    key, *lines, last = entries(tmp_path)
    assert [(line["caller"], line["key"], line["reason"], line["code"]) for line in lines] == [
        (ALICE, key["key"], "-", "-"),
        ("-", key["key"], "mismatch", "AuthFailure"),
        ("-", key["key"], "expired", "RequestExpired"),
        ("-", NOBODYS.access_key_id, "unknown_key", "AuthFailure"),
        ("-", "?", "unknown_key", "AuthFailure"),  # a secret in the place of the id
        ("-", "-", "unsigned", "MissingAuthenticationToken"),
    ]
    assert (last["key"], last["code"]) == (key["key"], "AuthFailure")
    assert (last["caller"], last["reason"]) in ((ALICE, "-"), ("-", "unknown_key"))  # it may be remembered for a second
    assert {line["client"] for line in lines} == {"127.0.0.1"}
    assert len({line["request_id"] for line in lines}) == len(lines)


def test_text_tells_the_same(tmp_path: Path) -> None:
    """The last three words of a line of text are the caller, the key and the reason (inferred)."""
    key, *lines = entries(tmp_path, "text")
    assert lines[1]["line"].endswith(f" - {key['key']} mismatch")


@pytest.mark.parametrize("caller", ["-", ALICE])
def test_a_flood_of_failures_does_not_fill_a_disk(tmp_path: Path, caller: str) -> None:
    """Of who is not known so many lines are written, and it is told how many were not; of others all (inferred)."""
    entry = Entry("now", "192.0.2.1", "DescribeVpcs", 401, "AuthFailure", 0.1, "-", "-", "id", caller, "AKIA", "x")
    with (tmp_path / "log").open("w") as file:
        outlet = Outlet(file.fileno())
        asyncio.run(_added(AccessLog(outlet, "text"), entry, STRANGERS_AT_ONCE + 30))
        outlet.close()
    lines = (tmp_path / "log").read_text().splitlines()
    told = [line for line in lines if "left out" in line]
    if caller == "-":
        assert told == [f"{number} refusals of callers that are not known were left out here" for number in (29, 2)]
        assert len(lines) == STRANGERS_AT_ONCE + 1 + len(told)
    else:
        assert (told, len(lines)) == ([], STRANGERS_AT_ONCE + 32)


async def _added(log: AccessLog, entry: Entry, count: int) -> None:
    """Add entries at one time, one a little later, and two for which a stranger has no room."""
    for _ in range(count - 1):
        log.add(entry, NOW)
    log.add(entry, NOW + 200)
    for _ in range(2):
        log.add(entry, NOW + 399)
    log.close()
