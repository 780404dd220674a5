"""One gate of a course: what of the asked it lets pass, by which rules, and why it refuses the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from groupwall.ops.flows.ends import Course, Part
from groupwall.ops.flows.network import Network, Standing
from groupwall.ops.flows.shown import Json, properties_text, rule_shown, traffic_shown
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, addresses_text, services_text
from groupwall.rules.spans import Spans, intersection
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import Direction, Rule
from groupwall.rules.verdict import Grant

ACCEPT, DROP, PARTLY = "accept", "drop", "partly"


class Gate(NamedTuple):
    """A gate and what is asked of it, over the other end's addresses. known: whether it is of the caller's account."""

    standing: Standing
    direction: Direction
    asked: Traffic
    admitted: Traffic
    grants: tuple[Grant, ...]
    known: bool

    @property
    def verdict(self) -> str:
        """``accept``, ``drop`` or ``partly``."""
        return verdict_of(self.asked - self.admitted, self.admitted)

    @property
    def rules(self) -> list[Rule]:
        """Every rule that admits all or some of what is asked."""
        return [rule for rule, box in self.grants if traffic([box]) & self.asked]


def verdict_of(refused: object, passing: object) -> str:
    """Return the verdict on what is asked, by whether there is any that is refused, and any that passes."""
    if not passing:
        return DROP
    return PARTLY if refused else ACCEPT


def gates_of(network: Network, course: Course) -> list[Gate]:
    """Return the sender's gate and the receiver's, of those ends that have one."""
    ends = (
        (course.source, course.destination, Direction.EGRESS),
        (course.destination, course.source, Direction.INGRESS),
    )
    return [
        _gate(network, mine.standing, direction, _asked(mine, other, course.asked.services))
        for mine, other, direction in ends
        if mine.standing
    ]


def _gate(network: Network, standing: Standing, direction: Direction, asked: Traffic) -> Gate:
    grants = network.gate(standing, direction)
    known = standing.world.account == network.seen.world.account
    return Gate(standing, direction, asked, network.policy(standing, direction) & asked, grants, known)


def _asked(mine: Part, other: Part, services: Spans) -> Traffic:
    """Return what is asked of a gate: of the families of addresses that both ends have."""
    shared = (
        intersection(other.addresses, family)
        for family in (EVERY_IPV4, EVERY_IPV6)
        if intersection(mine.addresses, family)
    )
    return traffic(Box(addresses, services) for addresses in shared if addresses)


def gate_shown(gate: Gate, names: Mapping[str, str]) -> Json:
    """Return a gate as GateShown. Of another account's gate nothing but the verdict is told."""
    shown: Json = {"IsEgress": gate.direction.is_egress, "Verdict": gate.verdict}
    if not gate.known:
        return shown
    return shown | {
        "Rules": [rule_shown(rule, names) for rule in gate.rules],
        "Refused": traffic_shown(gate.asked - gate.admitted),
        "Reason": reason(gate, names),
    }


def reason(gate: Gate, names: Mapping[str, str]) -> str | None:
    """Return why a gate refuses what it refuses, in a line, with the nearest rule; None when it refuses nothing."""
    refused = gate.asked - gate.admitted
    if not refused:
        return None
    if not gate.known:
        return f"the gate of an interface of account {gate.standing.world.account} does not admit it"
    what = f"{_services(refused)} {'to' if gate.direction.is_egress else 'from'} {_addresses(refused)}"
    groups = ", ".join(called(group_id, names) for group_id in gate.standing.group_ids) or "an interface in no group"
    told = f"no {gate.direction} rule of {groups} admits {what}"
    near = nearest(gate.grants, gate.asked)
    return f"{told}; nearest: {near.id} {properties_text(near.properties, near.direction)}" if near else told


def admits(gate: Gate, names: Mapping[str, str]) -> str:
    """Return which rules of a gate admit what is asked, in a line."""
    if not gate.known:
        return f"the gate of an interface of account {gate.standing.world.account} admits it"
    rules = ", ".join(f"{rule.id} of {called(rule.group_id, names)}" for rule in gate.rules)
    return f"admitted by {gate.direction} {rules}"


def called(group_id: str, names: Mapping[str, str]) -> str:
    """Return ``web (sg-...)``, or the id alone of a group without a name here."""
    return f"{names[group_id]} ({group_id})" if group_id in names else group_id


def nearest(grants: Iterable[Grant], asked: Traffic) -> Rule | None:
    """Return the rule that admits none of what is asked and differs least: in the addresses alone, or the services."""
    addresses, services = _both(asked)

    def shares(one: Grant) -> tuple[bool, bool]:
        return bool(intersection(one.box.services, services)), bool(intersection(one.box.addresses, addresses))

    near = [one for one in grants if any(shares(one)) and not traffic([one.box]) & asked]
    return max(near, key=shares).rule if near else None


def _both(some: Traffic) -> tuple[Spans, Spans]:
    services: Spans = ()
    for slab in some.slabs:
        services = tuple(sorted({*services, *slab.services}))
    return tuple(slab.addresses for slab in some.slabs), services


LONGEST = 120
"""Characters of addresses or services in a line that gives a reason; the exact form stands beside it."""


def _services(some: Traffic) -> str:
    return _short(", ".join(sorted({services_text(slab.services) for slab in some.slabs})))


def _addresses(some: Traffic) -> str:
    return _short(addresses_text(tuple(slab.addresses for slab in some.slabs)))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def rules_of(gates: Sequence[Gate], names: Mapping[str, str]) -> list[Json]:
    """Return the rules of those gates that are known, the sender's first."""
    return [rule_shown(rule, names) for gate in gates if gate.known for rule in gate.rules]
