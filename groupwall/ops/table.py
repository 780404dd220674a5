"""The table of operations: one row for each."""

from __future__ import annotations

from groupwall.ops import (
    address_assignment,
    associations,
    attachments,
    defaults,
    derived,
    groups,
    history,
    instance_attributes,
    instance_status,
    instances,
    instances_described,
    instances_run,
    interface_attributes,
    interfaces,
    interfaces_described,
    peering_requests,
    peerings,
    prefix_list_versions,
    prefix_lists,
    prefix_lists_described,
    references_described,
    rule_changes,
    rules,
    subnet_attributes,
    subnets,
    tags,
    vpc_attributes,
    vpc_blocks,
    vpcs,
    zones,
)
from groupwall.ops.operation import Operation

_NOUNS = (
    rules, rule_changes, groups, associations, vpcs, vpc_attributes, vpc_blocks, subnets, subnet_attributes, defaults,
    derived, prefix_lists, prefix_list_versions, prefix_lists_described, interfaces, interfaces_described,
    interface_attributes, attachments, address_assignment, instances, instances_run, instances_described,
    instance_attributes, instance_status, peerings, peering_requests, references_described, tags, zones, history,
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {operation.name: operation for noun in _NOUNS for operation in noun.OPERATIONS}
