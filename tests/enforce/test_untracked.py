"""Untracked flows stop with the rules that enable them, and tracked ones live on: reference 20 [docs]."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from groupwall.enforce.dataplane.posts import Post
from groupwall.enforce.dataplane.wiring import device
from groupwall.enforce.kernel.conntrack import tracked
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.packets import ICMP, UDP
from groupwall.enforce.policy.desired import NOTHING, folded
from groupwall.enforce.policy.policy import Policy
from groupwall.rules.flows import PORTS, address_number
from tests.enforce.answers import Json, World, changes, group, interface, rule, whole
from tests.enforce.bed import Bed, Connected, Host, Probe

VPC = "vpc-00000001"
CLIENTS, SERVERS, MORE = "sg-00000001", "sg-00000002", "sg-00000003"
PORT = 22


def _rule(text: str) -> Json:
    """Return a rule of ``in tcp 22 0.0.0.0/0``, ``out -1 ::/0``."""
    way, protocol, *ports, peer = text.split()
    first, _, last = ports[0].partition("-") if ports else ("-1", "", "-1")
    told = {"IpProtocol": protocol, "FromPort": int(first), "ToPort": int(last or first), "SecurityGroupRuleId": text}
    return rule(peer, 0, egress=way == "out") | told


class Held:
    """A client and a server, and the post of the router between them. What a test says are the rules of the server."""

    def __init__(self, bed: Bed) -> None:
        self.bed = bed
        self.client, self.server = bed.hosts
        self.known = NOTHING
        self.world: World = {}
        self.post = Post(bed.routers[VPC], Policy(VPC))
        for host in bed.hosts:
            self.post.bind(host.interface.id, device("gwe", host.interface.id), {})

    def tell(self, world: World, *, entirely: bool = False) -> None:
        """Tell what differs, or everything, and do not apply it yet."""
        revision = self.known.revision + 1
        answer = whole(revision, world) if entirely else changes(revision, self.world, world)
        self.world = world
        self.known, changed = folded(self.known, answer)
        self.post.follow(self.known.facts, changed)

    def have(self, *rules: str, client: tuple[str, ...] = ("out -1 0.0.0.0/0", "out -1 ::/0"), **other: bool) -> None:
        """Have rules hold for the server, and others for the client."""
        self.tell(self.of(rules, client), **other)
        self.post.apply(self.known.revision)

    def of(self, rules: tuple[str, ...], client: tuple[str, ...], server_in: tuple[str, ...] = (SERVERS,)) -> World:
        """Return the world of some rules."""
        return {
            ("group", CLIENTS): group(CLIENTS, *map(_rule, client)),
            ("group", SERVERS): group(SERVERS, *map(_rule, rules)),
            ("group", MORE): group(MORE, *map(_rule, rules[:1])),
            **{
                ("interface", host.interface.id): interface(
                    host.interface.id, VPC, list(groups), Addresses=list(map(str, host.interface.addresses))
                )
                for host, groups in ((self.client, (CLIENTS,)), (self.server, server_in))
            },
        }

    def connected(self, version: int = 4) -> Connected:
        """Return a connection of a client and a server."""
        found = self.bed.connect(self.client, self.server, PORT, version)
        assert found is not None
        return found

    def services(self) -> set[int]:
        """Return the services of the flows to the server that are tracked."""
        own = address_number(str(self.server.address(4)))
        with self.bed.routers[VPC].within(lambda: Connection(NETFILTER)) as kernel:
            return {one.flow.service for one in tracked(kernel) if one.flow.destination == own}

    def heard(self, there: Connected) -> tuple[bool, bool]:
        """Tell whether the server is heard, and the client; the server speaks first, and could begin a flow so."""
        back = self.bed.speaks(self.server, there.server, there.client)
        return back, self.bed.speaks(self.client, there.client, there.server)


@pytest.fixture
def held() -> Iterator[Held]:
    """A client and a server, with no rules yet."""
    with Bed({VPC: 2}) as bed:
        made = Held(bed)
        with made.post:
            yield made


LIVES, STOPS = (True, True), (False, False)
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}
SSH, SSH_6, OPEN, OPEN_6 = "in tcp 22 0.0.0.0/0", "in tcp 22 ::/0", "out -1 0.0.0.0/0", "out -1 ::/0"
NEAR = "in tcp 22 10.0.0.0/16"


@pytest.mark.parametrize(
    ("before", "after", "version", "expected"),
    [
        ((SSH, OPEN), (OPEN,), 4, STOPS),
        ((SSH_6, OPEN_6), (OPEN_6,), 6, STOPS),
        ((NEAR, OPEN), (OPEN,), 4, LIVES),
        ((SSH,), (), 4, LIVES),
        ((SSH, OPEN), (NEAR, OPEN), 4, LIVES),
        ((SSH, OPEN), ("in tcp 22 192.0.2.0/24", OPEN), 4, STOPS),
        ((SSH, OPEN), (SSH,), 4, STOPS),
        ((SSH, OPEN), (SSH, "out tcp 1024-65535 0.0.0.0/0"), 4, LIVES),
        ((SSH, OPEN, SSH_6, OPEN_6), (SSH, OPEN), 4, LIVES),
        ((SSH, OPEN, SSH_6, OPEN_6), (SSH, OPEN), 6, STOPS),
        ((SSH, OPEN, "in icmp 8--1 0.0.0.0/0"), (SSH, OPEN), 4, LIVES),
    ],
)
def test_a_session_of_ssh(
    held: Held, before: tuple[str, ...], after: tuple[str, ...], version: int, expected: tuple[bool, bool]
) -> None:
    """A session stops at once when it was untracked and nothing lets its packets pass any more: reference 20 [docs]."""
    held.have(*before)
    there = held.connected(version)
    assert held.heard(there) == LIVES
    held.have(*after)
    assert held.heard(there) == expected
    there.close()


def test_the_sender_s_gate_tracks_by_itself(held: Held) -> None:
    """What the sender's interface does not track stops with the sender's rules, whatever the receiver's are."""
    near, pair = ("in tcp 22 10.0.0.0/16",), ("out tcp 22 0.0.0.0/0", "in tcp 0-65535 0.0.0.0/0")
    held.have(*near, client=pair)
    there = held.connected()
    held.have(*near, client=pair[1:])
    assert held.heard(there) == STOPS
    there.close()


