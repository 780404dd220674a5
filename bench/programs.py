"""The servers that are measured, each a program of its own on a port of loopback, ended by its pid."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench import wire
from bench.wire import Site
from groupwall.iam import keys
from groupwall.store.sqlite import open_store
from groupwall.units import Ids, SystemClock
from groupwall.wire.sigv4 import Credentials

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
ACCOUNT = "123456789012"
PATIENCE = 60.0
ANYBODY = Credentials("AKIAIOSFODNN7EXAMPLE", "of nobody")  # moto verifies nothing


class Server(NamedTuple):
    """A program that answers at a site; cold: seconds from its start to its first answer."""

    site: Site
    pid: int
    cold: float

    def memory(self) -> float:
        """Return the MiB of memory that it holds (VmRSS), 0 where the system does not tell."""
        return status(self.pid, "VmRSS")

    def peak(self) -> float:
        """Return the MiB that it and its children have held at most, 0 where the system does not tell."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        pids = [self.pid, *map(int, children.read_text().split())] if children.exists() else []
        return sum(status(pid, "VmHWM") for pid in pids)

    def cpu(self) -> float:
        """Return the seconds of processor time that it has used, 0 where the system does not tell."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return 0.0
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(pid: int, name: str) -> float:
    """Return the MiB that the system tells of a program under this name, 0 where it does not."""
    told = Path(f"/proc/{pid}/status")
    lines = told.read_text().splitlines() if told.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:")), 0.0)


def other_python() -> Path:
    """Return the Python that has moto: of the environment beside ours, else our own."""
    beside = ROOT / ".venv-bench" / "bin" / "python"
    return beside if beside.exists() else Path(sys.executable)


@functools.cache
def moto_version() -> str:
    """Return the version of moto that ``other_python`` has, empty when it has none."""
    code = "import importlib.metadata as m; print(*(d.version for d in m.distributions(name='moto')))"
    ran = subprocess.run([str(other_python()), "-c", code], capture_output=True, text=True, check=True)  # noqa: S603
    return ran.stdout.strip()


def has_moto() -> bool:
    """Whether there is a moto to measure against."""
    return bool(moto_version())


@contextlib.contextmanager
def groupwall(folder: Path) -> Iterator[Server]:
    """Run ``groupwall serve --auth signed`` on a folder that holds a store already or that gets one."""
    credentials = make_key(folder)
    words = ["-m", "groupwall.cli", "serve", "--data", str(folder), "--auth", "signed", "--port"]
    with _running([sys.executable, *words], credentials) as server:
        yield server


@contextlib.contextmanager
def moto() -> Iterator[Server]:
    """Run ``moto_server``, which keeps everything in memory and verifies no signature."""
    with _running([str(other_python()), "-m", "moto.server", "--host", HOST, "--port"], ANYBODY) as server:
        yield server


@contextlib.contextmanager
def moto_filled(groups: int, rules: int) -> Iterator[Server]:
    """Run ``moto_server`` with an account of so many groups."""
    command = [str(other_python()), "-m", "bench.moto_filled", str(groups), str(rules)]
    with _running(command, ANYBODY, "DescribeVpcs") as server:
        yield server


@contextlib.contextmanager
def null() -> Iterator[Server]:
    """Run the server that does nothing."""
    with _running([sys.executable, "-m", "bench.null"], ANYBODY) as server:
        yield server


def make_key(folder: Path) -> Credentials:
    """Make an access key in the store of a folder, which is made where there is none."""
    store = open_store(str(folder), Ids())
    key, secret = store.run(lambda tx: keys.create(tx, Ids(), SystemClock().now(), keys.Wanted(ACCOUNT)))
    store.close()
    return Credentials(key.id, secret)


@contextlib.contextmanager
def _running(command: list[str], credentials: Credentials, first: str = "DescribeSecurityGroups") -> Iterator[Server]:
    """Run a program with a free port as its last word, from its start to its first answer and until the block ends."""
    site = Site(HOST, _free_port(), credentials)
    started = time.perf_counter()
    program = subprocess.Popen(  # noqa: S603 - our own words only
        [*command, str(site.port)], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=_environment(),
    )  # fmt: skip
    try:
        _until_it_listens(site, program)
        wire.ask(site, Action=first)
        yield Server(site, program.pid, time.perf_counter() - started)
    finally:
        program.kill()
        program.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GROUPWALL_", "AWS_"))}
    return kept | {"GROUPWALL_QUOTA_GROUPS_PER_REGION": "100000", "GROUPWALL_QUOTA_RULES_PER_GROUP": "1000"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _until_it_listens(site: Site, program: subprocess.Popen[bytes]) -> None:
    """Try to connect again and again: moto says nothing when it is ready, so neither server is asked to."""
    deadline = time.perf_counter() + PATIENCE
    while program.poll() is None and time.perf_counter() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((site.host, site.port)) == 0:
                return
        time.sleep(0.002)
    raise ConnectionError(f"{program.args!r} does not listen")


def load(site: Site, turns: Sequence[Sequence[bytes]], seconds: float) -> dict[str, Any]:
    """Have the load generator repeat each connection's turn of requests; return what it saw, times in seconds.

    AssertionError when a reply was no success.
    """
    job = {
        "host": site.host,
        "port": site.port,
        "seconds": seconds,
        "turns": [[base64.b64encode(request).decode() for request in turn] for turn in turns],
    }
    ran = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT, input=json.dumps(job), capture_output=True, text=True, check=False, timeout=seconds + PATIENCE,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    seen: dict[str, Any] = json.loads(ran.stdout)
    assert not seen["failures"], f"{seen['failures']} replies were no success"
    return seen
