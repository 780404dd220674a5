"""What can be changed of a subnet: its attributes and its IPv6 block [model]."""

from __future__ import annotations

from typing import Any

from groupwall import errors
from groupwall.ops.networks.subnets import new_ipv6_block, shown_block
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.parameters import one_attribute, refuse_unsupported
from groupwall.ops.permissions import ON_SUBNET, attributes
from groupwall.ops.places import find_subnet
from groupwall.store.entities import Subnet, SubnetCidr

FLAGS = {
    "AssignIpv6AddressOnCreation": "ipv6_on_creation",
    "EnableDns64": "dns64",
    "EnableResourceNameDnsAAAARecordOnLaunch": "dns_aaaa_record",
    "EnableResourceNameDnsARecordOnLaunch": "dns_a_record",
    "MapPublicIpOnLaunch": "public_ips",
}
HOSTNAME_TYPE = "PrivateDnsHostnameTypeOnLaunch"
HOSTNAME_TYPES = ("ip-name", "resource-name")


def modify_subnet_attribute(params: Params, context: Context) -> Result:
    """Change one attribute of a subnet [model]."""
    refuse_unsupported(params, "ModifySubnetAttribute", _UNSUPPORTED)
    member = one_attribute(params, [*FLAGS, HOSTNAME_TYPE])
    subnet = find_subnet(params["SubnetId"], context)
    context.tx.replace(subnet, _changed(subnet, member, params, context))
    return {}


_UNSUPPORTED = (
    "CustomerOwnedIpv4Pool", "DisableLniAtDeviceIndex", "EnableLniAtDeviceIndex", "MapCustomerOwnedIpOnLaunch",
)  # fmt: skip


def _changed(subnet: Subnet, member: str, params: Params, context: Context) -> Subnet:
    if member == HOSTNAME_TYPE:
        if params[member] not in HOSTNAME_TYPES:
            message = f"Value ({params[member]}) for parameter privateDnsHostnameTypeOnLaunch is invalid."
            raise errors.invalid_value(message)
        return subnet._replace(hostname_type=params[member])
    wanted = bool(params[member].get("Value"))
    if member == "AssignIpv6AddressOnCreation" and wanted and not context.tx.any(SubnetCidr, "subnet_id", subnet.id):
        message = "Invalid value 'true' for assignIpv6AddressOnCreation. The subnet has no IPv6 CIDR block."
        raise errors.invalid_value(message)
    change: dict[str, Any] = {FLAGS[member]: wanted}
    return subnet._replace(**change)


def associate_subnet_cidr_block(params: Params, context: Context) -> Result:
    """Give a subnet an IPv6 block, its only one [model]; it comes a moment later."""
    refuse_unsupported(params, "AssociateSubnetCidrBlock", ["Ipv6IpamPoolId", "Ipv6NetmaskLength"])
    cidr = params.get("Ipv6CidrBlock")
    if not cidr:
        raise errors.missing_parameter("ipv6CidrBlock")
    subnet = find_subnet(params["SubnetId"], context)
    block = new_ipv6_block(subnet, cidr, context)
    if context.tx.any(SubnetCidr, "subnet_id", subnet.id):
        raise errors.cidr_limit_exceeded(subnet.id, 1)
    context.tx.add(block)
    return _answer(block, "associating")


def disassociate_subnet_cidr_block(params: Params, context: Context) -> Result:
    """Take the IPv6 block from a subnet whose interfaces hold no address of it [model].

    New interfaces then get none: AssignIpv6AddressOnCreation goes off with the block (inferred).
    """
    block = context.find(SubnetCidr, params["AssociationId"], errors.subnet_block_not_found)
    if context.tx.held_in([block.subnet_id], ipv6=True):
        raise errors.subnet_block_in_use(block.subnet_id, block.cidr)
    subnet = find_subnet(block.subnet_id, context)
    context.tx.replace(subnet, subnet._replace(ipv6_on_creation=False))
    context.tx.remove(block)
    return _answer(block, "disassociating")


def _answer(block: SubnetCidr, state: str) -> Result:
    return {"SubnetId": block.subnet_id, "Ipv6CidrBlockAssociation": shown_block(block, state)}


def _subnet_touched(params: Params, context: Context) -> list[str]:
    block = context.tx.get(SubnetCidr, params["AssociationId"])
    return [block.subnet_id] if block else []


OPERATIONS = (
    Operation("ModifySubnetAttribute", modify_subnet_attribute, on=(ON_SUBNET._replace(say=attributes("SubnetId")),)),
    Operation("AssociateSubnetCidrBlock", associate_subnet_cidr_block, on=(ON_SUBNET,)),
    Operation("DisassociateSubnetCidrBlock", disassociate_subnet_cidr_block, on=(On("subnet", _subnet_touched),)),
)
