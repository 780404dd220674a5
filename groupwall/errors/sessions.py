"""Errors of temporary credentials."""

from __future__ import annotations

from groupwall.errors.request import ApiError

_SHOWN = 100


def session_invalid(message: str) -> ApiError:
    """Refuse a parameter of STS: ValidationError [docs: STS's common errors]; the caller brings the text (inferred)."""
    return ApiError("ValidationError", message)


def session_duration(seconds: int, longest: int) -> ApiError:
    """Refuse a duration that credentials cannot have: limits of STS's API reference [docs], text (inferred)."""
    return session_invalid(f"DurationSeconds must be between 900 and {longest}, not {seconds}.")


def session_chained() -> ApiError:
    """Refuse more than an hour for a role that another role assumes: STS's API reference [docs], text (inferred)."""
    return session_invalid(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    )


def session_not_taken(parameter: str, why: str) -> ApiError:
    """Refuse a parameter that would change what a session may do, and that nothing here would heed (inferred)."""
    return session_invalid(f"The parameter {parameter} is not supported: {why}.")


def session_policy_malformed(why: str) -> ApiError:
    """Refuse a session policy: MalformedPolicyDocument [docs: AssumeRole's errors], the text is ours (inferred)."""
    return ApiError("MalformedPolicyDocument", why)


def role_arn_invalid(arn: str) -> ApiError:
    """Refuse what is no role's ARN (inferred)."""
    return session_invalid(f"{arn[:_SHOWN]} is invalid: a role's ARN is arn:aws:iam::123456789012:role/NAME.")


def session_within_session() -> ApiError:
    """Refuse GetSessionToken to a session: STS's comparison of its operations [docs], text (inferred)."""
    return ApiError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)


def role_for_root() -> ApiError:
    """Refuse AssumeRole to the root of an account: STS's API reference [docs], text (inferred)."""
    return ApiError("AccessDenied", "Roles may not be assumed by root accounts.", 403)


def message_invalid() -> ApiError:
    """Refuse a message that tells of no refusal: InvalidAuthorizationMessageException [docs], text (inferred)."""
    return ApiError("InvalidAuthorizationMessageException", "Message is not valid")
