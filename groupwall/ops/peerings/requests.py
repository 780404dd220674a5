"""Requests for VPC peering connections, and the options of each side [reference 16]."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from groupwall import errors
from groupwall.iam.facts import Said
from groupwall.iam.resources import peer_arn
from groupwall.ops.blocks import DEFAULT_BLOCK
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.peerings.peerings import (
    ACTIVE,
    FAILED,
    PENDING,
    Side,
    described,
    find_peering,
    options,
    overlap,
    peerings_of,
    put,
    refuse_beyond_quota,
    sides_of,
    status_of,
)
from groupwall.ops.permissions import ON_PEERING, ON_VPC, attributes, made
from groupwall.ops.places import find_vpc
from groupwall.ops.tags import attach_tags, tags_given
from groupwall.regions import PARTITION_OF
from groupwall.rules import parsing
from groupwall.store.entities import Peering, VpcCidr, World

_ACCOUNT = re.compile(r"[0-9]{12}")
_FAILURE = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
"""The status message of a request that failed [issue: as the console shows it]."""


def create_vpc_peering_connection(params: Params, context: Context) -> Result:
    """Ask for a peering; the reply says ``initiating-request`` [docs], and the next look ``pending-acceptance``.

    It fails, which that look tells, for overlapping blocks [model] and for a VPC that another account has not [issue].
    """
    vpc_id = parsing.vpc_id(params["VpcId"])
    if params.get("PeerVpcId") is None:
        raise errors.missing_parameter("peerVpcId")
    peer_id, peer_world = parsing.vpc_id(params["PeerVpcId"]), _peer_world(params, context)
    tags = tags_given(params, "vpc-peering-connection")
    multipath = _multipath(params.get("RequesterPeeringConnectionOptions") or {}, context.world, peer_world)
    find_vpc(vpc_id, context)
    blocks = _blocks(peer_id, peer_world, context)
    if not blocks and peer_world.account == context.world.account:
        raise errors.vpc_not_found(peer_id)
    status, message = PENDING, f"Pending Acceptance by {peer_world.account}"
    if not blocks or overlap(context.tx.of(VpcCidr, "vpc_id", vpc_id), blocks):
        status, message = FAILED, _FAILURE
    _refuse_another(vpc_id, peer_id, context)
    peering = Peering(
        context.ids.new("pcx"), *context.world, vpc_id, *peer_world, peer_id, status, message, context.now,
        requester_dns=False, accepter_dns=False, requester_multipath=bool(multipath), accepter_multipath=False,
    )  # fmt: skip
    context.tx.add(peering)
    attach_tags(context, peering.id, tags)
    shown = peering._replace(status="initiating-request", message=f"Initiating Request to {peer_world.account}")
    return {"VpcPeeringConnection": described([shown], context)[0]}


def _peer_world(params: Params, context: Context) -> World:
    """Return the account and Region of the accepter; texts of the errors inferred."""
    account, region = params.get("PeerOwnerId", context.world.account), params.get("PeerRegion", context.world.region)
    if not _ACCOUNT.fullmatch(account):
        raise errors.invalid_value(f"Value ({account}) for parameter peerOwnerId is invalid.")
    if PARTITION_OF.get(region) != PARTITION_OF[context.world.region]:
        raise errors.invalid_value(f"Value ({region}) for parameter peerRegion is invalid.")
    return World(account, region)


def _blocks(vpc_id: str, world: World, context: Context) -> Sequence[VpcCidr]:
    """Return the blocks of a VPC of any world, none if it is not there.

    A world that has not begun has nothing but its default VPC, whose id is certain: docs/decisions/0004.
    """
    reads = context.tx if world == context.world else context.tx.at(world)
    if reads is not None:
        return reads.by(VpcCidr, "vpc_id", [vpc_id]).get(vpc_id, ())
    is_default = replace(context, world=world).derived("vpc") == vpc_id
    return [VpcCidr("", vpc_id, str(DEFAULT_BLOCK))] if is_default else []


def _refuse_another(vpc_id: str, peer_id: str, context: Context) -> None:
    """Refuse a second peering of two VPCs [reference 16, docs], and what is beyond the quotas [reference 21, docs]."""
    known = peerings_of([vpc_id], context).values()
    pending = [one for one in known if status_of(one, context.now)[0] == PENDING]
    for one in [*pending, *(one for one in known if one.status == ACTIVE)]:
        if {one.requester_vpc, one.accepter_vpc} == {vpc_id, peer_id}:
            raise errors.peering_exists(one.id)
    refuse_beyond_quota(vpc_id, context)
    if sum(one.requester_vpc == vpc_id for one in pending) >= context.quotas.peering_requests_per_vpc:
        raise errors.peering_requests_limit_exceeded(vpc_id)


_DNS, _MULTIPATH = "AllowDnsResolutionFromRemoteVpc", "AllowMultipathResilience"
_CLASSIC_LINK = ("AllowEgressFromLocalClassicLinkToRemoteVpc", "AllowEgressFromLocalVpcToRemoteClassicLink")


def _multipath(given: Mapping[str, Any], one: World, other: World) -> bool | None:
    """Return whether a side is to allow multipath resilience, None if nothing is said; errors inferred.

    It is for peerings between Regions, and a mode is only given where it is allowed [model].
    """
    allowed: bool | None = given.get(_MULTIPATH)
    mode = given.get("MultipathResilienceMode")
    if mode is not None and not allowed:
        raise errors.invalid_combination(f"MultipathResilienceMode needs {_MULTIPATH}")
    if mode not in (None, "always-on"):
        raise errors.invalid_value(f"Value ({mode}) for parameter multipathResilienceMode is invalid.")
    if allowed and one.region == other.region:
        raise errors.invalid_combination(f"{_MULTIPATH} is supported only between Regions")
    return allowed


def modify_vpc_peering_connection_options(params: Params, context: Context) -> Result:
    """Change what a side of an active peering allows; each side is its own account's, in its own Region [model]."""
    peering = find_peering(params["VpcPeeringConnectionId"], context)
    given = {side: params.get(f"{side.name.title()}PeeringConnectionOptions") for side in sides_of(peering)}
    if all(asked is None for asked in given.values()):
        raise errors.missing_parameter("accepterPeeringConnectionOptions or requesterPeeringConnectionOptions")
    if peering.status != ACTIVE:
        raise errors.peering_not_active(peering.id)
    for side, asked in given.items():
        if asked is not None:
            peering = put(context, peering, **_changed(side, asked, peering, context))
    return {
        f"{side.name.title()}PeeringConnectionOptions": options(side)
        for side, asked in zip(sides_of(peering), given.values(), strict=True)
        if asked is not None
    }


