"""Instances on this machine, and packets and connections between them.

How it is known without waiting what does not arrive is told in groupwall.enforce.probes.probing.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from ipaddress import ip_address, ip_network
from itertools import count
from typing import NamedTuple, Self, TypeVar

from groupwall.enforce.dataplane.namespaces import Namespaces, Side
from groupwall.enforce.dataplane.wiring import ROUTER_MAC, Interface
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.links import Address, Network
from groupwall.enforce.kernel.packets import Packet
from groupwall.enforce.probes.probing import Station, is_ready, on_one_processor, tag

T = TypeVar("T")


class Host(NamedTuple):
    """An instance of the bed."""

    id: str
    interface: Interface
    namespace: Namespace
    station: Station

    def __repr__(self) -> str:
        """Return its id: what a failed test shows is to be read."""
        return self.id

    def address(self, version: int) -> Address:
        """Return its address of a family, 4 or 6."""
        return self.interface.addresses[version == 6]

    def within(self, act: Callable[[], T]) -> T:
        """Do something inside."""
        return self.namespace.within(act)


class Probe(NamedTuple):
    """One packet. first: the port, or ICMP type; second: the sender's port, or the ICMP code."""

    source: Host
    destination: Host
    version: int
    protocol: int
    first: int = 0
    second: int = 40000

    def answer(self) -> Probe:
        """Return what the receiver answers, of protocols with ports."""
        return Probe(self.destination, self.source, self.version, self.protocol, self.second, self.first)


class Connected(NamedTuple):
    """A TCP connection: what the two programs hold of it."""

    client: socket.socket
    server: socket.socket

    def close(self) -> None:
        """Close both."""
        self.client.close()
        self.server.close()


class Bed:
    """Instances in VPCs: ``Bed({"vpc-a": 3, "vpc-b": 1})``. All of it is gone at the end."""

    _beds = count()

    def __init__(self, sizes: Mapping[str, int], *, peered: bool = False, overlapping: bool = False) -> None:
        self._sizes = sizes
        self._peered = peered
        self._overlap = overlapping
        self._tags = count(1)
        self._held = ExitStack()
        self.namespaces = Namespaces(f"gwt-{os.getpid()}-{next(self._beds)}")
        self.routers: dict[str, Namespace] = {}
        self.hosts: list[Host] = []

    def __enter__(self) -> Self:
        with ExitStack() as undoing:
            undoing.callback(self.namespaces.remove_all)
            undoing.push(self._held)
            for place, vpc_id in enumerate(self._sizes):
                self._make(vpc_id, 0 if self._overlap else place)
            if self._peered:
                one, other = (Side(vpc_id, _blocks(place)) for place, vpc_id in enumerate(self._sizes))
                self.namespaces.join("pcx-1", one, other)
            for host in self.hosts:
                self.settle(host)
            self._undoing = undoing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undoing.close()

    def _make(self, vpc_id: str, place: int) -> None:
        self.namespaces.make_router(vpc_id)
        self.routers[vpc_id] = self._held.enter_context(self.namespaces.opened(vpc_id))
        for number in range(1, self._sizes[vpc_id] + 1):
            self.hosts.append(self._made(vpc_id, place, number))

    def _made(self, vpc_id: str, place: int, number: int) -> Host:
        identity = f"{len(self.hosts):08x}"
        mac = bytes((2, 0, 0, place, 0, number))
        addresses = tuple(ip_address(f"{text}{number:x}") for text in (f"10.{place}.0.1", f"fd00:{place}::1"))
        interface = Interface(f"eni-{identity}", vpc_id, 0, mac, addresses)
        self.namespaces.make_instance(f"i-{identity}", [interface])
        namespace = self._held.enter_context(self.namespaces.opened(f"i-{identity}"))
        station = self._held.enter_context(Station(namespace, interface))
        return Host(f"i-{identity}", interface, namespace, station)

    def made_again(self, host: Host) -> Host:
        """Make an instance anew, or what is missing of it."""
        self.namespaces.make_instance(host.id, [host.interface])
        namespace = self._held.enter_context(self.namespaces.opened(host.id))
        station = self._held.enter_context(Station(namespace, host.interface))
        made = Host(host.id, host.interface, namespace, station)
        self.settle(made)
        return made

    # ---- packets

    def arrived(self, probes: Sequence[Probe]) -> list[bool]:
        """Send packets in this order, and tell of each whether it arrived."""
        tags = [self._tag() for _ in probes]
        with on_one_processor():
            for probe, tag in zip(probes, tags, strict=True):
                probe.source.station.send(_packet(probe, tag))
            for host in dict.fromkeys(probe.source for probe in probes):
                host.station.settle()
        return [probe.destination.station.got(tag) for probe, tag in zip(probes, tags, strict=True)]

    def reaches(self, sender: Host, receiver: Host, packet: Packet, mac: bytes = ROUTER_MAC) -> bool:
        """Send one packet as it is, addressed in the link to ``mac``, and tell whether an instance gets it."""
        with on_one_processor():
            sender.station.send(packet, mac)
            sender.station.settle()
        return receiver.station.got(packet.tag)

    def connect(self, client: Host, server: Host, port: int, version: int = 4) -> Connected | None:
        """Open a TCP connection between two programs, None if its first packet or the answer does not arrive."""
        listening = server.within(lambda: _listening(server.address(version), port))
        calling = client.within(lambda: _socket(version))
        with listening, on_one_processor():
            calling.connect_ex((str(server.address(version)), port))
            client.station.settle()
            if not is_ready(listening):
                calling.close()
                return None
            answering, _ = listening.accept()
        answering.settimeout(0)
        return Connected(calling, answering)

    def speaks(self, host: Host, mouth: socket.socket, ear: socket.socket) -> bool:
        """Tell whether what a program of an instance says through a connection is heard at its other end."""
        word = self._tag()
        with on_one_processor():
            mouth.send(word)
            host.station.settle()
        return is_ready(ear) and word in ear.recv(1 << 16)

    def settle(self, host: Host) -> None:
        """Return when all that an instance has sent, and what was answered to it at once, is where it ends."""
        with on_one_processor():
            host.station.settle()

    def _tag(self) -> bytes:
        return tag(b"bed ", next(self._tags))


def _packet(probe: Probe, tag: bytes) -> Packet:
    ends = probe.source.address(probe.version), probe.destination.address(probe.version)
    return Packet(*ends, probe.protocol, probe.first, probe.second, tag)


def _socket(version: int) -> socket.socket:
    new = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    new.settimeout(0)
    return new


def _listening(address: Address, port: int) -> socket.socket:
    new = _socket(address.version)
    new.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    new.bind((str(address), port))
    new.listen()
    return new


def _blocks(place: int) -> tuple[Network, Network]:
    return ip_network(f"10.{place}.0.0/16"), ip_network(f"fd00:{place}::/64")
