"""The form of a refusal, and those of a request as a whole: its parameters, filters, pages, ids."""

from __future__ import annotations

MOST_CHARACTERS = 1000
"""The longest message (inferred): some texts repeat what a client sent, and an error costs no more than its request."""

END_CHARACTERS = 200
"""How much of a longer message's end is kept, where a text often names the parameter."""


class ApiError(Exception):
    """A refusal in AWS's form.

    code: what clients match on, such as ``InvalidGroup.NotFound``. message: what is longer than MOST_CHARACTERS loses
    its middle. status: the HTTP status, 4xx or 5xx. hint: what of ours helps further, for a header of the reply, since
    the message is AWS's (docs/decisions/0012). tail: the end of the message, which is kept whole.
    """

    def __init__(self, code: str, message: str, status: int = 400, *, hint: str = "", tail: str = "") -> None:
        if len(message) > MOST_CHARACTERS:
            message = f"{message[: MOST_CHARACTERS - END_CHARACTERS]}...{message[-END_CHARACTERS:]}"
        message += tail
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.tail = tail
        self.status = status
        self.hint = hint


def dry_run() -> ApiError:
    """Say that the call would have succeeded: reference 2.2 [recorded], status [moto-test]."""
    return ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


def request_limit_exceeded() -> ApiError:
    """Throttle a caller: reference 1.3 [docs], text [inferred]."""
    return ApiError("RequestLimitExceeded", "Request limit exceeded.", 503)


def unsupported_operation(operation: str) -> ApiError:
    """Name an operation outside of the product's scope: reference 23 [docs], text [inferred]."""
    return ApiError("UnsupportedOperation", f"The operation {operation} is not supported.")


def idempotent_parameter_mismatch() -> ApiError:
    """Refuse a client token that was used with other parameters: reference 2.4 [docs], text [inferred]."""
    return ApiError(
        "IdempotentParameterMismatch",
        "The client token was used before with a request that had other parameters.",
    )


def invalid_value(message: str) -> ApiError:
    """Refuse a value: reference 1.4 [docs]; the caller brings the text and its source."""
    return ApiError("InvalidParameterValue", message)


def invalid_combination(message: str) -> ApiError:
    """Refuse parameters that exclude each other: reference 1.4 [docs]; the caller brings the text and its source."""
    return ApiError("InvalidParameterCombination", message)


def missing_parameter(name: str) -> ApiError:
    """Ask for a parameter: reference 1.4 [recorded]."""
    return ApiError("MissingParameter", f"The request must contain the parameter {name}")


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


def dependency_violation(resource_id: str) -> ApiError:
    """Refuse to delete what is in use: reference 8 [recorded]."""
    return ApiError("DependencyViolation", f"resource {resource_id} has a dependent object")


def expecting(code: str, text: str, prefix: str) -> ApiError:
    """Refuse an id of another form: reference 3.3 [recorded]; the caller brings the code and its source."""
    return ApiError(code, f'Invalid id: "{text}" (expecting "{prefix}...")')
