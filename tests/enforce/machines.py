"""A machine that an agent runs on, with others around it: an instance of a bed with a router."""

from __future__ import annotations

from pathlib import Path
from socket import AF_INET, SOCK_DGRAM, socket

from groupwall.enforce.agent.host import Host
from groupwall.enforce.dataplane.bindings import Wanted
from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.reading import read_table
from groupwall.enforce.policy.own import Kept, Own
from groupwall.enforce.probes.probing import is_ready, on_one_processor
from groupwall.units import SystemClock
from tests.enforce.answers import Json, World, group, interface, rule
from tests.enforce.bed import Bed, Connected

VPC = "vpc-00000001"
ENI = "eni-000000aa"
GROUP = "sg-00000001"
PORT = 8080
SSH = 22
PATIENT = 60_000
BRIEF = 1500
"""Milliseconds of a trial that nobody confirms, in which a connection is tried."""


class Machine:
    """A machine, and others that speak with it. host: of the agent that runs on it."""

    def __init__(self, bed: Bed, folder: Path) -> None:
        self.bed = bed
        self.folder = folder
        self.here, self.one, self.other = bed.hosts
        self.host = self.begun()

    def begun(self) -> Host:
        """Return a host as an agent of this machine makes it."""
        made = Host(self.folder)
        self.here.within(made.begin)
        return made

    def follow(self, answer: Json) -> None:
        """Have the host follow an answer."""
        self.here.within(lambda: self.host.follow(answer))

    def attach(self, *kept: Kept, milliseconds: int = PATIENT) -> None:
        """Hold this machine, on trial."""
        own = Own(kept, SystemClock().now() + milliseconds)
        self.here.within(lambda: self.host.attach(Wanted(ENI, own=own)))

    def hold(self, *kept: Kept) -> None:
        """Hold this machine for good."""
        self.attach(*kept)
        self.here.within(lambda: self.host.confirm(ENI))

    def detach(self) -> None:
        """Let this machine go."""
        self.here.within(lambda: self.host.detach(ENI))

    def asked(self, port: int = PORT, version: int = 4) -> bool:
        """Tell whether another connects to this machine."""
        return closed(self.bed.connect(self.one, self.here, port, version))

    def asks(self, port: int = PORT, version: int = 4) -> bool:
        """Tell whether this machine connects to another."""
        return closed(self.bed.connect(self.here, self.one, port, version))

    def passing(self, flows: set[tuple[str, int, int]]) -> set[tuple[str, int, int]]:
        """Return those connections that come about: asked or asks, port, family."""
        return {(way, port, version) for way, port, version in flows if getattr(self, way)(port, version)}

    def speaks(self, made: Connected) -> bool:
        """Tell whether both ends of a connection to this machine hear each other, this one's words first."""
        return self.bed.speaks(self.here, made.server, made.client) and self.bed.speaks(
            self.one, made.client, made.server
        )

    def hears(self, sent_from: int, sent_to: int) -> bool:
        """Tell whether a program here gets a datagram between two ports."""
        hearing = self.here.within(lambda: datagrams(str(self.here.address(4)), sent_to))
        telling = self.one.within(lambda: datagrams(str(self.one.address(4)), sent_from))
        with hearing, telling, on_one_processor():
            telling.sendto(b"x", hearing.getsockname())
            self.one.station.settle()
            return is_ready(hearing)

    def table(self) -> object:
        """Return our table on this machine."""
        with self.here.within(lambda: Connection(NETFILTER)) as kernel:
            return read_table(kernel, TABLE)


def datagrams(address: str, port: int) -> socket:
    """Return a program's socket for datagrams."""
    new = socket(AF_INET, SOCK_DGRAM)
    new.bind((address, port))
    return new


def closed(made: Connected | None) -> bool:
    """Tell whether a connection came about, and close it."""
    if made:
        made.close()
    return made is not None


def world(*rules: Json) -> World:
    """Return what a server tells of the interface, whose group has these rules."""
    one = interface(ENI, VPC, [GROUP], Addresses=["192.0.2.9"], InstanceId=None)
    return {("interface", ENI): one, ("group", GROUP): group(GROUP, *rules)}


OPEN = rule("10.0.0.0/8", PORT)
OPEN_6 = rule("fd00::/16", PORT)
OUT = rule("10.0.0.0/8", PORT, egress=True)
