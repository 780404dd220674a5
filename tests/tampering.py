"""A store that is altered behind its own back, which verification has to find."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from groupwall.store.verify import verify
from tests.driver import Wall


def copy_of(wall: Wall) -> sqlite3.Connection:
    """Return a copy of a wall's store in memory, to be tampered with."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    wall.store._connection.backup(connection)  # noqa: SLF001 - nobody but a test gets at the tables
    return connection


def assert_found(connection: sqlite3.Connection, tampering: str, bound: Sequence[object] = ()) -> None:
    """Tamper with a copy by a statement, which has to find something; verification tells of it."""
    assert connection.execute(tampering, bound).rowcount
    assert verify(connection, {}).faults, (tampering, bound)
