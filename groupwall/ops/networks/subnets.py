"""Subnets: create, delete, describe [model]."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.blocks import association, ipv4_block, ipv6_block_of_subnet, overlaps, within
from groupwall.ops.filters import Paging, conditions, named, refuse_pages_of_ids
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.permissions import ON_SUBNET, ON_VPC, made
from groupwall.ops.places import find_subnet, find_vpc, zone_given
from groupwall.ops.tags import attach_tags, tag_list, tags_given
from groupwall.ops.zones import zones_by_name, zones_of
from groupwall.regions import zone_id
from groupwall.rules import parsing
from groupwall.store.entities import Interface, Subnet, SubnetCidr, VpcCidr
from groupwall.store.query import Where

RESERVED = 5
"""IPv4 addresses of a subnet that nobody gets: the first four and the last [model: CreateSubnet]."""


def create_subnet(params: Params, context: Context) -> Result:
    """Create a subnet in one of the VPC's blocks, in the first zone unless another is named [model]."""
    refuse_unsupported(params, "CreateSubnet", _UNSUPPORTED)
    tags = tags_given(params, "subnet")
    zone = zone_given(params, context) or zones_of(context.world.region)[0]
    given = params.get("CidrBlock")
    if given is None:
        raise errors.subnet_without_block()
    cidr = ipv4_block(given, "InvalidSubnet.Range")
    vpc = find_vpc(params["VpcId"], context)
    taken = [subnet.cidr for subnet in context.tx.of(Subnet, "vpc_id", vpc.id)]
    _refuse_misplaced(cidr, given, vpc.id, taken, context)
    subnet = Subnet(context.ids.new("subnet"), vpc.id, zone, cidr, is_default=False, public_ips=False)
    ipv6 = [new_ipv6_block(subnet, params["Ipv6CidrBlock"], context)] if params.get("Ipv6CidrBlock") else []
    for one in (subnet, *ipv6):
        context.tx.add(one)
    attach_tags(context, subnet.id, tags)
    shown = subnets_described([subnet], context, "associating")[0]
    return {"Subnet": shown | {"Tags": shown["Tags"] or []}}


_UNSUPPORTED = (
    "OutpostArn", "Ipv6Native", "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6IpamPoolId", "Ipv6NetmaskLength",
)  # fmt: skip


def _refuse_misplaced(cidr: str, given: str, vpc_id: str, taken: Sequence[str], context: Context) -> None:
    """Refuse a block that is in none of the VPC's, or that overlaps one that is taken; ``given`` is as it was asked."""
    if not within(cidr, [block.cidr for block in context.tx.of(VpcCidr, "vpc_id", vpc_id)]):
        raise errors.block_out_of_range("InvalidSubnet.Range", given)
    if overlaps(cidr, taken):
        raise errors.subnet_conflict(given)


def new_ipv6_block(subnet: Subnet, given: str, context: Context) -> SubnetCidr:
    """Return an IPv6 block for a subnet, which must lie in the VPC's and apart from those of its other subnets."""
    cidr = ipv6_block_of_subnet(given)
    subnets = context.tx.of(Subnet, "vpc_id", subnet.vpc_id)
    blocks = context.tx.by(SubnetCidr, "subnet_id", [one.id for one in subnets])
    _refuse_misplaced(cidr, given, subnet.vpc_id, [one.cidr for mine in blocks.values() for one in mine], context)
    return SubnetCidr(context.ids.new("subnet-cidr-assoc"), subnet.id, cidr)


def delete_subnet(params: Params, context: Context) -> Result:
    """Delete a subnet that holds no interface. DependencyViolation [model; text inferred]."""
    subnet = find_subnet(params["SubnetId"], context)
    if context.tx.any(Interface, "subnet_id", subnet.id):
        raise errors.subnet_in_use(subnet.id)
    context.tx.remove(*context.tx.of(SubnetCidr, "subnet_id", subnet.id), subnet)
    return {}


