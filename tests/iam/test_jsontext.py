"""JSON text against Python's own reader, and the lines of its values."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - sets how many examples are drawn
from groupwall.iam.jsontext import JsonError, Node, read

characters = st.characters(exclude_categories=["Cs"])
scalars = (
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars | st.text(characters),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(characters), inner, max_size=4),
    max_leaves=12,
)


@given(values, st.sampled_from([None, 0, 2]), st.booleans())
def test_json_is_read_as_python_reads_it(value: object, indent: int | None, ascii_only: bool) -> None:  # noqa: FBT001
    """Every JSON text of modest depth gives the value that Python's own reader gives (inferred)."""
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert read(text).node.plain() == json.loads(text) == value


@given(st.text('{}[]":,0123456789.eE+-\\untrfalse \n', max_size=30))
def test_what_python_refuses_is_refused(text: str) -> None:
    """No text that Python's own reader refuses is read; a refusal has a place within the text (inferred)."""
    try:
        json.loads(text, parse_constant=float)
    except ValueError:
        with pytest.raises(JsonError) as refused:
            read(text)
        lines = text.split("\n")
        assert 1 <= refused.value.line <= len(lines)
        assert 1 <= refused.value.column <= len(lines[refused.value.line - 1]) + 1


def _lines(node: Node) -> list[int]:
    inner = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    return [node.line, *(line for one in inner for line in _lines(one))]


def test_every_value_knows_its_line() -> None:
    """A member's line is that of its name, an item's that of its beginning (inferred)."""
    assert _lines(read('\n{"a":\n 1, "b": [\n2,\n\n{"c": 3}], \n"d":\n{}\n}').node) == [2, 2, 3, 4, 6, 6, 7]


def test_names_that_are_there_twice_are_told() -> None:
    """Each name that an object has again is told with its line, of inner objects too (inferred)."""
    assert read('{"a": 1,\n"a": {"b": 1, "b": 2,\n"\\u0062": 3}}').twice == ((2, "a"), (2, "b"), (3, "b"))


def test_a_number_keeps_its_digits() -> None:
    """Numbers stay as they are written, so that a condition compares what its author wrote (inferred)."""
    assert [one.value for one in read("[1.10, 9007199254740993, -0, 1E3]").node.value] == [
        "1.10", "9007199254740993", "-0", "1E3",
    ]  # fmt: skip
