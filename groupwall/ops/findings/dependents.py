"""DescribeDependents: why a group cannot be deleted, and the calls that free it [reference 8]."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from groupwall.ops.flows.shown import Json, properties_text
from groupwall.ops.groups.groups import DEFAULT_NAME, find_group, refuse_no_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.rules.values import Direction, Rule
from groupwall.store.changes import compact
from groupwall.store.entities import Group, Interface, Member, VpcAssociation

INTERFACE, RULE, ASSOCIATION, DEFAULT = "network-interface", "security-group-rule", "vpc-association", "default-group"


class Dependent(NamedTuple):
    """What depends on a group. blocks: whether it keeps the group from being deleted. calls: take it out of the way."""

    kind: str
    id: str
    text: str
    blocks: bool
    calls: tuple[Json, ...]


def describe_dependents(params: Params, context: Context) -> Result:
    """Describe all that depends on a group: what keeps it from being deleted, and what would only be affected.

    The calls free it when they are made in their order, as by ApplyChanges; the last one deletes it.
    """
    group, _ = find_group(params, context)
    found = list(_dependents(group, context))
    blocking = [one for one in found if one.blocks]
    freeing = [call for one in blocking for call in one.calls]
    can_go = group.name != DEFAULT_NAME
    return {
        "GroupId": group.id,
        "Deletable": not blocking,
        "Dependents": [_shown(one) for one in found],
        "Calls": [*freeing, _call("DeleteSecurityGroup", GroupId=group.id)] if can_go else [],
    }


def _shown(one: Dependent) -> Json:
    return {"Kind": one.kind, "Id": one.id, "Text": one.text, "Blocks": one.blocks, "Calls": list(one.calls)}


def deletion_hints(group_id: str, context: Context) -> list[str]:
    """Return, in a line each, what keeps a group from being deleted and would free it; none for an unknown group."""
    group = context.tx.get(Group, group_id)
    found = list(_dependents(group, context)) if group else []
    return [one.text for one in found if one.blocks]


def _dependents(group: Group, context: Context) -> Iterator[Dependent]:
    if group.name == DEFAULT_NAME:
        text = f"it is the default group of {group.vpc_id}, which goes with its VPC alone"
        yield Dependent(DEFAULT, group.id, text, blocks=True, calls=())
    yield from _members(group, context)
    for one in context.tx.of(VpcAssociation, "group_id", group.id):
        call = _call("DisassociateSecurityGroupVpc", GroupId=group.id, VpcId=one.vpc_id)
        text = f"it is associated with {one.vpc_id}: disassociate it"
        yield Dependent(ASSOCIATION, one.vpc_id, text, blocks=True, calls=(call,))
    yield from _rules(group, context)
    yield from _beyond(group, context)


def _members(group: Group, context: Context) -> Iterator[Dependent]:
    """Yield the interfaces in a group; each stays in its other groups, or goes to its VPC's default one."""
    tx = context.tx
    ids = [one.interface_id for one in tx.of(Member, "group_id", group.id)]
    interfaces, members = tx.by_id(Interface, ids), tx.by(Member, "interface_id", ids)
    defaults = {
        vpc_id: tx.group_named(vpc_id, DEFAULT_NAME) for vpc_id in sorted({i.vpc_id for i in interfaces.values()})
    }
    for interface_id in sorted(interfaces):
        one = interfaces[interface_id]
        placed = sorted(members[interface_id], key=lambda member: member.place)
        others = [member.group_id for member in placed if member.group_id != group.id]
        default = defaults[one.vpc_id]
        left = others or ([default.id] if default and default.id != group.id else [])
        call = _call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=one.id, Groups=left)
        where = "take it out of the group" if others else "put it into its VPC's default group"
        told = f" ({one.description})" if one.description else ""
        yield Dependent(INTERFACE, one.id, f"{one.id}{told} is a member: {where}", True, (call,) if left else ())  # noqa: FBT003 - it blocks


def _rules(group: Group, context: Context) -> Iterator[Dependent]:
    """Yield the rules of this account's other groups that name a group; those of another VPC become stale."""
    naming = [rule for rule in context.tx.of(Rule, "peer", group.id) if rule.group_id != group.id]
    homes = context.tx.by_id(Group, sorted({rule.group_id for rule in naming}))
    for rule in sorted(naming, key=lambda rule: (rule.group_id, rule.id)):
        home = homes[rule.group_id]
        blocks = home.vpc_id == group.vpc_id
        side = "Egress" if rule.direction is Direction.EGRESS else "Ingress"
        call = _call(f"RevokeSecurityGroup{side}", GroupId=home.id, SecurityGroupRuleIds=[rule.id])
        text = f"{rule.id} of {home.name} ({home.id}), {properties_text(rule.properties, rule.direction)}, names it"
        yield Dependent(
            RULE, rule.id, text if blocks else f"{text} and becomes stale", blocks, (call,) if blocks else ()
        )


def _beyond(group: Group, context: Context) -> Iterator[Dependent]:
    """Yield the groups of other accounts whose rules name a group across a peering: they become stale [8, docs]."""
    peerings = context.tx.live_peerings([group.vpc_id])
    ours = {rule.group_id for rule in context.tx.of(Rule, "peer", group.id)}
    others = sorted({end for one in peerings for end in (one.requester_vpc, one.accepter_vpc)} - {group.vpc_id})
    mine = {one.vpc_id for one in context.tx.by_id(Group, sorted(ours)).values()} if ours else set()
    for _, vpc_id in context.tx.referencing_vpcs([group.id], [vpc for vpc in others if vpc not in mine]):
        text = f"a rule in {vpc_id}, across a peering connection, names it and becomes stale"
        yield Dependent(RULE, vpc_id, text, blocks=False, calls=())


def _call(operation: str, **params: str | Sequence[str]) -> Json:
    return {"Operation": operation, "Parameters": compact(params)}


OPERATIONS = (Operation("DescribeDependents", describe_dependents, refuse_no_group, reads=True),)
