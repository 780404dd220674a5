"""Instances on this machine, and packets between them that arrive or do not, without waiting for what does not come.

The kernel passes a packet on from link to link in the order in which packets came, all on the processor of the thread
that sent the first one. So a sender that stays on one processor sends its packets, and then an echo to its gateway,
which no table judges: when the answer is here, the router is done with all that was sent before, and with the second
answer so is a router behind it. What has not arrived then was dropped.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from ipaddress import ip_address, ip_network
from itertools import count
from time import monotonic
from typing import NamedTuple, Self, TypeVar

from groupwall.enforce.entering import Namespace
from groupwall.enforce.links import Network
from groupwall.enforce.namespaces import Namespaces, Side
from groupwall.enforce.wiring import GATEWAYS, ROUTER_MAC, Interface
from tests.enforce.packets import ICMP, Address, Packet

ROUTERS_ON_THE_WAY = 2
PATIENCE = 0.05
"""Seconds in which the answer to an echo comes, on a machine that is not too busy."""
TRIES = 400
"""How often an echo is sent that nothing can drop: unanswered then, and the bed itself is broken."""

_ALL = 3  # ETH_P_ALL
_ETHERTYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
_PACKET_OPTIONS, _IGNORE_OUTGOING = 263, 23
_RECEIVE_BUFFER_FORCE = 33
_ETHERNET = 14
_TAG = 8
_ECHO = 8

T = TypeVar("T")


class Host(NamedTuple):
    """An instance of the bed."""

    id: str
    interface: Interface
    namespace: Namespace
    link: socket.socket
    """Sends and receives whole frames at the instance's ``eth0``, below its own firewall and sockets."""

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
        self._arrived: dict[str, set[bytes]] = {}
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
        link = self._held.enter_context(namespace.within(_link))
        self._arrived[f"i-{identity}"] = set()
        return Host(f"i-{identity}", interface, namespace, link)

    # ---- packets

    def arrived(self, probes: Sequence[Probe]) -> list[bool]:
        """Send packets in this order, and tell of each whether it arrived."""
        tags = [self._tag() for _ in probes]
        with _on_one_processor():
            for probe, tag in zip(probes, tags, strict=True):
                _send(probe.source, _packet(probe, tag))
            for host in dict.fromkeys(probe.source for probe in probes):
                self._echo(host)
        for host in dict.fromkeys(probe.destination for probe in probes):
            self._collect(host)
        return [tag in self._arrived[probe.destination.id] for probe, tag in zip(probes, tags, strict=True)]

    def reaches(self, sender: Host, receiver: Host, packet: Packet, mac: bytes = ROUTER_MAC) -> bool:
        """Send one packet as it is, addressed in the link to ``mac``, and tell whether an instance gets it."""
        with _on_one_processor():
            _send(sender, packet, mac)
            self._echo(sender)
        self._collect(receiver)
        return packet.tag in self._arrived[receiver.id]

    def connect(self, client: Host, server: Host, port: int, version: int = 4) -> Connected | None:
        """Open a TCP connection between two programs, None if its first packet or the answer does not arrive."""
        listening = server.within(lambda: _listening(server.address(version), port))
        calling = client.within(lambda: _socket(version))
        with listening, _on_one_processor():
            calling.connect_ex((str(server.address(version)), port))
            self._echo(client)
            if not _is_ready(listening):
                calling.close()
                return None
            answering, _ = listening.accept()
        answering.settimeout(0)
        return Connected(calling, answering)

    def speaks(self, host: Host, mouth: socket.socket, ear: socket.socket) -> bool:
        """Tell whether what a program of an instance says through a connection is heard at its other end."""
        word = self._tag()
        with _on_one_processor():
            mouth.send(word)
            self._echo(host)
        return _is_ready(ear) and word in ear.recv(1 << 16)

    def settle(self, host: Host) -> None:
        """Return when all that an instance has sent, and what was answered to it at once, is where it ends."""
        with _on_one_processor():
            self._echo(host)

    def _echo(self, host: Host) -> None:
        for _ in range(2 * ROUTERS_ON_THE_WAY):
            tag = self._tag()
            for _ in range(TRIES):
                _send(host, Packet(host.address(4), GATEWAYS[0], ICMP, _ECHO, 0, tag))
                # Asked again only while the links are new: the kernel says a little later that they carry.
                if self._comes(host, tag):
                    break
            else:
                raise TimeoutError(f"the gateway of {host.id} does not answer")

    def _comes(self, host: Host, tag: bytes) -> bool:
        until = monotonic() + PATIENCE
        while tag not in self._arrived[host.id]:
            if not _is_ready(host.link, max(0, until - monotonic())):
                return False
            self._collect(host)
        return True

    def _collect(self, host: Host) -> None:
        """Keep the tags of what came to an instance since."""
        with suppress(BlockingIOError):
            while True:
                frame = host.link.recv(1 << 16)
                self._arrived[host.id].add(frame[-_TAG:])

    def _tag(self) -> bytes:
        return next(self._tags).to_bytes(_TAG)


def _packet(probe: Probe, tag: bytes) -> Packet:
    ends = probe.source.address(probe.version), probe.destination.address(probe.version)
    return Packet(*ends, probe.protocol, probe.first, probe.second, tag)


def _send(host: Host, packet: Packet, mac: bytes = ROUTER_MAC) -> None:
    ethernet = mac + host.interface.mac + _ETHERTYPES[packet.source.version]
    host.link.send(ethernet + packet.encoded())


def _link() -> socket.socket:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    link.setsockopt(_PACKET_OPTIONS, _IGNORE_OUTGOING, 1)
    link.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, 64 << 20)
    link.bind(("eth0", _ALL))
    link.settimeout(0)
    return link


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


def _is_ready(one: socket.socket, seconds: float = 0) -> bool:
    waiting = select.poll()
    waiting.register(one, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


@contextmanager
def _on_one_processor() -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[os.getpid() % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _blocks(place: int) -> tuple[Network, Network]:
    return ip_network(f"10.{place}.0.0/16"), ip_network(f"fd00:{place}::/64")
