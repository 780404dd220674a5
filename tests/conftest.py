"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.driver import Wall


@pytest.fixture
def wall() -> Iterator[Wall]:
    """A world of its own in memory, as a new account has it."""
    with Wall() as new:
        yield new
