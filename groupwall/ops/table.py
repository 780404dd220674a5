"""The table of operations: one row for each."""

from __future__ import annotations

from groupwall.ops import associations, groups, history, rule_changes, rules, tags, vpcs, zones
from groupwall.ops.operation import Operation

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for noun in (rules, rule_changes, groups, associations, vpcs, tags, zones, history)
    for operation in noun.OPERATIONS
}