FILTERS = {
    "availability-zone": "zone",
    "availabilityZone": "zone",
    "availability-zone-id": "zone-id",
    "availabilityZoneId": "zone-id",
    "available-ip-address-count": "available",
    "cidr": "cidr",
    "cidr-block": "cidr",
    "cidrBlock": "cidr",
    "default-for-az": "default",
    "defaultForAz": "default",
    "enable-dns64": "dns64",
    "ipv6-cidr-block-association.association-id": "ipv6.association",
    "ipv6-cidr-block-association.ipv6-cidr-block": "ipv6.cidr",
    "ipv6-cidr-block-association.state": "ipv6.state",
    "ipv6-native": "ipv6-native",
    "map-public-ip-on-launch": "public-ips",
    "owner-id": "owner",
    "private-dns-name-options-on-launch.enable-resource-name-dns-a-record": "dns-a-record",
    "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": "dns-aaaa-record",
    "private-dns-name-options-on-launch.hostname-type": "hostname-type",
    "state": "state",
    "subnet-arn": "arn",
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
    ids = [parsing.subnet_id(text) for text in params.get("SubnetIds", ())]
    wanted = [_as_stored(condition, context) for condition in conditions(params, FILTERS)]
    wanted += named(Subnet, ids, context, errors.subnet_not_found)
    subnets, token = paging.listed(Subnet, wanted, subnets_described)
    return {"Subnets": subnets, "NextToken": token}


def _as_stored(condition: Where, context: Context) -> Where:
    """Return a condition on what is not stored, but follows from it, as one on what is."""
    if condition.field == "arn":
        return condition._replace(key=context.arn("subnet/"))
    return zones_by_name(condition, context)


def subnets_described(
    subnets: Sequence[Subnet], context: Context, ipv6_state: str = "associated"
) -> list[dict[str, Any]]:
    """Return subnets as DescribeSubnets shows them. ipv6_state: of the IPv6 blocks, which come a moment later."""
    ids = [subnet.id for subnet in subnets]
    blocks, tags, held = context.tx.by(SubnetCidr, "subnet_id", ids), context.tx.tags_of(ids), context.tx.held_in(ids)
    return [
        {
            **_shown(subnet, context),
            "AvailableIpAddressCount": free_addresses(subnet, held.get(subnet.id, 0)),
            "Ipv6CidrBlockAssociationSet": [shown_block(block, ipv6_state) for block in blocks.get(subnet.id, ())],
            "Tags": tag_list(tags.get(subnet.id, ())) or None,
        }
        for subnet in subnets
    ]


def free_addresses(subnet: Subnet, held: int) -> int:
    """Return how many IPv4 addresses are left in a subnet whose interfaces hold so many."""
    return ipaddress.IPv4Network(subnet.cidr).num_addresses - RESERVED - held


def _shown(subnet: Subnet, context: Context) -> dict[str, Any]:
    return {
        "SubnetId": subnet.id,
        "SubnetArn": context.arn(f"subnet/{subnet.id}"),
        "VpcId": subnet.vpc_id,
        "OwnerId": context.world.account,
        "CidrBlock": subnet.cidr,
        "AvailabilityZone": subnet.zone,
        "AvailabilityZoneId": zone_id(subnet.zone),
        "DefaultForAz": subnet.is_default,
        "MapPublicIpOnLaunch": subnet.public_ips,
        "MapCustomerOwnedIpOnLaunch": False,
        "AssignIpv6AddressOnCreation": subnet.ipv6_on_creation,
        "EnableDns64": subnet.dns64,
        "Ipv6Native": False,
        "PrivateDnsNameOptionsOnLaunch": {
            "HostnameType": subnet.hostname_type,
            "EnableResourceNameDnsARecord": subnet.dns_a_record,
            "EnableResourceNameDnsAAAARecord": subnet.dns_aaaa_record,
        },
        "State": "available",
    }


def shown_block(block: SubnetCidr, state: str) -> dict[str, Any]:
    """Return the IPv6 block of a subnet as replies show it [model]."""
    return association(block.id, block.cidr, state) | {"Ipv6AddressAttribute": "public", "IpSource": "amazon"}


OPERATIONS = (
    Operation("CreateSubnet", create_subnet, on=(made("subnet"), ON_VPC)),
    Operation("DeleteSubnet", delete_subnet, on=(ON_SUBNET,)),
    Operation("DescribeSubnets", describe_subnets, reads=True, on=()),
)
