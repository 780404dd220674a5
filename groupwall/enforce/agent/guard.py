"""What a machine that is held to rules itself must not lose: who administers it, and what its agent follows.

Read from where the system tells it, when the machine is attached; what is kept does not change after that (inferred).
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from groupwall.enforce.dataplane.dataplane import TABLE
from groupwall.enforce.kernel.netlink import NETFILTER, Connection
from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.kernel.reading import read_hooked
from groupwall.enforce.kernel.sockets import TABLES, connections, plain
from groupwall.enforce.policy.frame import INSIDE
from groupwall.enforce.policy.own import Kept
from groupwall.rules.values import Direction

SSH = 22
DNS = 53
_RESOLVERS = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""Where resolvers stand; in the second those that a resolver of the machine's own asks."""

_OWN_PORTS = {"http": 80, "https": 443}


class Caller(NamedTuple):
    """Who is connected to a port of this machine. address: as text."""

    address: str
    port: int


def ssh_callers(process: int, processes: Path = Path("/proc"), tables: Iterable[Path] = TABLES) -> list[Caller]:
    """Return from where a process is used by SSH: what sshd told it or one of those that started it.

    sudo takes SSH_CONNECTION out of the environment, but the shell it was called from still has it. Where that tells of
    a connection that is there no more, as within tmux, it is everyone who is connected to the port of SSH.
    """
    told = next(_told(process, processes), None)
    port = told.port if told else SSH
    there = {Caller(str(one.other.address), port) for one in connections(tables) if one.own.port == port}
    return [told] if told in there else sorted(there)


def _told(process: int, processes: Path) -> Iterator[Caller]:
    """Yield what SSH_CONNECTION says in a process and in those that started it, the nearest first."""
    while process:
        for name, _, value in (each.partition("=") for each in _environment(processes / str(process))):
            if name == "SSH_CONNECTION":
                yield from _caller(value.split())
        process = _parent(process, processes)


def _environment(process: Path) -> list[str]:
    try:
        return (process / "environ").read_text(errors="replace").split("\0")
    except OSError:  # it has ended, or is not ours to look at
        return []


def _caller(words: list[str]) -> Iterator[Caller]:
    with suppress(ValueError):  # whoever starts a program may write anything there
        address, _, _, port = words
        yield Caller(str(plain(address)), int(port))


def _parent(process: int, processes: Path) -> int:
    try:
        told = (processes / str(process) / "stat").read_text()
    except OSError:
        return 0
    return int(told.rpartition(")")[2].split()[1])  # the name before may have spaces, and brackets


def callers_kept(callers: Iterable[tuple[str, int]]) -> list[Kept]:
    """Return that callers may connect again to the same ports. ValueError for what is no address or port."""
    return [Kept(Direction.INGRESS, str(plain(address)), TCP, _port(port)) for address, port in callers]


def _port(number: int) -> int:
    if not (type(number) is int and 0 < number < 1 << 16):
        raise ValueError(f"{number!r} is no port")
    return number


def server_kept(endpoint: str, resolvers: Iterable[Path] = _RESOLVERS) -> list[Kept]:
    """Return what an agent needs to hear of its server: that, and who tells its address. OSError if nobody does.

    Nothing for a server on this machine, since loopback is not judged.
    """
    parts = urlsplit(endpoint)
    host, port = parts.hostname or "", parts.port or _OWN_PORTS[parts.scheme]
    found = {plain(str(one[4][0])) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    if all(one.is_loopback for one in found):
        return []
    server = [Kept(Direction.EGRESS, str(one), TCP, port) for one in sorted(found, key=str)]
    try:
        ip_address(host)
    except ValueError:
        return [*server, *(each for file in resolvers for each in _resolvers(file))]
    return server


def hooked_here() -> list[str]:
    """Return the tables of others that this machine's own packets come by. OSError."""
    with Connection(NETFILTER) as kernel:
        return read_hooked(kernel, TABLE, {side.place for side in INSIDE.values()})


def _resolvers(file: Path) -> Iterator[Kept]:
    lines = file.read_text(errors="replace").splitlines() if file.exists() else []
    for word, *rest in map(str.split, filter(str.strip, lines)):
        with suppress(ValueError, IndexError):
            address = plain(rest[0])
            if word == "nameserver" and not address.is_loopback:
                yield from (Kept(Direction.EGRESS, str(address), protocol, DNS) for protocol in (UDP, TCP))
