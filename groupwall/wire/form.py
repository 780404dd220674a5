"""Wire pairs <-> parameters, driven by the shape of an operation's input.

Reading goes key by key. A key such as ``IpPermissions.1.IpRanges.1.CidrIp`` is resolved once into a spot: the place
(``IpPermissions.1.IpRanges.1``), the name in it (``CidrIp``) and the converter; spots are remembered, so the same key
costs a look-up the next time. While pairs are read a list is a dict of index -> item, so that indexes may start at 0
or 1 (clients 2.5), have gaps and come in any order; it becomes a list at the end.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from groupwall.errors import missing_parameter
from groupwall.wire.limits import KEY_CHARACTERS, LIST_INDEX, REMEMBERED_KEYS
from groupwall.wire.refusals import index_too_large, key_too_long, unknown_parameter
from groupwall.wire.scalars import FROM_WIRE, TO_WIRE
from groupwall.wire.shapes import List, NotInModelError, Scalar, Shape, Structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_INDEX = re.compile(r"0|[1-9][0-9]*")

PROTOCOL_NAMES = frozenset({
    "Action", "Version", "AWSAccessKeyId", "Signature", "SignatureVersion", "SignatureMethod", "Timestamp", "Expires",
    "SecurityToken",
})  # fmt: skip
"""Names that no operation sees: the protocol's own and, with every ``X-Amz-`` name, those of query-signed requests."""


class _Place(NamedTuple):
    """A structure or list within the parameters: its wire path, and its name in the place above."""

    path: str
    shape: List | Structure
    above: _Place | None = None
    name: str | int = ""


class _Spot(NamedTuple):
    """Where the value of one key goes; ``place`` None: nowhere."""

    place: _Place | None
    name: str | int = ""
    convert: Callable[[str, str], Any] | None = None


_NOWHERE = _Spot(None)


class _Draft:
    """The parameters of one request while they are read: containers by wire path."""

    __slots__ = ("containers", "lists", "strict")

    def __init__(self, root: Structure) -> None:
        top: dict[Any, Any] = {}
        self.containers = {"": top}
        self.lists: list[tuple[list[Any], dict[Any, Any]]] = []
        self.strict = [("", root, top)] if root.required else []

    def open(self, place: _Place) -> dict[Any, Any]:
        """Return the container of a place, making it and those above it that are not there yet."""
        container = self.containers.get(place.path)
        if container is not None or place.above is None:
            return self.containers[place.path]
        outer = self.open(place.above)
        container = self.containers[place.path] = {}
        if isinstance(place.shape, List):
            items: list[Any] = []
            outer[place.name] = items
            self.lists.append((items, container))
        else:
            outer[place.name] = container
            if place.shape.required:
                self.strict.append((place.path, place.shape, container))
        return container

    def close(self) -> dict[str, Any]:
        """Return the parameters: every list in the order of its indexes, every required member there."""
        for items, by_index in self.lists:
            items.extend(by_index[index] for index in sorted(by_index))
        for path, shape, container in self.strict:
            for name in shape.required:
                if name not in container:
                    raise missing_parameter(below(path, shape.members[name].wire_in))
        return self.containers[""]


class FormReader:
    """Reads the parameters of one operation."""

    def __init__(self, shape: Structure) -> None:
        self._root = _Place("", shape)
        self._shape = shape
        self._spots: dict[str, _Spot] = {}

    def read(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return the parameters in boto3's names, without those of the protocol and of authentication.

        Raises UnknownParameter, InvalidParameterValue and MissingParameter: reference 1.4.
        """
        draft = _Draft(self._shape)
        spots, containers = self._spots, draft.containers
        for key, value in pairs:
            place, name, convert = spots.get(key) or self._find(key, value)
            if place is None:
                continue
            container = containers.get(place.path)
            if container is None:
                container = draft.open(place)
            container[name] = value if convert is None else convert(value, key)
        return draft.close()

    def _find(self, key: str, value: str) -> _Spot:
        """Return the spot of a key and remember it.

        A whole list or structure given as empty, ``IpPermissions.1.IpRanges=``, is nowhere: some SDKs are reported to
        send it for an empty list, reference 1.1 [inferred].
        """
        if key not in self._shape.by_wire_in and (key in PROTOCOL_NAMES or key.startswith("X-Amz-")):
            return _NOWHERE
        if len(key) > KEY_CHARACTERS:
            raise key_too_long(key)
        spot = self._walk(key)
        if spot.place is None:
            if value:
                raise unknown_parameter(key)
            return _NOWHERE
        if len(self._spots) >= REMEMBERED_KEYS:
            self._spots.clear()  # a burst of unusual names costs the others one look-up each, and no memory
        self._spots[key] = spot
        return spot

    def _walk(self, key: str) -> _Spot:
        """Follow a key through the shapes; nowhere when it ends at a whole list or structure."""
        place, segments = self._root, iter(key.split("."))
        for segment in segments:
            name, shape, path = _step(place, segment, segments, key)
            if isinstance(shape, Scalar):
                if next(segments, None) is not None:
                    raise unknown_parameter(key)
                return _Spot(place, name, FROM_WIRE[shape.kind])
            place = _Place(path, shape, place, name)
        return _NOWHERE


def _step(place: _Place, segment: str, later: Iterator[str], key: str) -> tuple[str | int, Shape, str]:
    """Return the name, the shape and the path that one segment of a key leads to from a place."""
    if isinstance(place.shape, Structure):
        member = place.shape.by_wire_in.get(segment)
        if member is None:
            raise unknown_parameter(key)
        return member.name, member.shape, below(place.path, segment)
    if place.shape.wire_in:
        if segment != place.shape.wire_in:
            raise unknown_parameter(key)
        segment = next(later, "")
    if not _INDEX.fullmatch(segment):
        raise unknown_parameter(key)
    index = int(segment)
    if index > LIST_INDEX:
        raise index_too_large(key)
    return index, place.shape.item, below(place.path, segment)


def below(path: str, name: str) -> str:
    """Return the wire path of a name within a place, "" for the parameters themselves."""
    return f"{path}.{name}" if path else name


def write_form(shape: Shape, value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any parameter
    """Yield the wire pairs of parameters given in boto3's names; None and empty lists and structures send nothing.

    Raises NotInModelError for a member that the operation does not have.
    """
    if value is None:
        return
    if isinstance(shape, Scalar):
        text = TO_WIRE[shape.kind]
        yield path, text(value) if text else value
    elif isinstance(shape, List):
        prefix = below(path, shape.wire_in) if shape.wire_in else path
        for index, item in enumerate(value, 1):
            yield from write_form(shape.item, item, f"{prefix}.{index}")
    else:
        for name, part in value.items():
            member = shape.members.get(name)
            if member is None:
                raise NotInModelError(f"{name} is not a member of {path or 'the operation'}")
            yield from write_form(member.shape, part, below(path, member.wire_in))
