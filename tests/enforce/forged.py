"""Packets for the tracer: headers as they stand on the wire, as far as a rule may look at them."""

from __future__ import annotations

from ipaddress import ip_address

from tests.enforce.tracer import NEW, Packet

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
SYN = 2
SENDERS_PORT = 40000


def packet(
    source: str, destination: str, service: tuple[str, int, int], devices: tuple[str, str], **more: int
) -> Packet:
    """Return the first packet of a flow. more: ``flags`` of TCP, ``sender``'s port, ``hops``, tracking's ``state``."""
    protocol, first, code = service
    number = NUMBERS.get(protocol) or int(protocol)
    ends = ip_address(source).packed + ip_address(destination).packed
    hops = more.get("hops", 64)
    if ":" in source:
        version, network = 6, bytes((0x60, 0, 0, 0, 0, 20, number, hops)) + ends
    else:
        version, network = 4, bytes((0x45, 0, 0, 40, 0, 0, 0, 0, hops, number, 0, 0)) + ends
    transport = _transport(protocol, first, code, more)
    return Packet(version, network, number, transport, *devices, more.get("state", NEW))


def _transport(protocol: str, first: int, code: int, more: dict[str, int]) -> bytes:
    if protocol in ("icmp", "icmpv6"):
        return bytes((first, code)).ljust(8, b"\0")
    if protocol in ("tcp", "udp"):
        ports = more.get("sender", SENDERS_PORT).to_bytes(2) + first.to_bytes(2)
        return ports + (bytes(9) + bytes((more.get("flags", SYN),)) + bytes(6) if protocol == "tcp" else bytes(4))
    return b""
