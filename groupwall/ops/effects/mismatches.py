"""What calls about rules name and is not there, with the rules that are nearly that [users need 2].

A rule that a revoke names and that is there leaves a delta; so what is left over was not there. It follows from the
calls, the deltas and the tables alone: a receipt tells it as the preview did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.errors import ApiError
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, group_names, properties_text, rule_shown
from groupwall.ops.operation import Asked as AskedCall
from groupwall.ops.operation import Context, Params
from groupwall.rules.match import match
from groupwall.rules.nearest import Near, elsewhere, nearest
from groupwall.rules.permissions import read_asked
from groupwall.rules.values import Asked, Direction, Rule
from groupwall.store.changes import Delta, value_of
from groupwall.store.entities import Group, Vpc
from groupwall.store.seen import Seen

_DIRECTED = {
    f"{verb}{direction.title()}": direction
    for direction in Direction
    for verb in ("RevokeSecurityGroup", "UpdateSecurityGroupRuleDescriptions")
}
_MODIFY = "ModifySecurityGroupRules"


class Missing(NamedTuple):
    """A rule that a call names and that is not there: by its properties, or by its id.

    call: the call's place. direction: None where a call may name rules of both.
    """

    call: int
    group: Group
    direction: Direction | None
    asked: Asked | str


class Made(NamedTuple):
    """Calls, and what became of them. refused_at: the place of the call that was refused; those behind it are not."""

    calls: Sequence[AskedCall]
    deltas: Sequence[Delta]
    refused_at: int | None


def mismatches(made: Made, before: Seen, after: Seen, context: Context) -> list[Json]:
    """Return ``Mismatches`` of calls (inferred); no more statements for many than for one."""
    missing = list(_missing(made, before, after, context))
    if not missing:
        return []
    rules = _candidates(missing, (before, after))
    ids = [one.asked for one in missing if isinstance(one.asked, str)]
    by_id = before.by_id(Rule, ids) | after.by_id(Rule, ids)
    near = [_nearest(one, rules[one.group.id], by_id) for one in missing]
    names = group_names(after, (one.rule.group_id for some in near for one in some))
    return [
        {
            "CallIndex": one.call,
            "Asked": _text(one),
            "GroupId": one.group.id,
            "GroupName": one.group.name,
            "Nearest": [{"Rule": rule_shown(rule, names), "Differences": list(told)} for rule, told in some],
        }
        for one, some in zip(missing, near, strict=True)
    ]


# ---- what is missing


def _missing(made: Made, before: Seen, after: Seen, context: Context) -> Iterator[Missing]:
    gone = [value_of(one.kind, one.before) for one in made.deltas if one.kind == _RULE and one.before and not one.after]
    left = Counter((rule.group_id, rule.direction, rule.properties) for rule in gone)
    for place, call in enumerate(made.calls):
        refused = place == made.refused_at
        if not refused and not call.operation.startswith("Revoke"):
            continue
        named = _named(place, call, after if refused else before, context)
        if refused:
            yield from _not_there(named, after)
            return
        yield from _not_gone(named, left)


_RULE = "security-group-rule"


def _named(place: int, call: AskedCall, seen: Seen, context: Context) -> list[Missing]:
    """Return all that a call names, none where that can't be told; what was refused before the look at it."""
    if call.operation not in {*_DIRECTED, _MODIFY}:
        return []
    direction = _DIRECTED.get(call.operation)
    try:
        params = context.read(call)
        group = _group(params, seen)
        asked = [] if call.operation == _MODIFY else read_asked(params, lambda name: _named_group(name, seen).id)
    except ApiError:
        return []
    wanted: list[Asked | str] = [*asked, *_rule_ids(params)]
    return [Missing(place, group, direction, one) for one in wanted]


def _rule_ids(params: Params) -> Iterator[str]:
    yield from params.get("SecurityGroupRuleIds") or ()
    for name in ("SecurityGroupRules", "SecurityGroupRuleDescriptions"):
        yield from (one["SecurityGroupRuleId"] for one in params.get(name) or () if one.get("SecurityGroupRuleId"))


def _group(params: Params, seen: Seen) -> Group:
    if params.get("GroupId") is None:
        return _named_group(params.get("GroupName") or "", seen)
    group = seen.get(Group, params["GroupId"])
    if group is None:
        raise errors.group_not_found(params["GroupId"])
    return group


def _named_group(name: str, seen: Seen) -> Group:
    """Return the default VPC's group of this name, in the same capitals. InvalidGroup.NotFound."""
    found = seen.of(Group, "name", name)
    default = {one.id for one in seen.by_id(Vpc, [one.vpc_id for one in found]).values() if one.is_default}
    for group in found:
        if group.vpc_id in default:
            return group
    raise errors.group_not_found_by_name(name, None)


def _not_there(named: Sequence[Missing], seen: Seen) -> Iterator[Missing]:
    """Yield what is not there now: the call that names it was refused."""
    there = seen.of(Rule, "group_id", named[0].group.id) if named else []
    for one in named:
        mine = [rule for rule in there if one.direction in (None, rule.direction)]
        if isinstance(one.asked, str):
            found = any(rule.id == one.asked for rule in mine)
        else:
            found = not match([one.asked], mine).unknown
        if not found:
            yield one


def _not_gone(named: Sequence[Missing], left: Counter[tuple[Any, ...]]) -> Iterator[Missing]:
    """Yield what an accepted revoke did not find; rules named by id it did. left: what went, not yet accounted for."""
    for one in named:
        if isinstance(one.asked, str):
            continue
        key = (one.group.id, one.direction, one.asked.properties)
        if not left[key]:
            yield one
        left[key] -= left[key] > 0


# ---- what is near


def _candidates(missing: Iterable[Missing], sides: Sequence[Seen]) -> dict[str, list[Rule]]:
    """Return by group the rules that may have been meant: its own, and those of the groups on the same interfaces."""
    group_ids = sorted({one.group.id for one in missing})
    found: dict[str, dict[str, Rule]] = {one: {} for one in group_ids}
    for seen in sides:
        network = Network(seen)
        members = network.members(group_ids)
        standings = network.standings([one for some in members.values() for one in some])
        beside = {
            group_id: {group_id, *(other for one in members[group_id] for other in standings[one.id].group_ids)}
            for group_id in group_ids
        }
        rules = network.rules({one for some in beside.values() for one in some})
        for group_id, others in beside.items():
            found[group_id] |= {rule.id: rule for other in others for rule in rules[other]}
    return {group_id: list(rules.values()) for group_id, rules in found.items()}


def _nearest(one: Missing, rules: Sequence[Rule], by_id: Mapping[str, Rule]) -> list[Near]:
    """Return the rules that are nearly the one that is missing; for an id that rule, if it is of elsewhere."""
    if isinstance(one.asked, str):
        found = [by_id[one.asked]] if one.asked in by_id else []
        return [Near(rule, tuple(elsewhere(rule, one.group.id, one.direction))) for rule in found]
    assert one.direction is not None  # noqa: S101 - only ids are named without one
    return nearest(one.asked, one.group.id, one.direction, rules)


def _text(one: Missing) -> str:
    if isinstance(one.asked, str):
        return one.asked
    assert one.direction is not None  # noqa: S101 - only ids are named without one
    told = "" if one.asked.description is None else f" described {one.asked.description!r}"
    return properties_text(one.asked.properties, one.direction) + told
