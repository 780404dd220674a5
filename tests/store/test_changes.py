"""The history alone: its chain of hashes, and how deltas add up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.store.changes import GENESIS, Change, Delta, Event, Head, fold, follows, next_change
from groupwall.store.entities import World

EVENT = Event(1_000, "arn", "CreateVpc", "request", "{}")
WORLD = World("123456789012", "us-east-1")
DELTA = Delta("vpc", "vpc-1", None, '{"id":"vpc-1"}')


def test_a_change_follows_the_one_before() -> None:
    """A change has the next revision, the hash of the one before, and a hash over everything it tells (inferred)."""
    first = next_change(Head(0, GENESIS), 1, WORLD, EVENT, [DELTA])
    second = next_change(Head(first.revision, first.hash), 1, WORLD, EVENT, [DELTA])
    assert (first.revision, first.previous, second.revision, second.previous) == (1, GENESIS, 2, first.hash)
    assert len(first.hash) == 32
    assert first.hash != second.hash
    assert next_change(Head(0, GENESIS), 1, WORLD, EVENT, [DELTA]) == first


@pytest.mark.parametrize(
    ("head", "world", "event", "deltas"),
    [
        (Head(1, GENESIS), WORLD, EVENT, [DELTA]),
        (Head(0, b"\x01" * 32), WORLD, EVENT, [DELTA]),
        *((Head(0, GENESIS), WORLD._replace(**{name: "x"}), EVENT, [DELTA]) for name in World._fields),
        *(
            (Head(0, GENESIS), WORLD, EVENT._replace(**{name: 7 if name == "time" else "x"}), [DELTA])
            for name in Event._fields
        ),
        *((Head(0, GENESIS), WORLD, EVENT, [DELTA._replace(**{name: "x"})]) for name in Delta._fields),
        (Head(0, GENESIS), WORLD, EVENT, []),
        (Head(0, GENESIS), WORLD, EVENT, [DELTA, DELTA]),
    ],
)
def test_the_hash_covers_everything(head: Head, world: World, event: Event, deltas: list[Delta]) -> None:
    """Whatever is altered in a change, its hash is another (inferred)."""
    assert (
        next_change(head, 1, world, event, deltas).hash != next_change(Head(0, GENESIS), 1, WORLD, EVENT, [DELTA]).hash
    )


@pytest.mark.parametrize("column", [name for name in Change._fields if name != "world"])
def test_only_what_was_not_altered_follows(column: str) -> None:
    """A stored change follows its head with its deltas, and no longer once a column that the hash covers is another."""
    head = Head(0, GENESIS)
    change = next_change(head, 1, WORLD, EVENT, [DELTA])
    assert follows(change, head, [DELTA])
    assert not follows(change, head, [])
    altered = change._replace(**{column: getattr(change, column) * 2})
    assert not follows(altered, head, [DELTA])


def test_deltas_add_up() -> None:
    """What was made, changed and removed leaves what is there, each world by itself (inferred)."""
    deltas = [
        (1, Delta("security-group", "a", None, '{"n":1}')),
        (2, Delta("security-group", "a", None, '{"n":2}')),
        (1, Delta("security-group", "a", '{"n":1}', '{"n":3}')),
        (1, Delta("tag", "a", None, '{"n":4}')),
        (1, Delta("tag", "a", '{"n":4}', None)),
    ]
    assert fold(deltas) == {(1, "security-group", "a"): {"n": 3}, (2, "security-group", "a"): {"n": 2}}


def test_an_old_delta_lacks_what_came_later() -> None:
    """A column that came with a later version of the tables has its default in the deltas from before (inferred)."""
    old = '{"id":"vpc-1","cidr":"10.0.0.0/16","tenancy":"default","is_default":false,"dhcp_options_id":"dopt-1"}'
    new = old[:-1] + ',"dns_support":true,"dns_hostnames":false,"address_metrics":false}'
    told = fold([(1, Delta("vpc", "vpc-1", None, old)), (1, Delta("vpc", "vpc-1", new, new))])
    assert told == {(1, "vpc", "vpc-1"): json.loads(new)}


@pytest.mark.parametrize(
    "deltas",
    [
        [Delta("security-group", "a", '{"n":1}', None)],
        [Delta("security-group", "a", None, '{"n":1}'), Delta("security-group", "a", None, '{"n":1}')],
        [Delta("security-group", "a", None, '{"n":1}'), Delta("security-group", "a", '{"n":2}', None)],
        [Delta("security-group", "a", None, '{"n":1}'), Delta("security-group", "b", '{"n":1}', None)],
    ],
)
def test_deltas_that_do_not_meet_are_refused(deltas: list[Delta]) -> None:
    """A delta that does not begin where the one before it ended is an error (inferred)."""
    with pytest.raises(ValueError, match="does not begin where the changes before it ended"):
        fold((1, delta) for delta in deltas)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9)), max_size=20))
def test_folding_is_remembering_the_last(writes: list[tuple[str, int | None]]) -> None:
    """The fold of any history is the last value of each entity (inferred)."""
    now: dict[str, str] = {}
    deltas = []
    for name, value in writes:
        after = None if value is None else f'{{"n":{value}}}'
        deltas.append((1, Delta("security-group", name, now.pop(name, None), after)))
        if after is not None:
            now[name] = after
    deltas = [one for one in deltas if one[1].before or one[1].after]
    assert fold(deltas) == {(1, "security-group", name): {"n": int(text[5:-1])} for name, text in now.items()}
