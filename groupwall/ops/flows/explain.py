"""ExplainFlow: whether a flow passes, and every rule that says so, at both gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.counted import with_counters
from groupwall.ops.flows.ends import Course, courses, named
from groupwall.ops.flows.gates import Gate, admits, gate_shown, names_at, reason, verdict_of
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, ends_shown, flows_shown
from groupwall.ops.flows.told import Told, gates_told, told
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules.passages import refused

MOST_COURSES = 50
"""Courses that are shown; how many more there are is told."""


def explain_flow(params: Params, context: Context) -> Result:
    """Explain what becomes of the flows between two ends, now or at a time in the past.

    The courses of which something passes come first, and of those the ones from and to the outside, since they are open
    to most; then each in the order of what it names.
    """
    network = Network(seen(params, context))
    found = told(network, courses(network, params["From"], params["To"], services_asked(params)))
    found.sort(key=_rank)
    shown = found[:MOST_COURSES]
    gates = [gates_told(network, one) for one in shown]
    names = names_at(network, (gate for some in gates for gate in some))
    ends = ends_shown(network, [part for one in shown for part in (one.course.source, one.course.destination)])
    courses_shown = [
        {"Source": source, "Destination": destination, **_course_shown(one.course, some, names)}
        for source, destination, one, some in zip(ends[::2], ends[1::2], shown, gates, strict=True)
    ]
    refused_somewhere = any(refused(one.course.asked, one.course.passing) for one in found)
    return {
        "Verdict": verdict_of(refused_somewhere, any(one.course.passing for one in found)),
        "Reason": None if found else _nobody(params, network),
        "Courses": with_counters(courses_shown, params, context),
        "Omitted": len(found) - len(shown),
        "Revision": revision_asked(params, context),
    }


def _rank(one: Told) -> tuple[bool, bool, bool]:
    source, destination, joined, _, passing = one.course
    return not passing, not joined, source.standing is not None and destination.standing is not None


def _nobody(params: Params, network: Network) -> str:
    empty = [end for end in (params["From"], params["To"]) if named(network, end) == []]
    return f"no network interface stands behind {' and '.join(empty)}"


def _course_shown(course: Course, gates: Sequence[Gate], names: Mapping[str, str]) -> Json:
    left = refused(course.asked, course.passing)
    return {
        "Verdict": verdict_of(left, course.passing),
        "Reason": _reason(course, gates, names),
        "Gates": [gate_shown(gate, names) for gate in gates if course.joined],
        "Passing": flows_shown(course.passing),
        "Refused": flows_shown(left),
    }


def _reason(course: Course, gates: Sequence[Gate], names: Mapping[str, str]) -> str:
    """Return why, in a line: the first of no way, no common family, what the gates refuse, what they admit."""
    if not course.joined:
        ends = " and ".join(gate.standing.vpc_id for gate in gates)
        return f"no way: {ends} are not joined by an active peering"
    if not any(gate.asked for gate in gates):
        return "no way: the ends have no addresses of one family"
    whys = [why for gate in gates if (why := reason(gate, names))]
    return "; ".join(whys) if whys else "; ".join(admits(gate, names) for gate in gates)


OPERATIONS = (Operation("ExplainFlow", explain_flow, reads=True, on=()),)
