"""Ids and the clock as values: the one door for chance and time.

Nothing else in groupwall reads a clock or draws a random number, so a test that gives a seed and a frozen time sees the
same ids and the same history on every run.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol

MILLISECONDS = 1000


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z."""
        return time.time_ns() // 1_000_000


def timestamp(now: int) -> str:
    """Return a time in milliseconds since 1970 as ISO 8601 in UTC: ``2026-11-23T03:36:00.123Z``."""
    return f"{_second(now // MILLISECONDS)}.{now % MILLISECONDS:03}Z"


@lru_cache(maxsize=8)
def _second(seconds: int) -> str:
    """Return a whole second; many lines of a log are written in the same one."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def ticks() -> float:
    """Return seconds from an unknown start, to measure how long something takes."""
    return time.perf_counter()


class FrozenClock:
    """A clock that stands still until it is told to move; safe to share between threads."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._lock = threading.Lock()

    def now(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z, as last set."""
        return self._now

    def advance(self, by: float | timedelta) -> None:
        """Move the clock forward by a number of seconds or a timedelta, or backward by a negative one."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        with self._lock:
            self._now += round(seconds * MILLISECONDS)


class Ids:
    """New ids and secrets: from the system's randomness, or from a seed for a world that repeats."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.Random(seed) if seed is not None else None  # noqa: S311 - a seed asks for repetition

    def new(self, prefix: str) -> str:
        """Return an id such as ``sgr-0b1c…``: the prefix and 17 lower-case hex digits, the first a zero, as AWS's."""
        return f"{prefix}-0{self._bits(64):016x}"

    def request_id(self) -> str:
        """Return a lower-case UUID of version 4."""
        return str(uuid.UUID(int=self._bits(128), version=4))

    def key(self) -> bytes:
        """Return 32 bytes for a keyed hash."""
        return self._bits(256).to_bytes(32, "big")

    def text(self, alphabet: str, length: int) -> str:
        """Return ``length`` characters of ``alphabet``, each drawn by itself."""
        choice = self._random.choice if self._random else secrets.choice
        return "".join(choice(alphabet) for _ in range(length))

    def _bits(self, count: int) -> int:
        return self._random.getrandbits(count) if self._random else secrets.randbits(count)


def derived_id(key: bytes, prefix: str, *parts: str) -> str:
    """Return the id that ``key`` gives to something which exists from the start, such as a world's default VPC.

    The same parts give the same id for ever, so a read needs to write nothing. Without the key nobody can foretell it.
    """
    digest = hmac.digest(key, "\x1f".join((prefix, *parts)).encode(), hashlib.sha256).hex()
    return f"{prefix}-0{digest[:16]}"
