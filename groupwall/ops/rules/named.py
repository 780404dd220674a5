"""What calls about rules name: a group's rules by id, groups by name, prefix lists; and what egress has not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from groupwall import errors
from groupwall.ops.groups.groups import group_of_default_vpc, refuse_no_group
from groupwall.ops.operation import Context, Params
from groupwall.ops.rules.weights import Lists
from groupwall.rules import parsing
from groupwall.rules.values import Asked, Direction, PeerKind, Rule
from groupwall.store.entities import Group, Vpc

EGRESS_UNSUPPORTED = (
    "CidrIp", "FromPort", "IpProtocol", "SourceSecurityGroupName", "SourceSecurityGroupOwnerId", "ToPort",
)  # fmt: skip
"""The members of the flat form, which egress has not [reference 5.1, model]."""

OWNER = {"SourceSecurityGroupOwnerId": "not supported in today's model; old clients send it with the name [4.1]"}
"""Ignored by authorize and revoke of ingress."""


def refuse_flat_form(params: Params) -> None:
    """Refuse a call without a group, and the flat form, which egress has not.

    The code was collected from RevokeSecurityGroupEgress [reference 1.4, live-test]; that the flat form is what
    raises it is inferred.
    """
    refuse_no_group(params)
    for name in EGRESS_UNSUPPORTED:
        if params.get(name) is not None:
            raise errors.ApiError("UnknownParameter", f"The parameter {name} is not recognized")


def name_lookup(vpc: Vpc, context: Context) -> Callable[[str], str] | None:
    """Return what turns a group's name into its id, None where names are not allowed [reference 4.1, model]."""
    return (lambda name: group_of_default_vpc(name, context)[0].id) if vpc.is_default else None


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


def refuse_unknown_prefix_lists(asked: Sequence[Asked], lists: Lists) -> None:
    """Refuse a prefix list that this world has not; lists: those that it has [reference 3.3, issue]."""
    for one in asked:
        peer = one.properties.peer
        if peer.kind is PeerKind.PREFIX_LIST and peer.text not in lists:
            raise errors.prefix_list_not_found(peer.text)
