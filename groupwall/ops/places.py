"""Which VPC, subnet or zone a call names."""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.operation import Context, Params
from groupwall.ops.zones import zones_of
from groupwall.regions import zone_id
from groupwall.rules import parsing
from groupwall.store.entities import Subnet, Vpc


def find_vpc(vpc_id: str, context: Context) -> Vpc:
    """Return a VPC. InvalidVpcId.Malformed or InvalidVpcID.NotFound [reference 3.3]."""
    return context.find(Vpc, parsing.vpc_id(vpc_id), errors.vpc_not_found)


def find_subnet(given: str, context: Context) -> Subnet:
    """Return a subnet. InvalidSubnetId.Malformed or InvalidSubnetID.NotFound (inferred from reference 3.3)."""
    return context.find(Subnet, parsing.subnet_id(given), errors.subnet_not_found)


def zone_given(params: Params, context: Context) -> str | None:
    """Return the zone that a call names by AvailabilityZone or AvailabilityZoneId, None for neither.

    InvalidParameterCombination for both [model: CreateDefaultSubnet], InvalidParameterValue for a zone that there is
    not.
    """
    name, by_id = params.get("AvailabilityZone"), params.get("AvailabilityZoneId")
    if name is None and by_id is None:
        return None
    if name is not None and by_id is not None:
        message = "Only one of 'availabilityZone' or 'availabilityZoneId' may be provided."
        raise errors.invalid_combination(message)
    zones = zones_of(context.world.region)
    for zone in zones:
        if zone == name or zone_id(zone) == by_id:
            return zone
    if name is not None:
        raise errors.zone_invalid("availabilityZone", name, zones)
    raise errors.zone_invalid("availabilityZoneId", by_id or "", [zone_id(zone) for zone in zones])
