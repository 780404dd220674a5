"""``groupwall agent`` and what speaks to it: ``attach``, ``detach``, ``cleanup``; and ``exec``. For root of a Linux."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from groupwall.commands.asking import Where, connected
from groupwall.commands.refused import refused
from groupwall.commands.rooted import STATE, private_folder, refuse_unable
from groupwall.config import SettingError
from groupwall.enforce import control
from groupwall.enforce.agent import Agent, Clients
from groupwall.enforce.attached import let_go
from groupwall.enforce.host import Host
from groupwall.enforce.namespaces import Namespaces

NAMES = "gw"
STANDARD_INPUT = 0

Command = Callable[..., Any]


def _with_state(command: Command) -> Command:
    return click.option(
        "--state", default=STATE, show_default=True, envvar="GROUPWALL_STATE", help="The agent's own folder."
    )(command)


def _with_names(command: Command) -> Command:
    return click.option(
        "--names",
        default=NAMES,
        show_default=True,
        envvar="GROUPWALL_NAMES",
        help="How the names of the network namespaces begin that are made here.",
    )(command)


@click.command(short_help="Make rules hold on this machine: root, Linux.")
@click.option("--endpoint", help="The server's address; AWS_ENDPOINT_URL_GROUPWALL, else this machine's.")
@click.option("--profile", help="The profile of AWS's files to take keys and region from.")
@click.option("--region", help="The region to ask about.")
@click.option("--host", "name", help="What the server calls this machine; its own name without.")
@click.option("--instances", is_flag=True, help="Make the instances that RunInstances asks for, as network namespaces.")
@click.option("--lifeline", is_flag=True, hidden=True, help="End when standard input does.")
@_with_names
@_with_state
@refused
def agent(state: str, names: str, *, instances: bool, lifeline: bool, **given: Any) -> None:  # noqa: ANN401 - options
    """Have the kernel hold to the rules of a server, until SIGTERM; what it holds to then stays."""
    refuse_unable("groupwall agent")
    logging.basicConfig(format="agent: %(message)s")
    folder = private_folder(state)
    name = given.pop("name") or os.uname().nodename
    where = Where(**given)
    with connected(where) as asking, connected(where) as telling:
        made = Host(folder, Namespaces(names) if instances else None)
        asyncio.run(_run(Agent(name, made, Clients(asking, telling)), folder, STANDARD_INPUT if lifeline else None))


async def _run(one: Agent, folder: Path, lifeline: int | None) -> None:
    await one.run(folder, lifeline)


@click.command(short_help="Hold a device or a container to an interface's rules.")
@click.option("--eni", required=True, help="The network interface whose groups are to decide.")
@click.option("--interface", help="A device: a veth or tap that this machine routes for; with --netns, one inside.")
@click.option("--netns", help="A network namespace, by name or by the pid of a process in it: a container's.")
@_with_state
@refused
def attach(eni: str, interface: str | None, netns: str | None, state: str) -> None:
    """Hold what you have to the rules of a network interface, from now on and over restarts."""
    if not interface and not netns:
        raise click.UsageError("name what to attach: --interface, --netns or both")
    refuse_unable("groupwall attach")
    click.echo(control.ask(Path(state), "attach", interface_id=eni, device=interface, netns=netns))


@click.command(short_help="Undo attach.")
@click.option("--eni", required=True, help="The network interface.")
@_with_state
@refused
def detach(eni: str, state: str) -> None:
    """Let go of what was attached as a network interface; it is as if it had never been."""
    refuse_unable("groupwall detach")
    click.echo(control.ask(Path(state), "detach", interface_id=eni))


@click.command(short_help="Remove what groupwall made on this machine.")
@_with_names
@_with_state
@refused
def cleanup(names: str, state: str) -> None:
    """Remove the network namespaces, tables and bindings that groupwall made here, and nothing else."""
    refuse_unable("groupwall cleanup")
    folder = Path(state)
    if control.is_there(folder):
        raise SettingError(f"an agent runs with the folder {folder}, and would make it all again: end it first")
    for told in [*let_go(folder), *Namespaces(names).remove_all()]:
        click.echo(f"removed {told}")


@click.command(
    "exec", short_help="Run a command inside an instance.", context_settings={"ignore_unknown_options": True}
)
@click.argument("instance_id")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@_with_names
@refused
def execute(instance_id: str, command: tuple[str, ...], names: str) -> None:
    """Run a command inside an instance of this machine: `groupwall exec i-... -- ping -c 1 10.0.0.5`."""
    refuse_unable("groupwall exec")
    try:
        namespace = Namespaces(names).opened(instance_id)
    except ValueError as error:
        raise SettingError(str(error)) from None
    except FileNotFoundError:
        raise SettingError(f"{instance_id} is no instance on this machine, or does not run") from None
    # The thread that executes a program becomes the whole process, and stays in its namespace.
    namespace.within(lambda: os.execvp(command[0], command))  # noqa: S606 - the user's own words, without a shell
