"""The refusals of the protocol layer: reference 1.4."""

from __future__ import annotations

from groupwall.errors import ApiError, invalid_value
from groupwall.wire.limits import BODY_BYTES, KEY_CHARACTERS, LIST_INDEX, PARAMETERS


def missing_action() -> ApiError:
    """Ask for an Action: code reference 1.4 [docs], text [inferred]."""
    return ApiError("MissingAction", "The request is missing an action or operation parameter.")


def invalid_action(action: str) -> ApiError:
    """Refuse an Action that is none of the service's: reference 1.4 [docs][parity]."""
    return ApiError("InvalidAction", f"The action {action} is not valid for this web service.")


def no_such_version(version: str) -> ApiError:
    """Refuse a Version: code reference 1.4 [docs], text [inferred]."""
    return ApiError("NoSuchVersion", f"The requested version ({version}) of the service is not valid.")


def unknown_parameter(name: str) -> ApiError:
    """Refuse a parameter that the operation does not have: reference 1.4 [docs][live-test], text [inferred]."""
    return ApiError("UnknownParameter", f"The parameter {name} is not recognized")


def repeated_parameter() -> ApiError:
    """Refuse a name that is given twice: code reference 1.4 [docs], use and text [inferred]."""
    return ApiError("InvalidQueryParameter", "A parameter may be given only once in a request.")


def malformed_query(reason: str) -> ApiError:
    """Refuse text that cannot be decoded: code reference 1.4 [docs], text [inferred]."""
    return ApiError("MalformedQueryString", f"The query string is malformed: {reason}.")


def malformed_value(value: str, parameter: str) -> ApiError:
    """Refuse a value that is not of the parameter's type: form of reference 23's GroupName text [inferred]."""
    return invalid_value(f"Value ({value}) for parameter {parameter} is invalid.")


def body_too_large() -> ApiError:
    """Refuse a body before it is read: code and text [inferred]."""
    return invalid_value(f"The request is larger than {BODY_BYTES} bytes.")


def too_many_parameters() -> ApiError:
    """Refuse a request with very many parameters: code and text [inferred]."""
    return invalid_value(f"The request has more than {PARAMETERS} parameters.")


def key_too_long(name: str) -> ApiError:
    """Refuse a very long parameter name: no operation has one, so the code is that of the unknown [inferred]."""
    return ApiError("UnknownParameter", f"The parameter {name} is longer than {KEY_CHARACTERS} characters")


def index_too_large(name: str) -> ApiError:
    """Refuse a very high list index: code and text [inferred]."""
    return invalid_value(f"The index in parameter {name} is above {LIST_INDEX}.")
