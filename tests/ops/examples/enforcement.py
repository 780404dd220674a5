"""Example calls of what hosts should enforce, and of what they tell."""

from __future__ import annotations

from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "DescribeDesired": [{}, {"After": 1, "Wait": 0, "VpcIds": ["$vpc"]}],
    "Acknowledge": [
        {"Host": "one", "Revision": 1, "InterfaceIds": ["$interface"], "Drifts": 1, "Message": "all is well"},
        {"Host": "kept", "Revision": 1},
    ],
    "DescribePropagation": [{}, {"Revision": 2, "Wait": 0}],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make an interface, and a host that enforces it."""
    interface = create_interface(wall, Groups=[places["web"]])
    wall.call("Acknowledge", Host="kept", Revision=1, InterfaceIds=[interface])
    return {"interface": interface}
