"""What another user can reach: asked by root before it becomes that user, while all can still be read and told."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

import click

from groupwall.config import SettingError

if sys.platform != "win32":
    import pwd

_PROGRAM = (Path(sys.executable), Path(os.__file__), Path(click.__file__), Path(__file__))
"""Python, its own library, another one that is installed for it, and groupwall."""


def refuse_unreachable(user: pwd.struct_passwd, data: str) -> None:
    """Refuse a user who could not run this program, or not reach the store's folder. SettingError, with the reason."""
    name = user.pw_name
    if found := unreachable(user, _PROGRAM):
        told = " or ".join(dict.fromkeys(map(str, (found, found.resolve()))))
        raise SettingError(
            f"{name} cannot reach {told}, and the server is {name} once it listens: install groupwall, and a Python "
            "for it, where others than root may go, or name another --user"
        )
    if found := unreachable(user, [_nearest(data)]):
        raise SettingError(
            f"{name} cannot reach {found}, where the store would lie, and the server is {name} once it listens: "
            "see --data and --user"
        )


def unreachable(user: pwd.struct_passwd, needed: Iterable[Path]) -> Path | None:
    """Return the first that a user cannot read or, of folders and programs, enter or run. For root."""
    with being(user.pw_uid, user.pw_gid):
        return next((path for path in needed if not _is_open(path)), None)


def _is_open(path: Path) -> bool:
    runs = os.path.isdir(path) or path == Path(sys.executable)  # noqa: PTH112 - Path.is_dir fails out of reach
    return os.access(path, os.X_OK if runs else os.R_OK, effective_ids=True)


def refuse_within(data: str, state: str) -> None:
    """Refuse one folder for the store and the agent, or one within the other. SettingError, with the reason."""
    places = [Path(os.path.realpath(each)) for each in (data, state)]
    if any(one.is_relative_to(other) for one, other in (places, reversed(places))):
        raise SettingError(
            f"--data {data} and --state {state} must be apart, neither within the other: the store's folder is given "
            "to --user, the agent's is root's alone, who does what stands there"
        )


def _nearest(data: str) -> Path:
    """Return the folder that a path lies in, or would first have to be made in."""
    return next(folder for folder in Path(os.path.realpath(data)).parents if folder.is_dir())


def as_owner(path: Path) -> AbstractContextManager[None]:
    """Be whom a file belongs to, for a moment, or its folder where it is not there yet; for root, who can be anyone.

    So root opens no file elsewhere that whoever owns a folder has put a link to into it.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        return nullcontext()
    for place in (path, path.parent):
        with suppress(FileNotFoundError):
            status = place.lstat() if place is path else place.stat()
            return being(status.st_uid, status.st_gid)
    return nullcontext()


@contextmanager
def being(user: int, group: int) -> Iterator[None]:
    """Be another user for a moment, as far as the system asks who may what."""
    groups, own = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(group)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(os.getuid())
        os.setegid(own)
        os.setgroups(groups)
