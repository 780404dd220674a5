"""The demo's act of packets: played by root for real, skipped with the reason where it cannot be, gone afterwards."""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import groupwall
from groupwall.commands.demo_foresight import foresight
from groupwall.commands.demo_steps import STEPS
from groupwall.enforce.kernel.entering import names
from tests.enforce.servers import environment, importable, python, until

PATIENCE = 120.0
OTHERS = len((*STEPS, *foresight()))
"""How many steps the demo has beside the act's."""
DROP_FOR_GOOD, CAP_SYS_ADMIN = 24, 21


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others than root can reach, for all that a demo writes."""
    made = Path(tempfile.mkdtemp(prefix="groupwall-"))
    made.chmod(0o755)
    with environment(PYTHONPATH=importable(), TMPDIR=str(made)):
        yield made
    shutil.rmtree(made)


def demo(by: str = "", **given: Any) -> dict[str, Any]:  # noqa: ANN401 - as subprocess takes them
    """Play the demo to its end, which must be a good one; return what it shows. by: which Python."""
    ran = subprocess.run(  # noqa: S603 - our own words only
        [by or python(), "-m", "groupwall.cli", "demo", "--json"],
        check=True, capture_output=True, text=True, timeout=PATIENCE, **given,
    )  # fmt: skip
    assert ran.stderr == ""
    return dict(json.loads(ran.stdout))


def test_packets_are_stopped(folder: Path) -> None:
    """Each promise of the act is kept by this kernel, and nothing of it is left (issue 6, 8)."""
    shown = demo()
    assert [proof for proof in shown["proofs"] if not proof["ok"]] == []
    assert shown["skipped"] == {}
    told = {proof["name"]: proof["seen"] for proof in shown["proofs"][OTHERS:]}
    assert list(told) == ["instances", "authorize", "revoke", "cut", "how fast"]
    assert " ms; of 11 revokes " in told["how fast"]
    assert list(folder.iterdir()) == []


def test_who_is_not_root_is_told(folder: Path) -> None:
    """Who is not root sees all else, and why this is skipped; nothing is broken by that (issue 6, 8)."""
    folder.chmod(0o777)
    nobody = pwd.getpwnam("nobody")
    shown = demo(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], cwd="/")
    assert shown["skipped"] == {
        "packets": "this act needs root: it makes network namespaces and changes the kernel's tables"
    }
    assert len(shown["proofs"]) == OTHERS


@pytest.mark.usefixtures("folder")
def test_a_root_who_may_not_is_told() -> None:
    """A root who cannot make namespaces, as in many a container, is told so, and the act is skipped (inferred)."""
    kernel = ctypes.CDLL(None)
    shown = demo(preexec_fn=lambda: kernel.prctl(DROP_FOR_GOOD, CAP_SYS_ADMIN, 0, 0, 0))
    assert "needs Linux with nftables, and a root who may use it" in shown["skipped"]["packets"]
    assert len(shown["proofs"]) == OTHERS


def test_a_server_that_cannot_is_told(folder: Path) -> None:
    """Where the server could not go on as somebody else than root, that is told, and nothing is left (inferred)."""
    folder.chmod(0o700)
    shown = demo()
    assert f"nobody, whom the server runs as, cannot reach {folder}" in shown["skipped"]["packets"]
    assert len(shown["proofs"]) == OTHERS
    assert list(folder.iterdir()) == []


def test_a_clone_out_of_reach_is_told(folder: Path) -> None:
    """Where groupwall lies in root's home the act is skipped, and told what to do (inferred)."""
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(Path(groupwall.__file__).parent, closed / "groupwall")
    first, *others = importable().split(os.pathsep)
    assert (Path(first) / "groupwall").exists()
    with environment(PYTHONPATH=os.pathsep.join([str(closed), *others])):
        shown = demo(cwd="/")
    assert f"can run groupwall in {closed} neither with" in shown["skipped"]["packets"]
    assert "make demo PYTHON=/usr/bin/python3 in a folder that others can reach" in shown["skipped"]["packets"]
    assert len(shown["proofs"]) == OTHERS


@pytest.mark.usefixtures("folder")
def test_a_python_of_roots_alone_is_no_obstacle() -> None:
    """Where the Python that plays is installed for root alone, the system's of the same version serves (inferred)."""
    assert python()  # else it is skipped
    shown = demo(sys.executable)
    assert (shown["kept"], shown["skipped"]) == (True, {})


def test_nothing_is_left_after_an_interrupt(folder: Path) -> None:
    """Ctrl-C in the midst of the act ends the server and its agent, and removes what they made (inferred)."""
    with subprocess.Popen(  # noqa: S603 - our own words only
        [python(), "-m", "groupwall.cli", "demo"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as program:  # fmt: skip
        assert program.stdout
        assert any(line.startswith("authorize:") for line in program.stdout)
        assert _made_by(program.pid)
        os.killpg(program.pid, signal.SIGINT)
        rest = program.communicate(timeout=PATIENCE)[0]
    assert program.returncode != 0
    assert "Traceback" not in rest
    assert _made_by(program.pid) == []
    assert list(folder.iterdir()) == []
    until(lambda: not _in_group(program.pid))


def _made_by(pid: int) -> list[str]:
    return [name for name in names() if name.startswith(f"gwdemo{pid}-")]


def _in_group(group: int) -> list[str]:
    """Return the processes of a group that are still there."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(status.parent.name)
    return found