def test_changes_are_judged_together(held: Held) -> None:
    """Of several changes that are applied as one the first rules and the last count (inferred)."""
    held.have(SSH, OPEN)
    there = held.connected()
    both = held.of((SSH, OPEN), (OPEN,))
    held.tell(held.of((OPEN,), (OPEN,)))
    held.tell(both)
    held.post.apply(held.known.revision)
    assert held.heard(there) == LIVES
    held.tell(held.of((NEAR, OPEN), (OPEN,)))
    held.tell(held.of((OPEN,), (OPEN,)))
    held.post.apply(held.known.revision)
    assert held.heard(there) == STOPS
    there.close()


def test_an_answer_that_is_whole_is_a_change(held: Held) -> None:
    """What an answer that tells all alters of what was told before stops flows as any change does (inferred)."""
    held.have(SSH, OPEN)
    there = held.connected()
    held.have(OPEN, entirely=True)
    assert held.heard(there) == STOPS
    there.close()


def test_a_group_is_left(held: Held) -> None:
    """A rule is gone for an interface that leaves its group too, unless another of its groups has it (inferred)."""
    rules = (SSH, OPEN)
    held.tell(held.of(rules, (OPEN,), (SERVERS, MORE)))
    held.post.apply(held.known.revision)
    there = held.connected()
    held.tell(held.of(("in tcp 22 ::/0", OPEN), (OPEN,), (SERVERS, MORE)) | {("group", MORE): group(MORE, _rule(SSH))})
    held.post.apply(held.known.revision)
    assert held.heard(there) == LIVES
    held.tell(held.world | held.of(("in tcp 22 ::/0", OPEN), (OPEN,)))
    held.post.apply(held.known.revision)
    assert held.heard(there) == STOPS
    there.close()


def test_datagrams_stop(held: Held) -> None:
    """UDP that was answered stops as well, and an echo of ICMP is tracked as before: reference 20 [docs]."""
    bed, client, server = held.bed, held.client, held.server
    held.have("in udp 5000 0.0.0.0/0", "in icmp 8--1 0.0.0.0/0", OPEN)
    asked, echo = Probe(client, server, 4, UDP, 5000), Probe(client, server, 4, ICMP, 8, 0)
    with server.within(lambda: _receiver(server, 5000)), client.within(lambda: _receiver(client, 40000)):
        assert bed.arrived([asked, asked.answer(), echo]) == [True, True, True]
        assert held.services() == {ICMP * PORTS + 8 * 256, UDP * PORTS + 5000}
        held.have(OPEN)
        assert held.services() == {ICMP * PORTS + 8 * 256}
        assert bed.arrived([asked.answer(), asked]) == [False, False]


def _receiver(host: Host, port: int) -> socket.socket:
    new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    new.bind((str(host.address(4)), port))
    return new
