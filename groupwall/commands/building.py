"""A row of the table of verbs -> a command: options from the model, one call, its result as JSON or for a reader."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
from rich.console import RenderableType

from groupwall.commands.asking import SIZE, Where, ask, connected, connection_options, listing
from groupwall.commands.options import Value, kebab, kind_of, members_of, options_of
from groupwall.commands.printing import print_json, print_shown
from groupwall.commands.refused import refused
from groupwall.errors import ApiError
from groupwall.remote import Client
from groupwall.wire.given import read_given
from groupwall.wire.model import SERVICES, Action
from groupwall.wire.shapes import List, Scalar

Json = dict[str, Any]

_LONGEST = 20
"""Seconds that a server waits at most."""

_MODEL = Path(__file__).parents[1] / "models" / "groupwall" / "2026-11-01" / "service-2.json"


class Beside(NamedTuple):
    """What a verb asks besides where its flag is given: an operation with the same parameters, and a time to wait.

    member: where its answer stands in the result.
    """

    flag: str
    told: str
    operation: str
    member: str

    @property
    def names(self) -> tuple[str, str]:
        """The names of its options' values."""
        return self.flag.removeprefix("--").replace("-", "_"), "wait"

    def options(self) -> list[click.Option]:
        """Return the flag, and how long to wait."""
        seconds = f"With {self.flag}: seconds to wait for hosts at most; 5."
        return [
            click.Option([self.flag], is_flag=True, help=self.told),
            click.Option(["--wait"], type=click.IntRange(1, _LONGEST), help=seconds),
        ]

    def asked(self, client: Client, params: Json, given: Json) -> Json:
        """Return what it adds to the result, nothing without its flag."""
        flag, wait = (given.get(name) for name in self.names)
        wanted = params | ({"Wait": wait} if wait else {})
        return {self.member: client.call(self.operation, wanted)} if flag else {}


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the command line.

    path: its words, such as ``expect put``. operation: one of ours. show: result -> what rich prints of it; the texts
    in the result are safe to print. arguments: members that are given by their place. renamed: member -> its option,
    where that is not the member's name in kebab case. filters: names of Filters that get an option of their own.
    ok: whether a result is a good one; the exit code is 1 where it is not. beside: what else it asks on request.
    """

    path: str
    operation: str
    show: Callable[[Json], RenderableType]
    arguments: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    ok: Callable[[Json], bool] = lambda _: True
    beside: Beside | None = None

    @property
    def action(self) -> Action:
        """Its operation as the wire knows it."""
        return SERVICES["groupwall"].action(self.operation)


@cache
def _model() -> Json:
    model: Json = json.loads(_MODEL.read_bytes())
    return model


class Listed(click.Command):
    """A command that reads ``--group-ids sg-1 sg-2`` as the AWS CLI does: all words up to the next option.

    One that has arguments of its own takes only the first word: what follows may be an argument.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give each word of a list its option, then read as click does."""
        if any(isinstance(one, click.Argument) for one in self.params):
            return super().parse_args(ctx, args)
        lists = {flag for one in self.params if isinstance(one, click.Option) and one.multiple for flag in one.opts}
        return super().parse_args(ctx, list(_repeated(args, lists)))


def _repeated(words: Iterable[str], lists: set[str]) -> Iterator[str]:
    flag, filled = "", False
    for word in words:
        if word.startswith("--"):
            flag, filled = word if word in lists else "", False
        elif flag and filled:
            yield flag
        else:
            filled = True
        yield word


def documentation(operation: str) -> tuple[str, dict[str, str]]:
    """Return what the model tells of an operation of ours, and of each of its input members."""
    row = _model()["operations"][operation]
    members = _model()["shapes"][row["input"]["shape"]]["members"]
    return row["documentation"], {name: member.get("documentation", "") for name, member in members.items()}


def command(verb: Verb, preset: Json | None = None) -> click.Command:
    """Return the command of a verb. preset: members that are given already, and so have no option."""
    told, texts = documentation(verb.operation)
    short = told.split(". ")[0].rstrip(".") + "."
    arguments = [f"{kebab(name).upper().replace('-', '_')}: {texts[name]}" for name in verb.arguments]
    return Listed(
        verb.path.rpartition(" ")[2],
        params=parameters(verb, without=tuple(preset or ())),
        callback=running(verb, preset),
        help="\n\n".join([told, *arguments]),
        short_help=short,
    )


def parameters(verb: Verb, without: Sequence[str] = ()) -> list[click.Parameter]:
    """Return the arguments and options of a verb's command."""
    texts = documentation(verb.operation)[1]
    pages = listing(verb.operation)
    left_out = {*without, *verb.arguments, *({SIZE, "NextToken"} if pages else ())}
    return [
        *(_argument(verb, name) for name in verb.arguments),
        *(_filter_option(name) for name in verb.filters),
        *options_of(verb.action.input, texts, left_out, verb.renamed),
        *(verb.beside.options() if verb.beside else ()),
        *([click.Option(["--max-items"], type=click.IntRange(1), help="Show so many at most.")] if pages else []),
        *output_options(),
    ]


