"""Rules: authorize, revoke and describe, ingress and egress alike [reference 4, 5, 6, 10].

The heart is ``revoke``: exact matching, all or nothing, and the one difference that the default VPC makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging, conditions, named
from groupwall.ops.groups import find_group, group_of_default_vpc, refuse_no_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.references import Pair, owners_given, pairs_across, place_references, places_of, remove_rules
from groupwall.ops.tags import attach_tags, tag_list, tags_given
from groupwall.ops.weights import Lists, prefix_lists_of, weight
from groupwall.rules import parsing
from groupwall.rules.match import Match, match, new_or_refuse
from groupwall.rules.permissions import MEMBERS, read_asked, write_asked
from groupwall.rules.values import Asked, Direction, Peer, PeerKind, Rule
from groupwall.store.entities import Group, Vpc

EGRESS_UNSUPPORTED = (
    "CidrIp", "FromPort", "IpProtocol", "SourceSecurityGroupName", "SourceSecurityGroupOwnerId", "ToPort",
)  # fmt: skip
"""The members of the flat form, which egress has not [reference 5.1, model]."""


def revoke(params: Params, context: Context, *, direction: Direction) -> Result:
    """Remove the rules named by id or by properties; all of them or none.

    A rule that does not match is an error, InvalidPermission.NotFound, except in a default VPC, where it comes back in
    UnknownIpPermissions and the others go [reference 4.4, docs].
    """
    group, vpc = find_group(params, context)
    found, unknown = _named_rules(params, context, group, vpc, direction)
    if unknown and not vpc.is_default:
        raise errors.permission_not_found()
    remove_rules(context, found)
    return {
        "Return": True,
        "UnknownIpPermissions": write_asked(unknown) or None,
        "RevokedSecurityGroupRules": [_revoked(rule) for rule in found] or None,
    }


def _named_rules(params: Params, context: Context, group: Group, vpc: Vpc, direction: Direction) -> Match:
    rule_ids = params.get("SecurityGroupRuleIds")
    asked = read_asked(params, name_lookup(vpc, context))
    if rule_ids and asked:
        message = "Only one of 'ipPermissions' or 'securityGroupRuleIds' may be provided."
        raise errors.invalid_combination(message)
    if rule_ids:
        return Match(rules_by_id(rule_ids, context, group, direction), ())
    if not asked:
        raise errors.missing_permissions()
    refuse_unknown_prefix_lists(asked, prefix_lists_of((one.properties.peer for one in asked), context))
    return match(asked, context.tx.rules_like(group.id, direction, asked))


def rules_by_id(
    rule_ids: Sequence[str], context: Context, group: Group, direction: Direction | None = None
) -> tuple[Rule, ...]:
    """Return the group's rules of these ids, one named twice only once [reference 4.6, inferred].

    An id of another group or of the other direction is not found [4.1, inferred]; direction None: of either.
    """
    wanted = dict.fromkeys(parsing.rule_id(rule_id) for rule_id in rule_ids)
    rules = context.tx.by_id(Rule, list(wanted))
    for rule_id in wanted:
        rule = rules.get(rule_id)
        if rule is None or rule.group_id != group.id or direction not in (None, rule.direction):
            raise errors.rule_id_not_found(rule_id)
    return tuple(rules[rule_id] for rule_id in wanted)


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
    pairs = pairs_across(rules, context) if places else {}
    return {"Return": True, "SecurityGroupRules": [rule_described(rule, shown, pairs, context) for rule in rules]}


def _refuse_unfit(asked: Sequence[Asked], group: Group, direction: Direction, context: Context) -> None:
    """Refuse unknown prefix lists, rules that are there already, and more than the quota [reference 5.3]."""
    peers = [*peers_of(group.id, direction, context), *(one.properties.peer for one in asked)]
    lists = prefix_lists_of(peers, context)
    refuse_unknown_prefix_lists(asked, lists)
    new_or_refuse(asked, context.tx.rules_like(group.id, direction, asked))
    if weight(peers, lists) > context.quotas.rules_per_group:
        raise errors.rules_limit_exceeded()


def name_lookup(vpc: Vpc, context: Context) -> Callable[[str], str] | None:
    """Return what turns a group's name into its id, None where names are not allowed [reference 4.1, model]."""
    return (lambda name: group_of_default_vpc(name, context)[0].id) if vpc.is_default else None


def peers_of(group_id: str, direction: Direction, context: Context) -> list[Peer]:
    """Return the peer of every rule of a group in one direction."""
    return [Peer(PeerKind(kind), text) for kind, text in context.tx.peers(group_id, direction)]


