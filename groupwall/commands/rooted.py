"""What commands share that only root of a Linux can run."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from groupwall.config import SettingError

if sys.platform != "win32":
    import resource

STATE = "/var/lib/groupwall"
NAMES = "gw"
"""How the names of network namespaces begin that are made here, unless GROUPWALL_NAMES says otherwise."""

_PRIVATE = 0o700
OTHERS_WRITE = 0o022


def refuse_unable(what: str) -> None:
    """Refuse to do what only root of a Linux can. SettingError, with the reason."""
    if not sys.platform.startswith("linux"):
        raise SettingError(f"{what} needs Linux with nftables; here nothing can be enforced")
    if os.geteuid() != 0:
        raise SettingError(f"{what} needs root: it makes network namespaces and changes the kernel's tables")


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Have SIGTERM end what is done within as Ctrl-C does: what it has made is removed on the way out."""

    def end(number: int, _: object) -> NoReturn:
        signal.signal(number, signal.SIG_IGN)  # a second one must not leave half of it behind
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def hold_many() -> None:
    """Let this process hold as many files as it may: a namespace of ours takes six sockets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def private_folder(state: str) -> Path:
    """Return the agent's folder, made if it is not there. SettingError if others could write to it."""
    folder = Path(state).absolute()
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & OTHERS_WRITE:
        raise SettingError(f"{folder} must belong to root, who does what stands there, and nobody else may write to it")
    return folder
