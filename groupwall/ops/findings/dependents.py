"""DescribeDependents: why a group cannot be deleted, and the calls that free it [reference 8]."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from groupwall.errors import ApiError
from groupwall.ops.findings.references import named_from_away, rules_naming
from groupwall.ops.flows.shown import Json, properties_text
from groupwall.ops.groups.groups import DEFAULT_NAME, ON_GROUP, find_group, refuse_no_group
from groupwall.ops.operation import Asked, Context, Operation, Params, Result
from groupwall.rules.values import Rule
from groupwall.store.changes import compact
from groupwall.store.entities import Group, Interface, Member, Vpc, VpcAssociation
from groupwall.store.seen import Seen

INTERFACE, RULE, ASSOCIATION, DEFAULT = "network-interface", "security-group-rule", "vpc-association", "default-group"
AWAY = "peered-vpc"


class Dependent(NamedTuple):
    """What depends on a group. blocks: whether it keeps the group from being deleted. calls: take it out of the way."""

    kind: str
    id: str
    text: str
    blocks: bool = True
    calls: tuple[Asked, ...] = ()


def describe_dependents(params: Params, context: Context) -> Result:
    """Describe all that depends on a group: what keeps it from being deleted, and what would only be affected.

    The calls free it when they are made in their order, as by ApplyChanges, and the last one deletes it. There are none
    for a default group, which only its VPC takes with it [reference 8].
    """
    group, _ = find_group(params, context)
    found = list(_dependents(group, Seen(context.tx, context.world)))
    can_go = all(one.kind != DEFAULT for one in found)
    calls = [*_freeing(found), _call("DeleteSecurityGroup", GroupId=group.id)] if can_go else []
    return {
        "GroupId": group.id,
        "Deletable": not any(one.blocks for one in found),
        "Dependents": [_shown(one) for one in found],
        "Calls": _calls_shown(calls),
    }


def _shown(one: Dependent) -> Json:
    calls = _calls_shown(one.calls)
    return {"Kind": one.kind, "Id": one.id, "Text": one.text, "Blocks": one.blocks, "Calls": calls}


def _calls_shown(calls: Sequence[Asked]) -> list[Json]:
    return [{"Operation": one.operation, "Parameters": one.parameters} for one in calls]


def _freeing(found: Sequence[Dependent]) -> Iterator[Asked]:
    """Yield the calls of what blocks, the revokes of one group and direction as one."""
    for kind, some in groupby((one for one in found if one.blocks), key=lambda one: one.kind):
        calls = [call for one in some for call in one.calls]
        yield from _revokes(calls) if kind == RULE else calls


def _revokes(calls: Sequence[Asked]) -> Iterator[Asked]:
    together: dict[tuple[str, str], list[str]] = {}
    for operation, parameters in calls:
        given = json.loads(parameters)
        together.setdefault((operation, given["GroupId"]), []).extend(given["SecurityGroupRuleIds"])
    for (operation, group_id), rule_ids in together.items():
        yield _call(operation, GroupId=group_id, SecurityGroupRuleIds=rule_ids)


def _call(operation: str, **params: str | Sequence[str]) -> Asked:
    return Asked(operation, compact(params))


# ---- where the user looks who was refused


def hints_for(asked: Asked, error: ApiError, seen: Seen) -> list[str]:
    """Return, in a line each, what kept a call from deleting a group, and what would help; nothing for other calls.

    A refused call is no change, so the hint stands where calls are previewed (docs/decisions/0012). seen: the tables
    as the call found them.
    """
    if (asked.operation, error.code) != ("DeleteSecurityGroup", "DependencyViolation"):
        return []
    group = _group_asked(json.loads(asked.parameters), seen)
    return [one.text for one in _dependents(group, seen) if one.blocks] if group else []


def _group_asked(params: Params, seen: Seen) -> Group | None:
    """Return the group that was to be deleted: by its id, or by its name in the default VPC [reference 3.3]."""
    if params.get("GroupId"):
        return seen.get(Group, params["GroupId"])
    name, vpcs = (params.get("GroupName") or "").lower(), [one.id for one in seen.all(Vpc) if one.is_default]
    groups = [group for some in seen.by(Group, "vpc_id", vpcs).values() for group in some]
    return next((group for group in groups if group.name.lower() == name), None)


# ---- what depends on a group


def _dependents(group: Group, seen: Seen) -> Iterator[Dependent]:
    """Yield what depends on a group, in the order in which it has to go."""
    if group.name == DEFAULT_NAME:
        yield Dependent(DEFAULT, group.id, f"it is the default group of {group.vpc_id}, and goes with that alone")
        return
    yield from _members(group, seen)
    for one in seen.of(VpcAssociation, "group_id", group.id):
        call = _call("DisassociateSecurityGroupVpc", GroupId=group.id, VpcId=one.vpc_id)
        yield Dependent(ASSOCIATION, one.vpc_id, f"{one.vpc_id} is associated with it", calls=(call,))
    yield from _rules(group, seen)
    for away in named_from_away([group], seen).get(group.id, ()):
        text = f"rules of {away.vpc_id} of account {away.account} name it across {away.peering_id}: they become stale"
        yield Dependent(AWAY, away.vpc_id, text, blocks=False)


def _members(group: Group, seen: Seen) -> Iterator[Dependent]:
    """Yield the interfaces in a group: each stays in its other groups, or goes to the default one of its VPC."""
    ids = sorted(one.interface_id for one in seen.of(Member, "group_id", group.id))
    interfaces, members = seen.by_id(Interface, ids), seen.by(Member, "interface_id", ids)
    defaults = {one.vpc_id: one.id for one in seen.of(Group, "name", DEFAULT_NAME)} if ids else {}
    for interface_id in ids:
        one = interfaces[interface_id]
        placed = sorted(members[interface_id], key=lambda member: member.place)
        others = [member.group_id for member in placed if member.group_id != group.id]
        left = others or [defaults[one.vpc_id]]
        stays = f"it stays in {', '.join(others)}" if others else f"it goes to the default group {left[0]}"
        call = _call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=one.id, Groups=left)
        called = f"{one.id} ({one.description})" if one.description else one.id
        yield Dependent(INTERFACE, one.id, f"{called} is a member: without it {stays}", calls=(call,))


def _rules(group: Group, seen: Seen) -> Iterator[Dependent]:
    """Yield the rules of this account's other groups that name a group; those of another VPC become stale."""
    naming = [rule for rule in rules_naming([group.id], seen).get(group.id, ()) if rule.group_id != group.id]
    homes = seen.by_id(Group, sorted({rule.group_id for rule in naming}))
    mutual = {rule.properties.peer.text for rule in seen.of(Rule, "group_id", group.id)} if naming else set()
    for rule in naming:
        home = homes[rule.group_id]
        blocks = home.vpc_id == group.vpc_id
        text = f"{rule.id} of {home.name} ({home.id}), {properties_text(rule.properties, rule.direction)}, names it"
        text += "" if blocks else f" from {home.vpc_id}: it becomes stale"
        text += (
            f"; it names {home.id} as well, so neither goes before a rule does" if home.id in mutual and blocks else ""
        )
        call = _call(f"RevokeSecurityGroup{rule.direction.title()}", GroupId=home.id, SecurityGroupRuleIds=[rule.id])
        yield Dependent(RULE, rule.id, text, blocks, (call,))


OPERATIONS = (Operation("DescribeDependents", describe_dependents, refuse_no_group, reads=True, on=(ON_GROUP,)),)
