"""ForgetHost: a host that is gone for good no longer keeps changes from being applied."""

from __future__ import annotations

from groupwall import errors
from groupwall.ops.enforcement.propagation import is_alive
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.store.entities import Host


def forget_host(params: Params, context: Context) -> Result:
    """Forget a dead host and what it enforced; it is known again once its agent tells of itself (inferred).

    What its rules let in stays counted, until now.

    InvalidHost.NotFound for one that nobody knows, IncorrectState for one that is alive.
    """
    name = params["Host"]
    kept = list(context.tx.of(Host, "name", name))
    told = context.hosts.of(context.world).get(name)
    if not kept and not told:
        raise errors.host_not_found(name)
    if told and is_alive(told, context.now):
        raise errors.host_alive(name)
    context.tx.remove(*kept)
    context.tx.end_counters(name, context.now)
    context.hosts.forget(context.world, name)
    return {"Revision": context.tx.head.revision + bool(context.tx.written)}


OPERATIONS = (Operation("ForgetHost", forget_host, on=()),)
