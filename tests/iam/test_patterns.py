"""Patterns of policies against texts: wildcards, ARNs by parts, variables, and a matcher written apart."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - sets how many examples are drawn
from groupwall.iam.patterns import arn_pattern, caseless_pattern, pattern, text_pattern

KEYS = {
    "aws:username": ("alice",), "aws:star": ("*",), "aws:question": ("a?c",), "aws:several": ("a", "b"),
    "aws:none": (), "aws:empty": ("",), "aws:regex": (".*",), "aws:colon": ("a:b",),
}  # fmt: skip
GROUP = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-1"


@cache
def naive(wanted: str, text: str) -> bool:
    """Whether a text matches a pattern of ``*`` and ``?``, by trying everything, one character at a time."""
    if not wanted:
        return not text
    if wanted[0] == "*":
        return naive(wanted[1:], text) or (text != "" and naive(wanted, text[1:]))
    return text != "" and wanted[0] in ("?", text[0]) and naive(wanted[1:], text[1:])


def naive_arn(wanted: str, text: str) -> bool:
    """Whether an ARN matches part by part."""
    parts, others = wanted.split(":", 5), text.split(":", 5)
    if len(parts) == 6:
        return len(others) == 6 and all(map(naive, parts, others))
    *front, last = parts
    if not last.endswith("*"):
        return False
    rest = ":".join(others[len(front) :])
    known = len(others) > len(front) and all(map(naive, front, others))
    return known and any(naive(last[:-1], rest[:end]) and ":" not in rest[:end] for end in range(len(rest) + 1))


patterns = st.text("ab*?.+[", max_size=8)
texts = st.text("ab*?.+[\n", max_size=8)
arn_patterns = st.lists(st.text("a*?", max_size=3), min_size=1, max_size=8).map(":".join)
arns = st.lists(st.text("a*", max_size=3), min_size=1, max_size=8).map(":".join)


@given(patterns, texts)
def test_wildcards_match_as_the_naive_matcher_says(wanted: str, text: str) -> None:
    """``*`` is any text, ``?`` any character, all others are themselves: users 7.3 [docs]."""
    assert pattern(wanted, text_pattern, variables=False).matches(text, {}) is naive(wanted, text)


@given(patterns, texts)
def test_actions_match_in_any_case(wanted: str, text: str) -> None:
    """Actions know no case: users 7.3 [docs]."""
    assert pattern(wanted.upper(), caseless_pattern, variables=False).matches(text, {}) is naive(wanted, text)


@given(arn_patterns, arns)
def test_arns_match_part_by_part(wanted: str, text: str) -> None:
    """A wildcard stays in its part, the last part may hold colons, fewer parts need a last ``*``: users 7.3 [docs]."""
    assert pattern(wanted, arn_pattern, variables=False).matches(text, {}) is naive_arn(wanted, text)


@given(texts)
def test_a_text_of_plain_characters_matches_itself_alone(text: str) -> None:
    """Without wildcards a pattern is its text: users 7.3 [docs]."""
    some = pattern(text, text_pattern, variables=False, wildcards=False)
    assert some.matches(text, {}) is True
    assert some.matches(f"{text}a", {}) is False


@given(texts, texts)
def test_what_comes_from_a_variable_is_literal(value: str, text: str) -> None:
    """A wildcard in the value of a key is a character: users 7.3 [docs]."""
    some = pattern("${aws:x}", text_pattern, variables=True)
    assert some.matches(text, {"aws:x": (value,)}) is (value == text)


@pytest.mark.parametrize(
    ("wanted", "text", "matches"),
    [
        ("*", "*", True),
        ("*", GROUP, True),
        ("arn:*", GROUP, True),
        ("arn:aws:ec2:*", GROUP, True),
        ("arn:aws:ec2", GROUP, False),
        ("arn:aws:*:123456789012*", GROUP, False),
        ("arn:aws:ec2:us-east-1*", GROUP, True),
        ("arn:aws:ec2:*:security-group/sg-1", GROUP, False),
        ("arn:aws:ec2:*:*:security-group/*", GROUP, True),
        ("arn:aws:ec2:*:*:*", GROUP, True),
        ("arn:aws:ec2:us-east-?:123456789012:security-group/sg-?", GROUP, True),
        ("arn:aws:ec2:us-east-1:123456789012:security-group/sg-", GROUP, False),
        ("arn:aws:ec2:us-east-1:123456789012:security-group/SG-1", GROUP, False),
        ("arn:aws:ec2:us-east-1:12345678901.:security-group/sg-1", GROUP, False),
        ("arn:aws:sns:*:*:a*", "arn:aws:sns:us-east-1:123456789012:a:b:c", True),
        ("arn:aws:sns:*:*:a:*:c", "arn:aws:sns:us-east-1:123456789012:a:b:c", True),
        ("arn:aws:ec2:*:*:security-group/*", "*", False),
    ],
)
def test_a_resource_is_matched_by_its_arn(wanted: str, text: str, *, matches: bool) -> None:
    """Six parts, each with its own wildcards, in their case: users 7.3 [docs]."""
    assert pattern(wanted, arn_pattern, variables=True).matches(text, {}) is matches


@pytest.mark.parametrize(
    ("wanted", "text", "matches"),
    [
        ("a-${aws:username}-*", "a-alice-b", True),
        ("a-${AWS:UserName}", "a-alice", True),
        ("${aws:username}", "bob", False),
        ("${aws:absent}", "", None),
        ("${aws:none}", "", None),
        ("${aws:several}", "a", None),
        ("${aws:empty}x", "x", True),
        ("${aws:absent, 'all'}", "all", True),
        ("${aws:none,'all'}", "all", True),
        ("${aws:username, 'all'}", "alice", True),
        ("${aws:username, 'all'}", "all", False),
        ("${aws:several, 'all'}", "all", None),
        ("${aws:absent, ''}", "", True),
        ("${aws:absent, 'a*'}", "ab", False),
        ("${aws:star}", "x", False),
        ("${aws:star}", "*", True),
        ("${aws:question}", "abc", False),
        ("${aws:regex}", "x", False),
        ("${*}", "x", False),
        ("${*}", "*", True),
        ("a${?}", "ab", False),
        ("a${?}", "a?", True),
        ("${$}{aws:username}", "${aws:username}", True),
        ("${aws:username", "${aws:username", True),
        ("${}", "${}", True),
        ("${ aws:username }", "alice", True),
        ("${${aws:username}}", "${alice}", True),
    ],
)
def test_a_variable_is_replaced_by_its_one_value(wanted: str, text: str, matches: bool | None) -> None:  # noqa: FBT001
    """Without a value, or with several, nothing matches; a default stands in for none: users 7.3 [docs], inferred."""
    assert pattern(wanted, text_pattern, variables=True).matches(text, KEYS) is matches


@pytest.mark.parametrize("text", ["${aws:username}", "${*}", "${$}", "a${aws:username, 'b'}"])
def test_without_variables_they_are_plain_text(text: str) -> None:
    """In a policy of 2008-10-17 ``${`` begins nothing: users 7.3 [docs]."""
    some = pattern(text, text_pattern, variables=False, wildcards=False)
    assert some.matches(text, KEYS) is True


def test_a_value_with_colons_is_split_as_an_arn_is() -> None:
    """A variable may hold a whole ARN, and a colon in it begins a part (inferred)."""
    assert pattern("${aws:arn}", arn_pattern, variables=True).matches(GROUP, {"aws:arn": (GROUP,)}) is True
    some = pattern("arn:aws:ec2:${aws:colon}:security-group/*", arn_pattern, variables=True)
    assert some.matches("arn:aws:ec2:a:b:security-group/sg-1", KEYS) is True


@pytest.mark.parametrize("compiler", [text_pattern, arn_pattern, caseless_pattern])
def test_no_pattern_takes_long(compiler: object) -> None:
    """What makes a matcher try every combination is told by a text within the limits, or this test would not end."""
    assert callable(compiler)
    for wanted in (
        "*a" * 1500 + "b",
        "*?" * 1500 + "b",
        "*a?" * 1000 + "b",
        "arn" + ":*a*a*a*a*b" * 5,
        "*" * 3000 + "b",
    ):
        some = pattern(wanted, compiler, variables=True)
        assert some.matches("a" * 3000, {}) is False
        assert some.matches("arn" + ":aaaaaaaaaaaaaaa" * 150, {}) is False


def test_a_pattern_is_compiled_once_whatever_its_variables_are() -> None:
    """A call may touch a thousand resources, each with another value: to compile for each took seconds (inferred)."""
    some = pattern("${aws:a}-*-${aws:b}${aws:a}", text_pattern, variables=True)
    before = text_pattern.cache_info().misses
    for number in range(1000):
        keys = {"aws:a": (f"{number}",), "aws:b": ("*",)}
        assert some.matches(f"{number}-x-*{number}", keys) is True
        assert some.matches(f"{number}-x-y{number}", keys) is False
    assert text_pattern.cache_info().misses == before


def test_a_value_cannot_end_early() -> None:
    """A zero character, which no text on the wire has, would pass for the end of a value: it resolves nothing."""
    some = pattern("${aws:a}b", text_pattern, variables=True)
    assert some.matches("ab", {"aws:a": ("a",)}) is True
    assert some.matches("x\0ab", {"aws:a": ("a",)}) is False
    assert some.matches("b", {"aws:a": ("a\0",)}) is None
