"""Example calls of the operations on changes as wholes."""

from __future__ import annotations

import json
from typing import Any

from tests.driver import Wall
from tests.scenes import Json, tcp

_PORT_22 = json.dumps({"GroupId": "$web", "IpPermissions": [tcp(22, "192.0.2.0/24")]})
_OPEN_22: Json = {"Operation": "AuthorizeSecurityGroupIngress", "Parameters": _PORT_22}
_SHUT_22: Json = {"Operation": "RevokeSecurityGroupIngress", "Parameters": _PORT_22}

EXAMPLES: dict[str, list[Json]] = {
    "ApplyChanges": [
        {"Calls": [_OPEN_22], "ConfirmWithin": 60, "ExistingFlows": "cut"},
        {"Calls": [_OPEN_22, _SHUT_22], "Force": True, "Reason": "an outage", "ClientToken": "once"},
    ],
    "UndoChange": [{"Revision": "$waiting", "Force": True, "Reason": "a mistake"}, {"Revision": 1}],
    "ConfirmChange": [{"Revision": "$waiting"}],
    "DescribeConfirmations": [{"MaxResults": 5}, {"NextToken": "x"}],
}


def set_out(wall: Wall, places: dict[str, str]) -> dict[str, Any]:
    """Make a change that waits for its confirmation."""
    call = {"Operation": "DeleteTags", "Parameters": json.dumps({"Resources": [places["app"]]})}
    made = wall.call("ApplyChanges", Calls=[call], ConfirmWithin=60)
    return {"waiting": made["Revision"]}
