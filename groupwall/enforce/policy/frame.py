"""What every table of ours begins with: the chains that packets enter, and the maps that lead to interfaces.

    from_interface   hook prerouting, raw    what claims to come from an address that its interface has not: dropped
    egress           hook forward, -10       a flow that has begun: accepted; else on to the sender's interface
    ingress          hook forward, 0         a flow that has begun: accepted; else on to the receiver's interface

Inside the namespace that has the interfaces, the first two look at output, the third at input, and what is passed on
for others goes through the same gates:

    through_egress   hook forward, -10       as egress, by the device that it goes out by
    through_ingress  hook forward, 0         as ingress, by the device that it comes in by

``accept`` ends one of these chains only, so that egress and ingress are asked independently and in any order. A packet
of an interface that the maps do not know, but whose name is one of ours, is dropped: closed until it is known. Packets
of other interfaces pass by. Source: reference dataplane-nftables 3 [measured], users 5.5.
"""

from __future__ import annotations

import sys
from ipaddress import ip_address
from typing import NamedTuple

from groupwall.enforce.kernel import table
from groupwall.enforce.kernel.expressions import (
    ACCEPT,
    DROP,
    Compare,
    Dispatch,
    Expression,
    Header,
    InSet,
    Is,
    LoadMeta,
    LoadPacket,
    LoadState,
    Mask,
    Meta,
    Within,
    jump,
)
from groupwall.enforce.kernel.table import Element, Flag, Hook, NftRule, Place, Shape, Table
from groupwall.enforce.policy.lines import FAMILIES, IPV4, IPV6, PEERS, Family, members_name, rules_name
from groupwall.enforce.policy.timeouts import CHAIN as TIMEOUTS
from groupwall.rules.values import Direction

REVISION = "revision"
"""The set whose one element is the revision that the table stands for."""

CHECKED = "checked"
"""The set of the devices that may send as nobody but themselves (an interface's source/destination check)."""

GUARDED = "gwe"
"""How the names of the devices begin that are closed until they are known (inferred)."""

_RAW = -300
_BEFORE_FILTER = -10
_FILTER = 0
_TCP, _UDP, _ICMPV6 = 6, 17, 58
_INVALID, _ESTABLISHED, _RELATED = 1, 2, 4
_FLAGS, _SYN, _SYN_AND_ACK = b"\x17", b"\x02", b"\x12"
"""Which of the flags FIN, SYN, RST and ACK the first packet of a flow has."""

_DEVICE_WORDS = 4


def revision_element(revision: int) -> Element:
    """Return the element that tells a revision, of 64 bits: two words, since nft prints no longer numbers."""
    return Element(b"".join(word.to_bytes(4, sys.byteorder) for word in divmod(revision, 1 << 32)))


def revision_of(element: Element) -> int:
    """Return the revision that an element tells."""
    high, low = (int.from_bytes(element.key[place : place + 4], sys.byteorder) for place in (0, 4))
    return high << 32 | low


class Side(NamedTuple):
    """What egress and ingress differ in. device: which of the two is asked."""

    place: Place
    priority: int
    device: Meta


SIDES = {
    Direction.EGRESS: Side(Place.FORWARD, _BEFORE_FILTER, Meta.IN),
    Direction.INGRESS: Side(Place.FORWARD, _FILTER, Meta.OUT),
}
"""Where a router meets the packets of the interfaces that hang on it: what one sends comes in."""

INSIDE = {
    Direction.EGRESS: Side(Place.OUTPUT, _BEFORE_FILTER, Meta.OUT),
    Direction.INGRESS: Side(Place.INPUT, _FILTER, Meta.IN),
}
"""Where the namespace that has an interface meets its packets: what it sends goes out (inferred)."""

_THROUGH = {direction: side._replace(place=Place.FORWARD) for direction, side in INSIDE.items()}
"""Where that namespace meets what it passes on for others, such as containers within it, which goes out and comes in by
the interface as well (inferred). Whose source it has is not asked: it may still be translated."""


def interfaces_map(direction: Direction) -> str:
    """Return the name of the map from a device to its interface's chain."""
    return f"{direction}_of"


