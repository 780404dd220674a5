"""What a change does at gates: found from the rules that can matter there, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from groupwall.ops.effects.touched import Standings
from groupwall.ops.flows.network import Network, Standing
from groupwall.ops.flows.shown import Json, rule_shown, traffic_shown
from groupwall.rules.effects import Effect, Shift, effect
from groupwall.rules.flows import SERVICES, services
from groupwall.rules.spans import Spans, intersection, spans
from groupwall.rules.tracking import is_open, judged_alone
from groupwall.rules.traffic import NOTHING, Traffic
from groupwall.rules.values import Direction, Rule
from groupwall.rules.verdict import Grant
from groupwall.store.entities import Interface

Gate = tuple[Standings, Direction]


class GateEffect(NamedTuple):
    """What a change does at the gates of one direction of interfaces that stand alike before and after.

    stops: what of the traffic that it cuts flows under way lose too, those that are not tracked.
    """

    standings: Standings
    direction: Direction
    interfaces: Sequence[Interface]
    effect: Effect
    stops: Traffic


def gate_effects(
    standings: Mapping[Standings, Sequence[Interface]], differing: Sequence[Rule], sides: tuple[Network, Network]
) -> Iterator[GateEffect]:
    """Yield what differs at the gates of interfaces, ingress first; gates that stay as they are are left out.

    differing: the rules that changed or whose peers may stand for something else, of both sides. Others count only
    where they are for the same services, unless it is the groups of an interface that differ.
    """
    about = {direction: _services(differing, direction) for direction in Direction}
    before, after = (_grants(standings, about, side, network) for side, network in enumerate(sides))
    for pair, interfaces in standings.items():
        for direction in Direction:
            found = effect(before[pair, direction], after[pair, direction])
            if found.lost or found.gained:
                yield GateEffect(pair, direction, interfaces, found, _stops(pair[0], direction, found, sides[0]))


def _stops(before: Standing | None, direction: Direction, found: Effect, network: Network) -> Traffic:
    """Return what of the traffic that is cut stops at once: what rules alone have let pass [reference 20, docs]."""
    if before is None or not found.cut or not any(is_open(one.rule) for one in found.lost):
        return NOTHING
    rules = network.rules(before.group_ids)
    return found.cut & judged_alone(direction, (rule for some in rules.values() for rule in some))


def _services(rules: Iterable[Rule], direction: Direction) -> Spans:
    mine = {rule.properties[:2] for rule in rules if rule.direction is direction}
    return spans(tuple(span for one in mine for span in services(*one)))


def _grants(
    standings: Iterable[Standings], about: Mapping[Direction, Spans], side: int, network: Network
) -> dict[Gate, tuple[Grant, ...]]:
    """Return what the rules that can matter admit on one side, in a number of statements that is the same for all."""
    network.rules({group_id for pair in standings if (one := pair[side]) for group_id in one.group_ids})
    chosen = {
        (pair, direction): list(_chosen(pair, side, direction, network, about[direction]))
        for pair in standings
        for direction in Direction
    }
    network.learn_peers(rule for rules in chosen.values() for rule in rules)
    return {
        (pair, direction): network.grants(rules, standing.vpc_id) if (standing := pair[side]) else ()
        for (pair, direction), rules in chosen.items()
    }


def _chosen(pair: Standings, side: int, direction: Direction, network: Network, about: Spans) -> Iterator[Rule]:
    standing = pair[side]
    if standing is None:
        return
    wanted = about if pair[0] == pair[1] else SERVICES
    for group_id in standing.group_ids:
        for rule in network.rules([group_id])[group_id]:
            if rule.direction is direction and intersection(services(*rule.properties[:2]), wanted):
                yield rule


def gate_shown(gate: GateEffect, names: Mapping[str, str], cutting: AbstractSet[str]) -> Json:
    """Return a gate's effect as GateEffect. names: of groups, by id. cutting: groups whose tag cuts flows under way."""
    before, after = gate.standings
    standing = after or before
    assert standing is not None  # noqa: S101 - it stands before or after
    return {
        "InterfaceIds": [one.id for one in gate.interfaces],
        "GroupIds": list(standing.group_ids),
        "GroupNames": [names.get(group_id, "") for group_id in standing.group_ids],
        "VpcId": standing.vpc_id,
        "IsEgress": gate.direction.is_egress,
        "Cut": traffic_shown(gate.effect.cut),
        "Stops": traffic_shown(gate.stops),
        "CutBy": [one for one in standing.group_ids if after and gate.effect.cut and one in cutting],
        "Opened": traffic_shown(gate.effect.opened),
        "StillOpen": [_still_open(one, names) for one in gate.effect.lost if one.shared],
    }


def _still_open(shift: Shift, names: Mapping[str, str]) -> Json:
    return {
        "Of": rule_shown(shift.rule, names),
        "Traffic": traffic_shown(shift.shared),
        "Rules": [rule_shown(rule, names) for rule in shift.by],
    }
