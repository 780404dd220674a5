"""VPCs, subnets and peering connections: reference 3.3, 16, 19."""

from __future__ import annotations

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


def vpc_cidr_malformed(text: str) -> ApiError:
    """Refuse the block of a VPC: no row of the reference [parity: moto, OpenStack's ec2-api]."""
    return invalid_value(f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.")


def no_default_vpc() -> ApiError:
    """Refuse a group by name, or a group without a VPC, in an account without a default VPC: 3.3 [recorded]."""
    return ApiError("VPCIdNotSpecified", "No default VPC for this user")


def default_vpc_exists() -> ApiError:
    """Refuse a second default VPC: reference 19 [docs: code], text [inferred]."""
    return ApiError("DefaultVpcAlreadyExists", "A Default VPC already exists for this account in this region.")


def subnet_not_found(subnet_id: str) -> ApiError:
    """Say that no subnet has this id: [inferred] from the form of the others in reference 3.3."""
    return ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")


def peering_not_found(peering_id: str) -> ApiError:
    """Say that no peering connection has this id: reference 3.3 [live-test: code], text [inferred]."""
    message = f"The vpcPeeringConnection ID '{peering_id}' does not exist"
    return ApiError("InvalidVpcPeeringConnectionID.NotFound", message)


def peering_id_malformed(text: str) -> ApiError:
    """Refuse what is not a peering connection id: [inferred] from the casing rule of reference 3.3."""
    return expecting("InvalidVpcPeeringConnectionId.Malformed", text, "pcx-")


def peering_exists(peering_id: str) -> ApiError:
    """Refuse a second peering of two VPCs: reference 16 [docs: code], text [inferred]."""
    message = f"The VPCs are already peered by '{peering_id}'"
    return ApiError("VpcPeeringConnectionAlreadyExists", message)


def invalid_state_transition(peering_id: str, state: str) -> ApiError:
    """Refuse to accept, reject or delete a peering in a wrong state: reference 16 [docs: code], text [inferred]."""
    message = f"Invalid state transition for {peering_id}, attempted to transition from {state}"
    return ApiError("InvalidStateTransition", message)
