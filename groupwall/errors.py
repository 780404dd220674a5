"""Every error a client can see: its code, its message and its HTTP status.

    ApiError
      the request as a whole    dry_run, request_limit_exceeded, unsupported_operation
      parameters                missing_*, invalid_value, invalid_combination, max_results, *_filter ...
      security groups           group_*
      rules                     rule_*, permission_*, protocol_*, port_*, cidr_malformed ...
      prefix lists              prefix_list_*
      networks                  vpc_*, subnet_not_found, networks_differ ...
      tags                      tag_*, invalid_id

An operation raises one of these with the facts of the case; nothing else reaches a client. The texts are AWS's, as
docs/reference gives them (section 23, and the section that each function names); clients match on them, so they stay
as they are. A function whose text was not found there says ``inferred``.
"""

from __future__ import annotations

_ALLOWED = "are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"


class ApiError(Exception):
    """A refusal in AWS's form.

    code: what clients match on, such as ``InvalidGroup.NotFound``. status: the HTTP status, 4xx or 5xx.
    """

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


# The request as a whole


def dry_run() -> ApiError:
    """Say that the call would have succeeded: reference 2.2 [recorded], status [moto-test]."""
    return ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def request_limit_exceeded() -> ApiError:
    """Throttle a caller: reference 1.3 [docs], text [inferred]."""
    return ApiError("RequestLimitExceeded", "Request limit exceeded.", 503)


def unsupported_operation(operation: str) -> ApiError:
    """Name an operation outside of the product's scope: reference 23 [docs], text [inferred]."""
    return ApiError("UnsupportedOperation", f"The operation {operation} is not supported.")


# Parameters


def invalid_value(message: str) -> ApiError:
    """Refuse a value: reference 1.4 [docs]; the caller brings the text and its source."""
    return ApiError("InvalidParameterValue", message)


def invalid_combination(message: str) -> ApiError:
    """Refuse parameters that exclude each other: reference 1.4 [docs]; the caller brings the text and its source."""
    return ApiError("InvalidParameterCombination", message)


def missing_parameter(name: str) -> ApiError:
    """Ask for a parameter: reference 1.4 [recorded]."""
    return ApiError("MissingParameter", f"The request must contain the parameter {name}")


def missing_group() -> ApiError:
    """Ask for a group's id or name: reference 4.2 [issue]."""
    return missing_parameter("groupName or groupId")


def missing_permissions() -> ApiError:
    """Ask a revoke what to revoke: reference 4.2 [recorded]."""
    message = "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided."
    return ApiError("MissingParameter", message)


def invalid_filter(name: str) -> ApiError:
    """Refuse a filter that the operation does not have: reference 9 [docs], text [inferred]."""
    return invalid_value(f"The filter '{name}' is invalid")


def filter_limit_exceeded() -> ApiError:
    """Refuse more than 200 filter values: reference 9 [docs], text [inferred]."""
    message = "The maximum number of filter values specified on a single call is 200"
    return ApiError("FilterLimitExceeded", message)


def max_results(value: int, lowest: int = 5, highest: int = 1000) -> ApiError:
    """Refuse a page size: below ``lowest`` reference 9 [recorded], above ``highest`` [inferred]."""
    expected = f"greater than {lowest}" if value < lowest else f"less than {highest}"
    return invalid_value(f"Value ( {value} ) for parameter maxResults is invalid. Expecting a value {expected}.")


def bad_page_token() -> ApiError:
    """Refuse a NextToken that no reply gave: reference 1.4 [issue]."""
    return invalid_value("Unable to parse pagination token")


# Security groups


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
        return _expecting("InvalidGroupId.Malformed", text, "sg-")
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
    tail = _ALLOWED.replace("are strings", "are non-empty strings")
    return invalid_value(f"Invalid security group name. Valid names {tail}")


