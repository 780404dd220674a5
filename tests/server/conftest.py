"""A running server for the tests of a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.remote import Remote
from tests.serving import serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server that keeps nothing."""
    with serving("--data", ":memory:", "--log", "off") as address:
        yield address


@pytest.fixture
def remote(url: str) -> Iterator[Remote]:
    """A connection to that server."""
    with Remote(url) as connection:
        yield connection
