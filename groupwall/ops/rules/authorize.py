"""Authorize: new rules, ingress and egress alike [reference 5]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from groupwall import errors
from groupwall.ops.groups.groups import ON_GROUP, find_group, refuse_no_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.peerings.references import owners_given, pairs_across, place_references, places_of
from groupwall.ops.permissions import made
from groupwall.ops.rules.described import rule_described
from groupwall.ops.rules.named import OWNER, name_lookup, refuse_flat_form, refuse_unknown_prefix_lists
from groupwall.ops.rules.weights import peers_of, prefix_lists_of, weight
from groupwall.ops.tags import attach_tags, tags_given
from groupwall.rules.match import new_or_refuse
from groupwall.rules.permissions import read_asked
from groupwall.rules.values import Asked, Direction, Rule
from groupwall.store.entities import Group


def authorize(params: Params, context: Context, *, direction: Direction) -> Result:
    """Add one rule for each source of each permission; all of them or none [reference 5]."""
    tags = tags_given(params, "security-group-rule")
    group, vpc = find_group(params, context)
    asked = read_asked(params, name_lookup(vpc, context))
    if not asked:
        raise errors.missing_parameter("ipPermissions")
    places = places_of((one.properties.peer for one in asked), owners_given(params), group, context)
    _refuse_unfit(asked, group, direction, context)
    rules = [
        Rule(context.ids.new("sgr"), group.id, direction, one.properties, one.description or None) for one in asked
    ]
    for rule in rules:
        context.tx.add(rule)
        attach_tags(context, rule.id, tags)
    place_references(context, rules, places)
    shown = [{"Key": key, "Value": value} for key, value in tags.items()] or None
    pairs = pairs_across(rules, context.tx, context.now) if places else {}
    return {"Return": True, "SecurityGroupRules": [rule_described(rule, shown, pairs, context) for rule in rules]}


def _refuse_unfit(asked: Sequence[Asked], group: Group, direction: Direction, context: Context) -> None:
    """Refuse unknown prefix lists, rules that are there already, and more than the quota [reference 5.3]."""
    peers = [*peers_of(group.id, direction, context), *(one.properties.peer for one in asked)]
    lists = prefix_lists_of(peers, context)
    refuse_unknown_prefix_lists(asked, lists)
    new_or_refuse(asked, context.tx.rules_like(group.id, direction, asked))
    if weight(peers, lists) > context.quotas.rules_per_group:
        raise errors.rules_limit_exceeded()


_NEW_RULE = made("security-group-rule", optional=True)
OPERATIONS = (
    Operation(
        "AuthorizeSecurityGroupIngress",
        partial(authorize, direction=Direction.INGRESS),
        refuse_no_group,
        ignored=OWNER,
        on=(ON_GROUP, _NEW_RULE),
    ),
    Operation(
        "AuthorizeSecurityGroupEgress",
        partial(authorize, direction=Direction.EGRESS),
        refuse_flat_form,
        on=(ON_GROUP, _NEW_RULE),
    ),
)
