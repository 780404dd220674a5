"""What a change of a gate's grants cuts, opens and leaves open."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.rules.effects import Effect, effect
from groupwall.rules.flows import address_number, block_span, lines, service_number, services
from groupwall.rules.spans import spans
from groupwall.rules.traffic import NOTHING, Box
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from groupwall.rules.verdict import Grant, admitted, admitting


def grant(text: str) -> Grant:
    """Return what ``a tcp 22-23 10.0.0.0/24`` says: the rule's id, and what it admits; addresses may be several."""
    name, protocol, ports, *blocks = text.split()
    first, last = (ports.split("-") * 2)[:2]
    properties = Properties(protocol, PortRange(int(first), int(last)), Peer.of(blocks[0] if blocks else "sg-none"))
    addresses = spans(tuple(block_span(block) for block in blocks))
    return Grant(Rule(name, "sg-1", Direction.INGRESS, properties, None), Box(addresses, services(*properties[:2])))


class Row(NamedTuple):
    """Grants before and after, what is cut and opened as lines, and (rule, traffic, by whom) of what stays open."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    cut: list[str]
    opened: list[str]
    still: list[tuple[str, str, str]]


SSH = "a tcp 22 10.0.0.0/24"
ROWS = {
    "nothing": Row((SSH,), (SSH,), [], [], []),
    "removed": Row((SSH,), (), ["tcp 22 10.0.0.0/24"], [], []),
    "added": Row((), (SSH,), [], ["tcp 22 10.0.0.0/24"], []),
    "a wider rule beside": Row(
        (SSH, "b tcp 20-30 10.0.0.0/8"), ("b tcp 20-30 10.0.0.0/8",), [], [], [("a", "tcp 22 10.0.0.0/24", "b")]
    ),
    "a part stays open": Row(
        (SSH, "b tcp 22 10.0.0.0/25"), ("b tcp 22 10.0.0.0/25",), ["tcp 22 10.0.0.128/25"], [],
        [("a", "tcp 22 10.0.0.0/25", "b")],
    ),
    "open by two": Row(
        (SSH, "b tcp 22 10.0.0.0/25", "c tcp 22 10.0.0.128/25"), ("b tcp 22 10.0.0.0/25", "c tcp 22 10.0.0.128/25"),
        [], [], [("a", "tcp 22 10.0.0.0/24", "b c")],
    ),
    "a rule far away is not named": Row((SSH, "b tcp 22 192.0.2.0/24"), ("b tcp 22 192.0.2.0/24",),
        ["tcp 22 10.0.0.0/24"], [], []),
    "fewer addresses": Row(
        ("a tcp 22 10.0.0.1/32 10.0.0.2/32",), ("a tcp 22 10.0.0.2/32",), ["tcp 22 10.0.0.1"], [], []
    ),
    "other addresses": Row(
        ("a tcp 22 10.0.0.1/32",), ("a tcp 22 10.0.0.2/32",), ["tcp 22 10.0.0.1"], ["tcp 22 10.0.0.2"], []
    ),
    "two alike, both removed": Row((SSH, "b tcp 22 10.0.0.0/24"), (), ["tcp 22 10.0.0.0/24"], [], []),
    "replaced by one alike": Row((SSH,), ("b tcp 22 10.0.0.0/24",), [], [], [("a", "tcp 22 10.0.0.0/24", "b")]),
    "narrowed": Row(("a tcp 22-23 10.0.0.0/24",), (SSH,), ["tcp 23 10.0.0.0/24"], [], []),
    "widened": Row((SSH,), ("a tcp 22-23 10.0.0.0/24",), [], ["tcp 23 10.0.0.0/24"], []),
    "a peer of nobody": Row(("a tcp 22",), (), [], [], []),
}  # fmt: skip


def told(found: Effect) -> tuple[list[str], list[str], list[tuple[str, str, str]]]:
    """Return an effect as a row has it."""
    still = [
        (one.rule.id, "; ".join(map(str, lines(one.shared))), " ".join(rule.id for rule in one.by))
        for one in found.lost
        if one.shared
    ]
    return [str(line) for line in lines(found.cut)], [str(line) for line in lines(found.opened)], still


@pytest.mark.parametrize("name", ROWS)
def test_what_a_change_does(name: str) -> None:
    """Cut is what no rule admits any more, and what stays open is told with the rules that admit it (inferred)."""
    before, after, *expected = ROWS[name]
    assert list(told(effect(list(map(grant, before)), list(map(grant, after))))) == expected


BLOCKS = ("10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/25", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "::/0")
BOXES = st.builds(
    lambda blocks, protocol, first, more: f"{protocol} {first}-{first + more} {' '.join(blocks)}",
    st.lists(st.sampled_from(BLOCKS), max_size=3),
    st.sampled_from(["tcp", "udp"]),
    st.integers(20, 24),
    st.integers(0, 3),
)
GATES = st.dictionaries(st.sampled_from("abcdef"), BOXES, max_size=6).map(
    lambda some: [grant(f"{name} {text}") for name, text in some.items()]
)
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.200", "192.0.2.1", "2001:db8::1", "2001:db9::1")


@given(GATES, GATES)
def test_an_effect_is_the_difference_of_the_policies(before: list[Grant], after: list[Grant]) -> None:
    """Cut is the policy before without the one after, Opened the reverse: the definition (inferred)."""
    found, old, new = effect(before, after), admitted(before), admitted(after)
    assert (found.cut, found.opened) == (old - new, new - old)


@given(GATES, GATES)
def test_shifts_are_by_rule(before: list[Grant], after: list[Grant]) -> None:
    """Of each rule that admits less: what is cut, what passes nevertheless, and by exactly which rules (inferred)."""
    found = effect(before, after)
    new = admitted(after)
    there = {one.rule.id: one for one in after}
    differing = {rule.id for rule, box in before if rule.id not in there or there[rule.id].box != box}
    assert {one.rule.id for one in found.lost} == differing
    for shift in found.lost:
        mine = admitted(one for one in before if one.rule.id == shift.rule.id)
        kept = admitted([there[shift.rule.id]]) if shift.rule.id in there else NOTHING
        assert shift.alone | shift.shared == mine - kept
        assert not shift.alone & new
        assert shift.shared.within(new)
        by = {one.rule.id for one in after if shift.shared & admitted([one])}
        assert {rule.id for rule in shift.by} == by


@given(GATES, GATES, st.sampled_from(ADDRESSES), st.integers(19, 28), st.sampled_from(["tcp", "udp"]))
def test_an_effect_is_told_flow_by_flow(
    before: list[Grant], after: list[Grant], address: str, port: int, protocol: str
) -> None:
    """A flow is cut when a rule admitted it and none does any more, and opened the other way round (inferred)."""
    flow = address_number(address), service_number(protocol, PortRange(port, port))
    was, now = bool(admitting(before, *flow)), bool(admitting(after, *flow))
    found = effect(before, after)
    assert (found.cut.holds(*flow), found.opened.holds(*flow)) == (was and not now, now and not was)
