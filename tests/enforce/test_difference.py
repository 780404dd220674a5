"""The changes from one table to another, made by a kernel of the test's own that refuses what the real one refuses."""

from __future__ import annotations

import pytest
from hypothesis import given

from groupwall.enforce.kernel.difference import Unlike, difference
from groupwall.enforce.kernel.expressions import Dispatch, InSet, SetTimeout, Verdict
from groupwall.enforce.kernel.messages import (
    TIMEOUT,
    Change,
    GoneChain,
    GoneElements,
    GoneObject,
    GoneSet,
    NewChain,
    NewElements,
    NewSet,
    NewTimeout,
    Rewritten,
    Shortened,
)
from groupwall.enforce.kernel.table import EMPTY, Element, Field, Hook, NftRule, Shape, Table, Timeout, merged, shape
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, compiled
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule
from tests.enforce.pictures import states

GROUP = "sg-00000001"


class Model:
    """A table that changes as the kernel's does, and refuses what the kernel refuses."""

    def __init__(self, table: Table = EMPTY) -> None:
        self.sets: dict[str, Shape] = dict(table.sets)
        self.elements: dict[str, set[Element]] = {name: set(table.elements.get(name, ())) for name in table.sets}
        self.chains: dict[str, Hook | None] = dict(table.chains)
        self.timeouts: dict[str, Timeout] = dict(table.timeouts)
        self.rules: dict[str, list[NftRule]] = {name: list(table.rules.get(name, ())) for name in table.chains}

    @property
    def table(self) -> Table:
        """What it holds now."""
        elements = {name: frozenset(some) for name, some in self.elements.items() if some}
        rules = {name: tuple(some) for name, some in self.rules.items() if some}
        return Table(self.sets, elements, self.chains, rules, self.timeouts)

    def make(self, change: Change) -> None:  # noqa: C901 - a case for each kind of change
        """Make one change; AssertionError where the kernel would refuse it."""
        match change:
            case NewSet(name, one):
                assert name not in self.sets
                self.sets[name], self.elements[name] = one, set()
            case NewChain(name, hook):
                assert name not in self.chains
                self.chains[name], self.rules[name] = hook, []
            case Rewritten(chain, rules):
                assert all(self.has(rule) for rule in rules)
                self.rules[chain] = list(rules)
            case Shortened(chain, places):
                self.rules[chain] = [rule for place, rule in enumerate(self.rules[chain]) if place not in places]
            case NewElements(name, elements):
                for one in elements:
                    assert all(not _meet(one, other) for other in self.elements[name])
                    assert one.verdict is None or one.verdict.chain in self.chains
                    self.elements[name].add(one)
            case GoneElements(name, elements):
                assert self.elements[name].issuperset(elements)
                self.elements[name].difference_update(elements)
            case GoneChain(name):
                assert name not in self.used
                del self.chains[name], self.rules[name]
            case GoneSet(name):
                assert name not in self.used
                del self.sets[name], self.elements[name]
            case NewTimeout(name, timeout):
                assert name not in self.timeouts
                self.timeouts[name] = timeout
            case GoneObject(name, kind) if kind == TIMEOUT:
                assert name not in self.used
                del self.timeouts[name]
            case _:
                raise AssertionError(change)

    def has(self, rule: NftRule) -> bool:
        """Whether all is there that a rule uses."""
        return _uses([rule]) <= {*self.sets, *self.chains, *self.timeouts}

    @property
    def used(self) -> set[str]:
        """What rules and maps use."""
        verdicts = {one.verdict.chain for some in self.elements.values() for one in some if one.verdict}
        return verdicts | {name for rules in self.rules.values() for name in _uses(rules)}


def _uses(rules: list[NftRule]) -> set[str]:
    found = set()
    for one in (one for rule in rules for one in rule):
        if isinstance(one, InSet | Dispatch | SetTimeout):
            found.add(one.name)
        elif isinstance(one, Verdict) and one.chain:
            found.add(one.chain)
    return found


