"""The gates of network interfaces: what their groups admit, references, prefix lists and peerings resolved.

Interfaces of one VPC with the same groups have the same gates, so all is kept by that, a Standing. What is read is read
for many at once, and remembered: the number of statements does not depend on how many interfaces there are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, NamedTuple

from groupwall.ops.peerings.peerings import references_groups
from groupwall.rules.flows import SERVICES, address_number, block_span, services
from groupwall.rules.spans import Span, Spans, intersection, spans
from groupwall.rules.traffic import Box, Traffic, traffic, union
from groupwall.rules.values import Direction, Peer, PeerKind, Rule
from groupwall.rules.verdict import Grant, grant
from groupwall.store.entities import Address, Group, Interface, Member, World
from groupwall.store.seen import Seen

TOUCHING = frozenset({
    "security-group", "security-group-rule", "member", "network-interface", "address", "prefix-list-entry", "peering",
    "attachment", "instance",
})  # fmt: skip
"""The kinds of entities that ends and gates depend on: a change of others breaks nothing."""


class Standing(NamedTuple):
    """What decides the gates of an interface: its world, its VPC, and its groups in the order of their ids."""

    world: World
    vpc_id: str
    group_ids: tuple[str, ...]


class Network:
    """The gates of a world's interfaces, as a Seen shows the tables."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self._learned: set[Standing] = set()
        self._rules: dict[str, list[Rule]] = {}
        self._members: dict[str, list[Interface]] = {}
        self._addresses: dict[str, Spans] = {}
        self._entries: dict[str, Spans] = {}
        self._beside: dict[str, frozenset[str]] = {}
        self._gates: dict[tuple[Standing, Direction], tuple[Grant, ...]] = {}
        self._policies: dict[tuple[Standing, Direction, Spans], Traffic] = {}
        self._policies_of: dict[tuple[str, str, Direction, Spans], Traffic] = {}
        self._stood_for: dict[tuple[Peer, str], Spans] = {}
        self._elsewhere: dict[World, Network] = {seen.world: self}
        self.remembered: dict[Hashable, Any] = {}
        """What others worked out over it, and would again and again."""

    def at(self, world: World) -> Network:
        """Return the network of another world, which remembers what it read too. The world must have begun."""
        if world not in self._elsewhere:
            seen = self.seen.at(world)
            assert seen is not None  # noqa: S101 - something was found in it
            network = self._elsewhere[world] = Network(seen)
            network._elsewhere, network._beside = self._elsewhere, self._beside
        return self._elsewhere[world]

    # ---- interfaces

    def standings(self, interfaces: Sequence[Interface]) -> dict[str, Standing]:
        """Return how interfaces of this world stand, by id, in one statement for all of them."""
        members = self.seen.by(Member, "interface_id", [one.id for one in interfaces])
        return {
            one.id: Standing(
                self.seen.world, one.vpc_id, tuple(sorted(member.group_id for member in members.get(one.id, ())))
            )
            for one in interfaces
        }

    def members(self, group_ids: Iterable[str]) -> dict[str, list[Interface]]:
        """Return the interfaces that are members of groups of this world, by group, in the order of their ids."""
        asked = list(group_ids)
        missing = sorted(set(asked) - self._members.keys())
        if missing:
            found = self.seen.by(Member, "group_id", missing)
            ids = sorted({member.interface_id for some in found.values() for member in some})
            interfaces = self.seen.by_id(Interface, ids)
            for group_id in missing:
                mine = sorted(member.interface_id for member in found.get(group_id, ()))
                self._members[group_id] = [interfaces[one] for one in mine if one in interfaces]
        return {group_id: self._members[group_id] for group_id in asked}

    def addresses(self, interface_ids: Iterable[str]) -> dict[str, Spans]:
        """Return all private addresses of interfaces of this world, of both families, as numbers."""
        asked = list(interface_ids)
        missing = sorted(set(asked) - self._addresses.keys())
        if missing:
            found = self.seen.by(Address, "interface_id", missing)
            for interface_id in missing:
                numbers = [address_number(one.address) for one in found.get(interface_id, ())]
                self._addresses[interface_id] = spans(tuple(Span(number, number) for number in numbers))
        return {interface_id: self._addresses[interface_id] for interface_id in asked}

    def beside(self, vpc_id: str) -> frozenset[str]:
        """Return a VPC and those of any world that an active peering within the Region joins to it [16, docs]."""
        return self.besides([vpc_id])[vpc_id]

    def besides(self, vpc_ids: Iterable[str]) -> dict[str, frozenset[str]]:
        """Return the same for many VPCs, of any world, in one statement."""
        asked = list(vpc_ids)
        missing = sorted(set(asked) - self._beside.keys())
        if missing:
            pairs = {
                (one.requester_vpc, one.accepter_vpc)
                for one in self.seen.live_peerings(missing)
                if references_groups(one)
            }
            ends = {vpc_id: {vpc_id} for vpc_id in missing}
            for one, other in (*pairs, *((other, one) for one, other in pairs)):
                if one in ends:
                    ends[one].add(other)
            self._beside |= {vpc_id: frozenset(some) for vpc_id, some in ends.items()}
        return {vpc_id: self._beside[vpc_id] for vpc_id in asked}

    # ---- gates

    def learn(self, standings: Iterable[Standing]) -> None:
        """Read all that the gates of standings depend on, so that no gate asks by itself; of every world."""
        wanted = set(standings) - self._learned
        self._learned |= wanted
        for world in sorted({one.world for one in wanted}):
            self.at(world)._learn([one for one in wanted if one.world == world])  # noqa: SLF001 - its own kind

    def _learn(self, standings: Sequence[Standing]) -> None:
        rules = self.rules({group_id for one in standings for group_id in one.group_ids})
        self.learn_peers(rule for some in rules.values() for rule in some)
        self.besides({one.vpc_id for one in standings})

    def learn_peers(self, rules: Iterable[Rule]) -> None:
        """Read what the peers of rules stand for."""
        peers = {rule.properties.peer for rule in rules}
        self._learn_entries({peer.text for peer in peers if peer.kind is PeerKind.PREFIX_LIST})
        self._learn_groups({peer.text for peer in peers if peer.kind is PeerKind.GROUP})

    def rules(self, group_ids: Iterable[str]) -> dict[str, list[Rule]]:
        """Return the rules of groups of this world, by group, in the order of their keys."""
        asked = list(group_ids)
        missing = sorted(set(asked) - self._rules.keys())
        if missing:
            found = self.seen.by(Rule, "group_id", missing)
            self._rules |= {group_id: found.get(group_id, []) for group_id in missing}
        return {group_id: self._rules[group_id] for group_id in asked}

    def _learn_entries(self, list_ids: Iterable[str]) -> None:
        missing = sorted(set(list_ids) - self._entries.keys())
        found = self.seen.entries(missing)
        for list_id in missing:
            blocks = tuple(block_span(entry.cidr) for entry in found.get(list_id, ()))
            self._entries[list_id] = spans(blocks)

    def _learn_groups(self, group_ids: Iterable[str]) -> None:
        """Read the members of referenced groups and their addresses; of other worlds' groups there."""
        missing = sorted(set(group_ids) - self._members.keys())
        homes = self.seen.anywhere(Group, missing)
        for world in sorted({world for world, _ in homes.values()}):
            network = self.at(world)
            found = network.members(one for one in missing if one in homes and homes[one][0] == world)
            network.addresses(member.id for some in found.values() for member in some)
            self._members |= found
            self._addresses |= {member.id: network._addresses[member.id] for some in found.values() for member in some}  # noqa: SLF001 - its own kind
        self._members |= {group_id: [] for group_id in missing if group_id not in homes}

    def gate(self, standing: Standing, direction: Direction) -> tuple[Grant, ...]:
        """Return what each rule of a standing's groups admits, by group and the order of the rules' keys."""
        if standing.world != self.seen.world:
            return self.at(standing.world).gate(standing, direction)
        key = (standing, direction)
        if key not in self._gates:
            self._learn([standing])
            rules = (rule for group_id in standing.group_ids for rule in self._rules[group_id])
            mine = (rule for rule in rules if rule.direction is direction)
            self._gates[key] = self.grants(mine, standing.vpc_id)
        return self._gates[key]

    def grants(self, rules: Iterable[Rule], vpc_id: str) -> tuple[Grant, ...]:
        """Return what rules admit at the gates of interfaces of a VPC."""
        return tuple(grant(rule, lambda peer: self.addresses_of(peer, vpc_id)) for rule in rules)

    def policy(self, standing: Standing, direction: Direction, some: Spans = SERVICES) -> Traffic:
        """Return what of some services a standing's gate lets pass in one direction."""
        key = (standing, direction, some)
        if key not in self._policies:
            self._policies[key] = union(
                self.policy_of(group_id, standing, direction, some) for group_id in standing.group_ids
            )
        return self._policies[key]

    def policy_of(self, group_id: str, standing: Standing, direction: Direction, some: Spans) -> Traffic:
        """Return what of some services one group of a standing lets pass at its gate.

        It is kept by group, since interfaces share groups more often than all of them, and few rules are for few
        services.
        """
        if standing.world != self.seen.world:
            return self.at(standing.world).policy_of(group_id, standing, direction, some)
        key = (group_id, standing.vpc_id, direction, some)
        if key not in self._policies_of:
            rules = [
                rule
                for rule in self.rules([group_id])[group_id]
                if rule.direction is direction and intersection(services(*rule.properties[:2]), some)
            ]
            boxes = (one.box for one in self.grants(rules, standing.vpc_id))
            self._policies_of[key] = traffic(Box(box.addresses, intersection(box.services, some)) for box in boxes)
        return self._policies_of[key]

    def addresses_of(self, peer: Peer, vpc_id: str) -> Spans:
        """Return what a prefix list, or a referenced group, stands for at the gates of a VPC.

        A group stands for the private addresses of those of its members that are in the VPC or in one beside it
        [reference 16, docs]; a group that is gone, or behind a connection that is, for nothing [inferred].
        """
        if peer.kind is PeerKind.PREFIX_LIST:
            self._learn_entries([peer.text])
            return self._entries[peer.text]
        key = (peer, vpc_id)
        if key not in self._stood_for:
            self._stood_for[key] = self._members_near(peer, vpc_id)
        return self._stood_for[key]

    def _members_near(self, peer: Peer, vpc_id: str) -> Spans:
        self._learn_groups([peer.text])
        near = self.beside(vpc_id)
        mine = [one for one in self._members[peer.text] if one.vpc_id in near]
        addresses = self.addresses(one.id for one in mine)
        return spans(tuple(span for one in mine for span in addresses[one.id]))
