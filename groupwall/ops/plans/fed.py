"""The gates that rules feed which a cut may narrow: what is lost there is what the cut costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from groupwall.ops.expectations.check import ACCEPT, HOLDS, judge, services_of
from groupwall.ops.flows.ends import Course, courses
from groupwall.ops.flows.gates import gates_of
from groupwall.ops.flows.network import Network, Standing
from groupwall.rules.cut import Gate
from groupwall.rules.traffic import NOTHING, Traffic, traffic
from groupwall.rules.values import Direction
from groupwall.store.entities import Expectation

Asked = dict[tuple[str, Direction], Traffic]
"""By interface and direction."""


class Fed(NamedTuple):
    """A gate of interfaces that stand alike, and are asked about and expected alike."""

    standing: Standing
    direction: Direction
    interface_ids: tuple[str, ...]
    gate: Gate


def fed_by(
    network: Network, found: Sequence[Course], group_ids: Sequence[str], kept: Sequence[Expectation]
) -> list[Fed]:
    """Return every gate that rules of these groups feed. kept: the expectations; what they accept is expected."""
    asked, expected = asked_at(network, found), _expected(network, kept)
    interfaces = {one.id: one for some in network.members(group_ids).values() for one in some}
    standings = network.standings(list(interfaces.values())) if interfaces else {}
    network.learn(standings.values())
    alike: dict[tuple[Standing, Direction, Traffic, Traffic], list[str]] = {}
    for one, standing in sorted(standings.items()):
        for direction in Direction:
            of = (one, direction)
            key = (standing, direction, asked.get(of, NOTHING), expected.get(of, NOTHING))
            alike.setdefault(key, []).append(one)
    return [
        Fed(standing, direction, tuple(ids), Gate(_grants(network, standing, direction), some, len(ids), wanted))
        for (standing, direction, some, wanted), ids in alike.items()
    ]


def _grants(network: Network, standing: Standing, direction: Direction) -> tuple[tuple[str, Traffic], ...]:
    return tuple((rule.id, traffic([box])) for rule, box in network.gate(standing, direction))


def asked_at(network: Network, found: Sequence[Course]) -> Asked:
    """Return what courses ask of the gates of each interface."""
    asked: Asked = {}
    for course in found:
        ends = [part for part in (course.source, course.destination) if part.standing]
        for gate, part in zip(gates_of(network, course), ends, strict=True):
            for one in part.interfaces:
                of = (one.id, gate.direction)
                asked[of] = asked.get(of, NOTHING) | gate.asked
    return asked


def _expected(network: Network, kept: Sequence[Expectation]) -> Asked:
    """Return what expectations that hold want each interface's gates to let pass."""
    accepting = [one for one in judge([one for one in kept if one.verdict == ACCEPT], network) if one.state == HOLDS]
    found = (courses(network, one.source, one.destination, services_of(one)) for one, _, _ in accepting)
    return asked_at(network, [course for some in found for course in some])
