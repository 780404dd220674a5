"""The two ends of flows, as a call names them: an interface, an instance, a group, an address, a block, ``anywhere``.

An address that belongs to an interface of the other end's VPC, or of one beside it, is that interface; the rest of a
block is outside, where there is no gate of ours. So each end falls apart into parts whose gates are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.flows.network import Network, Standing
from groupwall.rules import parsing
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, address_number, address_text, block_span
from groupwall.rules.passages import Passage, passages
from groupwall.rules.spans import Span, Spans, difference, intersection, spans
from groupwall.rules.values import Direction
from groupwall.store.entities import Address, Attachment, Group, Instance, Interface, Vpc

ANYWHERE = "anywhere"
EVERYWHERE = EVERY_IPV4 + EVERY_IPV6


class Part(NamedTuple):
    """A part of an end: interfaces that stand alike, with those of their addresses that are meant; or what is outside.

    standing: None outside; interfaces: in the order of their ids, none outside.
    """

    standing: Standing | None
    interfaces: tuple[Interface, ...]
    addresses: Spans


class Course(NamedTuple):
    """What was asked between two parts, and what of it passes both gates. joined: whether there is a way between."""

    source: Part
    destination: Part
    joined: bool
    asked: Passage
    passing: tuple[Passage, ...]


def courses(network: Network, source: str, destination: str, services: Spans) -> list[Course]:
    """Return what becomes of the flows between two ends, for each pair of parts, in the order of what they name.

    InvalidParameterValue for an end that is none, and when neither end is an interface of this account (inferred);
    what parsing raises for an id that is malformed; the not-found error of its kind for one that is unknown.
    """
    pairs = _pairs(network, source, destination)
    network.learn(part.standing for pair in pairs for part in pair if part.standing)
    return [_course(network, one, other, services) for one, other in pairs]


def _course(network: Network, source: Part, destination: Part, services: Spans) -> Course:
    asked = Passage(source.addresses, destination.addresses, services)
    one, other = source.standing, destination.standing
    joined = one is None or other is None or other.vpc_id in network.beside(one.vpc_id)
    if not joined:
        return Course(source, destination, joined, asked, ())
    out = network.policy(one, Direction.EGRESS) if one else None
    into = network.policy(other, Direction.INGRESS) if other else None
    return Course(source, destination, joined, asked, tuple(passages(out, into, asked)))


def _pairs(network: Network, source: str, destination: str) -> list[tuple[Part, Part]]:
    senders, receivers = named(network, source), named(network, destination)
    if senders is not None and receivers is not None:
        return [(one, other) for one in parts(network, senders) for other in parts(network, receivers)]
    if receivers is None and senders is None:
        receivers = holders(network, destination)
        senders = [] if receivers else holders(network, source)
        if not receivers and not senders:
            raise errors.neither_end_is_ours(source, destination)
    if receivers:
        return [
            (one, other)
            for other in parts(network, receivers)
            for one in around(network, _standing(other).vpc_id, addresses(source))
        ]
    return [
        (one, other)
        for one in parts(network, senders or [])
        for other in around(network, _standing(one).vpc_id, addresses(destination))
    ]


def _standing(part: Part) -> Standing:
    assert part.standing is not None  # noqa: S101 - it was made of interfaces
    return part.standing


def addresses(end: str) -> Spans:
    """Return the addresses that an end names. InvalidParameterValue for what is no address, block or ``anywhere``."""
    if end == ANYWHERE:
        return EVERYWHERE
    try:
        if "/" in end:
            return (block_span(parsing.ipv6_cidr(end) if ":" in end else parsing.ipv4_cidr(end)),)
        number = address_number(end)
    except (ValueError, errors.ApiError):
        raise errors.end_malformed(end) from None
    return (Span(number, number),)


def named(network: Network, end: str) -> list[Interface] | None:
    """Return the interfaces that an id means, in the order of their ids; None where the end is no id.

    Those of an instance are the ones attached to it, those of a group its members: none is no error.
    """
    for prefix, find in _NAMED.items():
        if end.startswith(prefix):
            return find(network, end)
    return None


def _interface(network: Network, given: str) -> list[Interface]:
    found = network.seen.get(Interface, parsing.interface_id(given))
    if found is None:
        raise errors.interface_not_found(given)
    return [found]


def _instance(network: Network, given: str) -> list[Interface]:
    if network.seen.get(Instance, parsing.instance_id(given)) is None:
        raise errors.instance_not_found(given)
    ids = [one.interface_id for one in network.seen.of(Attachment, "instance_id", given)]
    found = network.seen.by_id(Interface, ids)
    return [found[one] for one in sorted(found)]


def _group(network: Network, given: str) -> list[Interface]:
    if network.seen.get(Group, parsing.group_id(given)) is None:
        raise errors.group_not_found(given)
    return network.members([given])[given]


_NAMED: dict[str, Callable[[Network, str], list[Interface]]] = {"eni-": _interface, "i-": _instance, "sg-": _group}


def holders(network: Network, end: str) -> list[Interface]:
    """Return this account's interfaces that have an address; none for a block. InvalidParameterValue for several.

    In VPCs that overlap an address can be of several interfaces: then the caller has to name the one that is meant.
    """
    wanted = addresses(end)
    if len(wanted) > 1 or wanted[0].first != wanted[0].last:
        return []
    found = _with_addresses(network, wanted)
    if len({one.vpc_id for one in found}) > 1:
        raise errors.end_ambiguous(end, [one.id for one in found])
    return found


def _with_addresses(network: Network, wanted: Spans) -> list[Interface]:
    """Return the interfaces of this world that have one single address."""
    text = address_text(wanted[0].first)
    found = network.seen.by_id(
        Interface, sorted({one.interface_id for one in network.seen.of(Address, "address", text)})
    )
    return [found[one] for one in sorted(found)]


def parts(network: Network, interfaces: Sequence[Interface], within: Spans = EVERYWHERE) -> list[Part]:
    """Return interfaces of this world by their standing, with their addresses, only those within a set."""
    standings = network.standings(interfaces)
    held = network.addresses(one.id for one in interfaces)
    grouped: dict[Standing, list[Interface]] = {}
    for one in interfaces:
        if intersection(held[one.id], within):
            grouped.setdefault(standings[one.id], []).append(one)
    return [
        Part(standing, tuple(mine), intersection(spans(tuple(_flat(held[one.id] for one in mine))), within))
        for standing, mine in grouped.items()
    ]


def _flat(some: Iterable[Spans]) -> Iterator[Span]:
    return (span for one in some for span in one)


def around(network: Network, vpc_id: str, wanted: Spans) -> list[Part]:
    """Return what a set of addresses is, seen from a VPC: interfaces there and beside it, and what is outside."""
    found: list[Part] = []
    near = network.beside(vpc_id)
    for world in sorted({world for world, _ in network.seen.anywhere(Vpc, sorted(near)).values()}):
        there = network.at(world)
        found += parts(there, _interfaces(there, near, wanted), wanted)
    outside = difference(wanted, spans(tuple(_flat(part.addresses for part in found))))
    return [*found, Part(None, (), outside)] if outside else found


def _interfaces(network: Network, vpc_ids: frozenset[str], wanted: Spans) -> list[Interface]:
    """Return the interfaces of VPCs, in the order of their ids: all of them, or those with one single address."""
    if len(wanted) == 1 and wanted[0].first == wanted[0].last:
        return [one for one in _with_addresses(network, wanted) if one.vpc_id in vpc_ids]
    found = network.seen.by(Interface, "vpc_id", sorted(vpc_ids))
    return sorted((one for some in found.values() for one in some), key=lambda one: one.id)
