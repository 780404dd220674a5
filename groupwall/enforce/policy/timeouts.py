"""How long a silent flow is remembered: of each interface, in the kernel's own words (reference 20 [model]).

A flow between two interfaces is remembered by both, as at AWS, so that the shorter time of either ends it (inferred).
The kernel remembers it once, and its time is set when it begins. So what begins goes by a row of rules, of which the
last that applies decides:

    what comes from an interface, or goes to one, with certain times: those; the shorter ones later
    what comes from one and goes to one, of which each has something shorter: the shorter of each

Which device has which times is in a set for each; so the rules depend on what times there are, and not on how many
interfaces have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from groupwall.enforce.kernel import table
from groupwall.enforce.kernel.expressions import Expression, InSet, LoadMeta, Meta, SetTimeout
from groupwall.enforce.kernel.table import DEVICE, STATES, Element, NftRule, Table, Timeout

CHAIN = "timeouts"
"""The chain that the first packet of a flow goes through."""

NONE = bytes(16)
"""The device that a packet of a machine's own has on its own side, as the kernel tells it: none."""

Times = tuple[int, ...]
"""Seconds, one for each of a protocol's ``STATES``."""


class Timeouts(NamedTuple):
    """The timeouts of an interface in seconds, where nothing else is said AWS's: reference 20 [model].

    tcp_established: of a connection. udp_stream: of UDP with more than one exchange. udp: of any other.
    """

    tcp_established: int = 432_000
    udp_stream: int = 180
    udp: int = 30


AWS = Timeouts()
OTHER = 600
"""Seconds until a silent flow of other protocols is forgotten, ICMP's apart: reference 20 [docs]."""


class _Protocol(NamedTuple):
    number: int
    name: str


_TCP, _UDP = _Protocol(6, "tcp"), _Protocol(17, "udp")


def chosen(devices: Mapping[bytes, Timeouts], own: Timeouts | None) -> Table:
    """Return what gives flows their timeouts. own: those that the namespace gives by itself, None if not known.

    Nothing is chosen where all devices have those.
    """
    if all(one == own for one in devices.values()):
        return Table({}, {}, {CHAIN: None}, {})
    tcp = {device: (one.tcp_established,) for device, one in devices.items()}
    udp = {device: (one.udp, one.udp_stream) for device, one in devices.items()}
    parts = [_of_protocol(_TCP, tcp), _of_protocol(_UDP, udp)]
    return table.merged([_whole(parts), *(part._replace(rules={}) for part in parts)])


def _whole(parts: Iterable[Table]) -> Table:
    rules = tuple(rule for part in parts for rule in part.rules[CHAIN])
    return Table({}, {}, {CHAIN: None}, {CHAIN: rules})


def _of_protocol(protocol: _Protocol, times: Mapping[bytes, Times]) -> Table:
    there = sorted(set(times.values()), reverse=True)
    both = sorted({(one, other) for one in there for other in there if _shorter(one, other) not in (one, other)})
    needed = {*there, *(_shorter(*pair) for pair in both)}
    rules = [rule for one in there for rule in _either(protocol, one)]
    rules += [_between(protocol, *pair) for pair in both]
    return Table(
        sets={_devices(protocol, one): table.shape(DEVICE) for one in there},
        elements={
            _devices(protocol, one): frozenset(Element(device) for device, own in times.items() if own == one)
            for one in there
        },
        chains={CHAIN: None},
        rules={CHAIN: tuple(rules)},
        timeouts={
            _name(protocol, one): Timeout(protocol.number, tuple(zip(STATES[protocol.number], one, strict=True)))
            for one in needed
        },
    )


def _shorter(one: Times, other: Times) -> Times:
    return tuple(map(min, one, other))


def _either(protocol: _Protocol, times: Times) -> Iterator[NftRule]:
    for way in (Meta.IN, Meta.OUT):
        yield (*_is(protocol, way, times), SetTimeout(_name(protocol, times)))


def _between(protocol: _Protocol, source: Times, destination: Times) -> NftRule:
    ends = *_is(protocol, Meta.IN, source), *_is(protocol, Meta.OUT, destination)
    return (*ends, SetTimeout(_name(protocol, _shorter(source, destination))))


def _is(protocol: _Protocol, way: Meta, times: Times) -> tuple[Expression, ...]:
    return LoadMeta(0, way), InSet(0, _devices(protocol, times))


def _name(protocol: _Protocol, times: Times) -> str:
    return "_".join([protocol.name, *map(str, times)])


def _devices(protocol: _Protocol, times: Times) -> str:
    return f"{_name(protocol, times)}_devices"
