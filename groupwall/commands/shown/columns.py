"""Tables without lines, as programs of a terminal print them."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text


def columns(titles: Iterable[str], rows: Iterable[Iterable[RenderableType]], none: str) -> RenderableType:
    """Return a table; a cell is text or more. none: what is said where there is no row."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table if table.rows else Text(none)
