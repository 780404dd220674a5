"""DescribeInstances of many: what is read in parts is told as if it were read at once."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from groupwall.config import Quotas
from groupwall.iam.callers import root
from groupwall.ops.filters import Paging
from groupwall.ops.instances.described import reservations
from groupwall.ops.operation import Context
from groupwall.store.changes import Event
from groupwall.store.entities import Instance, World
from groupwall.store.rows import PART
from groupwall.store.transaction import Transaction
from groupwall.units import Ids
from tests.driver import NOW, Wall
from tests.ops.test_instances import run
from tests.scenes import Json

sizes = st.lists(st.integers(1, 30) | st.integers(90, 250), min_size=1, max_size=8)


def _filled(wall: Wall, sizes: list[int]) -> dict[str, list[str]]:
    """Write reservations of these sizes; return the ids of each one's instances in the order of their launch."""
    run(wall)
    [pattern] = wall.store.run(lambda tx: _entered(tx, wall).listed(Instance))
    ids = Ids(7)
    launched = {ids.new("r"): [ids.new("i") for _ in range(size)] for size in sizes}

    def fill(tx: Transaction) -> None:
        _entered(tx, wall)
        for reservation, instances in launched.items():
            for index, instance_id in enumerate(instances):
                tx.add(pattern._replace(id=instance_id, reservation_id=reservation, launch_index=index))
        tx.record(Event(NOW, "test", "Fill", ids.request_id(), "{}"))

    wall.store.run(fill)
    return launched | {pattern.reservation_id: [pattern.id]}


def _entered(tx: Transaction, wall: Wall) -> Transaction:
    tx.enter(World(wall.account, wall.region))
    return tx


def _told(found: list[Json]) -> list[tuple[str, list[str]]]:
    return [(one["ReservationId"], [each["InstanceId"] for each in one["Instances"]]) for one in found]


@settings(max_examples=20)
@given(sizes)
def test_parts_neither_split_nor_reorder_a_reservation(sizes: list[int]) -> None:
    """Each reservation is told once and whole, its instances in the order of their launch (inferred)."""
    with Wall() as wall:
        launched = _filled(wall, sizes)
        assert _told(wall.ask("DescribeInstances")["Reservations"]) == sorted(launched.items())


@settings(max_examples=20)
@given(sizes, st.integers(5, 400))
def test_pages_count_instances(sizes: list[int], limit: int) -> None:
    """Pages have so many instances each; a reservation is told twice only where a page ends within it (inferred)."""
    with Wall() as wall:
        launched = _filled(wall, sizes)
        pages = [wall.ask("DescribeInstances", MaxResults=limit)]
        while "NextToken" in pages[-1]:
            pages.append(wall.ask("DescribeInstances", MaxResults=limit, NextToken=pages[-1]["NextToken"]))
        told = [_told(page["Reservations"]) for page in pages]
        counts = [sum(len(ids) for _, ids in page) for page in told]
        assert counts[:-1] == [limit] * (len(pages) - 1)
        assert 0 < counts[-1] <= limit
        assert all(len({name for name, _ in page}) == len(page) for page in told)
        pieces = groupby((one for page in told for one in page), key=lambda one: one[0])
        gathered = [(name, sorted(found for _, ids in mine for found in ids)) for name, mine in pieces]
        assert gathered == [(name, sorted(ids)) for name, ids in sorted(launched.items())]


def test_parts_are_read_when_they_are_taken() -> None:
    """A first part and no more is read before the reply begins: docs/decisions/0008."""
    sizes = [30] * 20
    with Wall() as wall:
        _filled(wall, sizes)
        described: list[int] = []

        def describe(part: list[Instance], context: Context) -> list[dict[str, Any]]:
            described.append(len(part))
            return reservations(part, context)

        def read(tx: Transaction) -> None:
            caller = root(wall.account, "aws")
            context = Context(_entered(tx, wall), World(wall.account, wall.region), caller, NOW, Ids(1), Quotas())
            shown, _ = Paging({}, context, "instances").listed(Instance, [], describe, lambda one: one.reservation_id)
            assert len(described) == 1
            assert sum(1 for _ in shown) == len(sizes) + 1
            assert max(described) < PART + 30 + PART

        wall.store.run(read)
