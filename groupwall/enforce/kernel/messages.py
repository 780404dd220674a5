"""Changes of an nftables table as netlink messages, and questions about one.

Never text that nft would have to read, and never the nft program, which starts in 5 ms and reads the whole ruleset for
each change: reference dataplane-nftables 4 and 7.1 [measured].
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from groupwall.enforce.kernel.expressions import encoded, verdict_bytes
from groupwall.enforce.kernel.netlink import (
    ACK,
    APPEND,
    CREATE,
    EXCLUSIVE,
    Message,
    attribute,
    nested,
    number,
    text,
)
from groupwall.enforce.kernel.table import DEVICE, MARK, Element, Flag, Hook, NftRule, Shape, Timeout

INET = 1
"""The family of tables that see IPv4 and IPv6."""

_NFTABLES = 10
_BEGIN, _END = Message(0x10, 0, b"\0\0\0\x0a"), Message(0x11, 0, b"\0\0\0\x0a")
GENERAL = 4
"""Bytes before the attributes of a body: family, version, resource."""

_ELEMENT = 1
END_OF_INTERVAL = 1
"""The flag of an element that ends an interval, and is not of it."""

_VERDICTS = 0xFFFFFF00
_LARGEST = 60_000
"""Bytes of elements in one message; the attribute that holds them has 16 bits for its length."""

MARK_OF_A_TABLE = 6
OURS = "groupwall"
"""What a table of ours has in the place for users' own bytes, by which it is known for ours; whose may follow."""

TIMEOUT = 7
"""The kind of objects that timeouts are."""

_IN_MACHINE_ORDER = {DEVICE.datatype, MARK.datatype}
HANDLE = 3
"""The number of the attribute by which the kernel knows a rule."""


class Number(IntEnum):
    """The numbers of nftables' messages."""

    NEW_TABLE = 0
    GET_TABLE = 1
    GONE_TABLE = 2
    NEW_CHAIN = 3
    GET_CHAIN = 4
    GONE_CHAIN = 5
    NEW_RULE = 6
    GET_RULE = 7
    GONE_RULE = 8
    NEW_SET = 9
    GET_SET = 10
    GONE_SET = 11
    NEW_ELEMENT = 12
    GET_ELEMENT = 13
    GONE_ELEMENT = 14
    NEW_GENERATION = 15
    GET_GENERATION = 16
    NEW_OBJECT = 18
    GET_OBJECT = 19
    GONE_OBJECT = 20


# ---- changes, each with the messages that tell the kernel to make it; named: the attribute with the table's name


@dataclass(frozen=True, slots=True)
class NewTable:
    """Make the table, with the mark that it is ours; refused if one of that name is there, whoever made it."""

    mark: str = OURS

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        mark = attribute(MARK_OF_A_TABLE, self.mark.encode())
        return [_message(Number.NEW_TABLE, CREATE | EXCLUSIVE, named, number(2, 0), mark)]


@dataclass(frozen=True, slots=True)
class Awakened:
    """Let the table, which is there, have no flags: packets come by again where somebody had it lie dormant."""

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.NEW_TABLE, 0, named, number(2, 0))]


@dataclass(frozen=True, slots=True)
class GoneTable:
    """Remove the table with all that it holds."""

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.GONE_TABLE, 0, named)]


@dataclass(frozen=True, slots=True)
class NewSet:
    """Make a set, without elements."""

    name: str
    shape: Shape

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.NEW_SET, CREATE, named, text(2, self.name), *_shape(self.shape))]


@dataclass(frozen=True, slots=True)
class GoneSet:
    """Remove a set, with its elements. No rule may use it any more."""

    name: str

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.GONE_SET, 0, named, text(2, self.name))]


@dataclass(frozen=True, slots=True)
class NewChain:
    """Make a chain, without rules; one that is there, with the same hook, gets its policy."""

    name: str
    hook: Hook | None

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.NEW_CHAIN, CREATE, named, text(3, self.name), *_hook(self.hook))]


