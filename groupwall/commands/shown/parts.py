"""What many answers have in them, in a line: rules, lists of names, and branches of a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text
from rich.tree import Tree

Json = dict[str, Any]

_MOST = 4
"""Names that are told of a list; of the others the number."""


def rule(shown: Json) -> str:
    """Return a rule: ``sgr-... tcp 22 from 10.0.0.0/8, of web (sg-...)``."""
    group = named(shown.get("GroupName"), shown.get("GroupId"))
    text = f"{shown.get('SecurityGroupRuleId', '')} {shown.get('Text', '')}".strip()
    return f"{text}, of {group}" if group else text


def named(name: str | None, entity_id: str | None) -> str:
    """Return an entity by its name, where it has one, and id."""
    return f"{name} ({entity_id})" if name and entity_id else name or entity_id or ""


def several(names: Sequence[str]) -> str:
    """Return names in a line, of many the first."""
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def branch(title: str, below: Iterable[RenderableType], style: str = "") -> Tree:
    """Return a line with what belongs to it below."""
    tree = Tree(Text(title, style))
    for one in below:
        tree.add(Text(one) if isinstance(one, str) else one)
    return tree
