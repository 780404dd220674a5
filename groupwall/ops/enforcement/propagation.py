"""DescribePropagation: whether the hosts that a change concerns enforce it.

A change concerns a host when a fact differs by it that the policy of one of the host's interfaces follows from. Whether
a host is alive does not count: a dead one that should enforce a change keeps it from being told as applied.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.enforcement.differences import differences
from groupwall.ops.enforcement.facts import Json, View, altered
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

    concerned: the hosts that should enforce it.
    """

    revision: int
    time: int | None
    concerned: frozenset[str]


def describe_propagation(params: Params, context: Context) -> Result:
    """Return whether every host that a change concerns enforces it; of no change, every host all until now."""
    refuse_long_wait(params)
    head = context.tx.head.revision
    revision = params.get("Revision", head)
    if not 0 < revision <= head and "Revision" in params:
        raise errors.revision_unknown(revision, head)
    bound = bound_by(context.tx.listed(Host))
    concerned = _concerned(revision, bound, context) if "Revision" in params else frozenset(bound)
    change = context.tx.change(revision)
    asked = Asked(revision, change[0].time if change else None, concerned)
    told = context.hosts.of(context.world)
    names = sorted({*bound, *concerned, *(name for name, one in told.items() if is_alive(one, context.now))})
    return {
        "Revision": revision,
        "State": _state(asked, told),
        "Hosts": [_host(name, bound, asked, context) for name in names],
    }


def bound_by(hosts: Iterable[Host]) -> Bound:
    """Return which interfaces hosts enforce."""
    return {one.name: frozenset(json.loads(one.interfaces)) for one in hosts}


def _concerned(revision: int, now: Bound, context: Context) -> frozenset[str]:
    """Return the hosts of whose interfaces, those of then and those of now, a change alters a policy.

    One that has let go of all since, perhaps by this change, counts as long as it is known what it enforces.
    """
    before, after, changed = seen_between(revision - 1, revision, context)
    keys = differences(View(before), View(after), changed).keys
    then, told = bound_by(after.all(Host)), context.hosts.of(context.world)
    names = {*now, *(then.keys() & told.keys())}
    bound = {name: then.get(name, frozenset()) | now.get(name, frozenset()) for name in names}
    interface_ids = sorted(frozenset().union(*bound.values()))
    touched = {one for seen in (before, after) for one in altered(View(seen), keys, interface_ids)} if keys else set()
    return frozenset(name for name, ids in bound.items() if not touched.isdisjoint(ids))


def _state(asked: Asked, told: Mapping[str, Told]) -> str:
    if not asked.concerned:
        return NOT_ENFORCED
    done = all(name in told and told[name].revision >= asked.revision for name in asked.concerned)
    return APPLIED if done else PENDING


def _host(name: str, bound: Bound, asked: Asked, context: Context) -> Json:
    told = context.hosts.of(context.world).get(name)
    shown = {
        "Host": name,
        "Concerned": name in asked.concerned,
        "Alive": bool(told and is_alive(told, context.now)),
        "Drifts": told.drifts if told else 0,
        "InterfaceIds": sorted(bound.get(name, ())),
    }
    if not told:
        return shown
    lag = _lag(told, asked, context.now) if name in asked.concerned else None
    return shown | {"Revision": told.revision, "LastSeen": told.seen, "Lag": lag, "Message": told.message or None}


def is_alive(told: Told, now: int) -> bool:
    """Tell whether a host was heard of lately. now: milliseconds since 1970."""
    return now - told.seen <= ALIVE


def _lag(told: Told, asked: Asked, now: int) -> int | None:
    if asked.time is None:
        return None
    reached = told.reached(asked.revision) if told.revision >= asked.revision else now
    return None if reached is None else max(0, reached - asked.time)


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
