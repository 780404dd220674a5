"""VPCs, subnets and peering connections: reference 3.3, 16, 19."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall.errors.request import ApiError, expecting, invalid_value


def vpc_not_found(vpc_id: str) -> ApiError:
    """Say that no VPC has this id: reference 3.3 [live-test: code], text [inferred]."""
    return ApiError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")


def vpc_id_malformed(text: str) -> ApiError:
    """Refuse what is not a VPC id: reference 3.3 [live-test: code], text [inferred]."""
    return expecting("InvalidVpcId.Malformed", text, "vpc-")


def vpc_in_use(vpc_id: str) -> ApiError:
    """Refuse to delete a VPC that holds something: code reference 19 [docs], text [issue: terraform-aws-vpc#540]."""
    return ApiError("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


def block_malformed(text: str, parameter: str) -> ApiError:
    """Refuse the block of a VPC or subnet: no row of the reference [parity: moto, OpenStack's ec2-api]."""
    return invalid_value(f"Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block.")


def block_out_of_range(code: str, text: str) -> ApiError:
    """Refuse a block of a wrong size, or outside of its VPC: InvalidVpc.Range, InvalidSubnet.Range [docs: codes].

    There is no row of the reference; text [parity: moto].
    """
    return ApiError(code, f"The CIDR '{text}' is invalid.")


def vpc_block_conflict(text: str) -> ApiError:
    """Refuse a block that overlaps another one of the VPC: no row; code of the range [docs], text [inferred]."""
    return ApiError("InvalidVpc.Range", f"The CIDR '{text}' conflicts with another CIDR block of the VPC")


def peer_block_conflict(text: str) -> ApiError:
    """Refuse a block that overlaps one of a peered VPC: no row [inferred] from a block that overlaps one of its own."""
    return ApiError("InvalidVpc.Range", f"The CIDR '{text}' conflicts with a CIDR block of a peered VPC")


def cidr_limit_exceeded(network_id: str, most: int) -> ApiError:
    """Refuse one block too many: no row of the reference [parity: moto]; for a subnet [inferred]."""
    message = f"This network '{network_id}' has met its maximum number of allowed CIDRs: {most}"
    return ApiError("CidrLimitExceeded", message)


def vpc_block_not_found(association_id: str) -> ApiError:
    """Say that no VPC has a block of this association: code as Eucalyptus and Terraform have it.

    There is no row of the reference; text, and that what is no id at all is not found either [parity: moto].
    """
    message = f"The vpc CIDR block association ID '{association_id}' does not exist"
    return ApiError("InvalidVpcCidrBlockAssociationID.NotFound", message)


def primary_block(association_id: str) -> ApiError:
    """Refuse to take the block from a VPC that it was made with: no row, [model]; code and text [parity: moto]."""
    message = (
        f"The vpc CIDR block with association ID {association_id} may not be disassociated."
        " It is the primary IPv4 CIDR block of the VPC"
    )
    return ApiError("OperationNotPermitted", message)


def vpc_block_in_use(vpc_id: str, cidr: str) -> ApiError:
    """Refuse to take a block that has a subnet in it: no row, [issue: an output of Terraform's]."""
    return ApiError("InvalidCidrBlock.InUse", f"The vpc {vpc_id} currently has a subnet within CIDR block {cidr}")


def no_default_vpc() -> ApiError:
    """Refuse a group by name, or a group without a VPC, in an account without a default VPC: 3.3 [recorded]."""
    return ApiError("VPCIdNotSpecified", "No default VPC for this user")


def default_vpc_exists() -> ApiError:
    """Refuse a second default VPC: reference 19 [docs: code], text [inferred]."""
    return ApiError("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")


def default_vpc_missing() -> ApiError:
    """Refuse a default subnet without a default VPC: no row, [docs: code][issue: text]."""
    return ApiError("DefaultVpcDoesNotExist", "No default VPC exists for this account in this region.")


def default_subnet_exists(subnet_id: str, zone: str) -> ApiError:
    """Refuse a second default subnet of a zone: no row, [docs: code][parity: moto's text]."""
    message = f"'{subnet_id}' is already the default subnet in {zone}."
    return ApiError("DefaultSubnetAlreadyExistsInAvailabilityZone", message)


def no_room_for_subnet(vpc_id: str) -> ApiError:
    """Refuse a default subnet that has no room: no row, [inferred] from the code for a block that is taken."""
    return ApiError("InvalidSubnet.Conflict", f"The vpc '{vpc_id}' has no free CIDR block for a default subnet")


def subnet_not_found(subnet_id: str) -> ApiError:
    """Say that no subnet has this id: [inferred] from the form of the others in reference 3.3."""
    return ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")


def subnet_id_malformed(text: str) -> ApiError:
    """Refuse what is not a subnet id: [inferred] from the casing rule of reference 3.3."""
    return expecting("InvalidSubnetId.Malformed", text, "subnet-")


def subnet_in_use(subnet_id: str) -> ApiError:
    """Refuse to delete a subnet that holds an interface: no row, [docs: code], text [inferred] from the VPC's."""
    return ApiError("DependencyViolation", f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")


def subnet_without_block() -> ApiError:
    """Ask for a subnet's block: no row, [issue]."""
    return ApiError("MissingParameter", "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.")


def subnet_conflict(text: str) -> ApiError:
    """Refuse a block that overlaps that of another subnet: no row, [issue: terraform#24317]."""
    return ApiError("InvalidSubnet.Conflict", f"The CIDR '{text}' conflicts with another subnet")


def zone_invalid(parameter: str, text: str, zones: Sequence[str]) -> ApiError:
    """Refuse a zone that the region has not: no row, [issue: widdix/aws-cf-templates#36], for its id [inferred]."""
    return invalid_value(
        f"Value ({text}) for parameter {parameter} is invalid."
        f" Subnets can currently only be created in the following availability zones: {', '.join(zones)}."
    )


def subnet_block_not_found(association_id: str) -> ApiError:
    """Say that no subnet has a block of this association: no row; code as Eucalyptus has it, text [parity: moto]."""
    message = f"The subnet CIDR block with association ID '{association_id}' does not exist"
    return ApiError("InvalidSubnetCidrBlockAssociationID.NotFound", message)


def subnet_block_in_use(subnet_id: str, cidr: str) -> ApiError:
    """Refuse to take a block whose addresses interfaces hold: no row, [inferred] from a VPC's block with a subnet."""
    message = f"The subnet {subnet_id} currently has an address within CIDR block {cidr}"
    return ApiError("InvalidCidrBlock.InUse", message)


def peering_not_found(peering_id: str) -> ApiError:
    """Say that no peering connection has this id: reference 3.3 [live-test: code], text [inferred]."""
    message = f"The vpcPeeringConnection ID '{peering_id}' does not exist"
    return ApiError("InvalidVpcPeeringConnectionID.NotFound", message)


def peering_id_malformed(text: str) -> ApiError:
    """Refuse what is not a peering connection id: [inferred] from the casing rule of reference 3.3."""
    return expecting("InvalidVpcPeeringConnectionId.Malformed", text, "pcx-")


def peering_exists(peering_id: str) -> ApiError:
    """Refuse a second peering of two VPCs: reference 16 [docs: code], text [issue: terraform-provider-aws#44315]."""
    message = f"The vpc peering connection identified by {peering_id} already exists."
    return ApiError("VpcPeeringConnectionAlreadyExists", message)


def invalid_state_transition(peering_id: str, state: str, wanted: str) -> ApiError:
    """Refuse what a peering's state does not allow: reference 16 [docs: code], text [issue: terraform#7465]."""
    message = f"Invalid state transition for {peering_id}, attempted to transition from {state} to {wanted}"
    return ApiError("InvalidStateTransition", message)


def peering_not_permitted(account: str, verb: str, peering_id: str) -> ApiError:
    """Refuse to ``accept`` [issue: terraform#20473], reject or delete [inferred] for another account: reference 16."""
    return ApiError("OperationNotPermitted", f"User {account} cannot {verb} peering {peering_id}")


def peering_in_other_region(region: str, verb: str, peering_id: str, right: str) -> ApiError:
    """Refuse what must be ``accepted`` or rejected where the accepter is: reference 16 [parity: moto]."""
    message = (
        f"Incorrect region ({region}) specified for this request. "
        f"VPC peering connection {peering_id} must be {verb} in region {right}"
    )
    return ApiError("OperationNotPermitted", message)


def peering_not_active(peering_id: str) -> ApiError:
    """Refuse options of a peering that is not active: reference 16 [issue: terraform-provider-aws#12113]."""
    message = f"Peering {peering_id} is not active. Peering options can be added only to active peerings."
    return ApiError("OperationNotPermitted", message)


def peering_side_of_other_account(account: str, side: str) -> ApiError:
    """Refuse options of the ``accepter`` or requester side: reference 16 [issue: terraform-provider-aws#582]."""
    message = f"User {account} does not have permission to modify the {side} side peering options"
    return ApiError("OperationNotPermitted", message)


def peering_side_of_other_region(side: str) -> ApiError:
    """Refuse options of a side in another Region: reference 16 [issue: terraform-provider-aws#12113]."""
    message = f"{side.title()}'s VPC Peering connection options cannot be modified for a different region"
    return ApiError("OperationNotPermitted", message)


def peering_limit_exceeded(vpc_id: str) -> ApiError:
    """Refuse a peering beyond the VPC's quota: reference 21 [docs: code], text [inferred]."""
    message = f"The maximum number of active VPC peering connections has been reached for the VPC '{vpc_id}'."
    return ApiError("ActiveVpcPeeringConnectionPerVpcLimitExceeded", message)


def peering_requests_limit_exceeded(vpc_id: str) -> ApiError:
    """Refuse a request beyond the VPC's quota: reference 21 [docs: code], text [inferred]."""
    message = f"The maximum number of VPC peering connection requests has been reached for the VPC '{vpc_id}'."
    return ApiError("OutstandingVpcPeeringConnectionLimitExceeded", message)


def record_not_found(kind: str, record_id: str) -> ApiError:
    """Say that no record has this id: no row, [docs: codes], text [inferred] from the others in reference 3.3.

    kind: ``DhcpOption``, ``NetworkAcl`` or ``RouteTable``.
    """
    noun = kind[0].lower() + kind[1:]
    return ApiError(f"Invalid{kind}ID.NotFound", f"The {noun} ID '{record_id}' does not exist")


def record_id_malformed(kind: str, prefix: str, text: str) -> ApiError:
    """Refuse what is not an id of this kind: no row, [inferred] from the casing rule of reference 3.3."""
    return expecting(f"Invalid{kind}Id.Malformed", text, f"{prefix}-")
