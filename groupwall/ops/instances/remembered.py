"""How long an instance is told of after its end."""

from __future__ import annotations

from groupwall.store.entities import Instance

TERMINATED = "terminated"

REMEMBERED = 3_600_000
"""Milliseconds for which a terminated instance is described [docs: "a short interval, usually less than one hour"]."""


def is_remembered(instance: Instance, now: int) -> bool:
    """Tell whether an instance is still described; one that is not is as good as removed."""
    return instance.state != TERMINATED or instance.since > now - REMEMBERED
