"""What is shown of hosts [inferred]."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console

from groupwall.commands.shown.enforcement import propagation
from tests.scenes import Json

SEEN = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _host(name: str, **others: object) -> Json:
    interfaces = [f"eni-0000000{number}" for number in range(6)]
    return {"Host": name, "Concerned": True, "Alive": True, "Drifts": 0, "InterfaceIds": interfaces} | others


def _shown(state: str, *hosts: Json) -> list[str]:
    console = Console(width=160, highlight=False)
    with console.capture() as drawn:
        console.print(propagation({"Revision": 7, "State": state, "Hosts": list(hosts)}))
    return [line.rstrip() for line in drawn.get().splitlines()]


def test_a_line_for_each_host() -> None:
    """A host is told by its state, the revision that it enforces, its lag and drifts, and what it says itself."""
    told = _shown("applied", _host("one", Revision=8, Lag=12, Drifts=1, LastSeen=SEEN, Message="eni-1 is missing"))
    assert told[0] == "revision 7 is enforced by every host that it concerns"
    assert told[1].split() == ["HOST", "STATE", "ENFORCES", "LAG", "DRIFTS", "SEEN", "INTERFACES"]
    assert told[2].split("  ")[0] == "one"
    assert told[2].split()[1:8] == ["alive", "revision", "8", "12", "ms", "1", "2026-11-23T12:00:00Z"]
    assert told[2].endswith("eni-00000003 and 2 more")
    assert told[3] == "one: eni-1 is missing"


def test_what_is_missing_is_named() -> None:
    """While a change is pending, the hosts that it waits for are named, dead ones as such."""
    hosts = [_host("a", Revision=6), _host("b", Alive=False), _host("c", Revision=7), _host("d", Concerned=False)]
    told = _shown("pending", *hosts)
    assert told[0] == "revision 7 is pending: a, b (dead) did not tell yet"
    assert told[3].split()[:4] == ["b", "dead", "unknown", "-"]


def test_what_is_to_be_made_is_missing() -> None:
    """A host that has an instance to make is named, though it has the revision."""
    told = _shown("pending", _host("a", Revision=7, UnmadeInterfaceIds=["eni-1"]), _host("b", Revision=7))
    assert told[0] == "revision 7 is pending: a did not tell yet"


def test_nothing_is_called_enforced_that_is_not() -> None:
    """Where no host is concerned, one line says that nothing enforces the change."""
    assert _shown("not-enforced") == ["revision 7 is not enforced: it concerns no host"]


def test_what_a_dead_host_told_is_of_then() -> None:
    """A host that is dead has told of the change, and what it does now nobody knows; others do not matter."""
    hosts = [_host("a", Revision=7), _host("b", Revision=7, Alive=False), _host("c", Alive=False, Concerned=False)]
    [told, *_] = _shown("applied", *hosts)
    assert told == (
        "revision 7 is enforced by every host that it concerns, as they told last; not known of now, since dead: b"
    )
