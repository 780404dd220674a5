"""``groupwall wait``: until every host that a change concerns enforces it."""

from __future__ import annotations

import math
import sys
from typing import Any

import click

from groupwall.commands.asking import Where, connected
from groupwall.commands.building import Listed, Verb, documentation, parameters
from groupwall.commands.options import members_of
from groupwall.commands.printing import print_json, print_shown
from groupwall.commands.refused import refused
from groupwall.commands.shown import enforcement
from groupwall.ops.waiting import LONGEST
from groupwall.remote import Client
from groupwall.units import ticks

Json = dict[str, Any]

_VERB = Verb("wait", "DescribePropagation", enforcement.propagation)
_PENDING, _APPLIED = "pending", "applied"
_PATIENCE = 60.0
_HELP = """Waits until every host that a change concerns enforces it.

The exit code is 1 when that is not so in time, and at once where the change concerns no host: then nothing enforces
it."""


@refused
def _wait(timeout: float, **given: Any) -> None:  # noqa: ANN401 - the options, by name
    with connected(Where(*(given[name] for name in Where._fields))) as client:
        result = _last(client, members_of(_VERB.action.input, given), ticks() + timeout)
    if given["as_json"]:
        print_json(result)
    else:
        print_shown(_VERB.show, result)
    if result["State"] != _APPLIED:
        sys.exit(1)


def _last(client: Client, params: Json, until: float) -> Json:
    """Return the answer once nothing is pending, or time is over; each question is held by the server for a while."""
    while True:
        left = max(0, math.ceil(until - ticks()))
        result = client.call(_VERB.operation, params | {"Wait": min(left, LONGEST)})
        if result["State"] != _PENDING or ticks() >= until:
            return result


def _timeout() -> click.Option:
    told = f"Seconds to wait at most; {_PATIENCE:g}."
    return click.Option(["--timeout"], type=click.FloatRange(0, 86_400), default=_PATIENCE, help=told)


wait = Listed(
    "wait",
    params=[_timeout(), *parameters(_VERB, without=("Wait",))],
    callback=_wait,
    help=_HELP,
    short_help=documentation(_VERB.operation)[0].replace("Tells whether", "Wait until"),
)
