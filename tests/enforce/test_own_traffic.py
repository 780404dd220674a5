"""A machine is held to an interface's rules itself: what its programs receive and send, by real packets."""

from __future__ import annotations

from errno import EAGAIN
from socket import create_server, socket

import pytest

from groupwall.enforce.dataplane.foreseen import would_end
from groupwall.enforce.kernel.conntrack import end, tracked
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.policy.own import Kept
from groupwall.rules.flows import PORTS
from groupwall.rules.values import Direction
from tests.enforce.answers import Json, World, changes, group, rule, whole
from tests.enforce.machines import (
    GROUP,
    OPEN,
    OPEN_6,
    OUT,
    PORT,
    SSH,
    Machine,
    closed,
    world,
)
from tests.enforce.servers import REFUSED_AFTER


@pytest.mark.parametrize(
    ("rules", "passing"),
    [
        ((), set()),
        ((OPEN,), {("asked", PORT, 4)}),
        ((OPEN_6,), {("asked", PORT, 6)}),
        ((OUT,), {("asks", PORT, 4)}),
        ((rule("10.0.0.12/32", SSH), OUT), {("asked", SSH, 4), ("asks", PORT, 4)}),
        ((rule("10.0.0.13/32", PORT),), set()),
    ],
)
def test_rules_decide(machine: Machine, rules: tuple[Json, ...], passing: set[tuple[str, int, int]]) -> None:
    """Rules decide who connects to a machine's programs and to whom these connect, by both families (issue 6)."""
    flows = {(way, port, version) for way in ("asked", "asks") for port in (PORT, SSH) for version in (4, 6)}
    machine.follow(whole(1, world()))
    assert machine.passing(flows) == flows
    machine.hold()
    assert machine.passing(flows) == set()
    machine.follow(changes(2, world(), world(*rules)))
    assert machine.passing(flows) == passing
    machine.detach()
    assert (machine.passing(flows), machine.table()) == (flows, None)


def test_loopback_is_not_judged(machine: Machine) -> None:
    """A machine's programs reach each other, by its own addresses too, whatever the rules say (issue 6)."""
    machine.follow(whole(1, world()))
    machine.hold()
    assert closed(machine.bed.connect(machine.here, machine.here, PORT))
    assert closed(machine.bed.connect(machine.here, machine.here, PORT, 6))


def test_what_has_begun_lives(machine: Machine) -> None:
    """A connection outlives the rule that let it begin, as at AWS (reference 20 [docs])."""
    machine.follow(whole(1, world(OPEN)))
    machine.hold()
    made = machine.bed.connect(machine.one, machine.here, PORT)
    assert made
    machine.follow(changes(2, world(OPEN), world()))
    assert machine.speaks(made)
    assert not machine.asked()
    made.close()


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("began", [True, False])
@pytest.mark.parametrize("speaks_first", [True, False])
def test_what_is_older_lives(machine: Machine, version: int, *, began: bool, speaks_first: bool) -> None:
    """A connection that began before anything was tracked lives, whichever end began it or speaks first (inferred)."""
    machine.follow(whole(1, world()))
    ends = (machine.here, machine.one) if began else (machine.one, machine.here)
    made = machine.bed.connect(*ends, PORT, version)
    assert made
    machine.hold()
    words = [(ends[0], made.client, made.server), (ends[1], made.server, made.client)]
    assert [machine.bed.speaks(*each) for each in words[:: 1 if speaks_first else -1]] == [True, True]
    assert machine.passing({("asked", PORT, version), ("asks", PORT, version)}) == set()
    made.close()


def test_a_cut_ends_what_has_begun(machine: Machine) -> None:
    """A cut ends the machine's own flows that no rule permits any more, whichever addresses it has (DESIGN 1)."""
    other = rule("10.0.0.0/8", SSH)
    before, after = _cutting(OPEN, other, OUT), _cutting(other)
    machine.follow(whole(1, before))
    machine.hold()
    ends = [(machine.one, machine.here, PORT), (machine.one, machine.here, SSH), (machine.here, machine.one, PORT)]
    made = [machine.bed.connect(*each) for each in ends]
    machine.follow(changes(2, before, after))
    assert [machine.bed.speaks(end[0], one.client, one.server) for end, one in zip(ends, made, strict=True) if one] == [
        False,
        True,
        False,
    ]
    for one in made:
        closed(one)


