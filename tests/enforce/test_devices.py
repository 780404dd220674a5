"""Which device is the one that was attached, of those that are there by now."""

from __future__ import annotations

import pytest

from groupwall.enforce.dataplane.devices import Known, amiss, found
from groupwall.enforce.kernel.links import Link


@pytest.mark.parametrize(
    ("known", "there", "are"),
    [
        ({"a": Known("w0", 3)}, {3: "w0"}, {"a": 3}),
        ({"a": Known("w0", 3)}, {3: "w9"}, {"a": 3}),
        ({"a": Known("w0", 3)}, {3: "w9", 4: "w0"}, {"a": 3}),
        ({"a": Known("w0", 3)}, {4: "w0"}, {"a": 4}),
        ({"a": Known("w0")}, {4: "w0"}, {"a": 4}),
        ({"a": Known("w0", 3)}, {4: "w1"}, {}),
        ({"a": Known("w0", 3), "b": Known("w1", 4)}, {3: "w1", 4: "w0"}, {"a": 3, "b": 4}),
        ({"a": Known("w0", 3), "b": Known("w1", 4)}, {4: "w0"}, {"b": 4}),
    ],
)
def test_which_one_it_is(known: dict[str, Known], there: dict[int, str], are: dict[str, int]) -> None:
    """It is the same device whatever its name, else another of its name that is nobody's (inferred)."""
    links = [Link(number, name, "") for number, name in there.items()]
    assert {one: link.number for one, link in found(known, links).items()} == are


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Link(3, "w9", ""), ""),
        (None, "there is no device w0"),
        (Link(3, "w0", "", 7), "w0 belongs to br0: what a bridge passes on"),
        (Link(3, "w0", "", 8), "w0 belongs to another device: what a bridge passes on"),
        (Link(3, "w 0", ""), "'w 0' is no name of a device that a table can have"),
    ],
)
def test_what_cannot_be_held(link: Link | None, why: str) -> None:
    """A device that is not there, that belongs to a bridge or has an odd name is told with the reason (inferred)."""
    told = amiss(link, "w0", [Link(7, "br0", "")])
    assert told.startswith(why)
    assert bool(told) == bool(why)
