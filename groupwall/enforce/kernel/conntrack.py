"""The flows that the kernel tracks in a namespace: told, and ended.

A tracked flow lives on when the rule that admitted it goes (reference 20 [docs]). A cut ends it: its entry is deleted,
so that its next packet is judged as the first of a flow, and of TCP none but a SYN can be that (dataplane-nftables 3.3
[measured]). What is cut is asked flow by flow, so that a flow which another rule permits is not touched.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from socket import AF_INET, AF_INET6, AF_UNSPEC
from struct import Struct
from typing import NamedTuple

from groupwall.enforce.kernel.netlink import (
    CREATE,
    EXCLUSIVE,
    Answer,
    Connection,
    Message,
    Refused,
    attribute,
    attributes,
    nested,
    number,
)
from groupwall.enforce.kernel.packets import TCP
from groupwall.enforce.kernel.sockets import End, Open
from groupwall.rules.flows import IPV4, PORTS
from groupwall.rules.spans import Spans, holds
from groupwall.rules.verdict import Flow

_CONNTRACK = 1 << 8
_NEW, _GET, _DELETE = _CONNTRACK, _CONNTRACK | 1, _CONNTRACK | 2
_COUNT = _CONNTRACK | 5
_GENERIC = Struct(">BBH")  # family, version 0, resource id
_ORIGINAL, _REPLY, _ID, _ZONE = 1, 2, 12, 18
_COUNTERS, _BYTES = (9, 10), 2
"""What a flow's counters are, each way, and the bytes among them."""

_NESTED = 0x8000
_NAMES = {_ORIGINAL: _NESTED, _ID: 0, _ZONE: 0}
_ADDRESSES, _PROTOCOL = 1, 2
_SOURCES, _DESTINATIONS = (1, 3), (2, 4)
"""Where an address is: of IPv4, of IPv6."""

_NUMBER, _SOURCE_PORT, _PORT = 1, 2, 3
_TYPES = {5: 6, 8: 9}
"""Where an ICMP type is, and its code: of ICMP, of ICMPv6."""

_PROTOCOL_STATE, _OF_TCP, _STATE = 4, 1, 1
_OVER = (b"\x07", b"\x08")
"""The states TIME_WAIT and CLOSE of TCP."""

_AT_ONCE = 256
"""Messages that are sent to the kernel together."""

_STATUS, _PROTOCOL_STATE, _TIMEOUT = 3, 4, 7
_ANSWERED, _ASSURED, _CONFIRMED = 2, 4, 8
_ESTABLISHED, _LIBERAL = b"\x03", b"\x08\x08"
_LASTING = 432_000
"""Seconds without a packet after which a connection is forgotten; from the first one on it is the kernel's setting.

EC2's default for an established one (reference 20 [model])."""


class Tracked(NamedTuple):
    """A flow that is tracked, as its first packet comes by rules: from whom it was sent, to who answers it.

    told: all that the kernel told of it, its age too.
    """

    flow: Flow
    source_port: int
    told: bytes

    def is_translated(self) -> bool:
        """Tell whether answers come from elsewhere than where it went, or go elsewhere than where it came from."""
        sent, answered = self._addresses()
        return [*sent.values()] != [*answered.values()][::-1]

    def is_with(self, addresses: Spans) -> bool:
        """Tell whether any of these addresses is an end of it, be it one that stands for another."""
        ends = (_address(each, end) for each in self._addresses() for end in (_SOURCES, _DESTINATIONS))
        return any(holds(addresses, end) for end in ends)

    def _addresses(self) -> tuple[dict[int, bytes], dict[int, bytes]]:
        sent, answered = _ways(self.told)
        return dict(attributes(sent[_ADDRESSES])), dict(attributes(answered[_ADDRESSES]))

    def is_over(self) -> bool:
        """Tell whether it is a TCP connection that both ends closed, or one reset: it is tracked for some time."""
        told = dict(attributes(self.told[_GENERIC.size :]))
        tcp = dict(attributes(told.get(_PROTOCOL_STATE, b""))).get(_OF_TCP, b"")
        return dict(attributes(tcp)).get(_STATE) in _OVER


def awaken(kernel: Connection) -> None:
    """Have the kernel know of tracking, which may be a module that is loaded when it is first asked for."""
    kernel.ask(Message(_COUNT, 0, _GENERIC.pack(AF_UNSPEC, 0, 0)))


def tracked(kernel: Connection) -> list[Tracked]:
    """Return all flows that are tracked. kernel: a connection of the family NETFILTER."""
    found = kernel.dump(Message(_GET, 0, _GENERIC.pack(AF_UNSPEC, 0, 0)))
    return [_tracked(answer) for answer in found if answer.body[0] in (AF_INET, AF_INET6)]


class Volume(NamedTuple):
    """The bytes of a flow so far, both ways, headers of IP among them. id: the kernel's."""

    id: bytes
    bytes: int
    told: Answer

    @property
    def flow(self) -> Flow:
        """The flow, as ``Tracked`` has it."""
        return _tracked(self.told).flow


