"""What programs inside of instances say to each other: connections of TCP, and a stream of packets with times in them.

A socket is of the network namespace in which it was opened, so this process may hold both ends of a connection. The
stream is sent by a process of its own, which nothing else keeps from sending.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.probes.streaming import SIZE, time_of

REFUSED_AFTER = 0.3
"""Seconds after which a connection counts as dropped: on one machine a first packet arrives in far less than one."""

_RECEIVE_BUFFER_FORCE = 33
_BUFFER = 64 << 20
_WORD = b"hello"


class Place(NamedTuple):
    """An instance: its network namespace, and its address there."""

    namespace: Namespace
    address: str


class Conversation(NamedTuple):
    """A connection between two programs."""

    calling: socket.socket
    answering: socket.socket

    def speaks(self) -> bool:
        """Tell whether what one says is heard by the other."""
        self.calling.send(_WORD)
        try:
            return self.answering.recv(len(_WORD)) == _WORD
        except TimeoutError:
            return False

    def close(self) -> None:
        """Close both ends."""
        self.calling.close()
        self.answering.close()


def listening(there: Place, port: int) -> socket.socket:
    """Return a socket that listens at an instance's address."""
    return there.namespace.within(lambda: socket.create_server((there.address, port)))


def converse(here: Place, server: socket.socket) -> Conversation | None:
    """Connect to a server from an instance; None if no connection comes about in time."""
    calling = here.namespace.within(socket.socket)
    calling.settimeout(REFUSED_AFTER)
    try:
        calling.connect(server.getsockname())
    except OSError:
        calling.close()
        return None
    answering, _ = server.accept()
    answering.settimeout(REFUSED_AFTER)
    return Conversation(calling, answering)


class Stream:
    """Packets that an instance sends without end, and another one gets, or not; nobody answers them."""

    def __init__(self, arriving: socket.socket) -> None:
        self._arriving = arriving

    def arrived(self) -> list[float]:
        """Return when those packets were sent that have arrived since it was asked last."""
        found = []
        with suppress(BlockingIOError):
            while True:
                found.append(time_of(self._arriving.recv(SIZE)))
        return found


@contextmanager
def streaming(here: Place, there: Place, port: int) -> Iterator[Stream]:
    """Have an instance send to another, by UDP. Needs root: a small buffer would lose what has passed."""
    arriving = there.namespace.within(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    module = "groupwall.enforce.probes.streaming"
    words = [sys.executable, "-P", "-m", module, there.address, str(port)]  # -P: nothing in the working folder is run
    with arriving:
        arriving.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _BUFFER)
        arriving.settimeout(0)
        arriving.bind((there.address, port))
        with here.namespace.within(
            # In a session of its own, so that a terminal's Ctrl-C is for us alone.
            lambda: subprocess.Popen(words, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603 - our own words
        ) as program:
            try:
                yield Stream(arriving)
            finally:
                program.kill()