@dataclass(frozen=True, slots=True)
class GoneChain:
    """Remove a chain. No rule may jump to it any more."""

    name: str

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.GONE_CHAIN, 0, named, text(3, self.name))]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Let a chain hold these rules and no others."""

    chain: str
    rules: tuple[NftRule, ...]

    def messages(self, named: bytes) -> list[Message]:
        """Return one that removes every rule, since it names none by a handle, and one for each rule."""
        chain = named + text(2, self.chain)
        added = (_message(Number.NEW_RULE, CREATE | APPEND, chain, nested(4, encoded(rule))) for rule in self.rules)
        return [_message(Number.GONE_RULE, 0, chain), *added]


@dataclass(frozen=True, slots=True)
class Shortened:
    """Remove some rules of a chain, by their places in it.

    To write the rest anew would do the same, but the kernel looks at the whole table again when a rule is added, which
    takes 10 ms where 1,000 interfaces are (measured; decision 0017). It knows a rule to remove by a number of its own
    only, a handle, which has to be read first.
    """

    chain: str
    places: tuple[int, ...]

    def known(self, handles: Sequence[bytes]) -> GoneRules:
        """Return the change by handles: those of all rules of the chain, in order. IndexError if they are too few."""
        return GoneRules(self.chain, tuple(handles[place] for place in self.places))


@dataclass(frozen=True, slots=True)
class GoneRules:
    """Remove rules of a chain by their handles."""

    chain: str
    handles: tuple[bytes, ...]

    def messages(self, named: bytes) -> list[Message]:
        """Return a message for each rule."""
        chain = named + text(2, self.chain)
        return [_message(Number.GONE_RULE, 0, chain, attribute(HANDLE, handle)) for handle in self.handles]


@dataclass(frozen=True, slots=True)
class NewElements:
    """Add elements that a set has not."""

    name: str
    elements: tuple[Element, ...]

    def messages(self, named: bytes) -> list[Message]:
        """Return a message for each 60,000 bytes of elements."""
        named += text(2, self.name)
        return [_message(Number.NEW_ELEMENT, CREATE, named, some) for some in _lists(self.elements)]


@dataclass(frozen=True, slots=True)
class NewTimed:
    """Add an element that the kernel removes by itself after some time, whoever lives then."""

    name: str
    key: bytes
    milliseconds: int

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        element = nested(_ELEMENT, nested(1, attribute(1, self.key)), attribute(4, self.milliseconds.to_bytes(8)))
        return [_message(Number.NEW_ELEMENT, CREATE, named, text(2, self.name), nested(3, element))]


@dataclass(frozen=True, slots=True)
class GoneElements:
    """Remove elements that a set has."""

    name: str
    elements: tuple[Element, ...]

    def messages(self, named: bytes) -> list[Message]:
        """Return a message for each 60,000 bytes of elements."""
        named += text(2, self.name)
        keys = (one._replace(verdict=None) for one in self.elements)
        return [_message(Number.GONE_ELEMENT, 0, named, some) for some in _lists(keys)]


@dataclass(frozen=True, slots=True)
class NewTimeout:
    """Make a timeout. It is not changed afterwards: flows hold on to the one that they began with."""

    name: str
    timeout: Timeout

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        protocol, seconds = self.timeout
        told = nested(3, *(number(state, some) for state, some in seconds))
        held = nested(4, attribute(2, bytes((protocol,))), told)
        return [_message(Number.NEW_OBJECT, CREATE, named, text(2, self.name), number(3, TIMEOUT), held)]


@dataclass(frozen=True, slots=True)
class GoneObject:
    """Remove an object, such as a timeout. No rule may use it any more.

    Flows that have a timeout which goes get those of the namespace.
    """

    name: str
    kind: int = TIMEOUT

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.GONE_OBJECT, 0, named, text(2, self.name), number(3, self.kind))]


Change = (
    NewTable
    | Awakened
    | GoneTable
    | NewSet
    | GoneSet
    | NewChain
    | GoneChain
    | NewTimeout
    | GoneObject
    | Rewritten
    | Shortened
    | NewElements
    | NewTimed
    | GoneElements
)


def transaction(messages: Sequence[Message]) -> list[Message]:
    """Return messages as one transaction: the kernel does all of them or none, and acknowledges after that."""
    *others, last = messages
    return [_BEGIN, *others, last._replace(flags=last.flags | ACK), _END]


def _message(kind: Number, flags: int, *parts: bytes) -> Message:
    return Message(_NFTABLES << 8 | kind, flags, bytes((INET, 0, 0, 0)) + b"".join(parts))


def _shape(shape: Shape) -> Iterator[bytes]:
    yield number(3, shape.flags)
    yield number(4, shape.datatype)
    yield number(5, shape.length)
    if shape.flags & Flag.MAP:
        yield number(6, _VERDICTS)
    yield number(10, 1)  # a number within the batch, which only sets without a name are known by
    if shape.datatype in _IN_MACHINE_ORDER:  # for nft alone, which would list them reversed
        yield attribute(13, bytes((0, 4)) + (1).to_bytes(4, sys.byteorder))
    if shape.counted:
        yield nested(17, text(1, "counter"), nested(2))


def _hook(hook: Hook | None) -> list[bytes]:
    if hook is None:
        return []
    place = nested(4, number(1, hook.place), number(2, hook.priority & 0xFFFFFFFF))
    return [place, number(5, hook.policy), text(7, "filter")]


def _lists(elements: Iterable[Element]) -> Iterator[bytes]:
    """Yield elements in lists of no more bytes than a message holds."""
    parts: list[bytes] = []
    size = 0
    for element in elements:
        part = _element(element)
        if size + len(part) > _LARGEST:
            yield nested(3, *parts)
            parts, size = [], 0
        parts.append(part)
        size += len(part)
    if parts:
        yield nested(3, *parts)


def _element(element: Element) -> bytes:
    key, end, verdict = element
    if not end and verdict is None:
        before, after = _around(len(key))
        return before + key + after
    parts = [nested(1, attribute(1, key))]
    if verdict is not None:
        parts.append(nested(2, verdict_bytes(verdict)))
    whole = nested(_ELEMENT, *parts)
    return whole + nested(_ELEMENT, nested(1, attribute(1, end)), number(3, END_OF_INTERVAL)) if end else whole


@lru_cache
def _around(length: int) -> tuple[bytes, bytes]:
    """Return the bytes before and after the key of an element that is no more than its key: of 60,000 all the same."""
    zeros = bytes(length)
    whole = nested(_ELEMENT, nested(1, attribute(1, zeros)))
    before = len(whole) - length - -length % 4
    return whole[:before], whole[before + length :]


# ---- questions


def asked(kind: Number, *names: bytes) -> Message:
    """Return a question about tables, chains, rules, sets or elements."""
    return _message(kind, 0, *names)


def asked_elements(table: str, name: str, keys: Iterable[bytes]) -> Iterator[Message]:
    """Yield questions about some elements of a set, each of which must be there."""
    for some in _lists(map(Element, keys)):
        yield _message(Number.GET_ELEMENT, 0, text(1, table), text(2, name), some)


def asked_generation() -> Message:
    """Return a question about the number of the last transaction."""
    return Message(_NFTABLES << 8 | Number.GET_GENERATION, 0, bytes(GENERAL))
