"""``groupwall demo``: boto3 against a server of its own, every promise checked; exit code 0 only if all were kept."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Column, Table

from groupwall.commands.demo_server import Key, Server, create_key
from groupwall.commands.demo_stage import Clients, Stage
from groupwall.commands.demo_steps import STEPS, Proof, Step, prove
from groupwall.commands.refused import refused

try:
    import boto3
    from botocore.config import Config

    from groupwall.inprocess.sessions import session
except ModuleNotFoundError:
    boto3 = None

REGION = "us-east-1"


@click.command()
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
        proofs = [_played(step, stage, console) for step in STEPS if stage.may_restart or not step.kills]
    kept = all(proof.ok for proof in proofs)
    if as_json:
        click.echo(json.dumps({"kept": kept, "proofs": [proof._asdict() for proof in proofs]}, indent=2))
    console.print(_table(proofs))
    console.print("[green]Every promise was kept.[/]" if kept else "[red]A promise was broken.[/]")
    sys.exit(0 if kept else 1)


@contextmanager
def _stage(console: Console, endpoint: str | None) -> Iterator[Stage]:
    """Open the scene: a server on a folder that goes away with it, unless there is one to try."""

    def tell(call: str, answer: str) -> None:
        console.print(Padding(f"[cyan]{escape(call)}[/]", (0, 0, 0, 2)))
        console.print(Padding(f"[dim]{escape(answer)}[/]", (0, 0, 0, 6)))

    if endpoint:
        yield Stage(_clients(endpoint, Key("AKIAIOSFODNN7EXAMPLE", "demo")), tell, None)
        return
    with tempfile.TemporaryDirectory(prefix="groupwall-demo-") as folder:
        key = create_key(folder)
        with Server(folder) as server:
            console.print(f"groupwall serve --auth signed, at {server.endpoint}, with key {key.id}")

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
    console.print(f"\n[bold]{step.name}[/]: {step.promise}")
    proof = prove(step, stage)
    console.print(f"{_verdict(proof)} {escape(proof.seen)}")
    return proof


def _verdict(proof: Proof) -> str:
    return "[green]kept:[/]" if proof.ok else "[red]BROKEN:[/]"


def _table(proofs: list[Proof]) -> Table:
    columns = [Column(name, overflow="fold") for name in ("promise", "seen")]
    table = Table("step", *columns, "", title="\nWhat was proved")
    for proof in proofs:
        table.add_row(proof.name, proof.promise, escape(proof.seen), "[green]yes[/]" if proof.ok else "[red]NO[/]")
    return table
