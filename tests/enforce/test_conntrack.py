"""What becomes of flows that have begun when a rule goes: they live on, or a cut ends those that nothing permits."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from struct import pack
from typing import NamedTuple

import pytest

from groupwall.enforce.kernel import conntrack
from groupwall.enforce.kernel.netlink import NETFILTER, Answer, Connection, Message, attribute, nested
from groupwall.enforce.kernel.packets import ICMP, TCP, UDP
from groupwall.rules.flows import PORTS, address_number
from groupwall.rules.spans import Span
from groupwall.rules.values import Direction, Rule
from tests.enforce.bed import Bed, Connected, Host, Probe
from tests.enforce.enforced import Enforced
from tests.enforce.policies import GROUPS, Policy, allow, everywhere, flow
from tests.serving import PATIENCE

CLIENTS, SERVERS = GROUPS[:2]
INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


@pytest.fixture
def enforced() -> Iterator[Enforced]:
    """A client and a server in a VPC, and a server in its peer, with tables at both routers."""
    with Bed({"vpc-a": 2, "vpc-b": 1}, peered=True) as bed, Enforced(bed) as made:
        yield made


def _policy(bed: Bed, *rules: Rule) -> Policy:
    """Return the policy of a client, two servers, and these rules; clients send to everywhere."""
    client, *servers = bed.hosts
    groups = {client.id: frozenset({CLIENTS}), **{host.id: frozenset({SERVERS}) for host in servers}}
    return Policy(groups, (*everywhere(CLIENTS), *rules))


def _connected(bed: Bed, server: Host, port: int = 80, version: int = 4) -> Connected:
    found = bed.connect(bed.hosts[0], server, port, version)
    assert found is not None
    return found


def _revoked(enforced: Enforced, server: Host, version: int) -> Connected:
    """Return a connection that a rule let begin which has been revoked since."""
    bed = enforced.bed
    enforced.load(_policy(bed, allow(SERVERS, INGRESS, "tcp 80", ANYWHERE[version])))
    connected = _connected(bed, server, version=version)
    enforced.load(_policy(bed))
    return connected


def _both_ways(bed: Bed, server: Host, connected: Connected) -> tuple[bool, bool]:
    client = bed.hosts[0]
    asked = bed.speaks(client, connected.client, connected.server)
    return asked, bed.speaks(server, connected.server, connected.client)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("place", [1, 2])
def test_what_has_begun_lives_on(enforced: Enforced, version: int, place: int) -> None:
    """After a revoke no connection opens, and those that are open stay open: reference 20 [docs]."""
    bed = enforced.bed
    server = bed.hosts[place]
    old = _revoked(enforced, server, version)
    assert bed.connect(bed.hosts[0], server, 80, version) is None
    assert _both_ways(bed, server, old) == (True, True)
    old.close()


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("place", [1, 2])
def test_a_cut_ends_what_nothing_permits(enforced: Enforced, version: int, place: int) -> None:
    """After a revoke with a cut, neither end of an open connection is heard again: issue 6, 6 (inferred)."""
    bed = enforced.bed
    server = bed.hosts[place]
    old = _revoked(enforced, server, version)
    assert {one.flow.service for one in enforced.cut(_policy(bed))} == {TCP * PORTS + 80}
    # The server speaks first: of its packets none may take the connection up again, as one that it began.
    assert not bed.speaks(server, old.server, old.client)
    assert _both_ways(bed, server, old) == (False, False)
    old.close()


def test_a_cut_spares_what_another_rule_permits(enforced: Enforced) -> None:
    """A cut leaves alone the flows that any rule still permits, and what they say next is heard at once (inferred)."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    wide, narrow = (allow(SERVERS, INGRESS, "tcp 80-90", peer) for peer in ("10.0.0.0/8", f"{client.address(4)}/32"))
    enforced.load(_policy(bed, wide, narrow, allow(SERVERS, INGRESS, "tcp 443", CLIENTS)))
    kept, lost = _connected(bed, server, 80), _connected(bed, server, 443)
    less = _policy(bed, narrow)
    enforced.load(less)
    enforced.cut(less)
    assert _both_ways(bed, server, kept) == (True, True)
    assert _both_ways(bed, server, lost) == (False, False)
    kept.close()
    lost.close()


