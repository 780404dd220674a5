"""The one door for chance and time."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from groupwall.units import FrozenClock, Ids, SystemClock, derived_id, ticks

ID = re.compile(r"sgr-0[0-9a-f]{16}")


def test_an_id_has_the_form_of_awss() -> None:
    """A new id is its prefix, a hyphen, and 17 lower-case hex digits, the first a zero: reference 3.1 [docs]."""
    made = [Ids().new("sgr") for _ in range(1000)]
    assert [one for one in made if not ID.fullmatch(one)] == []
    assert len(set(made)) == 1000


def test_a_request_id_is_a_random_uuid() -> None:
    """A request id is a UUID of version 4: reference 1.2 [recorded]."""
    made = uuid.UUID(Ids().request_id())
    assert (made.version, made.variant) == (4, uuid.RFC_4122)


def test_a_seed_repeats() -> None:
    """The same seed gives the same ids, keys and secrets, another seed gives others (inferred)."""

    def drawn(ids: Ids) -> tuple[str, str, bytes, str]:
        return ids.new("sg"), ids.request_id(), ids.key(), ids.text("abc", 20)

    assert drawn(Ids(1)) == drawn(Ids(1))
    assert not set(drawn(Ids(1))) & set(drawn(Ids(2)))
    assert not set(drawn(Ids())) & set(drawn(Ids()))


@given(st.text("ab+/7", min_size=1), st.integers(0, 50))
def test_text_is_of_its_alphabet(alphabet: str, length: int) -> None:
    """A secret has its length, and only characters that it may have (inferred)."""
    made = Ids().text(alphabet, length)
    assert len(made) == length
    assert set(made) <= set(alphabet)


def test_a_derived_id_is_always_the_same() -> None:
    """What exists from the start has one id for ever, of the same form (inferred)."""
    made = derived_id(b"key", "vpc", "123456789012", "us-east-1")
    assert made == derived_id(b"key", "vpc", "123456789012", "us-east-1") == "vpc-08ebc694635c07890"
    assert re.fullmatch("vpc-0[0-9a-f]{16}", made)


@given(st.lists(st.lists(st.text("ab-1", max_size=3), max_size=3), min_size=2, max_size=5, unique_by=tuple))
def test_derived_ids_differ(parts: list[list[str]]) -> None:
    """Other parts, parts cut elsewhere, another prefix and another key give other ids (inferred)."""
    made = [derived_id(key, prefix, *some) for some in parts for prefix in ("a", "b") for key in (b"1", b"2")]
    assert len(set(made)) == len(made)


def test_a_frozen_clock_stands_still() -> None:
    """A frozen clock moves only when it is told to, by seconds or a timedelta, forward and back (inferred)."""
    clock = FrozenClock(1_000)
    assert (clock.now(), clock.now()) == (1_000, 1_000)
    clock.advance(1.5)
    clock.advance(-0.25)
    clock.advance(timedelta(minutes=1))
    assert clock.now() == 62_250


def test_a_frozen_clock_is_moved_by_many() -> None:
    """No move of a frozen clock is lost between threads (inferred)."""
    clock = FrozenClock(0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: clock.advance(0.001), range(8_000)))
    assert clock.now() == 8_000


def test_the_machines_clock_goes_on() -> None:
    """The time is that of this century in milliseconds, and what is measured never goes back (inferred)."""
    assert 1_700_000_000_000 < SystemClock().now() < 4_102_444_800_000
    first, second = ticks(), ticks()
    assert first <= second
