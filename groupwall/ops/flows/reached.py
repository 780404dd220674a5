"""What passes between an end and the others, in the order of the others: worked out as far as a page shows it.

What an end reaches, or who reaches it, can be thousands of courses of which a page shows a few. So the pairs of parts
are put in order by what they name, and each is worked out when its turn comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from groupwall.ops.flows.ends import Crowd, Part, course, is_ours
from groupwall.ops.flows.network import Network
from groupwall.ops.flows.told import Told, told
from groupwall.rules.spans import Spans
from groupwall.rules.values import Direction

MOST_LOOKED = 50_000
"""Pairs of parts that are looked at for one page: some seconds at worst."""

Pairs = list[tuple[Part, Part]]
"""Senders and receivers that are told as one."""


class Question(NamedTuple):
    """What is asked about. sent: whether it is what the crowds' senders reach, or else who reaches their receivers."""

    network: Network
    crowds: Sequence[Crowd]
    services: Spans
    sent: bool


class Reached(NamedTuple):
    """A page: what passes, as it may be told, and the place after which the next page begins; None on the last."""

    shown: list[Told]
    after: str | None


def reached(asked: Question, after: str, most: int) -> Reached:
    """Return the page that begins after a place and shows so many at most.

    It ends before that once MOST_LOOKED pairs were looked at: then it shows fewer, maybe none, and tells where the next
    one begins (inferred).
    """
    network, looked = asked.network, 0
    shown: list[Told] = []
    for place, pairs in _placed(asked, after):
        if looked >= MOST_LOOKED:
            return Reached(shown, after)
        looked += sum(_size(network, one) * _size(network, other) for one, other in pairs)
        one = _told(asked, pairs)
        if one and len(shown) == most:
            return Reached(shown, after)
        shown += [one] if one else []
        after = place
    return Reached(shown, None)


def _placed(asked: Question, after: str) -> Iterator[tuple[str, Pairs]]:
    """Yield what is told as one by its place, of those beyond a place, in order: the other end counts first."""
    near, far = (Direction.EGRESS, Direction.INGRESS) if asked.sent else (Direction.INGRESS, Direction.EGRESS)
    others: dict[str, list[tuple[Part, Sequence[Part]]]] = {}
    for crowd in asked.crowds:
        mine, beyond = crowd if asked.sent else (crowd.receivers, crowd.senders)
        mine = [part for part in mine if not _is_closed(asked, part, near)]
        for other in beyond:
            others.setdefault(_key(asked.network, other), []).append((other, mine))
    for key in sorted(others):
        if f"{key} {_LAST}" < after or all(_is_closed(asked, other, far) for other, _ in others[key]):
            continue
        pairs: dict[str, Pairs] = {}
        for other, mine in others[key]:
            for one in mine:
                place = f"{key} {_key(asked.network, one)}"
                pairs.setdefault(place, []).append((one, other) if asked.sent else (other, one))
        yield from ((place, pairs[place]) for place in sorted(pairs) if place > after)


_LAST = "~"
"""Behind all keys."""


def _is_closed(asked: Question, part: Part, direction: Direction) -> bool:
    """Tell whether the gate of a part lets none of the services pass; another account's is not told apart."""
    if part.standing is None or not is_ours(asked.network, part):
        return False
    return not asked.network.policy(part.standing, direction, asked.services)


def _key(network: Network, part: Part) -> str:
    """Return what names a part: its first interface, or, for another account's or the outside, where it is."""
    if part.standing is None:
        return "3"
    if is_ours(network, part):
        return f"1 {part.interfaces[0].id}"
    return f"2 {part.standing.world.account} {part.standing.vpc_id}"


def _size(network: Network, part: Part) -> int:
    """Return what a part counts for: another account's by its addresses, as its standings must not be told apart."""
    if part.standing is None or is_ours(network, part):
        return 1
    return sum(span.last - span.first + 1 for span in part.addresses)


def _told(asked: Question, pairs: Pairs) -> Told | None:
    found = [course(asked.network, one, other, asked.services) for one, other in pairs]
    return told(asked.network, found)[0] if any(one.passing for one in found) else None
