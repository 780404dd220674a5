"""The enforcement faults that users reported of others (users 5.5), each of them with real packets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

import pytest

from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.kernel.packets import TCP, UDP, Packet
from groupwall.enforce.policy.compile import compiled
from groupwall.rules.values import Direction
from tests.enforce.bed import Bed, Probe
from tests.enforce.enforced import Enforced
from tests.enforce.policies import GROUPS, UNKNOWN, Policy, allow, everywhere, state

INGRESS, EGRESS = Direction.INGRESS, Direction.EGRESS
ANYWHERE = {4: "0.0.0.0/0", 6: "::/0"}


@pytest.fixture
def enforced() -> Iterator[Enforced]:
    """Two instances in a VPC and one in its peer, with tables at both routers."""
    with Bed({"vpc-a": 2, "vpc-b": 1}, peered=True) as bed, Enforced(bed) as made:
        yield made


def _each_in_its_own(bed: Bed, order: tuple[str, ...] = GROUPS) -> dict[str, frozenset[str]]:
    return {host.id: frozenset({group}) for host, group in zip(bed.hosts, order, strict=False)}


def _tcp(bed: Bed, port: int = 80, version: int = 4) -> dict[tuple[int, int], bool]:
    """Return which pair of instances, by their places, a first packet gets across."""
    places = [pair for pair in product(range(len(bed.hosts)), repeat=2) if pair[0] != pair[1]]
    arrived = bed.arrived([Probe(bed.hosts[one], bed.hosts[other], version, TCP, port) for one, other in places])
    return dict(zip(places, arrived, strict=True))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("order", list(permutations(GROUPS[:3])))
def test_both_gates_are_asked(enforced: Enforced, version: int, order: tuple[str, ...]) -> None:
    """A packet needs both gates, whichever id comes first: 1, where the egress accept ended the chain of both."""
    bed = enforced.bed
    first, second, third = order
    rules = [
        *everywhere(first),
        allow(second, INGRESS, "tcp 80", ANYWHERE[version]),
        allow(third, INGRESS, "tcp 81", ANYWHERE[version]),
    ]
    enforced.load(Policy(_each_in_its_own(bed, order), tuple(rules)))
    # The first sends and admits nothing; the second and the third admit each their port and send nothing.
    assert {pair for pair, there in _tcp(bed, 80, version).items() if there} == {(0, 1)}
    assert {pair for pair, there in _tcp(bed, 81, version).items() if there} == {(0, 2)}


def test_neighbours_are_judged(enforced: Enforced) -> None:
    """Between instances of one subnet the rules hold too: 2, where frames on one bridge passed them by."""
    bed = enforced.bed
    enforced.load(Policy(_each_in_its_own(bed), (*everywhere(GROUPS[0]), *everywhere(GROUPS[1]))))
    assert not any(_tcp(bed).values())


def test_there_is_no_way_around_the_router(enforced: Enforced) -> None:
    """A frame that is addressed to another instance itself goes nowhere: 2."""
    bed = enforced.bed
    one, other, _ = bed.hosts
    for place, mac in enumerate((other.interface.mac, b"\xff" * 6)):
        packet = Packet(one.address(4), other.address(4), UDP, 5000, 40000, f"around-{place}".encode())
        assert not bed.reaches(one, other, packet, mac)


def test_a_restart_opens_nothing(enforced: Enforced) -> None:
    """While nobody is there to enforce, the rules stay; one who comes anew finds and keeps them: 3."""
    bed = enforced.bed
    policy = Policy(_each_in_its_own(bed), (*everywhere(GROUPS[0]), allow(GROUPS[1], INGRESS, "tcp 80", "0.0.0.0/0")))
    enforced.load(policy)
    for plane in enforced.planes.values():
        plane.close()
    only = {(0, 1): True}
    assert {pair: there for pair, there in _tcp(bed).items() if there} == only
    with Enforced(bed) as anew:
        anew.load(policy)
        assert {pair: there for pair, there in _tcp(bed).items() if there} == only


def test_closed_until_the_first_load_is_through(enforced: Enforced) -> None:
    """With the frame alone, and with any part of the rest missing, no instance is reached: 3."""
    bed = enforced.bed
    rules = [rule for group in GROUPS for rule in everywhere(group)]
    rules += [allow(group, INGRESS, "-1", "0.0.0.0/0") for group in GROUPS]
    full = state(Policy(_each_in_its_own(bed), tuple(rules)), bed.hosts, "vpc-a")
    with Dataplane.inside(bed.routers["vpc-a"]) as plane:
        for some in (replace(full, interfaces={}, groups={}), replace(full, interfaces={}), replace(full, groups={})):
            plane.load(compiled(some), 1)
            assert not _tcp(bed)[0, 1]
        plane.load(compiled(full), 2)
        assert _tcp(bed)[0, 1]


def test_an_unknown_source_is_no_access(enforced: Enforced) -> None:
    """A rule whose group or prefix list nothing is known of admits nobody, and no other rule goes with it: 5."""
    bed = enforced.bed
    rules = [allow(GROUPS[1], INGRESS, "-1", peer) for peer in UNKNOWN]
    rules += [*everywhere(GROUPS[0]), allow(GROUPS[1], INGRESS, "tcp 443", f"{bed.hosts[0].address(4)}/32")]
    enforced.load(Policy(_each_in_its_own(bed), tuple(rules)))
    assert not any(_tcp(bed).values())
    assert {pair for pair, there in _tcp(bed, 443).items() if there} == {(0, 1)}


def test_the_default_is_drop(enforced: Enforced) -> None:
    """An instance whose groups have no rules neither sends nor is reached: 5, where the policy was accept."""
    bed = enforced.bed
    enforced.load(Policy(_each_in_its_own(bed), ()))
    assert not any(_tcp(bed).values())
    assert not any(_tcp(bed, version=6).values())


@pytest.mark.parametrize("version", [4, 6])
def test_nobody_sends_as_another(enforced: Enforced, version: int) -> None:
    """A packet from an address that is not the sender's is dropped: dataplane-nftables 3.1 [measured]."""
    bed = enforced.bed
    rules = [rule for group in GROUPS for rule in everywhere(group)]
    rules += [allow(group, INGRESS, "-1", peer) for group in GROUPS for peer in ANYWHERE.values()]
    enforced.load(Policy(_each_in_its_own(bed), tuple(rules)))
    one, other, third = bed.hosts
    honest = Packet(one.address(version), other.address(version), UDP, 5000, 40000, b"as self.")
    assert bed.reaches(one, other, honest)
    assert not bed.reaches(one, other, honest._replace(source=third.address(version), tag=b"as other"))


@pytest.mark.parametrize("version", [4, 6])
def test_an_unchecked_interface_sends_as_another(enforced: Enforced, version: int) -> None:
    """Without its source/destination check an interface may send as others, in both families alike: 20 [docs]."""
    bed = enforced.bed
    one, other, third = bed.hosts
    rules = [rule for group in GROUPS for rule in everywhere(group)]
    rules += [allow(group, INGRESS, "-1", peer) for group in GROUPS for peer in ANYWHERE.values()]
    full = state(Policy(_each_in_its_own(bed), tuple(rules)), bed.hosts, "vpc-a")
    unchecked = {**full.interfaces, one.interface.id: replace(full.interfaces[one.interface.id], checked=False)}
    enforced.planes["vpc-a"].load(compiled(replace(full, interfaces=unchecked)), 1)
    forged = Packet(third.address(version), other.address(version), UDP, 5000, 40000, b"as other")
    assert bed.reaches(one, other, forged)
