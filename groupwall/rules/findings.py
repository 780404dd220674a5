"""Rules that say nothing of their own: those that another rule shadows, and those that are redundant beside others.

All is decided by the traffic that rules admit, not by how they are written. Most rules of a large group have nothing to
do with each other, so none of this compares every rule with every other one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.flows import EVERY_IPV4, EVERY_IPV6
from groupwall.rules.spans import Span, Spans, difference, intersection, spans
from groupwall.rules.traffic import Box, Traffic, traffic
from groupwall.rules.values import Direction, PeerKind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from groupwall.rules.values import Rule
    from groupwall.rules.verdict import Grant

ADDRESSES = EVERY_IPV6[0].last + 1
"""How many addresses there are of both families: where the line of one place ends, that of the next one begins."""


def wide_open(grant: Grant) -> str:
    """Return the family of which a rule of ingress admits every address, ``IPv4`` or ``IPv6``; "" for none."""
    rule, (addresses, _) = grant
    if rule.direction is Direction.EGRESS or rule.properties.peer.kind is PeerKind.GROUP:
        return ""
    families = {"IPv4": EVERY_IPV4, "IPv6": EVERY_IPV6}
    return next((name for name, every in families.items() if not difference(every, addresses)), "")


# ---- one rule that admits all that another one does


def shadows(places: Sequence[Iterable[Grant]]) -> dict[str, Rule]:
    """Return the rules that one other rule admits all of, by id, each with one such rule that is not shadowed itself.

    places: the grants of one group and direction in each VPC that it has members in: what a rule admits depends on the
    VPC. Of rules that are equal in effect the one with the least id stays. What admits nothing anywhere is left out.
    """
    rules = {one.rule.id: one.rule for grants in places for one in grants}
    boxes = _wherever(places)
    least: dict[Box, str] = {}
    for rule_id in sorted(boxes):
        least.setdefault(boxes[rule_id], rule_id)
    wider = _holders(least, least, strict=True)
    found: dict[str, Rule] = {}
    for rule_id, mine in boxes.items():
        box = mine
        while box in wider:
            box = wider[box]
        if least[box] != rule_id:
            found[rule_id] = rules[least[box]]
    return found


def _wherever(places: Sequence[Iterable[Grant]]) -> dict[str, Box]:
    """Return what rules admit in all places, by id, as if the places lay behind each other on the line of addresses."""
    addresses: dict[str, list[Span]] = defaultdict(list)
    services: dict[str, Spans] = {}
    for place, grants in enumerate(places):
        start = place * ADDRESSES
        for rule, box in grants:
            services[rule.id] = box.services
            addresses[rule.id] += [Span(first + start, last + start) for first, last in box.addresses]
    boxes = [Box(spans(tuple(some)), services[rule_id]) for rule_id, some in addresses.items() if some]
    return dict(zip((rule_id for rule_id, some in addresses.items() if some), gathered(boxes), strict=True))


class _Shelf:
    """Boxes with the same addresses, so that one whose services hold some others is found without a look at each.

    A rule's services are one span. In the order of their beginnings, the longer ones first, those that hold a span
    begin at its beginning or before; so the one of these that ends last holds it if any does.
    """

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._boxes = sorted(boxes, key=_place)
        self._keys = [_place(box) for box in self._boxes]
        self._furthest: list[Box] = []
        for box in self._boxes:
            best = self._furthest[-1] if self._furthest else box
            self._furthest.append(best if best.services[-1].last >= box.services[-1].last else box)

    def holder(self, box: Box, *, other: bool) -> Box | None:
        """Return a box whose services hold another's; with ``other`` not the box itself, which is on this shelf."""
        first, last = _place(box)
        place = bisect_left(self._keys, (first, last)) if other else bisect_right(self._keys, (first, 0))
        found = self._furthest[place - 1] if place else None
        return found if found and found.services[-1].last >= -last else None


def _place(box: Box) -> tuple[int, int]:
    return box.services[0].first, -box.services[-1].last


