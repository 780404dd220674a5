"""What ``groupwall history`` shows of changes."""

from __future__ import annotations

import json
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from groupwall.commands.printing import time_text
from groupwall.commands.shown.columns import columns
from groupwall.commands.shown.parts import branch, several
from groupwall.commands.visible import all_visible

Json = dict[str, Any]

_MOST, _MOST_RULES = 3, 24
"""Entities of one kind with one fate that are shown one by one, of rules a screenful; of more the number is told."""
_RULE = "security-group-rule"
_LINE = "{:>8}  {:20}  {:12}  {}"


def changes(result: Json) -> RenderableType:
    """Return for each change its number, time, operation and caller, and below what it touched."""
    if not result["Changes"]:
        return Text("no changes")
    lines = [_LINE.format("REVISION", "TIME", "CALLER", "OPERATION")]
    for change in result["Changes"]:
        caller = change["Caller"].split(":", 5)[-1]  # what stands before names the account, which is the caller's own
        time = time_text(change["Time"], "seconds")
        lines.append(_LINE.format(change["Revision"], time, caller, _operation(change)))
        reason = _request(change).get("Reason")
        lines += [f"          because: {reason}"] if reason else []
        lines += [f"          {line}" for line in touched(change["Deltas"])]
    return Text("\n".join(lines))


def _operation(change: Json) -> str:
    """Return the operation, with the calls that it made, or the change that it undid or confirmed."""
    request = _request(change)
    calls = dict.fromkeys(call["Operation"] for call in request.get("Calls", []))
    about = f"revision {request['Revision']}" if "Revision" in request else several(list(calls))
    return f"{change['Operation']} of {about}" if about else str(change["Operation"])


def _request(change: Json) -> Json:
    request: Json = all_visible(json.loads(change.get("Request") or "{}"))
    return request


def touched(deltas: list[Json]) -> list[str]:
    """Return a line for each entity: ``+`` created, ``-`` removed, ``~`` altered; where there are many their number.

    What a change did to rules is what it is read for, so more of them are shown.
    """
    by_fate: dict[tuple[str, str], list[Json]] = {}
    for delta in deltas:
        by_fate.setdefault((_fate(delta), delta["Kind"]), []).append(delta)
    return [line for (fate, kind), those in by_fate.items() for line in _told(fate, kind, those)]


def _told(fate: str, kind: str, deltas: list[Json]) -> list[str]:
    if len(deltas) > (_MOST_RULES if kind == _RULE else _MOST):
        return [f"{fate} {len(deltas)} of {kind}; --json shows each"]
    return [f"{fate} {kind} {named_entity(one)}" for one in deltas]


def _fate(delta: Json) -> str:
    if "Before" not in delta:
        return "+"
    return "~" if "After" in delta else "-"


def named_entity(delta: Json) -> str:
    """Return an entity's id, and of a rule what it says and its group, of anything else its name.

    Of one that was altered, what stood there before too, where that was another.
    """
    states = [all_visible(json.loads(delta[side])) for side in ("Before", "After") if delta.get(side)]
    is_rule = delta["Kind"] == _RULE
    told = " -> ".join(dict.fromkeys(_rule(one) if is_rule else one.get("name") or "" for one in states))
    group = f", of {states[-1]['group_id']}" if is_rule else ""
    return f"{delta['Id']}  {told}{group}" if told not in ("", delta["Id"]) else str(delta["Id"])


def _rule(rule: Json) -> str:
    """Return what a rule says, as the store keeps it: ``tcp 22 from 10.0.0.0/8``."""
    ports = dict.fromkeys(str(port) for port in (rule["from_port"], rule["to_port"]) if port >= 0)
    protocol = "all" if rule["protocol"] == "-1" else rule["protocol"]
    way = "from" if rule["direction"] == "ingress" else "to"
    return " ".join([protocol, *(["-".join(ports)] if ports else []), way, rule["peer"]])


def bisected(result: Json) -> RenderableType:
    """Return the answer in a line, and the changes after which the verdict was another, the newest first."""
    return branch(result["Text"], map(_turn, result.get("Changes", [])))


def _turn(turn: Json) -> str:
    change = turn["Change"]
    caller = change["Caller"].split(":", 5)[-1]
    told = f"revision {change['Revision']} {time_text(change['Time'], 'seconds')} {caller} {_operation(change)}"
    return f"{told}: {turn['Before']} -> {turn['Verdict']}"


def verified(result: Json) -> RenderableType:
    """Return whether the history adds up, up to which head, and what does not."""
    head = result.get("Head")
    upto = f", up to revision {head['Revision']} {head['Hash']}" if head else ""
    told = "intact" if result["Intact"] else "NOT intact"
    faults = (f"revision {one['Revision']}: {one['Text']}" for one in result.get("Faults", []))
    unchecked = (
        f"revision {one['Revision']}: not compared, its change is not kept any more"
        for one in result.get("Unchecked", [])
    )
    title = f"{told}: {result['Checked']} changes checked{upto}"
    return branch(title, [*faults, *unchecked], "" if result["Intact"] else "bold red")


def heads(result: Json) -> RenderableType:
    """Return a line for each head of the chain."""
    rows = ((str(one["Revision"]), time_text(one["Time"], "seconds"), one["Hash"]) for one in result["Heads"])
    return columns(("REVISION", "TIME", "HASH"), rows, "no changes")


def records(result: Json) -> str:
    """Return the records, a JSON text in each line."""
    return "\n".join(result["Records"])
