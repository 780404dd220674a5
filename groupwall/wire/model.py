"""The services and their actions, from the committed tables that ``tools/make_model.py`` cuts out of botocore's models.

The tables are read when this module is imported (a few milliseconds); an action compiles its reader and its writer when
it is first used.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from groupwall.errors import unsupported_operation
from groupwall.wire.dialects import EC2, QUERY, Dialect
from groupwall.wire.form import FormReader, write_form
from groupwall.wire.parse import compile_read, read_result
from groupwall.wire.plain import compile_plain
from groupwall.wire.refusals import invalid_action, no_such_version
from groupwall.wire.shapes import List, Member, Scalar, Shape, Structure
from groupwall.wire.versions import EC2_VERSION, GROUPWALL_VERSION, STS_VERSION, service_of
from groupwall.wire.xml import members_writer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from groupwall.wire.parse import Read
    from groupwall.wire.plain import Convert
    from groupwall.wire.xml import Write

Json = dict[str, Any]

_NOTHING = Structure({}, {})

PART = 2_000
"""Elements in one part of a reply that is handed on in parts: some 64 KiB of text."""


class Action:
    """One operation of a service, in both directions.

    name: as clients send it. service: ``ec2``, ``sts`` or ``groupwall``. empty: the answer is always an empty list.
    """

    def __init__(self, name: str, service: Service) -> None:
        self.name = name
        self.service = service.name
        self.dialect = service.dialect
        self._own_version = service.version
        self._row = service.table["operations"][name]
        self._shapes: Json = service.table["shapes"]
        self.empty: bool = self._row.get("empty", False)

    @cached_property
    def input(self) -> Structure:
        """The shape of the parameters."""
        return self._structure("input") or _NOTHING

    @cached_property
    def output(self) -> Structure | None:
        """The shape of the result; None where a reply has no members."""
        return self._structure("output")

    @cached_property
    def list_member(self) -> str | None:
        """The first member of the result that is a list, the one that an empty answer holds."""
        members = self.output.members.values() if self.output else ()
        return next((member.name for member in members if isinstance(member.shape, List)), None)

    def decode(self, pairs: Iterable[tuple[str, str]]) -> Json:
        """Return the parameters, in boto3's names, that wire pairs give.

        Pairs of the protocol and of authentication are passed over. Raises ApiError: UnknownParameter,
        InvalidParameterValue, MissingParameter.
        """
        return self._reader.read(pairs)

    def form(self, params: Json) -> list[tuple[str, str]]:
        """Return the wire pairs of a request, ``Action`` and ``Version`` first. Raises NotInModelError."""
        head = [("Action", self.name), ("Version", self._own_version)]
        return [*head, *write_form(self.input, params)]

    def encode(self, result: Json, request_id: str, version: str) -> bytes:
        """Return the body of the reply. Times are milliseconds since 1970. Raises NotInModelError."""
        pieces: list[str] = []
        self._write(result, pieces, request_id, version)
        return "".join(pieces).encode()

    def write(self, result: Json, request_id: str, version: str, send: Callable[[bytes], object]) -> None:
        """Hand on the body of the reply in parts, the iterators in the result read as they are written."""
        pieces: list[str] = []
        parts = {
            name: _handed_on(value, pieces, send) if isinstance(value, Iterator) else value
            for name, value in result.items()
        }
        self._write(parts, pieces, request_id, version)
        send("".join(pieces).encode())

    def _write(self, result: Json, pieces: list[str], request_id: str, version: str) -> None:
        before, after = self.dialect.frame(self.name, request_id, version, has_members=self.output is not None)
        pieces.append(before)
        if self.output is not None:
            self._writer(result, pieces.append)
        pieces.append(after)

    def plain(self, result: Json, zone: tzinfo = UTC) -> Json:
        """Return what boto3 gives its user for the encoded result, without ResponseMetadata.

        zone: the tzinfo of its times, a UTC; botocore's own is dateutil's. Raises NotInModelError.
        """
        if self.output is None:
            return {}
        plain: Json = self._convert(result, zone)
        return plain

    def parse(self, body: bytes) -> Json:
        """Return the result in the body of a reply, as ``plain`` does. Raises UnreadableReplyError."""
        if self.output is None:
            return {}
        result: Json = read_result(self._read, body, f"{self.name}Result" if self.dialect is QUERY else None)
        return result

    @cached_property
    def _reader(self) -> FormReader:
        return FormReader(self.input)

    @cached_property
    def _read(self) -> Read:
        return compile_read(self.output or _NOTHING)

    @cached_property
    def _convert(self) -> Convert:
        return compile_plain(self.output or _NOTHING)

    @cached_property
    def _writer(self) -> Write:
        return members_writer(self.output or _NOTHING, self.dialect.depth, self.dialect.indent)

    def _structure(self, side: str) -> Structure | None:
        name = self._row[side]
        shape = _shape(self._shapes, name) if name else None
        return shape if isinstance(shape, Structure) else None


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its dialect, the version that its table was cut from, its actions, and the names of those it lacks.

    ``table`` is as ``tools/make_model.py`` describes it.
    """

    name: str
    dialect: Dialect
    version: str
    table: Json
    actions: dict[str, Action]
    others: frozenset[str]

    def action(self, name: str) -> Action:
        """Return an action by name. Raises UnsupportedOperation (one of AWS's that we lack) and InvalidAction."""
        found = self.actions.get(name)
        if found is not None:
            return found
        raise unsupported_operation(name) if name in self.others else invalid_action(name)


def find(action: str, version: str) -> Action:
    """Return the action that a request asks for. Raises NoSuchVersion, InvalidAction and UnsupportedOperation."""
    service = service_of(version)
    if service is None:
        raise no_such_version(version)
    return SERVICES[service].action(action)


def _handed_on(items: Iterator[Any], pieces: list[str], send: Callable[[bytes], object]) -> Iterator[Any]:
    """Yield items to the writer, and hand on what it wrote of them whenever that is enough for a part."""
    for item in items:
        yield item
        if len(pieces) >= PART:
            send("".join(pieces).encode())
            pieces.clear()


def _shape(shapes: Json, name: str) -> Shape:
    row = shapes.get(name)
    if row is None:
        return Scalar(name)
    if "members" in row:
        members = [Member(key, _shape(shapes, of), *names) for key, (of, *names) in row["members"].items()]
        by_name = {member.name: member for member in members}
        return Structure(by_name, {member.wire_in: member for member in members}, tuple(row.get("required", ())))
    if "item" in row:
        return List(_shape(shapes, row["item"]), row["in"], row["out"])
    return Scalar(row["type"], row.get("min"), row.get("max"))


def _service(name: str, dialect: Dialect, version: str) -> Service:
    table = json.loads(Path(__file__).with_name(f"{name}.json").read_bytes())
    service = Service(name, dialect, version, table, {}, frozenset(table["others"]))
    service.actions.update((action, Action(action, service)) for action in table["operations"])
    return service


SERVICES: dict[str, Service] = {
    "ec2": _service("ec2", EC2, EC2_VERSION),
    "sts": _service("sts", QUERY, STS_VERSION),
    "groupwall": _service("groupwall", QUERY, GROUPWALL_VERSION),
}
