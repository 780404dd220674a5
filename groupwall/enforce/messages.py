"""Changes of an nftables table as netlink messages, and what the kernel tells of a table as values.

Never text that nft would have to read, and never the nft program, which starts in 5 ms and reads the whole ruleset for
each change: reference dataplane-nftables 4 and 7.1 [measured].
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from groupwall.enforce.expressions import Verdict, decoded, encoded, verdict_bytes, verdict_of
from groupwall.enforce.netlink import (
    ACK,
    APPEND,
    CREATE,
    Answer,
    Message,
    attribute,
    attributes,
    nested,
    number,
    text,
)
from groupwall.enforce.table import DEVICE, MARK, Element, Flag, Hook, NftRule, Shape

INET = 1
"""The family of tables that see IPv4 and IPv6."""

_NFTABLES = 10
_BEGIN, _END = Message(0x10, 0, b"\0\0\0\x0a"), Message(0x11, 0, b"\0\0\0\x0a")
_GENERAL = 4
"""Bytes before the attributes of a body: family, version, resource."""

_ELEMENT = 1
_END_OF_INTERVAL = 1
_VERDICTS = 0xFFFFFF00
_LARGEST = 60_000
"""Bytes of elements in one message; the attribute that holds them has 16 bits for its length."""

_MARK = 6
_OURS = b"groupwall"
"""What a table of ours has for free use, by which it is known for ours."""

_IN_MACHINE_ORDER = {DEVICE.datatype, MARK.datatype}
_HANDLE = 3
_HOOK = 4
_COUNTERS = {17, 18}
_VERDICT = 2
_ATTRIBUTE = 4


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


# ---- changes, each with the messages that tell the kernel to make it; named: the attribute with the table's name


@dataclass(frozen=True, slots=True)
class NewTable:
    """Make the table, with the mark that it is ours."""

    def messages(self, named: bytes) -> list[Message]:
        """Return the message."""
        return [_message(Number.NEW_TABLE, CREATE, named, number(2, 0), attribute(_MARK, _OURS))]


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
    """Make a chain, without rules."""

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
        return [_message(Number.GONE_RULE, 0, chain, attribute(_HANDLE, handle)) for handle in self.handles]


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
class GoneElements:
    """Remove elements that a set has."""

    name: str
    elements: tuple[Element, ...]

    def messages(self, named: bytes) -> list[Message]:
        """Return a message for each 60,000 bytes of elements."""
        named += text(2, self.name)
        keys = (one._replace(verdict=None) for one in self.elements)
        return [_message(Number.GONE_ELEMENT, 0, named, some) for some in _lists(keys)]


Change = (
    NewTable | GoneTable | NewSet | GoneSet | NewChain | GoneChain | Rewritten | Shortened | NewElements | GoneElements
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
    return [place, number(5, 1), text(7, "filter")]


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
    parts = [nested(1, attribute(1, key))]
    if verdict is not None:
        parts.append(nested(2, verdict_bytes(verdict)))
    whole = nested(_ELEMENT, *parts)
    return whole + nested(_ELEMENT, nested(1, attribute(1, end)), number(3, _END_OF_INTERVAL)) if end else whole


# ---- what the kernel tells


def asked(kind: Number, *names: bytes) -> Message:
    """Return a question about tables, chains, rules, sets or elements."""
    return _message(kind, 0, *names)


def asked_elements(table: str, name: str, keys: Iterable[bytes]) -> Iterator[Message]:
    """Yield questions about some elements of a set, each of which must be there."""
    for some in _lists(map(Element, keys)):
        yield _message(Number.GET_ELEMENT, 0, text(1, table), text(2, name), some)


def asked_generation() -> Message:
    """Return a question about the number of the last transaction."""
    return Message(_NFTABLES << 8 | Number.GET_GENERATION, 0, bytes(_GENERAL))


def told(answer: Answer) -> tuple[int, dict[int, bytes]]:
    """Return the number and the attributes of a message from the kernel."""
    return answer.kind & 0xFF, dict(attributes(answer.body[_GENERAL:]))


def name_told(payload: bytes) -> str:
    """Return a name as the kernel tells it."""
    return payload.rstrip(b"\0").decode(errors="replace")


def is_ours(found: dict[int, bytes]) -> bool:
    """Tell whether a table was made by us."""
    return found.get(_MARK) == _OURS


def set_told(found: dict[int, bytes]) -> tuple[str, Shape]:
    """Return the name and the shape of a set."""
    datatype, length, flags = (int.from_bytes(found.get(kind, b"")) for kind in (4, 5, 3))
    return name_told(found[2]), Shape(datatype, length, flags, counted=bool(_COUNTERS & found.keys()))


def chain_told(found: dict[int, bytes]) -> tuple[str, Hook | None]:
    """Return the name of a chain, and its hook."""
    if _HOOK not in found:
        return name_told(found[3]), None
    hook = dict(attributes(found[_HOOK]))
    return name_told(found[3]), Hook(int.from_bytes(hook[1]), int.from_bytes(hook[2], signed=True))


def rule_chain(found: dict[int, bytes]) -> str:
    """Return the name of a rule's chain."""
    return name_told(found[2])


def rule_told(found: dict[int, bytes]) -> tuple[str, NftRule]:
    """Return the name of a rule's chain, and the rule."""
    return rule_chain(found), decoded(found.get(4, b""))


def handle_told(found: dict[int, bytes]) -> bytes:
    """Return the handle of a rule."""
    return found[_HANDLE]


class Told(NamedTuple):
    """An element as the kernel tells it. is_end: it is the end of an interval, not its beginning."""

    key: bytes
    verdict: Verdict | None
    is_end: bool
    counters: bytes

    @property
    def packets(self) -> int:
        """How many packets it has matched."""
        counter = dict(attributes(self.counters))
        return int.from_bytes(dict(attributes(counter[2]))[2]) if counter else 0


def elements_told(found: dict[int, bytes]) -> Iterator[Told]:
    """Yield the elements of a part of a set."""
    for _, part in attributes(found.get(3, b"")):
        one = dict(attributes(part))
        yield Told(
            key=_value(one[1]),
            verdict=verdict_of(dict(attributes(one[_VERDICT]))[2]) if _VERDICT in one else None,
            is_end=bool(int.from_bytes(one.get(3, b"")) & _END_OF_INTERVAL),
            counters=one.get(7, b""),
        )


def _value(payload: bytes) -> bytes:
    """Return what the one attribute in a payload holds; there are 60,000 of these, so that it is not searched for."""
    return payload[_ATTRIBUTE : int.from_bytes(payload[:2], sys.byteorder)]


def paired(some: Iterable[Told]) -> frozenset[Element]:
    """Return the elements of a set: in one of intervals, each beginning with the end that follows it."""
    found: list[Element] = []
    for key, verdict, is_end, _ in sorted(some, key=lambda one: (one.key, not one.is_end)):
        if not is_end:
            found.append(Element(key, b"", verdict))
        elif found:
            found[-1] = found[-1]._replace(end=key)
    return frozenset(found)
