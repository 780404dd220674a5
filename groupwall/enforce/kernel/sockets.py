"""The TCP connections that programs of a namespace have, as proc_net_tcp(5) tells them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import NamedTuple

from groupwall.enforce.kernel.links import Address

TABLES = (Path("/proc/thread-self/net/tcp"), Path("/proc/thread-self/net/tcp6"))
"""Of the namespace that a thread is in."""

_ESTABLISHED, _LISTENING = "01", "0A"


class End(NamedTuple):
    """One end of a connection."""

    address: Address
    port: int


class Open(NamedTuple):
    """A connection that is open. began: whether this end began it."""

    own: End
    other: End
    began: bool


def connections(tables: Iterable[Path] = TABLES) -> list[Open]:
    """Return the connections that are open. Whose own port is listened at did not begin them (inferred)."""
    found = [row for table in tables for row in _rows(table)]
    listened = {own.port for own, _, state in found if state == _LISTENING}
    return [Open(own, other, own.port not in listened) for own, other, state in found if state == _ESTABLISHED]


def plain(text: str) -> Address:
    """Return an address as packets have it: without a zone, and IPv4 as such. ValueError for what is none."""
    address = ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _rows(table: Path) -> Iterator[tuple[End, End, str]]:
    lines = table.read_text().splitlines()[1:] if table.exists() else []
    return ((_end(own), _end(other), state) for _, own, other, state, *_ in map(str.split, lines))


def _end(told: str) -> End:
    """Return an end: its address in words of four bytes, each in the machine's order, and its port."""
    digits, _, port = told.partition(":")
    words = [int(digits[place : place + 8], 16).to_bytes(4, sys.byteorder) for place in range(0, len(digits), 8)]
    return End(plain(str(ip_address(b"".join(words)))), int(port, 16))
