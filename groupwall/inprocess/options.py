"""What a wall can be told, and how a mistake in it is refused where it is written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from inspect import formatannotation
from typing import Any, TypedDict, get_type_hints

from groupwall.config import Quotas


class Options(TypedDict, total=False):
    """How a wall is made.

    account: of callers whose access key id is no account's number; 123456789012.
    region: of clients made without one, even where another is configured; the configured one, else us-east-1.
    seed: repeats the same ids. now: stops the clock there, until ``wall.clock.advance``; it must have a time zone.
    wire: answers HTTP requests, which botocore signs and whose replies it parses, instead of calls.
    """

    account: str
    region: str | None
    seed: int | None
    now: datetime | None
    wire: bool
    quotas: Quotas


_TYPES: dict[str, Any] = get_type_hints(Options)


def check(options: Mapping[str, object]) -> None:
    """Raise TypeError for an option that there is not, and for a value of another type than it has."""
    for name, value in options.items():
        if name not in _TYPES:
            message = f"local() has no option {name!r}, only {', '.join(_TYPES)}"
            raise TypeError(message)
        if not isinstance(value, _TYPES[name]):
            message = f"{name} must be {formatannotation(_TYPES[name])}, not {value!r}"
            raise TypeError(message)
