"""Results as boto3 gives them to its users, made from ours without a wire.

The same is answered as for the reply's XML read back: None is dropped, text has U+FFFD where XML carries no character,
a time is an aware datetime. Tested against botocore's own parser.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from groupwall.wire.scalars import moment
from groupwall.wire.shapes import List, NotInModelError, Scalar, Shape, Structure
from groupwall.wire.xml import carried

if TYPE_CHECKING:
    from collections.abc import Callable

    Convert = Callable[[Any, tzinfo], Any]


def compile_plain(shape: Shape) -> Convert:
    """Return the function (value of ours, tzinfo of its times, a UTC) -> value of boto3's.

    The function raises NotInModelError for a member that a structure does not have.
    """
    if isinstance(shape, Structure):
        return _structure({name: compile_plain(member.shape) for name, member in shape.members.items()})
    if isinstance(shape, List):
        item = compile_plain(shape.item)
        return lambda value, zone: [item(part, zone) for part in value]
    return _scalar(shape)


def _structure(members: dict[str, Convert]) -> Convert:
    def convert(value: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
        try:
            return {name: members[name](part, zone) for name, part in value.items() if part is not None}
        except KeyError as missing:
            raise NotInModelError(f"{missing} is not a member of the reply: it has {', '.join(members)}") from None

    return convert


def _scalar(shape: Scalar) -> Convert:
    if shape.kind == "string":
        return lambda value, _: carried(value)
    if shape.kind == "timestamp":
        return lambda value, zone: moment(value).replace(tzinfo=zone)
    plain = bool if shape.kind == "boolean" else int
    return lambda value, _: plain(value)
