"""What a change of rules, or of what they stand for, does at one gate: flows cut, flows opened, flows still open.

A rule admits less than before when it goes, or when its peer stands for fewer addresses; more, the other way round.
Of what it admits no longer some may pass nevertheless, by other rules of the gate: that is told with those rules.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.spans import intersection
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic, union

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from groupwall.rules.values import Rule
    from groupwall.rules.verdict import Grant


class Shift(NamedTuple):
    """What a rule admits on one side of a change and not on the other.

    alone: what of it does not pass on the other side. shared: what of it passes there too, and by which rules.
    """

    rule: Rule
    alone: Traffic
    shared: Traffic
    by: tuple[Rule, ...]


class Effect(NamedTuple):
    """What a change does at a gate. lost, gained: by rule, as it was, and as it is then."""

    cut: Traffic
    opened: Traffic
    lost: tuple[Shift, ...]
    gained: tuple[Shift, ...]


def effect(before: Sequence[Grant], after: Sequence[Grant]) -> Effect:
    """Return what becomes of a gate's traffic when its grants change; the cost is that of the rules that differ.

    What is cut was admitted by a rule that admits it no longer, so only those are looked at, against all of the others.
    """
    lost, gained = tuple(_shifts(before, after)), tuple(_shifts(after, before))
    return Effect(union(one.alone for one in lost), union(one.alone for one in gained), lost, gained)


def _shifts(mine: Sequence[Grant], theirs: Sequence[Grant]) -> Iterator[Shift]:
    """Yield what each of my rules admits that it does not admit there, for those that differ or are not there."""
    there, meeting = {rule.id: box for rule, box in theirs}, _meeting(theirs)
    for rule, box in mine:
        other = there.get(rule.id)
        if other != box:
            shifted = traffic([box]) - (traffic([other]) if other else NOTHING)
            yield _shift(rule, shifted, meeting(box))


def _shift(rule: Rule, shifted: Traffic, near: Sequence[Grant]) -> Shift:
    shares = [(one.rule, shifted & traffic([one.box])) for one in near]
    shared = union(share for _, share in shares)
    return Shift(rule, shifted - shared, shared, tuple(other for other, share in shares if share))


def _meeting(grants: Sequence[Grant]) -> Callable[[Box], list[Grant]]:
    """Return what finds the grants that share a flow with a box, without a look at those behind it or before it all."""
    ends = [(addresses[0].first, addresses[-1].last) if (addresses := one.box.addresses) else None for one in grants]
    placed = sorted((end, place) for place, end in enumerate(ends) if end)
    firsts, lasts = [first for (first, _), _ in placed], list(accumulate((last for (_, last), _ in placed), max))

    def meeting(box: Box) -> list[Grant]:
        if not box.addresses:
            return []
        first, last = bisect_left(lasts, box.addresses[0].first), bisect_right(firsts, box.addresses[-1].last)
        near = (grants[place] for place in sorted(place for _, place in placed[first:last]))
        return [one for one in near if _meet(one.box, box)]

    return meeting


def _meet(one: Box, other: Box) -> bool:
    """Tell whether two boxes share a flow; what lies apart as a whole, as most do, is told without a closer look."""
    for mine, theirs in zip(one, other, strict=True):
        if not mine or not theirs or mine[0].first > theirs[-1].last or theirs[0].first > mine[-1].last:
            return False
    return all(intersection(mine, theirs) for mine, theirs in zip(one, other, strict=True))