def _meet(one: Element, other: Element) -> bool:
    return one.key == other.key or bool(one.end and other.end and one.key < other.end and other.key < one.end)


def table_of(state: State) -> Table:
    """Return all of a state's parts as one table."""
    return merged(one for one in compiled(state).values() if one)


@given(states, states)
def test_any_table_becomes_any_other(before: State, after: State) -> None:
    """The changes between two tables make the second of the first, and nothing is used that is not there (inferred)."""
    model = Model(table_of(before))
    for change in difference(table_of(before), table_of(after)):
        model.make(change)
    assert model.table == table_of(after)


@given(states)
def test_equal_tables_need_no_change(state: State) -> None:
    """Nothing is changed where nothing differs (inferred)."""
    assert difference(table_of(state), table_of(state)) == []


@given(states)
def test_a_table_comes_from_nothing_and_goes_to_nothing(state: State) -> None:
    """A table is made of nothing, and taken down to nothing (inferred)."""
    model = Model()
    for change in difference(EMPTY, table_of(state)):
        model.make(change)
    for change in difference(table_of(state), EMPTY):
        model.make(change)
    assert model.table == EMPTY


def _rule(port: int, peer: str = "10.0.0.0/8") -> Rule:
    return Rule("sgr-1", GROUP, Direction.INGRESS, Properties("tcp", PortRange(port, port), Peer.of(peer)), None)


def _gate(*rules: Rule) -> Table:
    return compiled(State({GROUP: rules}), [Part(Kind.INGRESS, GROUP)])[Part(Kind.INGRESS, GROUP)] or EMPTY


@pytest.mark.parametrize("others", [1, 60, 1000])
def test_a_revoke_is_one_element(others: int) -> None:
    """A rule that goes is one element less, at any size and whatever overlaps it (decision 0017)."""
    kept = [_rule(port) for port in range(others)]
    (change,) = difference(_gate(*kept, _rule(5000)), _gate(*kept))
    assert isinstance(change, GoneElements)
    assert len(change.elements) == 1


def test_a_line_goes_with_its_last_rule() -> None:
    """A chain whose last rule of a form goes loses that line, and the others are not written anew (decision 0017)."""
    changes = difference(_gate(_rule(1), _rule(2, "10.0.0.0/16")), _gate(_rule(1)))
    assert [type(one) for one in changes] == [Shortened, GoneElements]


def test_what_another_part_uses_stays() -> None:
    """A set that other parts name is neither made nor removed (inferred)."""
    by_group = _gate(_rule(1, "sg-00000002"))
    names = {type(one) for one in difference(_gate(), by_group, by_group.names)}
    assert NewSet not in names
    assert GoneSet not in {type(one) for one in difference(by_group, _gate(), by_group.names)}


def test_a_device_goes_to_one_interface() -> None:
    """A device that becomes another interface's leads there after one transaction, its old element first (inferred)."""
    here = Interface("gwe1", frozenset(), frozenset())
    before, after = ({f"eni-0000000{digit}": here} for digit in (1, 2))
    model = Model(table_of(State(interfaces=before)))
    for change in difference(table_of(State(interfaces=before)), table_of(State(interfaces=after))):
        model.make(change)
    assert model.table == table_of(State(interfaces=after))


def test_a_name_means_one_thing() -> None:
    """What has another shape under the same name cannot follow piece by piece (inferred)."""
    one, other = (Table({"a": shape(Field(7, length))}, {}, {}, {}) for length in (4, 16))
    with pytest.raises(Unlike, match="a"):
        difference(one, other)
    with pytest.raises(Unlike, match="c"):
        difference(Table({}, {}, {"c": None}, {}), Table({}, {}, {"c": Hook(2, 0)}, {}))


def test_two_parts_do_not_fill_one_chain() -> None:
    """Two parts that both write a chain are refused: which would win would depend on their order (inferred)."""
    with pytest.raises(ValueError, match="two parts"):
        merged([_gate(_rule(1)), _gate(_rule(1))])
