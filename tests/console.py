"""Plays what a document shows of a terminal: each command is run, and must print what stands below it.

    ```console
    $ groupwall apply create-security-group --group-name web --description "web servers"
    applied as revision 2
    └── CreateSecurityGroup GroupId sg-0f2d5a8cbe41a7c93
    ```

Ids and times are others in each run. An id is known by where it was printed first; commands that name it afterwards
are run with the one that was printed here.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator

from click.testing import CliRunner

from groupwall.cli import main

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ID = re.compile(
    r"\b[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}\b|\b[0-9a-f]{64}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)
_TIME = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{3})?Z")

_ANYONE = {
    "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "us-east-1",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_CONFIG_FILE": os.devnull, "AWS_PROFILE": None,
}  # fmt: skip


def steps(page: str) -> Iterator[tuple[str, str]]:
    """Yield each command that a page shows, and what stands below it."""
    for block in _BLOCK.findall(page):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            asked, _, printed = step.partition("\n")
            while asked.endswith("\\"):
                more, _, printed = printed.partition("\n")
                asked = f"{asked[:-1]} {more}"
            yield asked, printed


def play(page: str, url: str) -> int:
    """Run the commands of a page at a server, and return how many there were; AssertionError for one that lies."""
    known: dict[str, str] = {}
    count = 0
    for count, (asked, shown) in enumerate(steps(page), 1):  # noqa: B007 - the last one is how many there are
        words = shlex.split(_ID.sub(lambda found: known.get(found[0], found[0]), asked))
        assert words[0] == "groupwall", asked
        printed = CliRunner().invoke(main, words[1:], env=_ANYONE | {"AWS_ENDPOINT_URL_GROUPWALL": url}).output
        assert _masked(printed) == _masked(shown), f"$ {asked}\n{printed}"
        for theirs, ours in zip(_ID.findall(shown), _ID.findall(printed), strict=True):
            assert known.setdefault(theirs, ours) == ours, f"{theirs} is two things in `{asked}`"
    return count


def _masked(text: str) -> list[str]:
    """Return lines with the kind of each id in its place, and no time."""
    lines = _TIME.sub("TIME", _ID.sub(lambda found: found[0].rpartition("-")[0], text)).splitlines()
    return [line.rstrip() for line in lines]
