"""Acknowledge: a host's agent tells what it enforces."""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.enforcement.propagation import is_alive
from groupwall.ops.hosts import MOST, Told
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.rules import parsing
from groupwall.store.changes import compact
from groupwall.store.entities import Host

LONGEST_MESSAGE = 1024
LONGEST_SERIES = 64


def acknowledge(params: Params, context: Context) -> Result:
    """Remember the revision that a host enforces; a change where it enforces other interfaces than before.

    A host that enforces nothing any more is forgotten. InvalidParameterValue for a name that is none, a revision that
    is yet to come, and drifts below 0; HostLimitExceeded; IncorrectState where another agent took over the name.
    """
    name, revision, drifts = parsing.host_name(params["Host"]), params["Revision"], params.get("Drifts", 0)
    message, series = params.get("Message", ""), params.get("Series", "")
    if not 0 <= revision <= context.tx.head.revision:
        raise errors.revision_unknown(revision, context.tx.head.revision)
    if drifts < 0 or len(message) > LONGEST_MESSAGE or len(series) > LONGEST_SERIES:
        raise errors.host_tells_too_much(LONGEST_MESSAGE)
    _refuse_former(name, series, context)
    _bind(Host(name, compact(sorted({parsing.interface_id(one) for one in params.get("InterfaceIds", ())}))), context)
    makes = bool(params.get("Instances"))
    told = Told(context.now, drifts=drifts, message=message, makes_instances=makes)
    context.hosts.tell(context.world, name, revision, told)
    context.hosts.hand_over(context.world, name, series)
    if context.tx.written:  # what it did not enforce a moment ago may be all that somebody waits for
        context.hosts.number += 1
    return {"Revision": context.tx.head.revision + bool(context.tx.written)}


def _refuse_former(name: str, series: str, context: Context) -> None:
    """Refuse an agent whose name another one took over, for as long as that is alive: the two would go to and fro."""
    told = context.hosts.of(context.world).get(name)
    if told and is_alive(told, context.now) and context.hosts.is_former(context.world, name, series):
        raise errors.host_taken_over(name)


def _bind(host: Host, context: Context) -> None:
    """Write which interfaces a host enforces, if others than before."""
    kept = next(iter(context.tx.of(Host, "name", host.name)), None)
    if host.interfaces == _NONE:
        context.tx.remove(*([kept] if kept else ()))
    elif kept:
        context.tx.replace(kept, host)
    else:
        if context.tx.count(Host) >= MOST:
            raise errors.too_many_hosts(MOST)
        context.tx.add(host)


_NONE = compact([])

OPERATIONS = (Operation("Acknowledge", acknowledge, on=()),)
