"""What a caller may be told of courses: of another account's interfaces no more than where their addresses are.

Which groups those interfaces have, and which of them have the same, is theirs to know. So the courses between a part of
ours and all of another account's interfaces in one VPC are told as one, in a form that depends on what passes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from groupwall.ops.flows.ends import Course, Part, is_ours
from groupwall.ops.flows.gates import Gate, gates_of, together
from groupwall.ops.flows.network import Network
from groupwall.rules.passages import Passage, canonical
from groupwall.rules.spans import Spans, spans


class Told(NamedTuple):
    """A course as it may be told, and those that it is made of."""

    course: Course
    of: tuple[Course, ...]


def told(network: Network, found: Sequence[Course]) -> list[Told]:
    """Return courses as they may be told, in the order of the first that each is made of."""
    alike: dict[tuple[object, ...], list[Course]] = {}
    for course in found:
        alike.setdefault((_key(network, course.source), _key(network, course.destination)), []).append(course)
    return [Told(_joined(network, some), tuple(some)) for some in alike.values()]


def gates_told(network: Network, one: Told) -> list[Gate]:
    """Return the sender's gate and the receiver's, of those ends that have one, as they may be told."""
    return [together(gates) for gates in zip(*(gates_of(network, course) for course in one.of), strict=True)]


def _key(network: Network, part: Part) -> tuple[object, ...]:
    if part.standing is None:
        return ()
    mine = (part.standing.group_ids, part.addresses) if is_ours(network, part) else ()
    return (part.standing.world, part.standing.vpc_id, *mine)


def _joined(network: Network, some: Sequence[Course]) -> Course:
    first = some[0]
    ends = (first.source, first.destination)
    if all(part.standing is None or is_ours(network, part) for part in ends):
        return first
    source, destination = (
        _part(network, [one.source for one in some]),
        _part(network, [one.destination for one in some]),
    )
    asked = Passage(source.addresses, destination.addresses, first.asked.services)
    passing = canonical([passage for one in some for passage in one.passing])
    return Course(source, destination, first.joined, asked, tuple(passing))


def _part(network: Network, some: Sequence[Part]) -> Part:
    """Return parts that are told as one: all the same one of ours, or those of another account's VPC."""
    first = some[0]
    if first.standing is None or is_ours(network, first):
        return first
    addresses: Spans = spans(tuple(span for one in some for span in one.addresses))
    return Part(first.standing._replace(group_ids=()), (), addresses)
