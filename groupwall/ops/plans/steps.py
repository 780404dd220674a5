"""A cut of rules as calls of EC2: revoked, narrowed in place, and joined by what else is left of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.ops.flows.gates import called
from groupwall.ops.flows.shown import Json, properties_text
from groupwall.rules.permissions import MEMBERS, write_asked
from groupwall.rules.pieces import pieces
from groupwall.rules.traffic import Traffic
from groupwall.rules.values import Asked, Direction, Properties, Rule
from groupwall.store.changes import compact

Tags = tuple[tuple[str, str], ...]
_NAMES = {Direction.INGRESS: "Ingress", Direction.EGRESS: "Egress"}


class Left(NamedTuple):
    """A rule that is cut, and what is left of it: first what it becomes itself, None when it goes, then what joins.

    owner: the account of the group that it references, where that is another one.
    """

    rule: Rule
    itself: Properties | None
    others: tuple[Properties, ...]
    owner: str | None = None


class Step(NamedTuple):
    """One call of a plan. text: what it does. rules: those that it removes or replaces."""

    operation: str
    params: Json
    text: str
    rules: tuple[Rule, ...]


def left_of(cut: Mapping[str, Traffic], groups: Mapping[str, Sequence[Rule]], owners: Mapping[str, str]) -> list[Left]:
    """Return what is left of the rules that are cut, by group and rule. groups: every rule of theirs.

    What another rule of the group says already is not said again. owners: by rule the account of the group that it
    references, where that is another one: ModifySecurityGroupRules cannot name such a group, so the rule goes and all
    that is left of it joins anew.
    """
    found: list[Left] = []
    for rules in groups.values():
        said = {(rule.direction, rule.properties) for rule in rules if rule.id not in cut}
        for rule in rules:
            if rule.id in cut:
                rest = [one for one in pieces(rule.properties, cut[rule.id]) if (rule.direction, one) not in said]
                said |= {(rule.direction, one) for one in rest}
                owner = owners.get(rule.id)
                kept = 1 if rest and owner is None else 0
                found.append(Left(rule, rest[0] if kept else None, tuple(rest[kept:]), owner))
    return found


def steps(lefts: Sequence[Left], tags: Mapping[str, Tags], names: Mapping[str, str]) -> list[Step]:
    """Return the calls that leave of rules what is left: for each group, by name, revoke, then modify, then authorize.

    names: of groups by id; ids are drawn by chance, and a plan reads the same in every world like it.
    """
    by_group: dict[str, list[Left]] = {}
    for left in lefts:
        by_group.setdefault(left.rule.group_id, []).append(left)
    in_order = sorted(by_group, key=lambda group_id: (names.get(group_id, ""), group_id))
    return [
        step
        for group_id in in_order
        for step in (
            *_revokes(group_id, by_group[group_id], names),
            *_modify(group_id, by_group[group_id], names),
            *_joins(group_id, by_group[group_id], tags, names),
        )
    ]


def _revokes(group_id: str, lefts: Sequence[Left], names: Mapping[str, str]) -> Iterator[Step]:
    for direction in Direction:
        gone = tuple(left.rule for left in lefts if left.itself is None and left.rule.direction is direction)
        if gone:
            params = {"GroupId": group_id, "SecurityGroupRuleIds": [rule.id for rule in gone]}
            told = ", ".join(f"{rule.id} {properties_text(rule.properties, direction)}" for rule in gone)
            text = f"revoke {told} of {called(group_id, names)}"
            yield Step(f"RevokeSecurityGroup{_NAMES[direction]}", params, text, gone)


def _modify(group_id: str, lefts: Sequence[Left], names: Mapping[str, str]) -> Iterator[Step]:
    narrowed = [(left.rule, left.itself) for left in lefts if left.itself is not None]
    if narrowed:
        updates = [
            {"SecurityGroupRuleId": rule.id, "SecurityGroupRule": _request(properties, rule.description)}
            for rule, properties in narrowed
        ]
        told = ", ".join(
            f"{rule.id} {properties_text(rule.properties, rule.direction)} to {properties_text(one, rule.direction)}"
            for rule, one in narrowed
        )
        text = f"narrow {told} of {called(group_id, names)}"
        params = {"GroupId": group_id, "SecurityGroupRules": updates}
        yield Step("ModifySecurityGroupRules", params, text, tuple(rule for rule, _ in narrowed))


def _request(properties: Properties, description: str | None) -> Json:
    """Return properties as SecurityGroupRuleRequest."""
    protocol, (first, last), peer = properties
    told: dict[str, Any] = {"IpProtocol": protocol, "FromPort": first, "ToPort": last, MEMBERS[peer.kind]: peer.text}
    return told | ({"Description": description} if description else {})


def _joins(group_id: str, lefts: Sequence[Left], tags: Mapping[str, Tags], names: Mapping[str, str]) -> Iterator[Step]:
    """Yield what is authorized anew: rules of one direction, with the same tags and owner, in one call."""
    grouped: dict[tuple[Direction, Tags, str | None], list[Asked]] = {}
    for left in lefts:
        some = grouped.setdefault((left.rule.direction, tags.get(left.rule.id, ()), left.owner), [])
        some += [Asked(one, left.rule.description) for one in left.others]
    for (direction, mine, owner), asked in grouped.items():
        if asked:
            params: Json = {"GroupId": group_id, "IpPermissions": _owned(write_asked(asked), owner)}
            if mine:
                tagged = [{"Key": key, "Value": value} for key, value in mine]
                params["TagSpecifications"] = [{"ResourceType": "security-group-rule", "Tags": tagged}]
            told = ", ".join(properties_text(one.properties, direction) for one in asked)
            text = f"authorize what else is left: {told} in {called(group_id, names)}"
            yield Step(f"AuthorizeSecurityGroup{_NAMES[direction]}", params, text, ())


def _owned(permissions: Sequence[Json], owner: str | None) -> list[Json]:
    """Return permissions without empty lists, their groups with their account where it is another one."""
    told = [{name: value for name, value in one.items() if value != []} for one in permissions]
    for pair in (pair for one in told if owner for pair in one.get("UserIdGroupPairs", ())):
        pair["UserId"] = owner
    return told


def step_shown(step: Step, shown: Sequence[Json]) -> Json:
    """Return a step as CutStep. shown: its rules as RuleShown."""
    return {"Call": call_of(step), "Text": step.text, "Rules": list(shown)}


def call_of(step: Step) -> Json:
    """Return the call as ApplyChanges takes it."""
    return {"Operation": step.operation, "Parameters": compact(step.params)}