def output_options() -> list[click.Option]:
    """Return the options of every command that makes a call and prints its result."""
    return [
        *connection_options(),
        click.Option(["as_json", "--json"], is_flag=True, help="Print the whole result as JSON."),
    ]


def _argument(verb: Verb, name: str) -> click.Argument:
    shape = verb.action.input.members[name].shape
    several = isinstance(shape, List)
    kind = kind_of(shape) if isinstance(shape, Scalar) else Value(shape.item if isinstance(shape, List) else shape)
    shown = kebab(name).upper().replace("-", "_") + ("..." if several else "")
    required = name in verb.action.input.required
    argument = click.Argument([name], type=kind, nargs=-1 if several else 1, required=required, metavar=shown)
    argument.name = name  # click makes it lower case
    return argument


def _filter_option(name: str) -> click.Option:
    told = f"Only those whose {name} is this; * and ? stand for any text and any character. May be repeated."
    return click.Option([f"filter_{name.replace('-', '_')}", f"--{name}"], multiple=True, help=told)


def running(verb: Verb, preset: Json | None = None) -> Callable[..., None]:
    """Return the function of a verb's command."""

    @refused
    def with_options(**given: Any) -> None:  # noqa: ANN401 - the options, by name
        run(verb, given, preset)

    return with_options


def run(verb: Verb, given: Json, preset: Json | None = None) -> None:
    """Do what a verb's options say, print the result, and exit with 1 where it is not a good one.

    Raises UsageError for parameters that no server would take, SettingError, NoAnswer, ApiError.
    """
    params = members_of(verb.action.input, given) | (preset or {})
    if verb.filters:
        params["Filters"] = params.get("Filters", []) + _filters(verb, given)
    try:
        asked = read_given(verb.action, json.dumps(params))
    except ApiError as error:
        raise click.UsageError(error.message) from None
    with connected(Where(*(given[name] for name in Where._fields))) as client:
        result = ask(client, verb.operation, asked, given.get("max_items"))
        result |= verb.beside.asked(client, asked, given) if verb.beside else {}
    if given["as_json"]:
        print_json(result)
    else:
        print_shown(verb.show, result)
    if not verb.ok(result):
        sys.exit(1)


def _filters(verb: Verb, given: Json) -> list[Json]:
    chosen = {name: list(given[f"filter_{name.replace('-', '_')}"]) for name in verb.filters}
    return [{"Name": name, "Values": _values(name, values)} for name, values in chosen.items() if values]


def _values(name: str, given: list[str]) -> list[str]:
    """Return a filter's values: a caller may be given as it is shown, ``user/alice``, without what stands before it."""
    shown = [f"arn:*:{value}" for value in given if name == "caller" and not value.startswith("arn:")]
    return given + shown
