"""What the table of a machine that is held itself consists of."""

from __future__ import annotations

from ipaddress import ip_address
from struct import pack

import pytest

from groupwall.enforce.kernel.conntrack import Tracked
from groupwall.enforce.kernel.expressions import DROP, goto
from groupwall.enforce.kernel.netlink import attribute, nested
from groupwall.enforce.kernel.packets import TCP, UDP
from groupwall.enforce.kernel.table import Flag, Hook, Place, Table
from groupwall.enforce.policy.compile import Interface, Kind, Part, State, compiled
from groupwall.enforce.policy.own import Kept, Own
from groupwall.rules.values import Direction
from groupwall.rules.verdict import Flow

ENI = "eni-000000aa"
PART = Part(Kind.INTERFACE, ENI)


def _table(own: Own) -> Table:
    state = State(interfaces={ENI: Interface("", frozenset({"10.0.0.1"}), frozenset({"sg-00000001"}), own=own)})
    found = compiled(state)[PART]
    assert found
    return found


@pytest.mark.parametrize("direction", Direction)
def test_a_machine_is_held_by_all_its_devices(direction: Direction) -> None:
    """Its packets get to the interface's chain from a hook of their own, whose last rule leads there (inferred)."""
    found = _table(Own())
    hook = Hook(Place.OUTPUT, -10) if direction.is_egress else Hook(Place.INPUT, 0)
    chain = f"eni_000000aa_{direction}"
    assert found.chains[f"own_{direction}"] == hook
    assert found.rules[f"own_{direction}"][-1] == (goto(chain),)
    assert found.rules[chain][-1] == (DROP,)
    assert not any(name.endswith("_of") or name.startswith("sources") for name in found.elements)


def test_only_a_trial_has_an_end() -> None:
    """What is on trial has one rule more in each direction, and a set that the kernel empties (inferred)."""
    confirmed, trial = _table(Own()), _table(Own(until=1))
    assert {name: len(rules) for name, rules in trial.rules.items()} == {
        name: len(rules) + name.startswith("own_") for name, rules in confirmed.rules.items()
    }
    assert trial.sets.keys() - confirmed.sets.keys() == {"trial"}
    assert trial.sets["trial"].flags & Flag.TIMED
    assert trial.elements == confirmed.elements


def test_what_is_kept_stands_in_sets() -> None:
    """Each that is kept is one element, of the set of its family and direction (inferred)."""
    kept = (
        Kept(Direction.INGRESS, "192.0.2.1", TCP, 22),
        Kept(Direction.EGRESS, "2001:db8::1", UDP, 53),
        Kept(Direction.EGRESS, "2001:db8::1", TCP, 53),
    )
    found = _table(Own(kept))
    elements = {name: {each.key for each in some} for name, some in found.elements.items() if name.startswith("kept")}
    server = ip_address("2001:db8::1").packed
    assert elements == {
        "kept_ingress_4": {bytes((192, 0, 2, 1, 6, 0, 0, 0, 0, 22, 0, 0))},
        "kept_egress_6": {server + bytes((number, 0, 0, 0, 0, 53, 0, 0)) for number in (6, 17)},
    }


@pytest.mark.parametrize("address", ["192.0.2.1/32", "web", "", "192.0.2.1; drop"])
def test_only_addresses_get_into_a_key(address: str) -> None:
    """What is no address is refused, as it is everywhere in a table (users 5.5)."""
    with pytest.raises(ValueError, match="is no address"):
        _table(Own((Kept(Direction.INGRESS, address, TCP, 22),)))


@pytest.mark.parametrize(
    ("sent", "answered", "translated"),
    [
        (("10.0.0.1", "10.0.0.2"), ("10.0.0.2", "10.0.0.1"), False),
        (("10.0.0.1", "10.0.0.2"), ("172.17.0.2", "10.0.0.1"), True),
        (("172.17.0.2", "192.0.2.1"), ("192.0.2.1", "10.0.0.1"), True),
        (("fd00::1", "fd00::2"), ("fd00::2", "fd00::1"), False),
        (("fd00::1", "fd00::2"), ("fd00::9", "fd00::1"), True),
    ],
)
def test_what_is_translated_is_known(sent: tuple[str, str], answered: tuple[str, str], *, translated: bool) -> None:
    """A flow is translated if its answers do not run back between the ends that it ran between (inferred)."""
    told = pack(">BBH", 0, 0, 0) + _ends(1, *sent) + _ends(2, *answered)
    assert Tracked(Flow(0, 0, 0), 0, told).is_translated() == translated


def _ends(kind: int, source: str, destination: str) -> bytes:
    first, second = (3, 4) if ":" in source else (1, 2)
    addresses = attribute(first, ip_address(source).packed) + attribute(second, ip_address(destination).packed)
    return nested(kind, nested(1, addresses))
