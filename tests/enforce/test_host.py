"""A host follows answers: what users have is held to them, and instances are made of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct

import pytest

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.attached import let_go
from groupwall.enforce.dataplane.bindings import Unbound, Wanted, binding
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.dataplane.wiring import device
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import ROUTES, links, no_link
from groupwall.enforce.kernel.messages import GoneTable, NewTable, transaction
from groupwall.enforce.kernel.netlink import CREATE, NETFILTER, Connection, Message, attribute, nested, text
from groupwall.enforce.kernel.reading import read_table
from tests.enforce.answers import Json, World, changes, group, interface, rule, whole
from tests.enforce.bed import Bed, Probe

VPC = "vpc-00000001"
PORT = 22
TCP = 6


class Placed:
    """Two instances that are not groupwall's, and a host that is the router between them."""

    def __init__(self, bed: Bed, folder: Path) -> None:
        self.bed = bed
        self.folder = folder
        self.router = bed.routers[VPC]
        self.host = self.within(Host)
        self.enis = [one.interface.id for one in bed.hosts]
        self.devices = [device("gwe", one) for one in self.enis]

    def within(self, kind: type[Host]) -> Host:
        """Return a host as an agent makes it."""
        made = kind(self.folder)
        self.router.within(made.begin)
        return made

    def follow(self, answer: Json) -> None:
        """Have the host follow an answer."""
        self.router.within(lambda: self.host.follow(answer))

    def attach(self, number: int, **given: str | None) -> None:
        """Bind one of the two instances, by its device at the router unless something else is given."""
        wanted = Wanted(self.enis[number], **(given or {"device": self.devices[number]}))
        self.router.within(lambda: self.host.attach(wanted))

    def attach_both(self) -> None:
        """Bind both: a router's device of our kind of name is closed until it is."""
        self.attach(0)
        self.attach(1)

    def attach_container(self, number: int) -> None:
        """Bind one of them by its own namespace, as a container has it."""
        self.attach(number, netns=self.bed.namespaces.name(self.bed.hosts[number].id))

    def connects(self, port: int = PORT, source: int = 0, destination: int = 1) -> bool:
        """Tell whether a connection between programs comes about."""
        made = self.bed.connect(self.bed.hosts[source], self.bed.hosts[destination], port)
        if made:
            made.close()
        return made is not None

    def detach(self, number: int) -> None:
        """Let one of them go."""
        self.router.within(lambda: self.host.detach(self.enis[number]))

    def passes(self, port: int = PORT) -> bool:
        """Tell whether the first packet of a connection arrives at the second of the two."""
        return self.bed.arrived([Probe(*self.bed.hosts, 4, TCP, port)])[0]

    def world(self, *rules: Json) -> World:
        """Return what a server tells of the two, whose group has these rules and lets everything out."""
        out = rule("0.0.0.0/0", 0, egress=True) | {"IpProtocol": "-1", "FromPort": -1, "ToPort": -1}
        both = {
            ("interface", one.interface.id): interface(
                one.interface.id, VPC, ["sg-00000001"], Addresses=[str(one.address(4))], InstanceId=None
            )
            for one in self.bed.hosts
        }
        return {**both, ("group", "sg-00000001"): group("sg-00000001", out, *rules)}


@pytest.fixture
def placed(tmp_path: Path) -> Iterator[Placed]:
    """Two instances and a host between them, that knows of nothing yet."""
    with Bed({VPC: 2}) as bed:
        made = Placed(bed, tmp_path)
        yield made
        made.host.close()


SSH = rule("10.0.0.0/8", PORT)


def test_what_a_container_passes_on_is_held(placed: Placed) -> None:
    """What comes in or goes out by an attached device for others behind a container is held to its rules (inferred)."""
    ping = rule("10.0.0.0/8", 0) | {
        "IpProtocol": "icmp",
        "FromPort": -1,
        "ToPort": -1,
    }  # by which the bed knows it is up
    open_, closed = (
        {key: fact | {"SourceDestCheck": False} for key, fact in placed.world(*some).items()}
        for some in ((SSH, ping), (ping,))
    )
    placed.follow(whole(1, open_))
    for number in (0, 1):  # it comes in as the first, and goes out as the second
        wanted = Wanted(placed.enis[number], placed.devices[number], placed.bed.namespaces.name(VPC))
        placed.host.attach(wanted)
    assert (placed.passes(), placed.passes(PORT + 1)) == (True, False)
    placed.follow(changes(2, open_, closed))
    assert not placed.passes()
    mute = {key: fact | {"Rules": [SSH, ping]} if key[0] == "group" else fact for key, fact in open_.items()}
    placed.follow(changes(3, closed, mute))
    assert not placed.passes()
    placed.follow(changes(4, mute, open_))
    assert placed.passes()


