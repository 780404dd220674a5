"""What a caller may not do, in the forms of EC2 and of STS."""

from __future__ import annotations

from groupwall.errors.request import ApiError


def unauthorized(caller: str, action: str, resource: str, because: str, encoded: str) -> ApiError:
    """Refuse a call that the caller's policies do not allow: reference 2.3 [recorded].

    because: ``because no identity-based policy allows the … action`` [recorded], or another of ``because`` in
    iam/denials.py (inferred). encoded: is told whole, however long; "" for an action that is about no resource, whose
    refusal has neither [recorded for DescribeVpcs: terraform-provider-aws, issue 34234].
    """
    message = f"You are not authorized to perform this operation. {_who(caller, action, resource)} {because}"
    if encoded:
        message += ". Encoded authorization failure message: "
    return ApiError("UnauthorizedOperation", message, 403, tail=encoded)


def access_denied(caller: str, action: str, resource: str, because: str) -> ApiError:
    """Refuse a call to STS: AccessDenied, 403 [inferred: the text is that of reference 2.3]."""
    return ApiError("AccessDenied", f"{_who(caller, action, resource)} {because}", 403)


def _who(caller: str, action: str, resource: str) -> str:
    on = "" if resource == "*" else f" on resource: {resource}"
    return f"User: {caller} is not authorized to perform: {action}{on}"
