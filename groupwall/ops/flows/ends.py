"""The two ends of flows, as a call names them: an interface, an instance, a group, an address, a block, ``anywhere``.

An address that belongs to an interface of the other end's VPC, or of one beside it, is that interface; the rest of a
block is outside, where there is no gate of ours. So each end falls apart into parts whose gates are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.flows.network import Network, Standing
from groupwall.rules import parsing
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, address_number, address_text, block_span
from groupwall.rules.passages import Passage, passages
from groupwall.rules.spans import Span, Spans, difference, intersection, spans
from groupwall.rules.traffic import NOTHING
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
    return _courses(network, _pairs(crowds(network, source, destination, alone=True)), services)


def _pairs(some: Iterable[Crowd]) -> list[tuple[Part, Part]]:
    return [pair for crowd in some for pair in crowd.pairs]


def reaching(network: Network, end: str, *, sent: bool) -> list[Crowd]:
    """Return whom an end may reach, or else who may reach it, with the end itself; raises as ``courses`` does.

    Of a block, this account's interfaces in it are looked at, and the rest of it with each of the account's interfaces.
    """
    mine = _ours(network, end)
    if mine is not None:
        return _facing(network, mine, EVERYWHERE, sends=sent)
    wanted, every = addresses(end), network.seen.all(Interface)
    within = _facing(network, parts(network, every, wanted), EVERYWHERE, sends=sent)
    beyond = _facing(network, parts(network, every), wanted, sends=not sent)
    side = "senders" if sent else "receivers"
    return within + [
        one._replace(**{side: [part for part in getattr(one, side) if not is_ours(network, part)]}) for one in beyond
    ]


def is_ours(network: Network, part: Part) -> bool:
    """Tell whether a part is of interfaces of the world that is looked at."""
    return part.standing is not None and part.standing.world == network.seen.world


def _courses(network: Network, pairs: Sequence[tuple[Part, Part]], services: Spans) -> list[Course]:
    network.learn(part.standing for pair in pairs for part in pair if part.standing)
    return [course(network, one, other, services) for one, other in pairs]


def are_joined(network: Network, source: Part, destination: Part) -> bool:
    """Tell whether there is a way between two parts: one is outside, or their VPCs are one, or peers."""
    one, other = source.standing, destination.standing
    return one is None or other is None or other.vpc_id in network.beside(one.vpc_id)


def course(network: Network, source: Part, destination: Part, services: Spans) -> Course:
    """Return what becomes of some services between two parts."""
    asked = Passage(source.addresses, destination.addresses, services)
    if not are_joined(network, source, destination):
        return Course(source, destination, False, asked, ())  # noqa: FBT003 - there is no way
    one, other = source.standing, destination.standing
    into = network.policy(other, Direction.INGRESS, services) if other else None
    out = network.policy(one, Direction.EGRESS, services) if one and into != NOTHING else None
    return Course(source, destination, True, asked, tuple(passages(out, into, asked)))  # noqa: FBT003


class Crowd(NamedTuple):
    """Parts of which each sender is paired with each receiver; those with gates are of one VPC on one side."""

    senders: Sequence[Part]
    receivers: Sequence[Part]

    @property
    def pairs(self) -> Iterator[tuple[Part, Part]]:
        """Each sender with each receiver."""
        return product(self.senders, self.receivers)


def crowds(network: Network, source: str, destination: str, *, alone: bool) -> list[Crowd]:
    """Return who is asked about between two ends; raises as ``courses`` does.

    alone: an address is that of one interface, not of several in VPCs that overlap.
    """
    senders, receivers = named(network, source), named(network, destination)
    if senders is not None and receivers is not None:
        toward = by_vpc(parts(network, receivers)).values()
        return [Crowd(some, others) for some in by_vpc(parts(network, senders)).values() for others in toward]
    if senders is None:
        mine = _ours(network, destination, alone=alone)
        if mine is not None:
            return _facing(network, mine, addresses(source), sends=False)
    mine = _ours(network, source, alone=alone)
    if mine is None:
        raise errors.neither_end_is_ours(source, destination)
    return _facing(network, mine, addresses(destination), sends=True)


def by_vpc(some: Iterable[Part]) -> dict[str, list[Part]]:
    """Return parts that have gates by the VPC that they are in."""
    found: dict[str, list[Part]] = {}
    for part in some:
        if part.standing:
            found.setdefault(part.standing.vpc_id, []).append(part)
    return found


def _ours(network: Network, end: str, *, alone: bool = True) -> list[Part] | None:
    """Return the interfaces of this account that an id, or an address of one, means; None for what is neither."""
    found = named(network, end)
    if found is not None:
        return parts(network, found)
    return parts(network, holding, addresses(end)) if (holding := holders(network, end, alone=alone)) else None


def _facing(network: Network, mine: Sequence[Part], wanted: Spans, *, sends: bool) -> list[Crowd]:
    """Return the parts of interfaces with all that addresses are, seen from there."""
    here = by_vpc(mine)
    near = around(network, here, wanted)
    return [Crowd(some, near[vpc_id]) if sends else Crowd(near[vpc_id], some) for vpc_id, some in here.items()]


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


def holders(network: Network, end: str, *, alone: bool) -> list[Interface]:
    """Return this account's interfaces that have an address; none for a block.

    alone: InvalidParameterValue for several.

    In VPCs that overlap an address can be of several interfaces: then the caller has to name the one that is meant.
    """
    wanted = addresses(end)
    if len(wanted) > 1 or wanted[0].first != wanted[0].last:
        return []
    found = _with_addresses(network, wanted)
    if alone and len({one.vpc_id for one in found}) > 1:
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


def around(network: Network, vpc_ids: Iterable[str], wanted: Spans) -> dict[str, list[Part]]:
    """Return what a set of addresses is, seen from each of some VPCs: interfaces there and beside it, and the outside.

    In a number of statements that depends on the worlds alone that these VPCs and those beside them lie in.
    """
    key = (around, frozenset(vpc_ids), wanted)
    if key not in network.remembered:
        network.remembered[key] = _around(network, key[1], wanted)
    seen: dict[str, list[Part]] = network.remembered[key]
    return seen


def _around(network: Network, vpc_ids: Iterable[str], wanted: Spans) -> dict[str, list[Part]]:
    near = network.besides(vpc_ids)
    every = sorted(frozenset().union(*near.values()))
    found: list[Part] = []
    for world in sorted({world for world, _ in network.seen.anywhere(Vpc, every).values()}):
        there = network.at(world)
        found += parts(there, _interfaces(there, every, wanted), wanted)
    return {
        vpc_id: _with_outside([part for part in found if part.standing and part.standing.vpc_id in beside], wanted)
        for vpc_id, beside in near.items()
    }


def _with_outside(found: list[Part], wanted: Spans) -> list[Part]:
    outside = difference(wanted, spans(tuple(_flat(part.addresses for part in found))))
    return [*found, Part(None, (), outside)] if outside else found


def _interfaces(network: Network, vpc_ids: Sequence[str], wanted: Spans) -> list[Interface]:
    """Return the interfaces of VPCs, in the order of their ids: all of them, or those with one single address."""
    if len(wanted) == 1 and wanted[0].first == wanted[0].last:
        return [one for one in _with_addresses(network, wanted) if one.vpc_id in vpc_ids]
    found = network.seen.by(Interface, "vpc_id", vpc_ids)
    return sorted((one for some in found.values() for one in some), key=lambda one: one.id)
