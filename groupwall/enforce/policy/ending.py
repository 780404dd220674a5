"""Which flows under way end by a change: those that a cut judges anew, those that stop by themselves, and more.

More are those of addresses that are no longer whose they were, whatever the rules say: ``leaving``.
"""

from __future__ import annotations

from functools import cached_property

from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.policy.compile import State
from groupwall.enforce.policy.gates import Gate, Gates
from groupwall.enforce.policy.own import Spared
from groupwall.enforce.policy.stopping import Stopping
from groupwall.rules.spans import Spans


class Ending:
    """What a change ends. judged: with the interfaces that a cut is asked for. stopping: what needs none.

    tagged: with those of them alone for which a group's tag asks. spared: of this machine's own flows those that live
    whatever the rules say, None where its own are not judged. Those that are translated are left alone too: they are
    passed on. gone: addresses that are no longer whose they were.
    """

    def __init__(
        self,
        judged: State,
        stopping: Stopping | None,
        tagged: State | None = None,
        spared: Spared | None = None,
        gone: Spans = (),
    ) -> None:
        self._gates = Gates(judged)
        self._stopping = stopping
        self._tagged = tagged
        self._spared = spared
        self._gone = gone

    def ends(self, one: Tracked) -> bool:
        """Tell whether a flow ends."""
        over = bool(self._gone) and one.is_with(self._gone)
        return bool(over or not self._gates.permit(one.flow) or self.stops(one)) and not self._is_left(one)

    def gates(self, one: Tracked) -> list[Gate]:
        """Return the gates at which a flow ends by rules, none if it does not."""
        found = [*self._gates.refusals(one.flow), *self.stops(one)]
        return [] if found and self._is_left(one) else list(dict.fromkeys(found))

    def stops(self, one: Tracked) -> list[Gate]:
        """Return the gates at which a flow ends that is not cut, as it is untracked there."""
        return self._stopping.stops(one) if self._stopping else []

    def is_cut_by_tag(self, one: Tracked) -> bool:
        """Tell whether a flow that ends is cut though the change itself asks for no cut."""
        return self._by_tag is not None and not self._by_tag.permit(one.flow)

    @cached_property
    def _by_tag(self) -> Gates | None:
        return Gates(self._tagged) if self._tagged and self._tagged.interfaces else None

    def _is_left(self, one: Tracked) -> bool:
        return self._spared is not None and (self._spared.has(one.flow) or one.is_translated())
