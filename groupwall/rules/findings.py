"""Rules that say nothing of their own: shadowed by another rule, or redundant beside several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from groupwall.rules.spans import Spans, difference
from groupwall.rules.traffic import Box, Traffic, traffic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from groupwall.rules.verdict import Grant


def shadows(grants: Sequence[Grant]) -> dict[str, Grant]:
    """Return by rule id the one rule that admits all that it does, the widest; of two that are equal, the lesser id.

    grants: of one group and direction. A rule that admits nothing is not looked at.
    """
    some = sorted((one for one in grants if _admits(one)), key=lambda one: (_reach(one), one.rule.id))
    found: dict[str, Grant] = {}
    for place, one in enumerate(some):
        wider = next((other for other in some[:place] if within(one.box, other.box)), None)
        if wider:
            found[one.rule.id] = wider
    return found


def _admits(one: Grant) -> bool:
    return bool(one.box.addresses and one.box.services)


def _reach(one: Grant) -> int:
    """Return what sorts a box behind every box that holds it: the ends of its addresses, and of its services."""
    return -sum(span.last - span.first + 1 for spans in one.box for span in spans)


def within(inner: Box, outer: Box) -> bool:
    """Tell whether a box is inside another."""
    return all(_inside(mine, theirs) for mine, theirs in zip(inner, outer, strict=True))


def _inside(mine: Spans, theirs: Spans) -> bool:
    """Tell whether a set is inside another; most are told apart by their ends."""
    if mine == theirs:
        return True
    if not theirs or mine[0].first < theirs[0].first or mine[-1].last > theirs[-1].last:
        return False
    return not difference(mine, theirs)


def covering(one: Grant, grants: Sequence[Grant]) -> list[Grant] | None:
    """Return other rules of a gate that together admit all that a rule does, none of them needless; None if they don't.

    grants: of the whole gate. Those that admit the most of it are taken first.
    """
    mine = traffic([one.box])
    shares = {other.rule.id: traffic([other.box]) & mine for other in grants if other.rule.id != one.rule.id}
    near = [other for other in grants if shares.get(other.rule.id)]
    left = mine
    taken: list[Grant] = []
    for other in sorted(near, key=lambda other: -len(shares[other.rule.id].slabs)):
        if not left:
            break
        if left & shares[other.rule.id]:
            taken.append(other)
            left = left - shares[other.rule.id]
    return None if left else _needed(mine, taken, shares)


def _needed(mine: Traffic, taken: Sequence[Grant], shares: Mapping[str, Traffic]) -> list[Grant]:
    """Leave out of rules that cover some traffic those that the others can do without."""
    kept = list(taken)
    for one in taken:
        others = [other for other in kept if other is not one]
        left = mine
        for other in others:
            left = left - shares[other.rule.id]
        if not left:
            kept = others
    return kept
