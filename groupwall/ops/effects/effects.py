"""What a change does: to rules, to the traffic at the gates of interfaces, to the rules that name what it touches.

One function answers for what would be (a preview), for what was (a receipt) and for what lies between two instants: it
is given the tables before and after, and the deltas between.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from groupwall.ops.effects.gates import GateEffect, gate_effects, gate_shown
from groupwall.ops.effects.touched import Touched, naming, standing_before_and_after, touched
from groupwall.ops.existing_flows import is_cutting
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.shown import Json, group_names, rule_shown
from groupwall.ops.operation import Context
from groupwall.ops.peerings.references import stale_rules
from groupwall.rules.effects import Shift
from groupwall.rules.flows import lines
from groupwall.rules.traffic import Traffic, union
from groupwall.rules.values import Rule
from groupwall.store.changes import Delta
from groupwall.store.entities import Tag
from groupwall.store.seen import Seen


def effect(before: Seen, after: Seen, deltas: Iterable[Delta], context: Context) -> Json:
    """Return ``Rules``, ``Gates`` and ``References`` of what lies between two states of the tables (inferred).

    deltas: those between, of this world and of others; only the ids in them count, what becomes of these is read from
    the two states. Gates and rules are those of this world: what others' gates let pass is theirs to see.
    """
    some = touched(deltas, after)
    old, new = Network(before), Network(after)
    named = naming(some, before), naming(some, after)
    standings = standing_before_and_after(some, named[0] | named[1], old, new)
    rules = before.by_id(Rule, sorted(some.rules)), after.by_id(Rule, sorted(some.rules))
    differing = [rule for found in (*rules, *named) for rule in found.values()]
    gates = list(gate_effects(standings, differing, (old, new)))
    touching = _touching(some, named, (before, after), context)
    worn = [{group_id for pair in standings if (one := pair[side]) for group_id in one.group_ids} for side in (0, 1)]
    cutting = _cutting(gates, after)
    names = _names(before, after, _rules_told(gates, *rules, (rule for rule, _ in touching)), gates)
    return {
        "Rules": _rule_changes(rules, gates, worn, names),
        "Gates": [gate_shown(one, names, cutting) for one in gates],
        "References": [{"Rule": rule_shown(rule, names), "Reason": reason} for rule, reason in touching],
    }


# ---- rules


def _rule_changes(
    rules: tuple[Mapping[str, Rule], Mapping[str, Rule]],
    gates: Sequence[GateEffect],
    worn: Sequence[set[str]],
    names: Mapping[str, str],
) -> list[Json]:
    """Return RuleChange of each rule that differs, by group and direction.

    worn: the groups that interfaces have, before and after: where no rule met a member nothing was at stake, even if
    its group had one at another time.
    """
    before, after = rules
    lost, gained = _by_rule(one.effect.lost for one in gates), _by_rule(one.effect.gained for one in gates)
    changed = [one for one in {**before, **after} if before.get(one) != after.get(one)]
    told = []
    for rule_id in sorted(changed, key=lambda one: (_place(after.get(one) or before[one]), one)):
        was, now = before.get(rule_id), after.get(rule_id)
        rule = now or before[rule_id]
        met = any(rule.group_id in groups for groups, one in zip(worn, (was, now), strict=True) if one)
        effect_told = _effect_told(lost.get(rule_id, ()), gained.get(rule_id, ()))
        told.append(
            {
                "Action": "added" if was is None else "modified" if now else "removed",
                "Rule": rule_shown(rule, names),
                "Before": rule_shown(was, names) if was and now else None,
                "Effect": effect_told if met else "none: no member",
            }
        )
    return told


def _place(rule: Rule) -> tuple[Any, ...]:
    return rule.group_id, rule.direction.is_egress, *rule.properties


def _by_rule(some: Iterable[Iterable[Shift]]) -> dict[str, list[Shift]]:
    found: dict[str, list[Shift]] = {}
    for shifts in some:
        for one in shifts:
            found.setdefault(one.rule.id, []).append(one)
    return found


def _effect_told(lost: Sequence[Shift], gained: Sequence[Shift]) -> str:
    """Return what a rule's change means for traffic over all gates, ``none`` with the reason."""
    told, reasons = [], []
    for shifts, word, why in ((lost, "cut", "still open by"), (gained, "opened", "open before by")):
        moved = union(one.alone for one in shifts)
        others = list(dict.fromkeys(rule.id for one in shifts for rule in one.by))
        told += [f"{word} {_in_short(moved)}"] if moved else []
        reasons += [f"{why} {_some(others)}"] if others else []
    if told:
        return "; ".join(told + [f"the rest {reason}" for reason in reasons])
    if not reasons:
        reasons = ["its peer stands for no address" if lost or gained else "the same traffic"]
    return f"none: {'; '.join(reasons)}"


MOST_TOLD = 3


def _in_short(some: Traffic) -> str:
    return _some([_shortened(str(line)) for line in lines(some)], "; ")


def _shortened(text: str) -> str:
    parts = text.split(", ")
    return text if len(parts) <= MOST_TOLD * 2 else f"{', '.join(parts[: MOST_TOLD * 2])}, ..."


def _some(texts: Sequence[str], between: str = ", ") -> str:
    more = len(texts) - MOST_TOLD
    return between.join(texts[:MOST_TOLD]) + (f" and {more} more" if more > 0 else "")


# ---- rules that name what is touched


def _touching(
    some: Touched, named: tuple[Mapping[str, Rule], Mapping[str, Rule]], sides: tuple[Seen, Seen], context: Context
) -> list[tuple[Rule, str]]:
    """Return the rules whose peer the change touches and that stay, each with what happens to it."""
    rules = [rule for rule_id, rule in named[1].items() if rule_id in named[0]]
    stale = [stale_rules(rules, seen, context.now) for seen in sides]
    found = []
    for rule in sorted(rules, key=lambda one: (_place(one), one.id)):
        peer, became = rule.properties.peer.text, tuple(rule.id in side for side in stale)
        reasons = [_STALE[became]] if became in _STALE else []
        reasons += ["the entries of its peer change"] if peer in some.lists else []
        reasons += ["the members of its peer change"] if peer in some.members else []
        if reasons:
            found.append((rule, "; ".join(reasons)))
    return found


_STALE = {(False, True): "becomes stale", (True, False): "is no longer stale"}


def _cutting(gates: Iterable[GateEffect], after: Seen) -> set[str]:
    """Return the groups whose tag says that flows under way end where gates admit less."""
    standings = (gate.standings[1] for gate in gates if gate.effect.cut)
    tags = after.by(
        Tag, "resource_id", sorted({one for standing in standings if standing for one in standing.group_ids})
    )
    return {group_id for group_id, some in tags.items() if is_cutting(some)}


def _rules_told(gates: Iterable[GateEffect], *some: Mapping[str, Rule] | Iterable[Rule]) -> Iterator[Rule]:
    for rules in some:
        yield from rules.values() if isinstance(rules, Mapping) else rules
    for gate in gates:
        for shift in gate.effect.lost:
            yield from (shift.rule, *shift.by)


def _names(before: Seen, after: Seen, rules: Iterable[Rule], gates: Iterable[GateEffect]) -> dict[str, str]:
    standings = (one for gate in gates for one in gate.standings if one)
    group_ids = {rule.group_id for rule in rules}.union(*(one.group_ids for one in standings))
    return group_names(before, group_ids) | group_names(after, group_ids)
