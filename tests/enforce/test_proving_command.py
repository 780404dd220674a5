"""``groupwall status --prove``, of a group of a server (inferred)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from groupwall.cli import main
from groupwall.commands import proving
from groupwall.enforce.kernel.entering import names
from groupwall.enforce.probes.proving import remove_left
from tests.enforce.servers import until
from tests.interfaces import create_interface
from tests.programs import command
from tests.remote import Remote
from tests.scenes import allow, create_group, tcp
from tests.serving import PATIENCE, PROGRAM, serving


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that keeps nothing."""
    with serving("--data", ":memory:", "--log", "off") as address:
        yield address


@pytest.fixture(scope="module")
def group(url: str) -> str:
    """A group with a port open for a network, and the egress rule that a new group has."""
    with Remote(url) as remote:
        made = create_group(remote, "web")  # type: ignore[arg-type]  # it answers as a wall does
        create_interface(remote, Groups=[made])  # type: ignore[arg-type]
        allow(remote, made, tcp(80, "10.1.0.0/16"))  # type: ignore[arg-type]
    return made


def _run(url: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["status", "--endpoint", url, *words])


def test_packets_are_told(url: str, group: str) -> None:
    """Each packet is told with what the rules say and whether it passed."""
    ended = _run(url, "--prove", group)
    assert ended.exit_code == 0, ended.output
    assert "each as the rules say" in ended.output
    found = json.loads(_run(url, "--prove", group, "--json").output)["Packets"]
    ingress = {
        (one["OtherAddress"], one["Service"]) for one in found if one["Direction"] == "ingress" and one["Passed"]
    }
    assert ingress == {("10.1.0.1", "tcp 80")}
    assert all(one["Passed"] == one["Permitted"] for one in found)


def test_a_protocol_without_ports_is_told_by_its_number(url: str, group: str) -> None:
    """GRE has no ports, so none is told: the rule for all protocols that every new group has is tried with it."""
    found = json.loads(_run(url, "--prove", group, "--json").output)["Packets"]
    services = {one["Service"] for one in found if one["Direction"] == "egress"}
    assert services == {"tcp 443", "udp 53", "icmp 8/0", "icmpv6 128/0", "47"}


@pytest.fixture
def prefix() -> Iterator[str]:
    """How the names of scratch namespaces begin, of which none are left."""
    made = f"gwt-{os.getpid()}-p"
    yield made
    remove_left(made)


@contextmanager
def _interrupted(url: str, group: str, prefix: str, number: int) -> Iterator[subprocess.Popen[str]]:
    """A proof that is sent a signal as soon as it has made something."""
    words = [*PROGRAM, "status", "--endpoint", url, "--prove", group, "--names", prefix]
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, text=True) as program:  # noqa: S603
        until(lambda: _made(prefix) or program.poll() is not None)
        program.send_signal(number)
        yield program


def _made(prefix: str) -> list[str]:
    return [name for name in names() if name.startswith(prefix)]


def test_nothing_is_left_by_sigterm(url: str, group: str, prefix: str) -> None:
    """A proof that is asked to end removes what it made first, as it does by Ctrl-C (inferred)."""
    with _interrupted(url, group, prefix, signal.SIGTERM) as program:
        assert program.wait(PATIENCE) == 128 + signal.SIGTERM
    assert _made(prefix) == []


def test_a_cleanup_finds_what_is_left(url: str, group: str, prefix: str, tmp_path: Path) -> None:
    """What a proof left that was killed, `groupwall cleanup` removes, by the prefix of all names (inferred)."""
    with _interrupted(url, group, prefix, signal.SIGKILL) as program:
        program.wait(PATIENCE)
    [left, *_] = _made(prefix)
    ended = command("cleanup", "--state", str(tmp_path), "--names", prefix)
    assert (ended.code, f"removed {left}\n" in ended.out) == (0, True)
    assert _made(prefix) == []


def test_an_unknown_group(url: str) -> None:
    """Of a group that is not known nothing is sent, which is wrong usage."""
    ended = _run(url, "--prove", "sg-00000000000000000")
    assert ended.exit_code == 2
    assert "nothing to prove" in ended.output


def test_what_is_not_so_is_told(url: str, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where packets do what the rules do not say, the exit code is 1, and how many they were is told."""
    true = proving.prove
    monkeypatch.setattr(proving, "prove", lambda *of: [one._replace(passed=True) for one in true(*of)])
    ended = _run(url, "--prove", group)
    assert ended.exit_code == 1
    assert "did what the rules do not say" in ended.output
