"""Network interfaces, their addresses and attachments: reference 3.3, 17."""

from __future__ import annotations

from groupwall.errors.request import ApiError, expecting, invalid_combination, invalid_value


def interface_not_found(interface_id: str) -> ApiError:
    """Say that no network interface has this id: reference 3.3 [live-test]."""
    return ApiError("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{interface_id}' does not exist")


def interface_id_malformed(text: str) -> ApiError:
    """Refuse what is not an interface id: code by the casing rule of reference 3.3 [live-test], text [inferred]."""
    return expecting("InvalidNetworkInterfaceId.Malformed", text, "eni-")


def interface_still_in_use(interface_id: str) -> ApiError:
    """Refuse to delete an attached interface: no row, [issue: cloud-nuke#431], which tools match on. 17."""
    return invalid_value(f"Network interface '{interface_id}' is currently in use.")


def interface_in_use(interface_id: str) -> ApiError:
    """Refuse to attach or delete an interface that is attached: no row [docs: code][issue: terraform-aws#27513]."""
    return ApiError("InvalidNetworkInterface.InUse", f"Interface: [{interface_id}] in use.")


def no_attribute() -> ApiError:
    """Ask which attribute of an interface is meant: no row [live-test: code], text [inferred]."""
    return invalid_combination("No attributes specified.")


def groups_per_interface_limit_exceeded() -> ApiError:
    """Refuse groups beyond an interface's quota: reference 17 [docs: code][issue: text]."""
    message = "The maximum number of security groups per interface has been reached."
    return ApiError("SecurityGroupsPerInterfaceLimitExceeded", message)


def address_in_use() -> ApiError:
    """Refuse an address that an interface has: no row of the reference [issue: pulumi#10923]."""
    return ApiError("InvalidIPAddress.InUse", "The specified address is already in use.")


def address_malformed(text: str) -> ApiError:
    """Refuse what is not an address of this family: no row of the reference [issue: terraform-aws#23114]."""
    return invalid_value(f"invalid value for parameter address: {text}")


def address_outside(text: str) -> ApiError:
    """Refuse an address that is not in the subnet: no row of the reference [issue: terraform-aws-cassandra#18]."""
    return invalid_value(f"Address {text} does not fall within the subnet's address range")


def address_reserved(text: str) -> ApiError:
    """Refuse the first four addresses of a subnet, and its last: no row of the reference, text [inferred]."""
    return invalid_value(f"Address {text} is in subnet's reserved address range")


def addresses_exhausted(subnet_id: str) -> ApiError:
    """Say that the subnet has fewer addresses left than are asked for: no row [docs: code], text [inferred]."""
    message = f"There are not enough free addresses in subnet '{subnet_id}' to satisfy the request."
    return ApiError("InsufficientFreeAddressesInSubnet", message)


def address_limit_exceeded() -> ApiError:
    """Refuse addresses beyond what an interface may have: no row [docs: code], text [inferred]."""
    return ApiError("PrivateIpAddressLimitExceeded", "Number of private addresses will exceed limit.")


def no_ipv6_block(subnet_id: str) -> ApiError:
    """Refuse an IPv6 address in a subnet without an IPv6 block: no row, code and text [inferred]."""
    return invalid_value(f"The subnet '{subnet_id}' does not have an IPv6 CIDR block.")


def addresses_not_assigned(interface_id: str) -> ApiError:
    """Refuse to take an address from an interface that has it not: no row, code and text [inferred]."""
    return invalid_value(f"Some of the specified addresses are not assigned to interface {interface_id}")


def primary_address_stays(address: str) -> ApiError:
    """Refuse to take an interface's primary address: no row, code and text [inferred]."""
    return invalid_value(f"Address {address} is the primary address of its interface and cannot be unassigned.")


def attachment_not_found(attachment_id: str) -> ApiError:
    """Say that no attachment has this id: no row [docs: code], text [inferred]."""
    return ApiError("InvalidAttachmentID.NotFound", f"The attachment ID '{attachment_id}' does not exist")


def attachment_id_malformed(text: str) -> ApiError:
    """Refuse what is not an attachment id: no row [live-test: code], text [inferred]."""
    return expecting("InvalidNetworkInterfaceAttachmentId.Malformed", text, "eni-attach-")


def device_taken(instance_id: str, device: int) -> ApiError:
    """Refuse a second interface at one device index: no row of the reference [issue: k8s-vpcnet#71]."""
    return invalid_value(f"Instance '{instance_id}' already has an interface attached at device index '{device}'.")


def zones_differ() -> ApiError:
    """Refuse to attach an interface to an instance of another zone: no row, code and text [inferred]."""
    message = "You may not attach a network interface to an instance if they are not in the same availability zone"
    return invalid_value(message)


def primary_interface_stays() -> ApiError:
    """Refuse to detach an instance's primary interface: no row of the reference [issue: cloud-governance#952]."""
    message = "The network interface at device index 0 and networkCard index 0 cannot be detached."
    return ApiError("OperationNotPermitted", message)
