"""Results -> XML elements, by writers compiled from shapes: reference 1.2 [recorded].

Every tag with its indentation is made once, so that writing a reply is a walk along the result that joins ready
pieces. Members come in the order of the result; an absent or None member is left out; an empty list, structure or text
is one self-closed element.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from groupwall.wire.scalars import TO_WIRE
from groupwall.wire.shapes import List, NotInModelError, Scalar, Shape, Structure

if TYPE_CHECKING:
    from collections.abc import Callable

    Add = Callable[[str], object]
    Write = Callable[[Any, Add], object]

_UNCARRIED = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_SPECIAL = re.compile(f"[&<>\r{_UNCARRIED}]")
_NOT_XML = re.compile(f"[{_UNCARRIED}]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}


def escape(text: str) -> str:
    """Return text for an element: double quotes stay as they are, what XML 1.0 cannot carry becomes U+FFFD."""
    return _SPECIAL.sub(_escaped, text) if _SPECIAL.search(text) else text


def _escaped(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "\ufffd")


def carried(text: str) -> str:
    """Return what a reader of ``escape(text)`` gets back."""
    return _NOT_XML.sub("\ufffd", text) if _NOT_XML.search(text) else text


def element_writer(shape: Shape, tag: str, depth: int, indent: str) -> Write:
    """Return the function that writes a value of a shape as one element, ``depth`` levels in."""
    start = indent * depth
    empty = f"{start}<{tag}/>\n"
    if isinstance(shape, Scalar):
        return _scalar_writer(shape, f"{start}<{tag}>", f"</{tag}>\n", empty)
    inner: Write
    if isinstance(shape, List):
        inner = _items_writer(element_writer(shape.item, shape.wire_out, depth + 1, indent))
    else:
        inner = members_writer(shape, depth + 1, indent)
    return _block_writer(inner, f"{start}<{tag}>\n", f"{start}</{tag}>\n", empty)


def members_writer(shape: Structure, depth: int, indent: str) -> Write:
    """Return the function that writes the members of a structure, ``depth`` levels in.

    The function raises NotInModelError for a member that the structure does not have.
    """
    writers = {
        name: element_writer(member.shape, member.wire_out, depth, indent) for name, member in shape.members.items()
    }

    def write(value: dict[str, Any], add: Add) -> None:
        for name, part in value.items():
            if part is None:
                continue
            writer = writers.get(name)
            if writer is None:
                raise NotInModelError(f"{name} is not a member of the reply: it has {', '.join(writers)}")
            writer(part, add)

    return write


def _scalar_writer(shape: Scalar, opening: str, closing: str, empty: str) -> Write:
    text = TO_WIRE[shape.kind]
    if text is not None:
        return lambda value, add: add(f"{opening}{text(value)}{closing}")
    special = _SPECIAL.search

    def write(value: str, add: Add) -> None:
        if special(value):
            add(f"{opening}{escape(value)}{closing}")
        else:
            add(f"{opening}{value}{closing}" if value else empty)

    return write


def _items_writer(item: Write) -> Write:
    def write(value: list[Any], add: Add) -> None:
        for part in value:
            item(part, add)

    return write


def _block_writer(inner: Write, opening: str, closing: str, empty: str) -> Write:
    def write(value: Any, add: Add) -> None:  # noqa: ANN401 - a dict or a list, as inner takes it
        if not value:
            add(empty)
            return
        add(opening)
        inner(value, add)
        add(closing)

    return write
