"""A host as the router between two instances that are not groupwall's, and what somebody does to their devices."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from struct import Struct

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane.bindings import Wanted
from groupwall.enforce.dataplane.wiring import device
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import ROUTES, links, no_link
from groupwall.enforce.kernel.netlink import CREATE, Connection, Message, attribute, nested, text
from tests.enforce.answers import Json, World, group, interface, rule
from tests.enforce.bed import Bed, Probe

VPC = "vpc-00000001"
PORT = 22
TCP = 6
SSH = rule("10.0.0.0/8", PORT)


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

    def look(self) -> list[str]:
        """Have the host follow what became of namespaces and devices; return what is new."""
        return self.router.within(self.host.look)

    def again(self) -> None:
        """End the agent, and start another."""
        self.host.close()
        self.host = self.within(Host)

    def remake(self, number: int) -> None:
        """Make one of the two anew under its name, or its device."""
        before = self.bed.hosts[number]
        self.bed.hosts[number] = self.bed.made_again(before)

    @contextmanager
    def process(self, number: int) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program inside one of the two, which does nothing."""
        words = [sys.executable, "-c", "input()"]
        inside = self.bed.hosts[number]
        with inside.within(lambda: subprocess.Popen(words, stdin=subprocess.PIPE)) as program:  # noqa: S603 - our own
            yield program
            program.communicate(b"\n")

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


_LINK = Struct("=BxHiII")


@contextmanager
def bridged(kernel: Connection, name: str) -> Iterator[None]:
    """Make a bridge that a device belongs to."""
    kind = nested(18, text(1, "bridge"))
    kernel.order([Message(16, CREATE, _LINK.pack(0, 0, 0, 0, 0) + text(3, "bridge0") + kind)])
    numbers = {link.name: link.number for link in links(kernel)}
    master = attribute(10, numbers["bridge0"].to_bytes(4, sys.byteorder))
    kernel.order([Message(16, 0, _LINK.pack(0, 0, numbers[name], 0, 0) + master)])
    yield
    with suppress(OSError):
        kernel.order([no_link(numbers["bridge0"])])


def renamed(namespace: Namespace, old: str, new: str) -> None:
    """Give a device another name."""
    with namespace.within(lambda: Connection(ROUTES)) as kernel:
        numbers = {link.name: link.number for link in links(kernel)}
        kernel.order([Message(16, 0, _LINK.pack(0, 0, numbers[old], 0, 0) + text(3, new))])


def removed(namespace: Namespace, name: str) -> None:
    """Remove a device."""
    with namespace.within(lambda: Connection(ROUTES)) as kernel:
        kernel.order([no_link(next(link.number for link in links(kernel) if link.name == name))])
