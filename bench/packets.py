"""What the kernel's part of a change costs: ``python -m bench.packets [--quick]``, as root on Linux.

A table of 1,000 groups of 60 rules, and as many interfaces in five of them each, in a namespace of its own that is gone
in the end. No server and no request: a state is compiled, and the dataplane changes the table. Every figure is of
Python and the kernel together, in milliseconds; ``kernel`` is the one call alone that sends the transaction, at the end
of which it is in force.
"""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from time import perf_counter
from typing import NamedTuple

from bench.figures import percentile
from bench.programs import status
from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.messages import GoneElements, NewElements, transaction
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, text
from groupwall.enforce.kernel.table import Element, merged
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, compiled
from groupwall.enforce.policy.frame import revision_element
from groupwall.rules.values import EVERY_PORT, NO_PORTS, Direction, Peer, PortRange, Properties, Rule

RULES = 60
GROUPS_OF_AN_INTERFACE = 5
PORTS = (22, 53, 80, 443, 5432, 8080)
MILLISECONDS = 1000
REVOKE, KERNEL = "revoke", "kernel: element and revision removed"
TABLE = text(1, "groupwall")


class Figure(NamedTuple):
    """How long something took, many times."""

    name: str
    seconds: list[float]

    def __str__(self) -> str:
        return f"{self.name:44} p50 {self.at(0.5):9.3f} ms   p99 {self.at(0.99):9.3f} ms   n {len(self.seconds)}"

    def at(self, share: float) -> float:
        """Return the milliseconds that this share of them stayed below."""
        return percentile(sorted(self.seconds), share) * MILLISECONDS


class Site:
    """A state and its table."""

    def __init__(self, dataplane: Dataplane, connection: Connection, size: int) -> None:
        self.dataplane, self.connection = dataplane, connection
        self.random = Random(size)  # noqa: S311 - the same table each time
        names = [f"sg-{number:017x}" for number in range(size)]
        self.groups = {name: rules(self.random, name) for name in names}
        self.interfaces = {
            f"eni-{number:017x}": Interface(
                f"gwe{number}",
                frozenset({f"172.{16 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"}),
                frozenset(self.random.sample(names, min(size, GROUPS_OF_AN_INTERFACE))),
            )
            for number in range(size)
        }

    @property
    def state(self) -> State:
        """What should hold."""
        return State(self.groups, {}, {}, self.interfaces)

    def change(self, group: str, rules: list[Rule]) -> float:
        """Let a group have other rules, and return how long it took until the kernel had them."""
        began = perf_counter()
        self.groups[group] = rules
        changed = compiled(self.state, [Part(Kind.INGRESS, group)])
        self.dataplane.apply(changed, (self.dataplane.revision or 0) + 1)
        return perf_counter() - began


def rules(random: Random, group: str) -> list[Rule]:
    """Return 60 rules as an allow-list has them: networks and hosts, a few ports each, and all traffic out."""
    found: dict[Properties, Rule] = {}
    while len(found) < RULES - 1:
        network = f"{random.randrange(1, 224)}.{random.randrange(256)}.{random.randrange(256)}"
        block = random.choice((f"{network}.0/24", f"{network}.{random.randrange(256)}/32"))
        port = random.choice(PORTS)
        ports = EVERY_PORT if random.random() < 0.1 else PortRange(port, port)  # noqa: PLR2004 - one in ten
        properties = Properties("tcp", ports, Peer.of(block))
        found[properties] = Rule(f"sgr-{len(found)}", group, Direction.INGRESS, properties, None)
    everything = Properties("-1", NO_PORTS, Peer.of("0.0.0.0/0"))
    return [*found.values(), Rule("sgr-out", group, Direction.EGRESS, everything, None)]


