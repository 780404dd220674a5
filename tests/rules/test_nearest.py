"""The nearest rules to one that is asked for, and in what they differ."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.nearest import MOST, elsewhere, nearest
from groupwall.rules.values import Asked, Direction, Peer, PortRange, Properties, Rule

HERE, BESIDE = "sg-here", "sg-beside"


def properties(text: str) -> Properties:
    """Return what ``tcp 22-23 10.0.0.0/24`` means; ``-1 -1--1 0.0.0.0/0`` for all protocols."""
    protocol, ports, peer = text.split()
    first, last = ports.rsplit("..", 1) if ".." in ports else (ports, ports)
    return Properties(protocol, PortRange(int(first), int(last)), Peer.of(peer))


def rule(text: str, group_id: str = HERE, direction: Direction = Direction.INGRESS, told: str | None = None) -> Rule:
    """Return a rule whose id is its text."""
    return Rule(f"sgr-{text}", group_id, direction, properties(text), told)


class Row(NamedTuple):
    """What is asked for, a rule that is there, and in what it differs; nothing where it is not near."""

    asked: Asked
    there: Rule
    differences: tuple[str, ...]


SSH = Asked(properties("tcp 22 10.0.0.0/24"), None)
ROWS = {
    "ports": Row(SSH, rule("tcp 22..23 10.0.0.0/24"), ("ports: 22 asked, 22-23 there",)),
    "other ports": Row(SSH, rule("tcp 2222 10.0.0.0/24"), ("ports: 22 asked, 2222 there",)),
    "protocol": Row(SSH, rule("udp 22 10.0.0.0/24"), ("protocol: tcp asked, udp there",)),
    "all protocols": Row(SSH, rule("-1 -1 10.0.0.0/24"), ("protocol: tcp asked, all there",)),
    "a wider block": Row(SSH, rule("tcp 22 10.0.0.0/8"), ("peer: 10.0.0.0/24 asked, 10.0.0.0/8 there",)),
    "a narrower block": Row(SSH, rule("tcp 22 10.0.0.1/32"), ("peer: 10.0.0.0/24 asked, 10.0.0.1/32 there",)),
    "another peer": Row(SSH, rule("tcp 22 sg-00000000"), ("peer: 10.0.0.0/24 asked, sg-00000000 there",)),
    "another family": Row(SSH, rule("tcp 22 ::/0"), ("peer: 10.0.0.0/24 asked, ::/0 there",)),
    "wider altogether": Row(
        SSH, rule("-1 -1 0.0.0.0/0"), ("protocol: tcp asked, all there", "peer: 10.0.0.0/24 asked, 0.0.0.0/0 there")
    ),
    "the other direction": Row(
        SSH, rule("tcp 22 10.0.0.0/24", direction=Direction.EGRESS), ("direction: ingress asked, egress there",)
    ),
    "the group beside": Row(
        SSH, rule("tcp 22 10.0.0.0/24", BESIDE), ("group: sg-here asked, sg-beside there",)
    ),
    "description": Row(
        SSH._replace(description="bob"), rule("tcp 22 10.0.0.0/24", told="ann"),
        ("description: 'bob' asked, 'ann' there",),
    ),
    "no description": Row(
        SSH._replace(description=""), rule("tcp 22 10.0.0.0/24", told="ann"), ("description: '' asked, 'ann' there",)
    ),
    "neither service nor peer": Row(SSH, rule("tcp 80 192.0.2.0/24"), ()),
    "the ports in part, another peer": Row(SSH, rule("tcp 20..30 192.0.2.0/24"), ()),
    "the same service elsewhere": Row(SSH, rule("tcp 22 192.0.2.0/24", BESIDE), ()),
    "itself": Row(SSH, rule("tcp 22 10.0.0.0/24", told="whatever"), ()),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_rule_that_is_near(name: str) -> None:
    """A rule that is one or two properties away is told with both values of each [users 1.1 need 2]."""
    asked, there, differences = ROWS[name]
    found = nearest(asked, HERE, Direction.INGRESS, [there])
    assert [one.differences for one in found] == ([differences] if differences else [])


def test_the_nearest_comes_first() -> None:
    """Fewer and smaller differences come first, then lesser ids; no more than five are told (inferred)."""
    there = [
        rule("tcp 22 10.0.0.0/24", BESIDE, Direction.EGRESS), rule("tcp 22..23 10.0.0.0/8"),
        rule("tcp 22 192.0.2.0/24"), rule("tcp 22..23 10.0.0.0/24"), rule("tcp 22 10.0.0.0/8"),
        rule("udp 53 10.0.0.0/24"),
    ]  # fmt: skip
    found = [one.rule.id for one in nearest(SSH, HERE, Direction.INGRESS, there)]
    assert found == [
        "sgr-tcp 22 10.0.0.0/8", "sgr-tcp 22..23 10.0.0.0/24", "sgr-tcp 22..23 10.0.0.0/8", "sgr-tcp 22 192.0.2.0/24",
        "sgr-udp 53 10.0.0.0/24",
    ]  # fmt: skip


def test_a_rule_named_by_id_that_lies_elsewhere() -> None:
    """The group and the direction are told, the latter only where one is asked for (inferred)."""
    there = rule("tcp 22 10.0.0.0/24", BESIDE, Direction.EGRESS)
    group = "group: sg-here asked, sg-beside there"
    assert list(elsewhere(there, HERE, Direction.INGRESS)) == ["direction: ingress asked, egress there", group]
    assert list(elsewhere(there, HERE, None)) == [group]


TEXTS = st.sampled_from(
    ["tcp 22 10.0.0.0/24", "tcp 22..23 10.0.0.0/24", "tcp 22 10.0.0.0/8", "udp 22 ::/0", "-1 -1 0.0.0.0/0",
     "tcp 22 sg-00000000", "icmp 8..-1 10.0.0.0/8"]
)  # fmt: skip
RULES = st.lists(
    st.builds(rule, TEXTS, st.sampled_from([HERE, BESIDE]), st.sampled_from(Direction), st.sampled_from([None, "ann"]))
)


@given(TEXTS, st.sampled_from([None, "", "ann"]), RULES)
def test_what_is_near_is_not_what_was_asked(text: str, told: str | None, rules: list[Rule]) -> None:
    """Each that is told differs, in what it says, and none is told twice more than it is given (inferred)."""
    asked = Asked(properties(text), told)
    found = nearest(asked, HERE, Direction.INGRESS, rules)
    assert len(found) <= MOST
    for near in found:
        same = near.rule.properties == asked.properties and told in (None, near.rule.description or "")
        at_home = (near.rule.group_id, near.rule.direction) == (HERE, Direction.INGRESS)
        assert near.differences
        assert not (same and at_home)
        assert near.rule in rules
