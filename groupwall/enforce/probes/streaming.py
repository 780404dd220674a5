"""A program inside an instance that sends a packet each 0.1 ms, with the time in it, until its standard input ends.

    python -m groupwall.enforce.probes.streaming 172.31.0.5 9000

The time is that of ``units.ticks``, which on Linux all processes of a machine share.
"""

from __future__ import annotations

import select
import socket
import sys
from contextlib import suppress
from struct import Struct

from groupwall.units import ticks

GAP = 0.0001
"""Seconds between two packets."""

_TIME = Struct("!d")
SIZE = _TIME.size


def time_of(packet: bytes) -> float:
    """Return when a packet was sent."""
    found: float = _TIME.unpack(packet)[0]
    return found


def stream(address: str, port: int) -> None:
    """Send to an address until nobody holds the other end of standard input."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
        sending.connect((address, port))
        while not select.select([sys.stdin], [], [], GAP)[0]:
            with suppress(OSError):  # such as a full queue
                sending.send(_TIME.pack(ticks()))


if __name__ == "__main__":
    stream(sys.argv[1], int(sys.argv[2]))
