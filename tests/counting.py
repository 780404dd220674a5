"""What calls cost, whatever machine they run on: SQL statements, and the steps of SQLite's machine within them."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from groupwall.store.sqlite import FILE, Store
from tests.driver import ACTIONS, Wall
from tests.scenes import Json


class Cost(NamedTuple):
    """Statements that a call took, and steps of SQLite's virtual machine."""

    statements: int
    steps: int


class Counting(sqlite3.Connection):
    """A connection that counts; its progress handler is its own, so reads have no budget."""

    statements = steps = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - sqlite3's own
        super().__init__(*arguments, **options)
        self.set_trace_callback(self._statement)
        self.set_progress_handler(self._step, 1)
        self.__dict__["set_progress_handler"] = lambda *_: None  # what the store sets would end the count

    def _statement(self, _text: str) -> None:
        self.statements += 1

    def _step(self) -> bool:
        self.steps += 1
        return False


@contextlib.contextmanager
def counted(wall: Wall, folder: Path) -> Iterator[Counting]:
    """A connection that the wall uses from now on, over a copy of its store; the wall ends with it."""
    wall.copy_to(folder)
    with contextlib.closing(sqlite3.connect(folder / FILE, isolation_level=None, factory=Counting)) as connection:
        wall.app.store = Store(connection, str(folder), contextlib.ExitStack())
        yield connection


def cost(wall: Wall, connection: Counting, name: str, params: Json) -> Cost:
    """Return what one call costs, which must succeed."""
    before = connection.statements, connection.steps
    reply = wall.send(wall.request(ACTIONS[name], **params))
    assert reply.status == 200, (name, reply.body)
    return Cost(connection.statements - before[0], connection.steps - before[1])
