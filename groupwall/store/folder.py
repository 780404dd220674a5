"""The folder that a store lives in: one server at a time, and on a disk of this machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows has no fcntl; the lock is taken with msvcrt there
    fcntl = None  # type: ignore[assignment]
    import msvcrt

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre", "gpfs", "9p", "davfs",
    "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone", "fuse.davfs2",
})  # fmt: skip
"""File systems whose locks and shared memory SQLite's write-ahead log cannot rely on."""

MOUNTS = Path("/proc/self/mountinfo")


class StoreError(Exception):
    """The store cannot be opened or written; the message says why, and what is left as it was."""


def mounted_as(folder: Path, mounts: str) -> str:
    """Return the type of the file system that holds ``folder``, given the text of /proc/self/mountinfo; '' if unknown."""
    best, kind = "", ""
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4].encode().decode("unicode_escape")
        if folder.is_relative_to(point) and len(point) >= len(best):
            best, kind = point, after.split(" ")[0]
    return kind


def refuse_network(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise StoreError when the folder lies on a network file system. Only Linux tells; elsewhere nothing is refused."""
    if not mounts.is_file():
        return
    kind = mounted_as(folder.absolute().resolve(), mounts.read_text())
    if kind in NETWORK:
        message = f"{folder} lies on a network file system ({kind}), where a database can be damaged; choose a local disk"
        raise StoreError(message)


@contextlib.contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Hold the folder for this process. StoreError when another server holds it; a killed one holds nothing."""
    try:
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f"cannot write in {folder}: {error.strerror}"
        raise StoreError(message) from error
    try:
        _lock(file)
        yield
    except BlockingIOError:
        message = f"{folder} is in use by another groupwall server"
        raise StoreError(message) from None
    finally:
        os.close(file)


def _lock(file: int) -> None:
    if fcntl:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    try:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    except OSError as error:
        raise BlockingIOError from error
