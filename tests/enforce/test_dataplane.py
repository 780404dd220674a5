"""The kernel's own table, in namespaces of the tests: what is read back is what should hold, whatever happened."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from random import Random
from select import select
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.dataplane import dataplane as ours
from groupwall.enforce.dataplane.dataplane import TABLE, Dataplane
from groupwall.enforce.kernel.entering import Namespace
from groupwall.enforce.kernel.messages import (
    Change,
    GoneElements,
    GoneTable,
    NewElements,
    NewSet,
    NewTable,
    Rewritten,
    transaction,
)
from groupwall.enforce.kernel.netlink import NETFILTER, Connection, Message, Refused, attribute, text
from groupwall.enforce.kernel.reading import NotOurs, read_table
from groupwall.enforce.kernel.table import DEVICE, Element, Table, merged, shape
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, compiled, parts
from groupwall.enforce.policy.frame import REVISION, revision_element
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from tests.enforce.forged import packet
from tests.enforce.pictures import states
from tests.enforce.test_compile import ENI, GROUP, UPLINK, open_state
from tests.enforce.tracer import trace

OTHER = "sg-00000002"
SIMPLE = State(
    {
        GROUP: [
            Rule(f"sgr-{port}", GROUP, Direction.INGRESS, Properties("tcp", PortRange(port, port), peer), None)
            for port, peer in ((22, Peer.of("10.0.0.0/8")), (80, Peer.of("10.0.0.0/8")), (443, Peer.of(OTHER)))
        ]
    },
    {OTHER: ["10.0.0.2", "2001:db8::2"]},
    {"pl-00000001": ["10.0.0.0/8"]},
    {ENI: Interface("gwe1", frozenset({"10.0.0.1"}), frozenset({GROUP}))},
)


@pytest.fixture(scope="module")
def namespace() -> Iterator[Namespace]:
    """A namespace without a name, which is gone when the test ends, whatever happens."""
    with Namespace.new() as made:
        yield made


@pytest.fixture
def dataplane(namespace: Namespace) -> Iterator[Dataplane]:
    """The namespace's table, loaded with the simple state as revision 1."""
    with Dataplane.inside(namespace) as made:
        if made.read() is not None:
            by_hand(namespace, [GoneTable()])
        made.load(compiled(SIMPLE), 1)
        made.disturbed()
        yield made


def by_hand(namespace: Namespace, changes: list[Change], table: str = TABLE) -> None:
    """Make changes as somebody else would."""
    named = text(1, table)
    with namespace.within(lambda: Connection(NETFILTER)) as connection:
        connection.order(transaction([one for change in changes for one in change.messages(named)]))


def expected(state: State, revision: int) -> Table:
    """Return what the kernel should hold."""
    told = Table({}, {REVISION: frozenset({revision_element(revision)})}, {}, {})
    return merged([*(one for one in compiled(state).values() if one), told])


def simple(*left_out: int) -> State:
    """Return the simple state without the rules for some ports."""
    rules = [rule for rule in SIMPLE.groups[GROUP] if rule.properties.ports.first not in left_out]
    return State({GROUP: rules}, SIMPLE.members, SIMPLE.entries, SIMPLE.interfaces)


INGRESS = [Part(Kind.INGRESS, GROUP)]


def test_the_kernel_holds_what_it_was_told(dataplane: Dataplane) -> None:
    """Every set, element, chain and rule is read back as it was compiled, with the revision (inferred)."""
    assert dataplane.read() == expected(SIMPLE, 1)
    assert not dataplane.repair()


@given(states, st.none() | st.integers(0, 1 << 32))
def test_any_state_follows_any_other(walk: Dataplane, state: State, order: int | None) -> None:
    """Whatever was there before, in one step or part by part, the table is that of the state (inferred)."""
    changed = sorted(compiled(state, {*walk.held, *parts(state)}).items(), key=lambda one: one[0])
    steps = [changed] if order is None else [[one] for one in changed]
    Random(order).shuffle(steps)  # noqa: S311 - the same again for the same example
    for step in steps:
        walk.apply(dict(step), (walk.revision or 0) + 1)
    assert walk.read() == expected(state, walk.revision or 0)


@pytest.fixture(scope="module")
def walk() -> Iterator[Dataplane]:
    """A table that goes on from example to example."""
    with Namespace.new() as made, Dataplane.inside(made) as found:
        found.load(compiled(State()), 0)
        yield found


