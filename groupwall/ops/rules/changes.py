"""Rules changed in place: replaced, or given another description; id, direction and tags stay [reference 11, 12]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from groupwall import errors
from groupwall.ops.groups.groups import ON_GROUP, find_group, refuse_no_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.peerings.references import drop_references, place_references, places_of
from groupwall.ops.permissions import named
from groupwall.ops.rules.named import name_lookup, refuse_unknown_prefix_lists, rules_by_id
from groupwall.ops.rules.weights import peers_of, prefix_lists_of, weight
from groupwall.rules import parsing
from groupwall.rules.match import duplicate_text, match, new_or_refuse
from groupwall.rules.permissions import read_asked, read_rule
from groupwall.rules.values import Asked, Direction, PeerKind, Rule
from groupwall.store.entities import Group

Replacement = tuple[Rule, Rule]
"""A rule before and after."""


def modify_security_group_rules(params: Params, context: Context) -> Result:
    """Replace whole rules, of both directions; all of them or none [reference 11].

    What a request leaves out is no longer there, the description too [live-test]. A group that stays a rule's source is
    not looked for again: the rule may have outlived the way to it (inferred).
    """
    group, _ = find_group(params, context)
    updates = params["SecurityGroupRules"]
    rules = _each_once([update["SecurityGroupRuleId"] for update in updates], context, group)
    asked = [read_rule(update.get("SecurityGroupRule") or {}) for update in updates]
    changes = [_changed(*pair) for pair in zip(rules, asked, strict=True)]
    refuse_unknown_prefix_lists(asked, prefix_lists_of((one.properties.peer for one in asked), context))
    moved = [(before, after) for before, after in changes if before.properties.peer != after.properties.peer]
    places = places_of((after.properties.peer for _, after in moved), {}, group, context)
    for direction in Direction:
        mine = [change for change in changes if change[0].direction is direction]
        if mine:
            _refuse_duplicates(mine, context)
            _refuse_beyond_quota(mine, context)
    drop_references(context, [before for before, _ in moved])
    context.tx.replace_all([(before, after) for before, after in changes if before != after])
    place_references(context, [after for _, after in moved], places)
    return {"Return": True}


def _each_once(
    rule_ids: Sequence[str], context: Context, group: Group, direction: Direction | None = None
) -> tuple[Rule, ...]:
    """Return the group's rules of these ids, none of which may be named twice (inferred, as in 5.3)."""
    rules = rules_by_id(rule_ids, context, group, direction)
    if len(rules) < len(rule_ids):
        raise errors.same_permission_twice()
    return rules


def _changed(rule: Rule, asked: Asked) -> Replacement:
    """Return a rule and what it is to become; the kind of its source cannot change [reference 11, recorded]."""
    given, stored = asked.properties.peer.kind, rule.properties.peer.kind
    if given is not stored:
        raise errors.other_kind_of_source(f"{_ARTICLE[given]} {_SOURCE[given]}", f"an existing {_SOURCE[stored]}")
    return rule, rule._replace(properties=asked.properties, description=asked.description or None)


_SOURCE = {
    PeerKind.IPV4: "IPv4 CIDR",
    PeerKind.IPV6: "IPv6 CIDR",
    PeerKind.PREFIX_LIST: "prefix list id",
    PeerKind.GROUP: "referenced group id",
}
_ARTICLE = {PeerKind.IPV4: "an", PeerKind.IPV6: "an", PeerKind.PREFIX_LIST: "a", PeerKind.GROUP: "a"}


def _refuse_duplicates(changes: Sequence[Replacement], context: Context) -> None:
    """Refuse changes of one direction that make a rule equal to another, changed or not [reference 11, inferred].

    Rules may change places: only those that stay as they are stand in the way.
    """
    asked = [Asked(after.properties, None) for _, after in changes]
    changing = {before.id for before, _ in changes}
    like = context.tx.rules_like(changes[0][0].group_id, changes[0][0].direction, asked)
    new_or_refuse(asked, [rule for rule in like if rule.id not in changing])
    wanted = set()
    for one in asked:
        if one.properties in wanted:
            raise errors.permission_duplicate(duplicate_text(one.properties))
        wanted.add(one.properties)


def _refuse_beyond_quota(changes: Sequence[Replacement], context: Context) -> None:
    """Refuse changes of one direction that make their group too heavy; only another prefix list can."""
    moved = [(before.properties.peer, after.properties.peer) for before, after in changes]
    moved = [pair for pair in moved if pair[0].kind is PeerKind.PREFIX_LIST and pair[0] != pair[1]]
    if not moved:
        return
    rule = changes[0][0]
    peers = peers_of(rule.group_id, rule.direction, context)
    for before, after in moved:
        peers.remove(before)
        peers.append(after)
    if weight(peers, prefix_lists_of(peers, context)) > context.quotas.rules_per_group:
        raise errors.rules_limit_exceeded()


def update_descriptions(params: Params, context: Context, *, direction: Direction) -> Result:
    """Describe rules anew, named by their properties or by id; what has no description loses it [reference 12].

    A rule that is not there refuses the call, in the default VPC too: there is no way to tell of it (inferred).
    """
    group, vpc = find_group(params, context)
    by_id = params.get("SecurityGroupRuleDescriptions")
    asked = read_asked(params, name_lookup(vpc, context))
    if by_id and asked:
        message = "Only one of 'ipPermissions' or 'securityGroupRuleDescriptions' may be provided."
        raise errors.invalid_combination(message)
    if by_id:
        changes = _described_by_id(by_id, context, group, direction)
    elif asked:
        changes = _described(asked, context, group, direction)
    else:
        raise errors.missing_descriptions()
    for before, after in changes:
        context.tx.replace(before, after)
    return {"Return": True}


def _described_by_id(
    given: Sequence[Mapping[str, Any]], context: Context, group: Group, direction: Direction
) -> list[Replacement]:
    texts = [parsing.description(one.get("Description", "")) for one in given]
    rules = _each_once([one.get("SecurityGroupRuleId", "") for one in given], context, group, direction)
    return [(rule, rule._replace(description=text or None)) for rule, text in zip(rules, texts, strict=True)]


def _described(asked: Sequence[Asked], context: Context, group: Group, direction: Direction) -> list[Replacement]:
    refuse_unknown_prefix_lists(asked, prefix_lists_of((one.properties.peer for one in asked), context))
    plain = [Asked(one.properties, None) for one in asked]
    rules, unknown = match(plain, context.tx.rules_like(group.id, direction, plain))
    if unknown:
        raise errors.permission_not_found()
    return [(rule, rule._replace(description=one.description or None)) for rule, one in zip(rules, asked, strict=True)]


_PREFIX_LISTS = named("prefix-list", "SecurityGroupRules.SecurityGroupRule.PrefixListId", optional=True)
OPERATIONS = (
    Operation(
        "ModifySecurityGroupRules",
        modify_security_group_rules,
        refuse_no_group,
        on=(ON_GROUP, named("security-group-rule", "SecurityGroupRules.SecurityGroupRuleId"), _PREFIX_LISTS),
    ),
    Operation(
        "UpdateSecurityGroupRuleDescriptionsIngress",
        partial(update_descriptions, direction=Direction.INGRESS),
        refuse_no_group,
        on=(ON_GROUP,),
    ),
    Operation(
        "UpdateSecurityGroupRuleDescriptionsEgress",
        partial(update_descriptions, direction=Direction.EGRESS),
        refuse_no_group,
        on=(ON_GROUP,),
    ),
)
