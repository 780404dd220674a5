"""Who changes a table is killed at any point: the table is whole, and tells which revision it is."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import pytest

from groupwall.enforce.dataplane.dataplane import Dataplane
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.table import Table
from groupwall.enforce.policy.compile import Interface, State, compiled
from groupwall.enforce.policy.frame import REVISION, revision_of
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from tests.enforce.forged import packet
from tests.enforce.test_dataplane import expected
from tests.enforce.tracer import trace
from tests.sources import ROOT

GROUP = "sg-00000001"
ROUNDS = 15


def state(revision: int) -> State:
    """Return the state of a revision: a rule comes and another goes with each."""
    ports = range(revision % 7 + 1, revision % 7 + 200)
    blocks = ("10.0.0.0/8", f"10.{revision % 3}.0.0/16")
    rules = [
        Rule(
            f"sgr-{port}-{place}",
            GROUP,
            Direction.INGRESS,
            Properties("tcp", PortRange(port, port), Peer.of(block)),
            None,
        )
        for port in ports
        for place, block in enumerate(blocks)
    ]
    here = Interface("gwe1", frozenset({"10.0.0.1"}), frozenset({GROUP}))
    return State({GROUP: rules}, {}, {}, {"eni-00000001": here})


def work(descriptor: int) -> None:
    """Load a table and change it for ever, telling each revision once the kernel has it; what is to be killed."""
    with Dataplane.inside(Namespace(descriptor)) as dataplane:
        revision = _revision(dataplane.read()) or 0
        print("begun", flush=True)  # noqa: T201 - to the test
        dataplane.load(compiled(state(revision + 1)), revision + 1)
        while True:
            revision = dataplane.revision or 0
            print(revision, flush=True)  # noqa: T201 - to the test
            dataplane.apply(compiled(state(revision + 1)), revision + 1)


def _revision(table: Table | None) -> int | None:
    """Return the revision that a table stands for, None of one that is not complete."""
    found = [revision_of(one) for one in table.elements.get(REVISION, ())] if table else []
    return found[0] if found else None


@contextmanager
def worker(namespace: Namespace) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on the table of a namespace, killed in the end at the latest."""
    script = f"from tests.enforce.test_killed import work; work({namespace.descriptor})"
    with subprocess.Popen(  # noqa: S603 - ourselves
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True, pass_fds=[namespace.descriptor]
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("seed", range(3))
def test_a_table_is_of_one_revision(seed: int) -> None:
    """Killed at any moment, the table is that of the revision that it names, told or the next one (issue 6)."""
    random = Random(seed)  # noqa: S311 - the same each time
    with Namespace.new() as namespace, Dataplane.inside(namespace) as dataplane:
        for _ in range(ROUNDS // 3):
            with worker(namespace) as child:
                told = _follow(child, random.randrange(1, 40))
                child.send_signal(signal.SIGKILL)
            table = dataplane.read()
            revision = _revision(table)
            if revision is None:
                assert told == 0
                assert table is None or not trace(
                    table, packet("10.9.9.9", "10.0.0.1", ("tcp", 150, -1), ("up", "gwe1"))
                )
                continue
            assert revision >= told
            assert table == expected(state(revision), revision)


def _follow(child: subprocess.Popen[str], lines: int) -> int:
    """Read so many lines, the first of which comes before anything is done; return the last revision told."""
    assert child.stdout
    told = [child.stdout.readline().strip() for _ in range(lines)]
    return int(told[-1]) if told[-1] != "begun" else 0
