"""One gate of a course: what of the asked it lets pass, by which rules, and why it refuses the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from groupwall.ops.flows.ends import Course, Part
from groupwall.ops.flows.network import Network, Standing
from groupwall.ops.flows.shown import Json, properties_text, rule_shown, traffic_shown
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6, address_texts, addresses_text, lines, services_text
from groupwall.rules.spans import Spans, intersection, spans
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import Direction, PeerKind, Rule
from groupwall.rules.verdict import Grant
from groupwall.store.entities import Group

ACCEPT, DROP, PARTLY = "accept", "drop", "partly"


class Gate(NamedTuple):
    """A gate and what is asked of it, over the other end's addresses. known: whether it is of the caller's account.

    refused: what of the asked is not admitted. Of several gates taken together some may refuse what others admit.
    """

    standing: Standing
    direction: Direction
    asked: Traffic
    admitted: Traffic
    refused: Traffic
    grants: tuple[Grant, ...]
    known: bool

    @property
    def verdict(self) -> str:
        """``accept``, ``drop`` or ``partly``."""
        return verdict_of(self.refused, self.admitted)

    @property
    def admitting(self) -> list[Grant]:
        """What every rule admits that admits all or some of what is asked."""
        return admitting(self.grants, self.asked)

    @property
    def rules(self) -> list[Rule]:
        """Every rule that admits all or some of what is asked."""
        return [one.rule for one in self.admitting]


def admitting(grants: Iterable[Grant], asked: Traffic) -> list[Grant]:
    """Return the grants that admit all or some of what is asked: all of some services for all of some addresses."""
    addresses, services = _both(asked)
    return [
        one for one in grants if intersection(one.box.services, services) and intersection(one.box.addresses, addresses)
    ]


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
        _gate(network, mine.standing, direction, asked_of(mine, other, course.asked.services))
        for mine, other, direction in ends
        if mine.standing
    ]


def _gate(network: Network, standing: Standing, direction: Direction, asked: Traffic) -> Gate:
    grants = network.gate(standing, direction)
    some = network.policy(standing, direction) & asked
    return Gate(standing, direction, asked, some, asked - some, grants, standing.world == network.seen.world)


def together(gates: Sequence[Gate]) -> Gate:
    """Return as one what is asked of gates of one VPC: of the same one, or of other accounts' interfaces there."""
    first = gates[0]
    asked, some, refused = (
        reduce(or_, each) for each in zip(*((one.asked, one.admitted, one.refused) for one in gates), strict=True)
    )
    if first.known:
        return first._replace(asked=asked, admitted=some, refused=refused)
    standing = first.standing._replace(group_ids=())
    return Gate(standing, first.direction, asked, some, refused, (), known=False)


def asked_of(mine: Part, other: Part, services: Spans) -> Traffic:
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
        "Rules": [_rule_shown(one, gate, names) for one in gate.admitting],
        "Refused": traffic_shown(gate.refused),
        "Reason": reason(gate, names),
    }


def _rule_shown(one: Grant, gate: Gate, names: Mapping[str, str]) -> Json:
    """Return a rule as RuleShown, with which of the asked addresses a group or a prefix list stands for."""
    shown = rule_shown(one.rule, names)
    if one.rule.properties.peer.kind in (PeerKind.GROUP, PeerKind.PREFIX_LIST):
        shown["PeerAddresses"] = address_texts(intersection(one.box.addresses, _both(gate.asked)[0]))
    return shown


def names_at(network: Network, gates: Iterable[Gate]) -> dict[str, str]:
    """Return by id the names of the groups at gates, and of those that their rules name, all of this account."""
    known = [gate for gate in gates if gate.known]
    ids = {group_id for gate in known for group_id in gate.standing.group_ids}
    ids |= {rule.properties.peer.text for gate in known for rule in gate.rules}
    return {one: group.name for one, group in network.seen.by_id(Group, sorted(ids)).items()}


def reason(gate: Gate, names: Mapping[str, str]) -> str | None:
    """Return why a gate refuses what it refuses, in a line, with the nearest rule; None when it refuses nothing."""
    if not gate.refused:
        return None
    if not gate.known:
        verb = "admits some of it" if gate.admitted else "does not admit it"
        return f"{gate.direction} in {_elsewhere(gate)} {verb}"
    groups = ", ".join(called(group_id, names) for group_id in gate.standing.group_ids) or "an interface in no group"
    told = f"no {gate.direction} rule of {groups} admits {_refused_text(gate)}"
    near = nearest(gate.grants, gate.asked)
    return f"{told}; nearest: {_near_text(near)}" if near else told


def _near_text(near: Grant) -> str:
    rule, (addresses, _) = near
    nothing = "" if addresses else ", which stands for no address here"
    return f"{rule.id} {properties_text(rule.properties, rule.direction)}{nothing}"


def admits(gate: Gate, names: Mapping[str, str]) -> str:
    """Return which rules of a gate admit what is asked, in a line."""
    if not gate.known:
        return f"{gate.direction} in {_elsewhere(gate)} admits it"
    told = [
        f"{rule.id} of {called(rule.group_id, names)}, {properties_text(rule.properties, rule.direction)}"
        for rule in gate.rules
    ]
    more = f", and {len(told) - MOST_RULES} more" if len(told) > MOST_RULES else ""
    return f"admitted by {gate.direction} {'; '.join(told[:MOST_RULES])}{more}"


def _elsewhere(gate: Gate) -> str:
    return f"{gate.standing.vpc_id} of account {gate.standing.world.account}"


def called(group_id: str, names: Mapping[str, str]) -> str:
    """Return ``web (sg-...)``, or the id alone of a group without a name here."""
    return f"{names[group_id]} ({group_id})" if group_id in names else group_id


def nearest(grants: Iterable[Grant], asked: Traffic) -> Grant | None:
    """Return the grant that admits none of what is asked and differs least: in the addresses alone, or the services."""
    addresses, services = _both(asked)

    def shares(one: Grant) -> tuple[bool, bool]:
        return bool(intersection(one.box.services, services)), bool(intersection(one.box.addresses, addresses))

    near = [one for one in grants if any(shares(one)) and not traffic([one.box]) & asked]
    return max(near, key=shares) if near else None


def _both(some: Traffic) -> tuple[Spans, Spans]:
    services = spans(tuple(span for slab in some.slabs for span in slab.services))
    return spans(tuple(slab.addresses for slab in some.slabs)), services


LONGEST = 120
"""Characters of addresses or services in a line that gives a reason; the exact form stands beside it."""

MOST_RULES = 3
"""Rules in such a line."""


MOST_LINES = 3
"""Lines of traffic in it."""


def _refused_text(gate: Gate) -> str:
    """Return what a gate refuses, each set of services with the addresses that it is refused for and no others."""
    way = "to" if gate.direction.is_egress else "from"
    told = [
        f"{_short(services_text(one.services))} {way} {_short(addresses_text(one.addresses))}"
        for one in lines(gate.refused)
    ]
    more = f", and {len(told) - MOST_LINES} more" if len(told) > MOST_LINES else ""
    return f"{', nor '.join(told[:MOST_LINES])}{more}"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
