"""ExplainFlow: whether a flow passes, and every rule that says so, at both gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import Course, courses, named
from groupwall.ops.flows.gates import Gate, admits, gate_shown, gates_of, reason, verdict_of
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, ends_shown, flows_shown, group_names
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules.passages import refused

MOST_COURSES = 50
"""Courses that are shown; how many more there are is told."""


def explain_flow(params: Params, context: Context) -> Result:
    """Explain what becomes of the flows between two ends, now or at a time in the past.

    The courses between two interfaces come first, then those to and from outside, each in the order of their groups.
    """
    network = Network(seen(params, context))
    found = courses(network, params["From"], params["To"], services_asked(params))
    found.sort(key=lambda course: [course.source.standing, course.destination.standing].count(None))
    shown = found[:MOST_COURSES]
    parts = [part for course in shown for part in (course.source, course.destination)]
    names = group_names(network.seen, (one for part in parts if part.standing for one in part.standing.group_ids))
    ends = ends_shown(network, parts)
    refused_somewhere = any(refused(course.asked, course.passing) for course in found)
    return {
        "Verdict": verdict_of(refused_somewhere, any(course.passing for course in found)),
        "Reason": None if found else _nobody(params, network),
        "Courses": [
            {"Source": ends[2 * place], "Destination": ends[2 * place + 1], **_course_shown(network, course, names)}
            for place, course in enumerate(shown)
        ],
        "Omitted": len(found) - len(shown),
        "Revision": revision_asked(params, context),
    }


def _nobody(params: Params, network: Network) -> str:
    empty = [end for end in (params["From"], params["To"]) if named(network, end) == []]
    return f"no network interface stands behind {' and '.join(empty)}"


def _course_shown(network: Network, course: Course, names: Mapping[str, str]) -> Json:
    gates = gates_of(network, course)
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


OPERATIONS = (Operation("ExplainFlow", explain_flow, reads=True),)
