"""What hosts enforce."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from groupwall.commands.printing import time_text
from groupwall.commands.shown.columns import columns
from groupwall.commands.shown.parts import several

Json = dict[str, Any]

_TITLES = ("HOST", "STATE", "ENFORCES", "LAG", "DRIFTS", "SEEN", "INTERFACES")


def propagation(result: Json) -> RenderableType:
    """Return whether the hosts enforce a change, and a line for each host; what one says of itself stands below."""
    hosts = result.get("Hosts", [])
    sure = result["State"] == "applied" and not _dead(hosts)
    headline = Text(_headline(result), "green" if sure else "yellow")
    if not hosts:
        return headline
    told = columns(_TITLES, map(_row, hosts), "")
    return Group(headline, told, *(Text(f"{one['Host']}: {one['Message']}") for one in hosts if one.get("Message")))


def forgotten(_: Json) -> RenderableType:
    """Return that a host is forgotten."""
    return Text("forgotten: no change waits for it any more")


def _headline(result: Json) -> str:
    revision, hosts = result["Revision"], result.get("Hosts", [])
    if result["State"] == "applied":
        told = f"revision {revision} is enforced by every host that it concerns"
        dead = _dead(hosts)
        return f"{told}, as they told last; not known of now, since dead: {several(dead)}" if dead else told
    if result["State"] == "pending":
        return f"revision {revision} is pending: {several(list(_missing(revision, hosts)))} did not tell yet"
    return f"revision {revision} is not enforced: it concerns no host"


def _dead(hosts: list[Json]) -> list[str]:
    """Return the hosts that told that they enforce it, and have not been heard of since."""
    return [one["Host"] for one in hosts if one["Concerned"] and not one["Alive"]]


def _missing(revision: int, hosts: list[Json]) -> Iterator[str]:
    for one in hosts:
        if one["Concerned"] and (one.get("Revision", -1) < revision or one.get("UnmadeInterfaceIds")):
            yield one["Host"] if one["Alive"] else f"{one['Host']} (dead)"


def _row(one: Json) -> tuple[RenderableType, ...]:
    alive, seen = one["Alive"], one.get("LastSeen")
    return (
        Text(one["Host"]),
        Text("alive", "green") if alive else Text("dead", "bold red"),
        Text(f"revision {one['Revision']}" if "Revision" in one else "unknown"),
        Text(f"{one['Lag']} ms" if "Lag" in one else "-"),
        Text(str(one["Drifts"])),
        Text(time_text(seen, "seconds") if seen else "-"),
        Text(several(one.get("InterfaceIds", [])) or "none"),
    )
