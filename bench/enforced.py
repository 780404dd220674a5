"""Rules that stop packets: ``python -m bench.enforced [--quick]`` shows these rows alone, and writes nothing.

What rules cost a packet, what a change costs the kernel, and with a server and an agent beside it: how long packets
pass after a revoke is asked for, and how long a killed agent takes until everything holds again. As root on Linux.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlsplit

from bench import packets, passing, programs, report, wire
from bench.asking import Asker
from bench.figures import Bar, Row, percentile
from bench.passing import NO_RULE, NO_TABLE, last_passed
from groupwall.commands.demo_enforcing import refuse_where_unable
from groupwall.config import SettingError
from groupwall.enforce.policy.compile import compiled
from groupwall.wire.message import Request
from tests.enforce.bed import Bed
from tests.enforce.sites import Site


class Effort(NamedTuple):
    """How long is measured.

    groups: of 60 rules each, in a large site, and as many interfaces. turns, seconds: for the price of a packet under
    one table, in each round. changes, revokes: of a table, and through a server, in each round. flood: seconds of
    changes from many connections.
    """

    rounds: int
    groups: int
    sizes: tuple[tuple[int, int], ...]
    turns: int
    seconds: float
    changes: int
    revokes: int
    flood: float


FULL = Effort(rounds=5, groups=1000, sizes=passing.SIZES, turns=3, seconds=0.1, changes=200, revokes=60, flood=3.0)
QUICK = Effort(rounds=1, groups=20, sizes=passing.SIZES[:1], turns=1, seconds=0.01, changes=10, revokes=3, flood=0.2)

Series = defaultdict[str, list[float]]
Tell = Callable[[str], None]

RULES = packets.RULES
CONNECTIONS = 16
VERBS = ("Authorize", "Revoke")
MILLI = 1e3


def why_not() -> str:
    """Return why packets cannot be measured here, "" where they can."""
    try:
        refuse_where_unable("stopping packets")
    except SettingError as error:
        return str(error)
    return ""


def measure(effort: Effort, folder: Path, tell: Tell) -> list[Row]:
    """Return all rows. folder: an empty one on a disk; tell: takes a word on how far it is."""
    series: Series = defaultdict(list)
    tell("what rules cost a packet")
    _packets(effort, series)
    tell("what a change costs the kernel")
    _tables(effort, series)
    tell(f"a server and an agent with {effort.groups} interfaces")
    _sites(effort, folder, series, tell)
    return [*_packet_rows(effort, series), *_table_rows(effort, series), *_site_rows(effort, series)]


# ---- packets


def _packets(effort: Effort, series: Series) -> None:
    with Bed({"vpc-a": 2}) as bed:
        states = {count: passing.policy(bed, count, groups) for count, groups in effort.sizes}
        ours = passing.tables_of(states)
        linear = {f"{count} rules, linear": passing.linear(state) for count, state in states.items()}
        for _ in range(effort.rounds):
            for kind, some, answered in (("begins", ours | linear, False), ("begun", ours, True)):
                found = passing.prices(bed, some, effort.turns, effort.seconds, answered=answered)
                for name, price in found.items():
                    series[f"{kind} {name}"].append(price)


def _packet_rows(effort: Effort, series: Series) -> list[Row]:
    s, begins, begun = series, "a packet that begins a flow", "a packet of a flow that has begun"
    counts = [count for count, _ in effort.sizes]
    most, least = (f"begins {count} rules" for count in (counts[-1], counts[0]))
    return [
        Row(f"{begins}, tracked, no rule", "us", s[f"begins {NO_RULE}"], NO_TABLE, s[f"begins {NO_TABLE}"]),
        *(
            Row(f"{begins}, {count} rules", "us", s[f"begins {count} rules"], "a list of as many rules in a row",
                s[f"begins {count} rules, linear"])
            for count in counts
        ),
        Row(f"{begins}, {counts[-1]} rules", "us", s[most], f"{counts[0]} rules", s[least],
            bars=(Bar("comparison", at_most=2),)),
        Row(f"{begun}, {counts[-1]} rules", "us", s[f"begun {counts[-1]} rules"], NO_RULE, s[f"begun {NO_RULE}"],
            bars=(Bar("comparison", at_most=1.03),)),
    ]  # fmt: skip


# ---- tables


def _tables(effort: Effort, series: Series) -> None:
    """Change tables of one group and of many, in turns, each loaded once."""
    with contextlib.ExitStack() as held:
        sites = {size: held.enter_context(packets.placed(size)) for size in (1, effort.groups)}
        for size, site in sites.items():
            began = perf_counter()
            site.dataplane.load(compiled(site.state), 1)
            series[f"{size} load"].append(perf_counter() - began)
        gc.collect()
        gc.freeze()
        for _ in range(effort.rounds):
            for size, site in sites.items():
                _changes(effort, f"{size}", site, series)
        gc.unfreeze()


def _changes(effort: Effort, size: str, site: packets.Site, series: Series) -> None:
    for figure in packets.figures(site, effort.changes):
        series[f"{size} {figure.name} p50"].append(figure.at(0.5))
        series[f"{size} {figure.name} p99"].append(figure.at(0.99))
        series[f"{size} {figure.name} rate"].append(len(figure.seconds) / sum(figure.seconds))
    site.dataplane.repair()  # the kernel alone was measured behind its back


def _table_rows(effort: Effort, series: Series) -> list[Row]:
    def beside(name: str, unit: str, figure: str, bar: float | None = None) -> Row:
        many, few = (series[f"{size} {figure}"] for size in (effort.groups, 1))
        bars = () if bar is None else (Bar("value", at_most=bar),)
        return Row(f"{name}, {many_rules}", unit, many, f"{RULES} rules", few, bars=bars)

    many_rules = _many(effort)
    return [
        beside("the kernel's part of a revoke, p50", "ms", f"{packets.KERNEL} p50"),
        beside("the kernel's part of a revoke, p99", "ms", f"{packets.KERNEL} p99", 1.5),
        beside("a revoke from state to kernel, p50", "ms", f"{packets.REVOKE} p50"),
        beside("a revoke from state to kernel, p99", "ms", f"{packets.REVOKE} p99"),
        beside("revokes of a table, one after the other", "updates/s", f"{packets.REVOKE} rate"),
        beside("compiled and loaded into nothing", "s", "load"),
    ]


def _many(effort: Effort) -> str:
    return f"{effort.groups * RULES} rules"


# ---- server and agent


def _sites(effort: Effort, folder: Path, series: Series, tell: Tell) -> None:
    """Measure a site of one group and one of many in turns."""
    with contextlib.ExitStack() as held:
        sites = {}
        for size in (1, effort.groups):
            (folder / f"site-{size}").mkdir(mode=0o700)
            sites[size] = held.enter_context(Site(folder / f"site-{size}", size, 2))
            sites[size].start()
            sites[size].until_applied()
        for number in range(effort.rounds):
            tell(f"from the request to the last packet, round {number + 1} of {effort.rounds}")
            for size, site in sites.items():
                found = sorted(_revokes(site, effort.revokes))
                series[f"{size} last p50"].append(percentile(found, 0.5))
                series[f"{size} last p99"].append(percentile(found, 0.99))
        large = sites[effort.groups]
        for number in range(effort.rounds):
            tell(f"changes from {CONNECTIONS} connections, an agent killed, round {number + 1} of {effort.rounds}")
            _flood(large, effort.flood, series)
            series["memory"].append(programs.status(_agent(large), "VmRSS"))
            _restored(large, VERBS[number % 2], series)


def _revokes(site: Site, times: int) -> list[float]:
    """Return the milliseconds from a request to the last packet that passed, of so many revokes."""
    sender, receiver = site.bed.hosts
    group = min(site.state.interfaces[receiver.interface.id].groups)
    authorize, revoke = (partial(_asked, site, verb, group, f"{sender.address(4)}/32") for verb in VERBS)
    asker = Asker(_where(site))
    found = []
    for _ in range(times):
        asker.ask(authorize())
        site.until_applied()
        found.append(last_passed(site.bed, partial(asker.ask, revoke()), site.until_applied))
    return found


def _asked(site: Site, verb: str, group: str, block: str) -> Request:
    """Return a signed request about a rule for the packets that are sent."""
    rule = {"IpProtocol": "udp", "FromPort": f"{passing.PORT}", "ToPort": f"{passing.PORT}", "IpRanges.1.CidrIp": block}
    members = {f"IpPermissions.1.{name}": value for name, value in rule.items()}
    return wire.signed(_where(site), Action=f"{verb}SecurityGroupIngress", GroupId=group, **members)


def _flood(site: Site, seconds: float, series: Series) -> None:
    """Authorize and revoke from many connections, and go on until the last of it is in the kernel."""
    where = _where(site)
    turns = [wire.pair(where, group) for group in islice(site.state.groups, CONNECTIONS)]
    seen = programs.load(where, turns, seconds)
    began = perf_counter()
    site.until_applied()
    late = perf_counter() - began
    made = sum(request["count"] for request in seen["requests"])
    series["flood"].append(made / (seen["seconds"] + late))
    series["late"].append(late * MILLI)


def _restored(site: Site, verb: str, series: Series) -> None:
    """Kill the agent, change a rule, start it, and take the time until everything holds."""
    site.kill()
    # Not one of the groups that changes come to from many connections: those would have a rule too many.
    Asker(_where(site)).ask(_asked(site, verb, max(site.state.groups), "203.0.113.0/24"))
    began = perf_counter()
    site.start()
    site.until_applied()
    series["restored"].append(perf_counter() - began)


def _site_rows(effort: Effort, series: Series) -> list[Row]:
    s, many, few = series, _many(effort), f"{RULES} rules"
    title = "from the request to the last packet that passed"
    large = f"{effort.groups} interfaces x {packets.GROUPS_OF_AN_INTERFACE} groups x {RULES} rules"
    figures = {share: [s[f"{size} last {share}"] for size in (effort.groups, 1)] for share in ("p50", "p99")}
    return [
        Row(f"{title}, {many}, p50", "ms", figures["p50"][0], few, figures["p50"][1], bars=(Bar("value", at_most=5),)),
        Row(f"{title}, {many}, p99", "ms", figures["p99"][0], few, figures["p99"][1], bars=(Bar("value", at_most=20),)),
        Row(f"changes until they are applied, {CONNECTIONS} connections, {many}", "changes/s", s["flood"]),
        Row(f"from the last of them until it is applied, {many}", "ms", s["late"]),
        Row(f"a killed agent restores {large}", "s", s["restored"]),
        Row(f"memory of the agent, {large}", "MiB", s["memory"]),
    ]


def _where(site: Site) -> wire.Site:
    address = urlsplit(site.server.url)
    return wire.Site(str(address.hostname), address.port or 0, site.key)


def _agent(site: Site) -> int:
    assert site.agent
    return site.agent.pid


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.enforced", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shows that it runs, and measures nothing")
    options = parser.parse_args()
    build = programs.ROOT / "build"  # on a disk: a folder for temporary files may be in memory
    build.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=build, prefix="bench-") as folder:
        rows = measure(QUICK if options.quick else FULL, Path(folder), lambda word: print(word, file=sys.stderr))
    print("\n".join(report.lines(rows)))


if __name__ == "__main__":
    main()
