"""Which expectations a change can break at all, told by the interfaces whose gates it alters.

Most changes are of rules alone, and touch the gates of a few interfaces. An expectation that has none of them at the
end in question holds as before, so nothing of it is read or worked out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from groupwall.ops.flows.ends import addresses
from groupwall.ops.flows.network import TOUCHING, Network
from groupwall.rules.spans import Spans, intersection, spans
from groupwall.rules.values import Direction, Rule
from groupwall.store.changes import Delta, value_of
from groupwall.store.entities import Attachment, Expectation, Interface

RULE = "security-group-rule"


class Touched(NamedTuple):
    """The interfaces whose gates of one direction are altered: the ids by which ends may name them, their addresses."""

    ids: frozenset[str]
    addresses: Spans

    def by(self, end: str) -> bool:
        """Tell whether an end names any of them."""
        if end.startswith(("eni-", "i-", "sg-")):
            return end in self.ids
        return bool(intersection(addresses(end), self.addresses))


def concerned(expectations: Sequence[Expectation], deltas: Sequence[Delta], network: Network) -> list[Expectation]:
    """Return the expectations that a change may break, all of them where it is more than rules. network: after it."""
    kinds = {delta.kind for delta in deltas} & TOUCHING
    if not expectations or not kinds:
        return []
    if kinds != {RULE}:
        return list(expectations)
    sends, receives = _touched(deltas, network)
    return [one for one in expectations if sends.by(one.source) or receives.by(one.destination)]


def _touched(deltas: Iterable[Delta], network: Network) -> tuple[Touched, Touched]:
    """Return those who send through altered gates, and those who receive."""
    rules: list[Rule] = [
        value_of(RULE, text) for delta in deltas if delta.kind == RULE for text in (delta.before, delta.after) if text
    ]
    members = network.members({rule.group_id for rule in rules})
    every = {one.id: one for some in members.values() for one in some}
    names = _names(list(every.values()), network)

    def of(direction: Direction) -> Touched:
        group_ids = {rule.group_id for rule in rules if rule.direction is direction}
        ids = {one.id for group_id in group_ids for one in members[group_id]}
        held = network.addresses(sorted(ids))
        return Touched(
            frozenset(name for one in ids for name in names(one)),
            spans(tuple(span for some in held.values() for span in some)),
        )

    return of(Direction.EGRESS), of(Direction.INGRESS)


def _names(interfaces: Sequence[Interface], network: Network) -> Callable[[str], Iterable[str]]:
    """Return what gives the ids by which an interface may be named: its own, its instance's, those of its groups."""
    if not interfaces:
        return lambda _: ()
    network.addresses(one.id for one in interfaces)  # of both directions at once
    standings = network.standings(interfaces)
    attachments = network.seen.by(Attachment, "interface_id", sorted(standings))
    instances = {one: [each.instance_id for each in some] for one, some in attachments.items()}
    return lambda one: (one, *standings[one].group_ids, *instances.get(one, ()))
