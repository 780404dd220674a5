"""What is left of a rule once some of its traffic is cut, as the fewest rules that say just that."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import summarize_address_range
from typing import TYPE_CHECKING

from groupwall.rules.flows import PORTS, SERVICES, block_span, by_family, by_protocol, lines, services
from groupwall.rules.spans import Spans, difference, union
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import ALL_PROTOCOLS, EVERY_PORT, NO_PORTS, Peer, PeerKind, PortRange, Properties

if TYPE_CHECKING:
    from collections.abc import Iterator

_ICMP = {1: "icmp", 58: "icmpv6"}
_WITH_PORTS = {6: "tcp", 17: "udp"}
_CODES = 256

REMEMBERED = 4096
"""Rules and what they lose that are remembered: a search for a cut asks for the same again and again."""


@lru_cache(maxsize=REMEMBERED)
def pieces(whole: Properties, lost: Traffic) -> tuple[Properties, ...]:
    """Return the properties of the rules that admit what a rule does, but for what it loses; none when nothing is left.

    What is lost of a group or a prefix list counts for every address, since a rule can't leave out some of its members.
    """
    own, peer = services(whole.protocol, whole.ports), whole.peer
    if peer.kind in (PeerKind.GROUP, PeerKind.PREFIX_LIST):
        gone: Spans = ()
        for slab in lost.slabs:
            gone = union(gone, slab.services)
        return tuple(Properties(*one, peer) for one in _protocols(difference(own, gone)))
    rest = traffic([Box((block_span(peer.text),), own)]) - lost
    return tuple(
        Properties(*one, Peer.of(block))
        for line in lines(rest)
        for block in _blocks(line.addresses)
        for one in _protocols(line.services)
    )


def _blocks(addresses: Spans) -> Iterator[str]:
    for span in addresses:
        for ends in by_family(span):
            yield from map(str, summarize_address_range(*ends))


def _protocols(some: Spans) -> Iterator[tuple[str, PortRange]]:
    """Yield the protocol and ports of the fewest rules for some services."""
    if some == SERVICES:
        yield ALL_PROTOCOLS, NO_PORTS
        return
    for span in some:
        for number, first, last in by_protocol(span):
            yield from _ranges(number, first, last)


def _ranges(number: int, first: int, last: int) -> Iterator[tuple[str, PortRange]]:
    if number in _WITH_PORTS:
        yield _WITH_PORTS[number], EVERY_PORT if (first, last) == (0, PORTS - 1) else PortRange(first, last)
    elif (first, last) == (0, PORTS - 1):
        yield _ICMP.get(number, str(number)), NO_PORTS
    else:
        yield from ((_ICMP[number], ports) for ports in _types_and_codes(first, last))


def _types_and_codes(first: int, last: int) -> Iterator[PortRange]:
    """Yield whole types, and at the ends of a span single codes: a rule has no ranges of either [reference 3.2]."""
    while first <= last:
        if first % _CODES == 0 and first + _CODES - 1 <= last:
            yield PortRange(first // _CODES, -1)
            first += _CODES
        else:
            yield PortRange(first // _CODES, first % _CODES)
            first += 1
