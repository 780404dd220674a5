"""PlanCut: what to call so that a destination can no longer be reached, with the least other traffic cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from groupwall.ops.expectations.check import broken_by, broken_shown
from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import Course, courses
from groupwall.ops.flows.gates import gates_of
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, flows_shown, group_names, rule_shown, traffic_shown
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.plans.fed import Fed, fed_by
from groupwall.ops.plans.fitting import fitting, narrowable
from groupwall.ops.plans.steps import Left, Step, call_of, step_shown, steps
from groupwall.ops.plans.units import units_of
from groupwall.rules.cut import Plan, besides
from groupwall.rules.traffic import Traffic
from groupwall.rules.values import Rule
from groupwall.store.changes import Delta, columns_text
from groupwall.store.entities import Expectation
from groupwall.store.seen import Seen, otherwise_after
from groupwall.store.tables import ENTITIES


def plan_cut(params: Params, context: Context) -> Result:
    """Plan the minimal cut (docs/decisions/0014-minimal-cut.md); nothing is changed.

    Least other traffic cut first, over the gates of all interfaces that the rules feed; then the fewest calls. Without
    MaySplit a rule goes whole. InvalidParameterValue for more than can be decided.
    """
    seen = Seen(context.tx, context.world)
    network = Network(seen)
    found = courses(network, params["From"], params["To"], services_asked(params))
    passing = [course for course in found if course.passing]
    rules = {
        rule.id: rule for course in passing for gate in gates_of(network, course) if gate.known for rule in gate.rules
    }
    groups = network.rules(sorted({rule.group_id for rule in rules.values()}))
    kept = seen.all(Expectation)
    fed = fed_by(network, found, list(groups), kept)
    tags = {one: tuple((tag.key, tag.value) for tag in some) for one, some in context.tx.tags_of(list(rules)).items()}
    names = group_names(seen, (group_id for one in fed for group_id in one.standing.group_ids))
    whole = set() if params.get("MaySplit", True) else set(rules)
    units, fine = units_of(network, passing, [one.gate for one in fed])
    plan, lefts = fitting(units, [one.gate for one in fed], narrowable(rules, groups, whole, context))
    plan = plan._replace(proven=plan.proven and fine)
    return _told(_Told(plan, fed, names), passing, steps(lefts, tags, names)) | {
        "Expectations": _broken(kept, seen, lefts, context),
        "Revision": context.tx.head.revision,
    }


# ---- what is told


class _Told(NamedTuple):
    plan: Plan
    fed: Sequence[Fed]
    names: Mapping[str, str]


def _told(told: _Told, passing: Sequence[Course], plan: Sequence[Step]) -> Result:
    lost = [(one, besides(one.gate, told.plan.cut)) for one in told.fed]
    return {
        "Steps": [step_shown(step, [rule_shown(rule, told.names) for rule in step.rules]) for step in plan],
        "Calls": [call_of(step) for step in plan],
        "Cut": flows_shown(flow for course in passing for flow in course.passing),
        "OtherTrafficCut": [_gate_shown(one, some, told.names) for one, some in lost if some],
        "Proven": told.plan.proven,
        "Text": _text(plan, [some for _, some in lost if some], proven=told.plan.proven),
    }


def _text(plan: Sequence[Step], lost: Sequence[Traffic], *, proven: bool) -> str:
    if not plan:
        return "nothing passes, so there is nothing to do"
    many = f"{len(plan)} call{'s' if len(plan) > 1 else ''}"
    gates = f"{len(lost)} gate{'s' if len(lost) > 1 else ''}"
    others = f"other traffic is cut at {gates} too" if lost else "no other traffic is cut"
    return f"{many}; {others}" + ("" if proven else "; the search was ended, a better plan may be there")


def _gate_shown(one: Fed, lost: Traffic, names: Mapping[str, str]) -> Json:
    return {
        "InterfaceIds": list(one.interface_ids),
        "GroupIds": list(one.standing.group_ids),
        "GroupNames": [names.get(group_id, "") for group_id in one.standing.group_ids],
        "VpcId": one.standing.vpc_id,
        "IsEgress": one.direction.is_egress,
        "Cut": traffic_shown(lost),
        "Opened": [],
        "StillOpen": [],
    }


def _broken(kept: Sequence[Expectation], seen: Seen, lefts: Iterable[Left], context: Context) -> list[Json]:
    """Return the expectations that the plan would break."""
    deltas = [delta for place, left in enumerate(lefts) for delta in _deltas(place, left)]
    after = Seen(context.tx, context.world, otherwise_after((context.tx.world, delta) for delta in deltas))
    return broken_shown(broken_by(kept, seen, after, deltas))


def _deltas(place: int, left: Left) -> Iterator[Delta]:
    """Yield what a plan does to a rule and to those that join it, which have no ids yet."""
    rule, entity = left.rule, ENTITIES[Rule]
    itself = columns_text(entity, rule._replace(properties=left.itself)) if left.itself else None
    yield Delta(entity.kind, rule.id, columns_text(entity, rule), itself)
    for number, one in enumerate(left.others):
        joined = rule._replace(id=f"{rule.id}/{place}/{number}", properties=one)
        yield Delta(entity.kind, joined.id, None, columns_text(entity, joined))


OPERATIONS = (Operation("PlanCut", plan_cut, reads=True, on=()),)
