"""The best cut that groups have room for: what is left of a rule may be many rules, and a group has a quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from groupwall.ops.operation import Context
from groupwall.ops.plans.steps import Left, left_of, steps
from groupwall.ops.rules.weights import Lists, prefix_lists_of, weight
from groupwall.rules.cut import EVERYTHING, Gate, Plan, Prices, Unit, minimal, narrowed
from groupwall.rules.traffic import Traffic
from groupwall.rules.values import Direction, Rule
from groupwall.store.entities import Reference


class Narrowable(NamedTuple):
    """The rules that let the traffic pass, by id; all rules of their groups; those that can only go whole.

    lists, owners: the prefix lists that they weigh by, and the accounts of groups that they reference, if not ours.
    """

    cut: Mapping[str, Rule]
    groups: Mapping[str, Sequence[Rule]]
    whole: set[str]
    lists: Lists
    owners: Mapping[str, str]
    context: Context

    def prices(self) -> Prices:
        """Return what a cut makes of these rules."""
        return Prices(
            self._narrow,
            lambda cut: sum(beyond for beyond, _ in self._crowded(self.left(cut))),
            lambda cut: len(steps(self.left(cut), {}, {})),
            lambda rule_id: self.cut[rule_id].group_id,
        )

    def left(self, cut: Mapping[str, Traffic]) -> list[Left]:
        """Return what is left of the rules that are cut."""
        return left_of(cut, self.groups, self.owners)

    def _narrow(self, rule_id: str, wanted: Traffic) -> Traffic:
        """Return what a rule loses when it must no longer admit some traffic. TooLarge when the time is up."""
        self.context.tx.look()
        return EVERYTHING if rule_id in self.whole else narrowed(self.cut[rule_id], wanted)

    def most_pieces(self, lefts: Sequence[Left]) -> set[str]:
        """Return of each group that has no room for what is left of its rules the one with the most pieces."""
        return {max(mine, key=lambda left: len(left.others)).rule.id for _, mine in self._crowded(lefts)}

    def _crowded(self, lefts: Sequence[Left]) -> Iterator[tuple[int, list[Left]]]:
        """Yield how far a group would be beyond its quota in one direction, and what is left of its rules there."""
        sides: dict[tuple[str, Direction], list[Left]] = {}
        for left in lefts:
            sides.setdefault((left.rule.group_id, left.rule.direction), []).append(left)
        for (group_id, direction), mine in sides.items():
            if not any(left.others for left in mine):
                continue
            touched = {left.rule.id for left in mine}
            others = (one for one in self.groups[group_id] if one.direction is direction and one.id not in touched)
            left_over = (one.peer for left in mine for one in (left.itself, *left.others) if one)
            after = weight([*(one.properties.peer for one in others), *left_over], self.lists)
            if after > self.context.quotas.rules_per_group:
                yield after - self.context.quotas.rules_per_group, mine


def narrowable(
    rules: Mapping[str, Rule], groups: Mapping[str, Sequence[Rule]], whole: set[str], context: Context
) -> Narrowable:
    """Return the rules to be narrowed, with what has to be known of their peers."""
    peers = [rule.properties.peer for some in groups.values() for rule in some]
    references = context.tx.by(Reference, "rule_id", sorted(rules))
    accounts = {rule_id: one.account for rule_id, some in references.items() for one in some}
    owners = {rule_id: account for rule_id, account in accounts.items() if account != context.world.account}
    return Narrowable(rules, groups, whole, prefix_lists_of(peers, context), owners, context)


def fitting(units: Sequence[Unit], gates: Sequence[Gate], rules: Narrowable) -> tuple[Plan, list[Left]]:
    """Return the best plan whose groups stay within their quota, and what it leaves of the rules.

    Where there is none, the rule with the most pieces of a group that has no room for them goes whole.
    """
    while True:
        plan = minimal(units, gates, rules.prices())
        lefts = rules.left(plan.cut)
        if not plan.price.over:
            return plan, lefts
        rules.whole.update(rules.most_pieces(lefts))