def test_what_is_kept_is_not_cut(machine: Machine) -> None:
    """Of what a cut would end, loopback and what is kept are neither told nor ended: rules are not asked about them."""
    other = rule("10.0.0.0/8", PORT + 1)
    before, after = _cutting(OPEN, other), _cutting(OPEN)
    kept = (
        Kept(Direction.INGRESS, str(machine.one.address(4)), TCP, SSH),
        Kept(Direction.EGRESS, str(machine.one.address(4)), TCP, PORT),
    )
    machine.follow(whole(1, before))
    machine.hold(*kept)
    one, here = machine.one, machine.here
    ends = [(one, here, SSH), (here, one, PORT), (here, here, PORT), (one, here, PORT), (one, here, PORT + 1)]
    made = [machine.bed.connect(*each) for each in ends]
    told = would_end(machine.host.foreseen(changes(2, before, after)))
    assert [one.flow.service % PORTS for one in told] == [PORT + 1]
    machine.follow(changes(2, before, after))
    with here.within(lambda: Connection(NETFILTER)) as kernel:
        assert sorted(one.flow.service % PORTS for one in tracked(kernel)) == sorted([SSH, PORT, PORT, PORT])
    spoken = [machine.bed.speaks(end[0], one.client, one.server) for end, one in zip(ends, made, strict=True) if one]
    assert spoken == [True, True, True, True, False]
    for each in made:
        closed(each)


def _cutting(*rules: Json) -> World:
    return {**world(*rules), ("group", GROUP): group(GROUP, *rules) | {"ExistingFlows": "cut"}}


def test_what_is_untracked_stops(machine: Machine) -> None:
    """A flow by a rule for everyone stops with it where answers are open to everyone (reference 20 [docs])."""
    everyone = rule("0.0.0.0/0", PORT)
    answers = rule("0.0.0.0/0", 0, egress=True) | {"ToPort": 65535}
    before, after = world(everyone, answers), world(answers)
    machine.follow(whole(1, before))
    machine.hold()
    made = machine.bed.connect(machine.one, machine.here, PORT)
    assert made
    machine.follow(changes(2, before, after))
    assert not machine.bed.speaks(machine.one, made.client, made.server)
    made.close()


def test_what_is_kept_is_not_judged(machine: Machine) -> None:
    """Who administers a machine stays, and can come back, though no rule says so; nobody else can (issue 6).

    Its connection stays though nothing is tracked any more.
    """
    machine.follow(whole(1, world()))
    made = machine.bed.connect(machine.one, machine.here, SSH)
    assert made
    machine.hold(Kept(Direction.INGRESS, str(machine.one.address(4)), TCP, SSH))
    with machine.here.within(lambda: Connection(NETFILTER)) as kernel:
        end(kernel, tracked(kernel))
    assert machine.speaks(made)
    assert machine.passing({("asked", SSH, 4), ("asked", PORT, 4), ("asks", SSH, 4)}) == {("asked", SSH, 4)}
    assert machine.bed.connect(machine.other, machine.here, SSH) is None
    made.close()


@pytest.mark.parametrize("version", [4, 6])
def test_the_server_is_kept(machine: Machine, version: int) -> None:
    """What an agent follows stays within its reach, and nothing else there is (inferred)."""
    machine.follow(whole(1, world()))
    machine.hold(Kept(Direction.EGRESS, str(machine.one.address(version)), TCP, PORT))
    assert machine.asks(PORT, version)
    assert not machine.asks(PORT + 1, version)
    assert not machine.asked(PORT, version)
    assert machine.bed.connect(machine.here, machine.other, PORT, version) is None


def test_what_is_kept_opens_no_port(machine: Machine) -> None:
    """From the port of a kept server nothing begins: no connection, and no datagram but an answer (inferred)."""
    machine.follow(whole(1, world()))
    machine.hold(*(Kept(Direction.EGRESS, str(machine.one.address(4)), protocol, PORT) for protocol in (TCP, UDP)))
    assert not machine.hears(PORT, 40000)
    with machine.one.within(socket) as calling, machine.here.within(lambda: create_server(("", SSH))):
        calling.bind(("", PORT))
        calling.settimeout(REFUSED_AFTER)
        assert calling.connect_ex((str(machine.here.address(4)), SSH)) == EAGAIN
    assert machine.asks(PORT)


@pytest.mark.parametrize(("sent_from", "sent_to", "arrives"), [(67, 68, True), (68, 67, False), (67, 69, False)])
def test_an_address_can_be_given(machine: Machine, sent_from: int, sent_to: int, *, arrives: bool) -> None:
    """What answers a machine that asks for an address is not filtered, as at AWS (reference 20 [inferred])."""
    machine.follow(whole(1, world()))
    machine.hold()
    assert machine.hears(sent_from, sent_to) == arrives
