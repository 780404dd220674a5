"""DescribeUnusedGroups: the groups that nothing uses, with the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from groupwall.ops.filters import Paging
from groupwall.ops.flows.shown import Json
from groupwall.ops.groups.groups import DEFAULT_NAME
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Member, VpcAssociation
from groupwall.store.seen import Seen


def describe_unused_groups(params: Params, context: Context) -> Result:
    """Describe groups without a member, a reference from another group's rule, or an association; by their ids.

    Default groups are left out: they can't be deleted. References of other accounts' groups count too.
    """
    paging = Paging(params, context, "unused")
    then = seen(params, context)
    after = paging.page().after
    groups = [one for one in then.all(Group) if one.id > after and params.get("VpcId") in (None, one.vpc_id)]
    found = _unused([one for one in groups if one.name != DEFAULT_NAME], then, context)
    shown, token = paging.split(found, lambda one: one.group.id)
    return {
        "Groups": [_shown(one, context.tx.memberships_ended([each.group.id for each in shown])) for one in shown],
        "NextToken": token,
        "Revision": revision_asked(params, context),
    }


class Unused(NamedTuple):
    """A group that nothing uses, and its rules that name itself."""

    group: Group
    own: tuple[str, ...]


def _unused(groups: Sequence[Group], then: Seen, context: Context) -> list[Unused]:
    ids = [one.id for one in groups]
    members, naming = then.by(Member, "group_id", ids), then.by(Rule, "peer", ids)
    associated = then.by(VpcAssociation, "group_id", ids)
    across = context.tx.referenced_elsewhere(ids)
    return [
        Unused(one, tuple(rule.id for rule in naming.get(one.id, ())))
        for one in groups
        if one.id not in members and one.id not in associated and one.id not in across
        if all(rule.group_id == one.id for rule in naming.get(one.id, ()))
    ]


def _shown(one: Unused, ended: Mapping[str, tuple[int, int]]) -> Json:
    revision, time = ended.get(one.group.id, (None, None))
    named = f"is named by its own rules alone: {', '.join(one.own)}" if one.own else "is named by no rule"
    told = ["no network interface is a member", named, "is associated with no other VPC"]
    told.append(f"has had no member since revision {revision}" if revision else "never had a member")
    return {
        "GroupId": one.group.id,
        "GroupName": one.group.name,
        "VpcId": one.group.vpc_id,
        "Evidence": told,
        "LastUsed": revision,
        "LastUsedTime": time,
    }


OPERATIONS = (Operation("DescribeUnusedGroups", describe_unused_groups, reads=True),)
