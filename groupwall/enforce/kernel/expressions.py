"""The expressions that nftables' rules are made of, as values, and their bytes in both directions.

A rule is a row of them: each loads something into registers, or compares what is there and leaves the rule when that
does not hold, or gives a verdict. Registers are counted in words of four bytes here, from 0 to 15.

The kernel tells an expression as it was told it, but for attributes that are its own choice, so that values read back
are equal to those that were sent exactly when the rules do the same: reference dataplane-nftables 4 [measured].
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from groupwall.enforce.kernel.netlink import attribute, attributes, nested, number, text

REMEMBERED = 1 << 13
"""Expressions whose bytes are remembered: rules are made of the same few again and again."""

_WORDS = 4
"""Words in each of the four registers of 16 bytes, which are numbered 1 to 4; the words alone are 8 to 23."""

_VALUE = 1
_VERDICT = 2
_NAME = 1
_CONTENT = 2
_ELEMENT = 1
_TIMEOUT = 7
"""The kind of objects that timeouts are."""


class Meta(IntEnum):
    """What the kernel knows of a packet beside its bytes."""

    IN = 6
    OUT = 7
    FAMILY = 15
    PROTOCOL = 16


class Header(IntEnum):
    """Where an offset into a packet counts from."""

    NETWORK = 1
    TRANSPORT = 2


class Is(IntEnum):
    """How a comparison compares."""

    EQUAL = 0
    OTHER = 1


class Code(IntEnum):
    """What becomes of a packet, or which chain it goes on in."""

    DROP = 0
    ACCEPT = 1
    JUMP = -3
    GOTO = -4


@dataclass(frozen=True, slots=True)
class LoadMeta:
    """Load what the kernel knows of the packet."""

    word: int
    key: int


@dataclass(frozen=True, slots=True)
class LoadState:
    """Load the state of the packet's flow in connection tracking: bits, in the machine's order."""

    word: int


@dataclass(frozen=True, slots=True)
class LoadPacket:
    """Load bytes of the packet; one that is too short leaves the rule."""

    word: int
    header: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class LoadValue:
    """Load bytes that are known beforehand."""

    word: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Mask:
    """Keep the bits of a register that a mask has."""

    word: int
    mask: bytes


@dataclass(frozen=True, slots=True)
class Compare:
    """Leave the rule unless a register compares so with a value; what the value is shorter by does not count."""

    word: int
    way: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Within:
    """Leave the rule unless a register is between two values, both included."""

    word: int
    first: bytes
    last: bytes


@dataclass(frozen=True, slots=True)
class InSet:
    """Leave the rule unless a set has what the registers hold; or unless it lacks it."""

    word: int
    name: str
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Dispatch:
    """Give the verdict that a map has for what the registers hold; leave the rule if it has none."""

    word: int
    name: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Give a verdict. chain: where to jump or go, of those two only."""

    code: int
    chain: str = ""


@dataclass(frozen=True, slots=True)
class SetTimeout:
    """Let a flow that begins have a timeout, if it is of the timeout's protocol; of any other flow it does nothing."""

    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression that is none of ours, read back from a table that somebody else changed."""

    name: str
    content: bytes


Expression = (
    LoadMeta
    | LoadState
    | LoadPacket
    | LoadValue
    | Mask
    | Compare
    | Within
    | InSet
    | Dispatch
    | Verdict
    | SetTimeout
    | Unknown
)

ACCEPT = Verdict(Code.ACCEPT)
DROP = Verdict(Code.DROP)


def jump(chain: str) -> Verdict:
    """Ask another chain, and go on here if it gives no verdict."""
    return Verdict(Code.JUMP, chain)


def goto(chain: str) -> Verdict:
    """Go on in another chain, and do not come back."""
    return Verdict(Code.GOTO, chain)


def encoded(expressions: Iterable[Expression]) -> bytes:
    """Return the elements of a list of expressions."""
    return b"".join(map(_element, expressions))


def decoded(elements: bytes) -> tuple[Expression, ...]:
    """Return the expressions of a list; Unknown for each that is none of ours. ValueError for what is no such list."""
    return tuple(_expression(element) for _, element in attributes(elements))


def verdict_bytes(verdict: Verdict) -> bytes:
    """Return a verdict as an attribute of what holds it."""
    chain = [text(2, verdict.chain)] if verdict.chain else []
    return nested(_VERDICT, number(1, verdict.code & 0xFFFFFFFF), *chain)


def verdict_of(held: bytes) -> Verdict:
    """Return the verdict that such an attribute's payload holds."""
    found = dict(attributes(held))
    code = int.from_bytes(found[1], signed=True)
    return Verdict(code, _text(found.get(2, b"")))


# ---- the bytes of each kind: (the kernel's name, its attributes of a value, the value of its attributes)

_Found = Mapping[int, bytes]


