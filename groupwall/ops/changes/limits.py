"""What stands in the way of an undo beside the needs of single entities: quotas, and blocks that meet (inferred).

Every check yields its reasons; each is the one that the operations make for what they change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from groupwall.ops.blocks import is_ipv6, overlaps, within
from groupwall.ops.changes.plan import Plan
from groupwall.ops.interfaces.addresses import MOST as MOST_ADDRESSES
from groupwall.ops.networks.vpc_blocks import MOST_BLOCKS
from groupwall.ops.operation import Context
from groupwall.ops.peerings.peerings import ACTIVE, PENDING, sides_of, status_of
from groupwall.ops.rules.weights import weight
from groupwall.ops.tags import MOST_TAGS
from groupwall.rules.values import PeerKind, Rule
from groupwall.store.entities import (
    Address,
    Group,
    Instance,
    Interface,
    Member,
    Peering,
    PrefixList,
    Subnet,
    SubnetCidr,
    Tag,
    Vpc,
    VpcAssociation,
    VpcCidr,
)


def obstacles(plan: Plan, context: Context) -> Iterator[str]:
    """Yield why an undo may not be."""
    for check in _CHECKS:
        yield from check(plan, context)


def _too_many_groups(plan: Plan, context: Context) -> Iterator[str]:
    more = _comes(plan, Group)
    if more > 0 and context.tx.count_groups() + more > context.quotas.groups_per_region:
        yield f"there would be more than {context.quotas.groups_per_region} security groups"


def _too_many_lists(plan: Plan, context: Context) -> Iterator[str]:
    more = _comes(plan, PrefixList)
    if more > 0 and context.tx.count(PrefixList) + more > context.quotas.prefix_lists_per_region:
        yield f"there would be more than {context.quotas.prefix_lists_per_region} prefix lists"


def _comes(plan: Plan, kind: type[Any]) -> int:
    return sum(step.now is None for step in plan.gained(kind)) - len(plan.gone(kind))


def _too_heavy(plan: Plan, context: Context) -> Iterator[str]:
    """Yield the groups whose rules would weigh more than they may."""
    seen = plan.seen
    grown = [one.id for one in plan.gained(PrefixList) if one.now and one.wanted.max_entries > one.now.max_entries]
    gained = [one.wanted for one in plan.gained(Rule) if not one.now or _peer(one.now) != _peer(one.wanted)]
    users = [rule for some in seen.by(Rule, "peer", grown).values() for rule in some]
    sides = {(rule.group_id, rule.direction) for rule in (*gained, *users)}
    rules = seen.by(Rule, "group_id", sorted({group_id for group_id, _ in sides}))
    peers = {rule.properties.peer for some in rules.values() for rule in some}
    lists = seen.by_id(PrefixList, sorted(peer.text for peer in peers if peer.kind is PeerKind.PREFIX_LIST))
    for group_id, direction in sorted(sides):
        mine = [rule.properties.peer for rule in rules[group_id] if rule.direction is direction]
        if weight(mine, lists) > context.quotas.rules_per_group:
            yield f"{group_id} would have more than {context.quotas.rules_per_group} rules of {direction}"


def _peer(rule: Rule) -> object:
    return rule.properties.peer


def _too_many_of_one(plan: Plan, context: Context) -> Iterator[str]:
    """Yield the interfaces in too many groups or with too many addresses, and the resources with too many tags."""
    held = plan.seen.by(Member, "interface_id", _new(plan, Member, lambda one: one.interface_id))
    for interface_id, members in held.items():
        if len(members) > context.quotas.groups_per_interface:
            yield f"{interface_id} would be in more than {context.quotas.groups_per_interface} security groups"
    addresses = plan.seen.by(Address, "interface_id", _new(plan, Address, lambda one: one.interface_id))
    for interface_id, mine in addresses.items():
        ipv6 = sum(":" in one.address for one in mine)
        if max(ipv6, len(mine) - ipv6) > MOST_ADDRESSES:
            yield f"{interface_id} would have more than {MOST_ADDRESSES} addresses of a family"
    for resource_id, tags in plan.seen.by(Tag, "resource_id", _new(plan, Tag, lambda one: one.resource_id)).items():
        if len(tags) > MOST_TAGS:
            yield f"{resource_id} would have more than {MOST_TAGS} tags"


def _new(plan: Plan, kind: type[Any], column: Callable[[Any], str]) -> list[str]:
    return sorted({column(one.wanted) for one in plan.gained(kind) if one.now is None})


def _misplaced_members(plan: Plan, _: Context) -> Iterator[str]:
    """Yield the members of a group that is neither of their VPC nor, any more, associated with it."""
    seen = plan.seen
    left = sorted({one.now.group_id for one in plan.gone(VpcAssociation)})
    members = [one for some in seen.by(Member, "group_id", left).values() for one in some]
    members += [one.wanted for one in plan.gained(Member)]
    groups = seen.by_id(Group, sorted({one.group_id for one in members}))
    interfaces = seen.by_id(Interface, sorted({one.interface_id for one in members}))
    associated = seen.by(VpcAssociation, "group_id", sorted(groups))
    for one in members:
        vpc_id = interfaces[one.interface_id].vpc_id
        usable_in = {groups[one.group_id].vpc_id, *(other.vpc_id for other in associated.get(one.group_id, ()))}
        if vpc_id not in usable_in:
            yield f"{one.interface_id} is in {one.group_id}, which would not be associated with {vpc_id}"


def _misplaced_blocks(plan: Plan, context: Context) -> Iterator[str]:
    """Yield the blocks that would lie outside of those they are parts of, or meet others."""
    seen = plan.seen
    touched = seen.by_id(Subnet, sorted({one.subnet_id for one in _moved(plan, SubnetCidr)}))
    vpc_ids = {one.vpc_id for one in (*_moved(plan, VpcCidr), *_moved(plan, Subnet), *touched.values())}
    vpcs = sorted(seen.by_id(Vpc, sorted(vpc_ids)))
    blocks, subnets = seen.by(VpcCidr, "vpc_id", vpcs), seen.by(Subnet, "vpc_id", vpcs)
    within_subnets = seen.by(SubnetCidr, "subnet_id", [one.id for some in subnets.values() for one in some])
    for vpc_id in vpcs:
        outer = [one.cidr for one in blocks.get(vpc_id, ())]
        inner = [one.cidr for one in subnets.get(vpc_id, ())]
        inner += [one.cidr for subnet in subnets.get(vpc_id, ()) for one in within_subnets.get(subnet.id, ())]
        yield from _odd_blocks(vpc_id, outer, inner)
    yield from _without_ipv6([one for some in subnets.values() for one in some], within_subnets, plan)
    yield from _in_peers(plan, [one.wanted for one in plan.gained(VpcCidr)], context)


def _moved(plan: Plan, kind: type[Any]) -> list[Any]:
    """Return the entities of a kind that come, change or go."""
    return [one.wanted for one in plan.gained(kind)] + [one.now for one in plan.gone(kind)]


def _odd_blocks(vpc_id: str, outer: Sequence[str], inner: Sequence[str]) -> Iterator[str]:
    for cidr in inner:
        if not within(cidr, outer):
            yield f"the block {cidr} of a subnet would lie in none of {vpc_id}'s blocks"
    for cidrs in (outer, inner):
        for place, cidr in enumerate(cidrs):
            if overlaps(cidr, cidrs[:place]):
                yield f"the block {cidr} would overlap another one in {vpc_id}"
    ipv6 = sum(map(is_ipv6, outer))
    if ipv6 > MOST_BLOCKS["ipv6"] or len(outer) - ipv6 > MOST_BLOCKS["ipv4"]:
        yield f"{vpc_id} would have too many blocks"


def _without_ipv6(subnets: Iterable[Subnet], blocks: Mapping[str, Sequence[SubnetCidr]], plan: Plan) -> Iterator[str]:
    """Yield the subnets that would have no IPv6 block, but IPv6 addresses now or for new interfaces."""
    bare = {subnet.id: subnet for subnet in subnets if subnet.id not in blocks}
    for subnet in bare.values():
        if subnet.ipv6_on_creation:
            yield f"{subnet.id} gives its interfaces IPv6 addresses, and would have no block for them"
    lost = sorted({one.now.subnet_id for one in plan.gone(SubnetCidr)} & bare.keys())
    for subnet_id, addresses in plan.seen.by(Address, "subnet_id", lost).items():
        if any(":" in one.address for one in addresses):
            yield f"{subnet_id} would have no block for the IPv6 addresses in it"


def _in_peers(plan: Plan, blocks: Sequence[VpcCidr], context: Context) -> Iterator[str]:
    """Yield the blocks that meet those of a VPC which theirs has an active peering with."""
    vpc_ids = sorted({one.vpc_id for one in blocks})
    active = [one for one in plan.seen.live_peerings(vpc_ids) if one.status == ACTIVE]
    of = _blocks_of(active, plan, context)
    for one in active:
        if any(overlaps(cidr, of[one.accepter_vpc]) for cidr in of[one.requester_vpc]):
            yield f"{one.requester_vpc} and {one.accepter_vpc}, which are peered, would overlap"


def _blocks_of(peerings: Sequence[Peering], plan: Plan, context: Context) -> dict[str, list[str]]:
    """Return the blocks of the VPCs of peerings, those of this world as they would be."""
    ends = sorted({end for one in peerings for end in (one.requester_vpc, one.accepter_vpc)})
    found = {**context.tx.blocks_anywhere(ends), **plan.seen.by(VpcCidr, "vpc_id", ends)} if ends else {}
    return {end: [block.cidr for block in found.get(end, ())] for end in ends}


def _unfit_peerings(plan: Plan, context: Context) -> Iterator[str]:
    """Yield the peerings that would be asked for or active again, and may not."""
    back = [one for one in plan.gained(Peering) if one.wanted.status in (PENDING, ACTIVE)]
    for one in back:
        ended = one.now is not None and one.now.status not in (PENDING, ACTIVE)
        if ended and one.wanted.requester_account != one.wanted.accepter_account:
            yield f"{one.id} is another account's too, which has to accept a new one"
    ends = sorted({end for one in back for end in (one.wanted.requester_vpc, one.wanted.accepter_vpc)})
    live = [one for one in plan.seen.live_peerings(ends) if status_of(one, context.now)[0] in (PENDING, ACTIVE)]
    for one in back:
        between = {one.wanted.requester_vpc, one.wanted.accepter_vpc}
        others = [other.id for other in live if {other.requester_vpc, other.accepter_vpc} == between]
        yield from (f"{other} is between the same VPCs as {one.id}" for other in others if other != one.id)
    for end in ends:
        yield from _too_many_peerings(end, live, context)
    yield from _in_peers(plan, [VpcCidr("", end, "") for end in ends], context)


def _too_many_peerings(vpc_id: str, live: Sequence[Peering], context: Context) -> Iterator[str]:
    quotas = context.quotas
    active = sum(one.status == ACTIVE and vpc_id in (one.requester_vpc, one.accepter_vpc) for one in live)
    asked = sum(one.status == PENDING and vpc_id == one.requester_vpc for one in live)
    if active > quotas.peerings_per_vpc or asked > quotas.peering_requests_per_vpc:
        yield f"{vpc_id} would have more peering connections than it may"


def _tagged_from_afar(plan: Plan, _: Context) -> Iterator[str]:
    """Yield the peerings that would go away although the other side has tagged them."""
    gone = [one.now for one in plan.gone(Peering)]
    for world in sorted({side.world for one in gone for side in sides_of(one)} - {plan.seen.world}):
        other = plan.seen.at(world)
        for peering_id in other.by(Tag, "resource_id", [one.id for one in gone]) if other else ():
            yield f"{peering_id} has tags of its other side"


def _lost_secrets(plan: Plan, context: Context) -> Iterator[str]:
    """Yield the instances whose UserData is no longer known: it is a secret, which no history holds."""
    wanted = [one.wanted for one in plan.gained(Instance) if one.wanted.script and one.wanted.state != "terminated"]
    secrets = context.tx.secrets_of([one.id for one in wanted])
    for one in wanted:
        if hashlib.sha256(secrets.get(one.id, "").encode()).hexdigest() != one.script:
            yield f"the UserData that {one.id} had is a secret, which the history does not hold"


_CHECKS: tuple[Callable[[Plan, Context], Iterator[str]], ...] = (
    _lost_secrets, _unfit_peerings, _tagged_from_afar, _misplaced_blocks, _misplaced_members, _too_heavy,
    _too_many_of_one, _too_many_groups, _too_many_lists,
)  # fmt: skip
