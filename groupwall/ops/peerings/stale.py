"""What is asked about references across VPCs: who references a group, and which rules are stale [reference 13]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.peerings.peerings import active_between
from groupwall.ops.peerings.references import Pair, is_stale, pairs_across
from groupwall.ops.permissions import named
from groupwall.ops.places import find_vpc
from groupwall.rules import parsing
from groupwall.rules.permissions import write_permissions
from groupwall.rules.values import Direction, Rule
from groupwall.store.entities import Group

STALE_PAGE = 255
"""The most groups on one page [reference 13, model]."""


def describe_security_group_references(params: Params, context: Context) -> Result:
    """List the VPCs whose groups reference these groups across an active peering [reference 13, model]."""
    group_ids = [parsing.group_id(group_id) for group_id in params["GroupId"]]
    groups = context.tx.by_id(Group, group_ids)
    for group_id in group_ids:
        if group_id not in groups:
            raise errors.group_not_found(group_id)
    active = active_between(list({group.vpc_id for group in groups.values()}), context.tx)
    vpc_ids = sorted({vpc_id for between in active for vpc_id in between})
    shown = []
    for group_id, vpc_id in context.tx.referencing_vpcs(list(groups), vpc_ids):
        peering = active.get(frozenset((groups[group_id].vpc_id, vpc_id)))
        if peering:
            shown.append({"GroupId": group_id, "ReferencingVpcId": vpc_id, "VpcPeeringConnectionId": peering.id})
    return {"SecurityGroupReferenceSet": shown}


def describe_stale_security_groups(params: Params, context: Context) -> Result:
    """List a VPC's groups that have stale rules, with those rules, in the order of their ids [reference 13]."""
    vpc_id = find_vpc(params["VpcId"], context).id
    paging = Paging(params, context, "stale groups", highest=STALE_PAGE)
    after, limit = paging.page()
    rules = context.tx.rules_across(vpc_id)
    pairs = pairs_across(rules, context.tx, context.now)
    stale: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.group_id > after and is_stale(pairs[rule.group_id, rule.properties.peer.text]):
            stale.setdefault(rule.group_id, []).append(rule)
    groups = context.tx.by_id(Group, list(stale)[:limit])
    shown, token = paging.split([groups[group_id] for group_id in sorted(groups)], attrgetter("id"))
    return {"StaleSecurityGroupSet": [_described(one, stale[one.id], pairs) for one in shown], "NextToken": token}


def _described(group: Group, rules: Sequence[Rule], pairs: Mapping[tuple[str, str], Pair]) -> dict[str, Any]:
    """Return a group's stale rules as permissions that have pairs and nothing else [reference 13, recorded]."""

    def permissions(direction: Direction) -> list[dict[str, Any]]:
        mine = [rule for rule in rules if rule.direction is direction]
        written = write_permissions(mine, lambda peer: pairs[group.id, peer])
        return [{name: one[name] for name in _MEMBERS if name in one} for one in written]

    return {
        "VpcId": group.vpc_id,
        "GroupId": group.id,
        "GroupName": group.name,
        "Description": group.description,
        "StaleIpPermissions": permissions(Direction.INGRESS),
        "StaleIpPermissionsEgress": permissions(Direction.EGRESS),
    }


_MEMBERS = ("IpProtocol", "FromPort", "ToPort", "UserIdGroupPairs")

OPERATIONS = (
    Operation(
        "DescribeSecurityGroupReferences",
        describe_security_group_references,
        reads=True,
        on=(named("security-group", "GroupId"),),
    ),
    Operation("DescribeStaleSecurityGroups", describe_stale_security_groups, reads=True, on=()),
)
