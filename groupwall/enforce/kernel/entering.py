"""Network namespaces of Linux: made, named, opened and entered.

A thread enters a namespace alone, and what it opens or starts there stays there: a socket belongs to the namespace in
which it was opened, a child to that of the thread that forked it. So whoever wants something inside has it done in a
thread that lives for that only, and no other thread, event loop or later call is ever in the wrong place.

Names are files as `ip netns` has them, so that its users see ours and can enter them (inferred).
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

NAMED = Path("/run/netns")
"""Where the names stand."""

_CLONE_NEWNET = 0x40000000
_MS_BIND = 0x1000
_MNT_DETACH = 2
# Python 3.11 has neither setns nor unshare. Windows has no library without a name, and none that would be asked.
_LIBC = ctypes.CDLL(None if os.name == "posix" else "msvcrt", use_errno=True)

T = TypeVar("T")


class Namespace:
    """A network namespace, held open: one without a name goes when nobody holds it, and all in it goes too."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def new(cls) -> Self:
        """Make a namespace without a name. Raise PermissionError without CAP_SYS_ADMIN."""
        return cls(_apart(_unshared))

    @classmethod
    def named(cls, name: str) -> Self:
        """Open a namespace by its name. Raise FileNotFoundError if there is none."""
        return cls.at(NAMED / name)

    @classmethod
    def at(cls, path: Path) -> Self:
        """Open a namespace by a file that stands for it, such as ``/proc/PID/ns/net``."""
        return cls(os.open(path, os.O_RDONLY | os.O_CLOEXEC))

    def within(self, act: Callable[[], T]) -> T:
        """Return what ``act`` returns, done in a thread of its own inside of the namespace."""
        return _apart(lambda: _entered(self.descriptor, act))

    def name(self, name: str) -> None:
        """Give it a name, which holds it from now on. Raise FileExistsError if that is taken."""
        NAMED.mkdir(parents=True, exist_ok=True)
        place = NAMED / name
        if is_named(name):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(place))
        place.touch(0o444)
        source = f"/proc/self/fd/{self.descriptor}".encode()
        _checked(_LIBC.mount(source, bytes(place), None, _MS_BIND, None), place)

    def close(self) -> None:
        """Hold it no longer."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def forget(name: str) -> None:
    """Take a name away, if it is there. What holds the namespace otherwise, such as a process inside, keeps it."""
    place = NAMED / name
    if is_named(name):
        _checked(_LIBC.umount2(bytes(place), _MNT_DETACH), place)
    place.unlink(missing_ok=True)


def is_named(name: str) -> bool:
    """Tell whether a namespace has this name: a file with a mount on it, since a crash leaves one without."""
    return os.path.ismount(NAMED / name)  # and not Path.is_mount, which is of folders only


def names() -> list[str]:
    """Return all names of network namespaces, whoever gave them, in order."""
    return sorted(place.name for place in NAMED.iterdir() if is_named(place.name)) if NAMED.is_dir() else []


def _apart(act: Callable[[], T]) -> T:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(act).result()


def _unshared() -> int:
    _checked(_LIBC.unshare(_CLONE_NEWNET))
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _entered(descriptor: int, act: Callable[[], T]) -> T:
    _checked(_LIBC.setns(descriptor, _CLONE_NEWNET))
    return act()


def _checked(result: int, place: Path | None = None) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), None if place is None else str(place))