def beginning(direction: Direction) -> str:
    """Return the name of the chain that a flow's first packet goes through before its interface's groups."""
    return f"{direction}_beginning"


def sources_name(family: Family) -> str:
    """Return the name of the set of (device, address) that may be a source."""
    return f"sources_{family.digit}"


def _shapes(family: Family) -> dict[str, Shape]:
    address = table.IPV4_ADDRESS if family is IPV4 else table.IPV6_ADDRESS
    return {
        sources_name(family): table.shape(table.DEVICE, address),
        members_name(family): table.shape(table.LINE, address),
        rules_name(family): table.shape(table.LINE, address, table.PROTOCOL, table.SERVICE, counted=True),
    }


SETS: dict[str, Shape] = {
    REVISION: table.shape(table.MARK, table.MARK),
    CHECKED: table.shape(table.DEVICE),
    **{interfaces_map(direction): table.shape(table.DEVICE, flags=Flag.MAP) for direction in Direction},
    **{name: some for family in FAMILIES for name, some in _shapes(family).items()},
    PEERS: table.shape(table.LINE, table.LINE, table.PROTOCOL, table.SERVICE, counted=True),
}
"""The sets of every table. Those of prefix lists are each their own, since intervals cannot be part of a hash's key."""


def frame(guarded: str = GUARDED, *, inside: bool = False) -> Table:
    """Return the frame. guarded: how the names of devices begin that are closed until they are known.

    inside: for the namespace that has the interfaces, in place of the router that they hang on.
    """
    prefix = guarded.encode()
    sides = {each.value: (each, side) for each, side in (INSIDE if inside else SIDES).items()}
    if inside:
        sides |= {f"through_{each}": (each, side) for each, side in _THROUGH.items()}
    sender = INSIDE[Direction.EGRESS] if inside else Side(Place.PREROUTING, _RAW, Meta.IN)
    return Table(
        sets=SETS,
        elements={},
        chains={
            "from_interface": Hook(sender.place, _RAW),
            **{name: Hook(side.place, side.priority) for name, (_, side) in sides.items()},
            **{beginning(direction): None for direction in Direction},
            TIMEOUTS: None,
        },
        rules={
            "from_interface": _from_itself(sender.device),
            **{name: _asked(direction, side, prefix) for name, (direction, side) in sides.items()},
            **{beginning(direction): (*_TCP_BEGINS, (jump(TIMEOUTS),), *_EXEMPT[direction]) for direction in Direction},
        },
    )


def _asked(direction: Direction, side: Side, prefix: bytes) -> tuple[NftRule, ...]:
    """Return the rules of a chain that asks one gate.

    What has begun is accepted, replies too: a tracked flow lives on when its rule goes, reference 20 [docs].
    """
    device = LoadMeta(0, side.device)
    return (
        BEGUN,
        (device, Dispatch(0, interfaces_map(direction))),
        (device, Compare(0, Is.EQUAL, prefix), DROP),
    )


def _in_state(bits: int) -> tuple[Expression, ...]:
    return LoadState(0), Mask(0, _host(bits)), Compare(0, Is.OTHER, _host(0))


def _host(bits: int) -> bytes:
    return bits.to_bytes(4, sys.byteorder)


BEGUN: NftRule = (*_in_state(_ESTABLISHED | _RELATED), ACCEPT)
"""Accept what belongs to a flow that has begun."""


def _from_itself(device: Meta) -> tuple[NftRule, ...]:
    """Drop what a checked device sends as somebody else.

    Every packet comes by here, of established flows too, since connection tracking believes what it is told. So the
    rules that let nearly all of them out stand first.
    """
    own = (_own_source(family, device) for family in FAMILIES)
    return (*own, _LINK_LOCAL, (LoadMeta(0, device), InSet(0, CHECKED), DROP))


def _own_source(family: Family, device: Meta) -> NftRule:
    address = LoadPacket(_DEVICE_WORDS, Header.NETWORK, family.source, family.size)
    return (*family.is_it, LoadMeta(0, device), address, InSet(0, sources_name(family)), ACCEPT)