def _changed(side: Side, asked: Mapping[str, Any], peering: Peering, context: Context) -> dict[str, bool]:
    """Return the columns that change for a side; what is not given stays [model]."""
    if side.world.account != context.world.account:
        raise errors.peering_side_of_other_account(context.world.account, side.name)
    if side.world != context.world:
        raise errors.peering_side_of_other_region(side.name)
    if any(asked.get(name) for name in _CLASSIC_LINK):
        raise errors.unsupported_operation("ModifyVpcPeeringConnectionOptions with ClassicLink")
    requester, accepter = sides_of(peering)
    wanted = {"dns": asked.get(_DNS), "multipath": _multipath(asked, requester.world, accepter.world)}
    return {f"{side.name}_{name}": allowed for name, allowed in wanted.items() if allowed is not None}


def _sides_said(params: Params, context: Context) -> Said:
    """Return the condition keys of a peering that is asked for: the ARNs of the VPCs of both accounts."""
    peer = World(params.get("PeerOwnerId", context.world.account), params.get("PeerRegion", context.world.region))
    return {
        "ec2:requestervpc": (context.arn(f"vpc/{params['VpcId']}"),),
        "ec2:acceptervpc": (peer_arn(context.arn(f"vpc/{params.get('PeerVpcId')}"), peer),),
    }


OPERATIONS = (
    Operation(
        "CreateVpcPeeringConnection",
        create_vpc_peering_connection,
        on=(ON_VPC, made("vpc-peering-connection", say=_sides_said)),
    ),
    Operation(
        "ModifyVpcPeeringConnectionOptions",
        modify_vpc_peering_connection_options,
        on=(ON_PEERING._replace(say=attributes("VpcPeeringConnectionId")),),
    ),
)
