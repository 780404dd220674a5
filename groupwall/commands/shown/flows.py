"""What passes between ends and why, who reaches whom, and how to cut it off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text
from rich.tree import Tree

from groupwall.commands.shown.counters import let_pass
from groupwall.commands.shown.effects import effect
from groupwall.commands.shown.parts import branch, named, rule, several

Json = dict[str, Any]

_STYLES = {"accept": "bold green", "drop": "bold red", "partly": "bold yellow"}
_APPLIED = "to do it as one change: groupwall cut ... --json > plan.json; groupwall apply --calls file://plan.json"


def explained(result: Json) -> RenderableType:
    """Return the verdict, and below what becomes of the flows from each sender to each receiver, gate by gate."""
    below: list[RenderableType] = [_course(course) for course in result.get("Courses", [])]
    if result.get("Reason"):
        below.append(result["Reason"])
    if result.get("Omitted"):
        below.append(f"and {result['Omitted']} more")
    return branch(result["Verdict"], below, _STYLES.get(result["Verdict"], ""))


def reached(result: Json) -> RenderableType:
    """Return each end that reaches what was asked about, or that it reaches: the flows, and the rules that let them."""
    ends = [branch(_whole(one["End"]), _reached(one), "bold") for one in result["Ends"]]
    return Group(*ends) if ends else Text("nothing passes")


def cut(result: Json) -> RenderableType:
    """Return a plan: its steps, what it cuts, the other traffic that goes with it, and how to do it."""
    parts: list[RenderableType] = [branch(result["Text"], (step["Text"] for step in result.get("Steps", [])), "bold")]
    if result.get("Cut"):
        parts.append(branch("cuts", (flow["Text"] for flow in result["Cut"]), "bold"))
    if result.get("OtherTrafficCut"):
        parts.append(Text("other traffic that it cuts:", "bold red"))
    if result.get("OtherTrafficCut") or result.get("Expectations"):
        parts.append(effect(result | {"Gates": result.get("OtherTrafficCut", [])}))
    if result.get("Calls"):
        parts.append(Text(_APPLIED))
    return Group(*parts)


# ---- a flow


def _course(course: Json) -> Tree:
    verdict, source, destination = course["Verdict"], course["Source"], course["Destination"]
    title = f"{verdict}: {_short(source)} to {_short(destination)}"
    below: list[RenderableType] = []
    if _tells_more(course):
        below.append(course["Reason"])
    gates = course.get("Gates", [])
    below.append(_end("sender", source, [gate for gate in gates if gate["IsEgress"]]))
    below.append(_end("receiver", destination, [gate for gate in gates if not gate["IsEgress"]]))
    below += [Text(f"passes {flow['Text']}", "green") for flow in course.get("Passing", [])]
    below += [Text(f"refused {flow['Text']}", "red") for flow in course.get("Refused", [])]
    return branch(title, below, _STYLES.get(verdict, ""))


def _tells_more(course: Json) -> bool:
    """Whether the reason of a course is more than what its gates say below it."""
    said = "; ".join(gate["Reason"] for gate in course.get("Gates", []) if gate.get("Reason"))
    return course["Verdict"] != "accept" and bool(course.get("Reason")) and course["Reason"] != said


def _end(what: str, end: Json, gates: list[Json]) -> Tree:
    return branch(f"{what} {_whole(end)}", map(_gate, gates))


def _gate(gate: Json) -> Tree:
    way = "egress" if gate["IsEgress"] else "ingress"
    below = [f"admitted by {_rule(one)}{_let_pass(one, gate)}" for one in _by_group(gate.get("Rules", []))]
    reason = [gate["Reason"]] if gate.get("Reason") else []
    return branch(f"{way} gate: {gate['Verdict']}", [*below, *reason], _STYLES.get(gate["Verdict"], ""))


def _let_pass(shown: Json, gate: Json) -> str:
    """Return what a rule let in or out at a gate so far, of one that is counted."""
    if "Flows" not in shown:
        return ""
    return f"; {let_pass(shown, shown['CountedSince'], is_egress=gate['IsEgress'])}"


def _by_group(rules: list[Json]) -> list[Json]:
    """Return rules in the order of their groups' names."""
    return sorted(rules, key=lambda one: (one.get("GroupName") or "", one.get("Text", "")))


def _rule(shown: Json) -> str:
    """Return a rule, and of a peer that is a group or a prefix list for which of the asked addresses it stands."""
    addresses = shown.get("PeerAddresses")
    if not addresses:
        return rule(shown)
    return f"{rule(shown)}; {named(shown.get('PeerName'), shown.get('Peer'))} is {several(addresses)} here"


# ---- ends


def _short(end: Json) -> str:
    """Return an end by its names, its ids or its addresses."""
    names, ids = end.get("Names", []), end.get("InterfaceIds", [])
    if len(names) == len(ids) == 1:
        return named(names[0], ids[0])
    if names and ids:
        return f"{several(names)} ({several(ids)})"
    return several(ids or end.get("Addresses", []))


def _whole(end: Json) -> str:
    """Return an end with its instances, addresses and groups, or where it is."""
    if not end.get("InterfaceIds"):
        account = f"account {end['AccountId']}, {end.get('VpcId', '')}" if end.get("AccountId") else "outside"
        return f"{_short(end)}, {account}"
    instances = end.get("InstanceIds", [])
    parts = [
        _short(end),
        *([f"of {several(instances)}"] if instances else []),
        several(end.get("Addresses", [])),
        f"in {several(sorted(_groups(end))) or 'no group'}",
    ]
    return ", ".join(part for part in parts if part)


def _groups(end: Json) -> list[str]:
    ids, names = end.get("GroupIds", []), end.get("GroupNames", [])
    return [named(name, one) for name, one in zip(names, ids, strict=True)] if len(ids) == len(names) else ids


def _reached(one: Json) -> Iterator[RenderableType]:
    if one.get("Of", {}).get("InterfaceIds"):
        yield f"asked about: {_short(one['Of'])}"
    yield from (Text(f"passes {flow['Text']}", "green") for flow in one.get("Flows", []))
    yield from (f"by {rule(each)}" for each in _by_group(one.get("Rules", [])))