def test_a_revoke_and_its_revision_are_one(dataplane: Dataplane) -> None:
    """A change and its revision stand in the table together (dataplane-nftables 8)."""
    dataplane.apply(compiled(simple(22), INGRESS), 2)
    assert dataplane.revision == 2
    assert dataplane.read() == expected(simple(22), 2)


@pytest.mark.parametrize("others", [0, 500])
def test_a_revoke_is_three_messages(namespace: Namespace, dataplane: Dataplane, others: int) -> None:
    """A revoke sends its element and the revision's, in one transaction, however much is there (issue 6)."""
    assert dataplane.revision == 1
    two = [rule._replace(id="sgr-2") for rule in SIMPLE.groups[GROUP]]
    more = {f"sg-1{number:07x}": two for number in range(others)}
    with Dataplane.inside(namespace) as found:
        found.load(compiled(State({**SIMPLE.groups, **more}, SIMPLE.members, SIMPLE.entries, SIMPLE.interfaces)), 1)
        sent: list[int] = []
        watch(found, lambda messages: sent.append(len(messages)))
        found.apply(compiled(simple(80), INGRESS), 2)
        found.apply(compiled(SIMPLE, INGRESS), 3)
    begin_and_end = 2
    assert sent == [3 + begin_and_end] * 2


def test_an_answer_that_is_lost_is_asked_for(dataplane: Dataplane) -> None:
    """If the kernel's word is lost, nothing is taken for granted: the next change looks at what is there (inferred)."""

    def lost(_: Sequence[Message]) -> None:
        watch(dataplane, lambda _: None)
        raise TimeoutError

    watch(dataplane, lost)
    with pytest.raises(TimeoutError):
        dataplane.apply(compiled(simple(22), INGRESS), 2)
    assert dataplane.revision is None
    dataplane.apply(compiled(simple(22, 80), INGRESS), 3)
    assert dataplane.read() == expected(simple(22, 80), 3)


def test_a_line_that_goes_and_comes(dataplane: Dataplane) -> None:
    """The last rule of a form takes its line with it, and the first brings it (decision 0017)."""
    for revision, state in enumerate((simple(443), SIMPLE, simple(22, 80), SIMPLE, simple(22, 80, 443)), 2):
        dataplane.apply(compiled(state, INGRESS), revision)
        assert dataplane.read() == expected(state, revision)


def test_a_wrong_element_changes_nothing(namespace: Namespace, dataplane: Dataplane) -> None:
    """A transaction with one change that the kernel refuses does nothing at all, and tells which (dataplane 8)."""
    wanted: list[Change] = [
        NewElements("checked", (Element(b"gwe2".ljust(16, b"\0")),)),
        GoneElements("checked", (Element(b"gwe9".ljust(16, b"\0")),)),
    ]
    with pytest.raises(Refused) as refused:
        by_hand(namespace, wanted)
    assert (refused.value.errno, refused.value.place) == (errno.ENOENT, 2)
    assert dataplane.read() == expected(SIMPLE, 1)


@pytest.mark.parametrize(
    "harm",
    [
        [GoneElements(REVISION, (revision_element(1),))],
        [GoneElements("rules_4", tuple(expected(SIMPLE, 1).elements["rules_4"]))],
        [NewElements("rules_4", (Element(bytes(28)),))],
        [GoneTable()],
        [GoneTable(), NewTable()],
        [GoneTable(), NewTable(), NewSet("checked", shape(DEVICE, DEVICE))],
    ],
    ids=["revision", "rules", "more rules", "table", "emptied", "other shape"],
)
def test_what_somebody_did_is_undone(namespace: Namespace, dataplane: Dataplane, harm: list[Change]) -> None:
    """A change by somebody else is noticed, and set right, within a second (issue 6)."""
    assert not dataplane.disturbed()
    by_hand(namespace, harm)
    began = perf_counter()
    assert dataplane.disturbed()
    assert dataplane.repair()
    assert perf_counter() - began < 1
    assert dataplane.read() == expected(SIMPLE, 1)
    assert not dataplane.disturbed()
    assert not dataplane.repair()


