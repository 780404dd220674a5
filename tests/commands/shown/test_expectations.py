"""What is shown of expectations."""

from __future__ import annotations

import pytest
from rich.console import Console

from groupwall.commands.shown.expectations import listed, states
from tests.scenes import Json


def _one(protocol: str, first: int, last: int, **others: str) -> Json:
    ends = {"Name": "a", "From": "anywhere", "To": "eni-1", "Verdict": "accept"}
    return ends | {"Protocol": protocol, "FromPort": first, "ToPort": last} | others


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (_one("-1", -1, -1), "all"),
        (_one("tcp", 0, 65535), "tcp *"),
        (_one("udp", 53, 53), "udp 53"),
        (_one("tcp", 20, 25), "tcp 20-25"),
        (_one("icmp", 8, -1), "icmp 8/*"),
        (_one("icmp", 3, 1), "icmp 3/1"),
        (_one("47", -1, -1), "47 *"),
    ],
)
def test_services(one: Json, told: str) -> None:
    """What is expected reads as a sentence, whatever the service (inferred)."""
    assert f"accept {told} from anywhere to eni-1" in _drawn(listed({"Expectations": [one]}))


def test_reasons_stand_below() -> None:
    """Why one does not hold stands below all of them (inferred)."""
    some = [_one("-1", -1, -1, State="broken", Reason="so"), _one("-1", -1, -1, State="holds")]
    assert _drawn(states({"Expectations": some})).splitlines()[-1] == "a: so"


def test_none() -> None:
    """Where nothing is expected that is said (inferred)."""
    assert _drawn(states({"Expectations": []})) == "nothing is expected\n"


def _drawn(shown: object) -> str:
    console = Console(width=200)
    with console.capture() as drawn:
        console.print(shown)
    return drawn.get()
