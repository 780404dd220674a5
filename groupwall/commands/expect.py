"""``groupwall expect``: what is expected of traffic, put from a file, listed, checked, deleted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from groupwall.commands.asking import Where, connected
from groupwall.commands.building import Verb, command, documentation, parameters, run
from groupwall.commands.expectation_files import Expected, FileError, GroupNamed, group_names, read
from groupwall.commands.refused import refused
from groupwall.commands.shown import expectations
from groupwall.errors import ApiError

Json = dict[str, Any]

PUT = Verb("expect put", "PutExpectations", expectations.states)
LIST = Verb("expect list", "DescribeExpectations", expectations.listed)
CHECK = Verb(
    "expect check",
    "CheckExpectations",
    expectations.states,
    arguments=("Names",),
    ok=lambda result: bool(result["Hold"]),
)
DELETE = Verb("expect delete", "DeleteExpectations", expectations.deleted, arguments=("Names",))

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def _put() -> click.Command:
    file = click.Argument(["file"], type=_FILE, metavar="FILE")
    told = "\n\nFILE: a YAML file of expectations, - for standard input."
    return _reading(PUT, file, told, "Keep the expectations of a file.")


def checking(when: Json | None = None) -> click.Command:
    """Return the command that tells which expectations hold. when: the members that say so, in place of options."""
    told = "Check those of a YAML file in place of those that are kept; - for standard input."
    file = click.Option(["file", "--file"], type=_FILE, help=told)
    return _reading(CHECK, file, " The exit code is 1 when one is broken.", "Tell which expectations hold.", when)


def _reading(verb: Verb, file: click.Parameter, more: str, short: str, preset: Json | None = None) -> click.Command:
    """Return the command of a verb that reads its expectations from a file. more: what its help tells at the end."""
    given = preset or {}
    return click.Command(
        verb.path.rpartition(" ")[2],
        params=[file, *parameters(verb, without=("Expectations", *given))],
        callback=_from_file(verb, given),
        help=documentation(verb.operation)[0] + more,
        short_help=short,
    )


def _from_file(verb: Verb, preset: Json) -> Any:  # noqa: ANN401 - a command's function
    @refused
    def with_file(file: Path | None, **given: Any) -> None:  # noqa: ANN401 - the options, by name
        if file is None:
            run(verb, given, preset)
            return
        some = _read(file)
        ids = _ids(_told(file), group_names(some), Where(*(given[name] for name in Where._fields)))
        run(verb, given, preset | {"Expectations": [one.members | _ends(one, ids) for one in some]})

    return with_file


def _read(file: Path) -> list[Expected]:
    try:
        with click.open_file(str(file), encoding="utf-8") as opened:
            return read(opened.read())
    except FileError as error:
        raise click.UsageError(f"{_told(file)}, {error}") from None
    except UnicodeDecodeError:
        raise click.UsageError(f"{_told(file)} is no text in UTF-8") from None


def _told(file: Path) -> str:
    return "standard input" if str(file) == "-" else str(file)


def _ends(one: Expected, ids: dict[GroupNamed, str]) -> Json:
    return {end: ids[group] for end, group in one.groups.items()}


def _ids(file: str, named: Iterable[GroupNamed], where: Where) -> dict[GroupNamed, str]:
    """Return the ids of groups that a file names. InvalidGroup.NotFound, UsageError where several have a name."""
    wanted = list(dict.fromkeys(named))
    if not wanted:
        return {}
    names = sorted({one.name for one in wanted})
    params = {"Filters": [{"Name": "group-name", "Values": [_literal(name) for name in names]}]}
    with connected(where) as client:
        found = client.call("DescribeSecurityGroups", params).get("SecurityGroups", [])
    return {one: _id(f"{file}, line {one.line}", one, found) for one in wanted}


def _id(place: str, named: GroupNamed, groups: Iterable[Json]) -> str:
    found = [group for group in groups if group["GroupName"] == named.name and named.vpc_id in (None, group["VpcId"])]
    if not found:
        where = f" in {named.vpc_id}" if named.vpc_id else ""
        raise ApiError("InvalidGroup.NotFound", f"{place}: no security group{where} is called {named.name!r}")
    if len(found) > 1:
        vpcs = ", ".join(sorted(group["VpcId"] for group in found))
        raise click.UsageError(f"{place}: {vpcs} have each a group called {named.name!r}: add `vpc`")
    return str(found[0]["GroupId"])


def _literal(name: str) -> str:
    """Return a name as a filter takes it for itself."""
    return "".join(f"\\{one}" if one in "*?\\" else one for one in name)


expect = click.Group(
    "expect",
    commands=[_put(), command(LIST), checking(), command(DELETE)],
    help="Say what must pass, and what must not: a change that would break it is refused.",
    short_help="What must pass, and what must not.",
)
