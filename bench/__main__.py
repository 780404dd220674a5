"""The run: ``python -m bench [--quick] [--out FOLDER]``."""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import enforced, programs, report
from bench.rows import FULL, QUICK, measure
from groupwall import __version__


def main() -> None:
    """Measure, and write the result."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure groupwall side by side with moto.")
    parser.add_argument("--quick", action="store_true", help="a few seconds: shows that it runs, and measures nothing")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder of the results")
    options = parser.parse_args()
    effort = QUICK if options.quick else FULL
    result = _conditions() | {"rounds": effort.rounds, "quick": options.quick}
    if not programs.has_moto():
        _tell("moto is not installed: its columns stay empty (make bench installs it)")
    # pip compiled moto; ours is compiled by its first start, which is not the one that counts.
    compileall.compile_dir(programs.ROOT / "groupwall", quiet=1)
    build = programs.ROOT / "build"  # on a disk: a folder for temporary files may be in memory
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="bench-") as folder:
        rows = measure(effort, Path(folder), _tell)
        if why := enforced.why_not():
            _tell(f"packets are not measured: {why}")
            result["skipped"] = {"packets": why}
        else:
            rows += enforced.measure(enforced.QUICK if options.quick else enforced.FULL, Path(folder), _tell)
    path = report.write(result, rows, options.out)
    print(report.table(result, rows))
    _tell(f"written to {path.name} and RESULTS.md")


def _conditions() -> dict[str, Any]:
    """Return what a figure depends on, without a name of the machine."""
    versions = {"groupwall": __version__, "Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    versions |= {"uvicorn": version("uvicorn"), "boto3": version("boto3")}
    if programs.has_moto():
        versions["moto"] = programs.moto_version()
    system = f"{platform.system()} {platform.machine()}"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    machine = {"cores": os.cpu_count(), "system": system, "load": load}
    return {"date": datetime.now(UTC).isoformat(timespec="seconds")[:19], "machine": machine, "versions": versions}


def _tell(word: str) -> None:
    print(word, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
