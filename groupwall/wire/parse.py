"""XML replies -> results and errors, for a client of our own.

The reply comes from a server that the client chose, and is still read with care: bounded in size, without a document
type, so that no entity can grow it.
"""

from __future__ import annotations

from datetime import UTC
from typing import Any
from xml.etree import ElementTree as ET

from groupwall.errors import ApiError
from groupwall.wire.limits import REPLY_BYTES
from groupwall.wire.plain import compile_plain
from groupwall.wire.scalars import FROM_WIRE
from groupwall.wire.shapes import List, Shape, Structure


class UnreadableReplyError(ValueError):
    """What came back is not a reply in the form that was expected."""


def read_result(shape: Structure, body: bytes, wrapper: str | None) -> dict[str, Any]:
    """Return the result in a reply, as boto3 gives it. ``wrapper``: the element around it, None for the root.

    Raises UnreadableReplyError.
    """
    root = _root(body)
    element = root if wrapper is None else _child(root, wrapper)
    if element is None:
        raise UnreadableReplyError(f"the reply holds no {wrapper}")
    result: dict[str, Any] = compile_plain(shape)(_structure(shape, element), UTC)
    return result


def read_error(body: bytes, status: int) -> ApiError:
    """Return the error in a reply of either dialect, its message whole. Raises UnreadableReplyError."""
    texts = {_tag(element): element.text or "" for element in _root(body).iter()}
    if "Code" not in texts:
        raise UnreadableReplyError("the reply holds no error code")
    return ApiError(texts["Code"], "", status, tail=texts.get("Message", ""))


def _root(body: bytes) -> ET.Element:
    if len(body) > REPLY_BYTES or b"<!" in body:
        raise UnreadableReplyError("the reply is too large or has a document type")
    try:
        return ET.fromstring(body)  # noqa: S314 - bounded above, and without a document type there are no entities
    except ET.ParseError as fault:
        raise UnreadableReplyError(f"the reply is not XML: {fault}") from None


def _value(shape: Shape, element: ET.Element) -> Any:  # noqa: ANN401 - as the shape says
    if isinstance(shape, Structure):
        return _structure(shape, element)
    if isinstance(shape, List):
        return [_value(shape.item, item) for item in element]
    convert, text = FROM_WIRE[shape.kind], element.text or ""
    return text if convert is None else convert(text, _tag(element))


def _structure(shape: Structure, element: ET.Element) -> dict[str, Any]:
    found = {_tag(child): child for child in element}
    return {
        name: _value(member.shape, found[member.wire_out])
        for name, member in shape.members.items()
        if member.wire_out in found
    }


def _child(root: ET.Element, tag: str) -> ET.Element | None:
    return next((child for child in root if _tag(child) == tag), None)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