@pytest.mark.parametrize(
    "harm",
    [
        [GoneElements("rules_4", tuple(expected(SIMPLE, 1).elements["rules_4"]))],
        [GoneElements(REVISION, (revision_element(1),))],
        [GoneTable()],
        [GoneTable(), NewTable(), NewSet("checked", shape(DEVICE, DEVICE))],
    ],
    ids=["element", "revision", "table", "other shape"],
)
@pytest.mark.parametrize("port", [22, 443], ids=["element", "line"])
def test_a_surprise_is_set_right_too(namespace: Namespace, dataplane: Dataplane, harm: list[Change], port: int) -> None:
    """A change that meets what it did not expect puts the whole table right, and itself with it (issue 6)."""
    by_hand(namespace, harm)
    dataplane.apply(compiled(simple(port), INGRESS), 2)
    if dataplane.disturbed():
        dataplane.repair()
    assert dataplane.read() == expected(simple(port), 2)


def test_a_table_that_is_gone_is_only_written(namespace: Namespace, dataplane: Dataplane) -> None:
    """A repair sends what a load into nothing sends, and one whose elements are right sends none of them (inferred)."""
    sent: list[Message] = []
    watch(dataplane, sent.extend)
    for harm in ([GoneTable()], [Rewritten("ingress", ())]):
        by_hand(namespace, harm)
        assert dataplane.repair()
    with Namespace.new() as apart, Dataplane.inside(apart) as other:
        loaded: list[Message] = []
        watch(other, loaded.extend)
        other.load(compiled(SIMPLE), 1)
    after = sent[len(loaded) :]
    assert sent[: len(loaded)] == loaded
    rules = len(expected(SIMPLE, 1).rules["ingress"])
    assert len(after) == 3 + rules  # a begin and an end, and one that removes all rules of the chain


def test_own_changes_wake_nobody(namespace: Namespace, dataplane: Dataplane) -> None:
    """A change of our own makes no notice that would have to be read, whatever its size; another's does (inferred)."""
    dataplane.apply(compiled(simple(22), INGRESS), 2)
    dataplane.load(compiled(open_state()), 3)
    assert not _is_readable(dataplane)
    by_hand(namespace, [GoneElements(REVISION, (revision_element(3),))])
    assert _is_readable(dataplane)
    assert dataplane.repair()
    assert dataplane.disturbed()
    assert not _is_readable(dataplane)


def _is_readable(dataplane: Dataplane) -> bool:
    return bool(select([dataplane], [], [], 0)[0])


def test_tables_of_others_are_left_alone(namespace: Namespace, dataplane: Dataplane) -> None:
    """Whatever is done to our table, another's stays as it is, and what happens to it is not ours (issue 6)."""
    by_hand(namespace, [NewTable(), NewSet("mine", shape(DEVICE))], "theirs")
    assert not dataplane.disturbed()
    by_hand(namespace, [GoneTable()])
    assert dataplane.disturbed()
    dataplane.repair()
    with namespace.within(lambda: Connection(NETFILTER)) as connection:
        assert read_table(connection, "theirs") == Table({"mine": shape(DEVICE)}, {}, {}, {})
    by_hand(namespace, [GoneTable()], "theirs")
    assert not dataplane.disturbed()


def test_a_table_of_our_name_may_be_somebody_elses() -> None:
    """A table that has our name and not our mark is neither read nor changed (issue 6)."""
    with Namespace.new() as apart, apart.within(lambda: Connection(NETFILTER)) as connection:
        (made,) = NewTable().messages(text(1, TABLE))
        unmarked = made._replace(body=made.body.replace(attribute(6, b"groupwall"), b""))
        connection.order(transaction([unmarked]))
        with Dataplane.inside(apart) as dataplane:
            with pytest.raises(NotOurs):
                dataplane.load(compiled(SIMPLE), 1)
            assert not dataplane.disturbed()


def test_a_table_is_made_once(namespace: Namespace, dataplane: Dataplane) -> None:
    """A table is not made over one that came meanwhile: that one may be somebody else's (issue 6)."""
    with pytest.raises(Refused) as refused:
        by_hand(namespace, [NewTable()])
    assert (refused.value.errno, refused.value.place) == (errno.EEXIST, 1)
    assert not dataplane.repair()


def test_a_start_over_changes_nothing(namespace: Namespace, dataplane: Dataplane) -> None:
    """Who starts where another one was killed leaves what is right as it is, counters too (dataplane-nftables 8)."""
    with Dataplane.inside(namespace) as next_one:
        next_one.load(compiled(SIMPLE), 1)
        next_one.apply(compiled(simple(22), INGRESS), 2)
    assert dataplane.read() == expected(simple(22), 2)
    assert (dataplane.is_new, next_one.is_new) == (True, False)


