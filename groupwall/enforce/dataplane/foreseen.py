"""What would end if rules were others: flows that are tracked, judged as a change judges them, and left alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from groupwall.enforce.kernel import conntrack
from groupwall.enforce.kernel.netlink import Connection
from groupwall.enforce.policy.ending import Ending
from groupwall.rules.underway import UnderWay


class Foreseen(NamedTuple):
    """What a change would end in a namespace, and a connection to list its flows with."""

    kernel: Connection
    ending: Ending


def would_end(foreseen: Iterable[Foreseen]) -> list[UnderWay]:
    """Return the flows that would end, each at the gates where it would; none that is over, though tracked.

    OSError if the kernel does not tell them.
    """
    return [found for one in foreseen for found in _would_end(one)]


def _would_end(one: Foreseen) -> Iterator[UnderWay]:
    for tracked in conntrack.tracked(one.kernel):
        gates = one.ending.gates(tracked)
        if gates and not tracked.is_over():
            by_tag = one.ending.is_cut_by_tag(tracked)
            stops = by_tag or bool(one.ending.stops(tracked))
            yield from (UnderWay(*gate, tracked.flow, tracked.source_port, stops, by_tag) for gate in gates)
