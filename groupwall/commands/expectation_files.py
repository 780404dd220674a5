"""A file of expectations, in YAML: text -> the expectations as PutExpectations takes them, groups named by name.

    - name: office
      from: 198.51.100.0/24
      to: {group: web}
      port: 443

Only the plain values of YAML are read, each as its text: no tag makes an object, and ``no`` is a name like any other.
Every fault tells the line that it is in. The form is documented in docs/expectations.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import yaml

Json = dict[str, Any]

MOST_CHARACTERS = 256 * 1024
"""A hundred expectations, with what is to be said of them, are a tenth of it."""

_TEXTS = {
    "name": "Name", "from": "From", "to": "To", "protocol": "Protocol", "verdict": "Verdict",
    "description": "Description",
}  # fmt: skip
_NEEDED = ("name", "from", "to")
_PORTS = {"port": "one port", "ports": "a range such as 8000-8080", "type": "an ICMP type", "code": "an ICMP code"}
_RANGE = re.compile(r"([0-9]{1,5})-([0-9]{1,5})")
_NUMBER = re.compile(r"-1|[0-9]{1,5}")


class FileError(ValueError):
    """A file that is none of expectations. line: from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


class GroupNamed(NamedTuple):
    """A group by its name, in a VPC where one is named. line: where the file names it."""

    name: str
    vpc_id: str | None
    line: int


class Expected(NamedTuple):
    """An expectation: its members as PutExpectations takes them, but for ends that are groups by name."""

    members: Json
    groups: dict[str, GroupNamed]


def read(text: str) -> list[Expected]:
    """Return the expectations of a file. Raises FileError."""
    if len(text) > MOST_CHARACTERS:
        raise FileError(1, f"the file has more than {MOST_CHARACTERS} characters")
    try:
        top = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileError(mark.line + 1 if mark else 1, f"this is no YAML: {error.problem or error.context}") from None
    except RecursionError:
        raise FileError(1, "this is no YAML: nested beyond reason") from None
    except (yaml.YAMLError, ValueError) as error:
        raise FileError(1, f"this is no YAML: {error}") from None
    if top is None:
        return []
    if not isinstance(top, yaml.SequenceNode):
        raise FileError(_line(top), "a list of expectations is wanted, each beginning with `- name: ...`")
    return [_expected(node) for node in top.value]


def _expected(node: yaml.Node) -> Expected:
    known = (*_TEXTS, *_PORTS)
    given = _mapping(node, known, "an expectation")
    for name in _NEEDED:
        if name not in given:
            raise FileError(_line(node), f"an expectation needs `{name}`")
    groups = {_TEXTS[end]: _group(given.pop(end)) for end in ("from", "to") if not _is_text(given[end])}
    members = {_TEXTS[name]: _text(value, name) for name, value in given.items() if name in _TEXTS}
    return Expected(members | _ports({name: value for name, value in given.items() if name in _PORTS}), groups)


def _ports(given: dict[str, yaml.Node]) -> Json:
    """Return FromPort and ToPort. FileError for what excludes each other."""
    used = list(given)
    if not used:
        return {}
    if used not in (["port"], ["ports"], ["type"], ["type", "code"], ["code", "type"]):
        raise FileError(_line(given[used[-1]]), f"either `port`, `ports`, or `type` with `code`, not {_listed(used)}")
    if "ports" in given:
        text = _text(given["ports"], "ports")
        found = _RANGE.fullmatch(text)
        if found is None:
            raise FileError(_line(given["ports"]), f"`ports` is {_PORTS['ports']}, not {text!r}")
        return {"FromPort": int(found[1]), "ToPort": int(found[2])}
    if "port" in given:
        return {"FromPort": _number(given["port"], "port")}
    return {
        "FromPort": _number(given["type"], "type"),
        "ToPort": _number(given["code"], "code") if "code" in given else -1,
    }


def _number(node: yaml.Node, name: str) -> int:
    text = _text(node, name)
    if _NUMBER.fullmatch(text) is None:
        raise FileError(_line(node), f"`{name}` is {_PORTS[name]}, not {text!r}")
    return int(text)


def _group(node: yaml.Node) -> GroupNamed:
    given = _mapping(node, ("group", "vpc"), "an end")
    if "group" not in given:
        raise FileError(_line(node), "an end is an id, an address, a block, `anywhere`, or {group: NAME}")
    vpc = given.get("vpc")
    return GroupNamed(_text(given["group"], "group"), _text(vpc, "vpc") if vpc else None, _line(node))


def _mapping(node: yaml.Node, known: Iterable[str], what: str) -> dict[str, yaml.Node]:
    """Return the values of a mapping by their names. FileError for what is none, and for a name twice or unknown."""
    if not isinstance(node, yaml.MappingNode):
        raise FileError(_line(node), f"{what} is written as `name: value`, not as this")
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = _text(key, "a name")
        if name not in known:
            raise FileError(_line(key), f"{what} has no `{name}`: it may have {_listed(known)}")
        if name in found:
            raise FileError(_line(key), f"`{name}` is there twice")
        found[name] = value
    return found


def _is_text(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode)


def _text(node: yaml.Node, name: str) -> str:
    if not _is_text(node) or not node.value:
        raise FileError(_line(node), f"`{name}` wants a value")
    return str(node.value)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def group_names(some: Iterable[Expected]) -> Iterator[GroupNamed]:
    """Yield the groups that a file names by name."""
    for one in some:
        yield from one.groups.values()
