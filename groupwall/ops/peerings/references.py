"""Rules whose peer is a group of another VPC, across a peering connection or by an association [reference 13, 16].

An association lets a group be used in a VPC beside its own, and the rules of that VPC's groups name it. Such a rule has
a Reference, which tells where its group is. It stays when the group goes, or the way to it: the rule is stale then.
Whether it is follows from what there is now, so that a new connection between the VPCs, or a new association, mends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.operation import Context, Params
from groupwall.ops.peerings.peerings import ACTIVE, active_between, status_of
from groupwall.rules.values import Peer, PeerKind, Rule
from groupwall.store.entities import Group, Peering, Reference, VpcAssociation
from groupwall.store.reads import Reads
from groupwall.store.seen import Seen

Pair = dict[str, str]
"""What is told of a referenced group beside its id: ``UserId``, ``VpcId`` and, across a peering, the connection."""


class Place(NamedTuple):
    """Where a group of another VPC is, and the peering connection that leads there, "" for an association."""

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

    InvalidGroup.NotFound for a group that is not there, that is of another account and not named with it, or that
    neither an active peering within the Region nor an association leads to [reference 5.3, recorded]; one of another
    account does not exist then (inferred: nobody may try out what others have).
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
    active = active_between([group.vpc_id], context.tx) if away else {}
    ways = {vpc_id: peering.id for between, peering in active.items() for vpc_id in between - {group.vpc_id}}
    associated = _associated([one for one, (_, vpc_id) in away.items() if vpc_id not in ways], context.tx)
    for group_id, (account, vpc_id) in away.items():
        if vpc_id not in ways and (group_id, group.vpc_id) not in associated:
            raise errors.networks_differ() if account == context.world.account else errors.group_not_found(group_id)
    return {one: Place(account, vpc_id, ways.get(vpc_id, "")) for one, (account, vpc_id) in away.items()}


def _associated(group_ids: Sequence[str], tables: Reads | Seen) -> set[VpcAssociation]:
    """Return the associations of groups, which are all of this world."""
    found = tables.by(VpcAssociation, "group_id", group_ids) if group_ids else {}
    return {association for some in found.values() for association in some}


def place_references(context: Context, rules: Iterable[Rule], places: Mapping[str, Place]) -> None:
    """Keep where the groups are that new rules reference, as ``places_of`` found them."""
    for rule in rules:
        place = places.get(rule.properties.peer.text)
        if place:
            context.tx.add(Reference(rule.id, *place))


def drop_references(context: Context, rules: Iterable[Rule]) -> None:
    """Forget where the groups are that rules reference: they go, or are to name another peer."""
    context.tx.remove(*_references(rules, context.tx).values())


def remove_rules(context: Context, rules: Sequence[Rule]) -> None:
    """Remove rules with their tags and references: every way of removing rules goes through here."""
    context.tx.remove(*_references(rules, context.tx).values(), *rules)


def _references(rules: Iterable[Rule], tables: Reads | Seen) -> dict[str, Reference]:
    """Return the references by rule. Only a rule with another group as its peer can have one, so most cost nothing."""
    ids = [rule.id for rule in rules if rule.properties.peer.kind is PeerKind.GROUP and not _is_own(rule)]
    found = tables.by(Reference, "rule_id", ids) if ids else {}
    return {rule_id: some[0] for rule_id, some in found.items()}


def _is_own(rule: Rule) -> bool:
    return rule.properties.peer.text == rule.group_id


def pairs_across(rules: Sequence[Rule], tables: Reads | Seen, now: int) -> dict[tuple[str, str], Pair]:
    """Return (group, referenced group of another VPC) -> what DescribeSecurityGroups tells of the latter.

    A group that was deleted has neither UserId nor GroupName [reference 9, model]. The connection is the active one
    between the two VPCs, if there is any, else the one by which the rule was made [reference 13, docs]. Where it takes
    none, as the group is associated with the rule's VPC, the pair is UserId and VpcId; VpcId alone is left of it when
    the rule was made so and the association is gone (inferred). tables: as they are, or as they are seen; now: in
    milliseconds since 1970.
    """
    references = _references(rules, tables)
    if not references:
        return {}
    across = {
        (rule.group_id, rule.properties.peer.text): references[rule.id] for rule in rules if rule.id in references
    }
    homes = tables.by_id(Group, list({group_id for group_id, _ in across}))
    peers = tables.anywhere(Group, list({peer for _, peer in across}))
    ways = {pair: frozenset((homes[pair[0]].vpc_id, one.vpc_id)) for pair, one in across.items()}
    active = active_between(list({one.vpc_id for one in references.values()}), tables)
    made_by = tables.by_id(Peering, list({one.peering_id for one in references.values()}))
    associated = _associated(list({pair[1] for pair, between in ways.items() if between not in active}), tables)
    pairs = {}
    for (group_id, peer), reference in across.items():
        peering = active.get(ways[group_id, peer])
        if peering is None and (peer, homes[group_id].vpc_id) in associated:
            told = {"UserId": reference.account}
        else:
            name = peers[peer][1].name if peer in peers else None
            told = _told_across(peering or made_by.get(reference.peering_id), reference, name, now)
        pairs[group_id, peer] = {"VpcId": reference.vpc_id, **told}
    return pairs


def _told_across(peering: Peering | None, reference: Reference, name: str | None, now: int) -> Pair:
    """Return what is told of a group across a connection; ``name`` None for a group that is gone."""
    if peering is None:
        return {}
    told = {"VpcPeeringConnectionId": peering.id, "PeeringStatus": status_of(peering, now)[0]}
    return told if name is None else told | {"UserId": reference.account, "GroupName": name}


def is_stale(pair: Pair) -> bool:
    """Tell whether a rule with this pair is stale: its group is gone, or the way to it [reference 13, model]."""
    return "UserId" not in pair or pair.get("PeeringStatus", ACTIVE) != ACTIVE


def stale_rules(rules: Sequence[Rule], tables: Reads | Seen, now: int) -> dict[str, Pair]:
    """Return those of some rules that DescribeStaleSecurityGroups would tell, by id, with what it tells of their peer.

    Only a rule whose peer is a group of another VPC can be stale [reference 13].
    """
    pairs = pairs_across(rules, tables, now)
    told = {rule.id: pairs.get((rule.group_id, rule.properties.peer.text)) for rule in rules}
    return {rule_id: pair for rule_id, pair in told.items() if pair is not None and is_stale(pair)}