def volumes(kernel: Connection) -> Iterator[Volume]:
    """Yield the flows whose bytes are accounted for, which the kernel tells bit by bit, while it tracks others.

    kernel: of the family NETFILTER, which must not be used for anything else meanwhile.
    """
    for answer in kernel.walk(Message(_GET, 0, _GENERIC.pack(AF_UNSPEC, 0, 0))):
        told = dict(attributes(answer.body[_GENERIC.size :])) if answer.body[0] in (AF_INET, AF_INET6) else {}
        if _COUNTERS[0] in told:
            yield Volume(told[_ID], sum(_bytes(told[each]) for each in _COUNTERS), answer)


def _bytes(counters: bytes) -> int:
    return int.from_bytes(dict(attributes(counters))[_BYTES])


def _tracked(answer: Answer) -> Tracked:
    # Rules meet a packet once its destination is translated, and before its source is: so it goes to who answers.
    sent, answered = _ways(answer.body)
    source = _address(dict(attributes(sent[_ADDRESSES])), _SOURCES)
    destination = _address(dict(attributes(answered[_ADDRESSES])), _SOURCES)
    protocol = dict(attributes(sent[_PROTOCOL]))
    port = dict(attributes(answered[_PROTOCOL])).get(_SOURCE_PORT, b"")
    flow = Flow(source, destination, _service(protocol, port))
    return Tracked(flow, int.from_bytes(protocol.get(_SOURCE_PORT, b"")), answer.body)


def _ways(told: bytes) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Return what names a flow, as it was sent and as it is answered."""
    # These come first, and the rest is not looked at: most flows stay, and there may be many.
    found = dict(islice(attributes(told[_GENERIC.size :]), 2))
    return dict(attributes(found[_ORIGINAL])), dict(attributes(found[_REPLY]))


def _address(told: Mapping[int, bytes], places: tuple[int, int]) -> int:
    ipv4, ipv6 = places
    return int.from_bytes(told[ipv4]) if ipv4 in told else int.from_bytes(told[ipv6]) + IPV4


def _service(told: Mapping[int, bytes], port: bytes) -> int:
    """Return a flow's service as groupwall.rules.traffic has it. port: of who answers, of protocols with ports."""
    start = told[_NUMBER][0] * PORTS
    for place, code in _TYPES.items():
        if place in told:
            return start + int.from_bytes(told[place] + told[code])
    return start + int.from_bytes(port)


def track(kernel: Connection, some: Iterable[Open]) -> None:
    """Have TCP connections tracked that are older than all tracking, each as the one who began it did.

    Its windows are not known, so that none of its packets is out of one. What is tracked already stays as it is.
    """
    wanted = [Message(_NEW, CREATE | EXCLUSIVE, _older(*_in_order(one))) for one in some]
    _each(kernel, wanted, errno.EEXIST)


def _in_order(one: Open) -> tuple[End, End]:
    return (one.own, one.other) if one.began else (one.other, one.own)


def _older(source: End, destination: End) -> bytes:
    family = AF_INET if source.address.version == 4 else AF_INET6  # noqa: PLR2004 - as ipaddress tells it
    state = nested(1, attribute(1, _ESTABLISHED), attribute(4, _LIBERAL), attribute(5, _LIBERAL))
    return b"".join(
        [
            _GENERIC.pack(family, 0, 0),
            nested(_ORIGINAL, *_tuple(source, destination)),
            nested(_REPLY, *_tuple(destination, source)),
            number(_STATUS, _ANSWERED | _ASSURED | _CONFIRMED),
            nested(_PROTOCOL_STATE, state),
            number(_TIMEOUT, _LASTING),
        ]
    )


def _tuple(source: End, destination: End) -> tuple[bytes, bytes]:
    place = source.address.version == 6  # noqa: PLR2004 - as ipaddress tells it
    ends = ((_SOURCES[place], source.address.packed), (_DESTINATIONS[place], destination.address.packed))
    ports = ((_SOURCE_PORT, source.port), (_PORT, destination.port))
    protocol = attribute(_NUMBER, bytes((TCP,))), *(attribute(kind, port.to_bytes(2)) for kind, port in ports)
    return nested(_ADDRESSES, *(attribute(*each) for each in ends)), nested(_PROTOCOL, *protocol)


def end(kernel: Connection, some: Iterable[Tracked]) -> None:
    """Track flows no longer. One that has ended meanwhile is none to worry about; raise Refused for anything else."""
    _each(kernel, [Message(_DELETE, 0, each.told[: _GENERIC.size] + _named(each.told)) for each in some], errno.ENOENT)


def _each(kernel: Connection, wanted: Sequence[Message], harmless: int) -> None:
    """Send messages that have nothing to do with each other. harmless: the error that any of them may meet."""
    for first in range(0, len(wanted), _AT_ONCE):
        try:
            kernel.order(wanted[first : first + _AT_ONCE])
        except Refused as refused:
            if refused.errno != harmless:
                raise


def _named(told: bytes) -> bytes:
    """Return what names a flow to the kernel, and no other that comes after it with the same ends."""
    rest = dict(attributes(told[_GENERIC.size :]))
    return b"".join(attribute(kind | nested, rest[kind]) for kind, nested in _NAMES.items() if kind in rest)


def cut(kernel: Connection, ends: Callable[[Tracked], bool]) -> list[Tracked]:
    """End the flows that are to end, and return them. Asked once the rules that decide now are applied."""
    some = [each for each in tracked(kernel) if ends(each)]
    end(kernel, some)
    return some
