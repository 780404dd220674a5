"""Which stored rules a request means: the rows of reference 4.3, and that the answer is a partition."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.rules.match import duplicate_text, match, new_or_refuse
from groupwall.rules.values import Asked, Direction, Peer, PortRange, Properties, Rule
from tests import strategies


def properties(protocol: str, first: int, last: int, peer: str) -> Properties:
    """Return properties from their parts, the peer by its text."""
    return Properties(protocol, PortRange(first, last), Peer.of(peer))


def stored(what: Properties, description: str | None = None) -> Rule:
    """Return an ingress rule."""
    return Rule("sgr-00000001", strategies.GROUP, Direction.INGRESS, what, description)


SSH = properties("tcp", 22, 22, "10.0.0.0/24")


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (properties("tcp", 22, 22, "10.0.0.0/24"), SSH),
        (properties("icmp", 8, -1, "10.0.0.0/8"), properties("icmp", 8, -1, "10.0.0.0/8")),
        (properties("-1", -1, -1, "sg-00000001"), properties("-1", -1, -1, "sg-00000001")),
        (properties("tcp", 443, 443, "pl-63a5400b"), properties("tcp", 443, 443, "pl-63a5400b")),
    ],
)
def test_equal_properties_match(asked: Properties, rule: Properties) -> None:
    """A rule is found by its protocol, ports and peer: reference 4.3 [docs][recorded]."""
    assert match([Asked(asked, None)], [stored(rule)]) == ((stored(rule),), ())


@pytest.mark.parametrize(
    ("asked", "rule"),
    [
        (properties("tcp", 22, 23, "10.0.0.0/24"), SSH),  # wider ports
        (properties("tcp", 22, 22, "10.0.0.0/24"), properties("tcp", 20, 30, "10.0.0.0/24")),  # narrower ports
        (properties("tcp", 22, 22, "10.0.0.0/16"), SSH),  # the block around it
        (properties("tcp", 22, 22, "10.0.0.0/25"), SSH),  # a block within it
        (properties("-1", -1, -1, "10.0.0.0/24"), SSH),  # all protocols
        (properties("udp", 22, 22, "10.0.0.0/24"), SSH),  # another protocol
        (properties("icmp", -1, -1, "10.0.0.0/8"), properties("icmp", 8, -1, "10.0.0.0/8")),  # all ICMP types
        (properties("tcp", 22, 22, "sg-00000002"), properties("tcp", 22, 22, "sg-00000001")),  # another group
    ],
)
def test_what_is_not_equal_does_not_match(asked: Properties, rule: Properties) -> None:
    """Neither more nor less than the stored rule means it: reference 4.3 [docs]."""
    assert match([Asked(asked, None)], [stored(rule)]) == ((), (Asked(asked, None),))


@pytest.mark.parametrize(
    ("told", "kept", "found"),
    [
        (None, "office", True),  # 4.3 [docs]: ignored when absent
        (None, None, True),
        ("office", "office", True),  # 4.3 [docs]: equal when given
        ("Office", "office", False),  # 4.3 [docs]
        ("office", None, False),  # 4.3 [docs]
        ("", None, True),  # [inferred]
        ("", "office", False),  # [inferred]
    ],
)
def test_a_description_takes_part_when_given(told: str | None, kept: str | None, *, found: bool) -> None:
    """A given description must equal the stored one: reference 4.3 [docs]."""
    assert bool(match([Asked(SSH, told)], [stored(SSH, kept)]).found) is found


@given(case=strategies.requests_of_groups())
def test_every_asked_rule_is_found_or_unknown(case: tuple[list[Asked], list[Rule]]) -> None:
    """Found and unknown together are the request, each once and in its order."""
    asked, existing = case
    found, unknown = match(asked, existing)
    both = [rule.properties for rule in found] + [one.properties for one in unknown]
    order = [one.properties for one in asked]
    assert sorted(both) == sorted(order)
    assert [rule.properties for rule in found] == [one for one in order if one not in {x.properties for x in unknown}]
    assert list(unknown) == [one for one in asked if one in unknown]
    assert set(found) <= set(existing)


@given(case=strategies.requests_of_groups(), seed=st.integers())
def test_the_order_of_the_stored_rules_does_not_matter(case: tuple[list[Asked], list[Rule]], seed: int) -> None:
    """The same rules in another order give the same answer."""
    asked, existing = case
    shuffled = random.Random(seed).sample(existing, len(existing))  # noqa: S311 - a test's shuffle
    assert match(asked, shuffled) == match(asked, existing)


@given(case=strategies.requests_of_groups())
def test_the_properties_alone_decide_without_descriptions(case: tuple[list[Asked], list[Rule]]) -> None:
    """Without descriptions a request finds exactly the stored rules that it names: reference 4.3 [docs]."""
    asked, existing = case
    bare = [Asked(one.properties, None) for one in asked]
    named = {one.properties for one in asked}
    assert {rule.id for rule in match(bare, existing).found} == {x.id for x in existing if x.properties in named}


@given(case=strategies.requests_of_groups())
def test_a_request_is_new_or_refused(case: tuple[list[Asked], list[Rule]]) -> None:
    """Authorize refuses exactly what a revoke without descriptions would find: reference 5.3 [issue]."""
    asked, existing = case
    first = next((one for one in asked if one.properties in {rule.properties for rule in existing}), None)
    if first is None:
        new_or_refuse(asked, existing)
        return
    with pytest.raises(ApiError) as caught:
        new_or_refuse(asked, existing)
    assert caught.value.code == "InvalidPermission.Duplicate"
    assert caught.value.message == f'the specified rule "{duplicate_text(first.properties)}" already exists'


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        # 5.3 [recorded]
        (("tcp", 22, 22, "0.0.0.0/0"), "peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW"),
        (("-1", -1, -1, "10.0.0.0/19"), "peer: 10.0.0.0/19, ALL, ALLOW"),
        (("udp", 0, 65535, "sg-0d741a6b"), "peer: sg-0d741a6b, UDP, from port: 0, to port: 65535, ALLOW"),
        (("icmp", -1, -1, "0.0.0.0/0"), "peer: 0.0.0.0/0, ICMP, type: ALL, code: ALL, ALLOW"),
        # 5.3 [inferred]
        (("icmp", 8, -1, "0.0.0.0/0"), "peer: 0.0.0.0/0, ICMP, type: 8, code: ALL, ALLOW"),
        (("icmpv6", 128, 0, "::/0"), "peer: ::/0, ICMPV6, type: 128, code: 0, ALLOW"),
        (("50", -1, -1, "pl-63a5400b"), "peer: pl-63a5400b, 50, ALLOW"),
    ],
)
def test_a_duplicate_is_named(rule: tuple[str, int, int, str], text: str) -> None:
    """The error names the rule that is there: reference 5.3."""
    assert duplicate_text(properties(*rule)) == text
