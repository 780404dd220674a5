"""Errors of expectations: all of them groupwall's own (inferred)."""

from __future__ import annotations

from groupwall.errors.request import ApiError, invalid_value


def expectation_broken(name: str, text: str, reason: str, many: int) -> ApiError:
    """Refuse a change that would break expectations; the first is told (inferred)."""
    more = f" {many - 1} more would be broken." if many > 1 else ""
    return ApiError(
        "ExpectationBroken",
        f"The change would break the expectation '{name}' ({text}): {reason}.{more} ApplyChanges with Force and a"
        " Reason makes it all the same.",
    )


def expectation_not_met(name: str, reason: str) -> ApiError:
    """Refuse to keep an expectation that does not hold now (inferred)."""
    return ApiError(
        "ExpectationBroken", f"The expectation '{name}' does not hold now: {reason}. AllowBroken keeps it all the same."
    )


def expectation_not_found(name: str) -> ApiError:
    """Say that there is no expectation of a name (inferred)."""
    return ApiError("InvalidExpectation.NotFound", f"The expectation '{name}' does not exist")


def expectation_twice() -> ApiError:
    """Refuse two expectations of one name (inferred)."""
    return invalid_value("The same expectation must not appear more than once")


def too_many_expectations(most: int) -> ApiError:
    """Refuse more expectations than each change can be held against (inferred)."""
    return ApiError("ExpectationLimitExceeded", f"There may be at most {most} expectations.")


def expectation_name_invalid(name: str) -> ApiError:
    """Refuse a name (inferred)."""
    return invalid_value(
        f"Value ({name}) for parameter name is invalid. It must have 1 to 128 characters, as a rule's description has."
    )


def expectation_verdict_invalid(verdict: str) -> ApiError:
    """Refuse what is no verdict (inferred)."""
    return invalid_value(f"Value ({verdict}) for parameter verdict is invalid. It must be 'accept' or 'deny'.")


def expectation_description_too_long(most: int) -> ApiError:
    """Refuse a description (inferred)."""
    return invalid_value(f"The description of an expectation exceeds {most} characters.")
