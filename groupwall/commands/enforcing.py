"""``groupwall serve --enforce nft``: an agent beside the server, and a server that is root no longer.

The agent is a program of its own and stays root, and so does its parent, which starts it again when it dies. It has a
key of a user that may do the agents' operations and nothing else. What reads requests runs as another user, whom the
folder of the store belongs to. That user may have put anything there, links too, so the store is opened as that user
already, and root is only who starts the agent. The agent ends when the server does, in whatever way, since that holds
the other end of the agent's standard input; the rules in the kernel stay as they are.
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

from groupwall.commands.giving import give
from groupwall.commands.profile_files import PRIVATE, write_whole
from groupwall.commands.reach import refuse_unreachable, refuse_within
from groupwall.commands.rooted import private_folder, refuse_unable
from groupwall.config import SettingError, Settings
from groupwall.enforce.agent import control
from groupwall.enforce.agent.alive import is_child
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


def enforcing(user: str, state: str, data: str) -> Enforcing:
    """Return what was asked for, before anything else is made.

    SettingError where it cannot be: not root, no Linux, no such user, or one who could not go on, folders that mix.
    """
    refuse_unable("--enforce nft")
    try:
        found = pwd.getpwnam(user)
    except KeyError:
        raise SettingError(f"there is no user {user!r} that the server could run as") from None
    if found.pw_uid == 0:
        raise SettingError("--user must not be root: what reads requests does not run as root")
    refuse_within(data, state)
    refuse_unreachable(found, data)
    return Enforcing(found, private_folder(state))


def step_down(asked: Enforcing, folder: str) -> None:
    """Be the user who the server runs as, to whom the store's folder is given, but for what root must begin.

    SettingError for a folder that cannot be given; OSError.
    """
    give(Path(folder), asked.user)
    os.setgroups([])
    os.setegid(asked.user.pw_gid)
    os.seteuid(asked.user.pw_uid)


@contextmanager
def agent_beside(asked: Enforcing, store: Store, settings: Settings, url: str) -> Iterator[None]:
    """Start the agent, and be root no longer, who was stepped down before; at the end the agent ends too.

    SettingError, OSError, StoreError.
    """
    file = asked.folder / FILE
    made = _key(file, store, settings)
    with _as_root():
        if made:
            write_whole(file, made.encode(), PRIVATE)
        program = _started(asked.folder, file, settings, url)
    try:
        with _as_root():
            _await_listening(program, asked.folder)
        _become(asked.user)
        threading.Thread(target=_watch, args=(program,), daemon=True).start()
        yield
    finally:
        assert program.stdin  # noqa: S101 - it is a pipe
        program.stdin.close()
        with suppress(subprocess.TimeoutExpired):  # it goes when the kernel is done with what it does
            program.wait(PATIENCE)


@contextmanager
def _as_root() -> Iterator[None]:
    """Be root once more, for a moment; not to touch what lies in the store's folder."""
    user, group = os.geteuid(), os.getegid()
    os.seteuid(0)
    os.setegid(0)
    try:
        yield
    finally:
        os.setegid(group)
        os.seteuid(user)


def _key(file: Path, store: Store, settings: Settings) -> str:
    """Return the text of a file with a new key of the agent's, "" if that of before is still taken."""
    store.run(lambda tx: _permit(tx, settings.account))
    if _is_taken(file, store):
        return ""
    key_id, secret = store.run(lambda tx: _made(tx, settings.account))
    return f"[{AGENT}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


def _permit(tx: Transaction, account: str) -> None:
    put(tx, Ids(), SystemClock().now(), Who(account, USER, AGENT), Given(policies={"agent": _POLICY}))


def _made(tx: Transaction, account: str) -> tuple[str, str]:
    key, secret = create(tx, Ids(), SystemClock().now(), Wanted(account, AGENT))
    return key.id, secret


def _is_taken(file: Path, store: Store) -> bool:
    with _as_root():
        if not file.exists():
            return False
        given = setup(_environment(file), profile=AGENT).credentials
    kept = store.access_key(given.access_key_id)
    return kept is not None and kept[1] == given.secret and kept[0].status == ACTIVE


def _environment(file: Path) -> dict[str, str]:
    return {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_CONFIG_FILE": os.devnull}


def _started(folder: Path, key_file: Path, settings: Settings, url: str) -> subprocess.Popen[bytes]:
    words = ["--endpoint", url, "--profile", AGENT, "--region", settings.region, "--state", str(folder)]
    command = [sys.executable, "-P", "-m", "groupwall.cli"]  # -P: nothing in the working folder is run as root
    command += ["agent", *words, "--instances", "--lifeline"]
    trusted = {"AWS_CA_BUNDLE": str(Path(settings.tls_cert).absolute())} if settings.tls_cert else {}
    environment = {**os.environ, **_environment(key_file), **trusted}
    return subprocess.Popen(command, stdin=subprocess.PIPE, env=environment)  # noqa: S603 - our own words


def _await_listening(program: subprocess.Popen[bytes], folder: Path) -> None:
    """Return once commands reach the agent, so that whoever reads that the server is ready can attach at once.

    The agent of a server that was killed may have to end first. OSError if ours ends, which has said why.
    """
    late = ticks() + PATIENCE
    while not is_child(control.agent_of(folder), program.pid) and ticks() < late:
        with suppress(subprocess.TimeoutExpired):
            raise OSError(f"the agent ended at its start, with status {program.wait(LOOK)}")


def _become(user: pwd.struct_passwd) -> None:
    """Be another user, for good."""
    os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
    os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)


def _watch(program: subprocess.Popen[bytes]) -> None:
    """Say so if what keeps the agent alive ends before the server does."""
    status = program.wait()
    assert program.stdin  # noqa: S101 - it is a pipe
    if not program.stdin.closed:
        log.error(
            "what starts the agent again has ended (%s): rules stay in the kernel as they are, and once the agent dies "
            "changes do not reach it; start the server again",
            status,
        )