def refuse_unknown_prefix_lists(asked: Sequence[Asked], lists: Lists) -> None:
    """Refuse a prefix list that this world has not; lists: those that it has [reference 3.3, issue]."""
    for one in asked:
        peer = one.properties.peer
        if peer.kind is PeerKind.PREFIX_LIST and peer.text not in lists:
            raise errors.prefix_list_not_found(peer.text)


FILTERS = {
    "group-id": "group",
    "security-group-rule-id": "id",
    "tag": "tag",
    "tag-key": "tag-key",
    "tag-value": "tag-value",
}


def describe_security_group_rules(params: Params, context: Context) -> Result:
    """Describe rules one by one, in the order of their ids [reference 10]."""
    paging = Paging(params, context, "rules")
    wanted = conditions(params, FILTERS)
    for condition in wanted:
        if condition.field == "group":
            _refuse_malformed_filter(condition.values)
    rule_ids = [parsing.rule_id(rule_id) for rule_id in params.get("SecurityGroupRuleIds", ())]
    wanted += named(Rule, rule_ids, context, errors.rule_id_not_found)
    rules, token = paging.listed(Rule, wanted, _described)
    return {"SecurityGroupRules": rules, "NextToken": token}


def _described(rules: Sequence[Rule], context: Context) -> list[dict[str, Any]]:
    tags = context.tx.tags_of([rule.id for rule in rules])
    pairs = pairs_across(rules, context)
    return [rule_described(rule, tag_list(tags.get(rule.id, ())), pairs, context) for rule in rules]


def _refuse_malformed_filter(values: Sequence[str]) -> None:
    """Refuse a group-id that is none [reference 10, live-test]; one with wildcards passes (inferred)."""
    for value in values:
        if "*" not in value and "?" not in value:
            try:
                parsing.group_id(value)
            except errors.ApiError:
                raise errors.group_id_malformed_in_filter(value) from None


def _revoked(rule: Rule) -> dict[str, Any]:
    """Return a rule as RevokedSecurityGroupRule: no owner, tags or ARN, the referenced group flat [reference 4.5]."""
    protocol, (first, last), peer = rule.properties
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group_id,
        "IsEgress": rule.direction.is_egress,
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        MEMBERS[peer.kind]: peer.text,
        "Description": rule.description,
    }


def rule_described(
    rule: Rule, tags: list[dict[str, str]] | None, pairs: Mapping[tuple[str, str], Pair], context: Context
) -> dict[str, Any]:
    """Return a rule as SecurityGroupRule [reference 5.2, 10]; tags None leaves the member out.

    pairs: what ``references.pairs_across`` tells of the groups of other VPCs.
    """
    shown = _revoked(rule)
    referenced = shown.pop("ReferencedGroupId", None)
    if referenced:
        pair = pairs.get((rule.group_id, referenced), {"UserId": context.world.account})
        told = {name: text for name, text in pair.items() if name != "GroupName"}
        shown["ReferencedGroupInfo"] = {"GroupId": referenced, **told}
    shown["GroupOwnerId"] = context.world.account
    shown["SecurityGroupRuleArn"] = context.arn(f"security-group-rule/{rule.id}")
    shown["Tags"] = tags
    return shown


def refuse_flat_form(params: Params) -> None:
    """Refuse a call without a group, and the flat form, which egress has not.

    The code was collected from RevokeSecurityGroupEgress [reference 1.4, live-test]; that the flat form is what
    raises it is inferred.
    """
    refuse_no_group(params)
    for name in EGRESS_UNSUPPORTED:
        if params.get(name) is not None:
            raise errors.ApiError("UnknownParameter", f"The parameter {name} is not recognized")


_OWNER = {"SourceSecurityGroupOwnerId": "not supported in today's model; old clients send it with the name [4.1]"}

OPERATIONS = (
    Operation(
        "AuthorizeSecurityGroupIngress",
        partial(authorize, direction=Direction.INGRESS),
        refuse_no_group,
        ignored=_OWNER,
    ),
    Operation("AuthorizeSecurityGroupEgress", partial(authorize, direction=Direction.EGRESS), refuse_flat_form),
    Operation(
        "RevokeSecurityGroupIngress", partial(revoke, direction=Direction.INGRESS), refuse_no_group, ignored=_OWNER
    ),
    Operation("RevokeSecurityGroupEgress", partial(revoke, direction=Direction.EGRESS), refuse_flat_form),
    Operation("DescribeSecurityGroupRules", describe_security_group_rules, reads=True),
)
