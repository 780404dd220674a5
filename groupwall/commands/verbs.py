"""The verbs of the command line that are operations: one row for each. To add one, add its row, and name it in cli.py.

A row of two words makes a group of the first; where that is a verb too, it is both: ``history`` and ``history verify``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from groupwall.commands.building import Beside, Verb, command, running
from groupwall.commands.calls import Calls
from groupwall.commands.shown import changes, effects, enforcement, findings, flows, history

_LIVE_FLOWS = Beside(
    "--live-flows", "Ask hosts which flows under way a cut would end.", "PreviewFlows", member="LiveFlows"
)

VERBS = (
    Verb("preview", "PreviewChanges", effects.preview, ok=effects.would_be_done, beside=_LIVE_FLOWS),
    Verb("receipt", "DescribeReceipt", effects.effect, arguments=("Revision",)),
    Verb("apply", "ApplyChanges", changes.applied),
    Verb("explain", "ExplainFlow", flows.explained),
    Verb("reach", "DescribeReachability", flows.reached),
    Verb("findings", "DescribeFindings", findings.findings),
    Verb("unused", "DescribeUnusedGroups", findings.unused),
    Verb("why-not-delete", "DescribeDependents", findings.dependents, arguments=("GroupId",)),
    Verb("cut", "PlanCut", flows.cut),
    Verb("undo", "UndoChange", changes.undone, arguments=("Revision",)),
    Verb("confirm", "ConfirmChange", changes.confirmed, arguments=("Revision",)),
    Verb("confirmations", "DescribeConfirmations", changes.confirmations),
    Verb("diff", "DescribeDifference", effects.difference),
    Verb("bisect", "BisectFlow", history.bisected),
    Verb(
        "history",
        "DescribeChanges",
        history.changes,
        filters=(
            *("operation", "caller", "request-id"),
            *("group-id", "security-group-rule-id", "interface-id", "vpc-id", "resource-id"),
        ),
    ),
    Verb("forget-host", "ForgetHost", enforcement.forgotten, arguments=("Host",)),
    Verb("history verify", "VerifyHistory", history.verified, ok=lambda result: bool(result["Intact"])),
    Verb("history heads", "DescribeHeads", history.heads),
    Verb("history export", "ExportHistory", history.records),
)

GROUPS: dict[str, str] = {}
"""What a word means that is no verb by itself, such as ``expect``."""


def verb(word: str) -> click.Command:
    """Return the command that a word of the command line names."""
    rows = {row.path: row for row in VERBS if row.path.split(" ")[0] == word}
    own = rows.pop(word, None)
    below = [command(row) for row in rows.values()]
    if own is None:
        return click.Group(word, commands=below, help=GROUPS[word])
    if "Calls" in own.action.input.required:
        return Calls(own)
    return VerbAndMore(own, below) if below else command(own)


class VerbAndMore(click.Group):
    """A verb with further verbs below it; options stand after the last word."""

    def __init__(self, own: Verb, below: list[click.Command]) -> None:
        alone = command(own)
        super().__init__(
            alone.name,
            commands=below,
            params=alone.params,
            callback=_unless_more(running(own)),
            invoke_without_command=True,
            help=alone.help,
            short_help=alone.short_help,
        )


def _unless_more(run: Callable[..., None]) -> Callable[..., None]:
    """Return what runs a verb, unless a verb below it is asked for."""

    @click.pass_context
    def either(ctx: click.Context, /, **given: Any) -> None:  # noqa: ANN401 - the options, by name
        if ctx.invoked_subcommand is None:
            run(**given)
        elif any(ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in given):
            raise click.UsageError(f"options stand after `{ctx.invoked_subcommand}`")

    return either
