"""Whether anything passes between two ends, and whether anything is refused: the answer alone, without its courses.

Each gate is asked once, about all that is at the other end, and not about each pair: for many ends that is the cost of
their sum, not of their product. What a group lets pass of it is worked out once for all that are in the group, and
gates that let the same pass count as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from groupwall.ops.flows.ends import Crowd, Part, are_joined
from groupwall.ops.flows.network import Network, Standing
from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6
from groupwall.rules.passages import Passage, is_asked, passages
from groupwall.rules.spans import Span, Spans, intersection, spans
from groupwall.rules.traffic import Box, Traffic, traffic, union
from groupwall.rules.values import Direction

Side = tuple[Sequence[Part], Direction]
"""Parts, and the direction in which the asked passes their gates."""

Open = dict[Traffic | None, Spans]
"""The addresses of parts by what their gates let pass of what is asked; None for those that have no gate."""


def asks(some: Iterable[Crowd], services: Spans) -> bool:
    """Tell whether there is any flow to ask about."""
    return any(is_asked(Passage(_held(one.senders), _held(one.receivers), services)) for one in some)


def passes(network: Network, some: Iterable[Crowd], services: Spans) -> bool:
    """Tell whether any flow of some services passes."""
    return any(_passes(network, one, services) for one in some)


def _passes(network: Network, crowd: Crowd, services: Spans) -> bool:
    """Look at the smaller side first: mostly it lets nothing pass, and then the other one is not even read."""
    if not _joined(network, crowd):
        return False
    few, many = sorted(_sides(crowd), key=lambda side: len(side[0]))
    near = _open(network, few, Box(_held(many[0]), services))
    far = _open(network, many, Box(_spans(near.values()), services)) if near else {}
    out, into = (near, far) if few[1].is_egress else (far, near)
    return any(
        passages(sent, received, Passage(origin, toward, services))
        for sent, origin in out.items()
        for received, toward in into.items()
    )


def refuses(network: Network, some: Iterable[Crowd], services: Spans) -> bool:
    """Tell whether any flow of some services is refused, at a gate or for want of a way."""
    return any(_refuses(network, one, services) for one in some)


def _refuses(network: Network, crowd: Crowd, services: Spans) -> bool:
    if not asks([crowd], services):
        return False
    if not _joined(network, crowd):
        return True
    ours, theirs = _sides(crowd)
    return any(
        _lacks(network, mine, Box(intersection(_held(other[0]), family), services))
        for mine, other in ((ours, theirs), (theirs, ours))
        for family in (EVERY_IPV4, EVERY_IPV6)
    )


def _lacks(network: Network, side: Side, asked: Box) -> bool:
    """Tell whether any gate lacks some of what is asked, which is of one family of addresses, if it has that family."""
    if not asked.addresses:
        return False
    wanted, admitted = traffic([asked]), _admitting(network, side, asked)
    family = EVERY_IPV4 if _is_ipv4(asked.addresses) else EVERY_IPV6
    return any(
        part.standing and intersection(part.addresses, family) and admitted(part.standing) != wanted for part in side[0]
    )


def _is_ipv4(addresses: Spans) -> bool:
    return bool(intersection(addresses, EVERY_IPV4))


def _open(network: Network, side: Side, asked: Box) -> Open:
    found: dict[Traffic | None, list[Span]] = {}
    admitted = _admitting(network, side, asked)
    for part in side[0]:
        some = admitted(part.standing) if part.standing else None
        if some is None or some:
            found.setdefault(some, []).extend(part.addresses)
    return {some: spans(tuple(addresses)) for some, addresses in found.items()}


def _admitting(network: Network, side: Side, asked: Box) -> Callable[[Standing], Traffic]:
    """Return what tells how much of the asked the gate of a standing lets pass."""
    (some, direction), wanted = side, traffic([asked])
    network.learn(part.standing for part in some if part.standing)

    @cache
    def by_group(group_id: str, standing: Standing) -> Traffic:
        return network.policy_of(group_id, standing, direction, asked.services) & wanted

    def admitted(standing: Standing) -> Traffic:
        return union(by_group(one, standing._replace(group_ids=())) for one in standing.group_ids)

    return admitted


def _sides(crowd: Crowd) -> tuple[Side, Side]:
    return (crowd.senders, Direction.EGRESS), (crowd.receivers, Direction.INGRESS)


def _held(some: Iterable[Part]) -> Spans:
    return _spans(part.addresses for part in some)


def _spans(some: Iterable[Spans]) -> Spans:
    return spans(tuple(span for one in some for span in one))


def _joined(network: Network, crowd: Crowd) -> bool:
    """Tell whether there is a way: between each two parts or between none, since a crowd is of one pair of VPCs."""
    return are_joined(network, crowd.senders[0], crowd.receivers[0])
