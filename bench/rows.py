"""What is measured: in each round both sides in turn, so that whatever else the machine does meets both."""

from __future__ import annotations

import contextlib
import json
import shutil
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench import deciding, disk, programs, scale, wire
from bench.figures import Bar, Row
from bench.fill import fill
from bench.programs import Server

MILLI, MICRO = 1e3, 1e6


class Effort(NamedTuple):
    """How long is measured. groups: in the large account, each of 50 rules; calls: inside a process, in each round."""

    rounds: int
    seconds: float
    groups: int
    calls: int
    syncs: int
    rules: int = 50


FULL = Effort(rounds=5, seconds=3.0, groups=10_000, calls=300, syncs=400)
QUICK = Effort(rounds=1, seconds=0.2, groups=20, calls=5, syncs=20)

Series = defaultdict[str, list[float]]
Tell = Callable[[str], None]


def measure(effort: Effort, folder: Path, tell: Tell) -> list[Row]:
    """Return all rows. folder: an empty one on the disk that is to be measured; tell: takes a word on how far it is."""
    series: Series = defaultdict(list)
    for number in range(effort.rounds):
        tell(f"servers, round {number + 1} of {effort.rounds}")
        _servers(effort, folder / f"round-{number}", series)
    tell(f"an account of {effort.groups} groups")
    _accounts(effort, folder, series, tell)
    tell("calls inside one process")
    _calls(effort, series)
    tell("who is it, and may it")
    _decisions(effort, series)
    return _rows(effort, series)


def _servers(effort: Effort, folder: Path, series: Series) -> None:
    """One round of fresh servers: start, memory, load on one and on sixteen connections, and the disk in between."""
    with contextlib.ExitStack() as stack:
        servers = {"ours": stack.enter_context(programs.groupwall(folder))}
        if programs.has_moto():
            servers["moto"] = stack.enter_context(programs.moto())
        for name, server in servers.items():
            series[f"{name} cold"].append(server.cold)
            series[f"{name} memory"].append(server.memory())
        groups = {
            name: [wire.create_group(server.site, f"b{n}") for n in range(16)] for name, server in servers.items()
        }
        servers["null"] = stack.enter_context(programs.null())
        groups["null"] = ["sg-01234567890abcdef"] * 16
        for connections in (1, 16):
            _disk(effort, folder, series)
            for name, server in servers.items():
                _pairs(server, groups[name][:connections], effort.seconds, series, f"{name} {connections}")


def _disk(effort: Effort, folder: Path, series: Series) -> None:
    p50, p99 = disk.sync_times(folder, effort.syncs)
    series["sync p50"].append(p50 * MILLI)
    series["sync p99"].append(p99 * MILLI)


def _pairs(server: Server, groups: Sequence[str], seconds: float, series: Series, name: str) -> None:
    """Load with one connection for each group; note pairs/s, the revoke's latency, and the server's own time."""
    cpu = server.cpu()
    seen = programs.load(server.site, [wire.pair(server.site, group) for group in groups], seconds)
    cpu = server.cpu() - cpu
    authorize, revoke = seen["requests"]
    series[f"{name} pairs"].append(revoke["count"] / seen["seconds"])
    series[f"{name} p50"].append(revoke["p50"] * MILLI)
    series[f"{name} p99"].append(revoke["p99"] * MILLI)
    series[f"{name} cpu"].append(cpu * MICRO / seen["answered"])
    del authorize