def test_a_device_is_held(placed: Placed) -> None:
    """What is attached is held to its interface's rules, as they change, until it is detached (inferred)."""
    open_, closed = placed.world(SSH), placed.world()
    placed.follow(whole(1, closed))
    assert placed.passes()
    placed.attach_both()
    assert not placed.passes()
    placed.follow(changes(2, closed, open_))
    assert placed.passes()
    assert not placed.passes(port=PORT + 1)
    placed.follow(changes(3, open_, closed))
    assert not placed.passes()
    placed.detach(0)
    placed.detach(1)
    assert placed.passes()
    assert table(placed.router) is None


def test_hooks_are_inside(placed: Placed) -> None:
    """A namespace that has an interface itself is held where its packets come in and go out (inferred)."""
    open_, closed = placed.world(SSH), placed.world()
    placed.follow(whole(1, closed))
    placed.attach_container(1)
    assert not placed.connects()
    placed.follow(changes(2, closed, open_))
    assert placed.connects()
    assert placed.connects(source=1, destination=0)
    silent = {**open_, ("group", "sg-00000001"): group("sg-00000001", SSH)}
    placed.follow(changes(3, open_, silent))
    assert placed.connects()
    assert not placed.connects(source=1, destination=0)
    assert table(placed.router) is None


def test_what_is_older_lives(placed: Placed) -> None:
    """A connection that a container has when it is attached lives, though nothing was tracked before (inferred)."""
    placed.follow(whole(1, placed.world()))
    made = placed.bed.connect(*placed.bed.hosts, PORT)
    assert made
    placed.attach_container(1)
    assert placed.bed.speaks(placed.bed.hosts[0], made.client, made.server)
    assert placed.bed.speaks(placed.bed.hosts[1], made.server, made.client)
    assert not placed.connects()
    made.close()


def test_bindings_last(placed: Placed) -> None:
    """Another agent takes up what was attached; what is enforced meanwhile is what was enforced before (users 5.5)."""
    placed.follow(whole(1, placed.world(SSH)))
    placed.attach_both()
    placed.host.close()
    assert placed.passes()
    placed.host = placed.within(Host)
    assert placed.passes()
    assert placed.host.interfaces == placed.enis
    placed.follow(whole(2, placed.world()))
    assert not placed.passes()


def test_closed_until_told(placed: Placed) -> None:
    """Where no whole table is, nothing passes to what is attached until the first answer (users 5.5)."""
    placed.follow(whole(1, placed.world(SSH)))
    placed.attach_container(1)
    assert placed.connects()
    placed.host.close()
    with placed.bed.namespaces.opened(placed.bed.hosts[1].id) as namespace:
        remove_table(namespace)
    assert placed.connects(PORT + 1)
    placed.host = placed.within(Host)
    assert (placed.host.applied, placed.connects()) == (0, False)
    placed.follow(whole(1, placed.world(SSH)))
    assert (placed.connects(), placed.connects(PORT + 1)) == (True, False)


def test_drift_is_repaired(placed: Placed) -> None:
    """A table that somebody removed is noticed and made again, once (users 5.5)."""
    placed.follow(whole(1, placed.world()))
    placed.attach_both()
    assert placed.host.repaired() == 0
    remove_table(placed.router)
    assert placed.passes()
    assert placed.host.repaired() == 1
    assert not placed.passes()
    assert placed.host.repaired() == 0


def test_what_groupwall_bound_is_let_go(placed: Placed) -> None:
    """Without an agent a cleanup removes the tables and the bindings, and nothing is left to remove then (inferred)."""
    placed.follow(whole(1, placed.world()))
    placed.attach_both()
    placed.host.close()
    assert placed.router.within(lambda: let_go(placed.folder)) == placed.enis
    assert (placed.passes(), table(placed.router), bindings.read(placed.folder)) == (True, None, [])
    assert placed.router.within(lambda: let_go(placed.folder)) == []


def test_a_namespace_that_goes_is_forgotten(placed: Placed) -> None:
    """A binding goes with its namespace, is told once, and keeps nothing of it alive (inferred)."""
    world = placed.world()
    placed.follow(whole(1, world))
    placed.attach_container(1)
    placed.bed.namespaces.remove(placed.bed.hosts[1].id)
    placed.follow(changes(2, world, world))
    assert placed.host.faults == [f"{placed.enis[1]}: its network namespace is gone"]
    assert (placed.host.interfaces, bindings.read(placed.folder)) == ([], [])


def test_what_is_not_ours_is_told(placed: Placed) -> None:
    """Somebody else's table of our name is not touched, so that nothing can be attached there (issue 6)."""
    placed.follow(whole(1, placed.world()))
    with placed.bed.namespaces.opened(placed.bed.hosts[1].id) as namespace:
        take_name(namespace)
    with pytest.raises(Unbound, match="somebody else has a table named groupwall"):
        placed.attach_container(1)
    assert (placed.host.interfaces, bindings.read(placed.folder), placed.connects()) == ([], [], True)


