"""The table of operations: one row for each."""

from __future__ import annotations

from groupwall.ops import tags, zones
from groupwall.ops.changes import apply as changes_applied
from groupwall.ops.changes import confirm as changes_confirmed
from groupwall.ops.changes import undo as changes_undone
from groupwall.ops.effects import previews, receipts
from groupwall.ops.enforcement import acknowledge, counters, desired, forget, live, propagation, questions
from groupwall.ops.expectations import expectations
from groupwall.ops.findings import dependents, findings, unused
from groupwall.ops.flows import explain, reachability
from groupwall.ops.groups import associations, groups
from groupwall.ops.histories import bisect, difference, export, verified
from groupwall.ops.histories import listed as history
from groupwall.ops.instances import attachments, instances
from groupwall.ops.instances import attributes as instance_attributes
from groupwall.ops.instances import described as instances_described
from groupwall.ops.instances import run as instances_run
from groupwall.ops.instances import status as instance_status
from groupwall.ops.interfaces import assignment as address_assignment
from groupwall.ops.interfaces import attributes as interface_attributes
from groupwall.ops.interfaces import described as interfaces_described
from groupwall.ops.interfaces import interfaces
from groupwall.ops.networks import defaults, derived, subnet_attributes, subnets, vpc_attributes, vpc_blocks, vpcs
from groupwall.ops.operation import Operation
from groupwall.ops.peerings import peerings
from groupwall.ops.peerings import requests as peering_requests
from groupwall.ops.peerings import stale as references_described
from groupwall.ops.plans import cut as plans
from groupwall.ops.prefix_lists import described as prefix_lists_described
from groupwall.ops.prefix_lists import lists as prefix_lists
from groupwall.ops.prefix_lists import versions as prefix_list_versions
from groupwall.ops.rules import authorize, revoke
from groupwall.ops.rules import changes as rule_changes
from groupwall.ops.rules import described as rules_described
from groupwall.ops.sessions import sessions

_MODULES = (
    revoke, authorize, rules_described, rule_changes, groups, associations,
    vpcs, vpc_attributes, vpc_blocks, subnets, subnet_attributes, defaults, derived,
    prefix_lists, prefix_list_versions, prefix_lists_described,
    interfaces, interfaces_described, interface_attributes, attachments, address_assignment,
    instances, instances_run, instances_described, instance_attributes, instance_status,
    peerings, peering_requests, references_described, tags, zones, history, difference, bisect, verified, export,
    findings, unused, dependents, expectations, plans, explain, reachability, previews, receipts,
    changes_applied, changes_undone, changes_confirmed, sessions, desired, acknowledge, forget, propagation, counters,
    live, questions,
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {operation.name: operation for module in _MODULES for operation in module.OPERATIONS}
