"""Which of the flows under way a change stops, because they were untracked before it: reference 20 [docs].

Each interface tracks by itself, as at AWS: a flow stops where either end's does not let it pass any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.policy.compile import State
from groupwall.enforce.policy.gates import Gate, Gates
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.tracking import Conversation, is_open, opened, stops, untracked
from groupwall.rules.traffic import Traffic
from groupwall.rules.values import Direction, Rule

Untracked = Mapping[Direction, Traffic]
"""What of the flows that begin in each direction is untracked."""


def stopping(before: State, after: State) -> Stopping | None:
    """Return what a change stops, None if it can stop none. before: of the interfaces alone that it may concern.

    It concerns those of them that have lost a rule for everyone; the others' flows need not be looked at.
    """
    alike: dict[tuple[AbstractSet[str], AbstractSet[str]], Untracked] = {}
    found: dict[int, Untracked] = {}
    for interface_id, here in before.interfaces.items():
        there = after.interfaces.get(interface_id)
        pair = here.groups, there.groups if there else frozenset[str]()
        if pair not in alike:
            alike[pair] = _lost(_open(before, pair[0]), _open(after, pair[1]))
        if alike[pair]:
            found |= dict.fromkeys(map(address_number, here.addresses), alike[pair])
    return Stopping(found, Gates(after)) if found else None


def _open(state: State, group_ids: Iterable[str]) -> list[Rule]:
    """Return the rules for everyone of some groups; others make no flow untracked."""
    return [rule for group_id in group_ids for rule in state.groups.get(group_id, ()) if is_open(rule)]


def _lost(was: Sequence[Rule], now: Sequence[Rule]) -> Untracked:
    """Return what was untracked where one of the rules is lost; else nothing, since all of it passes as before."""
    told = {direction: untracked(direction, was) for direction in Direction} if opened(was) - opened(now) else {}
    return told if any(told.values()) else {}


class Stopping:
    """What a change stops. before: what was untracked, by the address that has lost some of it. after: what holds."""

    def __init__(self, before: Mapping[int, Untracked], after: Gates) -> None:
        self._before = before
        self._after = after

    def stops(self, one: Tracked) -> list[Gate]:
        """Return the gates at which it stops a flow, those of its ends."""
        (source, destination, service), port = one.flow, one.source_port
        answers = service - service % PORTS + port
        leaving = Conversation(Direction.EGRESS, destination, service, answers)
        coming = Conversation(Direction.INGRESS, source, service, answers)
        ends = (source, leaving), (destination, coming)
        return [self._after.of(own, each.direction) for own, each in ends if self._stops_at(own, each)]

    def _stops_at(self, own: int, one: Conversation) -> bool:
        before = self._before.get(own)
        after = self._after.at(own) if before else None
        return before is not None and after is not None and stops(one, before, after)
