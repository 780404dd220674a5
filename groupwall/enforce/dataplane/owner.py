"""Whose a table or a namespace is that groupwall made: each agent has a name of its own, drawn once for its folder.

So two agents of one machine never undo each other's work. What was made before agents had names, and by hand, is taken
for anyone's (inferred).
"""

from __future__ import annotations

import os
from pathlib import Path

from groupwall.units import Ids

FILE = "owner"
MADE = "made by groupwall"
"""What the loopback of a namespace is called that an agent made."""

NOBODY = "nobody"
"""In place of an agent's name, where no agent has ever been: nothing that agents made is its."""

_PRIVATE = 0o600


def owner_of(folder: Path) -> str:
    """Return the name of the agent of a folder, drawn now if it has none. OSError."""
    if not (folder / FILE).exists():
        replace(folder / FILE, Ids().new("agent"))
    return known_owner(folder)


def known_owner(folder: Path) -> str:
    """Return the name of the agent of a folder, NOBODY if there was none. OSError."""
    file = folder / FILE
    return file.read_text().strip() if file.exists() else NOBODY


def marked(words: str, owner: str | None) -> str:
    """Return the mark of what an agent makes. words: what all such marks begin with. owner: None for anyone's."""
    return f"{words} of {owner}" if owner else words


def is_marked(mark: str, words: str, owner: str | None) -> bool:
    """Tell whether a mark is an agent's, or anyone's. owner: None to look for any agent's."""
    return mark in {words, marked(words, owner)} or (owner is None and mark.startswith(f"{words} of "))


def replace(file: Path, told: str) -> None:
    """Let a file hold a text, all at once: a reader sees what was there before or this. OSError."""
    beside = file.with_name(f".{file.name}")
    beside.write_text(told)
    beside.chmod(_PRIVATE)
    with beside.open("rb") as written:
        os.fsync(written.fileno())
    beside.replace(file)
