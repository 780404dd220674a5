"""VPC peering connections once they are asked for: their states, accept, reject, delete, describe [reference 16].

A peering lies in no single world: each side sees it, tags it, and may do its part. Nothing runs: a request that nobody
answered is expired by what the clock says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.ops.blocks import is_ipv6, overlaps
from groupwall.ops.filters import Paging, conditions, named, refuse_pages_of_ids
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.permissions import ON_PEERING
from groupwall.ops.tags import tag_list
from groupwall.rules import parsing
from groupwall.store.entities import Peering, VpcCidr, World
from groupwall.store.query import Where
from groupwall.store.reads import Reads
from groupwall.store.seen import Seen

PENDING, ACTIVE, FAILED, REJECTED, DELETED = "pending-acceptance", "active", "failed", "rejected", "deleted"
EXPIRES_AFTER = 7 * 24 * 60 * 60 * 1000
"""Milliseconds from a request until it expires [reference 16, docs]."""


class Side(NamedTuple):
    """One end of a peering. name: ``requester`` or ``accepter``. dns, multipath: what it allows to the other."""

    name: str
    world: World
    vpc_id: str
    dns: bool
    multipath: bool


def sides_of(peering: Peering) -> tuple[Side, Side]:
    """Return the requester and the accepter."""
    one = peering
    requester, accepter = (
        World(one.requester_account, one.requester_region), World(one.accepter_account, one.accepter_region),
    )  # fmt: skip
    return (
        Side("requester", requester, one.requester_vpc, one.requester_dns, one.requester_multipath),
        Side("accepter", accepter, one.accepter_vpc, one.accepter_dns, one.accepter_multipath),
    )


def status_of(peering: Peering, now: int) -> tuple[str, str]:
    """Return a peering's status and message at a time [reference 16, model; the text of expired inferred]."""
    if peering.status == PENDING and now >= peering.created + EXPIRES_AFTER:
        return "expired", "Expired"
    return peering.status, peering.message


def peerings_of(vpc_ids: Sequence[str], context: Context) -> dict[str, Peering]:
    """Return the peerings of VPCs of any world that are active or were asked for, perhaps too long ago, by id."""
    return {one.id: one for one in context.tx.live_peerings(vpc_ids)}


def blocks_of_peers(vpc_id: str, context: Context) -> list[str]:
    """Return the blocks of the VPCs of any world that a VPC has an active peering with."""
    active = [one for one in peerings_of([vpc_id], context).values() if one.status == ACTIVE]
    others = {side.vpc_id for one in active for side in sides_of(one)} - {vpc_id}
    return [block.cidr for blocks in context.tx.blocks_anywhere(sorted(others)).values() for block in blocks]


def references_groups(peering: Peering) -> bool:
    """Tell whether rules may reference groups across a peering: active and in one Region [reference 16, docs]."""
    return peering.status == ACTIVE and peering.requester_region == peering.accepter_region


def active_between(vpc_ids: Sequence[str], tables: Reads | Seen) -> dict[frozenset[str], Peering]:
    """Return the peerings of VPCs across which rules may reference groups, by the ids of the two VPCs."""
    found = [one for one in tables.live_peerings(vpc_ids) if references_groups(one)]
    return {frozenset((one.requester_vpc, one.accepter_vpc)): one for one in found}


def end_peerings(context: Context, vpc_id: str) -> None:
    """Delete what is active or asked for of a VPC that is deleted (inferred: the reference does not say)."""
    for peering in peerings_of([vpc_id], context).values():
        if status_of(peering, context.now)[0] in (PENDING, ACTIVE):
            put(context, peering, status=DELETED, message=f"Deleted by {context.world.account}")


def find_peering(given: str, context: Context) -> Peering:
    """Return a peering, if this world is one of its sides. InvalidVpcPeeringConnectionId.Malformed or -ID.NotFound."""
    return context.find(Peering, parsing.peering_id(given), errors.peering_not_found)


def put(context: Context, peering: Peering, **changed: Any) -> Peering:  # noqa: ANN401 - its columns
    """Change columns of a peering; return it as it is then."""
    after = peering._replace(**changed)
    context.tx.replace(peering, after)
    return after


