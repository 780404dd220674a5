"""Single values on the wire: text -> value for requests, value -> text for requests and replies, by kind.

A time is an integer, milliseconds since 1970-01-01T00:00Z; on the wire it is ISO 8601 with a Z: reference 1.1 [model].
A blob stays the base64 text that the wire has: nothing here looks into one.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from groupwall.wire.refusals import malformed_value

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_OFFSET = len("+00:00")

_INTEGER = re.compile(r"-?[0-9]{1,20}")
_INTEGER_BITS, _LONG_BITS = 31, 63
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_TIMESTAMP = re.compile(r"[0-9]{4}(?:-[0-9]{2}){2}T[0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]{1,6})?Z")


def _whole_number(bits: int) -> Callable[[str, str], int]:
    bound = 1 << bits

    def read(text: str, parameter: str) -> int:
        if _INTEGER.fullmatch(text) and -bound <= (number := int(text)) < bound:
            return number
        raise malformed_value(text, parameter)

    return read


def _boolean(text: str, parameter: str) -> bool:
    value = _BOOLEANS.get(text.lower())
    if value is None:
        raise malformed_value(text, parameter)
    return value


def _timestamp(text: str, parameter: str) -> int:
    if not _TIMESTAMP.fullmatch(text):
        raise malformed_value(text, parameter)
    try:
        return milliseconds(datetime.fromisoformat(text))
    except ValueError:
        raise malformed_value(text, parameter) from None


def _blob(text: str, parameter: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise malformed_value(text, parameter) from None
    return text


def milliseconds(moment: datetime) -> int:
    """Return an aware time as milliseconds since 1970-01-01T00:00Z."""
    return (moment - _EPOCH) // _MILLISECOND


def moment(time: int) -> datetime:
    """Return milliseconds since 1970-01-01T00:00Z as an aware time."""
    return _EPOCH + time * _MILLISECOND


def timestamp_text(time: int) -> str:
    """Return milliseconds since 1970-01-01T00:00Z as ``2026-11-23T03:46:00.000Z``."""
    return moment(time).isoformat(timespec="milliseconds")[:-_OFFSET] + "Z"


def boolean_text(value: bool) -> str:  # noqa: FBT001 - the value is what is written, not an option
    """Return ``true`` or ``false``."""
    return "true" if value else "false"


FROM_WIRE: dict[str, Callable[[str, str], Any] | None] = {
    "string": None,
    "integer": _whole_number(_INTEGER_BITS),
    "long": _whole_number(_LONG_BITS),
    "boolean": _boolean,
    "timestamp": _timestamp,
    "blob": _blob,
}
"""By kind: (text, name of the parameter) -> value; None leaves the text as it is. Raises InvalidParameterValue."""

TO_WIRE: dict[str, Callable[[Any], str] | None] = {
    "string": None,
    "integer": str,
    "long": str,
    "boolean": boolean_text,
    "timestamp": timestamp_text,
    "blob": None,
}
"""By kind: value -> text; None leaves the text as it is."""
