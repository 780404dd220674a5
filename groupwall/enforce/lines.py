"""Which line of its group's chain a rule is in, and what it is there: an element.

Rules overlap as they like, and nothing that nftables can look up in one step bears that. So a group's chain, for one
direction, is a row of lines, and each line has a set of its own, in which it looks one tuple up: all rules with the
same kind of peer (blocks of one family and length, or the members of one group, or the entries of one list) and the
same kind of services (one port, a protocol, all there is, ...). Which line a rule is in follows from the rule alone,
and no two rules are the same element of it. So a revoke is one element less, at any size and whatever overlaps
(decision 0017).

    line            10.0.0.0/8 and other blocks of that length, one port
    its rule        ip saddr & 255.0.0.0 . meta l4proto . th dport @sg_..._ingress_4_8_port accept
    elements        10.0.0.0 . tcp . 22    172.0.0.0 . udp . 53
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton
from typing import NamedTuple

from groupwall.enforce import table
from groupwall.enforce.expressions import (
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
from groupwall.enforce.table import NftRule, Shape
from groupwall.rules.values import ALL_PROTOCOLS, EVERY_PORT, Direction, Peer, PeerKind, PortRange, Properties

REMEMBERED = 1 << 16
"""Rules whose place is remembered; a group is worked out anew whenever one of its rules comes or goes."""

_PROTOCOLS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_ID = re.compile(r"(?:sg|pl|eni)-(?:[0-9a-f]{8}|[0-9a-f]{17})")


class Family(NamedTuple):
    """IPv4 or IPv6. number: the kernel's. source, destination: where a header has these addresses."""

    digit: str
    number: int
    size: int
    source: int
    destination: int

    def address(self, direction: Direction) -> LoadPacket:
        """Load the other end's address: a packet's source coming in, its destination going out."""
        offset = self.destination if direction.is_egress else self.source
        return LoadPacket(0, Header.NETWORK, offset, self.size)

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
    def name(self) -> str:
        """What its set is called after its chain: ``4_24_port``, or ``sg_..._ports_8000_8010``."""
        whom = identifier(self.peer) if self.peer else f"{self.families[0].digit}_{self.length}"
        range_ = f"_{self.ports.first}_{self.ports.last}" if self.services is Services.PORTS else ""
        return f"{whom}_{self.services}{range_}"

    @property
    def shape(self) -> Shape:
        """The shape of its set: what its elements tell apart, and how often each was hit."""
        return shape_of(self.families[0] if not self.peer else None)


class Spot(NamedTuple):
    """Where a rule is: the line, and the key of its element."""

    line: Line
    key: bytes


def identifier(id_: str) -> str:
    """Return an id as part of a name in the table. ValueError for anything but an id: names come from nowhere else."""
    if not _ID.fullmatch(id_):
        message = f"{id_!r} is no id"
        raise ValueError(message)
    return id_.replace("-", "_")


def members_name(group_id: str, family: Family) -> str:
    """Return the name of the set of the addresses of a group's members."""
    return f"{identifier(group_id)}_members_{family.digit}"


def list_name(list_id: str, family: Family) -> str:
    """Return the name of the set of the blocks of a prefix list."""
    return f"{identifier(list_id)}_{family.digit}"


def shape_of(family: Family | None) -> Shape:
    """Return the shape of a line's set: an address of this family or none, a protocol, a port."""
    fields = [table.IPV4_ADDRESS if family is IPV4 else table.IPV6_ADDRESS] if family else []
    return table.shape(*fields, table.PROTOCOL, table.SERVICE, counted=True)


@lru_cache(maxsize=REMEMBERED)
def spot(properties: Properties) -> Spot:
    """Return where a rule is. ValueError for a peer that is no block and no id."""
    protocol, ports, peer = properties
    families, length, address = _addresses(peer)
    services, key = _services(protocol, ports)
    line = Line(families, length, "" if address is not None else peer.text, services, _range(services, ports))
    return Spot(line, (address or b"") + key)


def _addresses(peer: Peer) -> tuple[tuple[Family, ...], int, bytes | None]:
    if peer.kind in (PeerKind.GROUP, PeerKind.PREFIX_LIST):
        identifier(peer.text)
        return FAMILIES, 0, None
    text, _, length = peer.text.partition("/")
    if peer.kind is PeerKind.IPV6:
        return (IPV6,), int(length), inet_pton(AF_INET6, text)
    return (IPV4,), int(length), inet_pton(AF_INET, text)


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


def _range(services: Services, ports: PortRange) -> PortRange:
    return ports if services is Services.PORTS else EVERY_PORT


def rules_of(line: Line, direction: Direction, chain: str) -> Iterable[NftRule]:
    """Return the rules of nftables that a line is, in a group's chain: one for each family."""
    return [_rule(line, family, direction, f"{chain}_{line.name}") for family in line.families]


def _rule(line: Line, family: Family, direction: Direction, name: str) -> NftRule:
    address: list[Expression] = [family.address(direction)]
    word = family.size // 4
    if line.peer:
        naming = members_name if line.peer.startswith("sg-") else list_name
        address.append(InSet(0, naming(line.peer, family)))
        word = 0
    elif line.length < family.size * 8:
        address.append(Mask(0, _mask(family, line.length)))
    return (*family.is_it, *_ports(line), *address, *_service(line.services, word), InSet(0, name), ACCEPT)


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
