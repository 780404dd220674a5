"""What the kernel tells of an nftables table, as values: reference dataplane-nftables 4.4 and 4.5 [measured]."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from struct import Struct
from typing import NamedTuple

from groupwall.enforce.kernel.expressions import Verdict, decoded, verdict_of
from groupwall.enforce.kernel.messages import END_OF_INTERVAL, GENERAL, HANDLE, MARK_OF_A_TABLE, TIMEOUT
from groupwall.enforce.kernel.netlink import KIND, Answer, attributes
from groupwall.enforce.kernel.table import STATES, Element, Flag, Hook, NftRule, Shape, Timeout

_HOOK, _POLICY = 4, 5
_COUNTERS = {17, 18}
_ELEMENT_KEY, _VERDICT = 1, 2
_ATTRIBUTE = 4
_NUMBER = 8
_NESTED = Struct("=HHHH")
"""Lengths and numbers of an attribute and of the first one in it."""


def told(answer: Answer) -> tuple[int, dict[int, bytes]]:
    """Return the number and the attributes of a message from the kernel."""
    return answer.kind & 0xFF, dict(attributes(answer.body[GENERAL:]))


def name_told(payload: bytes) -> str:
    """Return a name as the kernel tells it."""
    return payload.rstrip(b"\0").decode(errors="replace")


def mark_told(found: dict[int, bytes]) -> str:
    """Return the mark that its maker left with a table, empty if there is none."""
    return found.get(MARK_OF_A_TABLE, b"").decode(errors="replace")


def set_told(found: dict[int, bytes]) -> tuple[str, Shape]:
    """Return the name and the shape of a set."""
    datatype, length, flags = (int.from_bytes(found.get(kind, b"")) for kind in (4, 5, 3))
    return name_told(found[2]), Shape(datatype, length, flags, counted=bool(_COUNTERS & found.keys()))


def chain_told(found: dict[int, bytes]) -> tuple[str, Hook | None]:
    """Return the name of a chain, and its hook."""
    if _HOOK not in found:
        return name_told(found[3]), None
    hook = dict(attributes(found[_HOOK]))
    place, priority = int.from_bytes(hook[1]), int.from_bytes(hook[2], signed=True)
    return name_told(found[3]), Hook(place, priority, int.from_bytes(found[_POLICY]))


def rule_chain(found: dict[int, bytes]) -> str:
    """Return the name of a rule's chain."""
    return name_told(found[2])


def rule_told(found: dict[int, bytes]) -> tuple[str, NftRule]:
    """Return the name of a rule's chain, and the rule."""
    return rule_chain(found), decoded(found.get(4, b""))


def handle_told(found: dict[int, bytes]) -> bytes:
    """Return the handle of a rule."""
    return found[HANDLE]


def timeout_told(found: dict[int, bytes]) -> tuple[str, Timeout]:
    """Return the name of a timeout, and the seconds of those states that ours tell."""
    held = dict(attributes(found[4]))
    protocol = held[2][0]
    told = dict(attributes(held[3]))
    seconds = tuple((state, int.from_bytes(told[state])) for state in STATES[protocol])
    return name_told(found[2]), Timeout(protocol, seconds)


def object_told(found: dict[int, bytes]) -> tuple[str, int]:
    """Return the name of an object, and the number of its kind."""
    return name_told(found[2]), int.from_bytes(found[3])


def is_timeout(found: dict[int, bytes]) -> bool:
    """Tell whether an object is a timeout of a protocol that ours are of."""
    return int.from_bytes(found[3]) == TIMEOUT and dict(attributes(found[4]))[2][0] in STATES


class Told(NamedTuple):
    """An element as the kernel tells it. rest: the attributes after its key, read only where they are asked for."""

    key: bytes
    rest: bytes

    @property
    def verdict(self) -> Verdict | None:
        """What a map leads to."""
        found = self._found
        return verdict_of(dict(attributes(found[_VERDICT]))[2]) if _VERDICT in found else None

    @property
    def is_end(self) -> bool:
        """Whether it is the end of an interval, not its beginning."""
        return bool(int.from_bytes(self._found.get(3, b"")) & END_OF_INTERVAL)

    @property
    def packets(self) -> int:
        """How many packets it has matched: the last that a counter tells, since there may be 60,000 to look at."""
        return int.from_bytes(self._found.get(7, b"")[-_NUMBER:])

    @property
    def _found(self) -> dict[int, bytes]:
        return dict(attributes(self.rest))


def elements_told(found: dict[int, bytes]) -> Iterator[Told]:
    """Yield the elements of a part of a set; there are 60,000 of these, so that a key is not searched for.

    One that stands for all others has no key, and is none that we made.
    """
    for _, part in attributes(found.get(3, b"")):
        length, kind, inner, _ = _NESTED.unpack_from(part)
        is_key = kind & KIND == _ELEMENT_KEY
        yield Told(part[_ATTRIBUTE * 2 : _ATTRIBUTE + inner], part[length:]) if is_key else Told(b"", part)


def paired(shape: Shape, some: Iterable[Told]) -> frozenset[Element]:
    """Return the elements of a set: in one of intervals, each beginning with the end that follows it."""
    if not shape.flags & (Flag.INTERVAL | Flag.MAP):
        return frozenset(Element(one.key) for one in some)
    found: list[Element] = []
    for one in sorted(some, key=lambda one: (one.key, not one.is_end)):
        if not one.is_end:
            found.append(Element(one.key, b"", one.verdict))
        elif found:
            found[-1] = found[-1]._replace(end=one.key)
    return frozenset(found)
