"""Whose flows are over, whatever the rules say: those of addresses that leave their interface, and of peerings that go.

At AWS an interface tracks what it speaks, so that whoever has its address afterwards finds no flow of it. The kernel
tracks for all that hang on a router, and has to forget (inferred).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from groupwall.enforce.policy.desired import Facts, Interface, Key, Kind, interface_of, texts_of
from groupwall.rules.flows import address_number, block_span
from groupwall.rules.spans import Span, Spans, spans


class _Left(NamedTuple):
    """Addresses that are no longer whose they were, for the interfaces of a VPC."""

    vpc_id: str
    addresses: Iterable[Span]


def left(before: Facts, after: Facts, changed: Iterable[Key]) -> Mapping[str, Spans]:
    """Return the addresses that are no longer whose they were, by the VPC in which flows with them are over.

    An interface that goes, or loses an address, was known in its VPC and in those that were peered with it.
    """
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for key in changed:
        for vpc_id, addresses in _left(before, after, key):
            found[vpc_id].extend(addresses)
    return {vpc_id: spans(tuple(some)) for vpc_id, some in found.items() if some}


def _left(before: Facts, after: Facts, key: Key) -> Iterator[_Left]:
    if key.kind is Kind.INTERFACE and (was := interface_of(before, key.id)):
        lost = [Span(number, number) for number in map(address_number, _lost(was, interface_of(after, key.id)))]
        yield from (_Left(vpc_id, lost) for vpc_id in (_near(before, was.vpc_id) if lost else ()))
    elif key.kind is Kind.PEERING and texts_of(after, key) != (ends := texts_of(before, key)):
        yield from (_Left(one, _blocks(before, other)) for one in ends for other in ends if one != other)


def _lost(was: Interface, now: Interface | None) -> set[str]:
    return set(was.addresses) - set(now.addresses if now and now.vpc_id == was.vpc_id else ())


def _near(known: Facts, vpc_id: str) -> set[str]:
    """Return a VPC and those that are peered with it."""
    peerings = (texts_of(known, key) for key in known if key.kind is Kind.PEERING)
    return {vpc_id, *(one for ends in peerings if vpc_id in ends for one in ends)}


def _blocks(known: Facts, vpc_id: str) -> list[Span]:
    return [block_span(block) for block in texts_of(known, Key(Kind.VPC, vpc_id))]
