"""DescribeChanges: the history as clients and agents read it [inferred]."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import pytest

from tests.driver import ACTIONS, NOW, Wall
from tests.scenes import Json, create_group, rules_of, tcp

BLOCK = "203.0.113.0/24"


def _changes(wall: Wall, **params: object) -> list[Json]:
    changes: list[Json] = wall.call("DescribeChanges", **params)["Changes"]
    return changes


def test_a_change_tells_who_did_what(wall: Wall) -> None:
    """A change has its time, caller, operation and request, and what was before and after (inferred)."""
    group = create_group(wall)
    wall.clock.advance(60)
    request = wall.request(
        ACTIONS["AuthorizeSecurityGroupIngress"], GroupId=group, IpPermissions=[tcp(22, (BLOCK, "office"))]
    )
    reply = wall.send(request)
    [rule] = rules_of(wall, group)
    change = _changes(wall)[-1]
    assert change["Time"] == datetime.fromtimestamp(NOW / 1000 + 60, tz=UTC)
    assert (change["Caller"], change["AccountId"], change["Region"]) == (
        "arn:aws:iam::123456789012:root", "123456789012", "us-east-1",
    )  # fmt: skip
    assert change["RequestId"] == dict(reply.headers)["x-amzn-requestid"]
    assert str(change["Revision"]) == dict(reply.headers)["x-groupwall-revision"]
    assert json.loads(change["Request"]) == {
        "GroupId": group,
        "IpPermissions": [{
            "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": BLOCK, "Description": "office"}],
        }],
    }  # fmt: skip
    [delta] = change["Deltas"]
    assert (delta["Kind"], delta["Id"]) == ("security-group-rule", rule["SecurityGroupRuleId"])
    assert "Before" not in delta
    assert json.loads(delta["After"]) == {
        "group_id": group, "direction": "ingress", "protocol": "tcp", "from_port": 22, "to_port": 22, "peer": BLOCK,
        "peer_kind": "ipv4", "id": rule["SecurityGroupRuleId"], "description": "office",
    }  # fmt: skip


def test_a_revoke_is_the_authorize_backwards(wall: Wall) -> None:
    """What an authorize has after, its revoke has before; a tag goes before what bears it (inferred)."""
    group = create_group(wall)
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "a", "Value": "b"}]}]
    call = {"GroupId": group, "IpPermissions": [tcp(22, BLOCK)]}
    wall.call("AuthorizeSecurityGroupIngress", **call, TagSpecifications=tags)
    wall.call("RevokeSecurityGroupIngress", **call)
    authorize, revoke = _changes(wall)[-2:]
    assert [delta["Kind"] for delta in revoke["Deltas"]] == ["tag", "security-group-rule"]
    assert [delta["Before"] for delta in reversed(revoke["Deltas"])] == [one["After"] for one in authorize["Deltas"]]


def test_the_chain_can_be_checked_from_outside(wall: Wall) -> None:
    """Hashes are those of DescribeChanges' own words: whoever has the changes can check them [inferred]."""
    for number in range(3):
        create_group(wall, f"g{number}")
    before = "00" * 32
    for change in _changes(wall):
        assert change["PreviousHash"] == before
        deltas = [[d["Kind"], d["Id"], d.get("Before"), d.get("After")] for d in change["Deltas"]]
        told = [
            change["Revision"], change["AccountId"], change["Region"], NOW, change["Caller"],
            change["Operation"], change["RequestId"], change["Request"], before, deltas,
        ]  # fmt: skip
        before = hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
        assert change["Hash"] == before


def test_a_world_that_was_never_changed_has_no_history(wall: Wall) -> None:
    """Asking for changes tells none that is not kept, and the revision that the store stands at (inferred)."""
    create_group(wall, "elsewhere")
    reply = wall.elsewhere("111122223333").call("DescribeChanges")
    assert (reply["Changes"], reply["Revision"]) == ([], 2)


def test_pages(wall: Wall) -> None:
    """A page goes on after the revision that NextAfter tells, the last one tells none (inferred)."""
    for number in range(5):
        create_group(wall, f"g{number}")
    pages: list[list[int]] = []
    after: int | None = 0
    while after is not None:
        reply = wall.call("DescribeChanges", After=after, MaxResults=2)
        pages.append([change["Revision"] for change in reply["Changes"]])
        assert reply["Revision"] == 6
        after = reply.get("NextAfter")
    assert pages == [[1, 2], [3, 4], [5, 6]]
    assert _changes(wall, After=6) == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("operation", "CreateSecurityGroup", [2]), ("operation", "*Tags", [3, 4]), ("operation", "x", []),
        ("caller", "arn:aws:iam::123456789012:root", [1, 2, 3, 4]), ("caller", "*:user/*", []),
        ("request-id", "{request}", [3]), ("resource-id", "{group}", [2]), ("resource-id", "{group}/a", [3, 4]),
        ("resource-id", "{group}*", [2, 3, 4]),
    ],
)  # fmt: skip
def test_filters(wall: Wall, name: str, value: str, found: list[int]) -> None:
    """Changes are found by operation, caller, request and what they touched (inferred)."""
    group = create_group(wall)
    wall.call("CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "b"}])
    wall.call("DeleteTags", Resources=[group])
    request = _changes(wall)[2]["RequestId"]
    wanted = [{"Name": name, "Values": [value.format(group=group, request=request)]}]
    assert [change["Revision"] for change in _changes(wall, Filters=wanted)] == found
