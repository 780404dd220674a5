"""Instances as records: nothing runs, but what is started, stopped or ended says so [model, reference 17].

A call that changes a state answers with the state on the way (pending, stopping, shutting-down); from then on the
instance is described as having arrived, as a VPC that was created is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.filters import anywhere, conditions
from groupwall.ops.instances.remembered import REMEMBERED, TERMINATED, is_remembered
from groupwall.ops.interfaces.interfaces import remove_interfaces
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.parameters import refuse_unsupported
from groupwall.ops.permissions import ON_INSTANCES
from groupwall.ops.zones import zones_by_name
from groupwall.rules import parsing
from groupwall.store.entities import Attachment, Instance, Interface
from groupwall.store.query import Where
from groupwall.store.rows import Page

RUNNING, STOPPED = "running", "stopped"
PENDING, STOPPING, SHUTTING_DOWN = "pending", "stopping", "shutting-down"
STATE_CODES = {PENDING: 0, RUNNING: 16, SHUTTING_DOWN: 32, TERMINATED: 48, STOPPING: 64, STOPPED: 80}
"""State -> its number [model]."""

MOST_NAMED = 1000
"""Instances that one call may name (inferred)."""

MOST_FORGOTTEN = 100
"""Terminated instances that one call removes for good, so that none pays for all."""


def state(name: str) -> dict[str, Any]:
    """Return a state as replies show it."""
    return {"Code": STATE_CODES[name], "Name": name}


def wanted_instances(params: Params, filters: Mapping[str, str], context: Context) -> list[Where]:
    """Return the conditions of a call with Filters and InstanceIds; an instance forgotten meets none of them."""
    wanted = [zones_by_name(one, context) for one in conditions(params, filters)]
    ids = params.get("InstanceIds", ())
    if ids:
        wanted.append(anywhere("id", [one.id for one in find_instances(ids, context)]))
    return [Where("visible", ("0",), str(context.now - REMEMBERED)), *wanted]


def find_instances(ids: Sequence[str], context: Context) -> list[Instance]:
    """Return the instances named, each once. InvalidInstanceID.Malformed or InvalidInstanceID.NotFound."""
    if len(ids) > MOST_NAMED:
        raise errors.invalid_value(f"The request names more than {MOST_NAMED} instances.")
    wanted = list(dict.fromkeys(parsing.instance_id(text) for text in ids))
    found = {key: one for key, one in context.tx.by_id(Instance, wanted).items() if is_remembered(one, context.now)}
    for key in wanted:
        if key not in found:
            raise errors.instance_not_found(key)
    return [found[key] for key in wanted]


def start_instances(params: Params, context: Context) -> Result:
    """Start instances; one that runs stays as it is [docs: StartInstances]."""
    instances = find_instances(params["InstanceIds"], context)
    _refuse([one for one in instances if one.state == TERMINATED], errors.instance_not_startable)
    return {"StartingInstances": _moved(context, instances, PENDING, RUNNING)}


def stop_instances(params: Params, context: Context) -> Result:
    """Stop instances; one that is stopped stays as it is [docs: StopInstances]."""
    refuse_unsupported(params, "StopInstances", ["Hibernate"])
    instances = find_instances(params["InstanceIds"], context)
    _refuse([one for one in instances if one.state == TERMINATED], errors.instance_not_stoppable)
    _refuse([one for one in instances if one.stop_protected], errors.instance_stop_protected)
    return {"StoppingInstances": _moved(context, instances, STOPPING, STOPPED)}


def terminate_instances(params: Params, context: Context) -> Result:
    """Terminate instances, all or none; one that is terminated already stays so [docs: TerminateInstances].

    An interface goes with its instance where its attachment says so, and is detached otherwise.
    """
    instances = find_instances(params["InstanceIds"], context)
    ended = [one for one in instances if one.state != TERMINATED]
    _refuse([one for one in ended if one.termination_protected], errors.instance_termination_protected)
    _leave_networks(context, [one.id for one in ended])
    reply = _moved(context, instances, SHUTTING_DOWN, TERMINATED)
    forget_terminated(context)
    return {"TerminatingInstances": reply}


def forget_terminated(context: Context) -> None:
    """Remove instances that are no longer described, with their tags and UserData."""
    gone = Where("gone", (TERMINATED,), str(context.now - REMEMBERED))
    instances = context.tx.listed(Instance, [gone], Page(limit=MOST_FORGOTTEN))
    context.tx.remove(*instances)
    for instance in instances:
        context.tx.forget_secret(instance.id)


def _refuse(instances: Sequence[Instance], error: Callable[[str], errors.ApiError]) -> None:
    if instances:
        raise error(instances[0].id)


def _moved(context: Context, instances: Sequence[Instance], through: str, to: str) -> list[dict[str, Any]]:
    """Bring instances to a state; return what the reply says of each."""
    for one in instances:
        if one.state != to:
            context.tx.replace(one, _arrived(one, to, context.now))
    return [
        {
            "InstanceId": one.id,
            "CurrentState": state(to if one.state == to else through),
            "PreviousState": state(one.state),
        }
        for one in instances
    ]


def _arrived(instance: Instance, to: str, now: int) -> Instance:
    if to == TERMINATED:
        return instance._replace(state=to, since=now, subnet_id="", vpc_id="")
    launched = now if to == RUNNING else instance.launched  # [docs: LaunchTime is that of the last start]
    return instance._replace(state=to, since=now, launched=launched)


def _leave_networks(context: Context, ids: Sequence[str]) -> None:
    attachments = [one for mine in context.tx.by(Attachment, "instance_id", ids).values() for one in mine]
    ending = [one.interface_id for one in attachments if one.delete_on_termination]
    context.tx.remove(*attachments)
    remove_interfaces(context, list(context.tx.by_id(Interface, ending).values()))


_NOTHING_RUNS = "an instance is a record: nothing runs that could be shut down"
OPERATIONS = (
    Operation("StartInstances", start_instances, ignored={"AdditionalInfo": "reserved by AWS"}, on=(ON_INSTANCES,)),
    Operation(
        "StopInstances",
        stop_instances,
        ignored={"Force": _NOTHING_RUNS, "SkipOsShutdown": _NOTHING_RUNS},
        on=(ON_INSTANCES,),
    ),
    Operation(
        "TerminateInstances",
        terminate_instances,
        ignored={"Force": _NOTHING_RUNS, "SkipOsShutdown": _NOTHING_RUNS},
        on=(ON_INSTANCES,),
    ),
)
