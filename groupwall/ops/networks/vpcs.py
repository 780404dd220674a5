"""VPCs: create, delete, describe [reference 7, 19]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groupwall import errors
from groupwall.iam.facts import Said
from groupwall.ops.blocks import association, drawn_ipv6_block, ipv4_block, is_ipv6
from groupwall.ops.filters import Paging, conditions, named, refuse_pages_of_ids
from groupwall.ops.groups.associations import remove_associations
from groupwall.ops.groups.groups import DEFAULT_DESCRIPTION, DEFAULT_NAME, add_group, remove_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.peerings.peerings import end_peerings
from groupwall.ops.permissions import ON_VPC, made
from groupwall.ops.places import find_vpc
from groupwall.ops.tags import attach_tags, tag_list, tags_given
from groupwall.rules import parsing
from groupwall.rules.values import Peer
from groupwall.store.entities import Group, Subnet, Vpc, VpcCidr

TENANCIES = ("default", "dedicated", "host")


def create_vpc(params: Params, context: Context) -> Result:
    """Create a VPC with its default group; the reply says ``pending``, as AWS's does [clients 2.21, recorded]."""
    refuse_unsupported(params, "CreateVpc", _UNSUPPORTED)
    tags = tags_given(params, "vpc")
    tenancy = params.get("InstanceTenancy", "default")
    if tenancy not in TENANCIES:
        message = f"Value ({tenancy}) for parameter instanceTenancy is invalid."
        raise errors.invalid_value(message)
    if params.get("CidrBlock") is None:
        raise errors.missing_parameter("cidrBlock")
    cidr = ipv4_block(params["CidrBlock"], "InvalidVpc.Range")
    ipv6 = wants_ipv6(params, context)
    vpc = Vpc(context.ids.new("vpc"), cidr, tenancy, is_default=False, dhcp_options_id=context.derived("dopt"))
    blocks = [VpcCidr(context.ids.new("vpc-cidr-assoc"), vpc.id, cidr)]
    add_vpc(context, vpc, blocks + ([new_ipv6_block(vpc.id, context)] if ipv6 else []))
    attach_tags(context, vpc.id, tags)
    return {"Vpc": described([vpc], context, "associating")[0] | {"State": "pending"}}


_UNSUPPORTED = (
    "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6NetmaskLength", "Ipv6Pool",
    "VpcEncryptionControl",
)  # fmt: skip


def wants_ipv6(params: Params, context: Context) -> bool:
    """Tell whether a call asks for an IPv6 block of Amazon's; the region's is the only border group (inferred)."""
    wanted = bool(params.get("AmazonProvidedIpv6CidrBlock"))
    border = params.get("Ipv6CidrBlockNetworkBorderGroup")
    if border is not None and not wanted:
        message = "ipv6CidrBlockNetworkBorderGroup requires amazonProvidedIpv6CidrBlock."
        raise errors.invalid_combination(message)
    if border not in (None, context.world.region):
        message = f"Value ({border}) for parameter ipv6CidrBlockNetworkBorderGroup is invalid."
        raise errors.invalid_value(message)
    return wanted


def new_ipv6_block(vpc_id: str, context: Context) -> VpcCidr:
    """Return a new IPv6 block for a VPC."""
    association_id = context.ids.new("vpc-cidr-assoc")
    return VpcCidr(association_id, vpc_id, drawn_ipv6_block(association_id))


def add_vpc(
    context: Context, vpc: Vpc, blocks: Sequence[VpcCidr], *, group_id: str = "", rule_ids: Sequence[str] = ()
) -> None:
    """Add a VPC, its blocks and its default group; ids for the group and its rules are drawn where none are given."""
    context.tx.add(vpc)
    for block in blocks:
        context.tx.add(block)
    group = Group(group_id or context.ids.new("sg"), vpc.id, DEFAULT_NAME, DEFAULT_DESCRIPTION)
    add_group(context, group, [Peer.of(group.id)], rule_ids=rule_ids)


