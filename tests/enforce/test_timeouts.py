"""Which timeout a flow gets, by the devices at its ends."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from groupwall.enforce.kernel import expressions as nft
from groupwall.enforce.kernel.table import Table
from groupwall.enforce.policy.timeouts import AWS, CHAIN, Timeouts, chosen
from tests.enforce.pictures import timeouts

OUTSIDE = b"out0".ljust(16, b"\0")
DEVICES = st.dictionaries(st.sampled_from([f"gwe{digit}".encode().ljust(16, b"\0") for digit in range(6)]), timeouts)


def _last(table: Table, protocol: int, devices: dict[nft.Meta, bytes]) -> dict[int, int] | None:
    """Return the seconds by state that the last rule sets that applies."""
    found = None
    for *conditions, what in table.rules.get(CHAIN, ()):
        pairs = zip(conditions[::2], conditions[1::2], strict=True)
        holds = all(
            any(one.key == devices[nft.Meta(load.key)] for one in table.elements.get(held.name, ()))
            for load, held in pairs
            if isinstance(load, nft.LoadMeta) and isinstance(held, nft.InSet)
        )
        assert isinstance(what, nft.SetTimeout)
        if holds and table.timeouts[what.name].protocol == protocol:
            found = dict(table.timeouts[what.name].seconds)
    return found


def _expected(ends: list[Timeouts]) -> tuple[dict[int, int], dict[int, int]] | tuple[None, None]:
    if not ends:
        return None, None
    tcp, stream, udp = (min(times) for times in zip(*ends, strict=True))
    return {3: tcp}, {1: udp, 2: stream}


@given(DEVICES)
def test_the_shorter_one_wins(devices: dict[bytes, Timeouts]) -> None:
    """A flow gets the shorter of its two ends' times, of each kind, and one to elsewhere its only end's (inferred)."""
    table = chosen(devices, None)
    everything = [*devices, OUTSIDE]
    for source, destination in ((one, other) for one in everything for other in everything if one != other):
        way = {nft.Meta.IN: source, nft.Meta.OUT: destination}
        expected = _expected([devices[one] for one in (source, destination) if one in devices])
        assert (_last(table, 6, way), _last(table, 17, way)) == expected


def test_nothing_is_chosen_where_all_have_what_the_namespace_gives() -> None:
    """Where every interface has the namespace's own timeouts no flow is given one, which costs (inferred)."""
    devices = {f"gwe{digit}".encode(): AWS for digit in range(3)}
    assert chosen(devices, AWS) == chosen({}, None) == Table({}, {}, {CHAIN: None}, {})
    assert len(chosen(devices, None).rules[CHAIN]) == 4
    assert len(chosen(devices | {b"gwe9": AWS._replace(udp=60)}, AWS).timeouts) == 3