# Neighbour discovery speaks so; routers forward nothing that comes from such an address.
_LINK_LOCAL = (
    *IPV6.is_it,
    LoadPacket(0, Header.NETWORK, IPV6.source, IPV6.size),
    Mask(0, b"\xff\xc0".ljust(16, b"\0")),
    Compare(0, Is.EQUAL, b"\xfe\x80".ljust(16, b"\0")),
    ACCEPT,
)


def _protocol(number: int) -> tuple[Expression, ...]:
    return LoadMeta(0, Meta.PROTOCOL), Compare(0, Is.EQUAL, bytes((number,)))


# A flow that nobody began must not be taken up in its midst: one that was cut would be, by the next packet of the
# other end (reference 3.3 [measured]). Of ICMP, conntrack calls invalid what a rule may well admit, such as an echo
# reply that nobody asked for, so that rules alone decide about it.
_TCP_BEGINS: tuple[NftRule, ...] = (
    (*_protocol(_TCP), *_in_state(_INVALID), DROP),
    (
        *_protocol(_TCP),
        LoadPacket(0, Header.TRANSPORT, 13, 1),
        Mask(0, _FLAGS),
        Compare(0, Is.OTHER, _SYN),
        DROP,
    ),
)


NO_TCP_BEGINS: tuple[Expression, ...] = (
    *_protocol(_TCP),
    LoadPacket(0, Header.TRANSPORT, 13, 1),
    Mask(0, _SYN_AND_ACK),
    Compare(0, Is.OTHER, _SYN),
)
"""Only TCP, and nothing that could begin a connection: SYN without ACK."""


def on_link(hops: int, first: int, last: int) -> NftRule:
    """Accept ICMPv6 types that live on one link, known by a number of hops that no router leaves as it is."""
    return (
        *IPV6.is_it,
        *_protocol(_ICMPV6),
        LoadPacket(0, Header.NETWORK, 7, 1),
        Compare(0, Is.EQUAL, bytes((hops,))),
        LoadPacket(0, Header.TRANSPORT, 0, 1),
        Within(0, bytes((first,)), bytes((last,))),
        ACCEPT,
    )


def between_ports(family: Family, source: int, destination: int) -> NftRule:
    """Accept UDP from one port to another."""
    ports = source.to_bytes(2) + destination.to_bytes(2)
    both = LoadPacket(0, Header.TRANSPORT, 0, 4), Compare(0, Is.EQUAL, ports)
    return (*family.is_it, *_protocol(_UDP), *both, ACCEPT)


def _asking(family: Family, source: int, destination: int, *whom: tuple[bytes, bytes]) -> list[NftRule]:
    """Accept UDP from one port to another, to addresses that have certain bits. whom: which bits count, and what."""
    *match, _ = between_ports(family, source, destination)
    address = family.address(Direction.EGRESS, 0)
    return [(*match, address, Mask(0, mask), Compare(0, Is.EQUAL, bits), ACCEPT) for mask, bits in whom]


_EVERY_BIT = {IPV4: b"\xff" * 4, IPV6: b"\xff" * 16}

# What groups do not filter: an address is asked for, neighbours and routers are found (reference 20 [inferred];
# dataplane-nftables 3.1). It is asked for of everybody on the link, or of a link-local address, as a router's is: so
# nothing of it comes by the ingress gate of another interface.
_EXEMPT: dict[Direction, tuple[NftRule, ...]] = {
    Direction.EGRESS: (
        *_asking(IPV4, 68, 67, (_EVERY_BIT[IPV4], b"\xff" * 4), (b"\xff\xff\0\0", ip_address("169.254.0.0").packed)),
        *_asking(
            IPV6,
            546,
            547,
            (_EVERY_BIT[IPV6], ip_address("ff02::1:2").packed),
            (_EVERY_BIT[IPV6], ip_address("ff05::1:3").packed),
            (b"\xff\xc0".ljust(16, b"\0"), ip_address("fe80::").packed),
        ),
        on_link(255, 133, 133),
        on_link(255, 135, 136),
        on_link(1, 131, 132),
        on_link(1, 143, 143),
    ),
    Direction.INGRESS: (on_link(255, 134, 136),),
}
