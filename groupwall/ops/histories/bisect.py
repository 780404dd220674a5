"""BisectFlow: which change opened or closed a flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from groupwall import errors
from groupwall.ops.expectations.check import services_of
from groupwall.ops.expectations.touched import concerned
from groupwall.ops.flows.asked import properties_asked
from groupwall.ops.flows.ends import crowds
from groupwall.ops.flows.gates import verdict_of
from groupwall.ops.flows.network import TOUCHING, Network
from groupwall.ops.flows.shown import Json
from groupwall.ops.flows.verdicts import passes, refuses
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import change_head, seen_after
from groupwall.store.changes import Change, Delta
from groupwall.store.entities import Expectation
from groupwall.store.history import Window
from groupwall.store.seen import Seen, rewound

MOST_FLIPS = 100
MOST_LOOKED = 2_000
"""Changes that touch a gate and are looked at, the newest first."""

MOST_ASKED = 10_000
"""Parts of the ends that the verdict is asked about, over all changes: some seconds."""

PART = 100
NONE = "none"
"""The verdict where an end was not there, or had no interface."""


class _Answer(NamedTuple):
    """The verdict at one time, and of how many parts it is: what it cost."""

    verdict: str
    parts: int


def bisect_flow(params: Params, context: Context) -> Result:
    """Find the changes after which the verdict on a flow was another, the newest first.

    The verdict is asked after each change that touches its ends or what their gates depend on, so none is missed
    however often it turned; ``none`` where an end was not there yet. Changes of this account alone are looked at. Of
    an address that once was of interfaces of several VPCs, the verdict then is on all of them; at the end it has to be
    of one. What is beyond MOST_LOOKED and MOST_ASKED is not looked at, which the text tells (inferred).
    """
    newest = context.tx.head.revision
    until = newest if params.get("UntilRevision") is None else params["UntilRevision"]
    now = seen_after(until, context)
    protocol, ports = properties_asked(params)
    flow = Expectation("", params["From"], params["To"], protocol, *ports, "", "")
    latest = last = _verdict(now, flow, alone=True)
    flips: list[Json] = []
    looked, asked = 0, latest.parts
    first = max(params.get("AfterRevision") or 0, context.tx.horizon())
    for change, deltas in _back(first, until, context):
        if len(flips) == MOST_FLIPS or looked == MOST_LOOKED or asked >= MOST_ASKED:
            return _told(latest.verdict, flips, change.revision, whole=False)
        concerns, now = _concerns(flow, deltas, now), rewound(now, [(context.tx.world, delta) for delta in deltas])
        looked += any(delta.kind in TOUCHING for delta in deltas)
        if concerns:
            before = _verdict(now, flow, alone=False)
            asked += before.parts
            if before.verdict != last.verdict:
                flips.append({"Change": change_head(change), "Verdict": last.verdict, "Before": before.verdict})
            last = before
    return _told(latest.verdict, flips, first)


def _concerns(flow: Expectation, deltas: Sequence[Delta], after: Seen) -> bool:
    """Tell whether a change, given the tables after it, may turn the verdict."""
    if any(delta.id in (flow.source, flow.destination) for delta in deltas):
        return True
    return bool(concerned([flow], deltas, Network(after)))


def _back(after: int, until: int, context: Context) -> Iterator[tuple[Change, list[Delta]]]:
    """Yield this world's changes until a revision, the newest first, read part by part."""
    before = until + 1
    while True:
        part = context.tx.changes(after, (), PART, Window(before, newest_first=True))
        yield from part
        if len(part) < PART:
            return
        before = part[-1][0].revision


def _verdict(seen: Seen, flow: Expectation, *, alone: bool) -> _Answer:
    network, services = Network(seen), services_of(flow)
    try:
        some = crowds(network, flow.source, flow.destination, alone=alone)
    except errors.ApiError as error:
        if error.code.endswith(".NotFound") or isinstance(error, errors.NeitherEndIsOursError):
            return _Answer(NONE, 0)
        raise
    if not some:
        return _Answer(NONE, 0)
    verdict = verdict_of(refuses(network, some, services), passes(network, some, services))
    return _Answer(verdict, sum(len(one.senders) + len(one.receivers) for one in some))


def _told(latest: str, flips: list[Json], first: int, *, whole: bool = True) -> Result:
    """Return the answer. first: the revision from which on all was looked at; whole: whether as far as was asked."""
    text = f"{latest} all the time since revision {first}" if first else f"{latest} all the time"
    if flips:
        change = flips[0]["Change"]
        text = (
            f"{latest} since revision {change['Revision']}, {change['Operation']} by {change['Caller']};"
            f" before, it was {flips[0]['Before']}"
        )
    if not whole:
        text += f" (changes up to revision {first} were not looked at: ask on with UntilRevision)"
    return {"Verdict": latest, "Changes": flips, "Text": text}


OPERATIONS = (Operation("BisectFlow", bisect_flow, reads=True, on=()),)
