"""``groupwall agent`` and what speaks to it: ``attach``, ``detach``, ``cleanup``; and ``exec``. For root of a Linux."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shlex
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NoReturn

import click

from groupwall.commands.asking import Where, connected
from groupwall.commands.refused import refused
from groupwall.commands.rooted import NAMES, STATE, hold_many, private_folder, refuse_unable
from groupwall.commands.visible import visible
from groupwall.config import SettingError
from groupwall.enforce.agent import control
from groupwall.enforce.agent.agent import Agent, Clients
from groupwall.enforce.agent.alive import keep_alive
from groupwall.enforce.agent.counting import EVERY
from groupwall.enforce.agent.guard import ssh_callers
from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane.attached import let_go
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.owner import known_owner, owner_of
from groupwall.enforce.probes.proving import remove_left
from groupwall.rules import parsing

STANDARD_INPUT = 0
TRIAL = 60
"""Seconds after which what was attached with --host is undone, unless that was confirmed."""

SELDOM = (100_000, 20, 10)
"""How many values come before Python looks for rings among them that nobody holds. What an agent keeps has none, and to
look through 60,000 rules takes 0.3 s, in which nothing else is done (measured)."""

UNABLE, NOT_RUN, NOT_FOUND = 125, 126, 127
"""Exit codes of ``exec`` that are not the command's own: those of shells, and docker's for what it cannot itself."""

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
@click.option(
    "--counters-every",
    type=click.FloatRange(0, 86_400),
    default=EVERY,
    show_default=True,
    envvar="GROUPWALL_COUNTERS_EVERY",
    help="Seconds from one look at what rules let in to the next; 0 for never.",
)
@click.option("--lifeline", is_flag=True, hidden=True, help="End when standard input does, not before.")
@_with_names
@_with_state
@refused
def agent(state: str, names: str, counters_every: float, **given: Any) -> None:  # noqa: ANN401 - options
    """Have the kernel hold to the rules of a server, until SIGTERM; what it holds to then stays."""
    refuse_unable("groupwall agent")
    hold_many()
    logging.basicConfig(format="agent: %(message)s", level=logging.INFO)
    gc.set_threshold(*SELDOM)
    folder = private_folder(state)
    name, instances, lifeline = (given.pop(one) for one in ("name", "instances", "lifeline"))
    if lifeline:
        keep_alive(STANDARD_INPUT)
    name = parsing.host_name(name or os.uname().nodename)
    where = Where(**given)
    with ExitStack() as held:
        clients = Clients(*(held.enter_context(connected(where)) for _ in Clients._fields))
        made = Host(folder, Namespaces(names, owner_of(folder)) if instances else None)
        one = Agent(name, made, clients, counters_every)
        asyncio.run(_run(one, folder, STANDARD_INPUT if lifeline else None))


async def _run(one: Agent, folder: Path, lifeline: int | None) -> None:
    await one.run(folder, lifeline)


@click.command(short_help="Hold a device or a container to an interface's rules.")
@click.option("--eni", required=True, help="The network interface whose groups are to decide.")
@click.option("--interface", help="A device: a veth or tap that this machine routes for; with --netns, one inside.")
@click.option("--netns", help="A network namespace, by name or by the pid of a process in it: a container's.")
@click.option("--host", "itself", is_flag=True, help="This machine itself: what its own programs receive and send.")
@click.option("--no-guard", "unguarded", is_flag=True, help="With --host: keep neither SSH nor the server reachable.")
@click.option("--confirm", is_flag=True, help="With --host: keep it, which is undone after 60 s otherwise.")
@click.option("--undone-after", "seconds", default=TRIAL, hidden=True, type=click.IntRange(1, 3600))
@_with_state
@refused
def attach(eni: str, state: str, *, itself: bool, **given: Any) -> None:  # noqa: ANN401 - options
    """Hold what you have to the rules of a network interface, from now on and over restarts."""
    if itself:
        _attach_host(eni, state, **given)
        return
    device, netns = given["interface"], given["netns"]
    if given["unguarded"] or given["confirm"]:
        raise click.UsageError("--no-guard and --confirm are for --host")
    if not device and not netns:
        raise click.UsageError("name what to attach: --interface, --netns or both, or --host")
    refuse_unable("groupwall attach")
    click.echo(control.ask(Path(state), "attach", interface_id=eni, device=device, netns=netns))


def _attach_host(eni: str, state: str, *, confirm: bool, unguarded: bool, **given: Any) -> None:  # noqa: ANN401 - options
    if given["interface"] or given["netns"]:
        raise click.UsageError("--host is all of this machine's own traffic: give neither --interface nor --netns")
    if confirm and unguarded:
        raise click.UsageError("what is kept was settled when it was attached: --confirm goes without --no-guard")
    refuse_unable("groupwall attach")
    folder = Path(state)
    if confirm:
        click.echo(control.ask(folder, "confirm", interface_id=eni))
        return
    callers = None if unguarded else ssh_callers(os.getpid())
    click.echo(control.ask(folder, "attach-host", interface_id=eni, callers=callers, seconds=given["seconds"]))
    where = "" if state == STATE else f" --state {shlex.quote(state)}"
    click.echo(f"To confirm, best from another login:\n  groupwall attach --eni {eni} --host --confirm{where}")


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
    own = Namespaces(names, known_owner(folder))
    detached = [f"detached {interface_id}" for interface_id in let_go(folder)]
    removed = [f"removed {each}" for each in (*own.remove_all(), *remove_left(names))]
    left = [f"left {name}: the agent of another folder made it, which --state names" for name in own.others()]
    for told in [*detached, *removed, *left]:
        click.echo(told)


@click.command(
    "exec", short_help="Run a command inside an instance.", context_settings={"ignore_unknown_options": True}
)
@click.argument("instance_id")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@_with_names
@refused
def execute(instance_id: str, command: tuple[str, ...], names: str) -> None:
    """Run a command inside an instance of this machine: `groupwall exec i-... -- ping -c 1 10.0.0.5`.

    The exit code is the command's; 127 if there is no such command, 126 if it cannot be run, 125 if groupwall cannot.
    """
    try:
        refuse_unable("groupwall exec")
        namespace = Namespaces(names).opened(instance_id)
    except FileNotFoundError:
        _end(f"{instance_id} is no instance on this machine, or does not run", UNABLE)
    except (SettingError, ValueError, OSError) as error:
        _end(str(error), UNABLE)
    # The thread that executes a program becomes the whole process, and stays in its namespace.
    namespace.within(lambda: _become(command))


def _become(command: tuple[str, ...]) -> None:
    try:
        os.execvp(command[0], command)  # noqa: S606 - the user's own words, without a shell
    except (FileNotFoundError, NotADirectoryError):
        _end(f"{command[0]}: not found", NOT_FOUND)
    except OSError as error:
        _end(f"{command[0]}: {error.strerror}", NOT_RUN)


def _end(why: str, status: int) -> NoReturn:
    click.echo(f"Error: {visible(why)}", err=True)
    sys.exit(status)
