"""Which instances a host makes of what is desired: those that run, with the routers and connections between them.

A stopped instance has no namespace, so a program inside loses its network, as it would its machine (inferred).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from groupwall.enforce.dataplane.namespaces import Namespaces, Side
from groupwall.enforce.dataplane.wiring import Interface as Wired
from groupwall.enforce.dataplane.wiring import plugged
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.policy.desired import Facts, Interface, Key, Kind, texts_of

Instances = dict[str, tuple[Wired, ...]]
"""Instances by id, with their interfaces."""


class Peering(NamedTuple):
    """A peering connection between two VPCs that are here."""

    sides: tuple[Side, Side]

    @property
    def vpc_ids(self) -> list[str]:
        """Both."""
        return [side.vpc_id for side in self.sides]


def running(known: Facts) -> Instances:
    """Return the instances that run."""
    found: dict[str, list[Wired]] = {}
    for key, fact in known.items():
        if isinstance(fact, Interface) and fact.running:
            found.setdefault(fact.instance_id, []).append(wired(key.id, fact))
    return {instance_id: tuple(sorted(some)) for instance_id, some in found.items()}


def wired(interface_id: str, told: Interface) -> Wired:
    """Return an interface as namespaces have it."""
    addresses = tuple(ip_address(each) for each in told.addresses)
    return Wired(interface_id, told.vpc_id, told.place, told.mac, addresses)


def vpcs_of(interfaces: Iterable[Iterable[Wired]]) -> set[str]:
    """Return the VPCs that instances lie in, each told by its interfaces."""
    return {each.vpc_id for some in interfaces for each in some}


def peerings(known: Facts, routers: AbstractSet[str]) -> dict[str, Peering]:
    """Return the peering connections between routers that are here, by id."""
    told = {key.id: texts_of(known, key) for key in known if key.kind is Kind.PEERING}
    return {
        peering_id: Peering((_side(known, vpc_ids[0]), _side(known, vpc_ids[1])))
        for peering_id, vpc_ids in told.items()
        if len(set(vpc_ids)) == _ENDS and routers >= set(vpc_ids)
    }


_ENDS = 2


def _side(known: Facts, vpc_id: str) -> Side:
    return Side(vpc_id, tuple(ip_network(block) for block in texts_of(known, Key(Kind.VPC, vpc_id))))


def concerns(changed: Iterable[Key]) -> bool:
    """Tell whether a change can be one of instances, routers or connections, and not of rules alone."""
    return any(key.kind in _WIRING for key in changed)


_WIRING = frozenset({Kind.INTERFACE, Kind.PEERING, Kind.VPC})


class Made:
    """What was made here, so that only what is another one now is touched again; what an earlier agent made too."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._there = set(namespaces.ids())
        self.instances: Instances = {}
        """Those that are there, as they are."""
        self._peerings: dict[str, Peering] = {}
        routers = [identity for identity in self._there if is_vpc(identity)]
        self._joined = {each: vpc_id for vpc_id in routers for each in _joined(namespaces, vpc_id)}

    def router(self, vpc_id: str) -> Namespace:
        """Make the router of a VPC, if it is not there, and open it."""
        self._namespaces.make_router(vpc_id)
        self._there.add(vpc_id)
        return self._namespaces.opened(vpc_id)

    def to_do(self, wanted: Instances) -> list[str]:
        """Return the instances that are not as they should be, those to make first, then those that should not be."""
        others = sorted(identity for identity in self._there - wanted.keys() if not is_vpc(identity))
        return [one for one, some in wanted.items() if self.instances.get(one) != some] + others

    def make(self, instance_id: str, interfaces: tuple[Wired, ...]) -> None:
        """Make an instance, or change it to what it should be. OSError."""
        self._namespaces.make_instance(instance_id, interfaces)
        self._there.add(instance_id)
        self.instances[instance_id] = interfaces

    def cut_off(self, wanted: Instances) -> Iterator[None]:
        """Take the links of all instances that are not wanted from their routers, many with each step. OSError."""
        self.instances = {one: some for one, some in self.instances.items() if one in wanted}
        but = {each.id for some in wanted.values() for each in some}
        for vpc_id in sorted(filter(is_vpc, self._there)):
            while self._namespaces.cut_off(vpc_id, but):
                yield

    def remove(self, identity: str) -> None:
        """Remove an instance or a router. OSError."""
        self._namespaces.remove(identity)
        self._there.discard(identity)
        self.instances.pop(identity, None)

    def remove_routers(self, but: AbstractSet[str]) -> set[str]:
        """Remove every router but some, and return those that went. OSError."""
        gone = {identity for identity in self._there - but if is_vpc(identity)}
        for vpc_id in sorted(gone):
            self.remove(vpc_id)
        return gone

    def part(self, wanted: Container[str]) -> None:
        """End all connections but some."""
        for peering_id in [each for each in self._joined if each not in wanted]:
            self._peerings.pop(peering_id, None)
            vpc_id = self._joined.pop(peering_id)
            if vpc_id in self._there:
                self._namespaces.part(peering_id, vpc_id)

    def join(self, wanted: Mapping[str, Peering]) -> None:
        """Have these connections."""
        for peering_id, each in wanted.items():
            if self._peerings.get(peering_id) != each:
                self._namespaces.join(peering_id, *each.sides)
                self._joined[peering_id] = each.sides[0].vpc_id
                self._peerings[peering_id] = each


def is_vpc(identity: str) -> bool:
    """Tell the id of a VPC from that of an instance."""
    return identity.startswith("vpc-")


def _joined(namespaces: Namespaces, vpc_id: str) -> list[str]:
    """Return the connections that a router has."""
    with namespaces.node(vpc_id) as router:
        return [identity for identity in plugged(router) if identity.startswith("pcx-")]
