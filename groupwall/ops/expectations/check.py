"""Whether expectations hold, and which of them a change breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.ops.expectations.touched import concerned
from groupwall.ops.flows.ends import Course, Crowd, Part, course, crowds
from groupwall.ops.flows.gates import admits, gates_of, reason
from groupwall.ops.flows.network import TOUCHING, Network
from groupwall.ops.flows.shown import group_names
from groupwall.ops.flows.verdicts import asks, passes, refuses
from groupwall.ops.operation import Context
from groupwall.rules.flows import services, services_text
from groupwall.rules.passages import refused
from groupwall.rules.spans import Spans
from groupwall.rules.values import PortRange
from groupwall.store.changes import Delta
from groupwall.store.entities import Expectation
from groupwall.store.seen import Seen, otherwise_before

ACCEPT, DENY = "accept", "deny"
HOLDS, BROKEN, EMPTY = "holds", "broken", "empty"


class Judged(NamedTuple):
    """An expectation and whether it holds. reason: why it is broken, or why there is nothing to hold it against."""

    expectation: Expectation
    state: str
    reason: str | None


def judge(expectations: Iterable[Expectation], network: Network) -> list[Judged]:
    """Return whether expectations hold, each; what gates admit is read and worked out once for all of them."""
    return [_explained(_stands(one, network), network) for one in expectations]


def _stands(one: Expectation, network: Network) -> Judged:
    """Return whether an expectation holds; why it is broken costs more than that, and is left out."""
    try:
        some = crowds(network, one.source, one.destination, alone=False)
    except errors.ApiError as error:  # what it names is gone, which is no reason to refuse whatever comes
        return Judged(one, EMPTY, error.message)
    wanted = services_of(one)
    if not asks(some, wanted):
        return Judged(one, EMPTY, "no network interface stands behind one of its ends")
    broken = (passes if one.verdict == DENY else refuses)(network, some, wanted)
    return Judged(one, BROKEN if broken else HOLDS, None)


def _explained(judged: Judged, network: Network) -> Judged:
    one = judged.expectation
    if judged.state != BROKEN:
        return judged
    some, wanted = crowds(network, one.source, one.destination, alone=False), services_of(one)
    found = (course(network, *pair, wanted) for gates in (1, 2) for pair in _pairs(some, gates))
    return judged._replace(reason=_why(one, next(each for each in found if _breaks(one, each)), network))


def _breaks(one: Expectation, course: Course) -> bool:
    return bool(course.passing) if one.verdict == DENY else bool(refused(course.asked, course.passing))


def _pairs(some: Iterable[Crowd], gates: int) -> Iterator[tuple[Part, Part]]:
    """Yield the pairs that have so many gates between them: what has one is told in fewer words."""
    for crowd in some:
        for pair in crowd.pairs:
            if sum(part.standing is not None for part in pair) == gates:
                yield pair


def _why(one: Expectation, course: Course, network: Network) -> str:
    """Return by which rules it passes, or why it is refused, in a line."""
    parts = (course.source, course.destination)
    names = group_names(network.seen, (each for part in parts if part.standing for each in part.standing.group_ids))
    gates = gates_of(network, course)
    if not course.joined:
        return "no active peering joins the VPCs of its ends"
    tell: Callable[..., str | None] = admits if one.verdict == DENY else reason
    return "; ".join(why for gate in gates if (why := tell(gate, names)))


def services_of(one: Expectation) -> Spans:
    """Return the services that an expectation is of."""
    return services(one.protocol, PortRange(one.from_port, one.to_port))


def text_of(one: Expectation) -> str:
    """Return ``accept tcp 443 from sg-... to eni-...``."""
    return f"{one.verdict} {services_text(services_of(one))} from {one.source} to {one.destination}"


def broken_by(expectations: Sequence[Expectation], before: Seen, after: Seen, deltas: Sequence[Delta]) -> list[Judged]:
    """Return those that a change breaks, with why: they are broken after it, and held before it.

    What had no interface at an end was denied by that: only an accept has to have held (inferred). deltas: the
    change's, which spare a look at what it cannot break.
    """
    network = Network(after)
    stand = [_stands(one, network) for one in concerned(expectations, deltas, network)]
    broken, old = [one for one in stand if one.state == BROKEN], Network(before)
    were = [_stands(one.expectation, old) for one in broken]
    newly = [one for one, was in zip(broken, were, strict=True) if was.state == HOLDS or _denied(was)]
    return [_explained(one, network) for one in newly]


def _denied(was: Judged) -> bool:
    return was.state == EMPTY and was.expectation.verdict == DENY


def broken_shown(some: Iterable[Judged]) -> list[dict[str, Any]]:
    """Return broken expectations as ExpectationBroken."""
    return [{"Name": one.expectation.name, "Text": text_of(one.expectation), "Reason": one.reason} for one in some]


def refuse_broken(context: Context) -> None:
    """Refuse a change, written but not yet recorded, that breaks an expectation.

    ExpectationBroken, which names the first and tells how many more there are. Costs nothing where there are none.
    """
    tx = context.tx
    if not tx.expects or not any(delta.kind in TOUCHING for delta in tx.deltas):
        return
    expectations = tx.listed(Expectation)
    before = Seen(tx, context.world, otherwise_before((tx.world, delta) for delta in tx.deltas))
    broken = broken_by(expectations, before, Seen(tx, context.world), tx.deltas)
    if broken:
        first = broken[0]
        raise errors.expectation_broken(
            first.expectation.name, text_of(first.expectation), first.reason or "", len(broken)
        )
