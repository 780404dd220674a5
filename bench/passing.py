"""What rules cost a packet, and when the last one passes: ``python -m bench.passing [--quick]``, as root on Linux.

Two instances in network namespaces, and a table at the router between them. Packets are sent by this process, and the
kernel takes each one through the router to its end before the call that sends it returns, so that the time of a call is
the time of a packet. All tables are measured in turns, each a few times; the fastest turn of each counts, as the one
that was disturbed least.

A packet that begins a flow is UDP that is never answered: it is judged each time, and admitted by the last rule of the
last group. ``linear`` is one rule of nftables for each rule, in a row, as firewalls are written by hand.

The last packet: another process sends one each 0.1 ms, with the time in it, while a rule is revoked again and again.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from ipaddress import ip_network
from random import Random
from signal import SIGKILL
from time import monotonic_ns, perf_counter, sleep

from bench.figures import percentile
from groupwall.enforce.dataplane.dataplane import TABLE, Dataplane
from groupwall.enforce.dataplane.wiring import ROUTER_MAC, device
from groupwall.enforce.kernel.expressions import (
    ACCEPT,
    Compare,
    Header,
    Is,
    LoadMeta,
    LoadPacket,
    LoadState,
    Mask,
    Meta,
)
from groupwall.enforce.kernel.messages import GoneTable, transaction
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, Refused, text
from groupwall.enforce.kernel.packets import UDP, Packet
from groupwall.enforce.kernel.table import MARK, Hook, NftRule, Place, Table, shape
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, chain_of, compiled
from groupwall.enforce.policy.frame import REVISION
from groupwall.enforce.policy.lines import IPV4
from groupwall.enforce.probes.probing import on_one_processor
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from tests.enforce.bed import Bed, Host
from tests.enforce.policies import allow, everywhere

PORT, SOURCE_PORT = 5000, 40000
SIZES = ((60, 1), (1000, 5), (10_000, 10))
"""Rules, and the groups of the receiver that they are spread over."""

NO_TABLE, NO_RULE = "no table", "tracked, no rule"
SENDERS = "sg-00000001"
ESTABLISHED = 2
GAP = 0.0001
QUIET = 0.02
"""Seconds without a packet after which it is asked whether more may come."""
TAG = 8
BATCH = 100
"""Packets that are sent between two looks at the clock."""
_NUMBERS = {"tcp": 6, "udp": 17}

Parts = Mapping[Part, Table | None]


def allow_list(count: int, group: str) -> list[Rule]:
    """Return rules for networks and hosts with a port each, none of which admits what is sent here."""
    random = Random(group)  # noqa: S311 - the same each time
    found: dict[Properties, Rule] = {}
    while len(found) < count:
        network = f"{random.randrange(11, 224)}.{random.randrange(256)}.{random.randrange(256)}"
        block = random.choice((f"{network}.0/24", f"{network}.{random.randrange(256)}/32"))
        port = random.choice((53, 123, 443, 8080))
        one = Properties(random.choice(("tcp", "udp")), PortRange(port, port), Peer.of(block))
        found[one] = Rule(f"sgr-{len(found)}", group, Direction.INGRESS, one, None)
    return list(found.values())


def _group(number: int) -> str:
    return f"sg-{number + 2:08x}"


def policy(bed: Bed, count: int, groups: int) -> State:
    """Return the state in which so many rules, in so many groups, hold for the receiver, and the last admits us."""
    sender, receiver = bed.hosts
    ingress = {_group(number): allow_list(count // groups, _group(number)) for number in range(groups)}
    last = _group(groups - 1)
    ingress[last][-1] = allow(last, Direction.INGRESS, f"udp {PORT}", f"{sender.address(4)}/32")
    return State(
        groups={SENDERS: everywhere(SENDERS), **ingress},
        interfaces={
            host.interface.id: Interface(device("gwe", host.interface.id), frozenset({str(host.address(4))}), some)
            for host, some in ((sender, frozenset({SENDERS})), (receiver, frozenset(ingress)))
        },
    )


def linear(state: State) -> Parts:
    """Return the table of a state with a rule of nftables for each ingress rule."""
    parts = dict(compiled(state))
    for group, some in state.groups.items():
        chain = chain_of(group, Direction.INGRESS)
        plain = tuple(_plain(rule) for rule in some if rule.direction is Direction.INGRESS)
        parts[Part(Kind.INGRESS, group)] = Table({}, {}, {chain: None}, {chain: plain} if plain else {})
    return parts


def _plain(rule: Rule) -> NftRule:
    protocol, ports, peer = rule.properties
    block = ip_network(peer.text)
    return (
        *IPV4.is_it,
        LoadPacket(0, Header.NETWORK, IPV4.source, IPV4.size),
        Mask(0, block.netmask.packed),
        Compare(0, Is.EQUAL, block.network_address.packed),
        LoadMeta(0, Meta.PROTOCOL),
        Compare(0, Is.EQUAL, bytes((_NUMBERS[protocol],))),
        LoadPacket(0, Header.TRANSPORT, 2, 2),
        Compare(0, Is.EQUAL, ports.first.to_bytes(2)),
        ACCEPT,
    )


def bare() -> Parts:
    """Return a table that does no more than to have flows tracked, and to accept those that have begun."""
    bits = ESTABLISHED.to_bytes(4, sys.byteorder)
    begun = (LoadState(0), Mask(0, bits), Compare(0, Is.OTHER, bytes(4)), ACCEPT)
    sets = {REVISION: shape(MARK, MARK)}
    return {Part(Kind.FRAME): Table(sets, {}, {"forward": Hook(Place.FORWARD, 0)}, {"forward": (begun,)})}


# ---- the price of a packet


def prices(
    bed: Bed, tables: Mapping[str, Parts | None], turns: int, seconds: float, *, answered: bool
) -> dict[str, float]:
    """Return microseconds of a packet under each table, None for no table; of a flow that was answered or never.

    Each table is measured for so many seconds in each turn; what counts is its fastest turn.
    """
    sender, receiver = bed.hosts
    one, other = sender.address(4), receiver.address(4)
    source = SOURCE_PORT + (2 if answered else 0)  # the kernel remembers for minutes which flows were answered
    frame = _frame(sender, Packet(one, other, UDP, PORT, source, bytes(TAG)))
    reply = _frame(receiver, Packet(other, one, UDP, source, PORT, bytes(TAG)))
    best: dict[str, float] = {}
    with on_one_processor():
        for _ in range(turns):
            for name, parts in tables.items():
                with _table(bed, parts):
                    sender.station.link.send(frame)
                    if answered:
                        receiver.station.link.send(reply)
                    best[name] = min(best.get(name, 1e9), _price(sender, frame, seconds))
    return best


def _frame(host: Host, packet: Packet) -> bytes:
    return ROUTER_MAC + host.interface.mac + b"\x08\x00" + packet.encoded()


@contextmanager
def _table(bed: Bed, parts: Parts | None) -> Iterator[None]:
    with Dataplane.inside(bed.routers["vpc-a"]) as plane:
        if parts is not None:
            plane.load(parts, 1)
        yield
    _remove(bed)


def _remove(bed: Bed) -> None:
    with bed.routers["vpc-a"].within(lambda: Connection(NETFILTER)) as kernel, suppress(Refused):
        kernel.order(transaction(list(GoneTable().messages(text(1, TABLE)))))


def _price(sender: Host, frame: bytes, seconds: float) -> float:
    send = sender.station.link.send
    began, spent, sent = perf_counter(), 0.0, 0
    while spent < seconds:
        for _ in range(BATCH):
            send(frame)
        sent += BATCH
        spent = perf_counter() - began
    return spent / sent * 1e6


# ---- the last packet


def last_passed(bed: Bed, act: Callable[[], object], until_done: Callable[[], object] = lambda: None) -> float:
    """Return the milliseconds from the beginning of ``act`` to when the last packet that passed was sent.

    until_done: returns when the last one must have passed; it is called once no more packets come, so that it disturbs
    nothing. Never less than the gap between two: nothing finer can be seen.
    """
    receiver = bed.hosts[1]
    _drain(receiver)
    child = _sending(bed)
    passed = [0]
    try:
        sleep(QUIET)
        began = monotonic_ns()
        act()
        while some := _drain(receiver):
            passed += some
            sleep(QUIET)
        until_done()
        sleep(QUIET)
    finally:
        os.kill(child, SIGKILL)
        os.waitpid(child, 0)
    return max((max(passed + _drain(receiver)) - began) / 1e6, GAP * 1000)


def _sending(bed: Bed) -> int:
    sender, receiver = bed.hosts
    child = os.fork()
    if child:
        return child
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    while True:
        tag = monotonic_ns().to_bytes(TAG)
        sender.station.link.send(
            _frame(sender, Packet(sender.address(4), receiver.address(4), UDP, PORT, SOURCE_PORT + 1, tag))
        )
        sleep(GAP)


def _drain(host: Host) -> list[int]:
    found = []
    with suppress(BlockingIOError):
        while True:
            found.append(int.from_bytes(host.station.link.recv(1 << 16)[-TAG:]))
    return found


def _revoke(plane: Dataplane, less: State, changed: Part) -> None:
    plane.apply(compiled(less, [changed]), (plane.revision or 0) + 1)


def revokes(bed: Bed, state: State, times: int) -> list[float]:
    """Return how long packets passed after a revoke began, in order, of so many revokes."""
    last = max(group for group in state.groups if group != SENDERS)
    found = []
    changed = Part(Kind.INGRESS, last)
    less = State({**state.groups, last: list(state.groups[last])[:-1]}, {}, {}, state.interfaces)
    with Dataplane.inside(bed.routers["vpc-a"]) as plane:
        plane.load(compiled(state), 1)
        for _ in range(times):
            found.append(last_passed(bed, partial(_revoke, plane, less, changed)))
            _revoke(plane, state, changed)
    _remove(bed)
    return sorted(found)


def tables_of(states: Mapping[int, State]) -> dict[str, Parts | None]:
    """Return the tables of some states by number of rules, beside none and one without rules."""
    ours: dict[str, Parts | None] = {f"{count} rules": compiled(state) for count, state in states.items()}
    return {NO_TABLE: None, NO_RULE: bare(), **ours}


def main() -> None:
    """Measure, and tell."""
    parser = argparse.ArgumentParser(prog="python -m bench.passing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shows that it runs, and measures nothing")
    quick = parser.parse_args().quick
    sizes = SIZES[:1] if quick else SIZES
    turns, seconds = (1, 0.01) if quick else (7, 0.2)
    with Bed({"vpc-a": 2}) as bed:
        states = {count: policy(bed, count, groups) for count, groups in sizes}
        ours = tables_of(states)
        plain: dict[str, Parts | None] = {f"{count} rules, linear": linear(state) for count, state in states.items()}
        for title, some, answered in (
            ("a packet that begins a flow", ours | plain, False),
            ("a packet of a flow that has begun", ours, True),
        ):
            print(f"{title}, us")
            for name, price in prices(bed, some, turns, seconds, answered=answered).items():
                print(f"  {name:24} {price:8.2f}")
        for count, state in states.items():
            found = revokes(bed, state, 3 if quick else 200)
            print(f"from revoke to the last packet, {count} rules, ms: ", end="")
            print(", ".join(f"p{share} {percentile(found, share / 100):.2f}" for share in (50, 90, 99)))


if __name__ == "__main__":
    main()
