"""Rules as replies show them, one by one [reference 4.5, 5.2, 10]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging, conditions, named
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.peerings.references import Pair, pairs_across
from groupwall.ops.tags import tag_list
from groupwall.rules import parsing
from groupwall.rules.permissions import MEMBERS
from groupwall.rules.values import Rule

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
    pairs = pairs_across(rules, context.tx, context.now)
    return [rule_described(rule, tag_list(tags.get(rule.id, ())), pairs, context) for rule in rules]


def _refuse_malformed_filter(values: Sequence[str]) -> None:
    """Refuse a group-id that is none [reference 10, live-test]; one with wildcards passes (inferred)."""
    for value in values:
        if "*" not in value and "?" not in value:
            try:
                parsing.group_id(value)
            except errors.ApiError:
                raise errors.group_id_malformed_in_filter(value) from None


def revoked(rule: Rule) -> dict[str, Any]:
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
    shown = revoked(rule)
    referenced = shown.pop("ReferencedGroupId", None)
    if referenced:
        pair = pairs.get((rule.group_id, referenced), {"UserId": context.world.account})
        told = {name: text for name, text in pair.items() if name != "GroupName"}
        shown["ReferencedGroupInfo"] = {"GroupId": referenced, **told}
    shown["GroupOwnerId"] = context.world.account
    shown["SecurityGroupRuleArn"] = context.arn(f"security-group-rule/{rule.id}")
    shown["Tags"] = tags
    return shown


OPERATIONS = (Operation("DescribeSecurityGroupRules", describe_security_group_rules, reads=True, on=()),)