def test_an_egress_rule_is_cut_too(enforced: Enforced) -> None:
    """A cut ends what the sender may no longer send, wherever the receiver is (inferred)."""
    bed = enforced.bed
    rules = [allow(SERVERS, INGRESS, "tcp 80", "0.0.0.0/0"), allow(SERVERS, INGRESS, "tcp 81", "0.0.0.0/0")]
    enforced.load(_policy(bed, *rules))
    open_ = [(server, _connected(bed, server)) for server in bed.hosts[1:]]
    before = _policy(bed, *rules)
    after = Policy(before.groups_of, (*rules, allow(CLIENTS, EGRESS, "tcp 81", "0.0.0.0/0")))
    enforced.load(after)
    enforced.cut(after)
    assert [_both_ways(bed, server, each) for server, each in open_] == [(False, False), (False, False)]
    assert bed.connect(bed.hosts[0], bed.hosts[1], 80) is None
    for _, each in open_:
        each.close()
    _connected(bed, bed.hosts[1], 81).close()


def test_a_member_that_leaves_is_cut(enforced: Enforced) -> None:
    """A rule that refers to a group permits nothing to an instance that has left it (inferred)."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    policy = _policy(bed, allow(SERVERS, INGRESS, "tcp 80", CLIENTS))
    enforced.load(policy)
    old = _connected(bed, server)
    left = Policy({**policy.groups_of, client.id: frozenset({GROUPS[2]})}, (*policy.rules, *everywhere(GROUPS[2])))
    enforced.load(left)
    assert bed.connect(client, server, 80) is None
    assert _both_ways(bed, server, old) == (True, True)
    enforced.cut(left)
    assert _both_ways(bed, server, old) == (False, False)
    old.close()


def test_one_way_datagrams_stop_at_once(enforced: Enforced) -> None:
    """UDP that was never answered is judged packet by packet, so that a revoke ends it: reference 2, 8 [measured]."""
    bed = enforced.bed
    probe = Probe(bed.hosts[0], bed.hosts[1], 4, UDP, 5000)
    with bed.hosts[1].within(lambda: _receiver(bed.hosts[1], 5000)):  # who listens and does not answer
        enforced.load(_policy(bed, allow(SERVERS, INGRESS, "udp 5000", "0.0.0.0/0")))
        assert bed.arrived([probe, probe]) == [True, True]
        enforced.load(_policy(bed))
        assert bed.arrived([probe]) == [False]


def test_answered_datagrams_live_on(enforced: Enforced) -> None:
    """UDP that was answered is a flow that has begun, until a cut: reference 20 [docs]."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    asked, answer = Probe(client, server, 4, UDP, 5000, 40000), Probe(server, client, 4, UDP, 40000, 5000)
    enforced.load(_policy(bed, allow(SERVERS, INGRESS, "udp 5000", "0.0.0.0/0")))
    with server.within(lambda: _receiver(server, 5000)), client.within(lambda: _receiver(client, 40000)):
        assert bed.arrived([answer, asked, answer]) == [False, True, True]
        enforced.load(_policy(bed))
        assert bed.arrived([asked, answer]) == [True, True]
        enforced.cut(_policy(bed))
        assert bed.arrived([answer, asked, answer]) == [False, False, False]


def test_ping_is_answered_and_cut(enforced: Enforced) -> None:
    """An echo's reply passes without a rule of its own, always tracked, until a cut: reference 20 [docs]."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    enforced.load(_policy(bed, allow(SERVERS, INGRESS, "icmp 8", "0.0.0.0/0")))
    assert bed.arrived([Probe(client, server, 4, ICMP, 8, 0)]) == [True]
    assert [one.flow.service for one in enforced.tracked()] == [ICMP * PORTS + 8 * 256]
    enforced.load(_policy(bed))
    assert len(enforced.cut(_policy(bed))) == 1
    assert enforced.tracked() == []


def test_flows_are_told_as_they_are(enforced: Enforced) -> None:
    """Of each kind of flow the addresses, the service and the sender's port are told (inferred)."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    enforced.load(
        _policy(bed, *everywhere(SERVERS), *(allow(SERVERS, INGRESS, "-1", peer) for peer in ANYWHERE.values()))
    )
    kinds = [(4, UDP, 53, 40002), (4, 253, 0, 0), (4, ICMP, 8, 0), (6, UDP, 53, 40002), (6, 253, 0, 0), (6, 58, 128, 0)]
    probes = [Probe(client, server, *kind) for kind in kinds]
    assert all(bed.arrived(probes))
    open_ = [_connected(bed, server, 80, version) for version in (4, 6)]
    expected = {(flow(probe), probe.second if probe.protocol == UDP else 0) for probe in probes}
    for version, each in zip((4, 6), open_, strict=True):
        expected.add((flow(Probe(client, server, version, TCP, 80)), each.client.getsockname()[1]))
        each.close()
    assert {(one.flow, one.source_port) for one in enforced.tracked()} == expected