def accept_vpc_peering_connection(params: Params, context: Context) -> Result:
    """Make a request active; the reply says ``provisioning`` [model].

    The accepter allows multipath resilience where the requester does [model]. Blocks that overlap by now stand in the
    way as they do in a request, which is refused as one that has failed (inferred).
    """
    peering = find_peering(params["VpcPeeringConnectionId"], context)
    _refuse_to_answer(peering, context, "accept", "provisioning")
    if _has_overlap(peering, context):
        raise errors.invalid_state_transition(peering.id, FAILED, "provisioning")
    for side in sides_of(peering):
        refuse_beyond_quota(side.vpc_id, context)
    active = put(context, peering, status=ACTIVE, message="Active", accepter_multipath=peering.requester_multipath)
    shown = active._replace(status="provisioning", message="Provisioning")
    return {"VpcPeeringConnection": described([shown], context)[0]}


def _has_overlap(peering: Peering, context: Context) -> bool:
    blocks = context.tx.blocks_anywhere([peering.requester_vpc, peering.accepter_vpc])
    return overlap(blocks.get(peering.requester_vpc, ()), blocks.get(peering.accepter_vpc, ()))


def overlap(mine: Sequence[VpcCidr], theirs: Sequence[VpcCidr]) -> bool:
    """Tell whether blocks of two VPCs share an address, so that the VPCs cannot be peered [model]."""
    taken = [block.cidr for block in theirs]
    return any(overlaps(block.cidr, taken) for block in mine)


def reject_vpc_peering_connection(params: Params, context: Context) -> Result:
    """Reject a request; the text of the status is [parity: moto]."""
    peering = find_peering(params["VpcPeeringConnectionId"], context)
    _refuse_to_answer(peering, context, "reject", REJECTED)
    put(context, peering, status=REJECTED, message="Inactive")
    return {"Return": True}


def _refuse_to_answer(peering: Peering, context: Context, verb: str, wanted: str) -> None:
    """Refuse to accept or reject for anyone but the accepter, where its VPC is, while the request is pending."""
    _, accepter = sides_of(peering)
    if accepter.world.account != context.world.account:
        raise errors.peering_not_permitted(context.world.account, verb, peering.id)
    if accepter.world != context.world:
        raise errors.peering_in_other_region(context.world.region, f"{verb}ed", peering.id, accepter.world.region)
    status, _ = status_of(peering, context.now)
    if status != PENDING:
        raise errors.invalid_state_transition(peering.id, status, wanted)


def refuse_beyond_quota(vpc_id: str, context: Context) -> None:
    """Refuse one more peering of a VPC that has as many active ones as it may [reference 21, docs]."""
    active = [one for one in peerings_of([vpc_id], context).values() if one.status == ACTIVE]
    if len(active) >= context.quotas.peerings_per_vpc:
        raise errors.peering_limit_exceeded(vpc_id)


def delete_vpc_peering_connection(params: Params, context: Context) -> Result:
    """Delete a peering: an active one either side may, one that is only asked for its requester alone [model].

    Rules that reference groups across it stay, and are stale from now on [reference 13].
    """
    peering = find_peering(params["VpcPeeringConnectionId"], context)
    status, _ = status_of(peering, context.now)
    if status not in (PENDING, ACTIVE):
        raise errors.invalid_state_transition(peering.id, status, "deleting")
    account = context.world.account
    if status == PENDING and peering.requester_account != account:
        raise errors.peering_not_permitted(account, "delete", peering.id)
    put(context, peering, status=DELETED, message=f"Deleted by {account}")
    return {"Return": True}


FILTERS = {
    "accepter-vpc-info.cidr-block": "accepter-cidr",
    "accepter-vpc-info.owner-id": "accepter-owner",
    "accepter-vpc-info.vpc-id": "accepter-vpc",
    "expiration-time": "expiration",
    "requester-vpc-info.cidr-block": "requester-cidr",
    "requester-vpc-info.owner-id": "requester-owner",
    "requester-vpc-info.vpc-id": "requester-vpc",
    "status-code": "status",
    "status-message": "message",
    "tag": "tag",
    "tag-key": "tag-key",
    "vpc-peering-connection-id": "id",
}


