"""The members of an operation as options of a command: their names, and what a user's text means for each shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from groupwall.commands.shorthand import read_shorthand
from groupwall.units import SystemClock
from groupwall.wire.scalars import milliseconds, timestamp_text
from groupwall.wire.shapes import List, Member, Scalar, Shape, Structure

Json = dict[str, Any]
Context = click.Context | None
Parameter = click.Parameter | None
if TYPE_CHECKING:
    Kind = click.ParamType[Any]
else:
    Kind = click.ParamType  # not generic in every version

PORTS = ("FromPort", "ToPort")
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_FILE = "file://"
_AGO = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST = 36_500 * 86_400
_PORTS = re.compile(r"(-1|[0-9]{1,5})(?:-(-1|[0-9]{1,5}))?")


def kebab(name: str) -> str:
    """Return ``MaxResults`` as ``max-results``, as the AWS CLI does."""
    return _WORDS.sub("-", name).lower()


class Time(Kind):
    """A time: ISO 8601, in UTC where it names no zone, or how long ago; read as the wire has it."""

    name = "time"

    def convert(self, value: str, param: Parameter, ctx: Context) -> str:
        """Return ``2026-11-23T03:46:00.000Z``."""
        ago = _AGO.fullmatch(value)
        try:
            if ago:
                return timestamp_text(SystemClock().now() - int(ago[1]) * _SECONDS[ago[2]] * 1000)
            time = datetime.fromisoformat(value)
            return timestamp_text(milliseconds(time if time.tzinfo else time.replace(tzinfo=UTC)))
        except (ValueError, OverflowError):
            self.fail(
                f"{value!r} is no time: write 2026-11-23T03:46:00Z, or 90s, 10m, 2h, 3d for so long ago", param, ctx
            )


class Lasting(Kind):
    """How long something lasts; read in milliseconds."""

    name = "duration"

    def convert(self, value: str | int, param: Parameter, ctx: Context) -> int:
        """Return the milliseconds."""
        if isinstance(value, int):
            return value
        found = _AGO.fullmatch(value)
        seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
        if not 0 < seconds <= _LONGEST:
            self.fail(f"{value!r} is no duration: write 90s, 10m, 2h or 3d, up to 36500d", param, ctx)
        return seconds * 1000


class Ports(Kind):
    """A port or a range of them, for ICMP a type and a code; read as the members FromPort and ToPort."""

    name = "ports"

    def convert(self, value: str | Json, param: Parameter, ctx: Context) -> Json:
        """Return the two members."""
        if isinstance(value, dict):
            return value
        found = _PORTS.fullmatch("-1" if value == "all" else value)
        if found is None:
            self.fail(f"{value!r} is no port, and no range such as 8000-8080", param, ctx)
        return dict(zip(PORTS, (int(found[1]), int(found[2] or found[1])), strict=True))


class Value(Kind):
    """A structure or a list, as JSON text, as shorthand, or in a file; items of lists may come one by one."""

    def __init__(self, shape: Shape) -> None:
        self.name = "text" if isinstance(shape, Scalar) else "value"
        self._shape = shape

    def convert(self, value: Any, param: Parameter, ctx: Context) -> Any:  # noqa: ANN401 - any JSON
        """Return the value; whether it is one of the shape's, ``wire.given`` checks for the whole call."""
        if not isinstance(value, str):
            return value
        try:
            text = _content(value) if value.startswith(_FILE) else value
            if text is not value or text.lstrip()[:1] in ("[", "{"):
                return json.loads(text)
            return text if isinstance(self._shape, Scalar) else read_shorthand(text, self._shape)
        except json.JSONDecodeError as error:
            self.fail(f"this is no JSON: {error}", param, ctx)
        except RecursionError:
            self.fail("this is nested beyond reason", param, ctx)
        except (OSError, ValueError) as error:
            self.fail(f"{value!r} {getattr(error, 'strerror', None) or error}", param, ctx)


def _content(url: str) -> str:
    return Path(url.removeprefix(_FILE)).expanduser().read_text("utf-8")


def options_of(
    shape: Structure, texts: Mapping[str, str], without: Iterable[str] = (), renamed: Mapping[str, str] | None = None
) -> Iterator[click.Option]:
    """Yield an option for each member, its help from ``texts``; FromPort and ToPort together are ``--port``."""
    left_out, named = set(without), renamed or {}
    if set(PORTS) <= shape.members.keys() - left_out:
        left_out.update(PORTS)
        yield click.Option(
            ["port", "--port"], type=Ports(), help="A port or a range, such as 8000-8080; for ICMP type-code."
        )
    for name, member in shape.members.items():
        if name not in left_out:
            flag = named.get(name) or kebab(name)
            yield _option(member, flag, texts.get(name, ""), required=name in shape.required)


def _option(member: Member, flag: str, text: str, *, required: bool) -> click.Option:
    shape = member.shape
    if isinstance(shape, Scalar) and shape.kind == "boolean":
        return click.Option([member.name, f"--{flag}/--no-{flag}"], default=None, help=text, required=required)
    if isinstance(shape, List):
        told = (
            f"{text} May be repeated." if isinstance(shape.item, Scalar) else f"{text} JSON, shorthand or file://PATH."
        )
        kind = Value(shape.item)
        return click.Option([member.name, f"--{flag}"], type=kind, multiple=True, help=told.strip(), required=required)
    if isinstance(shape, Structure):
        told = f"{text} JSON, shorthand or file://PATH.".strip()
        return click.Option([member.name, f"--{flag}"], type=Value(shape), help=told, required=required)
    return click.Option([member.name, f"--{flag}"], type=kind_of(shape), help=text, required=required)


def kind_of(shape: Scalar) -> Kind:
    """Return how the text of a single value is read."""
    if shape.kind in ("integer", "long"):
        bounded = (shape.minimum, shape.maximum) != (None, None)
        return click.IntRange(shape.minimum, shape.maximum) if bounded else click.INT
    return Time() if shape.kind == "timestamp" else click.STRING


def members_of(shape: Structure, given: Mapping[str, Any]) -> Json:
    """Return the parameters that a command's options give, as JSON with boto3's names; what was not given is absent."""
    params = {name: given[name] for name in shape.members if given.get(name) not in (None, ())}
    for name, value in params.items():
        if isinstance(shape.members[name].shape, List):
            params[name] = [item for one in value for item in (one if isinstance(one, list) else [one])]
    return params | (given.get("port") or {})