def test_only_what_is_named_ends(enforced: Enforced) -> None:
    """Flows end one by one, and one that is gone already does not keep the others from it (inferred)."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    enforced.load(_policy(bed, allow(SERVERS, INGRESS, "udp 1-9", "0.0.0.0/0")))
    bed.arrived([Probe(client, server, 4, UDP, port) for port in range(1, 6)])
    first, second, *others = sorted(enforced.tracked())
    with bed.routers["vpc-a"].within(lambda: Connection(NETFILTER)) as kernel:
        conntrack.end(kernel, [first])
        conntrack.end(kernel, [first, second])
        conntrack.end(kernel, [])
    assert sorted(one.flow for one in enforced.tracked()) == [one.flow for one in others]


def _receiver(host: Host, port: int) -> socket.socket:
    new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    new.bind((str(host.address(4)), port))
    return new


class _Telling(NamedTuple):
    """A kernel that tracks one flow."""

    told: bytes

    def dump(self, _: Message) -> list[Answer]:
        return [Answer(0, 0, 0, 0, self.told)]


_End = tuple[str, int]


@pytest.mark.parametrize(
    ("sent", "answered", "expected"),
    [
        ((("10.0.0.9", 5), ("10.0.0.1", 8080)), (("172.17.0.2", 80), ("10.0.0.9", 5)), ("10.0.0.9", "172.17.0.2", 80)),
        ((("172.17.0.2", 5), ("10.0.0.9", 80)), (("10.0.0.9", 80), ("10.0.0.1", 7)), ("172.17.0.2", "10.0.0.9", 80)),
        ((("fd00::9", 5), ("fd00::1", 8080)), (("fd00::2", 80), ("fd00::9", 5)), ("fd00::9", "fd00::2", 80)),
    ],
)
def test_what_is_translated_is_told_as_rules_meet_it(
    sent: tuple[_End, _End], answered: tuple[_End, _End], expected: tuple[str, str, int]
) -> None:
    """A published port is that of who answers, and who is hidden is himself: so rules meet their packets (inferred)."""
    told = pack(">BBH", AF_INET6 if ":" in sent[0][0] else AF_INET, 0, 0) + _way(1, *sent) + _way(2, *answered)
    [one] = conntrack.tracked(_Telling(told))  # type: ignore[arg-type]
    source, destination, port = expected
    assert one.flow == (address_number(source), address_number(destination), TCP * PORTS + port)
    assert one.source_port == sent[0][1]
    for address, _ in (*sent, *answered):
        assert one.is_with((Span(address_number(address), address_number(address)),))


def _way(kind: int, source: _End, destination: _End) -> bytes:
    first = (3, 4) if ":" in source[0] else (1, 2)
    ends = zip(first, (source, destination), strict=True)
    addresses = [attribute(each, ip_address(address).packed) for each, (address, _) in ends]
    ports = [attribute(each, port.to_bytes(2)) for each, (_, port) in zip((2, 3), (source, destination), strict=True)]
    return nested(kind, nested(1, *addresses), nested(2, attribute(1, bytes((TCP,))), *ports))


def test_a_published_port_is_cut(enforced: Enforced) -> None:
    """A cut ends a connection to a port that the router passes on to a server that may not be reached any more."""
    bed = enforced.bed
    client, server, _ = bed.hosts
    _publish(bed, f"10.0.0.250 tcp dport 8080 dnat to {server.address(4)}:80")
    enforced.load(_policy(bed, allow(SERVERS, INGRESS, "tcp 80", "0.0.0.0/0")))
    with server.within(lambda: socket.create_server((str(server.address(4)), 80))) as listening:
        calling = client.within(lambda: socket.create_connection(("10.0.0.250", 8080), PATIENCE))
        answering, _ = listening.accept()
        answering.settimeout(0)
        there = Connected(calling, answering)
        assert _both_ways(bed, server, there) == (True, True)
        enforced.load(_policy(bed))
        assert address_number(str(server.address(4))) in {one.flow.destination for one in enforced.cut(_policy(bed))}
        assert _both_ways(bed, server, there) == (False, False)
        there.close()


def _publish(bed: Bed, what: str) -> None:
    chain = "add table ip nat; add chain ip nat in { type nat hook prerouting priority -100; }"
    words = ["nft", f"{chain}; add rule ip nat in ip daddr {what}"]
    bed.routers["vpc-a"].within(lambda: subprocess.run(words, check=True))  # noqa: S603 - our own words
