"""Example calls of what hosts should enforce, and of what they tell."""

from __future__ import annotations

from groupwall.ops.enforcement.propagation import ALIVE
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json

EXAMPLES: dict[str, list[Json]] = {
    "DescribeDesired": [{}, {"After": 1, "Wait": 0, "VpcIds": ["$vpc"]}],
    "Acknowledge": [
        {"Host": "one", "Revision": 1, "InterfaceIds": ["$interface"], "Drifts": 1, "Message": "all is well"},
        {"Host": "kept", "Revision": 1},
    ],
    "ForgetHost": [{"Host": "gone"}],
    "DescribePropagation": [{}, {"Revision": 2, "Wait": 0}],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make an interface, and a host that enforces it; and another, which is dead."""
    interface = create_interface(wall, Groups=[places["web"]])
    wall.call("Acknowledge", Host="kept", Revision=1, InterfaceIds=[interface])
    wall.call("Acknowledge", Host="gone", Revision=1, InterfaceIds=[create_interface(wall, Groups=[places["web"]])])
    wall.clock.advance((ALIVE + 1) / 1000)
    return {"interface": interface}
