"""What a group's rules do to real packets on this kernel: between scratch namespaces, which are gone afterwards.

A member of the group stands on one side, an instance that has an address of each rule's peer on the other. Packets at
the edges of each rule are sent, and just beside them, and what passed is told next to what the rules say. So a machine
on which nothing is filtered is found out, instead of believed (users 5.5, 4).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.dataplane.namespaces import Namespaces
from groupwall.enforce.dataplane.wiring import Interface, device
from groupwall.enforce.kernel import conntrack
from groupwall.enforce.kernel.entering import names
from groupwall.enforce.kernel.links import Address
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.policy import compile as compiling
from groupwall.enforce.policy.compile import State, compiled
from groupwall.enforce.policy.gates import Gates
from groupwall.enforce.probes.probing import Station, on_one_processor, tag
from groupwall.enforce.probes.shots import MEMBER, STRANGER, Shot, shots
from groupwall.rules.values import ALL_PROTOCOLS, NO_PORTS, Direction, Peer, Properties, Rule

_ROUTER, _HERE, _THERE = "vpc-0", "i-1", "i-2"
_SCRATCH = "-prove"
_OPEN = "sg-00000000"
"""The group of the other side, which lets everything pass, so that the member's gate alone decides."""


class Proof(NamedTuple):
    """A packet, what the rules say of it, and whether it passed."""

    shot: Shot
    permitted: bool
    passed: bool

    @property
    def holds(self) -> bool:
        """Whether the kernel did what the rules say."""
        return self.permitted == self.passed


def prove(group_id: str, known: State, prefix: str = "gw") -> list[Proof]:
    """Send packets about each rule of a group, and return what became of them.

    known: the group's rules, and the members and entries that these mean; its interfaces do not count. prefix: begins
    the names of the scratch namespaces. Needs root, and raises OSError where namespaces or tables cannot be made.
    """
    tried = shots(group_id, known)
    state = _scratch(group_id, known, tried)
    gates = Gates(state)
    with ExitStack() as held:
        namespaces = Namespaces(f"{prefix}{_SCRATCH}{os.getpid()}")
        held.callback(namespaces.remove_all)
        namespaces.make_router(_ROUTER)
        router = held.enter_context(namespaces.opened(_ROUTER))
        held.enter_context(Dataplane.inside(router)).load(compiled(state), 1)
        stations = [_station(held, namespaces, *each) for each in ((_HERE, MEMBER), (_THERE, _others(tried)))]
        kernel = held.enter_context(router.within(lambda: Connection(NETFILTER)))
        found: list[tuple[Shot, bool]] = []
        for direction in Direction:
            some = [shot for shot in tried if shot.direction is direction]
            found += zip(some, _sent(some, *stations), strict=True)
            # The next ones go the other way, and must not pass as answers.
            conntrack.end(kernel, conntrack.tracked(kernel))
    return [Proof(shot, gates.permit(shot.flow), passed) for shot, passed in found]


def remove_left(prefix: str) -> list[str]:
    """Remove the scratch namespaces that proofs with this prefix have left, which were killed; return their names."""
    ours = re.compile(rf"({re.escape(prefix + _SCRATCH)}[0-9]+)-(?:i|vpc)-[0-9a-z]+")
    scratches = sorted({match[1] for match in map(ours.fullmatch, names()) if match})
    return [f"{each}-{identity}" for each in scratches for identity in Namespaces(each).remove_all()]


def _station(held: ExitStack, namespaces: Namespaces, instance_id: str, addresses: Sequence[Address]) -> Station:
    mac = bytes((2, 0, 0, 0, 0, int(instance_id[-1])))
    interface = Interface(f"eni-0000000{instance_id[-1]}", _ROUTER, 0, mac, tuple(addresses))
    namespaces.make_instance(instance_id, [interface])
    namespace = held.enter_context(namespaces.opened(instance_id))
    return held.enter_context(Station(namespace, interface))


def _sent(some: Sequence[Shot], member: Station, other: Station) -> list[bool]:
    tags = [tag(b"gwpr", number) for number in range(len(some))]
    with on_one_processor():
        for shot, own in zip(some, tags, strict=True):
            (member if shot.direction.is_egress else other).send(shot.packet(own))
        member.settle()
        other.settle()
    return [(other if shot.direction.is_egress else member).got(own) for shot, own in zip(some, tags, strict=True)]


def _others(some: Iterable[Shot]) -> tuple[Address, ...]:
    return tuple(dict.fromkeys((*STRANGER, *(shot.other for shot in some))))


def _scratch(group_id: str, known: State, some: Iterable[Shot]) -> State:
    """Return what the scratch router is held to: the group as it is known, with one member and the other side."""
    sides = (("1", MEMBER, group_id), ("2", _others(some), _OPEN))
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
