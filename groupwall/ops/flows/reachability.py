"""DescribeReachability: who can reach an end, or what it can reach."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.ops.filters import Paging
from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import ANYWHERE, Course, Part, courses
from groupwall.ops.flows.gates import gates_of, rules_of
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, ends_shown, flows_shown, group_names
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules.spans import intersection, spans


def describe_reachability(params: Params, context: Context) -> Result:
    """Describe the other ends that flows pass from or to: interfaces that stand alike together, then what is outside.

    MissingParameter for neither From nor To, InvalidParameterCombination for both.
    """
    source, destination = params.get("From"), params.get("To")
    if source and destination:
        message = "Only one of 'From' or 'To' may be provided."
        raise errors.invalid_combination(message)
    if not source and not destination:
        raise errors.missing_parameter("From")
    paging = Paging(params, context, "reachability")
    network = Network(seen(params, context))
    found = courses(network, source or ANYWHERE, destination or ANYWHERE, services_asked(params))
    found = sorted((course for course in found if course.passing), key=lambda one: _place(one, sent=bool(source)))
    after = paging.page().after
    left = [course for course in found if _place(course, sent=bool(source)) > after]
    shown, token = paging.split(left, lambda course: _place(course, sent=bool(source)))
    return {
        "Ends": _shown(network, shown, sent=bool(source)),
        "NextToken": token,
        "Revision": revision_asked(params, context),
    }


def _place(course: Course, *, sent: bool) -> str:
    """Return what orders courses: the other end's standing, with what is outside last, then the asked end's."""
    other, mine = (course.destination, course.source) if sent else (course.source, course.destination)
    return f"{_key(other)} {_key(mine)}"


def _key(part: Part) -> str:
    return "~" if part.standing is None else "/".join((*part.standing.world, part.standing.vpc_id, *part.standing[2]))


def _shown(network: Network, found: Sequence[Course], *, sent: bool) -> list[Json]:
    ends = ends_shown(network, [_passing(course, sent=sent) for course in found])
    asked = ends_shown(network, [_passing(course, sent=not sent) for course in found])
    groups = (one for course in found for part in course[:2] if part.standing for one in part.standing.group_ids)
    names = group_names(network.seen, groups)
    return [
        {
            "End": end,
            "Of": of,
            "Flows": flows_shown(course.passing),
            "Rules": rules_of(gates_of(network, course), names),
        }
        for end, of, course in zip(ends, asked, found, strict=True)
    ]


def _passing(course: Course, *, sent: bool) -> Part:
    """Return the receiver of what is sent, else the sender, with those of its addresses that have passing flows."""
    part = course.destination if sent else course.source
    passing = (one.destinations if sent else one.sources for one in course.passing)
    return part._replace(
        addresses=intersection(spans(tuple(span for some in passing for span in some)), part.addresses)
    )


OPERATIONS = (Operation("DescribeReachability", describe_reachability, reads=True),)