def group_description_invalid() -> ApiError:
    """Refuse a group description's characters or length: reference 7 [recorded]."""
    return invalid_value(f"Invalid security group description. Valid descriptions {_ALLOWED}")


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


def dependency_violation(resource_id: str) -> ApiError:
    """Refuse to delete what is in use: reference 8 [recorded]."""
    return ApiError("DependencyViolation", f"resource {resource_id} has a dependent object")


# Rules


def rule_id_malformed(text: str) -> ApiError:
    """Refuse what is not a rule id: reference 3.3 [recorded: code], text [inferred]."""
    return _expecting("InvalidSecurityGroupRuleId.Malformed", text, "sgr-")


def rule_id_not_found(rule_id: str) -> ApiError:
    """Say that the group has no rule of this id: reference 3.3 [live-test]."""
    message = f"The security group rule ID '{rule_id}' does not exist"
    return ApiError("InvalidSecurityGroupRuleId.NotFound", message)


def permission_not_found() -> ApiError:
    """Say that a named rule is not there: reference 4.4 [recorded]."""
    return ApiError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")


def permission_duplicate(rule: str) -> ApiError:
    """Say that a rule is there already; ``rule`` as rules.match.duplicate_text gives it: reference 5.3 [recorded]."""
    return ApiError("InvalidPermission.Duplicate", f'the specified rule "{rule}" already exists')


def same_permission_twice() -> ApiError:
    """Refuse a request that names one rule twice: reference 5.3 [issue]."""
    return invalid_value("The same permission must not appear multiple times")


def rules_limit_exceeded() -> ApiError:
    """Refuse rules beyond the group's quota: reference 5.3 [recorded]."""
    message = "The maximum number of rules per security group has been reached."
    return ApiError("RulesPerSecurityGroupLimitExceeded", message)


def source_group_missing() -> ApiError:
    """Ask a group pair for its group: reference 5.3 [recorded]."""
    return ApiError("MissingParameter", "Source group ID missing.")


def protocol_missing() -> ApiError:
    """Ask a permission for its protocol: reference 11 [live-test], for authorize and revoke 4.3 [inferred]."""
    return invalid_value(
        "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.",
    )


def protocol_unknown(text: str) -> ApiError:
    """Refuse a protocol: reference 3.2 [issue]."""
    return invalid_value(f"Invalid value '{text}' for IP protocol. Unknown protocol.")


def ports_missing() -> ApiError:
    """Ask for both ports of TCP or UDP: reference 5.3 [recorded]."""
    return invalid_value("Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")


def icmp_type_missing() -> ApiError:
    """Ask for both type and code of ICMP: reference 5.1 [model], text [inferred]."""
    return invalid_value("Invalid value for portRange. Must specify both type and code with ICMP.")


def port_out_of_range(end: str, port: int) -> ApiError:
    """Refuse a port; ``end`` is ``from`` or ``to``: reference 5.3 [recorded]."""
    return invalid_value(f"TCP/UDP ({end}) port ({port}) out of range")


def port_range_reversed(first: int, last: int) -> ApiError:
    """Refuse a range that ends before it starts: reference 5.3 [parity]."""
    return invalid_value(f"Invalid TCP/UDP port range ({first}:{last})")


def icmp_out_of_range(part: str, number: int) -> ApiError:
    """Refuse an ICMP number; ``part`` is ``code`` [issue] or ``type`` [inferred]: reference 5.3."""
    return invalid_value(f"ICMP {part} ({number}) out of range")


def icmp_code_without_type(code: int) -> ApiError:
    """Refuse a code for all ICMP types: reference 3.2 [model], text [inferred]."""
    return invalid_value(f"ICMP code ({code}) not allowed with type (-1)")


def cidr_malformed(text: str) -> ApiError:
    """Refuse a CIDR block of the wrong form or family: reference 5.3 [recorded]."""
    return invalid_value(f"CIDR block {text} is malformed")


