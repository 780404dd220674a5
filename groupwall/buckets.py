"""How often: a token bucket for each name, forgotten once it is full again.

A bucket holds ``burst`` tokens and gets ``rate`` more a second; what it lets through takes one. So in any stretch of
``t`` seconds never more than ``burst + rate * t`` pass. What is kept of a bucket is when it will be full, which is in
the past for one that was not used for a while: nothing has to be refilled, and no timer runs.
"""

from __future__ import annotations

import math
from collections import OrderedDict

MOST_NAMES = 10_000
"""Buckets that are kept. Beyond it the one that was used longest ago is taken as full: the memory stays bounded."""

_MICROSECONDS = 1_000_000


class Buckets:
    """Token buckets by name. rate: tokens a second; burst: those of a full bucket, 1 at least."""

    def __init__(self, rate: float, burst: int, most: int = MOST_NAMES) -> None:
        self._each = math.ceil(_MICROSECONDS / rate)
        self._size = burst * self._each
        self._most = most
        self._full_at: OrderedDict[str, int] = OrderedDict()

    def take(self, name: str, now: int) -> bool:
        """Take a token, and tell whether there was one. now: milliseconds since 1970; it may go back."""
        now *= 1000
        empty = now + self._size
        full_at = min(max(self._full_at.get(name, now), now), empty)  # a clock set back locks nobody out until then
        taken = full_at + self._each <= empty
        self._full_at[name] = full_at + self._each if taken else full_at
        self._full_at.move_to_end(name)
        self._forget(now)
        return taken

    def _forget(self, now: int) -> None:
        """Let go of those that were used longest ago, while they are full or too many."""
        while self._full_at:
            name, full_at = next(iter(self._full_at.items()))
            if full_at > now and len(self._full_at) <= self._most:
                return
            del self._full_at[name]

    def __len__(self) -> int:
        """Return how many buckets are kept."""
        return len(self._full_at)