def _accounts(effort: Effort, folder: Path, series: Series, tell: Tell) -> None:
    """Revoke in a large account and in one with a single group, in turns; then whatever else, call by call."""
    filled = fill(folder / "filled", effort.groups, effort.rules)
    shutil.copytree(folder / "filled", folder / "large")
    tell("the large account against an empty one")
    single = fill(folder / "single", 1, effort.rules)
    with (
        programs.groupwall(folder / "large") as large,
        programs.groupwall(folder / "single") as small,
        scale.moto(effort.groups, effort.rules) as moto,
    ):
        for _ in range(effort.rounds):
            for name, server, group in (("small", small, single[0]), ("large", large, filled[len(filled) // 2])):
                _pairs(server, [group], effort.seconds, series, name)
        servers = {"large": large, "small": small} | ({"moto": moto} if moto else {})
        scale.measure(servers, effort.rounds, series, tell)


def _calls(effort: Effort, series: Series) -> None:
    """Revoke through boto3 inside one process: botocore alone, groupwall, moto, in turns."""
    ways = ["floor", "groupwall", *(["moto"] if programs.has_moto() else [])]
    with contextlib.ExitStack() as stack:
        running = {way: stack.enter_context(_caller(way)) for way in ways}
        for way in ways:
            _ask(running[way], 5)
        for _ in range(effort.rounds):
            for way in ways:
                series[f"call {way}"].append(statistics.median(_ask(running[way], effort.calls)) * MICRO)


def _decisions(effort: Effort, series: Series) -> None:
    """Verify and authorise a revoke inside this process, and compute its signature as botocore does, in turns."""
    made = deciding.scene()
    for _ in range(effort.rounds):
        requests = deciding.asked(made, effort.calls)
        for name, side in (("groupwall", deciding.ours), ("botocore", deciding.theirs)):
            series[f"decide {name}"].append(statistics.median(side(made, requests)) * MICRO)


def _caller(way: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own words only
        [str(programs.other_python()), "-m", "bench.calls", way],
        cwd=programs.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def _ask(program: subprocess.Popen[str], count: int) -> Any:  # noqa: ANN401 - a list of seconds
    assert program.stdin
    assert program.stdout
    program.stdin.write(f"{count}\n")
    program.stdin.flush()
    return json.loads(program.stdout.readline())


def _rows(effort: Effort, series: Series) -> list[Row]:
    """Put the series side by side, with the bars that are set for them."""
    s = series
    syncs = {name: _by_round(s[f"sync {name}"], effort.rounds) for name in ("p50", "p99")}
    account = f"{effort.groups} groups x {effort.rules} rules"
    return [
        Row(
            "authorize + revoke, 16 connections", "pairs/s", s["ours 16 pairs"], "moto_server", s["moto 16 pairs"],
            bars=(Bar("value", at_least=1000), Bar("comparison", at_least=15)),
        ),
        Row("authorize + revoke, 1 connection", "pairs/s", s["ours 1 pairs"], "moto_server", s["moto 1 pairs"]),
        Row("the server's own time, 16 connections", "us/request", s["ours 16 cpu"], "moto_server", s["moto 16 cpu"]),
        Row("revoke p50, 16 connections", "ms", s["ours 16 p50"], "moto_server", s["moto 16 p50"], "times faster"),
        Row("revoke p99, 16 connections", "ms", s["ours 16 p99"], "moto_server", s["moto 16 p99"], "times faster"),
        Row(
            "revoke p50, 1 connection", "ms", s["ours 1 p50"], "fdatasync p50", syncs["p50"], "more",
            (Bar("comparison", at_most=0.7),),
        ),
        Row(
            "revoke p99, 1 connection", "ms", s["ours 1 p99"], "fdatasync p99", syncs["p99"], "more",
            (Bar("comparison", at_most=3.0),),
        ),
        Row(
            f"revoke p50 among {account}", "ms", s["large p50"], "in an account of one group", s["small p50"],
            bars=(Bar("comparison", at_most=1.3),),
        ),
        *scale.rows(s, account),
        Row(
            "one boto3 revoke in process", "us", s["call groupwall"], "botocore alone", s["call floor"],
            bars=(Bar("comparison", at_most=2),),
        ),
        Row(
            "one boto3 revoke in process", "us", s["call groupwall"], "moto's mock_aws", s["call moto"], "times faster",
            (Bar("comparison", at_least=8),),
        ),
        Row(
            "verify and authorise a revoke", "us", s["decide groupwall"],
            "botocore's signer, the signature alone", s["decide botocore"],
            bars=(Bar("value", at_most=60),),
        ),
        Row(
            "cold start to the first answer", "s", s["ours cold"], "moto_server", s["moto cold"], "times faster",
            (Bar("value", at_most=0.4),),
        ),
        Row(
            "memory after the first answer", "MiB", s["ours memory"], "moto_server", s["moto memory"], "times",
            (Bar("value", at_most=60),),
        ),
        Row("ceiling of the load generator, 16 connections", "pairs/s", s["null 16 pairs"]),
        Row("ceiling of the load generator, 1 connection", "pairs/s", s["null 1 pairs"]),
        Row("fdatasync of 4 KiB, p50", "ms", s["sync p50"]),
        Row("fdatasync of 4 KiB, p99", "ms", s["sync p99"]),
    ]  # fmt: skip


def _by_round(figures: list[float], rounds: int) -> list[float]:
    """Return one figure for each round, the mean of those that were taken in it."""
    each = len(figures) // rounds
    return [statistics.mean(figures[each * number : each * (number + 1)]) for number in range(rounds)]
