"""The table of operations: one row for each."""

from __future__ import annotations

from groupwall.ops import (
    associations,
    defaults,
    groups,
    history,
    interfaces,
    prefix_lists,
    prefix_lists_described,
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
    prefix_lists, prefix_lists_described, interfaces, tags, zones, history,
)  # fmt: skip

OPERATIONS: dict[str, Operation] = {operation.name: operation for noun in _NOUNS for operation in noun.OPERATIONS}
