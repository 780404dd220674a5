"""``groupwall demo`` as a program: what it proves, that it sees a broken promise, that it leaves no server behind."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from rich.console import Console

from groupwall.commands.demo import say
from groupwall.commands.demo_foresight import foresight
from groupwall.commands.demo_packets import packets
from groupwall.commands.demo_stage import brief
from groupwall.commands.demo_steps import STEPS
from groupwall.enforce.dataplane.namespaces import Namespaces
from tests.serving import serving

DEMO = [sys.executable, "-c", "from groupwall.cli import main; main()", "demo"]
PATIENCE = 120.0
REVOKE = b"Action=RevokeSecurityGroupIngress"
SILENCE = b'<R xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><return>true</return></R>'
ALL = (*STEPS, *foresight())
PACKETS = packets(Namespaces(), ExitStack())
"""Played where they can be, which tests/enforce/test_demo_packets.py makes sure of; else said to be skipped."""
NEEDS_REVOKE = {"by properties", "by rule id", "default VPC", "other VPC", "description", "dry run", "history"}
NEEDS_SIGNATURE = {"wrong signature"}


def run(*options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the demo to its end."""
    return subprocess.run(  # noqa: S603 - our own words only
        [*DEMO, *options], check=False, capture_output=True, text=True, timeout=PATIENCE, env=os.environ | environment
    )


@contextmanager
def idle_revokes(endpoint: str) -> Iterator[str]:
    """Serve a server that passes everything on to another one, but answers a revoke at once and without effect."""

    class Idle(BaseHTTPRequestHandler):
        def do_POST(self) -> None:  # the name is http.server's
            body = self.rfile.read(int(self.headers["content-length"]))
            status, answer = (200, SILENCE) if REVOKE in body else passed_on(endpoint, body)
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Idle) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def passed_on(endpoint: str, body: bytes) -> tuple[int, bytes]:
    """Return what the real server answers."""
    request = urllib.request.Request(endpoint, body, {"content-type": "application/x-www-form-urlencoded"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - an address of this test
        return answer.status, answer.read()


def test_every_promise_is_kept() -> None:
    """The demo proves each of its steps against a server of its own and ends with 0 (inferred)."""
    ran = run("--json")
    shown = json.loads(ran.stdout)
    played = (*ALL, *(() if shown["skipped"] else PACKETS))
    assert [(proof["name"], proof["ok"]) for proof in shown["proofs"]] == [(step.name, True) for step in played]
    assert (ran.returncode, shown["kept"], ran.stderr) == (0, True, "")


def test_a_broken_promise_is_seen() -> None:
    """Against a server whose revoke does nothing and says yes, the demo names what is broken and exits 1 (inferred)."""
    with serving("--data", ":memory:", "--log", "off") as endpoint, idle_revokes(endpoint) as wrong:
        ran = run("--json", "--endpoint", wrong)
    broken = {proof["name"] for proof in json.loads(ran.stdout)["proofs"] if not proof["ok"]}
    assert (ran.returncode, broken) == (1, NEEDS_REVOKE | NEEDS_SIGNATURE)


def test_nobody_there() -> None:
    """Against a port where nobody answers every promise is broken, without a traceback (inferred)."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        ran = run("--endpoint", f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert ran.returncode == 1
    assert "A promise was broken." in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


def test_plain_text_without_a_terminal() -> None:
    """Without a terminal the whole story is told in plain text, and no line is broken in two (inferred)."""
    ran = run(NO_COLOR="1", COLUMNS="80", PYTHONIOENCODING="ascii")
    assert ran.returncode == 0, ran.stderr
    assert "\x1b" not in ran.stdout
    lines = ran.stdout.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert "default VPC: what is not there comes back in UnknownIpPermissions, the rest is revoked" in lines
    skipped = [line for line in lines if line.startswith("-    packets          skipped: ")]
    assert len([line for line in lines if line.startswith("yes  ")]) == len(ALL) + (0 if skipped else len(PACKETS))
    assert lines[-1] == "Every promise was kept."


def told(width: int, text: str, rest: str) -> list[str]:
    """Return the lines that a terminal without colours shows of a text."""
    written = io.StringIO()
    say(Console(file=written, force_terminal=True, no_color=True, width=width), text, rest=rest)
    return written.getvalue().splitlines()


def test_a_terminal_gets_whole_words() -> None:
    """On a terminal lines end between words, at no hyphen, and go on below their margin (inferred)."""
    assert told(24, "  revoke(GroupId=sg-1, DryRun=True)", "    ") == ["  revoke(GroupId=sg-1,", "    DryRun=True)"]
    assert told(80, "\nyes  a  b", "     ") == ["", "yes  a  b"]


def test_without_boto3() -> None:
    """Where boto3 is missing, one line says what to install (inferred)."""
    code = "import sys; sys.modules['boto3'] = None; from groupwall.cli import main; main()"
    command = [sys.executable, "-c", code, "demo"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)  # noqa: S603
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "groupwall demo needs boto3: pip install boto3\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there a terminated program cannot do anything any more")
def test_its_server_ends_with_it() -> None:
    """A demo that is asked to end ends its server too (inferred)."""
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, text=True) as demo:  # noqa: S603 - our own words only
        assert demo.stdout
        words = demo.stdout.readline().split()
        demo.send_signal(signal.SIGTERM)
        demo.communicate(timeout=PATIENCE)
    address = urlsplit(next(word.rstrip(",") for word in words if word.startswith("http://")))
    assert demo.returncode == 128 + signal.SIGTERM
    with socket.socket() as probe:
        assert probe.connect_ex((str(address.hostname), address.port or 0)) != 0


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"Return": True, "ResponseMetadata": {}}, "Return=True"),
        ({"IpProtocol": "tcp", "FromPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}, "tcp 22 10.0.0.0/8"),
        ({"IpProtocol": "-1", "FromPort": -1, "CidrIpv4": "0.0.0.0/0"}, "all 0.0.0.0/0"),
        ({"IpProtocol": "tcp", "FromPort": 22, "CidrIpv4": "0.0.0.0/0", "IsEgress": True}, "egress tcp 22 0.0.0.0/0"),
        ({"Deltas": [], "Revision": 7, "Operation": "CreateVpc"}, "7 CreateVpc"),
        ([1, 2, 3, 4, 5], "5 of them"),
        ({"Vpc": {"VpcId": "vpc-1"}}, "Vpc={VpcId=vpc-1}"),
    ],
)
def test_in_short(value: object, text: str) -> None:
    """Values are shown as a person would say them (inferred)."""
    assert brief(value) == text
