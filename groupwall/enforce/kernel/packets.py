"""Packets as bytes, of every kind that a rule can tell: RFC 791, 768, 792, 4443, 8200 and 9293. Pure."""

from __future__ import annotations

from struct import pack
from typing import NamedTuple

from groupwall.enforce.kernel.links import Address

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
_IPV6 = 6
_HOPS = 64


class Packet(NamedTuple):
    """What is sent. first: a port, or an ICMP type; second: the sender's port, or an ICMP code. tag: its last bytes."""

    source: Address
    destination: Address
    protocol: int
    first: int
    second: int
    tag: bytes

    def encoded(self) -> bytes:
        """Return the packet, with right checksums: conntrack refuses others."""
        return _headed(self, _filled(self))


def _filled(packet: Packet) -> bytes:
    """Return what comes after the address header."""
    before, after = _parts(packet)
    if not after:
        return before + packet.tag
    covered = before + b"\0\0" + after + packet.tag
    pseudo = b"" if packet.protocol == ICMP else _pseudo_header(packet, len(covered))
    return before + _checksum(pseudo + covered) + after + packet.tag


def _parts(packet: Packet) -> tuple[bytes, bytes]:
    """Return the protocol's header, before its checksum and after it. UDP's gets two zeros more, like TCP's."""
    match packet.protocol:
        case 6:  # the first packet of a connection: SYN
            return pack(">HHIIBBH", packet.second, packet.first, 1, 0, 5 << 4, 2, 1024), b"\0\0"
        case 17:
            return pack(">HHH", packet.second, packet.first, 10 + len(packet.tag)), b"\0\0"
        case 1 | 58:  # the tag's end is the identifier too, which tells one echo from another
            return pack(">BB", packet.first, packet.second), packet.tag[-2:] + packet.tag[-4:-2]
        case _:
            return b"", b""


def _pseudo_header(packet: Packet, length: int) -> bytes:
    return packet.source.packed + packet.destination.packed + pack(">II", length, packet.protocol)


def _headed(packet: Packet, payload: bytes) -> bytes:
    ends = packet.source.packed + packet.destination.packed
    if packet.source.version == _IPV6:
        return pack(">IHBB", 6 << 28, len(payload), packet.protocol, _HOPS) + ends + payload
    before = pack(">BBHHHBB", 0x45, 0, 20 + len(payload), 0, 0, _HOPS, packet.protocol)
    return before + _checksum(before + b"\0\0" + ends) + ends + payload


def _checksum(covered: bytes) -> bytes:
    """Return the internet checksum, RFC 1071."""
    padded = covered + bytes(len(covered) % 2)
    total = sum(int.from_bytes(padded[place : place + 2]) for place in range(0, len(padded), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return pack(">H", ~total & 0xFFFF)
