"""How instances hang on routers, and routers on each other: veth pairs, addresses, routes and neighbours.

An instance knows its own addresses, /32 and /128, and one gateway, so that every packet, to a neighbour in the subnet
too, goes through the router, where the rules are: reference dataplane-nftables 3.1 and 3.4 [measured].

All hardware addresses are known, so that nobody asks for one: an answer cannot be forged, the first packet does not
wait, and a thousand instances do not fill the kernel's table of neighbours (inferred).
"""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from errno import ENODEV
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple, Self

from groupwall.enforce.kernel import conntrack, links
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import Address, End, Link, Network
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, Message, Refused

GATEWAYS = (ip_address("169.254.1.1"), ip_address("fe80::1"))
"""Where an instance sends all it sends; in each link only, so that no address of a VPC is spent on it."""

ROUTER_MAC = bytes.fromhex("026777000001")
"""A router's hardware address on each of its links, every one of which has two ends only."""

LOOPBACK = 1

_PEER_GATEWAY = ip_address("fe80::2")
_PEER_MAC = bytes.fromhex("026777000002")
_ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class Interface(NamedTuple):
    """An ENI. place: its device index, 0 for ``eth0``. mac: 6 bytes. addresses: all it has, the primary one first."""

    id: str
    vpc_id: str
    place: int
    mac: bytes
    addresses: tuple[Address, ...]


def device(kind: str, identity: str) -> str:
    """Return the name of a router's link, within Linux's 15 characters. kind: ``gwe`` of an ENI, ``gwp`` of a peering.

    The rest is 60 bits of a hash of the id; the kernel has each name once, and so refuses the second of two ids with
    the same. The whole id is the link's alias.
    """
    return kind + b32encode(blake2b(identity.encode(), digest_size=8).digest()).decode()[:12].lower()


class Node:
    """A namespace, and a connection that changes its links; closes both."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.kernel = namespace.within(lambda: Connection(links.ROUTES))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kernel.close()
        self.namespace.close()


class Router(NamedTuple):
    """A VPC's router, and the blocks of the VPC."""

    node: Node
    blocks: tuple[Network, ...]


def set_up(node: Node, settings: Mapping[str, int], mark: str) -> None:
    """Set what is below /proc/sys/net, and bring the loopback up, with a mark that tells whose namespace this is."""
    if any(name.startswith("netfilter/") for name in settings):
        with node.namespace.within(lambda: Connection(NETFILTER)) as kernel:
            conntrack.awaken(kernel)
    node.namespace.within(lambda: _set(settings))
    node.kernel.order([links.up(LOOPBACK), links.alias(LOOPBACK, mark)])


def _set(settings: Mapping[str, int]) -> None:
    for name, value in settings.items():
        (Path("/proc/sys/net") / name).write_text(str(value))


def plugged(node: Node) -> dict[str, Link]:
    """Return the links of a namespace that are ours, by the id of what they are for."""
    return {link.alias: link for link in links.links(node.kernel) if link.alias and link.number != LOOPBACK}


def unplug(node: Node, name: str) -> None:
    """Remove a link with its other end, if it is there."""
    found = links.link(node.kernel, name)
    if found is not None:
        node.kernel.order([links.no_link(found.number)])


def unplug_all(node: Node) -> None:
    """Remove every link of a namespace but the loopback."""
    unplug_at_once(node, [each.number for each in links.links(node.kernel) if each.number != LOOPBACK])


def unplug_at_once(node: Node, numbers: Iterable[int]) -> None:
    """Remove links together: the kernel waits 10 to 40 ms for all, as it would for each (measured)."""
    doomed = [links.doomed(number) for number in numbers]
    if doomed:
        node.kernel.order([*doomed, links.no_doomed()])


def plug(instance: Node, router: Node, interface: Interface) -> None:
    """Connect an instance to a router by a pair of links, without addresses.

    Links that the interface has already are of another instance, which it has left, or of one that died in the midst.
    """
    own, gate = f"eth{interface.place}", device("gwe", interface.id)
    unplug(router, gate)
    there = End(own, interface.mac, instance.namespace.descriptor)
    router.kernel.order([links.new_pair(End(gate, ROUTER_MAC), there)])
    number = _number(router, gate)
    gateway = links.address(number, GATEWAYS[1])
    router.kernel.order([links.up(number), gateway, links.alias(number, interface.id)])
    number = _number(instance, own)
    instance.kernel.order([links.up(number), links.alias(number, interface.id)])


def _number(node: Node, name: str) -> int:
    found = links.link(node.kernel, name)
    if found is None:
        raise OSError(ENODEV, f"no link {name}")
    return found.number


def give(instance: Node, router: Node, interface: Interface) -> None:
    """Give a plugged interface its addresses, and take from it those that it has no longer."""
    own, gate = _number(instance, f"eth{interface.place}"), _number(router, device("gwe", interface.id))
    gone = links.addresses(instance.kernel, own) - set(interface.addresses)
    for each in interface.addresses:
        instance.kernel.order([links.address(own, each)])
        router.kernel.order([links.neighbour(gate, each, interface.mac), links.route(ip_network(each), gate)])
    for each in gone:
        _without(router, links.no_route(ip_network(each), gate))
        _without(router, links.no_neighbour(gate, each))
        _without(instance, links.no_address(own, each))
    # Last, since the kernel takes the routes of a link away when its last address goes.
    instance.kernel.order(_to_gateways(own, interface.place))


def _to_gateways(own: int, place: int) -> list[Message]:
    """Send all to the gateway. Of several interfaces the first is taken, as EC2 leaves it to the user (inferred)."""
    at = [links.neighbour(own, gateway, ROUTER_MAC) for gateway in GATEWAYS]
    near = links.route(ip_network(GATEWAYS[0]), own, metric=place)
    far = [links.route(to, own, via, metric=place + 1) for to, via in zip(_ANYWHERE, GATEWAYS, strict=True)]
    return [*at, near, *far]


def _without(node: Node, removal: Message) -> None:
    """Remove what one that died before it was through may have removed."""
    with suppress(Refused):
        node.kernel.order([removal])


def join(first: Router, second: Router, peering_id: str) -> None:
    """Connect two routers, with routes to each other's blocks, and to no others."""
    name = device("gwp", peering_id)
    if links.link(second.node.kernel, name) is None:
        there = End(name, _PEER_MAC, second.node.namespace.descriptor)
        first.node.kernel.order([links.new_pair(End(name, ROUTER_MAC), there)])
    _lead(first, name, second.blocks, (GATEWAYS[1], _PEER_GATEWAY, _PEER_MAC))
    _lead(second, name, first.blocks, (_PEER_GATEWAY, GATEWAYS[1], ROUTER_MAC))
    for each in (first, second):
        each.node.kernel.order([links.alias(_number(each.node, name), peering_id)])


def _lead(router: Router, name: str, blocks: tuple[Network, ...], ends: tuple[Address, Address, bytes]) -> None:
    own, hop, mac = ends
    number = _number(router.node, name)
    router.node.kernel.order(
        [
            links.up(number),
            links.address(number, own),
            links.neighbour(number, hop, mac),
            *(links.route(block, number, hop) for block in blocks),
        ]
    )
    for gone in links.routes(router.node.kernel, number) - set(blocks):
        _without(router.node, links.no_route(gone, number))
