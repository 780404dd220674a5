"""The rules that name a group, as its owner may know of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from groupwall.ops.peerings.peerings import active_between
from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Vpc
from groupwall.store.seen import Seen


class Away(NamedTuple):
    """That rules of another account name a group: of a VPC, across an active peering connection."""

    account: str
    vpc_id: str
    peering_id: str


def rules_naming(group_ids: Sequence[str], seen: Seen) -> dict[str, list[Rule]]:
    """Return the rules of this world whose peer is one of these groups, by that, in the order of group and rule."""
    found = seen.by(Rule, "peer", group_ids)
    return {group_id: sorted(some, key=lambda rule: (rule.group_id, rule.id)) for group_id, some in found.items()}


def named_from_away(groups: Sequence[Group], seen: Seen) -> dict[str, list[Away]]:
    """Return where rules of other accounts name these groups of this world, by group, in the order of the VPCs.

    No more than DescribeSecurityGroupReferences tells of them [reference 13, model]; a statement or two for each
    account that is peered with, whatever it has.
    """
    active = active_between(sorted({group.vpc_id for group in groups}), seen)
    ends = seen.anywhere(Vpc, sorted({vpc_id for between in active for vpc_id in between}))
    found: dict[str, list[Away]] = {}
    for world in sorted({world for world, _ in ends.values()} - {seen.world}):
        for group, vpc_id in _pairs(groups, seen.at(world)):
            peering = active.get(frozenset((group.vpc_id, vpc_id)))
            if peering:
                found.setdefault(group.id, []).append(Away(world.account, vpc_id, peering.id))
    return {group_id: sorted(some, key=lambda one: one.vpc_id) for group_id, some in found.items()}


def _pairs(groups: Sequence[Group], there: Seen | None) -> set[tuple[Group, str]]:
    """Return each of these groups with each VPC of another world of which a group's rule names it."""
    naming = there.by(Rule, "peer", [group.id for group in groups]) if there else {}
    ids = sorted({rule.group_id for some in naming.values() for rule in some})
    homes = there.by_id(Group, ids) if there else {}
    return {(group, homes[rule.group_id].vpc_id) for group in groups for rule in naming.get(group.id, ())}
