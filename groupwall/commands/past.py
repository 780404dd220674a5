"""``groupwall at WHEN VERB``: what a verb asks about now, asked about the past."""

from __future__ import annotations

from typing import Any

import click

from groupwall.commands.building import command
from groupwall.commands.expect import checking
from groupwall.commands.options import Time
from groupwall.commands.verbs import VERBS

_EXPECT = "expect"


class At(click.Group):
    """The verbs that can be asked about a time in the past, which stands before them."""

    def __init__(self) -> None:
        when = click.Argument(["when"], metavar="WHEN")
        told = "Ask about the past: `groupwall at 2h findings`.\n\nWHEN: a time, how long ago it is, or a revision."
        super().__init__("at", params=[when], callback=lambda **_: None, help=told, short_help="Ask about the past.")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs whose operation can be asked about the past."""
        del ctx
        return [*_OF_THE_PAST, _EXPECT]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of a verb, about the time that stands before it."""
        if cmd_name not in self.list_commands(ctx):
            return None
        when = _instant(ctx, ctx.params.get("when", "1"))
        if cmd_name == _EXPECT:
            return click.Group(_EXPECT, commands=[checking(when)], short_help="Whether what is expected now held then.")
        return command(_OF_THE_PAST[cmd_name], when)


def _instant(ctx: click.Context, when: str) -> dict[str, Any]:
    """Return the member that says when; both are there, so that neither has an option."""
    if when.isdecimal():
        return {"AtRevision": int(when), "At": None}
    return {"At": Time().convert(when, None, ctx), "AtRevision": None}


_OF_THE_PAST = {row.path: row for row in VERBS if {"At", "AtRevision"} <= row.action.input.members.keys()}

at = At()
