"""The default VPC and its subnets, as a world begins with them and as they are made anew [reference 19]."""

from __future__ import annotations

from typing import Protocol

from groupwall import errors
from groupwall.ops.blocks import DEFAULT_BLOCK, first_free
from groupwall.ops.networks.subnets import subnets_described
from groupwall.ops.networks.vpcs import add_vpc, described
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.places import zone_given
from groupwall.ops.zones import zones_of
from groupwall.store.entities import Subnet, Vpc, VpcCidr

SUBNET_LENGTH = 20


class NewId(Protocol):
    """What gives the id of each part of a default VPC."""

    def __call__(self, prefix: str, *parts: str) -> str:
        """Return an id; the parts tell this one from others of its prefix."""


def add_default_vpc(context: Context, new_id: NewId) -> Vpc:
    """Add the default VPC, its default group, and a subnet for each zone."""
    vpc = Vpc(
        new_id("vpc"),
        str(DEFAULT_BLOCK),
        "default",
        is_default=True,
        dhcp_options_id=context.derived("dopt"),
        dns_hostnames=True,
    )
    block = VpcCidr(new_id("vpc-cidr-assoc"), vpc.id, vpc.cidr)
    rule_ids = [new_id("sgr", "ingress"), new_id("sgr", "egress")]
    add_vpc(context, vpc, [block], group_id=new_id("sg"), rule_ids=rule_ids)
    blocks = DEFAULT_BLOCK.subnets(new_prefix=SUBNET_LENGTH)
    for zone, cidr in zip(zones_of(context.world.region), blocks, strict=False):
        context.tx.add(_default_subnet(new_id("subnet", zone), vpc, zone, str(cidr)))
    return vpc


def _default_subnet(subnet_id: str, vpc: Vpc, zone: str, cidr: str) -> Subnet:
    return Subnet(subnet_id, vpc.id, zone, cidr, is_default=True, public_ips=True)


def create_default_vpc(params: Params, context: Context) -> Result:
    """Create a default VPC where there is none. DefaultVpcAlreadyExists [reference 19, docs]."""
    del params
    if context.tx.default_vpc():
        raise errors.default_vpc_exists()
    vpc = add_default_vpc(context, lambda prefix, *_: context.ids.new(prefix))
    return {"Vpc": described([vpc], context)[0] | {"State": "pending"}}


def create_default_subnet(params: Params, context: Context) -> Result:
    """Create the default subnet of a zone that has none: the first free /20 of the default VPC [model]."""
    refuse_unsupported(params, "CreateDefaultSubnet", ["Ipv6Native"])
    zone = zone_given(params, context)
    if zone is None:
        raise errors.missing_parameter("availabilityZone")
    vpc = context.tx.default_vpc()
    if vpc is None:
        raise errors.default_vpc_missing()
    present = context.tx.of(Subnet, "vpc_id", vpc.id)
    for subnet in present:
        if subnet.is_default and subnet.zone == zone:
            raise errors.default_subnet_exists(subnet.id, zone)
    cidr = first_free(vpc.cidr, SUBNET_LENGTH, [subnet.cidr for subnet in present])
    if cidr is None:
        raise errors.no_room_for_subnet(vpc.id)
    subnet = _default_subnet(context.ids.new("subnet"), vpc, zone, cidr)
    context.tx.add(subnet)
    return {"Subnet": subnets_described([subnet], context)[0]}


OPERATIONS = (
    Operation("CreateDefaultVpc", create_default_vpc, on=()),
    Operation("CreateDefaultSubnet", create_default_subnet, on=()),
)
