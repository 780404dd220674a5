"""AWS's filters as SQL: what a value means, and what no value can do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.ops.filters import pattern
from groupwall.store.query import PATTERN_BYTES, like_pattern
from tests.driver import Wall


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("web", None),
        ("100%_\\", None),
        ("web-*", "web-%"),
        ("w?b", "w_b"),
        ("**", "%"),
        ("100%*", "100\\%%"),
        ("a_*", "a\\_%"),
        ("\\*", "*"),
        ("\\**", "*%"),
        ("\\\\*", "\\\\%"),
    ],
)
def test_a_pattern_as_like_has_it(value: str, wanted: str | None) -> None:
    """Only ``*`` and ``?`` are wildcards, a backslash takes their meaning away: reference 9 [docs]."""
    assert like_pattern(value) == wanted


TEXTS = ["a", "ab", "aab", "a%", "a_b", "b'", '"', "", "A"]


@pytest.fixture(scope="module")
def tagged() -> Iterator[Wall]:
    """One VPC for each text, which is the value of its tag."""
    with Wall() as wall:
        for number, text in enumerate(TEXTS):
            tags = [{"ResourceType": "vpc", "Tags": [{"Key": "text", "Value": text}]}]
            wall.call("CreateVpc", CidrBlock=f"10.{number}.0.0/16", TagSpecifications=tags)
        yield wall


def found(wall: Wall, value: str) -> list[str]:
    """Return the texts that meet a value."""
    vpcs = wall.call("DescribeVpcs", Filters=[{"Name": "tag:text", "Values": [value]}])["Vpcs"]
    return sorted(vpc["Tags"][0]["Value"] for vpc in vpcs)


@given(st.text("ab*?%_'\"", max_size=8))
def test_sql_and_python_agree(tagged: Wall, value: str) -> None:
    """A filter on a table and one on a fixed list mean the same by a value without a backslash (inferred)."""
    assert found(tagged, value) == sorted(filter(pattern(value), TEXTS))


@pytest.mark.parametrize("value", ["*" + "a" * PATTERN_BYTES, "*" + "ä" * PATTERN_BYTES])
def test_a_pattern_that_is_too_long_matches_nothing(tagged: Wall, value: str) -> None:
    """A pattern longer than SQLite takes is met by nothing, and refuses nobody else's call (inferred)."""
    assert found(tagged, value) == []
