"""An account of many groups, written straight into a store: the rows and changes that as many calls would have left."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from bench.programs import ACCOUNT
from bench.wire import REGION
from groupwall.config import Quotas
from groupwall.iam.callers import root
from groupwall.ops.operation import Context
from groupwall.ops.start import begin
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from groupwall.store.changes import Event
from groupwall.store.entities import Group, World
from groupwall.store.sqlite import open_store
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, SystemClock

GROUPS_AT_ONCE = 1000
"""Groups in one transaction: the write-ahead log stays small."""


def fill(folder: Path, groups: int, rules: int) -> list[str]:
    """Make a store with so many groups of so many rules in the default VPC; return the ids of the groups."""
    store = open_store(str(folder), Ids())
    ids = Ids(seed=1)
    made: list[str] = []
    try:
        for first in range(0, groups, GROUPS_AT_ONCE):
            made += store.run(partial(_add_all, ids, range(first, min(first + GROUPS_AT_ONCE, groups)), rules))
    finally:
        store.close()
    return made


def _add_all(ids: Ids, numbers: range, rules: int, tx: Transaction) -> list[str]:
    return [_add(tx, ids, number, rules) for number in numbers]


def _add(tx: Transaction, ids: Ids, number: int, rules: int) -> str:
    world = World(ACCOUNT, REGION)
    now = SystemClock().now()
    if not tx.enter(world):
        begin(Context(tx, world, root(ACCOUNT, "aws"), now, ids, Quotas()))
    vpc = tx.default_vpc()
    assert vpc
    group = Group(ids.new("sg"), vpc.id, f"filled-{number}", "bench")
    tx.add(group)
    for place in range(rules):
        peer = Peer.of(f"10.{number % 256}.{place}.0/24")
        properties = Properties("tcp", PortRange(1000 + place, 1000 + place), peer)
        tx.add(Rule(ids.new("sgr"), group.id, Direction.INGRESS, properties, None))
    tx.record(Event(now, "bench", "CreateSecurityGroup", ids.request_id(), "{}"))
    return group.id
