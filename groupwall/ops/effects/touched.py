"""What the deltas of a change touch that gates depend on, and which interfaces' gates that can be.

A gate changes with the rules of its interface's groups, with those groups, and with what the rules' peers stand for:
the members of a group and their addresses, the entries of a prefix list, the peerings of the VPC [reference 16, 17].
Everything is found from the ids in the deltas, in a number of statements that does not depend on how many there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.ops.flows.network import Network, Standing
from groupwall.rules.values import Rule
from groupwall.store.changes import Delta
from groupwall.store.entities import Group, Interface, Member, Vpc
from groupwall.store.seen import Seen

Standings = tuple[Standing | None, Standing | None]
"""How an interface stands before and after a change; None where it is not there."""


class Touched(NamedTuple):
    """The ids that a change touches. members: groups whose members changed, or the addresses of these.

    rules, rule_groups: rules, and the groups that they are of. interfaces: those that came, went, or changed groups.
    others: groups that may stand for something else for another reason. lists: prefix lists whose entries changed.
    """

    rules: frozenset[str]
    rule_groups: frozenset[str]
    interfaces: frozenset[str]
    members: frozenset[str]
    others: frozenset[str]
    lists: frozenset[str]


_TELLS: dict[str, tuple[tuple[str, str], ...]] = {
    "security-group-rule": (("id", "rules"), ("group_id", "rule_groups")),
    "network-interface": (("id", "interfaces"),),
    "member": (("interface_id", "interfaces"), ("group_id", "members")),
    "address": (("interface_id", "addressed"),),
    "prefix-list-entry": (("list_id", "lists"),),
    "peering": (("requester_vpc", "vpcs"), ("accepter_vpc", "vpcs")),
    "security-group": (("id", "others"),),
    "vpc-association": (("group_id", "others"),),
}
"""By kind: which of its columns holds which ids."""


def touched(deltas: Iterable[Delta], after: Seen) -> Touched:
    """Return what deltas touch. after: the tables after them; a group or member that is there no longer has a delta."""
    ids: dict[str, set[str]] = {name: set() for name in (*Touched._fields, "addressed", "vpcs")}
    for kind, columns in _told(deltas):
        for column, name in _TELLS[kind]:
            ids[name].add(columns[column])
    ids["members"] |= _groups_of(sorted(ids["addressed"]), after)
    ids["others"] |= _groups_within(sorted(ids["vpcs"]), after)
    return Touched._make(frozenset(ids[name]) for name in Touched._fields)


def _told(deltas: Iterable[Delta]) -> Iterator[tuple[str, dict[str, Any]]]:
    for delta in deltas:
        if delta.kind in _TELLS:
            yield from ((delta.kind, json.loads(text)) for text in (delta.before, delta.after) if text is not None)


def _groups_of(interface_ids: Sequence[str], seen: Seen) -> set[str]:
    """Return the groups of interfaces of any world."""
    return {
        member.group_id
        for there in _homes(Interface, interface_ids, seen)
        for members in there.by(Member, "interface_id", interface_ids).values()
        for member in members
    }


def _groups_within(vpc_ids: Sequence[str], seen: Seen) -> set[str]:
    """Return the groups of VPCs of any world, and those that have a member there."""
    found = set()
    for there in _homes(Vpc, vpc_ids, seen):
        interfaces = [one.id for some in there.by(Interface, "vpc_id", vpc_ids).values() for one in some]
        members = there.by(Member, "interface_id", interfaces).values()
        groups = there.by(Group, "vpc_id", vpc_ids).values()
        found |= {one.group_id for some in members for one in some} | {one.id for some in groups for one in some}
    return found


def _homes(kind: type[Any], ids: Sequence[str], seen: Seen) -> Iterator[Seen]:
    """Yield each world that has some of these entities."""
    for world in sorted({world for world, _ in seen.anywhere(kind, ids).values()}):
        there = seen.at(world)
        assert there is not None  # noqa: S101 - something was found in it
        yield there


def naming(some: Touched, seen: Seen) -> dict[str, Rule]:
    """Return the rules of this world that name a touched group or prefix list, by id, as one side shows them."""
    found = seen.by(Rule, "peer", sorted(some.members | some.others | some.lists))
    return {rule.id: rule for rules in found.values() for rule in rules}


def standing_before_and_after(
    some: Touched, named: Mapping[str, Rule], old: Network, new: Network
) -> dict[Standings, list[Interface]]:
    """Return the interfaces whose gates may differ, in the order of their ids, by how they stand before and after.

    named: the rules whose peers are touched, of both sides.
    """
    group_ids = sorted({*some.rule_groups, *(rule.group_id for rule in named.values())})
    sides = [_standing(network, group_ids, some.interfaces) for network in (old, new)]
    everyone = {one.id: one for side in sides for one, _ in side.values()}
    grouped: dict[Standings, list[Interface]] = {}
    for interface_id in sorted(everyone):
        before, after = (side[interface_id][1] if interface_id in side else None for side in sides)
        grouped.setdefault((before, after), []).append(everyone[interface_id])
    return grouped


def _standing(
    network: Network, group_ids: Iterable[str], interface_ids: Iterable[str]
) -> dict[str, tuple[Interface, Standing]]:
    found = network.seen.by_id(Interface, sorted(interface_ids))
    found |= {one.id: one for some in network.members(group_ids).values() for one in some}
    standings = network.standings(list(found.values()))
    return {one: (interface, standings[one]) for one, interface in found.items()}