def describe_vpc_peering_connections(params: Params, context: Context) -> Result:
    """Describe the peerings of both sides by id or filter, in the order of their ids [model]."""
    refuse_pages_of_ids(params, "VpcPeeringConnectionIds")
    paging = Paging(params, context, "peerings")
    given = params.get("VpcPeeringConnectionIds", ())
    ids = [parsing.peering_id(one) for one in given]
    wanted = [_at(context.now, one) for one in conditions(params, FILTERS)]
    wanted += named(Peering, ids, context, errors.peering_not_found)
    peerings, token = paging.listed(Peering, wanted, described)
    return {"VpcPeeringConnections": peerings, "NextToken": token}


def _at(now: int, condition: Where) -> Where:
    """Return a condition as of now: a request made by ``key`` or before has expired."""
    return condition._replace(key=str(now - EXPIRES_AFTER)) if condition.field in _TIMED else condition


_TIMED = ("status", "message", "expiration", "requester-cidr")


def described(peerings: Sequence[Peering], context: Context) -> list[dict[str, Any]]:
    """Return peerings as DescribeVpcPeeringConnections shows them [reference 16, recorded]."""
    tags = context.tx.tags_of([peering.id for peering in peerings])
    blocks = context.tx.blocks_anywhere([side.vpc_id for peering in peerings for side in sides_of(peering)])
    shown = []
    for peering in peerings:
        status, message = status_of(peering, context.now)
        requester, accepter = sides_of(peering)
        shown.append({
            "VpcPeeringConnectionId": peering.id,
            "Status": {"Code": status, "Message": message},
            "ExpirationTime": peering.created + EXPIRES_AFTER if status in _ASKED else None,
            "RequesterVpcInfo": _side(requester, blocks, told=status in _ASKED + _PEERED),
            "AccepterVpcInfo": _side(accepter, blocks, told=status in _PEERED),
            "MultipathResilienceStatus": _multipath(peering),
            "Tags": tag_list(tags.get(peering.id, ())),
        })  # fmt: skip
    return shown


_ASKED = ("initiating-request", PENDING)
_PEERED = ("provisioning", ACTIVE)


def _side(side: Side, blocks: Mapping[str, Sequence[VpcCidr]], *, told: bool) -> dict[str, Any]:
    """Return one side; its blocks and options only where ``told``: the accepter's need an active peering [recorded]."""
    account, region = side.world
    shown: dict[str, Any] = {"OwnerId": account, "VpcId": side.vpc_id, "Region": region}
    if not told:
        return shown
    cidrs = [block.cidr for block in blocks.get(side.vpc_id, ())]
    ipv4 = [{"CidrBlock": cidr} for cidr in cidrs if not is_ipv6(cidr)]
    ipv6 = [{"Ipv6CidrBlock": cidr} for cidr in cidrs if is_ipv6(cidr)]
    return {
        **shown, **ipv4[0], "CidrBlockSet": ipv4, "Ipv6CidrBlockSet": ipv6 or None, "PeeringOptions": options(side),
    }  # fmt: skip


def options(side: Side) -> dict[str, Any]:
    """Return a side's options; ClassicLink's are always false: there is none any more [recorded]."""
    multipath = {"AllowMultipathResilience": True, "MultipathResilienceMode": "always-on"} if side.multipath else {}
    return {
        "AllowDnsResolutionFromRemoteVpc": side.dns,
        "AllowEgressFromLocalClassicLinkToRemoteVpc": False,
        "AllowEgressFromLocalVpcToRemoteClassicLink": False,
        **multipath,
    }


def _multipath(peering: Peering) -> str | None:
    """Return whether multipath resilience is in effect [model]; left out where neither side asks for it (inferred)."""
    allowed = peering.requester_multipath + peering.accepter_multipath
    return (None, "pending", "enabled")[allowed]


def _vpc_touched(params: Params, context: Context) -> list[str]:
    """Return the accepter's VPC."""
    peering = context.tx.get(Peering, params["VpcPeeringConnectionId"])
    return [peering.accepter_vpc] if peering else []


OPERATIONS = (
    Operation("AcceptVpcPeeringConnection", accept_vpc_peering_connection, on=(On("vpc", _vpc_touched), ON_PEERING)),
    Operation("RejectVpcPeeringConnection", reject_vpc_peering_connection, on=(ON_PEERING,)),
    Operation("DeleteVpcPeeringConnection", delete_vpc_peering_connection, on=(ON_PEERING,)),
    Operation("DescribeVpcPeeringConnections", describe_vpc_peering_connections, reads=True, on=()),
)
