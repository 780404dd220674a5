"""The command line: a command is loaded when it is asked for, so a server starts without the tools of a demo."""

from __future__ import annotations

import sys
from importlib import import_module

import click

COMMANDS = {
    "serve": "groupwall.commands.serve:serve",
    "demo": "groupwall.commands.demo:demo",
    "keys": "groupwall.commands.keys:keys",
    "models": "groupwall.commands.models:models",
    "policy": "groupwall.commands.policy:policy",
    "expect": "groupwall.commands.expect:expect",
    **dict.fromkeys(
        (
            *("preview", "receipt", "apply"),
            *("explain", "reach", "findings", "unused", "why-not-delete", "cut"),
            *("undo", "confirm", "confirmations", "diff", "bisect", "history", "forget-host"),
        ),
        "groupwall.commands.verbs:verb",
    ),
    **{word: f"groupwall.commands.agent:{word}" for word in ("agent", "attach", "detach", "cleanup")},
    "exec": "groupwall.commands.agent:execute",
    "status": "groupwall.commands.proving:status",
    "wait": "groupwall.commands.waiting:wait",
    "at": "groupwall.commands.past:at",
}


class Lazy(click.Group):
    """A group whose commands are import strings: of a command, or of a function that makes the command of a word."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        del ctx
        where = COMMANDS.get(cmd_name)
        if where is None:
            return None
        module, _, name = where.partition(":")
        found = getattr(import_module(module), name)
        command: click.Command = found if isinstance(found, click.Command) else found(cmd_name)
        return command


@click.command(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="groupwall")
def main() -> None:
    """EC2 security groups that anyone can run."""


if __name__ == "__main__":
    sys.exit(main())
