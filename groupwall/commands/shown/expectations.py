"""What is expected of traffic, and whether it holds."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from groupwall.commands.shown.columns import columns

Json = dict[str, Any]

_STYLES = {"holds": "green", "broken": "bold red", "empty": "yellow"}
_NONE = "nothing is expected"


def states(result: Json) -> RenderableType:
    """Return each expectation with its state, and below those that do not hold why."""
    told = columns(
        ("STATE", "NAME", "EXPECTED"),
        ((Text(one["State"], _STYLES.get(one["State"], "")), *_row(one)) for one in result["Expectations"]),
        _NONE,
    )
    reasons = [f"{one['Name']}: {one['Reason']}" for one in result["Expectations"] if one.get("Reason")]
    return Group(told, *map(Text, reasons))


def listed(result: Json) -> RenderableType:
    """Return what is expected, without a look at whether it holds."""
    return columns(
        ("NAME", "EXPECTED", "WHY"),
        ((*_row(one), Text(one.get("Description", ""))) for one in result["Expectations"]),
        _NONE,
    )


def deleted(result: Json) -> RenderableType:
    """Return what is expected no more."""
    return Text("\n".join(f"{name} is expected no more" for name in result["Names"]))


def _row(one: Json) -> tuple[Text, Text]:
    return Text(one["Name"]), Text(f"{one['Verdict']} {_service(one)} from {one['From']} to {one['To']}")


def _service(one: Json) -> str:
    protocol, first, last = one["Protocol"], one.get("FromPort", -1), one.get("ToPort", -1)
    if protocol == "-1":
        return "all"
    if first == -1 or (protocol in ("tcp", "udp") and (first, last) == (0, 65535)):
        return f"{protocol} *"
    if protocol.startswith("icmp"):
        return f"{protocol} {first}/{'*' if last == -1 else last}"
    return f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
