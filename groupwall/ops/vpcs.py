"""VPCs and subnets, as far as groups need them [reference 7, 19]."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging, conditions, named, refuse_pages_of_ids
from groupwall.ops.groups import DEFAULT_DESCRIPTION, DEFAULT_NAME, add_group, groups_left, remove_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.tags import attach, tag_list, tags_given
from groupwall.ops.zones import zone_id
from groupwall.rules import parsing
from groupwall.rules.values import Peer
from groupwall.store.entities import Group, Subnet, Vpc, VpcCidr
from groupwall.store.query import Where

TENANCIES = ("default", "dedicated", "host")
IPV6_POOL = "2600:1f00::/24"
"""Where the IPv6 blocks of VPCs come from, each a /56 chosen by the VPC's id."""


def create_vpc(params: Params, context: Context) -> Result:
    """Create a VPC with its default group; the reply says ``pending``, as AWS's does [clients 2.21, recorded]."""
    unsupported = [name for name in _UNSUPPORTED if params.get(name) is not None]
    if unsupported:
        raise errors.unsupported_operation(f"CreateVpc with {unsupported[0]}")
    tags = tags_given(params, "vpc")
    tenancy = params.get("InstanceTenancy", "default")
    if tenancy not in TENANCIES:
        message = f"Value ({tenancy}) for parameter instanceTenancy is invalid."
        raise errors.invalid_value(message)
    vpc = Vpc(
        context.ids.new("vpc"),
        _block(params.get("CidrBlock")),
        tenancy,
        is_default=False,
        dhcp_options_id=_dhcp_options(context),
    )
    blocks = [vpc.cidr] + ([_ipv6_block(vpc.id)] if params.get("AmazonProvidedIpv6CidrBlock") else [])
    add_vpc(context, vpc, [VpcCidr(context.ids.new("vpc-cidr-assoc"), vpc.id, cidr) for cidr in blocks])
    attach(context, vpc.id, tags)
    return {"Vpc": _described([vpc], context)[0] | {"State": "pending"}}


_UNSUPPORTED = (
    "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6CidrBlockNetworkBorderGroup", "Ipv6IpamPoolId",
    "Ipv6NetmaskLength", "Ipv6Pool", "VpcEncryptionControl",
)  # fmt: skip


def add_vpc(
    context: Context, vpc: Vpc, blocks: Sequence[VpcCidr], *, group_id: str = "", rule_ids: Sequence[str] = ()
) -> None:
    """Add a VPC, its blocks and its default group; ids for the group and its rules are drawn where none are given."""
    context.tx.add(vpc)
    for block in blocks:
        context.tx.add(block)
    group = Group(group_id or context.ids.new("sg"), vpc.id, DEFAULT_NAME, DEFAULT_DESCRIPTION)
    add_group(context, group, [Peer.of(group.id)], rule_ids=rule_ids)


def _block(cidr: str | None) -> str:
    """Return a VPC's IPv4 block in canonical form; /16 to /28 [docs: CreateVpc; text for another size inferred]."""
    if cidr is None:
        raise errors.missing_parameter("cidrBlock")
    try:
        block = ipaddress.IPv4Network(parsing.ipv4_cidr(cidr))
    except errors.ApiError:
        raise errors.vpc_cidr_malformed(cidr) from None
    if not 16 <= block.prefixlen <= 28:  # noqa: PLR2004 - said in the docstring
        raise errors.ApiError("InvalidVpc.Range", f"The CIDR '{cidr}' is invalid.")
    return str(block)


def _ipv6_block(vpc_id: str) -> str:
    pool = ipaddress.IPv6Network(IPV6_POOL)
    chosen = int(vpc_id.partition("-")[2], 16) % (1 << (56 - pool.prefixlen))
    return f"{pool.network_address + (chosen << 72)}/56"


def _dhcp_options(context: Context) -> str:
    return context.derived("dopt")


def delete_vpc(params: Params, context: Context) -> Result:
    """Delete a VPC with its default group, unless other groups or subnets are left in it [reference 19, docs]."""
    vpc_id = parsing.vpc_id(params["VpcId"])
    vpc = context.tx.get(Vpc, vpc_id)
    if vpc is None:
        raise errors.vpc_not_found(vpc_id)
    groups = groups_left(vpc, context)
    if len(groups) > 1 or context.tx.listed(Subnet, [Where("vpc", (vpc_id,))]):
        raise errors.vpc_in_use(vpc_id)
    for group in groups:
        remove_group(context, group)
    context.tx.remove(*context.tx.by(VpcCidr, "vpc_id", [vpc_id]).get(vpc_id, ()), vpc)
    return {}


