"""What a group's rules do to real packets on this kernel: between scratch namespaces, which are gone afterwards.

A member of the group stands on one side, an instance that has an address of each rule's peer on the other. Packets at
the edges of each rule are sent, and just beside them, and what passed is told next to what the rules say. So a machine
on which nothing is filtered is found out, instead of believed (users 5.5, 4).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from ipaddress import ip_address, ip_network
from itertools import count
from typing import NamedTuple

from groupwall.enforce import compile as compiling
from groupwall.enforce import conntrack
from groupwall.enforce.compile import State, compiled
from groupwall.enforce.dataplane import Dataplane
from groupwall.enforce.gates import Gates
from groupwall.enforce.links import Address
from groupwall.enforce.namespaces import Namespaces
from groupwall.enforce.netlink import NETFILTER, Connection
from groupwall.enforce.packets import ICMP, ICMPV6, TCP, UDP, Packet
from groupwall.enforce.probing import Station, on_one_processor, tag
from groupwall.enforce.wiring import Interface, device
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.values import ALL_PROTOCOLS, NO_PORTS, Direction, Peer, PeerKind, Properties, Rule
from groupwall.rules.verdict import Flow

MEMBER = (ip_address("169.254.77.1"), ip_address("fd67:7277:616c:6c00::1"))
"""The member's addresses: link-local and random ones, which the peers of rules hardly name."""

STRANGER = (ip_address("169.254.77.2"), ip_address("fd67:7277:616c:6c00::2"))
"""Whom no rule names, unless it names everybody."""

_ROUTER, _HERE, _THERE = "vpc-0", "i-1", "i-2"
_OPEN = "sg-00000000"
"""The group of the other side, which lets everything pass, so that the member's gate alone decides."""

_NUMBERS = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}
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


class Proof(NamedTuple):
    """A packet, what the rules say of it, and whether it passed."""

    shot: Shot
    permitted: bool
    passed: bool

    @property
    def holds(self) -> bool:
        """Whether the kernel did what the rules say."""
        return self.permitted == self.passed


def prove(group_id: str, known: State) -> list[Proof]:
    """Send packets about each rule of a group, and return what became of them.

    known: the group's rules, and the members and entries that these mean; its interfaces do not count. Needs root, and
    raises OSError where namespaces or tables cannot be made.
    """
    shots = list(dict.fromkeys(_shots(known.groups.get(group_id, ()), known)))
    state = _scratch(group_id, known, shots)
    gates = Gates(state)
    with ExitStack() as held:
        namespaces = Namespaces(f"gwprove{os.getpid()}")
        held.callback(namespaces.remove_all)
        namespaces.make_router(_ROUTER)
        router = held.enter_context(namespaces.opened(_ROUTER))
        held.enter_context(Dataplane.inside(router)).load(compiled(state), 1)
        stations = [_station(held, namespaces, *each) for each in ((_HERE, MEMBER), (_THERE, _others(shots)))]
        kernel = held.enter_context(router.within(lambda: Connection(NETFILTER)))
        found: list[tuple[Shot, bool]] = []
        for direction in Direction:
            some = [shot for shot in shots if shot.direction is direction]
            found += zip(some, _sent(some, *stations), strict=True)
            # The next ones go the other way, and must not pass as answers.
            conntrack.end(kernel, conntrack.tracked(kernel))
    return [Proof(shot, gates.permit(shot.flow), passed) for shot, passed in found]


def _station(held: ExitStack, namespaces: Namespaces, instance_id: str, addresses: Sequence[Address]) -> Station:
    mac = bytes((2, 0, 0, 0, 0, int(instance_id[-1])))
    interface = Interface(f"eni-0000000{instance_id[-1]}", _ROUTER, 0, mac, tuple(addresses))
    namespaces.make_instance(instance_id, [interface])
    namespace = held.enter_context(namespaces.opened(instance_id))
    return held.enter_context(Station(namespace, interface))


def _sent(shots: Sequence[Shot], member: Station, other: Station) -> list[bool]:
    tags = [tag(b"gwpr", number) for number in range(len(shots))]
    with on_one_processor():
        for shot, own in zip(shots, tags, strict=True):
            (member if shot.direction.is_egress else other).send(shot.packet(own))
        member.settle()
        other.settle()
    return [(other if shot.direction.is_egress else member).got(own) for shot, own in zip(shots, tags, strict=True)]


def _others(shots: Iterable[Shot]) -> tuple[Address, ...]:
    return tuple(dict.fromkeys((*STRANGER, *(shot.other for shot in shots))))


def _scratch(group_id: str, known: State, shots: Iterable[Shot]) -> State:
    """Return what the scratch router is held to: the group as it is known, with one member and the other side."""
    sides = (("1", MEMBER, group_id), ("2", _others(shots), _OPEN))
    everything = [Properties(ALL_PROTOCOLS, NO_PORTS, Peer.of(peer)) for peer in ("0.0.0.0/0", "::/0")]
    open_ = [Rule("", _OPEN, direction, each, None) for direction in Direction for each in everything]
    interfaces = {
        f"eni-0000000{digit}": compiling.Interface(
            device("gwe", f"eni-0000000{digit}"), frozenset(map(str, addresses)), frozenset({group})
        )
        for digit, addresses, group in sides
    }
    groups = {group_id: known.groups.get(group_id, ()), _OPEN: open_}
    return State(groups, known.members, known.entries, interfaces)


# ---- what is sent


def _shots(rules: Iterable[Rule], known: State) -> Iterator[Shot]:
    """Yield packets about each rule: from an address of its peer, at its edges and beside them; and from a stranger."""
    ports = count(_FIRST_PORT)
    for rule in rules:
        for other in [*_samples(rule.properties.peer, known), *STRANGER]:
            for number, first, second in _services(rule):
                if other.version in _EITHER.get(number, (4, 6)):
                    own = next(ports) if number in (TCP, UDP) else second
                    yield Shot(rule.direction, other, number, first, own)


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
