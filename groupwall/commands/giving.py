"""The store's folder is given to the user that a server runs as: by root, who gives away nothing but a store."""

from __future__ import annotations

import os
import re
import stat
import sys
from pathlib import Path

from groupwall.commands.first_key import FILE as FIRST_KEY
from groupwall.commands.rooted import OTHERS_WRITE
from groupwall.config import SettingError

if sys.platform != "win32":
    import pwd

_PRIVATE = 0o700
_OURS = re.compile(r"groupwall\.db(-wal|-shm|-journal)?|groupwall-version-\d+\.db(\.partial)?|lock")
"""What a server writes there, the key of its first start aside: no server reads that again, so it stays whose it is."""


def give(folder: Path, user: pwd.struct_passwd) -> None:
    """Make a user the owner of a store's folder and of its files. It is made where it is missing.

    A folder that is the user's already is left as it is, whatever that user may have put there. SettingError for one
    that is neither the user's nor root's alone, and one that holds anything but a store; OSError.
    """
    place = folder.resolve()
    place.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    held = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(held).st_uid != user.pw_uid:
            _give(held, place, user)
    finally:
        os.close(held)


def _give(held: int, place: Path, user: pwd.struct_passwd) -> None:
    status, names = os.fstat(held), sorted(os.listdir(held))
    if status.st_uid != os.geteuid() or status.st_mode & OTHERS_WRITE:
        raise SettingError(f"{place} is given to {user.pw_name} if it is root's alone: name another --data, or --user")
    for name in names:
        if not (name == FIRST_KEY or _is_ours(held, name)):
            raise SettingError(
                f"{place} would be given to {user.pw_name}, but {name} in it is no file of a store: name a --data of "
                "its own, which is made where it is missing"
            )
    for name in names:
        if name != FIRST_KEY:
            os.chown(name, user.pw_uid, user.pw_gid, dir_fd=held, follow_symlinks=False)
    os.chown(held, user.pw_uid, user.pw_gid)  # last: until then nobody else can change what is in it


def _is_ours(held: int, name: str) -> bool:
    """Tell whether something in a folder is a file of a store's: no link, and under no other name elsewhere."""
    status = os.stat(name, dir_fd=held, follow_symlinks=False)
    return bool(_OURS.fullmatch(name)) and stat.S_ISREG(status.st_mode) and status.st_nlink == 1
