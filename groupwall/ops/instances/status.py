"""The status of instances, as DescribeInstanceStatus tells it [model]."""

from __future__ import annotations

from typing import Any

from groupwall.ops.filters import Paging, refuse_pages_of_ids
from groupwall.ops.instances.instances import RUNNING, state, wanted_instances
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.regions import zone_id
from groupwall.store.entities import Instance
from groupwall.store.query import Where

_OF_NO_EVENT = (
    "event.code", "event.description", "event.instance-event-id", "event.not-after", "event.not-before",
    "event.not-before-deadline",
)  # fmt: skip
"""Filters by what is scheduled for an instance: nothing is."""

FILTERS = {
    "attached-ebs-status.status": "status",
    "availability-zone": "zone",
    "availability-zone-id": "zone-id",
    "instance-state-code": "state-code",
    "instance-state-name": "state",
    "instance-status.reachability": "reachability",
    "instance-status.status": "status",
    "operator.managed": "managed",
    "operator.principal": "nothing",
    "system-status.reachability": "reachability",
    "system-status.status": "status",
    **dict.fromkeys(_OF_NO_EVENT, "nothing"),
}


def describe_instance_status(params: Params, context: Context) -> Result:
    """Describe the status of those instances that run, or of all with IncludeAllInstances [model]."""
    refuse_pages_of_ids(params, "InstanceIds")
    paging = Paging(params, context, "instance-status")
    wanted = wanted_instances(params, FILTERS, context)
    if not params.get("IncludeAllInstances"):
        wanted.append(Where("state", (RUNNING,)))
    statuses, token = paging.listed(Instance, wanted, lambda instances, _: [_status(one) for one in instances])
    return {"InstanceStatuses": statuses, "NextToken": token}


def _status(instance: Instance) -> dict[str, Any]:
    """Return a status: what runs here is in order, for nothing can break; nothing is known of what does not."""
    status: dict[str, Any] = {"Status": "not-applicable"}
    if instance.state == RUNNING:
        status = {"Status": "ok", "Details": [{"Name": "reachability", "Status": "passed"}]}
    return {
        "InstanceId": instance.id,
        "AvailabilityZone": instance.zone,
        "AvailabilityZoneId": zone_id(instance.zone),
        "InstanceState": state(instance.state),
        "InstanceStatus": status,
        "SystemStatus": status,
        "AttachedEbsStatus": status,
    }


OPERATIONS = (
    Operation(
        "DescribeInstanceStatus",
        describe_instance_status,
        reads=True,
        ignored={"IncludeManagedResources": "no instance here is managed by a service"},
        on=(),
    ),
)
