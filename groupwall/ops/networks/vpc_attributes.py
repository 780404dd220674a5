"""The attributes of a VPC: DNS support, DNS names, metrics [model]."""

from __future__ import annotations

from typing import Any

from groupwall import errors
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import one_attribute
from groupwall.ops.permissions import ON_VPC, attributes
from groupwall.ops.places import find_vpc

ATTRIBUTES = {
    "enableDnsSupport": "dns_support",
    "enableDnsHostnames": "dns_hostnames",
    "enableNetworkAddressUsageMetrics": "address_metrics",
}
"""Attribute -> the VPC's member. In calls and replies its name begins with a capital."""

_MEMBERS = {name[0].upper() + name[1:]: field for name, field in ATTRIBUTES.items()}


def describe_vpc_attribute(params: Params, context: Context) -> Result:
    """Describe one attribute of a VPC [model]."""
    vpc, name = find_vpc(params["VpcId"], context), params["Attribute"]
    if name not in ATTRIBUTES:
        message = f"Value ({name}) for parameter attribute is invalid. Unknown attribute."
        raise errors.invalid_value(message)
    return {"VpcId": vpc.id, name[0].upper() + name[1:]: {"Value": getattr(vpc, ATTRIBUTES[name])}}


def modify_vpc_attribute(params: Params, context: Context) -> Result:
    """Turn one attribute of a VPC on or off; DNS hostnames need DNS support [model; texts inferred]."""
    member = one_attribute(params, list(_MEMBERS))
    wanted = bool(params[member].get("Value"))
    vpc = find_vpc(params["VpcId"], context)
    if member == "EnableDnsHostnames" and wanted and not vpc.dns_support:
        message = "Invalid value 'true' for enableDnsHostnames. DNS support is not enabled for the VPC."
        raise errors.invalid_value(message)
    change: dict[str, Any] = {_MEMBERS[member]: wanted}
    context.tx.replace(vpc, vpc._replace(**change))
    return {}


OPERATIONS = (
    Operation("DescribeVpcAttribute", describe_vpc_attribute, reads=True, on=(ON_VPC,)),
    Operation("ModifyVpcAttribute", modify_vpc_attribute, on=(ON_VPC._replace(say=attributes("VpcId")),)),
)