def _holders(boxes: Iterable[Box], among: Iterable[Box], *, strict: bool) -> dict[Box, Box]:
    """Return boxes that lie within one of some others, each with one of these; strict: which is not equal to it."""
    wanted, shelves = _by_addresses(boxes), {some: _Shelf(on) for some, on in _by_addresses(among).items()}
    found: dict[Box, Box] = {}
    begun: list[Spans] = []
    for here in sorted({*wanted, *shelves}, key=lambda some: (some[0].first, -some[-1].last, -_size(some))):
        begun = [some for some in begun if some[-1].last >= here[0].first]
        begun += [here] if here in shelves else []
        around = [some for some in begun if here in wanted and _within(here, some)]
        for box in wanted.get(here, ()):
            held = (shelves[some].holder(box, other=strict and some == here) for some in around)
            holder = next((one for one in held if one), None)
            if holder:
                found[box] = holder
    return found


def _by_addresses(boxes: Iterable[Box]) -> dict[Spans, list[Box]]:
    grouped: dict[Spans, list[Box]] = defaultdict(list)
    for box in boxes:
        grouped[box.addresses].append(box)
    return grouped


def _within(mine: Spans, theirs: Spans) -> bool:
    if mine[-1].last > theirs[-1].last:
        return False
    return len(theirs) == 1 or not difference(mine, theirs)


def _size(some: Spans) -> int:
    return sum(last - first + 1 for first, last in some)


# ---- several rules that together admit all that another one does


def redundant(wanted: Collection[str], gates: Iterable[Sequence[Grant]]) -> dict[str, tuple[Rule, ...]]:
    """Return those of some rules that others make needless at every gate, by id, each with rules that together do so.

    gates: the grants of each gate at which the rules count. Every rule is judged alone: when one has gone, another may
    be needed. What admits nothing at any gate is left out. The rules that make another needless are as few as a search
    finds that takes the largest part first; none of them could be left out.
    """
    if not wanted:
        return {}
    known = [_gathered_grants([one for one in gate if one.box.addresses]) for gate in gates]
    left = {one.rule.id for gate in known for one in gate if one.rule.id in wanted}
    for gate in known:
        left -= sole(gate, left)
    by: dict[str, dict[str, Rule]] = {rule_id: {} for rule_id in left}
    for gate in known if left else ():
        _add_covers(gate, by)
    return {rule_id: tuple(some[one] for one in sorted(some)) for rule_id, some in by.items()}


def _add_covers(gate: Sequence[Grant], by: Mapping[str, dict[str, Rule]]) -> None:
    """Add to what makes rules needless what it takes at one more gate."""
    mine = [one for one in gate if one.rule.id in by]
    others = {one.box: one for one in gate if one.rule.id not in by}
    single = _holders({one.box for one in mine}, others, strict=False)
    for rule, box in mine:
        known = by[rule.id]
        if not traffic([box]).within(traffic(one.box for one in gate if one.rule.id in known)):
            cover = [others[single[box]]] if box in single else covering(box, [o for o in gate if o.rule.id != rule.id])
            known |= {one.rule.id: one.rule for one in cover}


def covering(box: Box, grants: Iterable[Grant]) -> list[Grant]:
    """Return grants that together hold all of a box, as all of them do, and none of which could be left out.

    Each of the grants admits something.
    """
    parts = {one.rule.id: (one, cut) for one in grants if _near(one.box, box) and (cut := _cut(one.box, box)).addresses}
    left, chosen = traffic([box]), {}
    heap = [(-_area(traffic([cut])), rule_id) for rule_id, (_, cut) in parts.items()]
    heapify(heap)
    while left and heap:
        _, rule_id = heappop(heap)
        grant, cut = parts[rule_id]
        area = _area(traffic([cut]) & left)
        if heap and area < -heap[0][0]:  # what is left of it has become less than the next one's best
            heappush(heap, (-area, rule_id))
            continue
        chosen[rule_id] = grant._replace(box=cut)
        left = left - traffic([cut])
    for rule_id in list(chosen):
        if rule_id not in sole(list(chosen.values()), {rule_id}):
            del chosen[rule_id]
    return [parts[rule_id][0] for rule_id in chosen]


def _near(box: Box, other: Box) -> bool:
    """Tell whether boxes may meet, by their ends alone: most do not."""
    return all(
        mine[0].first <= theirs[-1].last and theirs[0].first <= mine[-1].last
        for mine, theirs in zip(box, other, strict=True)
    )


