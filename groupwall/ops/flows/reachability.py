"""DescribeReachability: who can reach an end, or what it can reach."""

from __future__ import annotations

from collections.abc import Sequence

from groupwall import errors
from groupwall.ops.filters import Paging
from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import Course, Part, reaching
from groupwall.ops.flows.gates import names_at
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, ends_shown, flows_shown, rule_shown
from groupwall.ops.flows.told import Told, gates_told, told
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import revision_asked, seen
from groupwall.rules.spans import spans

PAGE = 100
"""Ends of a page that is not said to be smaller: each can hold much."""


def describe_reachability(params: Params, context: Context) -> Result:
    """Describe the other ends that flows pass from or to: interfaces that stand alike together, then what is outside.

    MissingParameter for neither From nor To, InvalidParameterCombination for both.
    """
    source, destination = params.get("From"), params.get("To")
    if source and destination:
        message = "Only one of 'From' or 'To' may be provided."
        raise errors.invalid_combination(message)
    if not source and not destination:
        raise errors.missing_parameter("From or To")
    page = {"MaxResults": params.get("MaxResults", PAGE), "NextToken": params.get("NextToken")}
    paging, sent = Paging(page, context, "reachability"), bool(source)
    network = Network(seen(params, context))
    found = told(network, reaching(network, source or destination or "", services_asked(params), sent=sent))
    places = {_place(one.course, sent=sent): one for one in found if one.course.passing}
    after = paging.page().after
    shown, token = paging.split(sorted(place for place in places if place > after), str)
    return {
        "Ends": _shown(network, [places[place] for place in shown], sent=sent),
        "NextToken": token,
        "Revision": revision_asked(params, context),
    }


def _place(course: Course, *, sent: bool) -> str:
    """Return what orders courses: the other end, with what is outside last, then the asked end."""
    ends = (course.destination, course.source) if sent else (course.source, course.destination)
    return " ".join(map(_key, ends))


def _key(part: Part) -> str:
    """Return what names a part: its first interface, or, for another account's or the outside, where it is."""
    if part.interfaces:
        return f"1 {part.interfaces[0].id}"
    return f"2 {part.standing.world.account} {part.standing.vpc_id}" if part.standing else "3"


def _shown(network: Network, found: Sequence[Told], *, sent: bool) -> list[Json]:
    passing = [[_passing(one.course, sent=side) for one in found] for side in (sent, not sent)]
    ends = ends_shown(network, [part for parts in passing for part in parts])
    gates = [[gate for gate in gates_told(network, one) if gate.known] for one in found]
    names = names_at(network, (gate for some in gates for gate in some))
    return [
        {
            "End": end,
            "Of": of,
            "Flows": flows_shown(one.course.passing),
            "Rules": [rule_shown(rule, names) for gate in some for rule in gate.rules],
        }
        for end, of, one, some in zip(ends[: len(found)], ends[len(found) :], found, gates, strict=True)
    ]


def _passing(course: Course, *, sent: bool) -> Part:
    """Return the receiver of what is sent, else the sender, with those of its addresses that have passing flows."""
    part = course.destination if sent else course.source
    passing = (one.destinations if sent else one.sources for one in course.passing)
    return part._replace(addresses=spans(tuple(span for some in passing for span in some)))


OPERATIONS = (Operation("DescribeReachability", describe_reachability, reads=True, on=()),)
