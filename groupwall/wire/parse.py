"""XML replies -> results and errors, for a client of our own.

The reply comes from a server that the client chose, and is still read with care: bounded in size, without a document
type, so that no entity can grow it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

from groupwall.errors import ApiError
from groupwall.wire.limits import REPLY_BYTES
from groupwall.wire.scalars import FROM_WIRE, moment
from groupwall.wire.shapes import List, Scalar, Shape, Structure

Read = Callable[[ET.Element], Any]


class UnreadableReplyError(ValueError):
    """What came back is not a reply in the form that was expected."""


def read_result(read: Read, body: bytes, wrapper: str | None) -> Any:  # noqa: ANN401 - as the shape says
    """Return the result in a reply, as boto3 gives it. ``wrapper``: the element around it, None for the root.

    Raises UnreadableReplyError.
    """
    root = _root(body)
    element = root if wrapper is None else _child(root, wrapper)
    if element is None:
        raise UnreadableReplyError(f"the reply holds no {wrapper}")
    return read(element)


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


def compile_read(shape: Shape) -> Read:
    """Return the function (element of a reply) -> value of boto3's; it leaves out what the shape has no member for."""
    if isinstance(shape, Structure):
        return _structure(shape)
    if isinstance(shape, List):
        item = compile_read(shape.item)
        return lambda element: [item(one) for one in element]
    return _scalar(shape)


def _structure(shape: Structure) -> Read:
    members = [(name, member.wire_out, compile_read(member.shape)) for name, member in shape.members.items()]

    def read(element: ET.Element) -> dict[str, Any]:
        found = {_tag(child): child for child in element}
        return {name: value(found[tag]) for name, tag, value in members if tag in found}

    return read


def _scalar(shape: Scalar) -> Read:
    convert = FROM_WIRE[shape.kind]
    if convert is None:
        return lambda element: element.text or ""
    if shape.kind == "timestamp":
        return lambda element: moment(convert(element.text or "", element.tag))
    return lambda element: convert(element.text or "", element.tag)


def _child(root: ET.Element, tag: str) -> ET.Element | None:
    return next((child for child in root if _tag(child) == tag), None)


def _tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