class _Form(NamedTuple):
    name: str
    write: Callable[..., list[bytes]]
    read: Callable[[_Found], Expression]


def _register(kind: int, word: int) -> bytes:
    """Tell the kernel a register as the kernel tells it: by its large register where it begins one."""
    return number(kind, 1 + word // _WORDS if word % _WORDS == 0 else 8 + word)


def _word(payload: bytes) -> int:
    told = int.from_bytes(payload)
    return told - 8 if told >= 8 else (told - 1) * _WORDS  # noqa: PLR2004 - the first of the small registers


def _value(kind: int, value: bytes) -> bytes:
    return nested(kind, attribute(_VALUE, value))


def _bytes(payload: bytes) -> bytes:
    return dict(attributes(payload))[_VALUE]


def _text(payload: bytes) -> str:
    return payload.rstrip(b"\0").decode(errors="replace")


def _number(payload: bytes) -> int:
    return int.from_bytes(payload)


def _immediate(found: _Found) -> Expression:
    held = dict(attributes(found[2]))
    return verdict_of(held[_VERDICT]) if _VERDICT in held else LoadValue(_word(found[1]), held[_VALUE])


def _lookup(found: _Found) -> Expression:
    if 3 in found:  # noqa: PLR2004 - a register for what the map has: of ours, always the verdict's
        return Dispatch(_word(found[2]), _text(found[1]))
    return InSet(_word(found[2]), _text(found[1]), absent=bool(_number(found.get(5, b""))))


_FORMS: Mapping[type[Expression], _Form] = {
    LoadMeta: _Form(
        "meta",
        lambda one: [number(2, one.key), _register(1, one.word)],
        lambda found: LoadMeta(_word(found[1]), _number(found[2])),
    ),
    LoadState: _Form(
        "ct",
        lambda one: [number(2, 0), _register(1, one.word)],
        lambda found: LoadState(_word(found[1])),
    ),
    LoadPacket: _Form(
        "payload",
        lambda one: [_register(1, one.word), number(2, one.header), number(3, one.offset), number(4, one.length)],
        lambda found: LoadPacket(_word(found[1]), _number(found[2]), _number(found[3]), _number(found[4])),
    ),
    LoadValue: _Form("immediate", lambda one: [_register(1, one.word), _value(2, one.value)], _immediate),
    Mask: _Form(
        "bitwise",
        lambda one: [
            _register(1, one.word),
            _register(2, one.word),
            number(3, len(one.mask)),
            _value(4, one.mask),
            _value(5, bytes(len(one.mask))),
        ],
        lambda found: Mask(_word(found[1]), _bytes(found[4])),
    ),
    Compare: _Form(
        "cmp",
        lambda one: [_register(1, one.word), number(2, one.way), _value(3, one.value)],
        lambda found: Compare(_word(found[1]), _number(found[2]), _bytes(found[3])),
    ),
    Within: _Form(
        "range",
        lambda one: [_register(1, one.word), number(2, 0), _value(3, one.first), _value(4, one.last)],
        lambda found: Within(_word(found[1]), _bytes(found[3]), _bytes(found[4])),
    ),
    InSet: _Form(
        "lookup",
        lambda one: [text(1, one.name), _register(2, one.word), *([number(5, 1)] if one.absent else [])],
        _lookup,
    ),
    Dispatch: _Form("lookup", lambda one: [text(1, one.name), _register(2, one.word), number(3, 0)], _lookup),
    SetTimeout: _Form(
        "objref", lambda one: [number(1, _TIMEOUT), text(2, one.name)], lambda found: SetTimeout(_text(found[2]))
    ),
    Verdict: _Form(
        "immediate", lambda one: [number(1, 0), nested(2, verdict_bytes(one))], _immediate
    ),
}  # fmt: skip
_READ = {form.name: form.read for form in _FORMS.values()}


@lru_cache(maxsize=REMEMBERED)
def _element(one: Expression) -> bytes:
    if isinstance(one, Unknown):
        return nested(_ELEMENT, text(_NAME, one.name), nested(_CONTENT, one.content))
    form = _FORMS[type(one)]
    return nested(_ELEMENT, text(_NAME, form.name), nested(_CONTENT, *form.write(one)))


@lru_cache(maxsize=REMEMBERED)
def _expression(element: bytes) -> Expression:
    """Return an expression; Unknown if writing it would not give what was told, such as a mask that adds bits too."""
    told = dict(attributes(element))
    name, content = _text(told[_NAME]), told.get(_CONTENT, b"")
    try:
        one = _READ[name](dict(attributes(content)))
    except (KeyError, ValueError):
        return Unknown(name, content)
    if isinstance(one, Verdict):  # the kernel marks nested attributes in its own way
        return one
    ours = dict(attributes(b"".join(_FORMS[type(one)].write(one))))
    return one if ours.items() <= dict(attributes(content)).items() else Unknown(name, content)
