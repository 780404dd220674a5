"""Every error has exactly the code, the text and the status of the reference.

errors.json is the table: function, its facts, code, text, and the section and tag that give them.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from groupwall import errors
from groupwall.errors.request import MOST_CHARACTERS

ROWS: list[tuple[str, list[str | int | None], str, str, str]] = json.loads(
    (Path(__file__).parent / "errors.json").read_text("utf-8")
)
STATUS = {"DryRunOperation": 412, "UnauthorizedOperation": 403, "AccessDenied": 403, "RequestLimitExceeded": 503}


@pytest.mark.parametrize(("name", "facts", "code", "message", "source"), ROWS)
def test_an_error_reads_as_in_the_reference(
    name: str, facts: list[str | int | None], code: str, message: str, source: str
) -> None:
    """Clients match on code and text, so both are exact; the statuses are those of reference 1.3, 2.2 and 2.3."""
    error = getattr(errors, name)(*facts)
    assert (error.code, error.message, error.status) == (code, message, STATUS.get(code, 400)), source


@pytest.mark.parametrize(("name", "source"), [(row[0], row[4]) for row in ROWS])
def test_an_error_names_its_source(name: str, source: str) -> None:
    """The docstring cites the reference's section, and says inferred where the reference does."""
    told = getattr(errors, name).__doc__
    section, _, tags = source.partition(" ")
    assert section in told
    assert "inferred" in told or "inferred" not in tags


def test_every_error_has_a_row() -> None:
    """No function of the module is left out of the table."""
    functions = {name for name, _ in inspect.getmembers(errors, inspect.isfunction) if not name.startswith("_")}
    assert functions == {row[0] for row in ROWS}


def test_a_message_is_bounded() -> None:
    """A text that repeats much of what a client sent loses its middle; a shorter one stays as it is: inferred."""
    assert errors.invalid_value("x" * MOST_CHARACTERS).message == "x" * MOST_CHARACTERS
    message = errors.invalid_filter("x" * 100_000).message
    assert len(message) == MOST_CHARACTERS + len("...")
    assert (message[:14], message[-14:]) == ("The filter 'xx", "xx' is invalid")


def test_an_encoded_message_is_whole() -> None:
    """However long it is, the part that can be decoded is told whole, after a message that is bounded (inferred)."""
    message = errors.unauthorized("a" * 5000, "ec2:X", "*", "because", "z" * 50_000).message
    assert message.endswith(". Encoded authorization failure message: " + "z" * 50_000)
    assert len(message) == MOST_CHARACTERS + len("...") + 50_000


def test_an_error_prints_its_code_and_message() -> None:
    """A log line of the exception tells both."""
    assert str(errors.group_not_found("sg-1")) == "InvalidGroup.NotFound: The security group 'sg-1' does not exist"
