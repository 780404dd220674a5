"""Messages and attributes as bytes, and back; no socket."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.kernel.netlink import (
    ACK,
    REQUEST,
    Message,
    answers,
    attribute,
    attributes,
    framed,
    nested,
    number,
    refusal,
    text,
)

rows = st.lists(st.tuples(st.integers(1, 0x3FFF), st.binary(max_size=40)), max_size=6)
messages = st.lists(st.builds(Message, st.integers(16, 0xFFFF), st.just(REQUEST), st.binary(max_size=40)), max_size=5)


@given(rows)
def test_attributes_come_back(row: list[tuple[int, bytes]]) -> None:
    """A row of attributes read back is the one that was written (dataplane-nftables 4.2)."""
    assert list(attributes(b"".join(attribute(kind, payload) for kind, payload in row))) == row
    ((kind, inner),) = attributes(nested(7, *(attribute(*one) for one in row)))
    assert kind == 7
    assert list(attributes(inner)) == row


@given(messages, st.integers(1, 1 << 20))
def test_messages_come_back(some: list[Message], first: int) -> None:
    """Messages read back are those that were framed, numbered one after the other (dataplane-nftables 4.2)."""
    back = list(answers(framed(some, first)))
    assert [(one.kind, one.flags, one.body) for one in back] == [tuple(one) for one in some]
    assert [one.sequence for one in back] == list(range(first, first + len(some)))


@given(st.binary(max_size=60))
def test_broken_bytes_are_refused(received: bytes) -> None:
    """Bytes that are no messages or attributes end in ValueError, never beyond their end (inferred)."""
    for read in (answers, attributes):
        try:
            list(read(received))
        except ValueError as error:
            assert "bytes in" in str(error)  # noqa: PT017 - it may be raised or not


def test_bytes_are_the_kernels() -> None:
    """Headers are in the machine's order, numbers in the network's, all filled up to four (dataplane-nftables 4.2)."""
    assert text(1, "abc") == struct.pack("=HH", 8, 1) + b"abc\0"
    assert number(2, 258) == struct.pack("=HH", 8, 2) + b"\0\0\1\2"
    assert attribute(3, b"x") == struct.pack("=HH", 5, 3) + b"x\0\0\0"
    assert nested(4, b"") == struct.pack("=HH", 4, 0x8004)
    assert framed([Message(5, ACK, b"12345")], 9) == struct.pack("=IHHII", 21, 5, ACK, 9, 0) + b"12345\0\0\0"


def test_too_long_is_refused() -> None:
    """An attribute has 16 bits for its length, and a text has no zero inside (dataplane-nftables 4.4)."""
    attribute(1, bytes(65531))
    with pytest.raises(ValueError, match="65536"):
        attribute(1, bytes(65532))
    with pytest.raises(ValueError, match="zero"):
        text(1, "a\0b")


def test_a_refusal_names_its_message() -> None:
    """An error tells which of the messages was refused, and why if the kernel says so (dataplane-nftables 4.3)."""
    header = struct.pack("=IHHII", 20, 5, 0, 12, 0)
    received = struct.pack("=i", -2) + header + text(1, "no such set")
    (answer,) = answers(framed([Message(2, 0, received)], 12))
    refused = refusal(answer, 10)
    assert refused
    assert (refused.errno, refused.strerror, refused.place) == (2, "no such set", 2)
    (done,) = answers(framed([Message(2, 0, struct.pack("=i", 0) + header)], 12))
    assert refusal(done, 10) is None
