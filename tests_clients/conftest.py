"""What every test of a real client may ask for. A client that is not installed fails its tests; none is skipped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.programs import make_key
from tests.remote import Remote
from tests.serving import started
from tests_clients.site import Site

ACCOUNTS = count(210_000_000_000)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a store with keys."""
    folder = tmp_path_factory.mktemp("store")
    make_key(folder)
    return folder


@pytest.fixture(scope="session")
def url(store: Path) -> Iterator[str]:
    """The address of a server that verifies signatures."""
    with started("--auth", "signed", "--log", "off", "--data", str(store)) as server:
        yield server.url


@pytest.fixture
def site(store: Path, url: str, tmp_path: Path) -> Iterator[Site]:
    """A user with a key of an account that nobody used yet."""
    key = make_key(store, "--account", str(next(ACCOUNTS)), "--user", "alice")
    with Remote(url, key) as remote:
        yield Site(url, key, remote, tmp_path)
