"""What the kernel tells of sets, as bytes; no socket."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.kernel.expressions import goto, jump
from groupwall.enforce.kernel.messages import GENERAL, NewElements
from groupwall.enforce.kernel.netlink import attributes, nested, number, text
from groupwall.enforce.kernel.table import LINE, Element, Flag, shape
from groupwall.enforce.kernel.telling import Told, elements_told, paired

KEYS = st.binary(min_size=1, max_size=40)
HASH, MAP, INTERVAL = (shape(LINE, flags=flags) for flags in (0, Flag.MAP, Flag.INTERVAL))
CATCH_ALL = nested(1, number(3, 2))


def told(elements: tuple[Element, ...]) -> list[Told]:
    """Return the elements as the kernel would tell those that it was told."""
    (message,) = NewElements("some", elements).messages(text(1, "table"))
    return list(elements_told(dict(attributes(message.body[GENERAL:]))))


@given(st.frozensets(KEYS, min_size=1, max_size=8))
def test_keys_come_back(keys: frozenset[bytes]) -> None:
    """Keys of any length read back are those that were written, in a hash of keys and in a map (4.4)."""
    plain = frozenset(map(Element, keys))
    assert paired(HASH, told(tuple(plain))) == plain
    verdicts = frozenset(Element(key, verdict=(goto, jump)[key[0] % 2]("chain")) for key in keys)
    assert paired(MAP, told(tuple(verdicts))) == verdicts


@given(st.lists(st.binary(min_size=4, max_size=4), min_size=2, max_size=8, unique=True))
def test_intervals_come_back(ends: list[bytes]) -> None:
    """Intervals read back in any order are those that were written; the last may have no end (4.4)."""
    ends.sort()
    some = frozenset(Element(first, end) for first, end in zip(ends[::2], [*ends[1::2], b""], strict=False))
    assert paired(INTERVAL, told(tuple(some))) == some
    assert paired(INTERVAL, reversed(told(tuple(some)))) == some


def test_one_for_all_others_is_not_ours() -> None:
    """An element that stands for all that are not there has no key, so that it is equal to none of ours (inferred)."""
    assert paired(HASH, elements_told({3: CATCH_ALL})) == {Element(b"")}
