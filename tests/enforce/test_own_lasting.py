"""How long a machine is held itself: on trial, over the end of its agent, beside tables of others."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from socket import create_server, socket

import pytest

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.attached import let_go
from groupwall.enforce.dataplane.bindings import Unbound, Wanted
from groupwall.enforce.dataplane.dataplane import TABLE, Dataplane
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.dataplane.wiring import GATEWAYS, device
from groupwall.enforce.kernel.difference import difference
from groupwall.enforce.kernel.expressions import ACCEPT, Compare, Is, LoadMeta, Meta
from groupwall.enforce.kernel.messages import NewTable, transaction
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, attribute, text
from groupwall.enforce.kernel.packets import TCP
from groupwall.enforce.kernel.reading import read_hooked, read_table
from groupwall.enforce.kernel.table import EMPTY, Hook, Place, Table
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, compiled
from groupwall.enforce.policy.own import Kept, Own
from groupwall.enforce.probes.probing import is_ready, on_one_processor
from groupwall.rules.values import Direction
from groupwall.units import SystemClock
from tests.enforce.answers import changes, group, interface, rule, whole
from tests.enforce.bed import Bed
from tests.enforce.machines import (
    BRIEF,
    ENI,
    GROUP,
    OPEN,
    OUT,
    PATIENT,
    PORT,
    SSH,
    VPC,
    Machine,
    closed,
    world,
)
from tests.enforce.servers import until

_HELD = Interface("", frozenset(), frozenset({GROUP}), own=Own())
_KEPT = Kept(Direction.INGRESS, "192.0.2.1", TCP, SSH), Kept(Direction.EGRESS, "2001:db8::1", TCP, PORT)
STATES = {
    "nothing": {},
    "device": {ENI: Interface("eth9", frozenset({"192.0.2.9"}), frozenset({GROUP}))},
    "confirmed": {ENI: _HELD},
    "trial": {ENI: replace(_HELD, own=Own(until=1))},
    "kept": {ENI: replace(_HELD, own=Own(_KEPT))},
    "trial-kept": {ENI: replace(_HELD, own=Own(_KEPT[:1], until=1))},
}


def test_any_state_follows_any_other(machine: Machine) -> None:
    """The table of a machine is the same on whichever way it came about (issue 6)."""
    states = {name: State(groups={GROUP: ()}, interfaces=some) for name, some in STATES.items()}
    with machine.here.within(lambda: Dataplane.inside(machine.here.namespace)) as dataplane:
        loaded = {name: _loaded(dataplane, state) for name, state in states.items()}
        for before, after in permutations(states, 2):
            dataplane.load(compiled(states[before]), 1)
            dataplane.apply(compiled(states[after], [Part(Kind.INTERFACE, ENI), Part(Kind.TIMEOUTS)]), 1)
            assert dataplane.read() == loaded[after], (before, after)


def _loaded(dataplane: Dataplane, state: State) -> Table | None:
    dataplane.load(compiled(state), 1)
    return dataplane.read()


def test_what_is_not_confirmed_is_undone_by_the_kernel(machine: Machine) -> None:
    """Rules on trial hold for their time, and then not, though no agent is there any more (issue 6)."""
    machine.follow(whole(1, world()))
    machine.attach(milliseconds=BRIEF)
    machine.host.close()
    assert not machine.asked()
    until(machine.asked)
    assert machine.asks()


def test_what_was_not_confirmed_is_not_taken_up(machine: Machine) -> None:
    """An agent that comes after the end of a trial has nothing of it, and removes what it left (issue 6)."""
    machine.follow(whole(1, world()))
    machine.attach(milliseconds=1)
    machine.host.close()
    until(machine.asked)
    machine.host = machine.begun()
    assert (machine.host.interfaces, machine.table(), bindings.read(machine.folder)) == ([], None, [])


def test_a_trial_goes_on(machine: Machine) -> None:
    """An agent that comes within a trial takes it up, and does not prolong it (inferred)."""
    machine.follow(whole(1, world()))
    machine.attach()
    trials = machine.host.trials
    machine.host.close()
    machine.host = machine.begun()
    assert (machine.host.trials, machine.asked()) == (trials, False)
    machine.follow(whole(1, world()))
    assert not machine.asked()
    machine.here.within(lambda: machine.host.confirm(ENI))
    assert (machine.host.trials, machine.asked()) == ({}, False)


def test_a_repair_does_not_prolong_a_trial(machine: Machine) -> None:
    """A table that somebody removed within a trial comes back, and holds for what is left of its time (inferred)."""
    machine.follow(whole(1, world()))
    machine.attach(milliseconds=BRIEF)
    remove_table(machine.here.namespace)
    assert machine.host.repaired() == 1
    assert not machine.asked()
    machine.host.close()
    until(machine.asked)


def test_a_change_does_not_prolong_a_trial(machine: Machine) -> None:
    """Rules change within a trial, which ends when it would have ended (inferred)."""
    machine.follow(whole(1, world(OPEN)))
    machine.attach(milliseconds=BRIEF)
    machine.follow(changes(2, world(OPEN), world()))
    assert not machine.asked()
    machine.follow(changes(3, world(), world(OPEN, OUT)))
    machine.host.close()
    until(lambda: machine.asked(SSH))


def test_it_can_be_too_late(machine: Machine) -> None:
    """What is not confirmed in time cannot be confirmed, though its agent was too busy to undo it (inferred)."""
    machine.follow(whole(1, world()))
    machine.attach(milliseconds=1)
    until(machine.asked)
    with pytest.raises(Unbound, match="it is too late to confirm"):
        machine.here.within(lambda: machine.host.confirm(ENI))


def test_drift_is_repaired(machine: Machine) -> None:
    """A table that somebody removed is noticed and made again, once (users 5.5)."""
    machine.follow(whole(1, world()))
    machine.hold()
    assert machine.host.repaired() == 0
    remove_table(machine.here.namespace)
    assert machine.asked()
    assert machine.host.repaired() == 1
    assert not machine.asked()


def test_what_is_confirmed_lasts(machine: Machine) -> None:
    """Another agent takes it up; what holds until it is told something is what held before (users 5.5)."""
    machine.follow(whole(1, world(OPEN)))
    machine.hold()
    machine.host.close()
    machine.host = machine.begun()
    assert (machine.host.interfaces, machine.asked(), machine.asked(SSH)) == ([ENI], True, False)
    machine.follow(whole(2, world()))
    assert not machine.asked()


def test_closed_but_for_what_is_kept_until_told(machine: Machine) -> None:
    """Where no table is there from before, as after a boot, nothing passes but what is kept (inferred)."""
    machine.follow(whole(1, world(OPEN)))
    machine.hold(Kept(Direction.INGRESS, str(machine.one.address(4)), TCP, SSH))
    machine.host.close()
    remove_table(machine.here.namespace)
    machine.host = machine.begun()
    assert machine.passing({("asked", SSH, 4), ("asked", PORT, 4), ("asks", PORT, 4)}) == {("asked", SSH, 4)}
    machine.follow(whole(1, world(OPEN)))
    assert machine.asked()


def test_others_tables_stay(machine: Machine) -> None:
    """Tables of others are told, and are what they were, whatever becomes of ours (issue 6)."""
    machine.follow(whole(1, world()))
    with machine.here.within(lambda: Connection(NETFILTER)) as kernel:
        _make(kernel, "theirs", Table({}, {}, {"door": Hook(Place.INPUT, 5)}, {"door": (ACCEPTED,)}))
        _make(kernel, "elsewhere", Table({}, {}, {"door": Hook(Place.FORWARD, 5), "room": None}, {}))
        before = [_read(kernel, name) for name in ("theirs", "elsewhere")]
        machine.hold()
        assert read_hooked(kernel, TABLE, {Place.INPUT, Place.OUTPUT}) == ["inet theirs"]
        assert not machine.asked()
        machine.detach()
        assert [_read(kernel, name) for name in ("theirs", "elsewhere")] == before


ACCEPTED = (LoadMeta(0, Meta.PROTOCOL), Compare(0, Is.EQUAL, bytes((TCP,))), ACCEPT)


def _make(kernel: Connection, name: str, content: Table) -> None:
    made = [NewTable(), *difference(EMPTY, content)]
    kernel.order(transaction([message for change in made for message in change.messages(text(1, name))]))  # type: ignore[union-attr]


def _read(kernel: Connection, name: str) -> Table | None:
    return read_table(kernel, name)


def test_cleanup_lets_a_machine_go(machine: Machine) -> None:
    """Without an agent a cleanup removes the table and the binding (inferred)."""
    machine.follow(whole(1, world()))
    machine.hold()
    machine.host.close()
    assert machine.here.within(lambda: let_go(machine.folder)) == [ENI]
    assert (machine.asked(), machine.table(), bindings.read(machine.folder)) == (True, None, [])


def test_a_machine_is_one_interface(machine: Machine) -> None:
    """A machine is bound once; nothing but what is on trial, or was, can be confirmed (inferred)."""
    machine.follow(whole(1, {**world(), ("interface", "eni-000000ab"): interface("eni-000000ab", VPC, [])}))
    with pytest.raises(Unbound, match="nothing is there to confirm"):
        machine.here.within(lambda: machine.host.confirm(ENI))
    machine.hold()
    machine.here.within(lambda: machine.host.confirm(ENI))
    with pytest.raises(Unbound, match="is attached here already"):
        machine.attach()
    with pytest.raises(Unbound, match="this machine is attached as another interface"):
        machine.here.within(lambda: machine.host.attach(Wanted("eni-000000ab", own=Own())))


def test_somebody_else_s_table_is_in_the_way(machine: Machine) -> None:
    """Where somebody else has a table of our name, a machine is not attached, and that table stays (issue 6)."""
    machine.follow(whole(1, world()))
    with machine.here.within(lambda: Connection(NETFILTER)) as kernel:
        [message] = NewTable().messages(text(1, TABLE))
        kernel.order(transaction([message._replace(body=message.body.replace(attribute(6, b"groupwall"), b""))]))
    with pytest.raises(Unbound, match="somebody else has a table named groupwall"):
        machine.attach()
    assert (machine.host.interfaces, bindings.read(machine.folder), machine.asked()) == ([], [], True)


def test_what_is_passed_on_is_not_a_machine_s_own(tmp_path: Path) -> None:
    """A machine is not asked about what it passes on, nor what it routes for about the machine's own (issue 6)."""
    with Bed({VPC: 2}) as bed:
        router, host = bed.routers[VPC], Host(tmp_path)
        _route(bed, host)
        assert (closed(bed.connect(*bed.hosts, PORT)), _reaches_router(bed)) == (True, True)
        router.within(lambda: host.attach(Wanted(ENI, own=Own(until=SystemClock().now() + PATIENT))))
        assert (closed(bed.connect(*bed.hosts, PORT)), _reaches_router(bed)) == (True, False)
        router.within(lambda: host.detach(ENI))
        assert (closed(bed.connect(*bed.hosts, PORT)), _reaches_router(bed)) == (True, True)
        host.close()


