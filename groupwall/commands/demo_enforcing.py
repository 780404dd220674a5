"""The demo's server that enforces: in a folder and with names of its own, all of which are gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from groupwall.commands.demo_server import Key, Server, create_key
from groupwall.commands.rooted import refuse_unable
from groupwall.config import SettingError
from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.policy.compile import State, compiled

_READABLE = 0o755


class Site(NamedTuple):
    """Where instances are made: the server to ask, a key for it, and the namespaces that its agent makes."""

    endpoint: str
    key: Key
    namespaces: Namespaces


@contextmanager
def enforcing() -> Iterator[Site]:
    """Run ``groupwall serve --enforce nft``. SettingError, with the reason, where this machine cannot."""
    refuse_where_unable("this act")
    prefix = f"gwdemo{os.getpid()}"
    root = Path(tempfile.mkdtemp(prefix="groupwall-demo-"))
    root.chmod(_READABLE)  # the server is not root for long
    options = ("--enforce", "nft", "--user", _user(), "--state", str(root / "agent"))
    folder = str(root / "data")
    server = Server(folder, *options, log=root / "log", GROUPWALL_NAMES=prefix)
    try:
        key = create_key(folder)
        server.start()
        yield Site(server.endpoint, key, Namespaces(prefix))
    finally:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is in a hurry must not leave half of it behind
        server.end()
        Namespaces(prefix).remove_all()
        shutil.rmtree(root)
        signal.signal(signal.SIGINT, before)


def _user() -> str:
    """Return whom the server is to run as: who called sudo, and can reach what is theirs, else nobody."""
    caller = os.environ.get("SUDO_USER", "root")
    return "nobody" if caller == "root" else caller


def refuse_where_unable(what: str) -> None:
    """Refuse what this machine cannot do because it cannot stop packets. SettingError, with the reason."""
    refuse_unable(what)
    try:
        with Namespace.new() as scratch, Dataplane.inside(scratch) as plane:
            plane.load(compiled(State({}, {}, {}, {})), 1)
    except OSError as error:
        raise SettingError(f"{what} needs Linux with nftables, and a root who may use it: {error}") from None
