"""Printing results: as JSON, or as rich draws them; nothing that a server sends reaches the terminal as a command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment

from groupwall.commands.visible import all_visible, visible

Json = dict[str, Any]

_WIDE = 10_000
"""Columns of what is no terminal: a line is a line, for the programs that read it."""


class _Printable:
    """What rich draws, each character that it would print as it is made visible."""

    def __init__(self, inner: RenderableType) -> None:
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for segment in console.render(self._inner, options):
            text = "\n".join(visible(line) for line in segment.text.split("\n"))
            yield segment if segment.control else Segment(text, segment.style)


def print_shown(show: Callable[[Json], RenderableType], result: Json) -> None:
    """Print what a reader is shown of a result. A terminal gets lines of its width, anything else whole ones."""
    out = _patient(sys.stdout)
    shown = show(all_visible(result))
    if isinstance(shown, str):  # lines for programs: never folded, however long
        out.write(f"{shown}\n" if shown else "")
        out.flush()
        return
    console = Console(file=out, highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(file=out, highlight=False, markup=False, emoji=False, width=_WIDE)
    with console.capture() as drawn:
        console.print(_Printable(shown))
    out.write("".join(f"{line.rstrip()}\n" for line in drawn.get().splitlines()))
    out.flush()


def print_json(result: Json) -> None:
    """Print a result as JSON text, its times as ISO 8601."""
    out = _patient(sys.stdout)
    out.write(json.dumps(result, indent=2, default=_as_text) + "\n")
    out.flush()


def time_text(time: datetime, precision: str = "milliseconds") -> str:
    """Return a time as ``2026-11-23T03:46:00.000Z``; precision: what ``datetime.isoformat`` knows, such as seconds."""
    return time.astimezone(UTC).isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def _as_text(value: object) -> str:
    return time_text(value) if isinstance(value, datetime) else str(value)


def _patient(out: TextIO) -> TextIO:
    """Return an output that writes what its encoding lacks as an escape, instead of failing at it."""
    reconfigure = getattr(out, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
    return out
