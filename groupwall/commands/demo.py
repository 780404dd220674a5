"""``groupwall demo``: boto3 against a server of its own, every promise checked; exit code 0 only if all were kept."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from groupwall.commands.demo_enforcing import enforcing
from groupwall.commands.demo_foresight import foresight
from groupwall.commands.demo_packets import packets
from groupwall.commands.demo_server import Key, Server, create_key
from groupwall.commands.demo_stage import Clients, Stage
from groupwall.commands.demo_steps import STEPS, Proof, Step, prove
from groupwall.commands.refused import refused
from groupwall.config import SettingError

try:
    import boto3
    from botocore.config import Config

    from groupwall.inprocess.sessions import session
except ModuleNotFoundError:
    boto3 = None

REGION = "us-east-1"
PACKETS = "packets"
"""The act that is skipped where packets cannot be stopped."""


@click.command(short_help="The whole story in a terminal.")
@click.option("--json", "as_json", is_flag=True, help="Print the proofs as JSON.")
@click.option("--endpoint", hidden=True, help="Try another server, which must know no key.")
@refused
def demo(endpoint: str | None, *, as_json: bool) -> None:
    """Show what groupwall promises, with boto3 against a server of its own; exit code 1 if a promise is broken."""
    if boto3 is None:
        click.echo("groupwall demo needs boto3: pip install boto3", err=True)
        sys.exit(1)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that the server is ended all the same
    console = Console(highlight=False, quiet=as_json)
    with _stage(console, endpoint) as stage:
        steps = [step for step in (*STEPS, *foresight()) if stage.may_restart or not step.kills]
        proofs = [_played(step, stage, console) for step in steps]
    skipped = {} if endpoint else _packets(console, proofs)
    kept = all(proof.ok for proof in proofs)
    if as_json:
        shown = {"kept": kept, "proofs": [proof._asdict() for proof in proofs], "skipped": skipped}
        click.echo(json.dumps(shown, indent=2))
    say(console, "\nWhat was proved", "bold")
    for proof in proofs:
        row = f"{'yes' if proof.ok else 'NO':3}  {proof.name:15}  "
        say(console, f"{row}{proof.promise}; seen: {proof.seen}", _colour(ok=proof.ok), rest=" " * len(row))
    for name, why in skipped.items():
        row = f"{'-':3}  {name:15}  "
        say(console, f"{row}skipped: {why}", rest=" " * len(row))
    say(console, "\nEvery promise was kept." if kept else "\nA promise was broken.", _colour(ok=kept))
    sys.exit(0 if kept else 1)


def _packets(console: Console, proofs: list[Proof]) -> dict[str, str]:
    """Play the act of packets with a server of its own, and add its proofs; return why it was skipped, if it was."""
    say(console, f"\n{PACKETS}: two instances in network namespaces, and a server that makes rules hold", "bold")
    try:
        with enforcing() as site, ExitStack() as held:
            say(console, f"groupwall serve --enforce nft, at {site.endpoint}, with key {site.key.id}")
            stage = Stage(_clients(site.endpoint, site.key), _told_on(console), None)
            proofs += [_played(step, stage, console) for step in packets(site.namespaces, held)]
    except SettingError as error:
        say(console, f"skipped: {error}")
        return {PACKETS: str(error)}
    return {}


def _told_on(console: Console) -> Callable[[str, str], None]:
    def tell(call: str, answer: str) -> None:
        say(console, f"  {call}", "cyan", rest="    ")
        say(console, f"      {answer}", "dim", rest="      ")

    return tell


@contextmanager
def _stage(console: Console, endpoint: str | None) -> Iterator[Stage]:
    """Open the scene: a server on a folder that goes away with it, unless there is one to try."""
    tell = _told_on(console)
    if endpoint:
        yield Stage(_clients(endpoint, Key("AKIAIOSFODNN7EXAMPLE", "demo")), tell, None)
        return
    with tempfile.TemporaryDirectory(prefix="groupwall-demo-") as folder:
        key = create_key(folder)
        with Server(folder) as server:
            say(console, f"groupwall serve --auth signed, at {server.endpoint}, with key {key.id}")

            def restart(stage: Stage) -> str:
                killed = server.kill()
                server.start()
                stage.clients = _clients(server.endpoint, key)
                tell(f"kill -9 {killed}; groupwall serve", f"ready on {server.endpoint}")
                return "killed and started"

            yield Stage(_clients(server.endpoint, key), tell, restart)


def _clients(endpoint: str, key: Key) -> Clients:
    """Return clients that see nothing of the user's own AWS settings."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    ours = session(region_name=REGION)
    config = Config(retries={"total_max_attempts": 1}, proxies={}, read_timeout=20)

    def client(service: str, secret: str) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
        return ours.client(
            service, endpoint_url=endpoint, aws_access_key_id=key.id, aws_secret_access_key=secret, config=config
        )

    return Clients(client("ec2", key.secret), client("ec2", "of somebody else"), client("groupwall", key.secret))


def _played(step: Step, stage: Stage, console: Console) -> Proof:
    say(console, f"\n{step.name}: {step.promise}", "bold")
    proof = prove(step, stage)
    say(console, f"{'kept' if proof.ok else 'BROKEN'}: {proof.seen}", _colour(ok=proof.ok), rest="      ")
    return proof


def _colour(*, ok: bool) -> str:
    return "green" if ok else "red"


def say(console: Console, text: str, style: str = "", rest: str = "") -> None:
    """Print a text as it is, but on a terminal wrapped between words, with ``rest`` before each line but the first."""
    if console.is_terminal:
        text = "\n".join(line for part in text.split("\n") for line in _wrapped(part, console.width, rest))
    console.print(Text(text, style), soft_wrap=True)


def _wrapped(line: str, width: int, rest: str) -> list[str]:
    words = textwrap.TextWrapper(width, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
    return words.wrap(line) or [""]
