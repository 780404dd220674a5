"""``groupwall serve --enforce nft``: an agent beside the server, and a server that is root no longer.

The agent is a program of its own and stays root; it has a key of a user that may do the agents' operations and
nothing else. What reads requests runs as another user, whom the folder of the store belongs to from then on. The agent
ends when the server does, in whatever way, since it holds the other end of the agent's standard input; the rules in the
kernel stay as they are.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from groupwall.commands.profile_files import PRIVATE, write_whole
from groupwall.commands.rooted import private_folder, refuse_unable
from groupwall.config import SettingError, Settings
from groupwall.enforce.agent import control
from groupwall.iam.callers import USER
from groupwall.iam.keys import ACTIVE, Wanted, create
from groupwall.iam.principals import Given, Who, put
from groupwall.profiles import setup
from groupwall.store.sqlite import Store
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, SystemClock, ticks

if sys.platform != "win32":
    import pwd

AGENT = "groupwall-agent"
"""The agent's user, and the profile of its key."""

FILE = "agent.credentials"
PATIENCE = 10.0
"""Seconds that the agent may take to begin, and to end."""

LOOK = 0.02
"""Seconds between two looks for the agent."""

_ACTIONS = (
    "groupwall:DescribeDesired",
    "groupwall:Acknowledge",
    "groupwall:TellCounters",
    "groupwall:DescribeFlowQuestions",
    "groupwall:TellFlows",
)
_POLICY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(_ACTIONS), "Resource": "*"}]}
)

log = logging.getLogger("groupwall")


class Enforcing(NamedTuple):
    """Who the server is once it listens, and the agent's folder."""

    user: pwd.struct_passwd
    folder: Path


def enforcing(user: str, state: str) -> Enforcing:
    """Return what was asked for. SettingError where it cannot be: not root, no Linux, no such user."""
    refuse_unable("--enforce nft")
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise SettingError(f"there is no user {user!r} that the server could run as") from None
    if found.pw_uid == 0:
        raise SettingError("--user must not be root: what reads requests does not run as root")
    return Enforcing(found, private_folder(state))


@contextmanager
def agent_beside(asked: Enforcing, store: Store, settings: Settings, url: str) -> Iterator[None]:
    """Start the agent, and be root no longer; at the end the agent ends too. SettingError, OSError, StoreError."""
    program = _started(asked.folder, _key_file(asked.folder, store, settings), settings, url)
    try:
        _await_listening(program, asked.folder)
        _become(asked.user, Path(settings.data))
        threading.Thread(target=_watch, args=(program,), daemon=True).start()
        yield
    finally:
        assert program.stdin  # noqa: S101 - it is a pipe
        program.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # it goes when the kernel is done with what it does
            program.wait(PATIENCE)


def _key_file(folder: Path, store: Store, settings: Settings) -> Path:
    """Return a file with a key of the agent's, a new one if that of before is not taken any more."""
    file = folder / FILE
    store.run(lambda tx: _permit(tx, settings.account))
    if not (file.exists() and _is_taken(file, store)):
        key_id, secret = store.run(lambda tx: _made(tx, settings.account))
        lines = (f"[{AGENT}]", f"aws_access_key_id = {key_id}", f"aws_secret_access_key = {secret}", "")
        write_whole(file, "\n".join(lines).encode(), PRIVATE)
    return file


def _permit(tx: Transaction, account: str) -> None:
    put(tx, Ids(), SystemClock().now(), Who(account, USER, AGENT), Given(policies={"agent": _POLICY}))


def _made(tx: Transaction, account: str) -> tuple[str, str]:
    key, secret = create(tx, Ids(), SystemClock().now(), Wanted(account, AGENT))
    return key.id, secret


def _is_taken(file: Path, store: Store) -> bool:
    given = setup(_environment(file), profile=AGENT).credentials
    kept = store.access_key(given.access_key_id)
    return kept is not None and kept[1] == given.secret and kept[0].status == ACTIVE


def _environment(file: Path) -> dict[str, str]:
    return {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_CONFIG_FILE": os.devnull}


def _started(folder: Path, key_file: Path, settings: Settings, url: str) -> subprocess.Popen[bytes]:
    words = ["--endpoint", url, "--profile", AGENT, "--region", settings.region, "--state", str(folder)]
    own = [
        sys.executable,
        "-P",
        "-m",
        "groupwall.cli",
    ]  # -P: nothing in the working folder is run as root
    command = [*own, "agent", *words, "--instances", "--lifeline"]
    trusted = {"AWS_CA_BUNDLE": str(Path(settings.tls_cert).absolute())} if settings.tls_cert else {}
    environment = {**os.environ, **_environment(key_file), **trusted}
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603 - our own words


def _await_listening(program: subprocess.Popen[bytes], folder: Path) -> None:
    """Return once commands reach the agent, so that whoever reads that the server is ready can attach at once.

    The agent of a server that was killed may have to end first. OSError if ours ends, which has said why.
    """
    late = ticks() + PATIENCE
    while control.agent_of(folder) != program.pid and ticks() < late:
        with suppress(subprocess.TimeoutExpired):
            raise OSError(f"the agent ended at its start, with status {program.wait(LOOK)}")


def _become(user: pwd.struct_passwd, data: Path) -> None:
    """Be another user, for good, whom the store belongs to. SettingError where that user could not go on."""
    for path in (data, *data.iterdir()):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    for needed in (data, Path(sys.executable), Path(__file__)):
        if not os.access(needed, os.R_OK):
            raise SettingError(f"{user.pw_name} cannot reach {needed}, which the server needs: see --user and --data")


def _watch(program: subprocess.Popen[bytes]) -> None:
    """Say so if the agent ends before the server does."""
    status = program.wait()
    assert program.stdin  # noqa: S101 - it is a pipe
    if not program.stdin.closed:
        log.error(
            "the agent has ended (%s): rules stay in the kernel as they are, and changes do not reach it; "
            "start the server again",
            status,
        )
