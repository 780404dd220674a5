"""TellCounters and DescribeCounters: what rules let in, as the hosts that count it tell (decision 0021)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

from groupwall import errors
from groupwall.ops.enforcement.facts import Json
from groupwall.ops.filters import Paging
from groupwall.ops.flows.shown import group_names, rule_shown
from groupwall.ops.hosts import MOST
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.rules import parsing
from groupwall.rules.values import Rule
from groupwall.store.counters import Asked, Counted, More, Report
from groupwall.store.rows import PART
from groupwall.store.seen import Seen
from groupwall.store.transaction import NOWHERE

MOST_RULES = 500
"""Rules in one report: some 50 KB, and 20 ms of the server's time."""

LONGEST_SERIES = 64


def tell_counters(params: Params, context: Context) -> Result:
    """Add what rules let in on a host since it last told, each report once; rules that never were are left out.

    InvalidParameterValue for what cannot be added up; HostLimitExceeded.
    """
    host = parsing.host_name(params["Host"])
    report = Report(host, params["Series"], params["Number"], tuple(map(_more, params.get("Counters", ()))))
    if not _is_sound(report):
        raise errors.report_malformed(MOST_RULES)
    if context.tx.world == NOWHERE:
        return {"Counted": False, "New": False}
    new = not context.tx.is_counting(host)
    if new and context.tx.count_counting() >= MOST:
        raise errors.too_many_hosts(MOST)
    return {"Counted": context.tx.add_counters(report, context.now), "New": new}


def _more(told: Params) -> More:
    return More(
        parsing.rule_id(told["SecurityGroupRuleId"]),
        told.get("Flows", 0),
        told.get("Bytes"),
        told.get("LastHit"),
        bool(told.get("Ended")),
    )


def _is_sound(report: Report) -> bool:
    return (
        0 < len(report.series) <= LONGEST_SERIES
        and report.number > 0
        and len(report.counters) <= MOST_RULES
        and all(one.flows >= 0 and (one.bytes or 0) >= 0 and (one.last_hit or 0) >= 0 for one in report.counters)
    )


def describe_counters(params: Params, context: Context) -> Result:
    """Describe what rules let in, by group and rule: of those that a host counts, or counted before they went."""
    paging = Paging(params, context, "counters")
    asked = Asked(
        _ids(params, "GroupIds", parsing.group_id),
        _ids(params, "SecurityGroupRuleIds", parsing.rule_id),
        bool(params.get("Unused")),
    )
    shown, token = paging.split(context.tx.counters(asked, paging.page()), lambda one: one.place)
    parts = (_all_shown(shown[start : start + PART], context) for start in range(0, len(shown), PART))
    return {"Counters": chain.from_iterable(parts), "NextToken": token}


def _ids(params: Params, name: str, parsed: Callable[[str], str]) -> list[str] | None:
    given = params.get(name)
    return [parsed(one) for one in given] if given else None


def _all_shown(some: Sequence[Counted], context: Context) -> list[Json]:
    rules = context.tx.by_id(Rule, [one.rule_id for one in some])
    ids = {id_ for rule in rules.values() for id_ in (rule.group_id, rule.properties.peer.text)}
    names = group_names(Seen(context.tx, context.world), ids)
    return [_shown(one, rule_shown(rules[one.rule_id], names) if one.rule_id in rules else None) for one in some]


def _shown(one: Counted, rule: Json | None) -> Json:
    return {
        "SecurityGroupRuleId": one.rule_id,
        "GroupId": one.group_id,
        "Flows": one.flows,
        "Bytes": one.bytes,
        "LastHit": one.last_hit,
        "Since": one.since,
        "Until": one.until,
        "Hosts": list(one.hosts),
        "Rule": rule,
    }


OPERATIONS = (
    Operation("TellCounters", tell_counters, in_world=False, on=(), aside=True),
    Operation("DescribeCounters", describe_counters, reads=True, on=()),
)
