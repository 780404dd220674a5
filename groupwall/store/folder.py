"""The folder that a store lives in: one server at a time, and on a disk of this machine."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "9p", "davfs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs2",
})  # fmt: skip
"""File systems whose locks and shared memory SQLite's write-ahead log cannot rely on."""

MOUNTS = Path("/proc/self/mountinfo")
_ESCAPE = re.compile(r"\\([0-7]{3})")
"""How the kernel writes a space, a tab, a line feed and a backslash in a mount point."""


class StoreError(Exception):
    """The store cannot be opened or written; the message says why, and what is left as it was."""


def mounted_as(folder: Path, mounts: str) -> str:
    """Return the type of the file system that holds ``folder``, by /proc/self/mountinfo; '' if unknown.

    Of two mounts on one folder the later one counts, since it hides the other.
    """
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = _ESCAPE.sub(lambda found: chr(int(found[1], 8)), before.split(" ")[4])
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    return kind


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise StoreError when the folder lies on a network file system. Only Linux tells; elsewhere all are taken."""
    if not mounts.is_file():
        return
    kind = mounted_as(folder.resolve(), os.fsdecode(mounts.read_bytes()))
    if kind in NETWORK:
        message = f"{folder} lies on a network file system ({kind}), where a database can be damaged; use a local disk"
        raise StoreError(message)


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Hold the folder, made if missing. StoreError when another server holds it; a killed one holds nothing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"cannot keep a store in {folder}: {error.strerror}"
        raise StoreError(message) from error
    try:
        _lock(file, folder)
        yield
    finally:
        os.close(file)


def _lock(file: int, folder: Path) -> None:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        taken = isinstance(error, BlockingIOError | PermissionError)  # the latter is Windows' word for it
        message = (
            f"{folder} is in use by another groupwall server" if taken else f"cannot lock {folder}: {error.strerror}"
        )
        raise StoreError(message) from error


class Watch:
    """Notices when files that are held open were removed or replaced: what is written to them then is lost."""

    def __init__(self, *paths: Path) -> None:
        self._seen: dict[Path, tuple[int, int] | None] = {path: _identity(path) for path in paths}

    def missing(self) -> Path | None:
        """Return a file that is no longer the one that was seen first, None when all are; two calls of the system."""
        for path, before in self._seen.items():
            now = _identity(path)
            if before is None:
                self._seen[path] = now
            elif now != before:
                return path
        return None


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
