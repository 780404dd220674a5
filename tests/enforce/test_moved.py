"""What was attached is followed wherever it goes, or it is told that it is not enforced."""

from __future__ import annotations

from select import select

import pytest

from groupwall.enforce.dataplane import bindings
from groupwall.enforce.dataplane.bindings import Unbound
from groupwall.enforce.kernel.links import ROUTES
from groupwall.enforce.kernel.netlink import Connection
from tests.enforce.answers import changes, whole
from tests.enforce.placed import PORT, SSH, Placed, bridged, removed, renamed
from tests.serving import PATIENCE


def test_another_name_is_followed(placed: Placed) -> None:
    """A device that is renamed is held under its new name, and so it is after a start of the agent (inferred)."""
    placed.follow(whole(1, placed.world()))
    placed.attach_both()
    assert not placed.passes()
    renamed(placed.router, placed.devices[1], "web0")
    [devices] = placed.host.devices()
    assert select([devices], [], [], PATIENCE)[0]
    assert placed.look() == [f"{placed.enis[1]}: {placed.devices[1]} is called web0 by now"]
    assert (placed.passes(), placed.host.interfaces, placed.host.faults) == (False, placed.enis, [])
    assert [one.device for one in bindings.read(placed.folder)] == [placed.devices[0], "web0"]
    placed.again()
    placed.follow(whole(2, placed.world(SSH)))
    assert placed.look() == []
    assert (placed.passes(), placed.passes(PORT + 1)) == (True, False)


def test_another_name_inside_is_followed(placed: Placed) -> None:
    """So it is within a container, and what it may is what it might before (inferred)."""
    placed.follow(whole(1, placed.world(SSH)))
    placed.attach_container(1)
    renamed(placed.bed.hosts[1].namespace, "eth0", "w9")
    assert placed.connects(PORT + 1)
    placed.look()
    assert (placed.connects(), placed.connects(PORT + 1)) == (True, False)


def test_names_may_change_places(placed: Placed) -> None:
    """Of two devices that each get the other's name each is held to its own interface (inferred)."""
    placed.follow(whole(1, placed.world(SSH)))
    placed.attach_both()
    for old, new in ((0, None), (1, 0), (None, 1)):
        names = ["between" if one is None else placed.devices[one] for one in (old, new)]
        renamed(placed.router, *names)
    assert len(placed.look()) == 2
    assert (placed.passes(), placed.passes(PORT + 1)) == (True, False)


def test_a_bridge_takes_a_device_away(placed: Placed) -> None:
    """A device in a bridge is told as not enforced, with the reason, until it is out again (dataplane-nftables 3.4)."""
    placed.follow(whole(1, placed.world()))
    placed.attach_both()
    with placed.router.within(lambda: Connection(ROUTES)) as kernel, bridged(kernel, placed.devices[0]):
        assert placed.look() == []
        assert placed.host.interfaces == placed.enis[1:]
        [fault] = placed.host.faults
        assert fault.startswith(f"{placed.enis[0]}: {placed.devices[0]} belongs to bridge0: what a bridge passes on")
    assert placed.look() == [f"{placed.enis[0]}: {placed.devices[0]} is held again"]
    assert (placed.host.interfaces, placed.host.faults, placed.passes()) == (placed.enis, [], False)


def test_a_bridge_inside_takes_a_device_away_too(placed: Placed) -> None:
    """Within a container rules see the bridge and not its device, so that this cannot be attached either (inferred)."""
    placed.follow(whole(1, placed.world()))
    inside = placed.bed.hosts[1].namespace
    with (
        inside.within(lambda: Connection(ROUTES)) as kernel,
        bridged(kernel, "eth0"),
        pytest.raises(Unbound, match="eth0 belongs to bridge0"),
    ):
        placed.attach(1, device="eth0", netns=placed.bed.namespaces.name(placed.bed.hosts[1].id))
    placed.attach_container(1)
    with inside.within(lambda: Connection(ROUTES)) as kernel, bridged(kernel, "eth0"):
        placed.look()
        assert placed.host.interfaces == []


def test_a_device_that_is_made_again_is_held(placed: Placed) -> None:
    """A device that goes is told as not enforced; one of its name is held from its first packet on (inferred)."""
    placed.follow(whole(1, placed.world(SSH)))
    placed.attach_container(1)
    removed(placed.bed.hosts[1].namespace, "eth0")
    placed.look()
    assert placed.host.interfaces == []
    assert placed.host.faults == [f"{placed.enis[1]}: there is no device eth0"]
    placed.remake(1)
    assert (placed.connects(), placed.connects(PORT + 1)) == (True, False)
    assert placed.look() == [f"{placed.enis[1]}: eth0 is held again"]
    assert (placed.host.interfaces, placed.host.faults) == (placed.enis[1:], [])


def test_a_container_that_is_made_again_is_held(placed: Placed) -> None:
    """A namespace that comes again under its name is taken up; until then it is told as not enforced (inferred)."""
    world = placed.world(SSH)
    placed.follow(whole(1, world))
    placed.attach_container(1)
    placed.bed.namespaces.remove(placed.bed.hosts[1].id)
    placed.follow(changes(2, world, world))
    placed.look()
    assert placed.host.faults == [f"{placed.enis[1]}: its network namespace is gone; one of that name will be held"]
    assert (placed.host.interfaces, placed.host.applied, list(placed.host.posts())) == ([], 2, [])
    placed.remake(1)
    assert placed.connects(PORT + 1)
    placed.look()
    assert (placed.host.interfaces, placed.host.faults) == (placed.enis[1:], [])
    assert (placed.connects(), placed.connects(PORT + 1)) == (True, False)
    placed.follow(changes(3, world, placed.world()))
    assert not placed.connects()


def test_a_container_may_come_after_the_agent(placed: Placed) -> None:
    """An agent that starts before a container waits for its name, as after a boot, and may be detached (inferred)."""
    placed.follow(whole(1, placed.world(SSH)))
    placed.attach_container(0)
    placed.attach_container(1)
    for one in placed.bed.hosts:
        placed.bed.namespaces.remove(one.id)
    placed.again()
    assert (placed.host.interfaces, len(placed.host.faults)) == ([], 2)
    placed.detach(0)
    placed.remake(1)
    placed.look()
    placed.follow(whole(1, placed.world(SSH)))
    placed.look()
    assert (placed.host.interfaces, placed.host.faults) == (placed.enis[1:], [])


def test_a_process_is_let_go_with_its_namespace(placed: Placed) -> None:
    """A binding by pid ends with the process' namespace, and keeps nothing of it alive (inferred)."""
    placed.follow(whole(1, placed.world()))
    with placed.process(1) as process:
        placed.attach(1, netns=str(process.pid))
        assert placed.host.interfaces == placed.enis[1:]
    assert placed.look() == [f"{placed.enis[1]}: its network namespace is gone"]
    assert (placed.host.interfaces, placed.host.faults, bindings.read(placed.folder)) == ([], [], [])
