"""The demo's server that enforces: in a folder and with names of its own, all of which are gone at the end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from groupwall.commands.demo_server import Key, Server, create_key
from groupwall.commands.reach import unreachable
from groupwall.commands.rooted import refuse_unable
from groupwall.config import SettingError
from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.policy.compile import State, compiled

if sys.platform != "win32":
    import pwd

_READABLE = 0o755
_PATIENCE = 30.0


class Site(NamedTuple):
    """Where instances are made: the server to ask, a key for it, and the namespaces that its agent makes."""

    endpoint: str
    key: Key
    namespaces: Namespaces


@contextmanager
def enforcing() -> Iterator[Site]:
    """Run ``groupwall serve --enforce nft``. SettingError, with the reason, where this machine cannot."""
    refuse_where_unable("this act")
    user, prefix = _user(), f"gwdemo{os.getpid()}"
    program = _program(user)
    root = Path(tempfile.mkdtemp(prefix="groupwall-demo-"))
    root.chmod(_READABLE)  # the server is not root for long
    options = ("--enforce", "nft", "--user", user, "--state", str(root / "agent"))
    folder = str(root / "data")
    server = Server(folder, *options, log=root / "log", GROUPWALL_NAMES=prefix, **program)
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


def _program(user: str) -> dict[str, str]:
    """Return which Python, and which PYTHONPATH, run groupwall for a user too. SettingError if that user cannot.

    Beside our own, which may be installed for root alone, it is the system's of the same minor version.
    """
    scratch, place = tempfile.gettempdir(), Path(__file__).parents[2]
    if unreachable(pwd.getpwnam(user), [Path(scratch)]):
        raise SettingError(
            f"{user}, whom the server runs as, cannot reach {scratch}: TMPDIR=/tmp make demo, or another folder that "
            "others can reach"
        )
    folders = [str(place), *(each for each in sys.path if each.endswith("-packages"))]
    system = f"/usr/bin/python3.{sys.version_info.minor}"
    tried = {"python": sys.executable}, {"python": system, "PYTHONPATH": os.pathsep.join(folders)}
    for one in tried:
        if _runs(user, **one):
            return one
    raise SettingError(
        f"{user}, whom the server runs as, can run groupwall in {place} neither with {sys.executable} nor with "
        f"{system}: make demo PYTHON=/usr/bin/python3 in a folder that others can reach"
    )


def _runs(user: str, python: str, **environment: str) -> bool:
    """Tell whether a user can run our server with a Python."""
    command = [python, "-P", "-c", "import groupwall.commands.serve"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own words only
            command, check=False, capture_output=True, cwd="/", timeout=_PATIENCE,
            user=user, group=pwd.getpwnam(user).pw_gid, extra_groups=[], env={**os.environ, **environment},
        )  # fmt: skip
    except OSError:
        return False
    return ran.returncode == 0


def refuse_where_unable(what: str) -> None:
    """Refuse what this machine cannot do because it cannot stop packets. SettingError, with the reason."""
    refuse_unable(what)
    try:
        with Namespace.new() as scratch, Dataplane.inside(scratch) as plane:
            plane.load(compiled(State({}, {}, {}, {})), 1)
    except OSError as error:
        raise SettingError(f"{what} needs Linux with nftables, and a root who may use it: {error}") from None
