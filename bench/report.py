"""The result as JSON and as a table to read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.figures import Bar, Row, Spread, spread

HEAD = """# Results

`make bench` wrote this table. Rounds: {rounds}; each figure is their `least / median / most`. In every round
both sides were measured in turns, on the same machine, within the same minutes. Bars are held against the median.

{conditions}

Ours verifies signatures (SigV4) and makes every change durable before it answers; moto does neither.

"""


def write(result: dict[str, Any], rows: list[Row], folder: Path) -> Path:
    """Write ``results/<date>.json`` and ``RESULTS.md``; return the path of the first."""
    path = folder / "results" / f"{result['date'].replace(':', '')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result | {"rows": [_row(row) for row in rows]}, indent=2) + "\n", "utf-8")
    (folder / "RESULTS.md").write_text(table(result, rows), "utf-8")
    return path


def _row(row: Row) -> dict[str, Any]:
    shown = row._asdict() | {"bars": [bar._asdict() for bar in row.bars], "verdict": row.verdict()}
    series = {"ours": row.ours, "other": row.other, "compared": row.compared()}
    return shown | series | {f"{name}_spread": spread(part)._asdict() for name, part in series.items() if part}


def table(result: dict[str, Any], rows: list[Row]) -> str:
    """Return the table as Markdown."""
    machine, versions = result["machine"], result["versions"]
    conditions = (
        f"{result['date']} UTC, {machine['cores']} cores, {machine['system']}, load average {machine['load']:.1f}.\n"
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + "."
    )
    skipped = [f"Not measured: {name}, as {why}." for name, why in result.get("skipped", {}).items()]
    conditions = "\n".join([conditions, *skipped])
    return HEAD.format(rounds=result["rounds"], conditions=conditions) + "\n".join(lines(rows)) + "\n"


def lines(rows: list[Row]) -> list[str]:
    """Return the lines of the table that rows are."""
    return [
        "| what | unit | groupwall | against | its figure | compared | bar | |",
        "|---|---|---|---|---|---|---|---|",
        *(f"| {' | '.join(_cells(row))} |" for row in rows),
    ]


def _cells(row: Row) -> list[str]:
    compared = row.compared()
    other = [row.against, _spread(row.other), f"{_spread(compared)} {row.comparison}"] if compared else ["", "", ""]
    bars = " and ".join(_bar(bar, row) for bar in row.bars)
    return [row.name, row.unit, _spread(row.ours), *other, bars, row.verdict()]


def _spread(series: list[float]) -> str:
    return " / ".join(_number(figure) for figure in Spread(*spread(series))) if series else ""


def _number(figure: float) -> str:
    """Return a figure with three digits that count."""
    return f"{figure:.0f}" if abs(figure) >= 100 else f"{figure:.3g}"  # noqa: PLR2004 - three digits


def _bar(bar: Bar, row: Row) -> str:
    bound = f">= {bar.at_least:g}" if bar.at_least is not None else f"<= {bar.at_most:g}"
    return f"{bound} {row.unit if bar.of == 'value' else row.comparison}"
