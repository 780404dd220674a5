"""Revoke, the heart of it all: exact matching, all or nothing, and the one difference that the default VPC makes.

Ingress and egress alike [reference 4, 6].
"""

from __future__ import annotations

from functools import partial

from groupwall import errors
from groupwall.ops.groups.groups import ON_GROUP, find_group, refuse_no_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.peerings.references import remove_rules
from groupwall.ops.rules.described import revoked
from groupwall.ops.rules.named import OWNER, name_lookup, refuse_flat_form, refuse_unknown_prefix_lists, rules_by_id
from groupwall.ops.rules.weights import prefix_lists_of
from groupwall.rules.match import Match, match
from groupwall.rules.permissions import read_asked, write_asked
from groupwall.rules.values import Direction
from groupwall.store.entities import Group, Vpc


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
        "RevokedSecurityGroupRules": [revoked(rule) for rule in found] or None,
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


OPERATIONS = (
    Operation(
        "RevokeSecurityGroupIngress",
        partial(revoke, direction=Direction.INGRESS),
        refuse_no_group,
        ignored=OWNER,
        on=(ON_GROUP,),
    ),
    Operation(
        "RevokeSecurityGroupEgress", partial(revoke, direction=Direction.EGRESS), refuse_flat_form, on=(ON_GROUP,)
    ),
)
