"""How many bytes passed in the flows that rules admit, as far as the kernel accounts for bytes.

It does so for each flow that it tracks, and tells it as long as the flow is tracked. So what is seen are the flows that
are there when an agent looks: the bytes of each since it looked before count for all rules that admit the flow, at each
gate that it passes here. What a flow sends after the last look at it is seen by nobody: a notice of each flow that ends
would cost as much as to begin one (decision 0021).
"""

from __future__ import annotations

import asyncio
from collections import Counter

from groupwall.enforce.dataplane.posts import Post
from groupwall.enforce.kernel.conntrack import Volume
from groupwall.enforce.policy.gates import Gates
from groupwall.rules.verdict import Flow

_AT_ONCE = 50
"""Flows that are looked at before others have their turn: a millisecond, if none of them has to be judged."""

_REMEMBERED = 1 << 16


class Volumes:
    """The bytes of the flows that are tracked at one post, as they were seen last.

    new: whether its table was made by this agent. Of others it is not known what was told before.
    """

    def __init__(self, *, new: bool) -> None:
        self._known = new
        self._seen: dict[bytes, int] = {}
        self._before: dict[bytes, int] = {}
        self._version: int | None = None
        self._gates: Gates | None = None
        self._admitting: dict[Flow, tuple[str, ...]] = {}

    async def more(self, post: Post) -> Counter[str]:
        """Return by how many bytes the flows have grown that each rule admits, by rule, piece by piece."""
        found: Counter[str] = Counter()
        seen: dict[bytes, int] = {}
        try:
            for place, one in enumerate(post.volumes()):
                seen[one.id] = one.bytes
                more = self._more(one)
                found.update(dict.fromkeys(self._rules(post, one.flow) if more else (), more))
                if more or place % _AT_ONCE == 0:
                    await asyncio.sleep(0)
        except OSError:  # what was not told this time is still known
            seen = self._seen | seen
        self._known = True
        # What a walk through a changing list left out is no new flow when the next one tells of it.
        self._before, self._seen = self._seen, seen
        return found

    def _more(self, one: Volume) -> int:
        before = self._seen.get(one.id, self._before.get(one.id, 0))
        return (one.bytes - before if one.bytes >= before else one.bytes) if self._known else 0

    def _rules(self, post: Post, flow: Flow) -> tuple[str, ...]:
        """Return the rules that admit a flow, remembered for as long as the policy is the same."""
        if self._gates is None or self._version != post.version or len(self._admitting) > _REMEMBERED:
            self._gates, self._version, self._admitting = Gates(post.state), post.version, {}
        if flow not in self._admitting:
            self._admitting[flow] = tuple(self._gates.admitting(flow))
        return self._admitting[flow]
