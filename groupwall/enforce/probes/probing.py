"""Packets that are sent to be seen to arrive, or not, without waiting for what does not come.

The kernel passes packets on from link to link in the order in which they came, all on the processor of the thread that
sent the first one. So a sender that stays on one processor sends its packets, and then an echo to its gateway, which
no table judges: when the answer is here, the router is done with all that was sent before, and with the next answer so
is a router behind it. What has not arrived then was dropped (inferred).
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from typing import Self

from groupwall.enforce.dataplane.wiring import GATEWAYS, ROUTER_MAC, Interface
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.packets import ICMP, Packet
from groupwall.units import ticks

TAG = 8
"""Bytes of a tag, by which a packet is known: its last ones."""

PATIENCE = 0.05
"""Seconds in which the answer to an echo comes, on a machine that is not too busy."""
TRIES = 400
"""How often an echo is sent that nothing can drop before it is clear that nobody answers."""
ECHOES = 4
"""As many as there are routers on the longest way there and back."""

_ALL = 3  # ETH_P_ALL
_ETHERTYPES = {4: b"\x08\x00", 6: b"\x86\xdd"}
_PACKET_OPTIONS, _IGNORE_OUTGOING = 263, 23
_RECEIVE_BUFFER_FORCE = 33
_ECHO_TYPE = 8


class Station:
    """An instance that sends and receives whole frames at its link, below its own sockets and rules."""

    def __init__(self, namespace: Namespace, interface: Interface) -> None:
        self.interface = interface
        self.link = namespace.within(lambda: _link(f"eth{interface.place}"))
        self._came: set[bytes] = set()
        self._echoes = count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.link.close()

    def send(self, packet: Packet, mac: bytes = ROUTER_MAC) -> None:
        """Send a packet, addressed in the link to ``mac``."""
        ethernet = mac + self.interface.mac + _ETHERTYPES[packet.source.version]
        self.link.send(ethernet + packet.encoded())

    def settle(self) -> None:
        """Return when all that was sent, and what was answered to it at once, is where it ends. Raise TimeoutError."""
        for _ in range(ECHOES):
            echo = self._echo()
            # Sent again only while the link is new: the kernel says a little later that it carries.
            if not any(self._answered(echo) for _ in range(TRIES)):
                raise TimeoutError(f"the gateway of {self.interface.id} does not answer")

    def got(self, tag: bytes) -> bool:
        """Tell whether a packet with a tag has come."""
        self._collect()
        return tag in self._came

    def _echo(self) -> Packet:
        own = next(address for address in self.interface.addresses if address.version == GATEWAYS[0].version)
        return Packet(own, GATEWAYS[0], ICMP, _ECHO_TYPE, 0, tag(b"echo", next(self._echoes)))

    def _answered(self, echo: Packet) -> bool:
        self.send(echo)
        until = ticks() + PATIENCE
        while not self.got(echo.tag):
            if not is_ready(self.link, max(0, until - ticks())):
                return False
        return True

    def _collect(self) -> None:
        with suppress(BlockingIOError):
            while True:
                self._came.add(self.link.recv(1 << 16)[-TAG:])


def tag(kind: bytes, number: int) -> bytes:
    """Return a tag. kind: four letters, with which no packet ends that the kernel sends by itself."""
    return kind + number.to_bytes(TAG - len(kind))


def is_ready(one: socket.socket, seconds: float = 0) -> bool:
    """Tell whether there is something to be read, or comes in time."""
    waiting = select.poll()
    waiting.register(one, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Keep this thread on one processor meanwhile, each process on one of its own as far as there are enough."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[os.getpid() % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _link(name: str) -> socket.socket:
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    link.setsockopt(_PACKET_OPTIONS, _IGNORE_OUTGOING, 1)
    link.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, 64 << 20)
    link.bind((name, _ALL))
    link.settimeout(0)
    return link