def test_one_that_cannot_be_held_is_no_other_s_trouble(placed: Placed) -> None:
    """Where one table cannot be brought up to what is told, the others are; all is applied once that one is too.

    So a container that is in the way keeps everything from being called applied, and not from its effect (inferred).
    """
    open_, closed = placed.world(SSH), placed.world()
    placed.follow(whole(1, open_))
    placed.attach_container(0)
    placed.attach_container(1)
    assert placed.connects()
    with placed.bed.namespaces.opened(placed.bed.hosts[0].id) as namespace:
        remove_table(namespace)
        take_name(namespace)
        placed.follow(changes(2, open_, closed))
        assert placed.host.faults == [
            f"{placed.enis[0]}: somebody else has a table named groupwall, which is not touched"
        ]
        assert (placed.host.revision, placed.host.applied, placed.connects()) == (2, 0, False)
        by_hand(namespace, GoneTable())
    placed.follow(changes(3, closed, closed))
    assert (placed.host.faults, placed.host.applied) == ([], 3)


def take_name(namespace: Namespace) -> None:
    """Have somebody else make a table of our name."""
    by_hand(namespace, NewTable(), without=attribute(6, b"groupwall"))


def by_hand(namespace: Namespace, change: NewTable | GoneTable, without: bytes = b"") -> None:
    """Make or remove a table of our name, without some bytes of the message."""
    [message] = change.messages(text(1, TABLE))
    with namespace.within(lambda: Connection(NETFILTER)) as kernel:
        kernel.order(
            transaction([message._replace(body=message.body.replace(without, b"") if without else message.body)])
        )


@pytest.mark.parametrize(
    ("number", "given", "why"),
    [
        (0, {"device": "nothing0"}, "there is no device nothing0"),
        (0, {"netns": "gwt-none"}, "there is no network namespace gwt-none"),
        (0, {"netns": "0"}, "there is no network namespace 0"),
        (0, {"netns": "../../etc/passwd"}, "neither a name nor a pid"),
        (0, {"device": None}, "has 2 devices: name one"),
        (1, {}, "is attached here already"),
    ],
)
def test_what_cannot_be_bound_is_told(placed: Placed, number: int, given: dict[str, str | None], why: str) -> None:
    """What cannot be attached is refused with its reason, and nothing is changed (inferred)."""
    placed.follow(whole(1, placed.world()))
    placed.attach(1)
    with pytest.raises(Unbound, match=why):
        placed.attach(number, **given)
    assert placed.host.interfaces == [placed.enis[1]]


def test_a_device_has_one_interface(placed: Placed) -> None:
    """A device is bound to one interface, and a namespace's table is of one VPC (inferred)."""
    placed.follow(whole(1, {**placed.world(), ("interface", "eni-000000ff"): interface("eni-000000ff", "vpc-2", [])}))
    placed.attach(1)
    with pytest.raises(Unbound, match="attached as another interface"):
        placed.attach(0, device=placed.devices[1])
    with pytest.raises(Unbound, match="of one VPC only"):
        placed.router.within(lambda: placed.host.attach(Wanted("eni-000000ff", placed.devices[0])))
    with pytest.raises(Unbound, match="no interface that the server tells of"):
        placed.router.within(lambda: placed.host.attach(Wanted("eni-000000fe", placed.devices[0])))


def test_what_a_bridge_passes_on_cannot_be_held(placed: Placed) -> None:
    """A device of a bridge is refused, since its packets do not come by where rules are (dataplane-nftables 3.4)."""
    with (
        placed.router.within(lambda: Connection(ROUTES)) as kernel,
        _bridged(kernel, placed.devices[0]),
        pytest.raises(Unbound, match="belongs to bridge0"),
    ):
        placed.router.within(lambda: binding(Wanted(placed.enis[0], placed.devices[0]), VPC))


_LINK = Struct("=BxHiII")


@contextmanager
def _bridged(kernel: Connection, name: str) -> Iterator[None]:
    """Make a bridge that a device belongs to."""
    kind = nested(18, text(1, "bridge"))
    kernel.order([Message(16, CREATE, _LINK.pack(0, 0, 0, 0, 0) + text(3, "bridge0") + kind)])
    numbers = {link.name: link.number for link in links(kernel)}
    master = attribute(10, numbers["bridge0"].to_bytes(4, sys.byteorder))
    kernel.order([Message(16, 0, _LINK.pack(0, 0, numbers[name], 0, 0) + master)])
    yield
    with suppress(OSError):
        kernel.order([no_link(numbers["bridge0"])])


def table(namespace: Namespace) -> object:
    """Return our table of a namespace, None if there is none."""
    with namespace.within(lambda: Connection(NETFILTER)) as kernel:
        return read_table(kernel, TABLE)
