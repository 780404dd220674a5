"""Plays what a document shows of a terminal: each command is run, and must print what stands below it.

    ```console
    $ groupwall apply create-security-group --group-name web --description "web servers"
    applied as revision 2
    └── CreateSecurityGroup GroupId sg-0f2d5a8cbe41a7c93
    ```

Ids and times are others in each run. An id is known by where it was printed first; commands that name it afterwards
are run with the one that was printed here. Keys, policies and profiles go to files of their own. ``python -m
tests.console PAGE`` writes what is printed into the page.
"""

from __future__ import annotations

import re
import shlex
import sys
import tempfile
from pathlib import Path

from click.testing import CliRunner

from groupwall.cli import main
from tests.serving import serving

_BLOCK = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_STEP = re.compile(r"^\$ ((?:.*\\\n)*.*\n)((?:(?!\$ ).*\n)*)", re.MULTILINE)
_ID = re.compile(
    r"\b(?:A[KS]IA[A-Z2-7]{16}|[a-z]+(?:-[a-z]+)*-[0-9a-f]{17}|[0-9a-f]{64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
_TIME = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{3})?Z|\b[0-9]{13}\b")
"""As text, or in milliseconds since 1970."""
_ANYONE = {
    "AWS_ACCESS_KEY_ID": "123456789012", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "us-east-1",
    "AWS_PROFILE": None,
}  # fmt: skip


def played(page: str) -> str:
    """Return a page with what its commands print at a new server; ids and times are the page's where it has them."""
    ids: dict[str, str] = {}
    place = tempfile.TemporaryDirectory()
    files = ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "GROUPWALL_DATA")
    here = _ANYONE | {name: str(Path(place.name) / name) for name in files}

    def step(found: re.Match[str]) -> str:
        asked, shown = found[1], found[2]
        words = shlex.split(_ID.sub(lambda one: ids.get(one[0], one[0]), asked))
        printed = CliRunner().invoke(main, words[1:], env=here | {"AWS_ENDPOINT_URL_GROUPWALL": url}).output
        for theirs, ours in zip(_ID.findall(shown), _ID.findall(printed), strict=False):
            ids.setdefault(theirs, ours)
        back, times = {ours: theirs for theirs, ours in ids.items()}, iter(_TIME.findall(shown))
        told = _TIME.sub(lambda one: next(times, one[0]), _ID.sub(lambda one: back.get(one[0], one[0]), printed))
        return f"$ {asked}" + "".join(f"{line.rstrip()}\n" for line in told.splitlines())

    with place, serving("--data", ":memory:", "--log", "off") as url:
        return _BLOCK.sub(lambda block: _STEP.sub(step, block[0]), page)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(played(path.read_text("utf-8")), "utf-8")
