"""The shapes of requests and replies: scalars, lists and structures, with their names on the wire.

Shapes are as deep as the table makes them: none contains itself.
"""

from __future__ import annotations

from dataclasses import dataclass


class NotInModelError(ValueError):
    """A parameter or result of ours that the model has no place for: a fault in the code, never in a request."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value.

    kind: ``string``, ``integer`` (32 bits), ``long`` (64 bits), ``boolean``, ``blob`` (to us its base64 text) or
    ``timestamp`` (to us an integer, milliseconds since 1970-01-01T00:00Z). minimum and maximum are the model's; the
    wire does not check them.
    """

    kind: str
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class List:
    """Items of one shape.

    wire_in: what stands between the list's name and the index in a request; "" for nothing.
    wire_out: the element of an item in a reply.
    """

    item: Shape
    wire_in: str
    wire_out: str


@dataclass(frozen=True, slots=True)
class Member:
    """A named part of a structure, as boto3 names it and as requests and replies do."""

    name: str
    shape: Shape
    wire_in: str
    wire_out: str


@dataclass(frozen=True, slots=True)
class Structure:
    """Named members, by boto3's name and by the name in a request, and the names of those that must be there."""

    members: dict[str, Member]
    by_wire_in: dict[str, Member]
    required: tuple[str, ...] = ()


Shape = Scalar | List | Structure
