"""How long the kernel remembers flows that are silent: what reference 20 [model] says, or an interface in its place."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest

from groupwall.enforce.dataplane.posts import Post
from groupwall.enforce.dataplane.wiring import device
from groupwall.enforce.kernel.conntrack import tracked
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, attributes
from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.kernel.reading import read_table
from groupwall.enforce.policy.desired import NOTHING, folded
from groupwall.enforce.policy.own import Own
from groupwall.enforce.policy.policy import Policy
from groupwall.enforce.policy.timeouts import AWS, OTHER, Timeouts
from groupwall.rules.flows import PORTS
from tests.enforce.answers import Json, World, changes, group, interface, rule
from tests.enforce.bed import Bed, Host, Probe
from tests.enforce.servers import until

VPC = "vpc-00000001"
GRE, OTHERS = 47, 253
MARGIN = 20
"""Seconds that may be over of a timeout when it is read: those of a slow machine."""


def _all(*, egress: bool) -> list[Json]:
    every = {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}
    return [rule(peer, 0, egress=egress) | every for peer in ("0.0.0.0/0", "::/0")]


class Placed:
    """A sender and a receiver, each in a namespace of its own, with the router between them."""

    def __init__(self, bed: Bed, held: ExitStack) -> None:
        self.bed = bed
        self.router = bed.routers[VPC]
        self.sender, self.receiver = bed.hosts
        self.known = NOTHING
        self.world: World = {}
        self.held = held
        self.posts: list[Post] = []

    def post(self, place: Namespace, policy: Policy, devices: dict[str, str], own: Own | None = None) -> None:
        """Have interfaces held in a namespace, each by its device."""
        post = self.held.enter_context(Post(place, policy))
        post.follow(self.known.facts, self.known.facts.keys())
        for interface_id, name in devices.items():
            post.bind(interface_id, name, self.known.facts, own)
        self.posts.append(post)

    def route(self, timeouts: Timeouts | None) -> None:
        """Have both held at the router, as one that is ours if its timeouts are told."""
        ids = [host.interface.id for host in self.bed.hosts]
        self.post(self.router, Policy(VPC, timeouts=timeouts), {one: device("gwe", one) for one in ids})

    def have(self, *specified: dict[str, int]) -> None:
        """Have the sender specify timeouts, and the receiver."""
        world: World = {("group", "sg-00000001"): group("sg-00000001", *_all(egress=True), *_all(egress=False))}
        for host, one in zip(self.bed.hosts, specified, strict=True):
            told = interface(
                host.interface.id, VPC, ["sg-00000001"], Addresses=[str(each) for each in _addresses(host)]
            )
            world = {**world, ("interface", host.interface.id): told | one}
        self.known, changed = folded(self.known, changes(self.known.revision + 1, self.world, world) | {"Whole": False})
        self.world = world
        for post in self.posts:
            post.follow(self.known.facts, changed)
            post.apply(self.known.revision)

    def left(self, service: int, place: Namespace | None = None, version: int = 4) -> int:
        """Return the seconds until a flow to the receiver is forgotten."""
        own = [one for one in _flows(place or self.router) if one[0] == service and one[1] == version]
        assert len(own) == 1, own
        return own[0][2]


def _addresses(host: Host) -> list[object]:
    return [host.address(4), host.address(6)]


def _flows(place: Namespace) -> list[tuple[int, int, int]]:
    """Return service, IP version and seconds left of what is tracked."""
    with place.within(lambda: Connection(NETFILTER)) as kernel:
        found = [(one.flow.service, one.told) for one in tracked(kernel)]
    versions = {socket.AF_INET: 4, socket.AF_INET6: 6}
    return [
        (service, versions[socket.AddressFamily(told[0])], int.from_bytes(dict(attributes(told[4:]))[7]))
        for service, told in found
    ]


@pytest.fixture
def placed() -> Iterator[Placed]:
    """A sender and a receiver, of whom nothing is known yet."""
    with ExitStack() as held:
        bed = held.enter_context(Bed({VPC: 2}))
        yield Placed(bed, held)


def _about(seconds: int) -> range:
    return range(seconds - MARGIN, seconds + 1)


def _begin(placed: Placed, version: int = 4) -> None:
    """Have a connection of TCP, and UDP that nobody answers."""
    there = placed.bed.connect(placed.sender, placed.receiver, 80, version)
    assert there is not None
    assert placed.bed.speaks(placed.sender, there.client, there.server)
    placed.held.callback(there.close)
    receiving = placed.receiver.within(lambda: _receiver(placed.receiver, 5000, version))
    placed.held.callback(receiving.close)
    assert placed.bed.arrived([Probe(placed.sender, placed.receiver, version, UDP, 5000)]) == [True]


def _receiver(host: Host, port: int, version: int) -> socket.socket:
    new = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    new.bind((str(host.address(version)), port))
    return new


class Said(NamedTuple):
    """What the sender and the receiver specify, and the seconds that follow for TCP, and for UDP without an answer."""

    sender: dict[str, int]
    receiver: dict[str, int]
    tcp: int = AWS.tcp_established
    udp: int = AWS.udp


TCP_350, TCP_100, UDP_60 = {"TcpEstablishedTimeout": 350}, {"TcpEstablishedTimeout": 100}, {"UdpTimeout": 60}


@pytest.mark.parametrize(
    "said",
    [
        Said({}, {}),
        Said(TCP_350 | UDP_60, TCP_350 | UDP_60, 350, 60),
        Said(TCP_350, TCP_100 | UDP_60, 100),
        Said(TCP_100 | UDP_60, TCP_350, 100),
    ],
)
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("own", [AWS, None])
def test_the_shorter_one_of_both_ends(placed: Placed, own: Timeouts | None, version: int, said: Said) -> None:
    """A flow is remembered for as long as both ends say, AWS's times if they say none: reference 20 [model]."""
    placed.route(own)
    placed.have(said.sender, said.receiver)
    _begin(placed, version)
    assert placed.left(TCP * PORTS + 80, version=version) in _about(said.tcp)
    assert placed.left(UDP * PORTS + 5000, version=version) in _about(said.udp)


