"""A change that alters instances which a host is about to make is pending until it has made them [inferred]."""

from __future__ import annotations

from typing import Any

import pytest

from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json, allow, create_group, tcp

IMAGE = {"ImageId": "ami-00000000", "MinCount": 1, "MaxCount": 1}


class Net:
    """A host that makes instances, and a group that they are in."""

    def __init__(self, wall: Wall) -> None:
        self.wall = wall
        self.group = create_group(wall, "web")
        self.enforced: list[str] = []
        self.tell()

    def run(self) -> tuple[str, str]:
        """Run an instance; return its id and its interface's."""
        made = self.wall.call("RunInstances", SecurityGroupIds=[self.group], **IMAGE)["Instances"][0]
        return made["InstanceId"], made["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def tell(self, host: str = "one", **params: Any) -> None:  # noqa: ANN401 - as boto3 gives them
        """Have a host tell that it is up to date, with the interfaces that it has made by now."""
        given = {"Revision": self.wall.app.revision(), "InterfaceIds": self.enforced, "Instances": True}
        self.wall.call("Acknowledge", Host=host, **(given | params))

    def open(self, port: int = 22) -> int:
        """Open a port in the group; return the revision."""
        allow(self.wall, self.group, tcp(port, "192.0.2.0/24"))
        return self.wall.app.revision()

    def state(self, revision: int | None = None) -> tuple[str, dict[str, list[str]]]:
        """Return the state of a change, and what the hosts that it concerns have yet to make."""
        told = self.wall.call("DescribePropagation", **({} if revision is None else {"Revision": revision}))
        return told["State"], {one["Host"]: one["UnmadeInterfaceIds"] for one in told["Hosts"] if one["Concerned"]}


@pytest.fixture
def net(wall: Wall) -> Net:
    """Return the host."""
    return Net(wall)


def test_an_instance_is_awaited(net: Net) -> None:
    """What is run, and a rule that follows, are pending until the host has made the instance, then applied."""
    _, interface = net.run()
    ran = net.wall.app.revision()
    opened = net.open()
    net.tell()
    for revision in (ran, opened, None):
        assert net.state(revision) == ("pending", {"one": [interface]})
    net.enforced = [interface]
    net.tell()
    net.tell()  # what it enforces now was a change, which it has by now
    for revision in (ran, opened, None):
        assert net.state(revision) == ("applied", {"one": []})


def test_where_nobody_makes_instances(net: Net) -> None:
    """Without such a host an instance is a record: what alters it alone concerns nobody."""
    net.tell(Instances=False)
    net.run()
    assert net.state(net.wall.app.revision()) == ("not-enforced", {})


def test_a_dead_host_that_should_make_it(net: Net) -> None:
    """It is named, whether it ever made an instance or not; where another one is alive that makes them, that one is."""
    net.wall.clock.advance(5.001)
    _, interface = net.run()
    revision = net.wall.app.revision()
    assert net.state(revision) == ("pending", {"one": [interface]})
    net.tell("two")
    assert net.state(revision) == ("pending", {"two": [interface]})


def test_a_host_that_is_forgotten(net: Net) -> None:
    """Nothing is awaited of it any more."""
    net.run()
    net.wall.clock.advance(5.001)
    net.wall.call("ForgetHost", Host="one")
    assert net.state(net.wall.app.revision()) == ("not-enforced", {})


def test_only_what_alters_it_waits(net: Net) -> None:
    """A rule of another group, or an interface of no instance, is nothing that an instance waits for."""
    net.run()
    other = create_group(net.wall, "other")
    create_interface(net.wall, Groups=[other])
    allow(net.wall, other, tcp(22, "192.0.2.0/24"))
    assert net.state(net.wall.app.revision()) == ("not-enforced", {})


def test_what_was_before_the_instance(net: Net) -> None:
    """A change of before it was run does not wait for it."""
    opened = net.open()
    net.run()
    assert net.state(opened) == ("not-enforced", {})


@pytest.mark.parametrize("verb", ["StopInstances", "TerminateInstances"])
def test_an_instance_that_should_not_run(net: Net, verb: str) -> None:
    """Nobody makes one that was stopped or terminated before it was made; once it is started it is awaited."""
    instance, interface = net.run()
    ran = net.wall.app.revision()
    net.wall.call(verb, InstanceIds=[instance])
    assert net.state(ran) == ("not-enforced", {})
    if verb == "StopInstances":
        net.wall.call("StartInstances", InstanceIds=[instance])
        assert net.state(net.wall.app.revision()) == ("pending", {"one": [interface]})


def test_the_lag_goes_on(net: Net) -> None:
    """Until it has made the instance, however new the revision is that it enforces elsewhere."""
    net.run()
    revision = net.wall.app.revision()
    net.tell()
    net.wall.clock.advance(2)
    told: Json = net.wall.call("DescribePropagation", Revision=revision)["Hosts"][0]
    assert (told["Revision"], told["Lag"]) == (revision, 2000)
