"""DescribePropagation: whether the hosts that a change concerns enforce it.

A change concerns a host when a fact differs by it that the policy of one of the host's interfaces follows from. Whether
a host is alive does not count: a dead one that should enforce a change keeps it from being told as applied. So does one
that makes instances, as long as the interfaces of some that should run are still to be made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.enforcement.differences import differences
from groupwall.ops.enforcement.facts import Json, View, altered
from groupwall.ops.enforcement.unmade import unmade
from groupwall.ops.hosts import Told
from groupwall.ops.operation import Context, News, Operation, Params, Result, Waits
from groupwall.ops.past import seen_between
from groupwall.ops.waiting import refuse_long_wait
from groupwall.store.entities import Host

ALIVE = 5_000
"""Milliseconds after which a host that was not heard of counts as dead."""

APPLIED, PENDING, NOT_ENFORCED = "applied", "pending", "not-enforced"

Bound = Mapping[str, frozenset[str]]
"""The interfaces that hosts enforce, by host."""


class Asked(NamedTuple):
    """What is asked about. time: of the change, in milliseconds since 1970, None where it is not known.

    concerned: the hosts that should enforce it. makers: those of them that have instances to make for it. waiting: the
    interfaces of these.
    """

    revision: int
    time: int | None
    concerned: frozenset[str]
    makers: frozenset[str]
    waiting: list[str]


def describe_propagation(params: Params, context: Context) -> Result:
    """Return whether every host that a change concerns enforces it; of no change, every host all until now."""
    refuse_long_wait(params)
    head = context.tx.head.revision
    revision = params.get("Revision", head)
    if not 0 < revision <= head and "Revision" in params:
        raise errors.revision_unknown(revision, head)
    bound, told = bound_by(context.tx.listed(Host)), context.hosts.of(context.world)
    makers = _makers(told, context.now)
    concerned, waiting = frozenset(bound), unmade(bound, context) if makers else []
    if "Revision" in params:
        concerned, waiting = _concerned(revision, bound, waiting, context)
    makers = makers if waiting else frozenset()
    change = context.tx.change(revision)
    asked = Asked(revision, change[0].time if change else None, concerned | makers, makers, waiting)
    names = sorted({*bound, *asked.concerned, *(name for name, one in told.items() if is_alive(one, context.now))})
    return {
        "Revision": revision,
        "State": _state(asked, told),
        "Hosts": [_host(name, bound, asked, context) for name in names],
    }


def bound_by(hosts: Iterable[Host]) -> Bound:
    """Return which interfaces hosts enforce."""
    return {one.name: frozenset(json.loads(one.interfaces)) for one in hosts}


def _makers(told: Mapping[str, Told], now: int) -> frozenset[str]:
    """Return the hosts that make instances: those that are alive, or the dead ones that should where none is."""
    some = {name: one for name, one in told.items() if one.makes_instances}
    return frozenset(name for name, one in some.items() if is_alive(one, now)) or frozenset(some)


def _concerned(revision: int, now: Bound, waiting: list[str], context: Context) -> tuple[frozenset[str], list[str]]:
    """Return the hosts of whose interfaces, those of then and those of now, a change alters a policy.

    One that has let go of all since, perhaps by this change, counts as long as it is known what it enforces. With them
    comes which interfaces it alters of those that wait for being made.
    """
    before, after, changed = seen_between(revision - 1, revision, context)
    keys = differences(View(before), View(after), changed).keys
    then, told = bound_by(after.all(Host)), context.hosts.of(context.world)
    names = {*now, *(then.keys() & told.keys())}
    bound = {name: then.get(name, frozenset()) | now.get(name, frozenset()) for name in names}
    interface_ids = sorted(frozenset(waiting).union(*bound.values()))
    touched = {one for seen in (before, after) for one in altered(View(seen), keys, interface_ids)} if keys else set()
    concerned = frozenset(name for name, ids in bound.items() if not touched.isdisjoint(ids))
    return concerned, [one for one in waiting if one in touched]


def _state(asked: Asked, told: Mapping[str, Told]) -> str:
    if not asked.concerned:
        return NOT_ENFORCED
    done = all(name in told and told[name].revision >= asked.revision for name in asked.concerned)
    return APPLIED if done and not asked.waiting else PENDING


def _host(name: str, bound: Bound, asked: Asked, context: Context) -> Json:
    told = context.hosts.of(context.world).get(name)
    shown = {
        "Host": name,
        "Concerned": name in asked.concerned,
        "Alive": bool(told and is_alive(told, context.now)),
        "Drifts": told.drifts if told else 0,
        "InterfaceIds": sorted(bound.get(name, ())),
        "UnmadeInterfaceIds": asked.waiting if name in asked.makers else [],
    }
    if not told:
        return shown
    has = name not in asked.makers and told.revision >= asked.revision
    lag = _lag(told.reached(asked.revision) if has else context.now, asked) if name in asked.concerned else None
    return shown | {"Revision": told.revision, "LastSeen": told.seen, "Lag": lag, "Message": told.message or None}


def is_alive(told: Told, now: int) -> bool:
    """Tell whether a host was heard of lately. now: milliseconds since 1970."""
    return now - told.seen <= ALIVE


def _lag(reached: int | None, asked: Asked) -> int | None:
    return None if reached is None or asked.time is None else max(0, reached - asked.time)


def _still_pending(_params: Params, result: Result) -> bool:
    return bool(result["State"] == PENDING)


OPERATIONS = (
    Operation(
        "DescribePropagation",
        describe_propagation,
        reads=True,
        on=(),
        here=True,
        waits=Waits(_still_pending, News.HOSTS, once_more=True),
    ),
)
