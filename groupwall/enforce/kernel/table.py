"""What a table of nftables holds, as a value: sets with their elements, chains with their rules.

A whole table is such a value, and so is each part of it that follows from one fact, such as the rules of a group: parts
are put together by ``merged``. A part names every set and chain that it uses, its own or not, so that each part follows
from its fact alone, and what it uses exists from then on, empty if no other part fills it: an unknown group admits
nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum, IntFlag
from types import MappingProxyType
from typing import NamedTuple

from groupwall.enforce.kernel.expressions import Expression, Verdict

NftRule = tuple[Expression, ...]
"""A rule of nftables, which is not one of ours."""


class Flag(IntFlag):
    """What a set is beside a hash of keys."""

    INTERVAL = 0x4
    MAP = 0x8
    TIMED = 0x10
    """The kernel removes elements by itself when their time is over: what is in such a set is nobody's to compare."""


class Field(NamedTuple):
    """One field of a key. datatype: a number of nft's by which it prints the field; the kernel does not look at it."""

    datatype: int
    length: int


IPV4_ADDRESS = Field(7, 4)
IPV6_ADDRESS = Field(8, 16)
PROTOCOL = Field(12, 1)
SERVICE = Field(13, 2)
MARK = Field(19, 4)
LINE = Field(8, 16)
"""Bytes of our own; nft prints them as an IPv6 address."""

DEVICE = Field(41, 16)

_DATATYPE_BITS = 6
_WORD = 4


class Shape(NamedTuple):
    """What the keys of a set look like. counted: each element counts the packets that it matched."""

    datatype: int
    length: int
    flags: int
    counted: bool


def shape(*fields: Field, flags: int = 0, counted: bool = False) -> Shape:
    """Return the shape of keys of these fields in order; of several, each fills whole words of four bytes."""
    datatype = length = 0
    for field in fields:
        datatype = datatype << _DATATYPE_BITS | field.datatype
        length += field.length + (-field.length % _WORD if len(fields) > 1 else 0)
    return Shape(datatype, length, flags, counted)


class Element(NamedTuple):
    """One element. end: of an interval, the first key behind it, empty if it goes on to the last there is.

    verdict: of a map only.
    """

    key: bytes
    end: bytes = b""
    verdict: Verdict | None = None


class Hook(NamedTuple):
    """Where packets enter a chain of themselves. place: a number of the kernel's for each step of a packet's way.

    policy: the code of what becomes of those that come to its end; ours let them pass.
    """

    place: int
    priority: int
    policy: int = 1


class Place(IntEnum):
    """The steps of a packet's way that we look at."""

    PREROUTING = 0
    INPUT = 1
    FORWARD = 2
    OUTPUT = 3


class Timeout(NamedTuple):
    """How long a flow of a protocol is remembered that is silent: seconds, by the kernel's number of the flow's state.

    States that are not named have the timeouts of the namespace.
    """

    protocol: int
    seconds: tuple[tuple[int, int], ...]


STATES = {6: (3,), 17: (1, 2)}
"""The states that our timeouts tell of, by protocol: TCP's established; UDP's one-way, and answered."""


class Table(NamedTuple):
    """Sets, chains and timeouts by name, with what they hold. A chain without a hook is reached by jumps only.

    strange: objects of kinds that no table of ours holds, by the number of the kind. flags: such as that no packet
    comes by, the kernel's dormant; none of ours.
    """

    sets: Mapping[str, Shape]
    elements: Mapping[str, frozenset[Element]]
    chains: Mapping[str, Hook | None]
    rules: Mapping[str, tuple[NftRule, ...]]
    timeouts: Mapping[str, Timeout] = MappingProxyType({})
    strange: frozenset[tuple[str, int]] = frozenset()
    flags: int = 0

    @property
    def names(self) -> set[str]:
        """Every set, chain and timeout."""
        return {*self.sets, *self.chains, *self.timeouts}


EMPTY = Table({}, {}, {}, {})


def merged(parts: Iterable[Table]) -> Table:
    """Return parts as one table. ValueError if two of them say different things of one name."""
    sets: dict[str, Shape] = {}
    elements: dict[str, set[Element]] = {}
    chains: dict[str, Hook | None] = {}
    rules: dict[str, tuple[NftRule, ...]] = {}
    timeouts: dict[str, Timeout] = {}
    for part in parts:
        sets |= part.sets
        chains |= part.chains
        timeouts |= part.timeouts
        twice = rules.keys() & part.rules.keys()
        if twice:
            message = f"two parts fill {sorted(twice)}"
            raise ValueError(message)
        rules |= part.rules
        for name, some in part.elements.items():
            elements.setdefault(name, set()).update(some)
    held = {name: frozenset(some) for name, some in elements.items() if some}
    return Table(sets, held, chains, _filled(rules), timeouts)


def _filled(rules: Mapping[str, tuple[NftRule, ...]]) -> dict[str, tuple[NftRule, ...]]:
    return {chain: some for chain, some in rules.items() if some}
