"""What is found about rules and groups: findings, groups that nothing uses, and what depends on a group."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from groupwall.commands.options import kebab
from groupwall.commands.printing import time_text
from groupwall.commands.shown.parts import branch, named, rule
from groupwall.commands.visible import all_visible

Json = dict[str, Any]

_MUTUAL = ", which is redundant by this one in turn: revoke one of them, then look again"

_APPLIED = (
    "all as one change: groupwall why-not-delete ... --json > plan.json; groupwall apply --calls file://plan.json"
)


def findings(result: Json) -> RenderableType:
    """Return each finding with its rule, and below the rules that make it so, or the reason."""
    pairs = {pair for one in result["Findings"] for pair in _pairs(one)}
    found = [branch(f"{one['Kind']}: {rule(one['Rule'])}", _why(one, pairs), "bold") for one in result["Findings"]]
    return Group(*found) if found else Text("no findings")


def _pairs(finding: Json) -> list[tuple[str, str]]:
    """Return a finding's rule with each of those that make it so."""
    mine = finding["Rule"]["SecurityGroupRuleId"]
    return [(mine, one["SecurityGroupRuleId"]) for one in finding.get("By", [])]


def _why(finding: Json, pairs: Collection[tuple[str, str]]) -> list[str]:
    """Return why it is so, in lines; and of two rules that are redundant by each other that both cannot go."""
    told = [
        f"admitted by {rule(one)}{_MUTUAL if (by, mine) in pairs else ''}"
        for one, (mine, by) in zip(finding.get("By", []), _pairs(finding), strict=True)
    ]
    return told or [finding["Reason"]]


def unused(result: Json) -> RenderableType:
    """Return each group that nothing uses, and below what was looked at."""
    groups = [_unused(one) for one in result["Groups"]]
    return Group(*groups) if groups else Text("every group is used")


def _unused(group: Json) -> Tree:
    title = f"{named(group.get('GroupName'), group['GroupId'])}, in {group['VpcId']}"
    last = group.get("LastUsedTime")
    return branch(title, [*group["Evidence"], *([f"last used until {time_text(last, 'seconds')}"] if last else [])])


def dependents(result: Json) -> RenderableType:
    """Return what keeps a group from being deleted, what would only be affected, and the calls that delete it."""
    return Group(*_dependents(result))


def _dependents(result: Json) -> Iterator[RenderableType]:
    found = result.get("Dependents", [])
    can = "can be deleted" if result["Deletable"] else "cannot be deleted"
    yield branch(f"{result['GroupId']} {can}", (one["Text"] for one in found if one["Blocks"]), "bold")
    affected = [one["Text"] for one in found if not one["Blocks"]]
    if affected:
        yield branch("affected, and no hindrance", affected)
    calls = result.get("Calls", [])
    if calls:
        yield branch("what deletes it", map(command_line, calls))
    if len(calls) > 1:
        yield Text(_APPLIED)


def command_line(call: Json) -> str:
    """Return a call as a shell takes it: ``groupwall apply delete-security-group --group-id sg-...``."""
    params = all_visible(json.loads(call["Parameters"]))
    options = [f"--{kebab(name)} {_words(value)}" for name, value in params.items()]
    return " ".join(["groupwall apply", shlex.quote(kebab(call["Operation"])), *options])


def _words(value: Any) -> str:  # noqa: ANN401 - any parameter
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return shlex.join(value)
    return shlex.quote(value if isinstance(value, str) else json.dumps(value))
