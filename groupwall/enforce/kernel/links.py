"""Links, addresses, routes and neighbours of a network namespace: rtnetlink(7).

By hand and not by a library: these few messages are all that is needed, while a library brings 54,000 lines, which take
0.2 s to load, and 2 ms for each message of ours (measured).

The kernel does messages that are sent together one after the other, and goes on after one that it refuses: what must
not be half done is done in a namespace that has no name yet.
"""

from __future__ import annotations

import sys
from errno import ENODEV
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_INET, AF_INET6
from struct import Struct
from typing import NamedTuple

from groupwall.enforce.kernel.netlink import CREATE, Connection, Message, Refused, attribute, attributes, nested, text

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

ROUTES = 0
"""The family of the sockets that these messages go through: NETLINK_ROUTE."""

_REPLACE, _EXCLUSIVE = 0x100, 0x200

_NEW_LINK, _DELETE_LINK, _GET_LINK = 16, 17, 18
_NEW_ADDRESS, _DELETE_ADDRESS, _GET_ADDRESS = 20, 21, 22
_NEW_ROUTE, _DELETE_ROUTE, _GET_ROUTE = 24, 25, 26
_NEW_NEIGHBOUR, _DELETE_NEIGHBOUR = 28, 29

_LINK = Struct("=BxHiII")  # family, hardware type, index, flags, which of the flags change
_ADDRESS = Struct("=BBBBI")  # family, prefix length, flags, scope, index
_ROUTE = Struct("=BBBBBBBBI")  # family, lengths of destination and source, tos, table, protocol, scope, type, flags
_NEIGHBOUR = Struct("=BxxxiHBB")  # family, index, state, flags, type
_NUMBER = Struct("=I")
_FAMILY = Struct("=H")

_UP = 1
_UNDOUBTED = 0x02  # IFA_F_NODAD: nobody else can have it, so it may be used at once
_MAIN_TABLE, _STATIC, _UNICAST = 254, 4, 1
_EVERYWHERE, _ON_LINK, _ANY_SCOPE = 0, 253, 255
_PERMANENT = 0x80
_DOOMED = 0x6777
"""The group of links that are about to be removed; a link that nobody put into one is of group 0."""


class End(NamedTuple):
    """One end of a new veth pair. namespace: a descriptor of the one that it is for, None for where it is made."""

    name: str
    mac: bytes
    namespace: int | None = None


class Link(NamedTuple):
    """A link that is there. number: its index. alias: a text that its maker left with it, or an empty one.

    master: the index of the bridge, or the like, that it belongs to, 0 for none.
    """

    number: int
    name: str
    alias: str
    master: int = 0


def new_pair(near: End, far: End) -> Message:
    """Make a veth pair. Both ends are down: the kernel cannot bring one up before it has the other."""
    veth = nested(18, text(1, "veth"), nested(2, attribute(1, _end(far))))
    return Message(_NEW_LINK, CREATE | _EXCLUSIVE, _end(near) + veth)


def _end(end: End) -> bytes:
    where = b"" if end.namespace is None else attribute(28, _NUMBER.pack(end.namespace))
    return _LINK.pack(0, 0, 0, 0, 0) + text(3, end.name) + attribute(1, end.mac) + where


def up(index: int) -> Message:
    """Bring a link up."""
    return Message(_NEW_LINK, 0, _LINK.pack(0, 0, index, _UP, _UP))


def alias(index: int, told: str) -> Message:
    """Leave a text with a link, of at most 255 bytes; `ip link` shows it."""
    return Message(_NEW_LINK, 0, _LINK.pack(0, 0, index, 0, 0) + attribute(20, told.encode()))


def no_link(index: int) -> Message:
    """Remove a link; the other end of a veth pair goes with it."""
    return Message(_DELETE_LINK, 0, _LINK.pack(0, 0, index, 0, 0))


def doomed(index: int) -> Message:
    """Have a link be one of those that ``no_doomed`` removes."""
    return Message(_NEW_LINK, 0, _LINK.pack(0, 0, index, 0, 0) + attribute(27, _NUMBER.pack(_DOOMED)))


def no_doomed() -> Message:
    """Remove all doomed links of a namespace at once, with the other ends of pairs. Refused (ENODEV) if it has none."""
    return Message(_DELETE_LINK, 0, _LINK.pack(0, 0, 0, 0, 0) + attribute(27, _NUMBER.pack(_DOOMED)))


def address(index: int, own: Address) -> Message:
    """Give a link an address, and no network around it."""
    return Message(_NEW_ADDRESS, CREATE | _REPLACE, _address(index, own))


