"""What the rules that admit a flow let in so far, beside the rules (decision 0021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from groupwall.ops.flows.shown import Json
from groupwall.ops.operation import Context, Params
from groupwall.store.counters import Asked


def with_counters(courses: Sequence[Json], params: Params, context: Context) -> list[Json]:
    """Return courses with the counts of their rules, in one statement; of the past there are none."""
    shown = [] if "At" in params or "AtRevision" in params else list(_rules(courses))
    ids = sorted({rule["SecurityGroupRuleId"] for rule in shown})
    found = {one.rule_id: one for one in context.tx.counters(Asked(rule_ids=ids))} if ids else {}
    for rule in shown:
        one = found.get(rule["SecurityGroupRuleId"])
        if one:
            rule |= {"Flows": one.flows, "LastHit": one.last_hit, "CountedSince": one.since}
    return list(courses)


def _rules(courses: Sequence[Json]) -> Iterator[Json]:
    return (rule for course in courses for gate in course["Gates"] for rule in gate.get("Rules", ()))
