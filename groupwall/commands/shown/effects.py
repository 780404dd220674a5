"""What a change does, or would do: rules, traffic at the gates of interfaces, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from groupwall.commands.shown.columns import columns
from groupwall.commands.shown.history import named_entity
from groupwall.commands.shown.live import live_flows
from groupwall.commands.shown.parts import branch, named, rule, several

Json = dict[str, Any]

_MARKS = {"added": "+", "removed": "-", "modified": "~"}
_CUT, _OPENED, _BROKEN = "red", "green", "bold red"


def effect(result: Json) -> RenderableType:
    """Return the effect of a change, or of calls that were tried."""
    parts = [*_rules(result), *_gates(result), *_beside(result), *_against(result)]
    return Group(*parts) if parts else Text("no rule changes, and no traffic")


def preview(result: Json) -> RenderableType:
    """Return the effect of calls that were tried, and which flows under way a cut would end where that was asked."""
    told = result.get("LiveFlows")
    return Group(effect(result), *live_flows(told)) if told else effect(result)


def would_be_done(result: Json) -> bool:
    """Whether calls that were tried would be accepted as they are."""
    return "Refused" not in result and not result.get("Expectations")


def _rules(result: Json) -> Iterator[RenderableType]:
    changed = result.get("Rules", [])
    if changed:
        yield columns(("", "RULE", "GROUP", "ID", "TRAFFIC"), map(_rule_row, changed), "")


def _rule_row(change: Json) -> tuple[str, ...]:
    shown, before = change["Rule"], change.get("Before")
    text = f"{before['Text']} -> {shown['Text']}" if before else shown["Text"]
    group = named(shown.get("GroupName"), shown.get("GroupId"))
    return _MARKS[change["Action"]], text, group, shown["SecurityGroupRuleId"], change.get("Effect", "")


def _gates(result: Json) -> Iterator[RenderableType]:
    for gate in result.get("Gates", []):
        way = "egress of" if gate["IsEgress"] else "ingress of"
        groups = several(sorted(map(named, gate["GroupNames"], gate["GroupIds"])))
        title = f"{way} {several(gate['InterfaceIds'])}, in {groups or 'no group'}"
        yield branch(title, [*_traffic(gate), *_cut_by(gate), *_still_open(gate)], "bold")


def _traffic(gate: Json) -> Iterator[Text]:
    for member, told, style in (
        ("Cut", "cut", _CUT),
        ("Stops", "under way stops", _CUT),
        ("Opened", "opened", _OPENED),
    ):
        yield from (Text(f"{told} {line['Text']}", style) for line in gate.get(member, []))


def _cut_by(gate: Json) -> Iterator[Text]:
    """Yield whose tag has flows under way end, and not new ones alone."""
    names = dict(zip(gate["GroupIds"], gate["GroupNames"], strict=True))
    if cutting := [named(names[one], one) for one in gate.get("CutBy", [])]:
        yield Text(f"flows under way that no rule permits any more are cut: tag of {several(sorted(cutting))}", _CUT)


def _still_open(gate: Json) -> Iterator[Tree]:
    for still in gate.get("StillOpen", []):
        open_still = "; ".join(line["Text"] for line in still["Traffic"])
        yield branch(f"still open {open_still}", [f"by {rule(one)}" for one in still["Rules"]])


def _beside(result: Json) -> Iterator[RenderableType]:
    """Yield what is named and is not there, and the rules that name what is touched."""
    for missing in result.get("Mismatches", []):
        nearest = (f"nearest: {rule(near['Rule'])}; {'; '.join(near['Differences'])}" for near in missing["Nearest"])
        group = named(missing["GroupName"], missing["GroupId"])
        yield branch(f"not there: {missing['Asked']}, in {group}", nearest, "bold")
    touched = result.get("References", [])
    if touched:
        yield branch(
            "rules that name what it touches", (f"{rule(one['Rule'])}: {one['Reason']}" for one in touched), "bold"
        )


def _against(result: Json) -> Iterator[RenderableType]:
    """Yield what would keep the calls from being made."""
    for broken in result.get("Expectations", []):
        yield branch(f"breaks the expectation {broken['Name']}: {broken['Text']}", [broken["Reason"]], _BROKEN)
    refused = result.get("Refused")
    if refused:
        title = f"call {refused['CallIndex'] + 1} would be refused: {refused['Code']}: {refused['Message']}"
        yield branch(title, refused.get("Hints", []), _BROKEN)


def difference(result: Json) -> RenderableType:
    """Return the difference between two revisions: rules, traffic at gates, and all else."""
    title = Text(f"from revision {result['FromRevision']} to {result['ToRevision']}", "bold")
    others = (Text(f"{_MARKS[one['Action']]} {one['Kind']} {named_entity(one)}") for one in result.get("Entities", []))
    parts = [*_rules(result), *_gates(result), *others]
    return Group(title, *(parts or [Text("no difference")]))
