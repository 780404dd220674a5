"""Parameters as JSON text with boto3's names -> parameters: how a call within a call is written.

They go the way of a form, so that nothing gets past its checks: the same names, types, bounds and errors.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from groupwall.errors import invalid_value
from groupwall.wire.form import below
from groupwall.wire.pairs import split
from groupwall.wire.refusals import malformed_query, malformed_value, repeated_parameter, unknown_parameter
from groupwall.wire.scalars import boolean_text
from groupwall.wire.shapes import List, Scalar, Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from groupwall.wire.model import Action


def read_given(action: Action, text: str) -> dict[str, Any]:
    """Return the parameters of an operation that a JSON text gives; a time is text, as on the wire.

    Raises InvalidParameterValue for what is no JSON object or of another type than the parameter, UnknownParameter,
    MissingParameter, and what decoding a form raises (reference 1.4).
    """
    try:
        given = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):  # no JSON; a number of thousands of digits; nested beyond reason
        given = None
    if not isinstance(given, dict):
        raise invalid_value("The parameters of a call within the request must be a JSON object.")
    try:
        form = urlencode(list(_pairs(action.input, given, "")))
    except UnicodeEncodeError:  # JSON can name half of a character beyond the 16-bit ones
        raise malformed_query("it is not UTF-8") from None
    return action.decode(split(form).items())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object, whose names are all different: readers differ in which of two they take."""
    given = dict(pairs)
    if len(given) < len(pairs):
        raise repeated_parameter()
    return given


def _pairs(shape: Shape, value: Any, path: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Yield the wire pairs of a JSON value; null and empty lists and structures give none."""
    if value is None:
        return
    if isinstance(shape, Scalar):
        yield path, _text(value, path)
    elif isinstance(shape, List) and isinstance(value, list):
        prefix = below(path, shape.wire_in) if shape.wire_in else path
        for index, item in enumerate(value, 1):
            yield from _pairs(shape.item, item, f"{prefix}.{index}")
    elif isinstance(shape, List) or not isinstance(value, dict):
        raise malformed_value(_shown(value), path)
    else:
        for name, part in value.items():
            if name not in shape.members:
                raise unknown_parameter(below(path, name))
            member = shape.members[name]
            yield from _pairs(member.shape, part, below(path, member.wire_in))


def _text(value: Any, path: str) -> str:  # noqa: ANN401 - any JSON
    """Return a scalar as the wire has it, which tells whether it is one of the parameter's kind."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return boolean_text(value)
    if isinstance(value, int):
        return str(value)
    raise malformed_value(_shown(value), path)


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON
    """Return a wrong value as an error repeats it, without what is in it: that may be large, and deep."""
    if isinstance(value, dict):
        return "{...}"
    return "[...]" if isinstance(value, list) else json.dumps(value)
