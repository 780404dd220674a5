"""What became of calls that were made as one change."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from groupwall.commands.printing import time_text
from groupwall.commands.shown.columns import columns
from groupwall.commands.shown.parts import branch
from groupwall.commands.visible import all_visible

Json = dict[str, Any]

_LISTED = ("SecurityGroupRuleId", "InstanceId")
_OWNER = "OwnerId"
"""The caller's own account, which names nothing."""


def applied(result: Json) -> RenderableType:
    """Return the revision of the change, the calls in it, and by when it has to be confirmed."""
    revision, by = result.get("Revision"), result.get("ConfirmBy")
    done = "nothing had to change" if revision is None else f"applied as revision {revision}"
    told: RenderableType = branch(done, map(_call, result.get("Results", [])))
    if by is None:
        return told
    return Group(told, Text(f"undone at {time_text(by, 'seconds')} unless `groupwall confirm {revision}` comes before"))


def _call(call: Json) -> str:
    """Return an operation with what its result names: ``CreateSecurityGroup GroupId sg-...``."""
    result = all_visible(json.loads(call["Result"]))
    named: dict[str, list[str]] = {}
    for name, value in sorted(_named(result)):
        named.setdefault(name, []).append(value)
    return " ".join([call["Operation"], *(f"{name} {', '.join(values)}" for name, values in named.items())])


def _named(result: Json) -> Iterator[tuple[str, str]]:
    """Yield the ids at the top of a result, of what it describes, and of the rules and instances that it lists."""
    for name, value in result.items():
        own = f"{name}Id"
        if isinstance(value, str) and name.endswith("Id") and name != _OWNER:
            yield name, value
        elif isinstance(value, dict) and own in value:
            yield own, value[own]
        elif isinstance(value, list):
            items = [item for item in value if isinstance(item, dict)]
            yield from ((key, item[key]) for item in items for key in _LISTED if key in item)


def undone(result: Json) -> RenderableType:
    """Return the revision of an undo, and what became of each entity that the change had altered."""
    revision = result.get("Revision")
    done = "nothing had to be undone" if revision is None else f"undone as revision {revision}"
    return branch(done, map(_fate, result.get("Entities", [])))


def _fate(entity: Json) -> str:
    told = f"{entity['Action']} {entity['Kind']} {entity['Id']}"
    return f"{told}: {entity['Reason']}" if entity.get("Reason") else told


def confirmed(result: Json) -> RenderableType:
    """Return which change stays."""
    return Text(f"revision {result['Revision']} is confirmed")


def confirmations(result: Json) -> RenderableType:
    """Return a line for each change that waits for a confirmation, or did."""
    rows = (
        (
            str(one["Revision"]),
            one["State"],
            time_text(one["Deadline"], "seconds"),
            Text(one.get("Message", "")),
        )
        for one in result["Confirmations"]
    )
    return columns(("REVISION", "STATE", "DEADLINE", "WHY"), rows, "no change waits for a confirmation, or did")