def no_address(index: int, own: Address) -> Message:
    """Take an address from a link."""
    return Message(_DELETE_ADDRESS, 0, _address(index, own))


def _address(index: int, own: Address) -> bytes:
    head = _ADDRESS.pack(_family(own), own.max_prefixlen, _UNDOUBTED, 0, index)
    return head + attribute(1, own.packed) + attribute(2, own.packed)


def route(to: Network, index: int, via: Address | None = None, metric: int = 0) -> Message:
    """Send what goes to a network out of a link: to a next hop, of either family, or straight to whom it is for.

    Of several routes to one network the one with the lowest metric is taken.
    """
    scope = _ON_LINK if via is None else _EVERYWHERE
    hop = b"" if via is None else _hop(to, via)
    return Message(_NEW_ROUTE, CREATE | _REPLACE, _route(to, index, scope) + attribute(6, _NUMBER.pack(metric)) + hop)


def no_route(to: Network, index: int) -> Message:
    """Remove the route to a network through a link."""
    return Message(_DELETE_ROUTE, 0, _route(to, index, _ANY_SCOPE))


def _route(to: Network, index: int, scope: int) -> bytes:
    head = _ROUTE.pack(_family(to), to.prefixlen, 0, 0, _MAIN_TABLE, _STATIC, scope, _UNICAST, 0)
    return head + attribute(1, to.network_address.packed) + attribute(4, _NUMBER.pack(index))


def _hop(to: Network, via: Address) -> bytes:
    if via.version == to.version:
        return attribute(5, via.packed)
    return attribute(18, _FAMILY.pack(_family(via)) + via.packed)


def neighbour(index: int, other: Address, mac: bytes) -> Message:
    """Tell a link the hardware address of another for good, so that nobody is asked for it."""
    return Message(_NEW_NEIGHBOUR, CREATE | _REPLACE, _neighbour(index, other) + attribute(2, mac))


def no_neighbour(index: int, other: Address) -> Message:
    """Forget the hardware address of another."""
    return Message(_DELETE_NEIGHBOUR, 0, _neighbour(index, other))


def _neighbour(index: int, other: Address) -> bytes:
    return _NEIGHBOUR.pack(_family(other), index, _PERMANENT, 0, 0) + attribute(1, other.packed)


def _family(of: Address | Network) -> int:
    return AF_INET if of.version == 4 else AF_INET6  # noqa: PLR2004 - as ipaddress tells it


def links(kernel: Connection) -> list[Link]:
    """Return the links of a namespace."""
    found = kernel.dump(Message(_GET_LINK, 0, _LINK.pack(0, 0, 0, 0, 0)))
    return [_link(answer.body) for answer in found]


def link(kernel: Connection, name: str) -> Link | None:
    """Return the link of a name, None if there is none."""
    try:
        return _link(kernel.ask(Message(_GET_LINK, 0, _LINK.pack(0, 0, 0, 0, 0) + text(3, name))).body)
    except Refused as refused:
        if refused.errno != ENODEV:
            raise
        return None


def _link(body: bytes) -> Link:
    told = dict(attributes(body[_LINK.size :]))
    master = int.from_bytes(told.get(10, b""), sys.byteorder)
    return Link(_LINK.unpack_from(body)[2], _text(told[3]), _text(told.get(20, b"")), master)


def _text(value: bytes) -> str:
    return value.rstrip(b"\0").decode(errors="replace")


def addresses(kernel: Connection, index: int | None = None) -> set[Address]:
    """Return the addresses that a link was given: all but the link-local IPv6 one that it has by nature.

    index: None for those of all links.
    """
    found = kernel.dump(Message(_GET_ADDRESS, 0, _ADDRESS.pack(0, 0, 0, 0, 0)))
    own = [answer.body for answer in found if index in (None, _ADDRESS.unpack_from(answer.body)[4])]
    all_of_it = {ip_address(dict(attributes(body[_ADDRESS.size :]))[1]) for body in own}
    return {each for each in all_of_it if not each.is_link_local}


def routes(kernel: Connection, index: int) -> set[Network]:
    """Return the networks to which somebody, and not the kernel by itself, has set a route through a link."""
    found = kernel.dump(Message(_GET_ROUTE, 0, _ROUTE.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)))
    return {network for body in (answer.body for answer in found) if (network := _network(body, index)) is not None}


def _network(body: bytes, index: int) -> Network | None:
    _, length, _, _, _, protocol, *_ = _ROUTE.unpack_from(body)
    told = dict(attributes(body[_ROUTE.size :]))
    if protocol != _STATIC or told.get(4) != _NUMBER.pack(index) or 1 not in told:
        return None
    return ip_network((told[1], length))
