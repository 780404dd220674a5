"""Count the tests of a report, and compare those that were skipped, or failed as expected, with the list that may be.

    tools/skipped.py build/tests.xml .ci/skipped.txt

Exit status 1, and the difference as text, when a test is skipped that the list does not name, or the other way round.
A name that ends in ``*`` stands for all that begin so: these may be skipped and may run, as the machine has it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET


def skipped(report: Path) -> Iterator[str]:
    """Yield ``tests.part.test_file::test[row]`` for each skipped test of a junit report."""
    for test in ET.parse(report).iter("testcase"):  # noqa: S314 - pytest on this machine wrote it
        if test.find("skipped") is not None:
            yield f"{test.get('classname')}::{test.get('name')}"


def listed(path: Path) -> Iterator[str]:
    """Yield the names in a list of tests: one to a line, comments after a #."""
    for line in path.read_text("utf-8").splitlines():
        if name := line.split("#")[0].strip():
            yield name


def counted(report: Path) -> str:
    """Return how many tests passed, failed and were skipped, as one line."""
    suites = list(ET.parse(report).iter("testsuite"))  # noqa: S314 - pytest on this machine wrote it
    total, skips, *bad = (
        sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "skipped", "failures", "errors")
    )
    return f"tests: {total - skips - sum(bad)} passed, {sum(bad)} failed, {skips} skipped"


def main(report: str, allowed: str) -> int:
    """Print the counts and every difference; 0 when there is none."""
    print(counted(Path(report)))
    names = set(listed(Path(allowed)))
    either = tuple(name.removesuffix("*") for name in names if name.endswith("*"))
    must = {name for name in names if not name.endswith("*")}
    now = set(skipped(Path(report)))
    left = {name for name in now if not (either and name.startswith(either))}
    if len(now) > len(left):
        print(f"*** {len(now) - len(left)} of the skipped need what this machine has not, and say so in their reasons")
    for name in sorted(left - must):
        print(f"skipped, but {allowed} does not list it: {name}")
    for name in sorted(must - left):
        print(f"{allowed} lists it, but it was not skipped: {name}")
    return int(left != must)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