def test_flows_keep_the_timeouts_that_they_began_with(placed: Placed) -> None:
    """A change of timeouts is one for flows that begin; one that no interface has is gone from the table (inferred)."""
    placed.route(AWS)
    placed.have({}, {})
    _begin(placed)
    placed.have({"UdpTimeout": 60}, {"UdpTimeout": 60})
    assert placed.bed.arrived([Probe(placed.sender, placed.receiver, 4, UDP, 5000)]) == [True]
    assert placed.left(UDP * PORTS + 5000) in _about(30)
    with placed.router.within(lambda: Connection(NETFILTER)) as kernel:
        held = read_table(kernel, "groupwall")
        assert held
        assert held.timeouts.keys() == {"tcp_432000", "udp_60_180"}
        placed.have({}, {})
        held = read_table(kernel, "groupwall")
        assert held
        assert held.timeouts == {}


def test_a_stream_is_remembered_longer(placed: Placed) -> None:
    """UDP with exchanges that go on has a time of its own: reference 20 [model]. The kernel looks for two seconds."""
    placed.route(AWS)
    placed.have({"UdpStreamTimeout": 120}, {})
    asked = Probe(placed.sender, placed.receiver, 4, UDP, 5000, 40000)
    ends = [(placed.receiver, 5000), (placed.sender, 40000)]
    for host, port in ends:
        receiving = host.within(lambda host=host, port=port: _receiver(host, port, 4))
        placed.held.callback(receiving.close)

    def is_stream() -> bool:
        assert placed.bed.arrived([asked, asked.answer()]) == [True, True]
        return placed.left(UDP * PORTS + 5000) > AWS.udp

    until(is_stream)
    assert placed.left(UDP * PORTS + 5000) in _about(120)


def test_other_protocols(placed: Placed) -> None:
    """What has no ports is remembered for 600 seconds at a router of ours: reference 20 [docs]."""
    placed.route(AWS)
    placed.have({}, {})
    probes = [Probe(placed.sender, placed.receiver, 4, number) for number in (GRE, OTHERS)]
    assert placed.bed.arrived(probes) == [True, True]
    left = {service // PORTS: left for service, _, left in _flows(placed.router)}
    assert left[GRE] in _about(OTHER)
    assert left[OTHERS] in _about(OTHER)


@pytest.mark.parametrize("name", ["eth0", ""])
def test_what_is_attached_keeps_its_own_settings(placed: Placed, name: str) -> None:
    """In a namespace of the user's flows have AWS's times, by our table alone: its settings stay its own (inferred).

    Whether it has an interface by one of its devices, or is held itself.
    """
    inside = placed.receiver.namespace
    before = inside.within(_settings)
    policy, own = Policy(VPC, inside=bool(name)), None if name else Own()
    placed.post(inside, policy, {placed.receiver.interface.id: name}, own)
    placed.have({}, {"UdpTimeout": 60})
    _begin(placed)
    assert placed.left(UDP * PORTS + 5000, inside) in _about(60)
    with inside.within(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sending:
        sending.sendto(b"to nobody", (str(placed.sender.address(4)), 5001))
    assert placed.left(UDP * PORTS + 5001, inside) in _about(60)
    assert inside.within(_settings) == before


def _settings() -> dict[str, str]:
    return {file.name: file.read_text() for file in Path("/proc/sys/net/netfilter").glob("*timeout*")}
