"""What answers tell of traffic as text, read back: whether one flow is among it. For tests alone."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from tests.scenes import Json

ALL = "all"
_ICMP = ("icmp", "icmpv6")


def holds_flow(flows: list[Json], source: str, destination: str, service: tuple[str, int, int]) -> bool:
    """Tell whether one of some Flows is from an address to an address, with a service (protocol, port, code)."""
    return any(
        _within(source, one["Sources"]) and _within(destination, one["Destinations"]) and _serves(service, one)
        for one in flows
    )


def holds_line(lines: list[Json], address: str, service: tuple[str, int, int]) -> bool:
    """Tell whether one of some TrafficLines holds a flow, by the other end's address and its service."""
    return any(_within(address, one["Addresses"]) and _serves(service, one) for one in lines)


def _within(address: str, texts: list[str]) -> bool:
    return any(_in_text(address, text) for text in texts)


def _in_text(address: str, text: str) -> bool:
    first, _, last = text.partition("-")
    number = ip_address(address)
    if last:
        ends = ip_address(first), ip_address(last)
        return ends[0].version == number.version and int(ends[0]) <= int(number) <= int(ends[1])
    block: IPv4Network | IPv6Network = ip_network(first)
    return number in block


def _serves(service: tuple[str, int, int], told: Json) -> bool:
    return any(_is_service(service, text) for text in told["Services"])


def _is_service(service: tuple[str, int, int], text: str) -> bool:
    protocol, port, code = service
    name, _, ports = text.partition(" ")
    if text == ALL:
        return True
    if name[0].isdigit() and protocol.isdigit():
        first, _, last = name.partition("-")
        return int(first) <= int(protocol) <= int(last or first)
    if name != protocol:
        return False
    if not ports or port < 0:
        return not ports
    if protocol in _ICMP:
        return _is_icmp(port, code, ports)
    first, _, last = ports.partition("-")
    return int(first) <= port <= int(last or first)


def _is_icmp(kind: int, code: int, told: str) -> bool:
    """Tell whether ``8/0``, ``8/*`` or ``3/1-5/255`` holds a type and code, ordered as type and then code."""
    first, _, last = told.partition("-")
    low, high = (_icmp(first, 0), _icmp(last or first, 255))
    return low <= (kind, code) <= high


def _icmp(text: str, every: int) -> tuple[int, int]:
    kind, _, code = text.partition("/")
    return int(kind), every if code == "*" else int(code)