def rule_description_invalid() -> ApiError:
    """Refuse a rule description's characters or length: reference 5.3 [recorded]."""
    return invalid_value(f"Invalid rule description. Valid descriptions {_ALLOWED}")


def missing_source() -> ApiError:
    """Ask a changed rule for its source: reference 11 [live-test]."""
    message = "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"
    return ApiError("MissingParameter", message)


# Prefix lists


def prefix_list_not_found(prefix_list_id: str) -> ApiError:
    """Say that no prefix list has this id: reference 3.3 [live-test][issue]."""
    return ApiError("InvalidPrefixListID.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist")


def prefix_list_id_malformed(text: str) -> ApiError:
    """Refuse what is not a prefix list id: reference 3.3 [live-test: code], text [inferred]."""
    return _expecting("InvalidPrefixListId.Malformed", text, "pl-")


# Networks


def vpc_not_found(vpc_id: str) -> ApiError:
    """Say that no VPC has this id: reference 3.3 [live-test: code], text [inferred]."""
    return ApiError("InvalidVpcID.NotFound", f"The vpc ID '{vpc_id}' does not exist")


def vpc_id_malformed(text: str) -> ApiError:
    """Refuse what is not a VPC id: reference 3.3 [live-test: code], text [inferred]."""
    return _expecting("InvalidVpcId.Malformed", text, "vpc-")


def vpc_in_use(vpc_id: str) -> ApiError:
    """Refuse to delete a VPC that holds something: code reference 19 [docs], text [issue: terraform-aws-vpc#540]."""
    return ApiError("DependencyViolation", f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")


def vpc_cidr_malformed(text: str) -> ApiError:
    """Refuse the block of a VPC: no row of the reference [parity: moto, OpenStack's ec2-api]."""
    return invalid_value(f"Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.")


def no_default_vpc() -> ApiError:
    """Refuse a group by name, or a group without a VPC, in an account without a default VPC: 3.3 [recorded]."""
    return ApiError("VPCIdNotSpecified", "No default VPC for this user")


def networks_differ() -> ApiError:
    """Refuse a group of an unpeered VPC: reference 5.3 [recorded]."""
    message = "You have specified two resources that belong to different networks."
    return ApiError("InvalidGroup.NotFound", message)


def subnet_not_found(subnet_id: str) -> ApiError:
    """Say that no subnet has this id: [inferred] from the form of the others in reference 3.3."""
    return ApiError("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")


# Tags


def invalid_id(text: str) -> ApiError:
    """Refuse to tag what does not exist: reference 18 [live-test: code], text [inferred]."""
    return ApiError("InvalidID", f"The ID '{text}' is not valid")


def tag_resource_type(resource_type: str) -> ApiError:
    """Refuse tags for another type than the call creates: reference 5.3 [moto-test][inferred]."""
    return invalid_value(f"'{resource_type}' is not a valid taggable resource type for this operation.")


def tag_limit_exceeded() -> ApiError:
    """Refuse more than 50 tags of a resource: reference 18 [docs: code], text [inferred]."""
    return ApiError("TagLimitExceeded", "The maximum number of tags per resource has been reached.")


def tag_key_malformed(key: str) -> ApiError:
    """Refuse a tag key: reference 18 [docs: code], text [inferred]."""
    return ApiError("InvalidTagKey.Malformed", f"The tag key '{key}' is malformed")


def tag_key_reserved() -> ApiError:
    """Refuse to write a key that begins with ``aws:``: reference 18 [docs], code and text [inferred]."""
    return invalid_value("Tag keys starting with 'aws:' are reserved for internal use")


def tag_value_too_long() -> ApiError:
    """Refuse a tag value beyond 256 characters: reference 18 [model], text [inferred]."""
    return invalid_value("Tag value exceeds the maximum length of 256 characters")


def _expecting(code: str, text: str, prefix: str) -> ApiError:
    return ApiError(code, f'Invalid id: "{text}" (expecting "{prefix}...")')
