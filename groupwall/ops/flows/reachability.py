"""DescribeReachability: who can reach an end, or what it can reach."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.ops.filters import Paging
from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import Course, Part, is_ours, reaching
from groupwall.ops.flows.gates import admitting, asked_of
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.reached import Question, reached
from groupwall.ops.flows.shown import Json, ends_shown, flows_shown, rule_shown
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules.spans import spans
from groupwall.rules.values import Direction, Rule
from groupwall.store.entities import Group

PAGE = 100
"""Ends of a page that is not said to be smaller: each can hold much."""


def describe_reachability(params: Params, context: Context) -> Result:
    """Describe the other ends that flows pass from or to: interfaces that stand alike together, then what is outside.

    A page ends early once as much was looked at as some seconds allow; the next one goes on there (inferred).
    MissingParameter for neither From nor To, InvalidParameterCombination for both.
    """
    source, destination = params.get("From"), params.get("To")
    if source and destination:
        message = "Only one of 'From' or 'To' may be provided."
        raise errors.invalid_combination(message)
    if not source and not destination:
        raise errors.missing_parameter("From or To")
    size, sent = params.get("MaxResults", PAGE), bool(source)
    paging = Paging({"MaxResults": size, "NextToken": params.get("NextToken")}, context, "reachability")
    network = Network(seen(params, context))
    crowds = reaching(network, source or destination or "", sent=sent)
    network.learn(part.standing for crowd in crowds for side in crowd for part in side if part.standing)
    found = reached(Question(network, crowds, services_asked(params), sent), paging.page().after, size)
    return {
        "Ends": _shown(network, [one.course for one in found.shown], sent=sent),
        "NextToken": None if found.after is None else paging.token(found.after),
        "Revision": revision_asked(params, context),
    }


def _shown(network: Network, found: Sequence[Course], *, sent: bool) -> list[Json]:
    passing = [[_passing(course, sent=side) for course in found] for side in (sent, not sent)]
    ends = ends_shown(network, [part for parts in passing for part in parts])
    rules = [_rules(network, course) for course in found]
    names = _names(network, [rule for some in rules for rule in some])
    return [
        {
            "End": end,
            "Of": of,
            "Flows": flows_shown(course.passing),
            "Rules": [rule_shown(rule, names) for rule in some],
        }
        for end, of, course, some in zip(ends[: len(found)], ends[len(found) :], found, rules, strict=True)
    ]


def _rules(network: Network, course: Course) -> list[Rule]:
    """Return the rules at both gates that admit what is asked, of the gates that are the caller's."""
    ends = (
        (course.source, course.destination, Direction.EGRESS),
        (course.destination, course.source, Direction.INGRESS),
    )
    return [
        one.rule
        for mine, other, direction in ends
        if mine.standing and is_ours(network, mine)
        for one in admitting(network.gate(mine.standing, direction), asked_of(mine, other, course.asked.services))
    ]


def _names(network: Network, rules: Sequence[Rule]) -> dict[str, str]:
    """Return by id the names of this account's groups that rules are of, or name."""
    ids = {one for rule in rules for one in (rule.group_id, rule.properties.peer.text)}
    return {one: group.name for one, group in network.seen.by_id(Group, sorted(ids)).items()}


def _passing(course: Course, *, sent: bool) -> Part:
    """Return the receiver of what is sent, else the sender, with those of its addresses that have passing flows."""
    part = course.destination if sent else course.source
    passing = (one.destinations if sent else one.sources for one in course.passing)
    return part._replace(addresses=spans(tuple(span for some in passing for span in some)))


OPERATIONS = (Operation("DescribeReachability", describe_reachability, reads=True, on=()),)
