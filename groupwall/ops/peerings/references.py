"""Rules whose peer is a group of another VPC, across a peering connection [reference 13, 16].

Such a rule has a Reference, which tells where its group is. It stays when the group or the connection goes: the rule is
stale then. Whether it is follows from what there is now, so that a new connection between the VPCs mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.operation import Context, Params
from groupwall.ops.peerings.peerings import ACTIVE, active_peerings, peerings_of, references_groups, status_of
from groupwall.rules.values import Peer, PeerKind, Rule
from groupwall.store.entities import Group, Peering, Reference

Pair = dict[str, str]
"""What is told of a referenced group beside its id: ``UserId`` and, across a peering, ``VpcId`` and so on."""


class Place(NamedTuple):
    """Where a group of another VPC is, and the peering connection that leads there."""

    account: str
    vpc_id: str
    peering_id: str


def owners_given(params: Params) -> dict[str, str]:
    """Return the UserId that a call's pairs give for each group: another account's needs it [reference 5.1, docs]."""
    return {
        pair["GroupId"]: pair["UserId"]
        for permission in params.get("IpPermissions") or ()
        for pair in permission.get("UserIdGroupPairs") or ()
        if pair.get("GroupId") is not None and pair.get("UserId") is not None
    }


def places_of(peers: Iterable[Peer], owners: Mapping[str, str], group: Group, context: Context) -> dict[str, Place]:
    """Return where those referenced groups are that lie in another VPC than ``group``, whose rules name them; by id.

    InvalidGroup.NotFound for a group that is not there, that is of another account and not named with it, or that no
    active peering leads to within the Region [reference 5.3, recorded]; one of another account does not exist then
    (inferred: nobody may try out what others have).
    """
    wanted = sorted({peer.text for peer in peers if peer.kind is PeerKind.GROUP})
    found = context.tx.anywhere(Group, wanted) if wanted else {}
    away: dict[str, tuple[str, str]] = {}
    for group_id in wanted:
        if group_id not in found:
            raise errors.group_not_found(group_id)
        (account, region), other = found[group_id]
        if region != context.world.region or account not in (context.world.account, owners.get(group_id)):
            raise errors.group_not_found(group_id)
        if other.vpc_id != group.vpc_id:
            away[group_id] = (account, other.vpc_id)
    peerings = active_peerings(group.vpc_id, context) if away else {}
    for group_id, (account, vpc_id) in away.items():
        if vpc_id not in peerings:
            raise errors.networks_differ() if account == context.world.account else errors.group_not_found(group_id)
    return {one: Place(account, vpc_id, peerings[vpc_id].id) for one, (account, vpc_id) in away.items()}


def place_references(context: Context, rules: Iterable[Rule], places: Mapping[str, Place]) -> None:
    """Keep where the groups are that new rules reference, as ``places_of`` found them."""
    for rule in rules:
        place = places.get(rule.properties.peer.text)
        if place:
            context.tx.add(Reference(rule.id, *place))


def drop_references(context: Context, rules: Iterable[Rule]) -> None:
    """Forget where the groups are that rules reference: they go, or are to name another peer."""
    context.tx.remove(*_references(context, rules).values())


def remove_rules(context: Context, rules: Sequence[Rule]) -> None:
    """Remove rules with their tags and references: every way of removing rules goes through here."""
    context.tx.remove(*_references(context, rules).values(), *rules)


def _references(context: Context, rules: Iterable[Rule]) -> dict[str, Reference]:
    """Return the references by rule. Only a rule with another group as its peer can have one, so most cost nothing."""
    ids = [rule.id for rule in rules if rule.properties.peer.kind is PeerKind.GROUP and not _is_own(rule)]
    found = context.tx.by(Reference, "rule_id", ids) if ids else {}
    return {rule_id: some[0] for rule_id, some in found.items()}


def _is_own(rule: Rule) -> bool:
    return rule.properties.peer.text == rule.group_id


def pairs_across(rules: Sequence[Rule], context: Context) -> dict[tuple[str, str], Pair]:
    """Return (group, referenced group of another VPC) -> what DescribeSecurityGroups tells of the latter.

    A group that was deleted has neither UserId nor GroupName [reference 9, model]. The connection is the active one
    between the two VPCs, if there is any, else the one by which the rule was made [reference 13, docs].
    """
    references = _references(context, rules)
    if not references:
        return {}
    across = [rule for rule in rules if rule.id in references]
    homes = context.tx.by_id(Group, list({rule.group_id for rule in across}))
    peers = context.tx.anywhere(Group, list({rule.properties.peer.text for rule in across}))
    peerings = peerings_of(list({one.vpc_id for one in references.values()}), context)
    active = {frozenset((p.requester_vpc, p.accepter_vpc)): p for p in peerings.values() if references_groups(p)}
    made_by = context.tx.by_id(Peering, list({one.peering_id for one in references.values()}))
    pairs = {}
    for rule in across:
        reference, peer = references[rule.id], rule.properties.peer.text
        between = frozenset((homes[rule.group_id].vpc_id, reference.vpc_id))
        peering = active.get(between) or made_by[reference.peering_id]
        pairs[rule.group_id, peer] = {
            "VpcId": reference.vpc_id,
            "VpcPeeringConnectionId": peering.id,
            "PeeringStatus": status_of(peering, context.now)[0],
        } | ({"UserId": reference.account, "GroupName": peers[peer][1].name} if peer in peers else {})
    return pairs


def is_stale(pair: Pair) -> bool:
    """Tell whether a rule with this pair is stale: its group is gone, or the connection to it [reference 13, model]."""
    return pair["PeeringStatus"] != ACTIVE or "UserId" not in pair
