"""Token buckets: never more than a burst and the rate, whatever is asked when."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from groupwall.buckets import Buckets

START = 1_795_000_000_000
SECOND = 1000


def taken(buckets: Buckets, times: list[int], name: str = "a") -> list[int]:
    """Return those of the times, in milliseconds, at which a token was there."""
    return [time for time in times if buckets.take(name, START + time)]


def test_a_burst_and_then_the_rate() -> None:
    """A full bucket gives its burst at once, then one token each 1/rate seconds (inferred)."""
    buckets = Buckets(rate=4, burst=3)
    assert taken(buckets, [0, 0, 0, 0, 249, 250, 250, 499, 500]) == [0, 0, 0, 250, 500]


def test_a_pause_fills_it_to_the_burst_and_no_further() -> None:
    """What is not used for a day is a burst, not a day's tokens (inferred)."""
    buckets = Buckets(rate=10, burst=2)
    assert taken(buckets, [0, 0, 0]) == [0, 0]
    day = 86_400 * SECOND
    assert taken(buckets, [day] * 5) == [day] * 2


def test_names_have_buckets_of_their_own() -> None:
    """What one has used up, another still has (inferred)."""
    buckets = Buckets(rate=1, burst=1)
    assert taken(buckets, [0, 0]) == [0]
    assert taken(buckets, [0, 0], "b") == [0]


@given(
    gaps=st.lists(st.integers(0, 3 * SECOND), max_size=60),
    rate=st.floats(0.001, 1000),
    burst=st.integers(1, 20),
)
@example(gaps=[0] * 10, rate=3, burst=7)
def test_no_window_holds_more_than_burst_and_rate(gaps: list[int], rate: float, burst: int) -> None:
    """Between any two times at most ``burst + rate * seconds`` tokens are given, and a burst whenever it is due."""
    times = [sum(gaps[: end + 1]) for end in range(len(gaps))]
    found = taken(Buckets(rate, burst), times)
    assert found[:burst] == times[:burst]
    for first in range(len(found)):
        for last in range(first, len(found)):
            seconds = (found[last] - found[first]) / SECOND
            assert last - first + 1 <= burst + rate * seconds


@given(times=st.lists(st.integers(-100 * SECOND, 100 * SECOND), max_size=40))
def test_a_clock_that_jumps_locks_nobody_out(times: list[int]) -> None:
    """Whatever the clock did, a token is there after 1/rate seconds (inferred)."""
    buckets = Buckets(rate=1, burst=2)
    for time in times:
        buckets.take("a", START + time)
    last = START + (times[-1] if times else 0)
    assert buckets.take("a", last + SECOND)


def test_what_is_full_is_forgotten() -> None:
    """A bucket that is full again takes up no memory (inferred)."""
    buckets = Buckets(rate=10, burst=5)
    for number in range(1000):
        assert buckets.take(f"name-{number}", START + number)
    assert len(buckets) <= 101
    assert buckets.take("another", START + 10 * SECOND)
    assert len(buckets) == 1


def test_memory_is_bounded() -> None:
    """However many names there are at once, so many buckets are kept; the least recently used goes (inferred)."""
    buckets = Buckets(rate=1, burst=1, most=3)
    for name in ("a", "b", "c", "a", "d"):
        buckets.take(name, START)
    assert len(buckets) == 3
    assert not buckets.take("a", START)
    assert buckets.take("b", START)
