"""Which flows under way end by a change: those that a cut judges anew, and those that stop by themselves."""

from __future__ import annotations

from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.policy.compile import State
from groupwall.enforce.policy.gates import Gate, Gates
from groupwall.enforce.policy.stopping import Stopping


class Ending:
    """What a change ends. judged: with the interfaces that a cut is asked for. stopping: what needs none.

    own: of this machine's own flows, of which those that are translated are left alone: they are passed on.
    """

    def __init__(self, judged: State, stopping: Stopping | None, *, own: bool) -> None:
        self._gates = Gates(judged)
        self._stopping = stopping
        self._own = own

    def ends(self, one: Tracked) -> bool:
        """Tell whether a flow ends."""
        return bool(not self._gates.permit(one.flow) or self.stops(one)) and not self._is_left(one)

    def gates(self, one: Tracked) -> list[Gate]:
        """Return the gates at which a flow ends, none if it does not."""
        found = [*self._gates.refusals(one.flow), *self.stops(one)]
        return [] if found and self._is_left(one) else list(dict.fromkeys(found))

    def stops(self, one: Tracked) -> list[Gate]:
        """Return the gates at which a flow ends that is not cut, as it is untracked there."""
        return self._stopping.stops(one) if self._stopping else []

    def _is_left(self, one: Tracked) -> bool:
        return self._own and one.is_translated()
