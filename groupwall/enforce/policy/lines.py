"""Which line of its group's chain a rule is in, and what it is there: an element.

Rules overlap as they like, and nothing that nftables can look up in one step bears that. So a group's chain, for one
direction, is a row of lines, and each line looks for rules of one form only: with the same kind of peer (blocks of one
family and length, or the members of one group, or the entries of one list) and the same kind of services (one port, a
protocol, all there is, ...). It masks what it sees of a packet accordingly, and looks for exactly that in a hash. Which
line a rule is in follows from the rule alone, and no two rules are the same element. So a revoke is one element less,
at any size and whatever overlaps (decision 0017).

    a line         of a group's blocks of length 8, and one port each
    its rule       (the line) . ip saddr & 255.0.0.0 . meta l4proto . th dport @rules_4 accept
    its elements   (the line) . 10.0.0.0 . tcp . 22          (the line) . 172.0.0.0 . udp . 53

All lines of all groups share three sets, and know their elements by 16 bytes of their own at the beginning of the key:
the kernel walks along all sets of a table to find one by its name, so that 5,000 sets make each change slow [measured].
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from groupwall.enforce.kernel.expressions import (
    ACCEPT,
    Compare,
    Expression,
    Header,
    InSet,
    Is,
    LoadMeta,
    LoadPacket,
    LoadValue,
    Mask,
    Meta,
    Within,
)
from groupwall.enforce.kernel.table import NftRule
from groupwall.rules.values import ALL_PROTOCOLS, EVERY_PORT, Direction, Peer, PeerKind, PortRange, Properties

REMEMBERED = 1 << 16
"""Rules and lines whose form is remembered; a group is worked out anew whenever one of its rules comes or goes."""

_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_SHORT = 8
"""Digits of an old id; a new one has 17."""

_AFTER = 4
"""The word after the 16 bytes that a key begins with."""

_ID = re.compile(r"(?:sg|pl|eni)-(?:[0-9a-f]{8}|[0-9a-f]{17})")


class Family(NamedTuple):
    """IPv4 or IPv6. number: the kernel's. source, destination: where a header has these addresses."""

    digit: str
    number: int
    size: int
    source: int
    destination: int

    def address(self, direction: Direction, word: int) -> LoadPacket:
        """Load the other end's address: a packet's source coming in, its destination going out."""
        offset = self.destination if direction.is_egress else self.source
        return LoadPacket(word, Header.NETWORK, offset, self.size)

    @property
    def is_it(self) -> tuple[Expression, Expression]:
        """Leave the rule for packets of the other family."""
        return LoadMeta(0, Meta.FAMILY), Compare(0, Is.EQUAL, bytes((self.number,)))


IPV4 = Family("4", 2, 4, 12, 16)
IPV6 = Family("6", 10, 16, 8, 24)
FAMILIES = (IPV4, IPV6)


class Services(StrEnum):
    """What a line tells services apart by. ICMP has a type and a code where others have a port."""

    ALL = "all"
    PROTOCOL = "protocol"
    PORT = "port"
    PORTS = "ports"
    TYPE = "type"
    CODE = "code"


class Line(NamedTuple):
    """One line. families: of its packets. length: of its blocks, for a line of blocks; else the peer's id.

    ports: for a line of one range of ports.
    """

    families: tuple[Family, ...]
    length: int
    peer: str
    services: Services
    ports: PortRange

    @property
    def set_name(self) -> str:
        """The set that has its elements."""
        return PEERS if self.peer else rules_name(self.families[0])


class Spot(NamedTuple):
    """Where a rule is: the line, and what is its own in the key of its element."""

    line: Line
    key: bytes


PEERS = "rules_peers"
"""The set of the rules whose peer is a group or a prefix list."""


def rules_name(family: Family) -> str:
    """Return the name of the set of the rules whose peer is a block."""
    return f"rules_{family.digit}"


def members_name(family: Family) -> str:
    """Return the name of the set of (group, address of a member)."""
    return f"members_{family.digit}"


def list_name(list_id: str, family: Family) -> str:
    """Return the name of the set of the blocks of a prefix list."""
    return f"{identifier(list_id)}_{family.digit}"


def identifier(id_: str) -> str:
    """Return an id as part of a name in the table. ValueError for anything but an id: names come from nowhere else."""
    if not _ID.fullmatch(id_):
        message = f"{id_!r} is no id"
        raise ValueError(message)
    return id_.replace("-", "_")


def packed_id(id_: str) -> bytes:
    """Return an id of a group or a prefix list as 16 bytes, its kind among them. ValueError as ``identifier``."""
    kind, _, digits = id_.partition("-")
    identifier(id_)
    return bytes.fromhex(digits.rjust(18, "f" if len(digits) == _SHORT else "0")) + kind.encode().ljust(7, b"\0")


def packed_address(text: str) -> bytes:
    """Return an address as bytes. ValueError for what is none."""
    try:
        return inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except OSError:
        message = f"{text!r} is no address"
        raise ValueError(message) from None


