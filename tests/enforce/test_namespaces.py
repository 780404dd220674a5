"""VPCs, instances and peerings: who reaches whom without any table, and what is left of what failed or was removed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from itertools import product
from pathlib import Path

import pytest

from groupwall.enforce.dataplane.namespaces import Namespaces, Side
from groupwall.enforce.dataplane.wiring import Interface, device, plugged
from groupwall.enforce.kernel.entering import Namespace, forget, names
from groupwall.enforce.kernel.links import Address, End, addresses, links, new_pair, routes
from groupwall.enforce.kernel.netlink import Refused
from groupwall.enforce.kernel.packets import TCP
from tests.enforce.bed import Bed, Probe

PREFIX = f"gwt-{os.getpid()}"


@pytest.fixture
def ours() -> Iterator[Namespaces]:
    """A host on which nothing is made yet, with a VPC."""
    made = Namespaces(PREFIX)
    made.make_router("vpc-1")
    yield made
    made.remove_all()


def _interface(name: str, *texts: str, place: int = 0) -> Interface:
    mac = bytes((2, 0, 0, 0, 0, int(name, 16)))
    return Interface(f"eni-{name}", "vpc-1", place, mac, tuple(map(ip_address, texts)))


def _given(ours: Namespaces, instance_id: str) -> dict[str, set[Address]]:
    with ours.node(instance_id) as node:
        return {link.name: addresses(node.kernel, link.number) for link in links(node.kernel) if link.name != "lo"}


def _routed(ours: Namespaces, vpc_id: str) -> set[str]:
    with ours.node(vpc_id) as node:
        return {link.alias for link in links(node.kernel) if link.name != "lo"}


def _tcp(bed: Bed, version: int = 4) -> dict[tuple[str, str], bool]:
    pairs = [(one, other) for one, other in product(bed.hosts, bed.hosts) if one != other]
    arrived = bed.arrived([Probe(*pair, version, TCP, 80) for pair in pairs])
    return {(one.id[-1], other.id[-1]): there for (one, other), there in zip(pairs, arrived, strict=True)}


@pytest.mark.parametrize("version", [4, 6])
def test_vpcs_do_not_meet(version: int) -> None:
    """Instances of one VPC reach each other, and none of another VPC (reference 13 [docs])."""
    with Bed({"vpc-a": 2, "vpc-b": 1}) as bed:
        reached = {pair for pair, there in _tcp(bed, version).items() if there}
        assert reached == {("0", "1"), ("1", "0")}


def test_overlapping_vpcs_do_not_meet() -> None:
    """VPCs with the same addresses on one host are worlds of their own (reference 13 [docs])."""
    with Bed({"vpc-a": 2, "vpc-b": 2}, overlapping=True) as bed:
        one, other, third, fourth = bed.hosts
        assert (one.address(4), other.address(4)) == (third.address(4), fourth.address(4))
        first = bed.connect(one, other, 80)
        second = bed.connect(third, fourth, 80)
        assert first is not None
        assert second is not None
        assert bed.speaks(one, first.client, first.server)
        assert bed.speaks(third, second.client, second.server)
        first.close()
        second.close()


def test_peering_ends() -> None:
    """Peered VPCs reach each other until the connection ends (reference 13 [docs])."""
    with Bed({"vpc-a": 1, "vpc-b": 1}, peered=True) as bed:
        assert set(_tcp(bed).values()) == {True}
        bed.namespaces.part("pcx-1", "vpc-b")
        bed.namespaces.part("pcx-1", "vpc-a")
        assert set(_tcp(bed).values()) == {False}


def test_joining_again_changes_blocks(ours: Namespaces) -> None:
    """A peering that is made again has the blocks that are given then, no others, with the link it had (inferred)."""
    ours.make_router("vpc-2")
    near = Side("vpc-1", (ip_network("10.0.0.0/16"),))
    blocks = ip_network("10.1.0.0/16"), ip_network("fd00:1::/64"), ip_network("10.2.0.0/16")
    ours.join("pcx-1", near, Side("vpc-2", ()))
    with ours.node("vpc-1") as router:
        before = plugged(router)
        for some in (blocks[:2], blocks[1:], ()):
            ours.join("pcx-1", near, Side("vpc-2", some))
            assert plugged(router) == before
            assert routes(router.kernel, before["pcx-1"].number) == set(some)


def test_making_again_changes_nothing(ours: Namespaces) -> None:
    """What is made twice is there once, with the same links (inferred)."""
    wanted = [_interface("1", "10.0.0.5", "fd00::5")]
    ours.make_instance("i-1", wanted)
    with ours.node("i-1") as node:
        before = links(node.kernel)
    ours.make_router("vpc-1")
    ours.make_instance("i-1", wanted)
    with ours.node("i-1") as node:
        assert links(node.kernel) == before
    assert ours.ids() == ["i-1", "vpc-1"]


def test_an_instance_is_changed(ours: Namespaces) -> None:
    """Addresses and interfaces come and go, and others stay as they are (inferred)."""
    first, second = _interface("1", "10.0.0.5", "fd00::5"), _interface("2", "10.0.0.6", place=1)
    ours.make_instance("i-1", [first])
    ours.make_instance("i-1", [first, second])
    assert _given(ours, "i-1") == {"eth0": set(first.addresses), "eth1": set(second.addresses)}
    ours.make_instance("i-1", [_interface("1", "10.0.0.9"), second])
    assert _given(ours, "i-1") == {"eth0": {ip_address("10.0.0.9")}, "eth1": set(second.addresses)}
    ours.make_instance("i-1", [second])
    assert _given(ours, "i-1") == {"eth1": set(second.addresses)}
    assert _routed(ours, "vpc-1") == {"eni-2"}


def test_a_new_address_is_reached() -> None:
    """An interface whose only address is exchanged for another is reached at that one (inferred)."""
    with Bed({"vpc-a": 2}) as bed:
        host = bed.hosts[1]
        moved = host.interface._replace(addresses=(ip_address("10.0.0.99"), host.address(6)))
        sender, there = bed.hosts[0], host._replace(interface=moved)
        probes = [Probe(sender, each, 4, TCP, 80) for each in (host, there)]
        assert bed.arrived(probes) == [True, False]
        bed.namespaces.make_instance(host.id, [moved])
        host.station.interface = moved
        assert bed.arrived(probes) == [False, True]
        assert bed.arrived([Probe(there, sender, 4, TCP, 80)]) == [True]


def test_an_interface_moves(ours: Namespaces) -> None:
    """An interface that is given to another instance leaves the one that had it (inferred)."""
    ours.make_instance("i-1", [_interface("1", "10.0.0.5")])
    ours.make_instance("i-2", [_interface("1", "10.0.0.5")])
    assert _given(ours, "i-1") == {}
    assert _given(ours, "i-2") == {"eth0": {ip_address("10.0.0.5")}}
    assert _routed(ours, "vpc-1") == {"eni-1"}


def test_parting_what_is_not_joined(ours: Namespaces) -> None:
    """To end a connection that is not there, or of a router that is not, is nothing (inferred)."""
    ours.part("pcx-1", "vpc-1")
    ours.part("pcx-1", "vpc-2")


def test_removal_takes_both_ends(ours: Namespaces) -> None:
    """An instance that goes takes its links at the router with it, though a process inside lives on (inferred)."""
    ours.make_instance("i-1", [_interface("1", "10.0.0.5")])
    with ours.opened("i-1") as instance:
        child = instance.within(lambda: subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE))
    with child:
        ours.remove("i-1")
        assert _routed(ours, "vpc-1") == set()
        assert ours.ids() == ["vpc-1"]
    ours.remove("i-1")


def test_a_failure_leaves_nothing(ours: Namespaces) -> None:
    """If one interface cannot be made, nothing of the instance is left, and it can be made at once (inferred)."""
    good = _interface("1", "10.0.0.5")
    with pytest.raises(Refused):
        ours.make_instance("i-1", [good, _interface("2", "10.0.0.6")])  # a second eth0
    assert ours.ids() == ["vpc-1"]
    assert _routed(ours, "vpc-1") == set()
    ours.make_instance("i-1", [good])
    assert _routed(ours, "vpc-1") == {"eni-1"}


def test_without_its_router_there_is_no_instance(ours: Namespaces) -> None:
    """An instance in a VPC that is not here is not made (inferred)."""
    with pytest.raises(FileNotFoundError):
        ours.make_instance("i-1", [_interface("1", "10.0.0.5")._replace(vpc_id="vpc-2")])
    assert ours.ids() == ["vpc-1"]


def test_killed_in_the_midst(ours: Namespaces) -> None:
    """Of an instance whose maker is killed before it is whole, the kernel leaves nothing (inferred)."""
    text = (
        "import os, signal\n"
        "from groupwall.enforce.dataplane.namespaces import Namespaces\n"
        "from groupwall.enforce.dataplane.wiring import Interface\n"
        "class Fatal(tuple):\n"
        "    def __iter__(self): os.kill(os.getpid(), signal.SIGKILL)\n"
        "    def __hash__(self): return 0\n"
        "one = Interface('eni-1', 'vpc-1', 0, bytes((2, 0, 0, 0, 0, 1)), Fatal())\n"
        f"Namespaces({PREFIX!r}).make_instance('i-1', [one])\n"
    )
    ended = subprocess.run([sys.executable, "-c", text], check=False)  # noqa: S603 - our own words only
    assert ended.returncode == -signal.SIGKILL
    assert ours.ids() == ["vpc-1"]
    ours.make_instance("i-1", [_interface("2", "10.0.0.5")])
    assert _given(ours, "i-1") == {"eth0": {ip_address("10.0.0.5")}}


def test_killed_in_the_midst_of_a_change(ours: Namespaces) -> None:
    """An instance whose change was cut off by a kill can be changed again (inferred)."""
    first, second = _interface("1", "10.0.0.5"), _interface("2", "10.0.0.6", place=1)
    ours.make_instance("i-1", [first])
    with ours.node("i-1") as instance, ours.node("vpc-1") as router:
        pair = new_pair(End(device("gwe", "eni-2"), second.mac), End("eth1", first.mac, instance.namespace.descriptor))
        router.kernel.order([pair])
    ours.make_instance("i-1", [first, second])
    assert _given(ours, "i-1") == {"eth0": set(first.addresses), "eth1": set(second.addresses)}


def test_only_ours_are_removed(ours: Namespaces) -> None:
    """A namespace that only has a name like ours is not ours, and stays (inferred)."""
    foreign = [f"{PREFIX}-i-2", f"{PREFIX}-home", f"{PREFIX}x-i-3"]
    try:
        for name in foreign:
            with Namespace.new() as other:
                other.name(name)
        assert ours.remove_all() == ["vpc-1"]
        assert [name for name in names() if name.startswith(PREFIX)] == sorted(foreign)
    finally:
        for name in foreign:
            forget(name)


@pytest.mark.parametrize("identity", ["", "i-", "eni-1", "i-../../etc", "vpc-a b", "i-1\n", "i-A"])
def test_other_ids_are_refused(identity: str) -> None:
    """Nothing but the id of an instance or a VPC becomes a name of the file system (inferred)."""
    with pytest.raises(ValueError, match="is the id of no instance"):
        Namespaces(PREFIX).name(identity)


def test_device_names_fit() -> None:
    """A link's name has the 15 characters that Linux allows, and follows from the id alone (inferred)."""
    some = {device("gwe", f"eni-{number:017x}") for number in range(1000)}
    assert len(some) == 1000
    assert {len(name) for name in some} == {15}
    assert device("gwe", "eni-1") in device("gwe", "eni-1")
    assert device("gwe", "eni-1")[3:] == device("gwp", "eni-1")[3:]


def test_an_instance_cannot_see_the_host(ours: Namespaces) -> None:
    """Inside there is the loopback and the instance's own link, and nothing else (inferred)."""
    ours.make_instance("i-1", [_interface("1", "10.0.0.5")])
    with ours.opened("i-1") as instance:
        assert {name for _, name in instance.within(socket.if_nameindex)} == {"lo", "eth0"}


def test_nobody_is_sent_elsewhere(ours: Namespaces) -> None:
    """A router redirects no instance to another, on any link: between them are rules (inferred)."""
    ours.make_instance("i-1", [_interface("1", "10.0.0.1")])
    with ours.opened("vpc-1") as router:
        said = router.within(
            lambda: [each.read_text() for each in Path("/proc/sys/net").glob("ipv4/conf/*/send_redirects")]
        )
    assert len(said) > 3
    assert set(said) == {"0\n"}
