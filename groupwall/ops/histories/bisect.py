"""BisectFlow: which change opened or closed a flow."""

from __future__ import annotations

from collections.abc import Iterator

from groupwall import errors
from groupwall.ops.flows.asked import services_asked
from groupwall.ops.flows.ends import crowds
from groupwall.ops.flows.gates import verdict_of
from groupwall.ops.flows.network import TOUCHING, Network
from groupwall.ops.flows.shown import Json
from groupwall.ops.flows.verdicts import passes, refuses
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.past import change_head, seen_after
from groupwall.rules.spans import Spans
from groupwall.store.changes import Change, Delta
from groupwall.store.history import Window
from groupwall.store.seen import Seen, rewound

MOST_FLIPS = 100
MOST_LOOKED = 2_000
"""Changes that touch a gate and are looked at, the newest first: some ten seconds."""

PART = 100
NONE = "none"
"""The verdict where an end was not there, or had no interface."""


def bisect_flow(params: Params, context: Context) -> Result:
    """Find the changes after which the verdict on a flow was another, the newest first.

    The verdict is asked after each change that touches what gates depend on, so none is missed however often it
    turned; ``none`` where an end was not there yet. Changes of this account alone are looked at. Of an address that
    once was of interfaces of several VPCs, the verdict then is on all of them; at the end it has to be of one.
    """
    newest = context.tx.head.revision
    until = newest if params.get("UntilRevision") is None else params["UntilRevision"]
    now = seen_after(until, context)
    services = services_asked(params)
    ask = (params["From"], params["To"], services)
    latest = verdict = _verdict(now, *ask, alone=True)
    flips: list[Json] = []
    looked = 0
    after = max(params.get("AfterRevision") or 0, context.tx.horizon())
    for change, deltas in _back(after, until, context):
        if len(flips) == MOST_FLIPS or looked == MOST_LOOKED:
            break
        now = rewound(now, [(context.tx.world, delta) for delta in deltas])
        if any(delta.kind in TOUCHING for delta in deltas):
            looked += 1
            before = _verdict(now, *ask, alone=False)
            if before != verdict:
                flips.append({"Change": change_head(change), "Verdict": verdict, "Before": before})
            verdict = before
    return {"Verdict": latest, "Changes": flips, "Text": _text(latest, flips, _span(looked, after))}


def _back(after: int, until: int, context: Context) -> Iterator[tuple[Change, list[Delta]]]:
    """Yield this world's changes until a revision, the newest first, read part by part."""
    before = until + 1
    while True:
        part = context.tx.changes(after, (), PART, Window(before, newest_first=True))
        yield from part
        if len(part) < PART:
            return
        before = part[-1][0].revision


def _verdict(seen: Seen, source: str, destination: str, services: Spans, *, alone: bool) -> str:
    network = Network(seen)
    try:
        some = crowds(network, source, destination, alone=alone)
    except errors.ApiError as error:
        if error.code.endswith(".NotFound") or isinstance(error, errors.NeitherEndIsOursError):
            return NONE
        raise
    if not some:
        return NONE
    return verdict_of(refuses(network, some, services), passes(network, some, services))


def _span(looked: int, after: int) -> str:
    if looked == MOST_LOOKED:
        return f"for the last {MOST_LOOKED} changes that touched a gate"
    return f"all the time since revision {after}" if after else "all the time"


def _text(latest: str, flips: list[Json], span: str) -> str:
    if flips:
        change = flips[0]["Change"]
        return (
            f"{latest} since revision {change['Revision']}, {change['Operation']} by {change['Caller']};"
            f" before, it was {flips[0]['Before']}"
        )
    return f"{latest} {span}"


OPERATIONS = (Operation("BisectFlow", bisect_flow, reads=True, on=()),)
