"""What the values of condition keys stand for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - sets how many examples are drawn
from groupwall.iam import values

READERS = [values.number, values.moment, values.block, values.address, values.truth, values.octets]


@given(st.text(max_size=40) | st.text("0123456789.:/eE+-TZ", max_size=60))
def test_any_text_is_read_or_not(text: str) -> None:
    """No text, however odd, makes a reader fail (inferred)."""
    for read in READERS:
        read(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_its_seconds_since_1970(when: datetime) -> None:
    """ISO 8601 gives the seconds since 1970: users 7.3 [docs]."""
    assert values.moment(when.isoformat()) == pytest.approx(when.timestamp())


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_seconds_since_1970_are_themselves(seconds: int) -> None:
    """Whole seconds are read as they are: users 7.3 [docs]."""
    assert values.moment(str(seconds)) == seconds


def test_four_digits_are_seconds() -> None:
    """A year alone is not read as one (inferred)."""
    assert values.moment("2026") == 2026


@given(st.ip_addresses())
def test_an_address_is_in_its_own_block(address: object) -> None:
    """An address without a length is a block of one: users 7.3 [docs]."""
    block = values.block(str(address))
    assert block is not None
    assert block.num_addresses == 1
    assert values.address(str(address)) in block


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+", ".", "1e", "1e99999", "٣", "1" * 101, "0x1", "inf", "nan", "1_0"]
)
def test_what_is_no_number(text: str) -> None:
    """Only plain decimal numbers are read, of bounded length (inferred)."""
    assert values.number(text) is None


@pytest.mark.parametrize(
    "text",
    ["", "2026-11", "20261123T120000Z", "2026-02-30", "2026-11-23 12:00:00Z", "2026-11-23T25:00:00Z",
     "2026-11-23T12:00:00z", "2026-11-23T12:00:00+0100", "2026-11-23T12Z", "٢٠٢٦-11-23", "1e9", "9" * 13],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    """Other forms of ISO 8601 are not read (inferred)."""
    assert values.moment(text) is None


@pytest.mark.parametrize(
    "text", ["", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/255.0.0.0", "::/129", "a", "10.0.0.0/8/8", "1.2.3.4 "]
)
def test_what_is_no_block(text: str) -> None:
    """Only CIDR blocks and addresses are read (inferred)."""
    assert values.block(text) is None
