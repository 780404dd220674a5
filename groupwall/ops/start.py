"""How a world begins: with a default VPC, as a new AWS account has in each region [reference 19]."""

from __future__ import annotations

import ipaddress

from groupwall.ops.operation import Context
from groupwall.ops.vpcs import add_vpc
from groupwall.ops.zones import zones_of
from groupwall.store.entities import Subnet, Vpc, VpcCidr

DEFAULT_BLOCK = ipaddress.IPv4Network("172.31.0.0/16")


def begin(context: Context) -> None:
    """Add the world, its default VPC, a subnet for each zone, and the default group.

    All ids come from the store's key, not from chance: a world that is only looked at is begun, shown and undone again,
    and shows the same ids the next time.
    """
    context.tx.create_world(context.world)
    vpc = Vpc(
        context.derived("vpc"),
        str(DEFAULT_BLOCK),
        "default",
        is_default=True,
        dhcp_options_id=context.derived("dopt"),
        dns_hostnames=True,
    )
    block = VpcCidr(context.derived("vpc-cidr-assoc"), vpc.id, vpc.cidr)
    rule_ids = [context.derived("sgr", "ingress"), context.derived("sgr", "egress")]
    add_vpc(context, vpc, [block], group_id=context.derived("sg"), rule_ids=rule_ids)
    for zone, cidr in zip(zones_of(context.world.region), DEFAULT_BLOCK.subnets(new_prefix=20), strict=False):
        context.tx.add(
            Subnet(context.derived("subnet", zone), vpc.id, zone, str(cidr), is_default=True, public_ips=True)
        )
