"""Flows under way that a cut would end, and the hosts that were asked for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from groupwall.commands.shown.columns import columns
from groupwall.commands.shown.parts import rule, several

Json = dict[str, Any]

_TITLES = ("FLOW", "AT", "HOST", "WITHOUT A CUT", "ADMITTED BY")
_UNKNOWN = {"awaited": "has not answered", "dead": "is dead"}


def live_flows(told: Json) -> Iterator[RenderableType]:
    """Yield a line of how many there are, a table of them, and whose flows are not known."""
    flows, hosts = told.get("Flows", []), told.get("Hosts", [])
    if "Refused" in told:
        return
    if told["State"] == "not-enforced":
        yield Text("flows under way: not known, no host enforces what this alters", "yellow")
        return
    unknown = [f"{one['Host']} {_UNKNOWN[one['State']]}" for one in hosts if one["State"] in _UNKNOWN]
    count = len(flows) + told.get("Omitted", 0)
    if len(unknown) < len(hosts):
        yield Text(f"flows under way that a cut would end: {count or 'none'}", "bold")
    if flows:
        yield columns(_TITLES, map(_row, flows), "")
    if told.get("Omitted"):
        yield Text(f"and {told['Omitted']} more")
    for one in unknown:
        yield Text(f"flows under way are not known: {one}", "yellow")
    if told.get("NotEnforced"):
        yield Text(f"no host enforces {several(told['NotEnforced'])}", "yellow")


def _row(flow: Json) -> tuple[str, ...]:
    way = "egress of" if flow["IsEgress"] else "ingress of"
    admitted = "; ".join(rule(one) for one in flow.get("Rules", []))
    return flow["Text"], f"{way} {flow['InterfaceId']}", flow["Host"], _alone(flow), admitted or "no rule any more"


def _alone(flow: Json) -> str:
    """Return what becomes of a flow if nobody asks for a cut."""
    if flow.get("ByTag"):
        return "is cut (tag)"
    return "stops" if flow.get("Stops") else "lives on"
