"""What every noun asks of a call's members: none that is not supported, and one attribute at a time."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.ops.operation import Params


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
