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
    "TellCounters": [
        {
            "Host": "kept",
            "Series": "one",
            "Number": 2,
            "Counters": [
                {"SecurityGroupRuleId": "$ingress", "Flows": 3, "Bytes": 99, "LastHit": 1_700_000_000_000},
                {"SecurityGroupRuleId": "$egress", "Ended": True},
            ],
        }
    ],
    "DescribeCounters": [
        {},
        {"GroupIds": ["$web"], "SecurityGroupRuleIds": ["$ingress"], "Unused": True, "MaxResults": 5},
        {"NextToken": "x"},
    ],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make an interface, a host that enforces it and counts a rule, and another host, which is dead."""
    interface = create_interface(wall, Groups=[places["web"]])
    wall.call("Acknowledge", Host="kept", Revision=1, InterfaceIds=[interface])
    wall.call("Acknowledge", Host="gone", Revision=1, InterfaceIds=[create_interface(wall, Groups=[places["web"]])])
    wall.clock.advance((ALIVE + 1) / 1000)
    began = [{"SecurityGroupRuleId": places["ingress"]}]
    wall.call("TellCounters", Host="kept", Series="one", Number=1, Counters=began)
    return {"interface": interface}
