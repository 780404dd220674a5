"""Network interfaces and instances: reference 3.3, 17."""

from __future__ import annotations

from groupwall.errors.request import ApiError, expecting


def interface_not_found(interface_id: str) -> ApiError:
    """Say that no network interface has this id: reference 3.3 [live-test]."""
    return ApiError("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{interface_id}' does not exist")


def interface_id_malformed(text: str) -> ApiError:
    """Refuse what is not an interface id: code by the casing rule of reference 3.3 [live-test], text [inferred]."""
    return expecting("InvalidNetworkInterfaceId.Malformed", text, "eni-")


def groups_per_interface_limit_exceeded() -> ApiError:
    """Refuse groups beyond an interface's quota: reference 17 [docs: code][issue: text]."""
    message = "The maximum number of security groups per interface has been reached."
    return ApiError("SecurityGroupsPerInterfaceLimitExceeded", message)


def instance_not_found(instance_id: str) -> ApiError:
    """Say that no instance has this id: [inferred] from the form of the others in reference 3.3."""
    return ApiError("InvalidInstanceID.NotFound", f"The instance ID '{instance_id}' does not exist")
