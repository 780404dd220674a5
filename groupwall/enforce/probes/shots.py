"""Which packets tell whether a group's rules hold: at the edges of each rule, and just beside them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import count, product
from typing import NamedTuple

from groupwall.enforce.kernel.links import Address
from groupwall.enforce.kernel.packets import ICMP, ICMPV6, TCP, UDP, Packet
from groupwall.enforce.policy.compile import State
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.values import ALL_PROTOCOLS, Direction, Peer, PeerKind, Rule
from groupwall.rules.verdict import Flow

MEMBER = (ip_address("169.254.77.1"), ip_address("fd67:7277:616c:6c00::1"))
"""The member's addresses: link-local and random ones, which the peers of rules hardly name."""

STRANGER = (ip_address("169.254.77.2"), ip_address("fd67:7277:616c:6c00::2"))
"""Whom no rule names, unless it names everybody."""

_NUMBERS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}
WITH_PORTS = frozenset(_NUMBERS.values())
"""Protocols of which a rule names ports, or types and codes; any other it means as a whole."""

_EITHER = {ICMP: (4,), ICMPV6: (6,)}
_FIRST_PORT = 40_000
_HIGHEST = 65_535
_HIGHEST_TYPE = 255


class Shot(NamedTuple):
    """A packet that is sent. other: the address beside the member's. first, second: as of a Packet."""

    direction: Direction
    other: Address
    protocol: int
    first: int
    second: int

    @property
    def member(self) -> Address:
        """The member's address of the same family."""
        return MEMBER[self.other.version == MEMBER[1].version]

    @property
    def flow(self) -> Flow:
        """What the packet is the first of."""
        service = self.first * 256 + self.second if self.protocol in (ICMP, ICMPV6) else self.first
        ends = [address_number(str(each)) for each in self._ends]
        return Flow(ends[0], ends[1], self.protocol * PORTS + service)

    @property
    def _ends(self) -> tuple[Address, Address]:
        return (self.member, self.other) if self.direction.is_egress else (self.other, self.member)

    def packet(self, own: bytes) -> Packet:
        """Return the packet, with a tag to know it by."""
        return Packet(*self._ends, self.protocol, self.first, self.second, own)


def shots(group_id: str, known: State) -> list[Shot]:
    """Return packets about each rule of a group: with an address of its peer, and with a stranger's.

    known: the group's rules, and the members and entries that these mean.
    """
    ports = count(_FIRST_PORT)
    found = dict.fromkeys(shot for rule in known.groups.get(group_id, ()) for shot in _about(rule, known))
    return [shot._replace(second=next(ports)) if shot.protocol in (TCP, UDP) else shot for shot in found]


def _about(rule: Rule, known: State) -> Iterator[Shot]:
    for other, kind in product([*_samples(rule.properties.peer, known), *STRANGER], _services(rule)):
        if other.version in _EITHER.get(kind[0], (4, 6)):
            yield Shot(rule.direction, other, *kind)


def _services(rule: Rule) -> list[tuple[int, int, int]]:
    """Return protocol, port or type, and code, at the edges of what a rule admits and just beside."""
    protocol, (first, last), _ = rule.properties
    if protocol == ALL_PROTOCOLS:
        return [(TCP, 443, 0), (UDP, 53, 0), (ICMP, 8, 0), (ICMPV6, 128, 0), (47, 0, 0)]
    number = _NUMBERS.get(protocol) or int(protocol)
    if number in (TCP, UDP):
        ports = {first, last, max(first - 1, 0), min(last + 1, _HIGHEST)}
        return [(number, port, 0) for port in sorted(ports)]
    if number in (ICMP, ICMPV6):
        types = {max(first, 0), min(max(first, 0) + 1, _HIGHEST_TYPE)}
        return [(number, each, max(last, 0)) for each in sorted(types)]
    return [(number, 0, 0)]


def _samples(peer: Peer, known: State) -> list[Address]:
    """Return an address that a rule's peer stands for, of each family that it has."""
    if peer.kind is PeerKind.GROUP:
        blocks = list(known.members.get(peer.text, ()))
    elif peer.kind is PeerKind.PREFIX_LIST:
        blocks = list(known.entries.get(peer.text, ()))
    else:
        blocks = [peer.text]
    found = {each.version: each for each in map(_sample, blocks) if each is not None}
    return list(found.values())


def _sample(block: str) -> Address | None:
    """Return an address of a block from which a packet may come, None if there is none."""
    network = ip_network(block)
    places = (1, 0, network.num_addresses // 2 + 1, network.num_addresses // 3)
    some = (network[place] for place in places if place < network.num_addresses)
    return next((each for each in some if _can_send(each)), None)


def _can_send(address: Address) -> bool:
    never = address.is_loopback or address.is_multicast or address.is_unspecified or address.is_reserved
    return not never and address not in (*MEMBER, *STRANGER) and address_number(str(address)) >> 24 != 0
