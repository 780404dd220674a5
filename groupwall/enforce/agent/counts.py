"""What rules let in since it was told last: differences of counters that begin anew whenever an element is made anew.

Pure, but for the file at the end. A counter is known by the place that it is in, a namespace, and its rule. One that is
lower than before has begun at nothing meanwhile, so that all it has is new; one that began anew and is higher all the
same counts too little, never too much (decision 0021).

The file is of the kernel's life: after a start of the machine every counter begins at nothing, as it should. So nothing
waits for the disk.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

FILE = "counters.jsonl"
AT_ONCE = 100
"""Rules in one report, which the server reads in some 4 ms."""

_IN_A_LINE = 500
_PRIVATE = 0o600

Packets = Mapping[str, int]
"""What counters of one place read, by rule."""

Readings = dict[str, dict[str, int]]
"""What they read last, by place and rule."""


class More(NamedTuple):
    """What a rule let in, of all places. ended: whether it is in none any more. bytes: None where none were seen."""

    rule_id: str
    flows: int = 0
    ended: bool = False
    bytes: int | None = None


class Report(NamedTuple):
    """What is told at once. number: its place in its series. time: when it was read, in milliseconds since 1970."""

    number: int
    time: int
    some: tuple[More, ...]


class Known(NamedTuple):
    """What was read last, and the reports of it that the server may lack. number: of the newest report."""

    series: str
    number: int
    readings: Readings
    untold: tuple[Report, ...] = ()


def grown(before: Packets, now: Packets) -> dict[str, int]:
    """Return by how much counters of one place have grown, of those that have; see above."""
    more = {one: read - before.get(one, 0) if read >= before.get(one, 0) else read for one, read in now.items()}
    return {one: packets for one, packets in more.items() if packets}


def rules_in(readings: Readings) -> set[str]:
    """Return the rules that are counted anywhere."""
    return set().union(*readings.values())


class Found(NamedTuple):
    """What is found at a look: what counters read, and what rules let in since, by rule."""

    readings: Readings
    flows: Mapping[str, int] = {}
    bytes: Mapping[str, int] = {}


def after(known: Known, found: Found, now: int) -> Known:
    """Return what is known after a look. now: when that was."""
    begun, ended = _moved(known.readings, found.readings)
    more = {
        one for one in found.flows.keys() | found.bytes.keys() if any(one in read for read in found.readings.values())
    }
    told = [More(one, found.flows.get(one, 0), bytes=found.bytes.get(one)) for one in sorted(begun | more)]
    told += [More(one, ended=True) for one in sorted(ended)]
    return reported(known._replace(readings=found.readings), told, now)


def _moved(before: Readings, now: Readings) -> tuple[set[str], set[str]]:
    """Return the rules that are counted now and were not, and the other way round; mostly there are none."""
    if before.keys() == now.keys() and all(before[place].keys() == now[place].keys() for place in now):
        return set(), set()
    were, are = rules_in(before), rules_in(now)
    return are - were, were - are


def all_again(known: Known, now: int) -> Known:
    """Return what is known, with a report of every rule: for a server that knows of none."""
    return reported(known, [More(one) for one in sorted(rules_in(known.readings))], now)


def reported(known: Known, some: Iterable[More], now: int) -> Known:
    """Return what is known with what is to be told besides."""
    reports = tuple(Report(known.number + place, now, one) for place, one in enumerate(_parts(some, AT_ONCE), 1))
    return known._replace(number=known.number + len(reports), untold=(*known.untold, *reports))


def _parts(some: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    walked = iter(some)
    while part := tuple(islice(walked, size)):
        yield part


# ---- the file, line by line, so that an agent does other things in between


def lines(known: Known) -> Iterator[str]:
    """Yield the lines of the file that keeps what is known."""
    yield json.dumps([known.series, known.number])
    for report in known.untold:
        yield json.dumps(["untold", *report])
    for place, packets in known.readings.items():
        for part in _parts(packets.items(), _IN_A_LINE) if packets else [()]:
            yield json.dumps(["read", place, dict(part)])


def read(folder: Path) -> Known | None:
    """Return what is known, None where nothing is kept in a folder, or no more than a part of it."""
    try:
        (series, number), *rest = map(json.loads, (folder / FILE).read_text("utf-8").splitlines())
        return _read(Known(str(series), int(number), {}), rest)
    except (OSError, ValueError, TypeError, LookupError):
        return None


def _read(known: Known, rest: Iterable[Any]) -> Known:
    untold: list[Report] = []
    for kind, *told in rest:
        if kind == "untold":
            number, time, some = told
            untold.append(Report(number, time, tuple(More(*one) for one in some)))
        else:
            place, packets = told
            known.readings.setdefault(place, {}).update(packets)
    return known._replace(untold=tuple(untold))


def beside(folder: Path) -> Path:
    """Return the file that is written in the place of the one that is kept, for its owner alone."""
    file = folder / f".{FILE}"
    file.touch(_PRIVATE)
    return file
