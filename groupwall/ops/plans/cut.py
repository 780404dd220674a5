"""PlanCut: what to call so that a destination can no longer be reached, with the least other traffic cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import product
from operator import and_
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.expectations.check import broken_by, broken_shown
from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import Course, courses
from groupwall.ops.flows.gates import Gate as GateOf
from groupwall.ops.flows.gates import gates_of
from groupwall.ops.flows.network import Network, Standing
from groupwall.ops.flows.shown import Json, flows_shown, group_names, rule_shown, traffic_shown
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.plans.steps import Left, Step, call_of, left_of, step_shown, steps
from groupwall.ops.rules.weights import prefix_lists_of, weight
from groupwall.rules.cut import EVERYTHING, Gate, Plan, Unit, besides, minimal, narrowed
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6
from groupwall.rules.passages import Passage
from groupwall.rules.traffic import NOTHING, Box, Traffic, traffic
from groupwall.rules.values import Direction, Rule
from groupwall.store.changes import Delta, columns_text
from groupwall.store.entities import Expectation
from groupwall.store.seen import Seen, otherwise_after
from groupwall.store.tables import ENTITIES

MOST_UNITS = 200
"""Sets of rules that let the asked traffic pass: each is a choice between two gates."""


class Fed(NamedTuple):
    """A gate that rules to be narrowed feed: of interfaces that stand alike, and are asked about alike."""

    standing: Standing
    direction: Direction
    interface_ids: tuple[str, ...]
    gate: Gate


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
    fed = _fed(network, found, list(groups))
    tags = {one: tuple((tag.key, tag.value) for tag in some) for one, some in context.tx.tags_of(list(rules)).items()}
    names = group_names(seen, (group_id for one in fed for group_id in one.standing.group_ids))
    whole = set() if params.get("MaySplit", True) else set(rules)
    plan, lefts = _fitting(_units(network, passing), fed, _Rules(rules, groups, whole), context)
    return _told(_Told(plan, fed, names), passing, steps(lefts, tags, names)) | {
        "Expectations": _broken(seen, lefts, context),
        "Revision": context.tx.head.revision,
    }


# ---- what is to be decided


class _Rules(NamedTuple):
    """The rules that let the traffic pass, by id; all rules of their groups; those that can only go whole."""

    cut: Mapping[str, Rule]
    groups: Mapping[str, Sequence[Rule]]
    whole: set[str]

    def narrow(self, rule_id: str, wanted: Traffic) -> Traffic:
        """Return what a rule loses when it must no longer admit some traffic."""
        return EVERYTHING if rule_id in self.whole else narrowed(self.cut[rule_id], wanted)


def _fitting(units: Sequence[Unit], fed: Sequence[Fed], rules: _Rules, context: Context) -> tuple[Plan, list[Left]]:
    """Return the best plan whose groups stay within their quota, and what it leaves of the rules.

    Where the pieces of rules would be too many for a group, that of its rules with the most pieces goes whole.
    """
    gates = [one.gate for one in fed]
    while True:
        plan = minimal(units, gates, rules.narrow, lambda cut: len(steps(left_of(cut, rules.groups), {}, {})))
        lefts = left_of(plan.cut, rules.groups)
        over = _beyond_quota(lefts, rules.groups, context)
        if not over:
            return plan, lefts
        rules.whole.update(max(mine, key=lambda left: len(left.others)).rule.id for mine in over)


def _beyond_quota(lefts: Sequence[Left], groups: Mapping[str, Sequence[Rule]], context: Context) -> list[list[Left]]:
    """Return what is left in each group and direction that would have more rules than it may, and more than it has."""
    found = []
    peers = [rule.properties.peer for rules in groups.values() for rule in rules]
    lists = prefix_lists_of(peers, context)
    for group_id, direction in {(left.rule.group_id, left.rule.direction) for left in lefts}:
        mine = [left for left in lefts if (left.rule.group_id, left.rule.direction) == (group_id, direction)]
        touched = {left.rule.id for left in mine}
        kept = [
            rule.properties.peer for rule in groups[group_id] if rule.direction is direction and rule.id not in touched
        ]
        after = [*kept, *(one.peer for left in mine for one in (left.itself, *left.others) if one)]
        if any(left.others for left in mine) and weight(after, lists) > context.quotas.rules_per_group:
            found.append(mine)
    return found


def _units(network: Network, passing: Sequence[Course]) -> list[Unit]:
    """Return the passing flows by the rules that admit them at both gates, with the ways of cutting them."""
    found: dict[tuple[frozenset[str], ...], list[dict[str, Traffic]]] = {}
    for course in passing:
        gates = gates_of(network, course)
        for rules, flows in _alike(course, gates):
            ways = found.setdefault(rules, [{} for _ in rules])
            for way, ids, some in zip(ways, rules, flows, strict=True):
                way |= {one: way.get(one, NOTHING) | some for one in ids}
    if len(found) > MOST_UNITS:
        raise errors.plan_too_large(MOST_UNITS)
    ours = {rule.id for course in passing for gate in gates_of(network, course) if gate.known for rule in gate.rules}
    return [Unit(tuple(way for way in ways if way.keys() <= ours and way)) for ways in found.values()]


def _alike(course: Course, gates: Sequence[GateOf]) -> Iterator[tuple[tuple[frozenset[str], ...], list[Traffic]]]:
    """Yield the passing flows of a course that the same rules admit at each gate, as each gate sees them."""
    for passage in course.passing:
        parts = [_by_rules(gate, passage) for gate in gates]
        for chosen in product(*(part.items() for part in parts)):
            flows = [some for _, some in chosen]
            shared = reduce(and_, map(_services, flows))
            if shared:
                yield tuple(ids for ids, _ in chosen), [some & shared for some in flows]


def _services(some: Traffic) -> Traffic:
    """Return every flow with a service that some traffic has."""
    return traffic(Box(EVERY_IPV4 + EVERY_IPV6, slab.services) for slab in some.slabs)


def _by_rules(gate: GateOf, passage: Passage) -> dict[frozenset[str], Traffic]:
    """Return what a gate sees of a passage, by the rules that admit it."""
    addresses = passage.destinations if gate.direction.is_egress else passage.sources
    parts = {frozenset[str](): traffic([Box(addresses, passage.services)])}
    for rule, box in gate.grants:
        parts = _divided(parts, rule.id, traffic([box]))
    return {ids: some for ids, some in parts.items() if ids}


def _divided(parts: Mapping[frozenset[str], Traffic], rule_id: str, box: Traffic) -> dict[frozenset[str], Traffic]:
    """Return traffic by the rules that admit it, one more rule told apart."""
    divided: dict[frozenset[str], Traffic] = {}
    for ids, some in parts.items():
        for mine, piece in ((ids, some - box), (ids | {rule_id}, some & box)):
            if piece:
                divided[mine] = divided.get(mine, NOTHING) | piece
    return divided


# ---- what it costs


def _fed(network: Network, found: Sequence[Course], group_ids: Sequence[str]) -> list[Fed]:
    """Return every gate that rules of these groups feed, those of the interfaces that are asked about by themselves."""
    asked: dict[tuple[str, Direction], Traffic] = {}
    for course in found:
        for gate, part in zip(gates_of(network, course), _with_gates(course), strict=True):
            for one in part:
                asked[one, gate.direction] = asked.get((one, gate.direction), NOTHING) | gate.asked
    interfaces = {one.id: one for some in network.members(group_ids).values() for one in some}
    standings = network.standings(list(interfaces.values())) if interfaces else {}
    network.learn(standings.values())
    alike: dict[tuple[Standing, Direction, Traffic], list[str]] = {}
    for one, standing in sorted(standings.items()):
        for direction in Direction:
            alike.setdefault((standing, direction, asked.get((one, direction), NOTHING)), []).append(one)
    return [
        Fed(standing, direction, tuple(ids), Gate(_grants(network, standing, direction), some, len(ids)))
        for (standing, direction, some), ids in alike.items()
    ]


def _with_gates(course: Course) -> list[list[str]]:
    return [[one.id for one in part.interfaces] for part in (course.source, course.destination) if part.standing]


def _grants(network: Network, standing: Standing, direction: Direction) -> tuple[tuple[str, Traffic], ...]:
    return tuple((rule.id, traffic([box])) for rule, box in network.gate(standing, direction))


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
        "OtherTrafficCut": [_gate_shown(one, some) for one, some in lost if some],
        "Proven": told.plan.proven,
        "Text": _text(plan, [some for _, some in lost if some], proven=told.plan.proven),
    }


def _text(plan: Sequence[Step], lost: Sequence[Traffic], *, proven: bool) -> str:
    if not plan:
        return "nothing passes, so there is nothing to do"
    many = f"{len(plan)} call{'s' if len(plan) > 1 else ''}"
    others = "no other traffic is cut" if not lost else f"other traffic is cut at {len(lost)} gate(s) too"
    return f"{many}; {others}" + ("" if proven else "; the search was ended, a better plan may be there")


def _gate_shown(one: Fed, lost: Traffic) -> Json:
    return {
        "InterfaceIds": list(one.interface_ids),
        "GroupIds": list(one.standing.group_ids),
        "VpcId": one.standing.vpc_id,
        "IsEgress": one.direction.is_egress,
        "Cut": traffic_shown(lost),
        "Opened": [],
        "StillOpen": [],
    }


def _broken(seen: Seen, lefts: Iterable[Left], context: Context) -> list[Json]:
    """Return the expectations that the plan would break."""
    kept = seen.all(Expectation)
    if not kept:
        return []
    deltas = ((context.tx.world, delta) for place, left in enumerate(lefts) for delta in _deltas(place, left))
    return broken_shown(broken_by(kept, seen, Seen(context.tx, context.world, otherwise_after(deltas))))


def _deltas(place: int, left: Left) -> Iterator[Delta]:
    """Yield what a plan does to a rule and to those that join it, which have no ids yet."""
    rule, entity = left.rule, ENTITIES[Rule]
    itself = columns_text(entity, rule._replace(properties=left.itself)) if left.itself else None
    yield Delta(entity.kind, rule.id, columns_text(entity, rule), itself)
    for number, one in enumerate(left.others):
        joined = rule._replace(id=f"{rule.id}/{place}/{number}", properties=one)
        yield Delta(entity.kind, joined.id, None, columns_text(entity, joined))


OPERATIONS = (Operation("PlanCut", plan_cut, reads=True),)
