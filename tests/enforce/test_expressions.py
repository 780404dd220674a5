"""Expressions as bytes, and back; no kernel."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.kernel import expressions as nft
from groupwall.enforce.kernel.netlink import attribute, nested, number, text

words = st.integers(0, 15)
values = st.binary(min_size=1, max_size=16)
names = st.text("abcdefghijklmnopqrstuvwxyz_0123456789", min_size=1, max_size=40)
verdicts = st.sampled_from([nft.ACCEPT, nft.DROP]) | st.builds(nft.jump, names) | st.builds(nft.goto, names)
EXPRESSIONS = (
    st.builds(nft.LoadMeta, words, st.sampled_from(nft.Meta).map(int)),
    st.builds(nft.LoadState, words),
    st.builds(nft.LoadPacket, words, st.sampled_from(nft.Header).map(int), st.integers(0, 255), st.integers(1, 16)),
    st.builds(nft.LoadValue, words, values),
    st.builds(nft.Mask, words, values),
    st.builds(nft.Compare, words, st.sampled_from(nft.Is).map(int), values),
    st.builds(nft.Within, words, values, values),
    st.builds(nft.InSet, words, names, st.booleans()),
    st.builds(nft.Dispatch, words, names),
    verdicts,
    st.builds(nft.SetTimeout, names),
)


@given(st.lists(st.one_of(*EXPRESSIONS), max_size=8))
def test_rules_come_back(rule: list[nft.Expression]) -> None:
    """A rule read back is the one that was written, every kind of expression of it (inferred)."""
    assert nft.decoded(nft.encoded(rule)) == tuple(rule)


def _told(name: str, *content: bytes) -> bytes:
    return nested(1, text(1, name), nested(2, *content))


def test_what_is_none_of_ours_is_unknown() -> None:
    """An expression that we do not write, or with more to it than ours, is never taken for one of ours (inferred)."""
    value = nested(4, attribute(1, b"\xff"))
    some = {
        "limit": _told("limit", number(1, 5)),
        "mask that adds": _told(
            "bitwise", number(1, 1), number(2, 1), number(3, 1), value, nested(5, attribute(1, b"\x01"))
        ),
        "mask to elsewhere": _told(
            "bitwise", number(1, 1), number(2, 2), number(3, 1), value, nested(5, attribute(1, b"\x00"))
        ),
        "another key of ct": _told("ct", number(1, 1), number(2, 3)),
        "a range to be outside of": _told("range", number(1, 1), number(2, 1), nested(3, attribute(1, b"a")), value),
        "a map into a register": _told("lookup", text(1, "m"), number(2, 1), number(3, 2)),
        "nothing": _told("cmp"),
    }
    found = nft.decoded(b"".join(some.values()))
    assert [type(one) for one in found] == [nft.Unknown] * len(some)


def test_registers_have_two_numbers() -> None:
    """A word that begins a register of 16 bytes has that register's number, as the kernel tells it (inferred)."""
    told = [nft.encoded([nft.LoadState(word)])[-4:] for word in range(6)]
    assert [int.from_bytes(one) for one in told] == [1, 9, 10, 11, 2, 13]
