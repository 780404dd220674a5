"""A disk that is full, or that fails: what was answered stands, what is refused is said to be, nothing is half done."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from groupwall.errors import ApiError
from tests.law import breaches
from tests.remote import Remote, exchange
from tests.scenes import create_group
from tests.serving import PROGRAM, Server, started

CLIENTS = 8
ROOM = 2_000_000
"""Bytes that the disk has, or that one file of it may hold: enough for a hundred changes or so."""

MOUNT = f'mount -t tmpfs -o size={ROOM},mode=700 tmpfs "$0" && exec "$@"'


def full_disk(folder: Path) -> tuple[str, ...]:
    """Return the words that run a program with a small disk of its own at a folder, which nobody else sees."""
    words = ("unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c", MOUNT, str(folder))
    tried = subprocess.run([*words, "true"], check=False, capture_output=True, text=True)  # noqa: S603 - our own words
    if tried.returncode:
        pytest.skip(f"no file system can be mounted here: {tried.stderr.strip()}")
    return words


def failing_disk(_: Path) -> tuple[str, ...]:
    """Return the words that run a program to which the kernel refuses to write more, as a broken disk does."""
    return ("prlimit", f"--fsize={ROOM}", "--")


def fill(server: Server) -> tuple[set[str], set[str]]:
    """Have clients make groups until they are refused; return the names that were answered, and those refused."""
    done: set[str] = set()
    refused: set[str] = set()

    def work(number: int) -> None:
        with Remote(server.url) as remote:
            for turn in range(10_000):
                name = f"group-{number}-{turn}"
                try:
                    create_group(remote, name)
                except ApiError as error:
                    assert (error.code, error.status) == ("Unavailable", 503), error  # noqa: PT017 - in a thread
                    refused.add(name)
                    return
                done.add(name)

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(work, range(CLIENTS)))
    return done, refused


def names(remote: Remote) -> set[str]:
    """Return the names of all groups."""
    return {group["GroupName"] for group in remote.call("DescribeSecurityGroups")["SecurityGroups"]} - {"default"}


@pytest.mark.parametrize("disk", [full_disk, failing_disk])
def test_a_disk_that_takes_no_more_loses_nothing(tmp_path: Path, disk: object) -> None:
    """Changes are refused, reads go on, and after a restart with room every answered change is there (inferred)."""
    folder, kept = tmp_path / "disk", tmp_path / "kept"
    folder.mkdir()
    assert callable(disk)
    with started("--log", "off", "--data", str(folder), before=disk(folder)) as server, Remote(server.url) as remote:
        done, refused = fill(server)
        assert len(done) > 20
        assert len(refused) == CLIENTS
        with pytest.raises(ApiError, match="Unavailable: The store is not available"):
            create_group(remote, "another")
        assert names(remote) == done
        health = exchange(server.url, b"GET /health HTTP/1.0\r\n\r\n")
        assert (health.startswith(b"HTTP/1.1 503"), b'"status": "read-only"' in health) == (True, True)
        shutil.copytree(f"/proc/{server.process.pid}/root{folder}", kept)
        assert server.end() == 0
    assert breaches(kept) == []
    with started("--log", "off", "--data", str(kept)) as server, Remote(server.url) as remote:
        assert done <= names(remote) <= done | refused
        create_group(remote, "another")
    assert breaches(kept) == []


def test_a_store_that_does_not_fit_is_told(tmp_path: Path) -> None:
    """A server that cannot even make its store ends with one line (inferred)."""
    words = ["prlimit", "--fsize=20000", "--", *PROGRAM, "serve", "--port", "0", "--data", str(tmp_path)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=30)  # noqa: S603 - our own words
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("StoreError: ")


def test_damage_is_told(tmp_path: Path) -> None:
    """Once a page of the database turns out to be damaged /health says so, and nothing more is written (inferred)."""
    with started("--log", "off", "--data", str(tmp_path)) as server, Remote(server.url) as remote:
        create_group(remote, "before")
        assert server.end() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "groupwall.db")) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        text = "SELECT rootpage FROM sqlite_schema WHERE tbl_name = 'security_group' AND type != 'trigger'"
        pages = connection.execute(text).fetchall()
    with (tmp_path / "groupwall.db").open("r+b") as database:
        for (page,) in pages:
            database.seek((page - 1) * size)
            database.write(b"\xff" * size)
    with started("--log", "off", "--data", str(tmp_path)) as server, Remote(server.url) as remote:
        with pytest.raises(ApiError, match="Unavailable"):
            remote.call("DescribeSecurityGroups")
        assert exchange(server.url, b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 503")
        with pytest.raises(ApiError, match="Unavailable"):
            create_group(remote, "after")
