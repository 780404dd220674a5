"""What every noun asks of a call's members: none that is not supported, and one attribute at a time."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.ops.operation import Params

LONGEST_TEXT = 255
"""Characters of a text of the caller's [docs: key pair names; others inferred]: what is kept is told over and over."""


def refuse_unsupported(params: Params, operation: str, members: Sequence[str]) -> None:
    """Refuse a call that gives one of these members; ``false`` asks for nothing."""
    for member in members:
        if params.get(member) not in (None, False):
            raise errors.unsupported_operation(f"{operation} with {member}")


def one_attribute(params: Params, members: Sequence[str]) -> str:
    """Return the attribute that a call modifies.

    InvalidParameterCombination for more than one, as for an interface [reference 17, live-test: code; for others
    inferred]; MissingParameter for none (inferred).
    """
    given = [member for member in members if params.get(member) is not None]
    if not given:
        raise errors.missing_parameter("attribute")
    if len(given) > 1:
        raise errors.invalid_combination("Fields for multiple attribute types specified")
    return given[0]


def kept_text(text: str, parameter: str, longest: int = LONGEST_TEXT) -> str:
    """Return a text that is kept as it is given. InvalidParameterValue for one that is too long (inferred: text)."""
    if len(text) > longest:
        message = f"Value ({text[:longest]}...) for parameter {parameter} is invalid. It exceeds {longest} characters."
        raise errors.invalid_value(message)
    return text
