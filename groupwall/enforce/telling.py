"""What the kernel tells of an nftables table, as values: reference dataplane-nftables 4.4 and 4.5 [measured]."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from groupwall.enforce.expressions import Verdict, decoded, verdict_of
from groupwall.enforce.messages import END_OF_INTERVAL, GENERAL, HANDLE, MARK_OF_A_TABLE, OURS
from groupwall.enforce.netlink import Answer, attributes
from groupwall.enforce.table import Element, Hook, NftRule, Shape

_HOOK = 4
_COUNTERS = {17, 18}
_VERDICT = 2
_ATTRIBUTE = 4


def told(answer: Answer) -> tuple[int, dict[int, bytes]]:
    """Return the number and the attributes of a message from the kernel."""
    return answer.kind & 0xFF, dict(attributes(answer.body[GENERAL:]))


def name_told(payload: bytes) -> str:
    """Return a name as the kernel tells it."""
    return payload.rstrip(b"\0").decode(errors="replace")


def is_ours(found: dict[int, bytes]) -> bool:
    """Tell whether a table was made by us."""
    return found.get(MARK_OF_A_TABLE) == OURS


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
    return found[HANDLE]


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
            is_end=bool(int.from_bytes(one.get(3, b"")) & END_OF_INTERVAL),
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
