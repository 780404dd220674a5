"""The rules that are nearly what a request asks for and does not find, and in what they differ (inferred).

Rules match exactly or not at all (groupwall.rules.match), so a request that finds nothing is most often one property
away from what was meant: other ports, a wider block, the other direction, the group beside.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import block_span, services
from groupwall.rules.spans import intersection
from groupwall.rules.values import ALL_PROTOCOLS, PeerKind, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from groupwall.rules.values import Asked, Direction, Peer, Properties

MOST = 5
"""So many rules are told: the first is the one that was meant, or none is."""

_FAR = 4
"""Rules that share neither service nor peer, not even in part, are not near; nor are those that lie elsewhere too."""


class Near(NamedTuple):
    """A rule, and in what it differs from the one that was asked for; each with both values."""

    rule: Rule
    differences: tuple[str, ...]


def nearest(asked: Asked, group_id: str, direction: Direction, rules: Iterable[Rule]) -> list[Near]:
    """Return the nearest of these rules, the nearest first; of those that are as near, by their ids.

    rules: of any group and direction. A rule in which nothing differs is what was asked for, and left out.
    """
    found = []
    for rule in rules:
        others = tuple(_others(asked, group_id, direction, rule))
        lies_elsewhere = (rule.group_id != group_id) + (rule.direction is not direction)
        apart = lies_elsewhere + len(others) + _apart(asked.properties, rule.properties)
        if 0 < apart < _FAR:
            found.append((apart, Near(rule, (*differences(asked.properties, rule.properties), *others))))
    return [near for _, near in sorted(found, key=lambda pair: (pair[0], pair[1].rule.id))[:MOST]]


def differences(asked: Properties, there: Properties) -> tuple[str, ...]:
    """Return in what a rule's properties differ from those asked for, ``ports: 22 asked, 22-23 there``."""
    ports = str(asked.ports), str(there.ports)
    pairs = (
        ("protocol", _protocol(asked), _protocol(there)),
        ("ports", *(("*", "*") if ALL_PROTOCOLS in (asked.protocol, there.protocol) else ports)),
        ("peer", asked.peer.text, there.peer.text),
    )
    return tuple(_differs(*pair) for pair in pairs if pair[1] != pair[2])


def _protocol(properties: Properties) -> str:
    return "all" if properties.protocol == ALL_PROTOCOLS else properties.protocol


def _others(asked: Asked, group_id: str, direction: Direction, rule: Rule) -> Iterator[str]:
    """Yield in what a rule differs beside its properties."""
    if asked.description not in (None, rule.description or ""):
        yield _differs("description", repr(asked.description), repr(rule.description or ""))
    yield from elsewhere(rule, group_id, direction)


def elsewhere(rule: Rule, group_id: str, direction: Direction | None) -> Iterator[str]:
    """Yield how a rule lies elsewhere than in a group, and a direction where one is asked for."""
    if direction not in (None, rule.direction):
        yield _differs("direction", str(direction), str(rule.direction))
    if rule.group_id != group_id:
        yield _differs("group", group_id, rule.group_id)


def _differs(what: str, asked: str, there: str) -> str:
    return f"{what}: {asked} asked, {there} there"


def _apart(asked: Properties, there: Properties) -> int:
    """Return how far two rules' properties lie apart: service and peer each 0 if equal, 1 if they meet, at most 3."""
    return _services_apart(asked, there) + _peers_apart(asked.peer, there.peer)


def _services_apart(asked: Properties, there: Properties) -> int:
    if asked[:2] == there[:2]:
        return 0
    meet = intersection(services(asked.protocol, asked.ports), services(there.protocol, there.ports))
    return 1 if meet else 2 if asked.protocol == there.protocol else 3


def _peers_apart(asked: Peer, there: Peer) -> int:
    if asked == there:
        return 0
    blocks = {PeerKind.IPV4, PeerKind.IPV6}
    if asked.kind is not there.kind or asked.kind not in blocks:
        return 3
    return 1 if intersection((block_span(asked.text),), (block_span(there.text),)) else 3
