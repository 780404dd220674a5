"""Which instances a host makes of what is desired."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane.instances import Made, Peering, concerns, peerings, running, vpcs_of
from groupwall.enforce.dataplane.namespaces import Side
from groupwall.enforce.dataplane.wiring import Interface, plugged
from groupwall.enforce.policy.desired import NOTHING, Facts, Key, Kind, folded
from tests.enforce.answers import World, interface, whole
from tests.enforce.bed import Bed

VPC = "vpc-00000001"
OTHER = "vpc-00000002"
BLOCK = ip_network("10.0.0.0/16")
TOLD: World = {
    ("interface", "eni-00000001"): interface("eni-00000001", VPC, [], InstanceId="i-1", DeviceIndex=1),
    ("interface", "eni-00000002"): interface("eni-00000002", VPC, [], InstanceId="i-1", DeviceIndex=0),
    ("interface", "eni-00000003"): interface("eni-00000003", OTHER, [], InstanceId="i-3", InstanceState="stopped"),
    ("interface", "eni-00000004"): interface("eni-00000004", OTHER, [], InstanceId=None),
    ("peering", "pcx-1"): {"VpcPeeringConnectionId": "pcx-1", "VpcIds": [VPC, OTHER]},
    ("vpc", VPC): {"VpcId": VPC, "CidrBlocks": ["10.0.0.0/16"]},
    ("vpc", OTHER): {"VpcId": OTHER, "CidrBlocks": ["10.1.0.0/16"]},
}


def _facts(told: World) -> Facts:
    return folded(NOTHING, whole(1, told))[0].facts


def _wired(number: int, place: int) -> Interface:
    mac = bytes((2, 0, 0, 0, 0, number))
    addresses = (ip_address(f"10.0.0.{number}"), ip_address(f"fd00::{number}"))
    return Interface(f"eni-0000000{number}", VPC, place, mac, addresses)


def test_what_runs_is_made() -> None:
    """Of each instance that runs all interfaces are wired, in order; of one that is stopped, or of none, nothing.

    Inferred.
    """
    found = running(_facts(TOLD))
    assert found == {"i-1": (_wired(1, 1), _wired(2, 0))}
    assert vpcs_of(found.values()) == {VPC}


def test_routers_that_are_here_are_joined() -> None:
    """A peering connection is one here only if both of its VPCs are (inferred)."""
    facts = _facts(TOLD)
    assert peerings(facts, {VPC}) == {}
    sides = Side(VPC, (BLOCK,)), Side(OTHER, (ip_network("10.1.0.0/16"),))
    assert peerings(facts, {VPC, OTHER}) == {"pcx-1": Peering(sides)}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Kind.GROUP, False),
        (Kind.MEMBERS, False),
        (Kind.LIST, False),
        (Kind.INTERFACE, True),
        (Kind.PEERING, True),
        (Kind.VPC, True),
    ],
)
def test_rules_wire_nothing(kind: Kind, told: bool) -> None:  # noqa: FBT001 - a column of the table
    """A change of rules alone does not look at instances (inferred)."""
    assert concerns([Key(kind, "any")]) is told


def test_what_was_made_before_is_known() -> None:
    """Another agent removes instances and connections that are wanted no longer, and no others (inferred)."""
    with Bed({"vpc-1": 2, "vpc-2": 1}, peered=True) as bed:
        made = Made(bed.namespaces)
        first, second, third = bed.hosts
        wanted = {first.id: (first.interface,)}
        assert made.to_do(wanted) == [first.id, second.id, third.id]
        made.make(first.id, (first.interface,))
        assert made.to_do(wanted) == [second.id, third.id]
        made.remove(third.id)
        made.part({})
        with bed.namespaces.node("vpc-1") as router:
            assert set(plugged(router)) == {first.interface.id, second.interface.id}
        assert made.remove_routers({"vpc-1"}) == {"vpc-2"}
        assert bed.namespaces.ids() == [first.id, second.id, "vpc-1"]


def test_many_are_cut_off_at_once() -> None:
    """Links of all that goes are removed in one step, others stay; one wanted after all is made again (inferred).

    The kernel takes 10 to 40 ms to remove links, for one as for many.
    """
    with Bed({"vpc-1": 4, "vpc-2": 1}, peered=True) as bed:
        made = Made(bed.namespaces)
        first, *others = bed.hosts
        made.make(first.id, (first.interface,))
        made.make(others[0].id, (others[0].interface,))
        wanted = {first.id: (first.interface,)}
        assert len(list(made.cut_off(wanted))) == 2  # one for each router
        assert list(made.cut_off(wanted)) == []
        with bed.namespaces.node("vpc-1") as router:
            assert set(plugged(router)) == {first.interface.id, "pcx-1"}
        assert made.to_do(wanted) == [host.id for host in others]
        again = {**wanted, others[0].id: (others[0].interface,)}
        assert made.to_do(again)[0] == others[0].id
        made.make(others[0].id, (others[0].interface,))
        with bed.namespaces.node("vpc-1") as router:
            assert set(plugged(router)) == {first.interface.id, others[0].interface.id, "pcx-1"}


def test_one_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """An instance that cannot be made is told with the reason, and the others are made (inferred)."""
    with Bed({}) as bed:
        host = Host(tmp_path, bed.namespaces)
        host.begin()
        bad = interface("eni-00000005", VPC, [], InstanceId="i-5", MacAddress="ff:ff:ff:ff:ff:ff")
        host.follow(whole(1, {**TOLD, ("interface", "eni-00000005"): bad}))
        while host.step():
            assert host.applied == 1
        [fault] = host.faults
        assert fault.startswith("i-5: ")
        assert (host.interfaces, bed.namespaces.ids()) == (["eni-00000001", "eni-00000002"], ["i-1", VPC])
        host.follow(whole(2, {}))
        while host.step():
            assert host.applied == 2
        assert (host.faults, host.interfaces, bed.namespaces.ids()) == ([], [], [])
        host.close()
