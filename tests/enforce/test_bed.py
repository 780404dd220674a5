"""The bed itself: what it says has arrived has, and what it says has not has not."""

from __future__ import annotations

from ipaddress import ip_network
from itertools import product

import pytest

from groupwall.enforce.dataplane.wiring import plugged
from groupwall.enforce.kernel import links
from groupwall.enforce.kernel.packets import ICMP, ICMPV6, TCP, UDP
from tests.enforce.bed import Bed, Host, Probe

KINDS = [(4, TCP, 80), (4, UDP, 53), (4, ICMP, 8), (4, ICMP, 3), (4, 47, 0), (4, 253, 0)]
KINDS += [(6, TCP, 80), (6, UDP, 53), (6, ICMPV6, 128), (6, ICMPV6, 1), (6, 47, 0), (6, 253, 0)]


def _all(hosts: list[Host]) -> list[Probe]:
    pairs = [(one, other) for one, other in product(hosts, hosts) if one != other]
    return [Probe(*pair, *kind, second=0) for pair in pairs for kind in KINDS]


def test_every_kind_of_packet_arrives(bed: Bed) -> None:
    """Without a table, each kind of packet arrives between any two instances, of peered VPCs too (inferred)."""
    probes = _all(bed.hosts)
    assert [probe for probe, there in zip(probes, bed.arrived(probes), strict=True) if not there] == []


def test_what_is_dropped_does_not_arrive(bed: Bed) -> None:
    """A packet that the router drops is told as such, whatever is sent before and behind it (inferred)."""
    lost = bed.hosts[1]
    _forget(bed, lost)
    probes = _all(bed.hosts)
    expected = [not (probe.version == 6 and probe.destination is lost) for probe in probes]
    assert bed.arrived(probes) == expected


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("peer", [1, 3])
def test_programs_talk(bed: Bed, version: int, peer: int) -> None:
    """A TCP connection opens between two programs, and each hears the other (inferred)."""
    client, server = bed.hosts[0], bed.hosts[peer]
    connected = bed.connect(client, server, 80, version)
    assert connected is not None
    assert bed.speaks(client, connected.client, connected.server)
    assert bed.speaks(server, connected.server, connected.client)
    connected.close()


def test_no_connection_through_a_drop(bed: Bed) -> None:
    """A connection whose packets the router drops does not open (inferred)."""
    _forget(bed, bed.hosts[1])
    assert bed.connect(bed.hosts[0], bed.hosts[1], 80, 6) is None


def _forget(bed: Bed, host: Host) -> None:
    with bed.namespaces.node(host.interface.vpc_id) as router:
        gate = plugged(router)[host.interface.id].number
        router.kernel.order([links.no_route(ip_network(host.address(6)), gate)])
