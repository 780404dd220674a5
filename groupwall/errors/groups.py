"""Security groups: reference 3.3, 7, 8."""

from __future__ import annotations

from groupwall.errors.request import ApiError, dependency_violation, expecting, invalid_value, missing_parameter

ALLOWED = "are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
"""The tail of what is said of a text with other characters."""


def missing_group() -> ApiError:
    """Ask for a group's id or name: reference 4.2 [issue]."""
    return missing_parameter("groupName or groupId")


def group_not_found(group_id: str) -> ApiError:
    """Say that no group has this id: reference 3.3 [recorded]."""
    return ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist")


def group_not_found_by_name(name: str, default_vpc_id: str | None) -> ApiError:
    """Say that no group of the default VPC has this name; None: there is no default VPC: reference 3.3 [recorded]."""
    message = f"The security group '{name}' does not exist in default VPC '{default_vpc_id or 'none'}'"
    return ApiError("InvalidGroup.NotFound", message)


def group_id_malformed(text: str) -> ApiError:
    """Refuse what is not a group id; another prefix and a bad or empty rest read differently: 3.3 [recorded]."""
    if text and not text.startswith("sg-"):
        return expecting("InvalidGroupId.Malformed", text, "sg-")
    return ApiError("InvalidGroupId.Malformed", f"The security-group ID '{text}' is malformed")


def group_id_malformed_in_filter(text: str) -> ApiError:
    """Refuse the filter group-id of DescribeSecurityGroupRules: reference 3.3 and 10 [live-test]."""
    return ApiError("InvalidGroupId.Malformed", f"The security group ID '{text}' is malformed")


def group_not_referable_by_name(name: str) -> ApiError:
    """Refuse a group of a non-default VPC by name: reference 3.3 [recorded]."""
    return invalid_value(
        f"Invalid value '{name}' for groupName. You may not reference Amazon VPC security groups by name. "
        "Please use the corresponding id for this operation.",
    )


def group_duplicate(name: str, vpc_id: str) -> ApiError:
    """Say that the VPC has a group of this name: reference 7 [recorded]."""
    return ApiError("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc_id}'")


def reserved_group_name() -> ApiError:
    """Refuse the name ``default``: reference 7 [live-test], text [parity]."""
    return invalid_value("Cannot use reserved security group name: default")


def group_name_form(name: str) -> ApiError:
    """Refuse a name that looks like an id: reference 7 [recorded]."""
    return invalid_value(
        f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.",
    )


def group_name_invalid() -> ApiError:
    """Refuse a name's characters or length: reference 7 [live-test], text [parity]."""
    tail = ALLOWED.replace("are strings", "are non-empty strings")
    return invalid_value(f"Invalid security group name. Valid names {tail}")


def group_description_invalid() -> ApiError:
    """Refuse a group description's characters or length: reference 7 [recorded]."""
    return invalid_value(f"Invalid security group description. Valid descriptions {ALLOWED}")


def beyond_ascii(parameter: str, value: str) -> ApiError:
    """Refuse non-ASCII text in GroupDescription [recorded] or GroupName [parity]: reference 7."""
    return invalid_value(
        f"Value ({value}) for parameter {parameter} is invalid. Character sets beyond ASCII are not supported.",
    )


def group_limit_exceeded() -> ApiError:
    """Refuse a group beyond the Region's quota: reference 7 [docs], text [inferred]."""
    return ApiError("SecurityGroupLimitExceeded", "The maximum number of security groups has been reached.")


def cannot_delete_default(group_id: str) -> ApiError:
    """Refuse to delete a VPC's default group: reference 8 [recorded: tail]."""
    message = f'the specified group: "{group_id}" name: "default" cannot be deleted by a user'
    return ApiError("CannotDelete", message)


def group_not_in_vpc(group_id: str, vpc_id: str) -> ApiError:
    """Say that the group belongs to another VPC: reference 17 [recorded]."""
    return ApiError("InvalidGroup.NotFound", f"The security group '{group_id}' does not exist in VPC '{vpc_id}'")


def networks_differ() -> ApiError:
    """Refuse a group of an unpeered VPC: reference 5.3 [recorded]."""
    message = "You have specified two resources that belong to different networks."
    return ApiError("InvalidGroup.NotFound", message)


def group_in_use(group_id: str) -> ApiError:
    """Refuse to delete a group that is in use: reference 8 [recorded], with the hint of docs/decisions/0012."""
    error = dependency_violation(group_id)
    hint = f"DescribeDependents tells what depends on it and what frees it: groupwall why-not-delete {group_id}"
    return ApiError(error.code, error.message, error.status, hint=hint)
