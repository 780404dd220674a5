"""What a server asked the kernel to write, to sync and to send, in order; and what a power cut would have left of it.

strace tells every such call with all its bytes. A file as it is after a power cut holds what was synced, and any part
of what was written since.
"""

from __future__ import annotations

import os
import random
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.serving import Server, started

CALLS = "pwrite64,write,writev,sendto,sendmsg,fsync,fdatasync,ftruncate,unlink"
_LINE = re.compile(r'(?P<call>\w+)\((?:\d+<(?P<path>[^>]*)>|"(?P<name>[^"]*)")(?P<rest>.*)\) += \d+')
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_REVISION = re.compile(rb"x-groupwall-revision: (\d+)\r\n")


class Step(NamedTuple):
    """One step: ``write``, ``truncate``, ``sync`` or ``unlink`` of a file, or ``reply`` with the revision it tells."""

    what: str
    file: str
    place: int = 0
    content: bytes = b""


@contextmanager
def traced(folder: Path, steps: list[Step]) -> Iterator[Server]:
    """Run a server on a folder; once it has ended ``steps`` holds what it did."""
    pipe = folder.with_name("trace")
    os.mkfifo(pipe)
    lines: list[str] = []
    reading = threading.Thread(target=lambda: lines.extend(pipe.read_text("latin-1").splitlines()))
    reading.start()
    # -D: the server is our child and gets our signals, the tracer stands aside.
    tracer = (
        "strace",
        "-D",
        "-o",
        str(pipe),
        "-y",
        "-xx",
        "-s",
        "16777216",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
    )
    with started("--log", "off", "--data", str(folder), before=tracer) as server:
        yield server
        server.end()
    reading.join()
    steps.extend(step for line in lines for step in _steps(line))


def _steps(line: str) -> Iterator[Step]:
    found = _LINE.match(line)
    if not found:
        return
    path = _plain(found["path"] or found["name"] or "").decode()
    content = b"".join(_plain(text) for text in _TEXT.findall(found["rest"]))
    call = found["call"]
    if path.startswith("socket:"):
        yield from (Step("reply", "", int(number)) for number in _REVISION.findall(content))
    elif call == "pwrite64":
        yield Step("write", path, int(found["rest"].rpartition(", ")[2]), content)
    elif call == "ftruncate":
        yield Step("truncate", path, int(found["rest"].rpartition(", ")[2]))
    elif call in ("fsync", "fdatasync"):
        yield Step("sync", path)
    elif call == "unlink":
        yield Step("unlink", path)


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def after_power_cut(steps: Sequence[Step], chance: random.Random, kept: float) -> dict[str, bytes]:
    """Return the files after these steps and a power cut: what was synced, and of the rest each write with a chance.

    kept: the chance that a write which was not synced reached the disk all the same, from 0 to 1.
    """
    files: dict[str, bytearray] = {}
    waiting: dict[str, list[Step]] = {}
    for step in steps:
        if step.what == "sync":
            _apply(files, waiting.pop(step.file, []))
        elif step.what == "unlink":
            files.pop(step.file, None)
            waiting.pop(step.file, None)
        elif step.what != "reply":
            waiting.setdefault(step.file, []).append(step)
    for late in waiting.values():
        _apply(files, [step for step in late if chance.random() < kept])
    return {name: bytes(content) for name, content in files.items()}


def _apply(files: dict[str, bytearray], steps: Sequence[Step]) -> None:
    for step in steps:
        content = files.setdefault(step.file, bytearray())
        end = step.place + len(step.content)
        content.extend(bytes(max(0, end - len(content))))
        if step.what == "write":
            content[step.place : end] = step.content
        else:
            del content[step.place :]
