"""Addresses and services as the numbers of groupwall.rules.traffic, and traffic as text that people read.

A line of that text is one set of services for one set of addresses, such as ``tcp 22, 80 10.0.0.0/8``. Of the two ways
to cut traffic into lines, by addresses and by services, the shorter one is shown.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, summarize_address_range
from itertools import groupby, pairwise
from socket import AF_INET, AF_INET6, inet_pton  # A conversion only: ten times as fast as ipaddress.
from typing import TYPE_CHECKING, NamedTuple

from groupwall.rules.spans import Span, Spans, difference, intersection, spans
from groupwall.rules.values import ALL_PROTOCOLS, PortRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from groupwall.rules.traffic import Traffic

PORTS = 1 << 16
SERVICES = (Span(0, 256 * PORTS - 1),)
IPV4 = 1 << 32
"""How many addresses stand before those of IPv6."""

EVERY_IPV4 = (Span(0, IPV4 - 1),)
EVERY_IPV6 = (Span(IPV4, IPV4 + (1 << 128) - 1),)

_NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "icmpv6": 58}
_NAMES = {number: name for name, number in _NUMBERS.items()}
_CODES = 256
_HALF = 128
"""Protocols: what has fewer lacks more, which is longer to tell."""

REMEMBERED = 1024
"""Traffic of which the lines are remembered: what a change does is mostly the same at many gates."""


def address_number(text: str) -> int:
    """Return an address, of either family, as a number. ValueError for what is none."""
    family, before = (AF_INET6, IPV4) if ":" in text else (AF_INET, 0)
    try:
        return int.from_bytes(inet_pton(family, text)) + before
    except OSError:
        message = f"{text!r} is no address"
        raise ValueError(message) from None


def address_text(number: int) -> str:
    """Return the address that a number stands for."""
    return str(IPv4Address(number) if number < IPV4 else IPv6Address(number - IPV4))


def block_span(cidr: str) -> Span:
    """Return the addresses of a canonical CIDR block."""
    address, _, length = cidr.partition("/")
    first, bits = address_number(address), 128 if ":" in address else 32
    return Span(first, first + (1 << bits - int(length)) - 1)


def services(protocol: str, ports: PortRange) -> Spans:
    """Return the services that a rule's canonical protocol and ports mean.

    For ICMP the ports are type and code, -1 for all of them; other protocols than TCP, UDP and ICMP have none.
    """
    if protocol == ALL_PROTOCOLS:
        return SERVICES
    start = _NUMBERS.get(protocol, 0 if not protocol.isdigit() else int(protocol)) * PORTS
    first, last = 0, PORTS - 1
    if protocol in ("tcp", "udp"):
        first, last = ports
    elif protocol in ("icmp", "icmpv6") and ports.first >= 0:
        first = ports.first * _CODES + max(ports.last, 0)
        last = first if ports.last >= 0 else first + _CODES - 1
    return (Span(start + first, start + last),)


def service_number(protocol: str, ports: PortRange) -> int:
    """Return one service: a protocol with a port in both ends of ``ports``, or an ICMP type and code, as a number."""
    return services(protocol, ports)[0].first


class Line(NamedTuple):
    """Every service of one set, for every address of another."""

    services: Spans
    addresses: Spans

    def __str__(self) -> str:
        """Return ``tcp 22, 80 10.0.0.0/8, 192.0.2.1``."""
        return f"{services_text(self.services)} {addresses_text(self.addresses)}"


@lru_cache(maxsize=REMEMBERED)
def lines(traffic: Traffic) -> Sequence[Line]:
    """Return traffic as lines, in the shorter of the two ways to cut it; none share a flow."""
    return min(_by_addresses(traffic), _by_services(traffic), key=_length)


def _length(some: Sequence[Line]) -> int:
    return sum(len(str(line)) for line in some)


def _by_addresses(traffic: Traffic) -> list[Line]:
    found: dict[Spans, list[Span]] = {}
    for slab in traffic.slabs:
        found.setdefault(slab.services, []).append(slab.addresses)
    return [Line(some, tuple(addresses)) for some, addresses in found.items()]


def _by_services(traffic: Traffic) -> list[Line]:
    edges = sorted({edge for slab in traffic.slabs for first, last in slab.services for edge in (first, last + 1)})
    found: dict[Spans, list[Span]] = {}
    for first, following in pairwise(edges):
        piece = Span(first, following - 1)
        addresses = spans(tuple(slab.addresses for slab in traffic.slabs if intersection(slab.services, (piece,))))
        if addresses:
            found.setdefault(addresses, []).append(piece)
    return [Line(spans(tuple(pieces)), addresses) for addresses, pieces in found.items()]


def services_text(some: Spans) -> str:
    """Return each protocol with its ports, ``tcp 22, 80-90, icmp 8/0``; or ``all``, or what it lacks, if shorter."""
    if some == SERVICES:
        return "all"
    told = _protocols_text(some)
    protocols = sum(span.last // PORTS - span.first // PORTS + 1 for span in some)
    if protocols < _HALF:
        return told
    return min(told, f"all but {_protocols_text(difference(SERVICES, some))}", key=len)


def _protocols_text(some: Spans) -> str:
    texts: list[str] = []
    named = ""
    for protocol, first, last in (part for span in some for part in by_protocol(span)):
        name = _NAMES.get(protocol, str(protocol))
        ports = _ports_text(name, first, last)
        texts.append(ports if name == named and ports else f"{name} {ports}".rstrip())
        named = name
    return ", ".join(texts)


def by_protocol(span: Span) -> Iterator[tuple[int, int, int]]:
    """Yield (protocol, first, last) of the low 16 bits, for each protocol that a span of services touches."""
    for protocol in range(span.first // PORTS, span.last // PORTS + 1):
        start = protocol * PORTS
        yield protocol, max(span.first - start, 0), min(span.last - start, PORTS - 1)


def _ports_text(name: str, first: int, last: int) -> str:
    """Return ``22``, ``80-90``, ``8/0`` or ``8/*``, nothing for a whole protocol."""
    if (first, last) == (0, PORTS - 1):
        return ""
    if not name.startswith("icmp"):
        return str(first) if first == last else f"{first}-{last}"
    if first == last:
        return f"{first // _CODES}/{first % _CODES}"
    if first % _CODES == 0 and last == first + _CODES - 1:
        return f"{first // _CODES}/*"
    return f"{first // _CODES}/{first % _CODES}-{last // _CODES}/{last % _CODES}"


def addresses_text(some: Spans) -> str:
    """Return CIDR blocks and single addresses; a run of more than two blocks as ``10.0.0.1-10.0.0.9``."""
    return ", ".join(address_texts(some))


def address_texts(some: Spans) -> list[str]:
    """Return the parts of ``addresses_text``, each by itself."""
    return [text for span in some for part in by_family(span) for text in _blocks(*part)]


def service_texts(some: Spans) -> list[str]:
    """Return each protocol and range of ports by itself, ``["tcp 22", "tcp 80-90", "icmp 8/0"]``; or ``["all"]``.

    Protocols without a name here are told by their numbers, a run of them as ``18-57``.
    """
    if some == SERVICES:
        return ["all"]
    texts: list[str] = []
    for nameless, parts in groupby((part for span in some for part in by_protocol(span)), _is_nameless):
        if nameless:
            runs = spans(tuple(Span(protocol, protocol) for protocol, _, _ in parts))
            texts += [str(run.first) if run.first == run.last else f"{run.first}-{run.last}" for run in runs]
        else:
            named = ((_NAMES.get(protocol, str(protocol)), first, last) for protocol, first, last in parts)
            texts += [f"{name} {_ports_text(name, first, last)}".rstrip() for name, first, last in named]
    return texts


def _is_nameless(part: tuple[int, int, int]) -> bool:
    protocol, *ports = part
    return protocol not in _NAMES and ports == [0, PORTS - 1]


def by_family(span: Span) -> Iterable[tuple[IPv4Address | IPv6Address, IPv4Address | IPv6Address]]:
    """Yield the first and the last address of each family that a span of addresses touches."""
    if span.first < IPV4:
        yield IPv4Address(span.first), IPv4Address(min(span.last, IPV4 - 1))
    if span.last >= IPV4:
        yield IPv6Address(max(span.first, IPV4) - IPV4), IPv6Address(span.last - IPV4)


def _blocks(first: IPv4Address | IPv6Address, last: IPv4Address | IPv6Address) -> list[str]:
    blocks: list[IPv4Network | IPv6Network] = list(summarize_address_range(first, last))
    if len(blocks) > 2:  # noqa: PLR2004 - said in addresses_text
        return [f"{first}-{last}"]
    return [str(block.network_address) if block.num_addresses == 1 else str(block) for block in blocks]
