"""A machine's own traffic, held to the rules of an interface: what its programs receive and send, by all its devices.

    own_egress    hook output, -10    loopback, what has begun, what is kept: accepted; else on to the interface
    own_ingress   hook input, 0       the same

These chains stand beside those of the frame and look at other packets: what the machine passes on for others is not
its own. No address is checked, since the machine has others than the interface (inferred; reference dataplane-nftables
3.4).

**Kept** are first packets that pass whatever the rules say, so that nobody shuts himself out. They are known by the
addresses and ports of both directions and not by tracked flows, which can be removed, or be too many. By the port that
it comes from nothing passes that could begin a flow: of TCP no SYN, and of UDP only what the kernel knows as an answer.

**On trial** the rules hold only while one element is in a set, and the kernel removes that by itself when its time is
over. So what was not confirmed is undone though everything of ours is dead (users 3.5: leases that the kernel holds).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from groupwall.enforce.kernel import table
from groupwall.enforce.kernel.expressions import (
    ACCEPT,
    Compare,
    Header,
    InSet,
    Is,
    LoadMeta,
    LoadPacket,
    LoadValue,
    Meta,
    goto,
)
from groupwall.enforce.kernel.messages import NewTimed
from groupwall.enforce.kernel.table import Element, Flag, Hook, NftRule, Shape, Table
from groupwall.enforce.policy.frame import BEGUN, INSIDE, NO_TCP_BEGINS, between_ports, on_link
from groupwall.enforce.policy.lines import FAMILIES, IPV4, IPV6, Family, packed_address
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.values import Direction
from groupwall.rules.verdict import Flow

TRIAL = "trial"
"""The set that has an element for as long as rules hold that were not confirmed."""

_TRIAL_SHAPE = table.shape(table.MARK, flags=Flag.TIMED)
_IN_FORCE = b"\1\0\0\1"
_SOURCE_PORT, _PORT = 0, 2


class Kept(NamedTuple):
    """First packets that pass whatever the rules say. address: the other end's. port: of the end that receives them.

    protocol: its number, of TCP or UDP.
    """

    direction: Direction
    address: str
    protocol: int
    port: int

    @property
    def told(self) -> str:
        """What is kept, for a person."""
        return (
            f"{self.address} to port {self.port}"
            if self.direction is Direction.INGRESS
            else f"port {self.port} of {self.address}"
        )


class Own(NamedTuple):
    """What is particular to a machine that is held to an interface's rules itself.

    until: milliseconds since 1970 until which it is on trial, 0 once it is confirmed.
    """

    kept: tuple[Kept, ...] = ()
    until: int = 0


class Spared:
    """Flows of this machine that rules are not asked about: between its own programs, and those that are kept."""

    def __init__(self, own: Own, addresses: Iterable[str]) -> None:
        """Addresses: all that the machine has."""
        self._here = frozenset(map(address_number, addresses))
        self._kept = {(one.direction, address_number(one.address), one.protocol * PORTS + one.port) for one in own.kept}

    def has(self, flow: Flow) -> bool:
        """Tell whether a flow is one of them."""
        sent, received = flow.source in self._here, flow.destination in self._here
        if sent and received:
            return True
        ends = (sent, Direction.EGRESS, flow.destination), (received, Direction.INGRESS, flow.source)
        return any(own and (direction, other, flow.service) in self._kept for own, direction, other in ends)


def chain(direction: Direction) -> str:
    """Return the name of the chain that the machine's own packets enter."""
    return f"own_{direction}"


def kept_name(family: Family, direction: Direction) -> str:
    """Return the name of the set of (address, protocol, port) that are kept."""
    return f"kept_{direction}_{family.digit}"


def gates(own: Own, chains: Mapping[Direction, str]) -> Table:
    """Return how the machine's packets get to the chains of its interface."""
    trial = {TRIAL: _TRIAL_SHAPE} if own.until else {}
    return Table(
        sets={**{name: shape for name, shape, _ in _sets(own.kept)}, **trial},
        elements={name: elements for name, _, elements in _sets(own.kept)},
        chains={chain(direction): Hook(side.place, side.priority) for direction, side in INSIDE.items()},
        rules={
            chain(direction): (*_passing(direction), *([_UNTRIED] if own.until else []), (goto(chains[direction]),))
            for direction in Direction
        },
    )


def in_force(milliseconds: int) -> NewTimed:
    """Return the change that lets rules on trial hold, for some time."""
    return NewTimed(TRIAL, _IN_FORCE, milliseconds)


def _sets(kept: Iterable[Kept]) -> list[tuple[str, Shape, frozenset[Element]]]:
    packed = [(one, packed_address(one.address)) for one in kept]
    return [
        (
            kept_name(family, direction),
            table.shape(address, table.PROTOCOL, table.SERVICE),
            frozenset(
                Element(bytes_ + bytes((one.protocol, 0, 0, 0)) + one.port.to_bytes(2) + bytes(2))
                for one, bytes_ in packed
                if one.direction is direction and len(bytes_) == family.size
            ),
        )
        for family, address in ((IPV4, table.IPV4_ADDRESS), (IPV6, table.IPV6_ADDRESS))
        for direction in Direction
    ]


def _passing(direction: Direction) -> tuple[NftRule, ...]:
    """Return the rules that accept what the interface's are not asked about."""
    loopback = (LoadMeta(0, INSIDE[direction].device), Compare(0, Is.EQUAL, b"lo\0"), ACCEPT)
    answers = Direction.INGRESS if direction.is_egress else Direction.EGRESS
    kept = (
        rule
        for family in FAMILIES
        for rule in (
            _kept(family, direction, direction, _PORT),
            (*NO_TCP_BEGINS, *_kept(family, direction, answers, _SOURCE_PORT)),
        )
    )
    return (loopback, BEGUN, *kept, *_RECEIVED[direction])


def _kept(family: Family, direction: Direction, begun: Direction, port: int) -> NftRule:
    """Accept packets of what is kept that begins in one direction, in the same or in the other."""
    words = family.size // 4
    return (
        *family.is_it,
        family.address(direction, 0),
        LoadMeta(words, Meta.PROTOCOL),
        LoadPacket(words + 1, Header.TRANSPORT, port, 2),
        InSet(0, kept_name(family, begun)),
        ACCEPT,
    )


# As an answer connection tracking knows neither what DHCP sends to an address that is not there yet, nor what answers a
# multicast; and a switch forgets who listens to neighbour discovery unless its questions are answered. Groups do not
# filter DHCP (reference 20 [inferred]).
_RECEIVED: dict[Direction, tuple[NftRule, ...]] = {
    Direction.EGRESS: (),
    Direction.INGRESS: (between_ports(IPV4, 67, 68), between_ports(IPV6, 547, 546), on_link(1, 130, 130)),
}

_UNTRIED: NftRule = (LoadValue(0, _IN_FORCE), InSet(0, TRIAL, absent=True), ACCEPT)
