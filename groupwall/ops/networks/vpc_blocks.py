"""Further blocks of a VPC: associate, disassociate [model]."""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.blocks import ipv4_block, is_ipv6, overlaps, within
from groupwall.ops.networks.vpcs import new_ipv6_block, shown_block, wants_ipv6
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.peerings.peerings import blocks_of_peers
from groupwall.ops.permissions import ON_VPC
from groupwall.ops.places import find_vpc
from groupwall.rules.values import ALL_PROTOCOLS, NO_PORTS, Direction, Peer, Properties, Rule
from groupwall.store.entities import Subnet, SubnetCidr, Vpc, VpcCidr

MOST_BLOCKS = {"ipv4": 5, "ipv6": 1}
"""Blocks of a VPC: AWS's quota of IPv4 ones [docs], and one IPv6 one for each border group [model]."""


def associate_vpc_cidr_block(params: Params, context: Context) -> Result:
    """Give a VPC a further IPv4 block, or an IPv6 block of Amazon's; it comes a moment later [model]."""
    refuse_unsupported(params, "AssociateVpcCidrBlock", _UNSUPPORTED)
    ipv6, cidr = wants_ipv6(params, context), params.get("CidrBlock")
    if ipv6 and cidr is not None:
        message = "Only one of 'cidrBlock' or 'amazonProvidedIpv6CidrBlock' may be provided."
        raise errors.invalid_combination(message)
    if not ipv6 and cidr is None:
        raise errors.missing_parameter("cidrBlock")
    vpc = find_vpc(params["VpcId"], context)
    present = context.tx.of(VpcCidr, "vpc_id", vpc.id)
    if sum(is_ipv6(block.cidr) is ipv6 for block in present) >= MOST_BLOCKS["ipv6" if ipv6 else "ipv4"]:
        raise errors.cidr_limit_exceeded(vpc.id, MOST_BLOCKS["ipv6" if ipv6 else "ipv4"])
    block = new_ipv6_block(vpc.id, context) if ipv6 else _further(vpc, cidr or "", present, context)
    if ipv6:
        _let_out_ipv6(vpc, context)
    context.tx.add(block)
    return _answer(block, "associating", context)


_UNSUPPORTED = (
    "Ipv4IpamPoolId", "Ipv4NetmaskLength", "Ipv6CidrBlock", "Ipv6IpamPoolId", "Ipv6NetmaskLength", "Ipv6Pool",
)  # fmt: skip


def _further(vpc: Vpc, cidr: str, present: list[VpcCidr], context: Context) -> VpcCidr:
    block = ipv4_block(cidr, "InvalidVpc.Range")
    if overlaps(block, [one.cidr for one in present]):
        raise errors.vpc_block_conflict(cidr)
    if overlaps(block, blocks_of_peers(vpc.id, context)):
        raise errors.peer_block_conflict(cidr)
    return VpcCidr(context.ids.new("vpc-cidr-assoc"), vpc.id, block)


def _let_out_ipv6(vpc: Vpc, context: Context) -> None:
    """Let the VPC's groups reach ``::/0`` where their egress is still what AWS gave it.

    A new group of such a VPC has that rule [reference 7, live-test]; for the default group that is there the VPC user
    guide says so, unless its rules were changed [docs]; for the others it is inferred.
    """
    properties = Properties(ALL_PROTOCOLS, NO_PORTS, Peer.of("::/0"))
    for group_id in context.tx.groups_with_given_egress(vpc.id):
        context.tx.add(Rule(context.ids.new("sgr"), group_id, Direction.EGRESS, properties, None))


def disassociate_vpc_cidr_block(params: Params, context: Context) -> Result:
    """Take a block from a VPC: not the primary one, and none with a subnet in it [model]."""
    block = context.find(VpcCidr, params["AssociationId"], errors.vpc_block_not_found)
    vpc = find_vpc(block.vpc_id, context)
    if block.cidr == vpc.cidr:
        raise errors.primary_block(block.id)
    subnets = context.tx.of(Subnet, "vpc_id", vpc.id)
    taken = [subnet.cidr for subnet in subnets]
    if is_ipv6(block.cidr):
        of_subnets = context.tx.by(SubnetCidr, "subnet_id", [subnet.id for subnet in subnets])
        taken = [one.cidr for mine in of_subnets.values() for one in mine]
    if any(within(cidr, [block.cidr]) for cidr in taken):
        raise errors.vpc_block_in_use(vpc.id, block.cidr)
    context.tx.remove(block)
    return _answer(block, "disassociating", context)


def _answer(block: VpcCidr, state: str, context: Context) -> Result:
    member = "Ipv6CidrBlockAssociation" if is_ipv6(block.cidr) else "CidrBlockAssociation"
    return {"VpcId": block.vpc_id, member: shown_block(block, state, context)}


def _vpc_touched(params: Params, context: Context) -> list[str]:
    block = context.tx.get(VpcCidr, params["AssociationId"])
    return [block.vpc_id] if block else []


OPERATIONS = (
    Operation("AssociateVpcCidrBlock", associate_vpc_cidr_block, on=(ON_VPC,)),
    Operation("DisassociateVpcCidrBlock", disassociate_vpc_cidr_block, on=(On("vpc", _vpc_touched),)),
)
