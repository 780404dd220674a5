"""Rules: reference 3.2, 4, 5, 11."""

from __future__ import annotations

from groupwall.errors.groups import ALLOWED
from groupwall.errors.request import ApiError, expecting, invalid_combination, invalid_value


def missing_permissions() -> ApiError:
    """Ask a revoke what to revoke: reference 4.2 [recorded]."""
    message = "Either 'ipPermissions' or 'securityGroupRuleIds' should be provided."
    return ApiError("MissingParameter", message)


def missing_descriptions() -> ApiError:
    """Ask whose description to change: reference 12 [live-test: code], text [inferred]."""
    message = "Either 'ipPermissions' or 'securityGroupRuleDescriptions' should be provided."
    return ApiError("MissingParameter", message)


def rule_id_malformed(text: str) -> ApiError:
    """Refuse what is not a rule id: reference 3.3 [recorded: code], text [inferred]."""
    return expecting("InvalidSecurityGroupRuleId.Malformed", text, "sgr-")


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
    return invalid_value(f"Invalid rule description. Valid descriptions {ALLOWED}")


def missing_source() -> ApiError:
    """Ask a changed rule for its source: reference 11 [live-test]."""
    message = "The request must contain exactly one of: cidrIp, cidrIpv6, prefixListId, or referencedGroupId"
    return ApiError("MissingParameter", message)


def several_sources() -> ApiError:
    """Refuse a changed rule with more than one source: reference 11 [live-test]."""
    return invalid_combination("Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified")


def other_kind_of_source(given: str, stored: str) -> ApiError:
    """Refuse to change the kind, as from ``an existing IPv4 CIDR``: reference 11 [recorded: text], code [inferred]."""
    return invalid_value(f"You may not specify {given} for {stored} rule.")