def figures(site: Site, times: int) -> Iterator[Figure]:
    """Measure one table."""
    names = list(site.groups)
    revokes: list[float] = []
    authorizes: list[float] = []
    firsts: list[float] = []
    lasts: list[float] = []
    for _ in range(times):
        group = site.random.choice(names)
        whole = site.groups[group]
        gone = site.random.randrange(RULES - 1)
        revokes.append(site.change(group, [*whole[:gone], *whole[gone + 1 :]]))
        authorizes.append(site.change(group, whole))
        only = Properties("udp", PortRange(1, 1000), Peer.of("10.0.0.0/9"))
        firsts.append(site.change(group, [*whole, Rule("sgr-new", group, Direction.INGRESS, only, None)]))
        lasts.append(site.change(group, whole))
        site.dataplane.disturbed()
    yield Figure(REVOKE, revokes)
    yield Figure("authorize", authorizes)
    yield Figure("authorize, the first rule of its form", firsts)
    yield Figure("revoke, the last rule of its form", lasts)
    yield from _kernel(site, times)


def _kernel(site: Site, times: int) -> Iterator[Figure]:
    """Measure the kernel alone: an element with the revision, as a revoke sends them."""
    table = compiled(site.state, [Part(Kind.INGRESS, next(iter(site.groups)))])
    elements = merged(one for one in table.values() if one).elements["rules_4"]
    revision = site.dataplane.revision or 0
    removed, added = [], []
    for number, element in enumerate((*elements,) * (times // len(elements) + 1)):
        one, other = (revision_element(revision + one) for one in (2 * number, 2 * number + 1))
        two = revision_element(revision + 2 * number + 2)
        removed.append(_sent(site, [GoneElements("rules_4", (element,)), *_revised(one, other)]))
        added.append(_sent(site, [NewElements("rules_4", (element,)), *_revised(other, two)]))
    yield Figure(KERNEL, removed)
    yield Figure("kernel: element and revision added", added)


def _revised(one: Element, other: Element) -> list[GoneElements | NewElements]:
    return [GoneElements("revision", (one,)), NewElements("revision", (other,))]


def _sent(site: Site, changes: list[GoneElements | NewElements]) -> float:
    messages = transaction([message for change in changes for message in change.messages(TABLE)])
    return _timed(lambda: site.connection.order(messages))


def _timed(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began


def _counters(site: Site) -> None:
    """Read what every rule let in, group by group, as an agent does."""
    for some in site.groups.values():
        site.dataplane.admitted(some)


@contextmanager
def placed(size: int) -> Iterator[Site]:
    """Give a site of so many groups a namespace; its table is not loaded yet."""
    with (
        Namespace.new() as namespace,
        Dataplane.inside(namespace) as dataplane,
        namespace.within(lambda: Connection(NETFILTER)) as connection,
    ):
        yield Site(dataplane, connection, size)


def measure(size: int, times: int) -> None:
    """Measure a table of so many groups, and tell."""
    with placed(size) as site:
        print(f"{size} groups of {RULES} rules, {size} interfaces in {GROUPS_OF_AN_INTERFACE} groups each")
        gc.collect()
        gc.freeze()
        began = perf_counter()
        parts = compiled(site.state)
        print(f"  compiled in {perf_counter() - began:.2f} s")
        print(f"  loaded in {_timed(lambda: site.dataplane.load(parts, 1)):.2f} s")
        print(f"  read back and compared in {_timed(site.dataplane.repair):.2f} s")
        print(f"  what rules let in, read in {_timed(lambda: _counters(site)):.2f} s")
        for figure in figures(site, times):
            print(f"  {figure}")
        print(f"  {status(os.getpid(), 'VmHWM'):.0f} MiB at most")


def main() -> None:
    """Measure tables of 60 and of 60,000 rules."""
    parser = argparse.ArgumentParser(prog="python -m bench.packets", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shows that it runs, and measures nothing")
    options = parser.parse_args()
    for size in (1, 10) if options.quick else (1, 1000):
        measure(size, 10 if options.quick else 1000)


if __name__ == "__main__":
    main()