VPC_FILTERS = {
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
    wanted = conditions(params, VPC_FILTERS) + named(Vpc, ids, context, errors.vpc_not_found)
    vpcs, token = paging.split(context.tx.listed(Vpc, wanted, paging.page()), attrgetter("id"))
    return {"Vpcs": _described(vpcs, context), "NextToken": token}


def _described(vpcs: Sequence[Vpc], context: Context) -> list[dict[str, Any]]:
    ids = [vpc.id for vpc in vpcs]
    blocks, tags = context.tx.by(VpcCidr, "vpc_id", ids), context.tx.tags_of(ids)
    return [
        {
            "VpcId": vpc.id,
            "OwnerId": context.world.account,
            "CidrBlock": vpc.cidr,
            "DhcpOptionsId": vpc.dhcp_options_id,
            "InstanceTenancy": vpc.tenancy,
            "IsDefault": vpc.is_default,
            "State": "available",
            "CidrBlockAssociationSet": [_ipv4(b) for b in blocks.get(vpc.id, ()) if ":" not in b.cidr],
            "Ipv6CidrBlockAssociationSet": [_ipv6(b, context) for b in blocks.get(vpc.id, ()) if ":" in b.cidr] or None,
            "Tags": tag_list(tags.get(vpc.id, ())) or None,
        }
        for vpc in vpcs
    ]


def _ipv4(block: VpcCidr) -> dict[str, Any]:
    return {"AssociationId": block.id, "CidrBlock": block.cidr, "CidrBlockState": {"State": "associated"}}


def _ipv6(block: VpcCidr, context: Context) -> dict[str, Any]:
    return {
        "AssociationId": block.id,
        "Ipv6CidrBlock": block.cidr,
        "Ipv6CidrBlockState": {"State": "associated"},
        "NetworkBorderGroup": context.world.region,
        "Ipv6Pool": "Amazon",
    }


SUBNET_FILTERS = {
    "availability-zone": "zone",
    "availabilityZone": "zone",
    "cidr": "cidr",
    "cidr-block": "cidr",
    "cidrBlock": "cidr",
    "default-for-az": "default",
    "defaultForAz": "default",
    "map-public-ip-on-launch": "public-ips",
    "owner-id": "owner",
    "state": "state",
    "subnet-id": "id",
    "tag": "tag",
    "tag-key": "tag-key",
    "tag-value": "tag-value",
    "vpc-id": "vpc",
}


def describe_subnets(params: Params, context: Context) -> Result:
    """Describe subnets by id or filter, in the order of their ids."""
    refuse_pages_of_ids(params, "SubnetIds")
    paging = Paging(params, context, "subnets")
    ids = params.get("SubnetIds", ())
    wanted = conditions(params, SUBNET_FILTERS) + named(Subnet, ids, context, errors.subnet_not_found)
    subnets, token = paging.split(context.tx.listed(Subnet, wanted, paging.page()), attrgetter("id"))
    tags = context.tx.tags_of([subnet.id for subnet in subnets])
    return {"Subnets": [_subnet(one, tag_list(tags.get(one.id, ())), context) for one in subnets], "NextToken": token}


def _subnet(subnet: Subnet, tags: list[dict[str, str]], context: Context) -> dict[str, Any]:
    block = ipaddress.IPv4Network(subnet.cidr)
    return {
        "SubnetId": subnet.id,
        "SubnetArn": context.arn(f"subnet/{subnet.id}"),
        "VpcId": subnet.vpc_id,
        "OwnerId": context.world.account,
        "CidrBlock": subnet.cidr,
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": zone_id(subnet.zone),
        "AvailableIpAddressCount": block.num_addresses - 5,
        "DefaultForAz": subnet.is_default,
        "MapPublicIpOnLaunch": subnet.public_ips,
        "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": False,
        "EnableDns64": False,
        "Ipv6Native": False,
        "Ipv6CidrBlockAssociationSet": [],
        "State": "available",
        "Tags": tags or None,
    }


def delete_subnet(params: Params, context: Context) -> Result:
    """Delete a subnet."""
    subnet = context.tx.get(Subnet, params["SubnetId"])
    if subnet is None:
        raise errors.subnet_not_found(params["SubnetId"])
    context.tx.remove(subnet)
    return {}


OPERATIONS = (
    Operation("CreateVpc", create_vpc),
    Operation("DeleteVpc", delete_vpc),
    Operation("DescribeVpcs", describe_vpcs, reads=True),
    Operation("DescribeSubnets", describe_subnets, reads=True),
    Operation("DeleteSubnet", delete_subnet),
)