def test_what_is_passed_on_outlasts_a_trial(tmp_path: Path) -> None:
    """Where a machine was not confirmed in time, what else is attached there is taken up as it was (inferred)."""
    with Bed({VPC: 2}) as bed:
        router, host = bed.routers[VPC], Host(tmp_path)
        _route(bed, host)
        router.within(lambda: host.attach(Wanted(ENI, own=Own(until=SystemClock().now() + 1))))
        host.close()
        until(lambda: _reaches_router(bed))
        host = Host(tmp_path)
        router.within(host.begin)
        assert host.interfaces == [one.interface.id for one in bed.hosts]
        passing = {port: closed(bed.connect(*bed.hosts, port)) for port in (PORT, SSH)}
        assert (passing, _reaches_router(bed)) == ({PORT: True, SSH: False}, True)
        host.close()


def _route(bed: Bed, host: Host) -> None:
    """Have a router attach what hangs on it, which may speak by one port; whoever asks the router may ping it alone."""
    router, enis = bed.routers[VPC], [one.interface.id for one in bed.hosts]
    free = group("sg-00000002", *(rule("0.0.0.0/0", PORT, egress=way) for way in (False, True)))
    others = {("interface", eni): interface(eni, VPC, ["sg-00000002"], SourceDestCheck=False) for eni in enis}
    pinged = rule("0.0.0.0/0", 8) | {"IpProtocol": "icmp", "ToPort": -1}  # how it is known what has arrived
    router.within(host.begin)
    router.within(lambda: host.follow(whole(1, {**world(pinged), **others, ("group", "sg-00000002"): free})))
    for eni in enis:
        router.within(lambda eni=eni: host.attach(Wanted(eni, device("gwe", eni))))  # type: ignore[misc]


def _reaches_router(bed: Bed) -> bool:
    """Tell whether an instance connects to a program of the router itself."""
    listening = bed.routers[VPC].within(lambda: create_server((str(GATEWAYS[0]), PORT)))
    calling = bed.hosts[0].within(socket)
    with listening, calling, on_one_processor():
        calling.settimeout(0)
        calling.connect_ex(listening.getsockname())
        bed.hosts[0].station.settle()
        return is_ready(listening)