def delete_vpc(params: Params, context: Context) -> Result:
    """Delete a VPC with its default group, unless other groups or subnets are left in it [reference 19, docs].

    Interfaces lie in subnets, so that those keep it too.
    """
    vpc = find_vpc(params["VpcId"], context)
    if context.tx.count(Group, "vpc_id", vpc.id) > 1 or context.tx.any(Subnet, "vpc_id", vpc.id):
        raise errors.vpc_in_use(vpc.id)
    for group in context.tx.of(Group, "vpc_id", vpc.id):
        remove_group(context, group)
    remove_associations(context, vpc.id)
    end_peerings(context, vpc.id)
    context.tx.remove(*context.tx.of(VpcCidr, "vpc_id", vpc.id), vpc)
    return {}


FILTERS = {
    "cidr": "cidr",
    "cidr-block": "cidr",
    "cidrBlock": "cidr",
    "cidr-block-association.association-id": "ipv4.association",
    "cidr-block-association.cidr-block": "ipv4.cidr",
    "cidr-block-association.state": "ipv4.state",
    "dhcp-options-id": "dhcp-options",
    "dhcpOptionsId": "dhcp-options",
    "ipv6-cidr-block-association.association-id": "ipv6.association",
    "ipv6-cidr-block-association.ipv6-cidr-block": "ipv6.cidr",
    "ipv6-cidr-block-association.ipv6-pool": "ipv6.pool",
    "ipv6-cidr-block-association.state": "ipv6.state",
    "is-default": "default",
    "isDefault": "default",
    "owner-id": "owner",
    "state": "state",
    "tag": "tag",
    "tag-key": "tag-key",
    "tag-value": "tag-value",
    "vpc-id": "id",
}


def describe_vpcs(params: Params, context: Context) -> Result:
    """Describe VPCs by id or filter, in the order of their ids."""
    refuse_pages_of_ids(params, "VpcIds")
    paging = Paging(params, context, "vpcs")
    ids = [parsing.vpc_id(vpc_id) for vpc_id in params.get("VpcIds", ())]
    wanted = conditions(params, FILTERS) + named(Vpc, ids, context, errors.vpc_not_found)
    vpcs, token = paging.listed(Vpc, wanted, described)
    return {"Vpcs": vpcs, "NextToken": token}


def described(vpcs: Sequence[Vpc], context: Context, ipv6_state: str = "associated") -> list[dict[str, Any]]:
    """Return VPCs as DescribeVpcs shows them. ipv6_state: of the IPv6 blocks, which come a moment later."""
    ids = [vpc.id for vpc in vpcs]
    blocks, tags = context.tx.by(VpcCidr, "vpc_id", ids), context.tx.tags_of(ids)

    def associations(vpc: Vpc, state: str, *, ipv6: bool) -> list[dict[str, Any]]:
        mine = [block for block in blocks.get(vpc.id, ()) if is_ipv6(block.cidr) is ipv6]
        # A secondary block's id may sort before the primary's, which is the first one that AWS shows (inferred).
        return [shown_block(block, state, context) for block in sorted(mine, key=lambda one: one.cidr != vpc.cidr)]

    return [
        {
            "VpcId": vpc.id,
            "OwnerId": context.world.account,
            "CidrBlock": vpc.cidr,
            "DhcpOptionsId": vpc.dhcp_options_id,
            "InstanceTenancy": vpc.tenancy,
            "IsDefault": vpc.is_default,
            "State": "available",
            "CidrBlockAssociationSet": associations(vpc, "associated", ipv6=False),
            "Ipv6CidrBlockAssociationSet": associations(vpc, ipv6_state, ipv6=True) or None,
            "Tags": tag_list(tags.get(vpc.id, ())) or None,
        }
        for vpc in vpcs
    ]


def shown_block(block: VpcCidr, state: str, context: Context) -> dict[str, Any]:
    """Return a block of a VPC as replies show it."""
    amazons = {"NetworkBorderGroup": context.world.region, "Ipv6Pool": "Amazon"} if is_ipv6(block.cidr) else {}
    return association(block.id, block.cidr, state) | amazons


def _tenancy_said(params: Params, context: Context) -> Said:
    del context
    return {"ec2:tenancy": (params.get("InstanceTenancy", TENANCIES[0]),)}


OPERATIONS = (
    Operation("CreateVpc", create_vpc, on=(made("vpc", say=_tenancy_said),)),
    Operation("DeleteVpc", delete_vpc, on=(ON_VPC,)),
    Operation("DescribeVpcs", describe_vpcs, reads=True, on=()),
)