def test_a_start_over_follows(namespace: Namespace, dataplane: Dataplane) -> None:
    """Who starts with a later state changes only what differs (dataplane-nftables 8)."""
    assert dataplane.revision == 1
    with Dataplane.inside(namespace) as next_one:
        next_one.load(compiled(open_state()), 7)
        assert next_one.read() == expected(open_state(), 7)


def test_a_state_that_cannot_be_is_refused_whole(namespace: Namespace, dataplane: Dataplane) -> None:
    """Two interfaces that claim one device are refused, nothing changes, and a state that can be follows (inferred)."""
    twin = {"eni-00000009": SIMPLE.interfaces[ENI]}
    part = Part(Kind.INTERFACE, "eni-00000009")
    with pytest.raises(Refused):
        dataplane.apply(compiled(State(interfaces=twin), [part]), 2)
    with Dataplane.inside(namespace) as another:
        assert another.read() == expected(SIMPLE, 1)
    dataplane.apply({part: None}, 3)
    assert dataplane.read() == expected(SIMPLE, 3)


def test_nothing_is_counted_yet(dataplane: Dataplane) -> None:
    """Each rule has a counter of its own, from zero; of a rule that is not there, nothing is told (issue 6)."""
    assert dataplane.admitted(SIMPLE.groups[GROUP]) == {"sgr-22": 0, "sgr-80": 0, "sgr-443": 0}
    dataplane.apply(compiled(simple(80), INGRESS), 2)
    with pytest.raises(Refused):
        dataplane.admitted(SIMPLE.groups[GROUP])
    assert dataplane.admitted([]) == {}


def test_a_load_is_closed_until_it_is_complete(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a table is filled, in however many transactions, nothing new passes; the revision comes last (issue 6)."""
    monkeypatch.setattr(ours, "_LOADED", 100)
    flow = packet("10.9.9.9", "10.0.0.1", ("tcp", 80, -1), (UPLINK, "gwe1"))
    with Namespace.new() as apart:
        seen: list[Table] = []

        def look() -> None:
            with apart.within(lambda: Connection(NETFILTER)) as connection:
                seen.append(read_table(connection, TABLE) or expected(State(), 0))

        with Dataplane.inside(apart) as dataplane:
            watch(dataplane, lambda _: look())
            dataplane.load(compiled(open_state()), 3)
    assert len(seen) > 10
    assert not trace(seen[0], flow)
    assert trace(seen[-1], flow)
    assert [REVISION in one.elements for one in seen] == [False] * (len(seen) - 1) + [True]
    opened = [trace(one, flow) for one in seen]
    assert opened == sorted(opened)


def watch(dataplane: Dataplane, look: Callable[[Sequence[Message]], None]) -> None:
    """Look at all messages that a dataplane has sent, as soon as the kernel has done what they say."""
    connection = dataplane._connection  # noqa: SLF001 - the seam between it and the kernel

    def order(messages: Sequence[Message]) -> None:
        Connection.order(connection, messages)
        look(messages)

    connection.order = order  # type: ignore[method-assign]


def test_a_thousand_interfaces_are_restored() -> None:
    """1,000 interfaces in 5 of 1,000 groups of 60 rules each come back whole (dataplane-nftables 7.5)."""
    random = Random(6)  # noqa: S311 - the same each time
    names = [f"sg-{number:08x}" for number in range(1000)]
    state = State(
        {name: [_drawn(random, name, number) for number in range(60)] for name in names},
        {},
        {},
        {
            f"eni-{number:08x}": Interface(
                f"gwe{number}", frozenset({f"10.{number >> 8}.{number & 255}.1"}), frozenset(random.sample(names, 5))
            )
            for number in range(1000)
        },
    )
    with Namespace.new() as apart, Dataplane.inside(apart) as dataplane:
        dataplane.load(compiled(state), 1)
        assert not dataplane.disturbed()
        assert dataplane.read() == expected(state, 1)
        by_hand(apart, [GoneTable()])
        assert dataplane.disturbed()
        assert dataplane.repair()
        assert dataplane.read() == expected(state, 1)


def _drawn(random: Random, group: str, number: int) -> Rule:
    block = f"10.{random.randrange(256)}.{number}.0/24"
    return Rule(f"sgr-{number}", group, Direction.INGRESS, Properties("tcp", PortRange(443, 443), Peer.of(block)), None)
