"""Which of the flows under way a change stops, because they were untracked before it: reference 20 [docs].

Each interface tracks by itself, as at AWS: a flow stops where either end's does not let it pass any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from groupwall.enforce.compile import State
from groupwall.enforce.conntrack import Tracked
from groupwall.enforce.gates import Gate, Gates
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.tracking import Conversation, opened, stops, untracked
from groupwall.rules.traffic import Traffic
from groupwall.rules.values import Direction, Rule

Untracked = Mapping[Direction, Traffic]
"""What of the flows that begin in each direction is untracked."""


def stopping(before: State, after: State) -> Stopping | None:
    """Return what a change stops, None if it can stop none. before: of the interfaces alone that it may concern.

    It concerns those of them that have lost a rule for everyone; the others' flows need not be looked at.
    """
    found: dict[int, Untracked] = {}
    for interface_id, here in before.interfaces.items():
        was = list(_rules(before, interface_id))
        if opened(was) - opened(_rules(after, interface_id)):
            told = {direction: untracked(direction, was) for direction in Direction}
            found |= dict.fromkeys(map(address_number, here.addresses), told) if any(told.values()) else {}
    return Stopping(found, Gates(after)) if found else None


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


def _rules(state: State, interface_id: str) -> Iterator[Rule]:
    here = state.interfaces.get(interface_id)
    return (rule for group_id in (here.groups if here else ()) for rule in state.groups.get(group_id, ()))
