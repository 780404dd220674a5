"""What rules let in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from groupwall.commands.printing import time_text
from groupwall.commands.shown.columns import columns
from groupwall.commands.shown.parts import named, several

Json = dict[str, Any]

_TITLES = ("GROUP", "RULE", "", "FLOWS", "BYTES", "LAST", "SINCE", "HOSTS")


def counters(result: Json) -> RenderableType:
    """Return a line for each rule that is counted, by group."""
    return columns(_TITLES, map(_row, result["Counters"]), "no rule is counted")


def unused(result: Json) -> RenderableType:
    """Return a line for each rule that let in no flow."""
    return columns(_TITLES, map(_row, result["Counters"]), "every rule that is counted has let a flow pass")


def let_pass(shown: Json, since: datetime, *, is_egress: bool) -> str:
    """Return what a rule let in, or out, since then, in a line."""
    way = "out" if is_egress else "in"
    if not shown["Flows"]:
        return f"let {way} no flow since {time_text(since, 'seconds')}"
    flows = "1 flow" if shown["Flows"] == 1 else f"{shown['Flows']} flows"
    last = f", the last at {time_text(shown['LastHit'], 'seconds')}" if "LastHit" in shown else ""
    return f"let {way} {flows} since {time_text(since, 'seconds')}{last}"


def _row(one: Json) -> tuple[RenderableType, ...]:
    rule, until = one.get("Rule", {}), one.get("Until")
    hosts = several(one.get("Hosts", []))
    return (
        Text(named(rule.get("GroupName"), one["GroupId"])),
        Text(one["SecurityGroupRuleId"]),
        Text(rule["Text"]) if rule else Text("revoked", "red"),
        Text(str(one["Flows"]), "" if one["Flows"] else "yellow"),
        Text(str(one.get("Bytes", "-"))),
        Text(time_text(one["LastHit"], "seconds") if "LastHit" in one else "never"),
        Text(time_text(one["Since"], "seconds")),
        Text(f"{hosts}, until {time_text(until, 'seconds')}" if until else hosts),
    )