@lru_cache(maxsize=REMEMBERED)
def tag(line: Line, group_id: str, direction: Direction) -> bytes:
    """Return the 16 bytes by which a line of a group knows its elements."""
    form = bytes((direction.is_egress, line.length, tuple(Services).index(line.services)))
    first, last = line.ports
    return packed_id(group_id)[:9] + form + first.to_bytes(2) + last.to_bytes(2)


@lru_cache(maxsize=REMEMBERED)
def spot(properties: Properties) -> Spot:
    """Return where a rule is. ValueError for a peer that is no block and no id."""
    protocol, ports, peer = properties
    services, key = _services(protocol, ports)
    range_ = ports if services is Services.PORTS else EVERY_PORT
    if peer.kind in (PeerKind.GROUP, PeerKind.PREFIX_LIST):
        return Spot(Line(FAMILIES, 0, peer.text, services, range_), packed_id(peer.text) + key)
    family, length, address = _block(peer)
    return Spot(Line((family,), length, "", services, range_), address + key)


def _block(peer: Peer) -> tuple[Family, int, bytes]:
    text, _, length = peer.text.partition("/")
    return IPV6 if peer.kind is PeerKind.IPV6 else IPV4, int(length), packed_address(text)


def _services(protocol: str, ports: PortRange) -> tuple[Services, bytes]:
    """Return what tells a rule's services apart, and what they are: a protocol's byte and two more, in words of four.

    A TCP or UDP rule for every port is one for the protocol.
    """
    if protocol == ALL_PROTOCOLS:
        return Services.ALL, bytes(8)
    first, last = ports
    number = _PROTOCOLS.get(protocol)
    word = bytes((int(protocol) if number is None else number, 0, 0, 0))
    if protocol in ("icmp", "icmpv6"):
        if first < 0:
            return Services.PROTOCOL, word + bytes(4)
        return Services.CODE if last >= 0 else Services.TYPE, word + bytes((first, max(last, 0), 0, 0))
    if protocol not in ("tcp", "udp") or ports == EVERY_PORT:
        return Services.PROTOCOL, word + bytes(4)
    if first == last:
        return Services.PORT, word + first.to_bytes(2) + bytes(2)
    return Services.PORTS, word + bytes(4)


@lru_cache(maxsize=REMEMBERED)
def rules_of(line: Line, group_id: str, direction: Direction) -> tuple[NftRule, ...]:
    """Return the rules of nftables that a line is, in a group's chain: one for each family."""
    own = tag(line, group_id, direction)
    by = _by_peer if line.peer else _by_block
    rules = ((*family.is_it, *_ports(line), *by(line, family, direction, own), ACCEPT) for family in line.families)
    return tuple(rules)


def _by_block(line: Line, family: Family, direction: Direction, own: bytes) -> list[Expression]:
    masked = [Mask(_AFTER, _mask(family, line.length))] if line.length < family.size * 8 else []
    return [
        LoadValue(0, own),
        family.address(direction, _AFTER),
        *masked,
        *_service(line.services, _AFTER + family.size // 4),
        InSet(0, rules_name(family)),
    ]


def _by_peer(line: Line, family: Family, direction: Direction, own: bytes) -> list[Expression]:
    peer = packed_id(line.peer)
    if line.peer.startswith("sg-"):
        belongs: list[Expression] = [
            LoadValue(0, peer),
            family.address(direction, _AFTER),
            InSet(0, members_name(family)),
        ]
    else:
        belongs = [family.address(direction, 0), InSet(0, list_name(line.peer, family))]
    service = _service(line.services, _AFTER + _AFTER)
    return [*belongs, LoadValue(0, own), LoadValue(_AFTER, peer), *service, InSet(0, PEERS)]


def _mask(family: Family, length: int) -> bytes:
    bits = family.size * 8
    return ((1 << bits) - (1 << bits - length)).to_bytes(family.size)


def _ports(line: Line) -> list[Expression]:
    if line.services is not Services.PORTS:
        return []
    first, last = (port.to_bytes(2) for port in line.ports)
    return [LoadPacket(0, Header.TRANSPORT, 2, 2), Within(0, first, last)]


def _service(services: Services, word: int) -> tuple[Expression, Expression]:
    """Load a protocol and what its service is, zeros where they do not count.

    That a port is loaded of a protocol without ports does no harm, since the protocol has to be right too.
    """
    nothing = bytes(4)
    protocol = LoadValue(word, nothing) if services is Services.ALL else LoadMeta(word, Meta.PROTOCOL)
    match services:
        case Services.PORT:
            return protocol, LoadPacket(word + 1, Header.TRANSPORT, 2, 2)
        case Services.TYPE:
            return protocol, LoadPacket(word + 1, Header.TRANSPORT, 0, 1)
        case Services.CODE:
            return protocol, LoadPacket(word + 1, Header.TRANSPORT, 0, 2)
        case _:
            return protocol, LoadValue(word + 1, nothing)
