"""Which groups an interface is a member of [reference 17]."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from groupwall import errors
from groupwall.ops.groups.groups import DEFAULT_NAME
from groupwall.ops.operation import Context
from groupwall.rules import parsing
from groupwall.store.entities import Group, Interface, Member, VpcAssociation


def _networks_differ(_group_id: str, _vpc_id: str) -> errors.ApiError:
    return errors.networks_differ()


def groups_for(
    context: Context,
    vpc_id: str,
    group_ids: Sequence[str],
    elsewhere: Callable[[str, str], errors.ApiError] = _networks_differ,
) -> list[Group]:
    """Return the groups that an interface of a VPC is to be in: those named, without repeats, or the default one.

    InvalidGroupId.Malformed, InvalidGroup.NotFound, SecurityGroupsPerInterfaceLimitExceeded; ``elsewhere`` (group id,
    VPC id) gives the error for a group that is neither of this VPC nor associated with it.
    """
    if not group_ids:
        default = context.tx.group_named(vpc_id, DEFAULT_NAME)
        return [default] if default else []
    ids = list(dict.fromkeys(parsing.group_id(group_id) for group_id in group_ids))
    if len(ids) > context.quotas.groups_per_interface:
        raise errors.groups_per_interface_limit_exceeded()
    found = context.tx.by_id(Group, ids)
    for group_id in ids:
        if group_id not in found:
            raise errors.group_not_found(group_id)
    foreign = [group.id for group in found.values() if group.vpc_id != vpc_id]
    associated = context.tx.by(VpcAssociation, "group_id", foreign) if foreign else {}
    for group_id in foreign:
        if vpc_id not in [association.vpc_id for association in associated.get(group_id, ())]:
            raise elsewhere(group_id, vpc_id)
    return [found[group_id] for group_id in ids]


def groups_touched(group_ids: Sequence[str], vpc_id: str, context: Context) -> list[str]:
    """Return the ids of the groups that ``groups_for`` returns or refuses."""
    default = None if group_ids else context.tx.group_named(vpc_id, DEFAULT_NAME)
    return [default.id] if default else list(group_ids)


def set_groups(context: Context, interface: Interface, group_ids: Sequence[str]) -> None:
    """Make an interface a member of these groups and no others, in this order; of the default group for none."""
    groups = groups_for(context, interface.vpc_id, group_ids)
    before = {one.group_id: one for one in context.tx.of(Member, "interface_id", interface.id)}
    after = {group.id: Member(interface.id, group.id, place) for place, group in enumerate(groups)}
    context.tx.remove(*(one for group_id, one in before.items() if group_id not in after))
    for group_id, member in after.items():
        if group_id not in before:
            context.tx.add(member)
        else:
            context.tx.replace(before[group_id], member)
