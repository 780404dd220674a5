"""Interfaces of instances that are about to be made: no host enforces them yet, and one will."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from groupwall.ops.operation import Context
from groupwall.store.entities import Attachment, Instance

RUNNING = "running"
"""What an instance is asked to be that a host has to make."""

Bound = Mapping[str, AbstractSet[str]]
"""The interfaces that hosts enforce, by host."""


def unmade(bound: Bound, context: Context) -> list[str]:
    """Return the interfaces of instances that should run and that no host enforces."""
    enforced = frozenset().union(*bound.values())
    attached = [one for one in context.tx.listed(Attachment) if one.interface_id not in enforced]
    instances = context.tx.by_id(Instance, sorted({one.instance_id for one in attached}))
    run = {one.id for one in instances.values() if one.state == RUNNING}
    return sorted(one.interface_id for one in attached if one.instance_id in run)
