"""DescribeUnusedGroups: the groups that nothing uses, with the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple

from groupwall.ops.filters import Paging
from groupwall.ops.findings.references import named_from_away, rules_naming
from groupwall.ops.flows.shown import Json
from groupwall.ops.groups.groups import DEFAULT_NAME
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.ops.places import find_vpc
from groupwall.store.entities import Group, Member, VpcAssociation
from groupwall.store.rows import PART
from groupwall.store.seen import Seen


class Unused(NamedTuple):
    """A group that nothing uses, and the ids of its own rules that name it."""

    group: Group
    own: tuple[str, ...]


def describe_unused_groups(params: Params, context: Context) -> Result:
    """Describe groups without a member, a reference from another group's rule, or an association; by their ids.

    Default groups are left out: they can't be deleted. References of other accounts' groups count, while the peering
    connection is active that they lead across. Now, or at a time in the past.
    """
    paging, then = Paging(params, context, "unused groups"), seen(params, context)
    after, limit = paging.page()
    groups = [one for one in _groups(params, then, context) if one.id > after and one.name != DEFAULT_NAME]
    found = chain.from_iterable(_unused(groups[start : start + PART], then) for start in range(0, len(groups), PART))
    shown, token = paging.split(list(islice(found, limit)), lambda one: one.group.id)
    revision = revision_asked(params, context)
    ended = context.tx.memberships_ended([one.group.id for one in shown], revision)
    return {
        "Groups": [_shown(one, ended.get(one.group.id)) for one in shown],
        "NextToken": token,
        "Revision": revision,
    }


def _groups(params: Params, then: Seen, context: Context) -> list[Group]:
    """Return the groups to look at. InvalidVpcID.NotFound for a VPC that is neither there now nor was then."""
    vpc_id = params.get("VpcId")
    if vpc_id is None:
        return then.all(Group)
    found = then.of(Group, "vpc_id", vpc_id)
    if not found:
        find_vpc(vpc_id, context)
    return sorted(found)


def _unused(groups: Sequence[Group], then: Seen) -> Iterator[Unused]:
    """Yield those of some groups that nothing uses; asked in a few statements for all of them."""
    ids = [group.id for group in groups]
    members, associated = then.by(Member, "group_id", ids), then.by(VpcAssociation, "group_id", ids)
    naming, away = rules_naming(ids, then), named_from_away(groups, then)
    for group in groups:
        own = tuple(rule.id for rule in naming.get(group.id, ()) if rule.group_id == group.id)
        others = len(naming.get(group.id, ())) - len(own)
        if not (members.get(group.id) or associated.get(group.id) or away.get(group.id) or others):
            yield Unused(group, own)


def _shown(one: Unused, ended: tuple[int, int] | None) -> Json:
    revision, time = ended or (None, None)
    return {
        "GroupId": one.group.id,
        "GroupName": one.group.name,
        "VpcId": one.group.vpc_id,
        "Evidence": [
            "no network interface is a member",
            f"referenced only by itself: {', '.join(one.own)}" if one.own else "no rule references it",
            "no other VPC is associated with it",
            f"the last member left it with revision {revision}" if revision else "no member is known to have left it",
        ],
        "LastUsed": revision,
        "LastUsedTime": time,
    }


OPERATIONS = (Operation("DescribeUnusedGroups", describe_unused_groups, reads=True, on=()),)
