"""A host follows answers: what users have is held to them, and instances are made of them."""

from __future__ import annotations

import pytest

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.attached import let_go
from groupwall.enforce.dataplane.bindings import Unbound, Wanted, binding
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.dataplane.posts import remove_table
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import ROUTES
from groupwall.enforce.kernel.messages import GoneTable, NewTable, transaction
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, attribute, text
from groupwall.enforce.kernel.reading import read_table
from tests.enforce.answers import changes, group, interface, rule, whole
from tests.enforce.placed import PORT, SSH, VPC, Placed, bridged


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
        bridged(kernel, placed.devices[0]),
        pytest.raises(Unbound, match="belongs to bridge0"),
    ):
        placed.router.within(lambda: binding(Wanted(placed.enis[0], placed.devices[0]), VPC))


def table(namespace: Namespace) -> object:
    """Return our table of a namespace, None if there is none."""
    with namespace.within(lambda: Connection(NETFILTER)) as kernel:
        return read_table(kernel, TABLE)
