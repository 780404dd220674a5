"""Printing results: JSON and drawings, and what a server would like to do to the terminal."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rich.table import Table
from rich.text import Text

from groupwall.commands.printing import print_json, print_shown, time_text
from groupwall.commands.visible import all_visible, visible

ESCAPES = "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \r over \u202e turned \u2028 \x00"
SHOWN = r"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x9b2J \r over \u202e turned \u2028 \x00"


def test_visible() -> None:
    """What is not printable is written as Python writes it, and everything else stays as it is (inferred)."""
    assert visible(ESCAPES) == SHOWN
    assert visible("a [bold]b[/] :smile: äöü 漢字 \\") == "a [bold]b[/] :smile: äöü 漢字 \\"
    assert visible("two\nlines") == r"two\nlines"


def test_all_visible() -> None:
    """Every text of a result is made visible, wherever it stands; nothing else is altered (inferred)."""
    time = datetime(2026, 11, 23, tzinfo=UTC)
    result = {"A": ["\x1b", {"B": "\n"}], "C": 1, "D": time, "E": False}
    assert all_visible(result) == {"A": [r"\x1b", {"B": r"\n"}], "C": 1, "D": time, "E": False}


@pytest.mark.parametrize("text", [ESCAPES, "[red]a[/red]", ":smile:", "[link=http://x]y[/link]", "[/]"])
def test_nothing_of_a_result_is_a_command(capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A text reaches the output as it is or made visible, whether drawn as text or in a table (inferred)."""

    def table(_: object) -> Table:
        drawn = Table(box=None)
        drawn.add_column("title")
        drawn.add_row(text)
        return drawn

    for show in (lambda result: result["Name"], lambda result: Text(result["Name"])):
        print_shown(show, {"Name": text})
        assert capsys.readouterr().out == f"{visible(text)}\n"
    for careless in (table, lambda _: Text(text)):
        print_shown(careless, {"Name": text})
        assert all(line.isprintable() for line in capsys.readouterr().out.splitlines())


def test_lines_are_whole_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """For a program that reads it no line is broken in two or ends with spaces (inferred)."""
    long = "word " * 200
    print_shown(lambda _: Text(f"{long}\nnext"), {})
    assert capsys.readouterr().out == f"{long.rstrip()}\nnext\n"


def test_terminals_that_lack_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an encoding cannot write is written as an escape (inferred)."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    print_shown(lambda _: Text("ä→"), {})
    assert raw.getvalue() == b"\\xe4\\u2192\n"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON holds the whole result, its times as ISO 8601, and no character beyond ASCII (inferred)."""
    print_json({"Time": datetime(2026, 11, 23, 3, 46, tzinfo=UTC), "Name": ESCAPES})
    out = capsys.readouterr().out
    assert json.loads(out) == {"Time": "2026-11-23T03:46:00.000Z", "Name": ESCAPES}
    assert out.isascii()
    assert all(line.isprintable() for line in out.splitlines())


def test_times() -> None:
    """A time is told in UTC, as precise as is asked (inferred)."""
    time = datetime(2026, 11, 23, 4, 46, 0, 123456, timezone(timedelta(hours=1)))
    assert (time_text(time), time_text(time, "seconds")) == ("2026-11-23T03:46:00.123Z", "2026-11-23T03:46:00Z")
