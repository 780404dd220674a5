"""Example calls of what hosts should enforce, and of what they tell."""

from __future__ import annotations

import json

from groupwall.ops.enforcement.propagation import ALIVE
from tests.driver import Wall
from tests.interfaces import create_interface
from tests.scenes import Json, tcp

_REVOKE = json.dumps({"GroupId": "GROUP", "IpPermissions": [tcp(443, "192.0.2.0/24")]}).replace("GROUP", "$web")
_FLOW = {"InterfaceId": "$interface", "IsEgress": False, "Source": "192.0.2.1", "Destination": "172.31.0.9"}
_PORTS = {"Protocol": 6, "SourcePort": 40000, "DestinationPort": 443}
_PING = {"Protocol": 1, "IcmpType": 8, "IcmpCode": 0, "Stops": True, "ByTag": True}

EXAMPLES: dict[str, list[Json]] = {
    "DescribeDesired": [{}, {"After": 1, "Wait": 0, "VpcIds": ["$vpc"]}],
    "Acknowledge": [
        {"Host": "one", "Revision": 1, "InterfaceIds": ["$interface"], "Drifts": 1, "Message": "all is well"},
        {"Host": "kept", "Revision": 1, "Series": "one", "Instances": True},
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
    "PreviewFlows": [{"Calls": [{"Operation": "RevokeSecurityGroupIngress", "Parameters": _REVOKE}], "Wait": 0}],
    "DescribeFlowQuestions": [{"Host": "kept", "Wait": 0}],
    "TellFlows": [
        {"Host": "kept", "QuestionId": "$question"},
        {"Host": "kept", "QuestionId": "$question", "Flows": [_FLOW | _PORTS, _FLOW | _PING], "Count": 3},
    ],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, str]:
    """Make an interface, a host that enforces it, counts a rule and is asked something, and another, which is dead."""
    interface = create_interface(wall, Groups=[places["web"]])
    kept = {"Host": "kept", "Revision": 1, "InterfaceIds": [interface]}
    wall.call("Acknowledge", **kept)
    wall.call("Acknowledge", Host="gone", Revision=1, InterfaceIds=[create_interface(wall, Groups=[places["web"]])])
    wall.clock.advance((ALIVE + 1) / 1000)
    wall.call("Acknowledge", **kept)
    began = [{"SecurityGroupRuleId": places["ingress"]}]
    wall.call("TellCounters", Host="kept", Series="one", Number=1, Counters=began)
    revoke = _REVOKE.replace("$web", places["web"])
    wall.call("PreviewFlows", Calls=[{"Operation": "RevokeSecurityGroupIngress", "Parameters": revoke}])
    [question] = wall.call("DescribeFlowQuestions", Host="kept")["Questions"]
    return {"interface": interface, "question": question["QuestionId"]}
