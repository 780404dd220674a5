"""The pytest fixture ``groupwall``: a wall of its own for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

import groupwall

if TYPE_CHECKING:
    from groupwall.inprocess import Wall


@pytest.fixture(name="groupwall")
def _groupwall() -> Iterator[Wall]:
    """Answer boto3's EC2 calls in this process, with a new account for each test; gives the ``Wall``."""
    with groupwall.local() as wall:
        yield wall