def _cut(box: Box, other: Box) -> Box:
    return Box(intersection(box.addresses, other.addresses), intersection(box.services, other.services))


def _area(some: Traffic) -> int:
    return sum((slab.addresses.last - slab.addresses.first + 1) * _size(slab.services) for slab in some.slabs)


# ---- fewer spans, which hold and share as much


def gathered(boxes: Sequence[Box]) -> list[Box]:
    """Return boxes that hold and share as many flows as these do, with addresses that none tells apart side by side.

    The thousand addresses of a group's members become one span, unless rules name some of them by themselves.
    """
    if all(len(box.addresses) == 1 for box in boxes):
        return list(boxes)
    sets = list({box.addresses: None for box in boxes})
    edges = sorted((edge, n) for n, some in enumerate(sets) for first, last in some for edge in (first, last + 1))
    sizes: dict[int, int] = defaultdict(int)
    held = 0  # a bit for each set of addresses that holds the address
    for (edge, number), (following, _) in pairwise(edges):
        held ^= 1 << number
        sizes[held] += following - edge
    parts: list[list[Span]] = [[] for _ in sets]
    start = 0
    for held, size in sizes.items():
        for number in _bits(held) if size else ():
            parts[number].append(Span(start, start + size - 1))
        start += size
    closer = {some: spans(tuple(part)) for some, part in zip(sets, parts, strict=True)}
    return [Box(closer[box.addresses], box.services) for box in boxes]


def _bits(number: int) -> Iterator[int]:
    while number:
        lowest = number & -number
        yield lowest.bit_length() - 1
        number ^= lowest


def _gathered_grants(gate: Sequence[Grant]) -> list[Grant]:
    return [one._replace(box=box) for one, box in zip(gate, gathered([one.box for one in gate]), strict=True)]


# ---- what a rule admits that no other one does


class _Turn(NamedTuple):
    """That a grant begins or ends to count, on the way along the services."""

    rule_id: str
    addresses: Spans
    begins: bool


def sole(grants: Iterable[Grant], wanted: set[str]) -> set[str]:
    """Return those of some rules that admit something which none of the other grants does.

    Along the services, wherever one that is still in question counts, the grants that count there are laid over each
    other by their addresses; those with the same addresses as one.
    """
    found: set[str] = set()
    counting: dict[Spans, set[str]] = {}
    ids: set[str] = set()
    for turns in _turns(grants):
        for rule_id, addresses, begins in turns:
            (ids.add if begins else ids.remove)(rule_id)
            alike = counting.setdefault(addresses, set())
            (alike.add if begins else alike.remove)(rule_id)
            if not alike:
                del counting[addresses]
        if any(rule_id in wanted and rule_id not in found for rule_id in ids):
            found |= _sole_here(counting) & wanted
    return found


def _turns(grants: Iterable[Grant]) -> Iterator[list[_Turn]]:
    """Yield what begins or ends at each service where anything does, in order."""
    at: dict[int, list[_Turn]] = defaultdict(list)
    for rule, (addresses, services) in grants:
        for first, last in services if addresses else ():
            at[first].append(_Turn(rule.id, addresses, begins=True))
            at[last + 1].append(_Turn(rule.id, addresses, begins=False))
    return (at[service] for service in sorted(at))


def _sole_here(counting: Mapping[Spans, Collection[str]]) -> set[str]:
    """Return the rules that alone have an address. Numbers stand for rules: where one counts, the sum is its number."""
    owners = [next(iter(ids)) for ids in counting.values()]
    if len(owners) == 1:
        return {*owners} if len(next(iter(counting.values()))) == 1 else set()
    edges = sorted(
        edge
        for number, (addresses, ids) in enumerate(counting.items())
        for first, last in addresses
        for edge in ((first, min(len(ids), 2), number), (last + 1, -min(len(ids), 2), -number))
    )
    found: set[str] = set()
    depth = number = 0
    for (address, more, of), (following, _, _) in pairwise(edges):
        depth, number = depth + more, number + of
        if depth == 1 and following > address:
            found.add(owners[number])
    return found
