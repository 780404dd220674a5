"""Receipts: what a past change did, asked for by its revision or by its request, whatever came after it [inferred]."""

from __future__ import annotations

import json

import pytest

from tests.driver import ACTIONS, Wall
from tests.interfaces import create_interface
from tests.ops.test_effects import BLOCK, calls, effects, near, texts
from tests.ops.test_previews import tables
from tests.scenes import Json, allow, create_group, refusal, tcp


def receipt(wall: Wall, revision: int) -> Json:
    """Return the receipt of a change."""
    return wall.call("DescribeReceipt", Revision=revision)


def revoked(wall: Wall) -> tuple[str, int]:
    """Revoke a rule of a group with a member; return the group and the revision."""
    web = create_group(wall)
    allow(wall, web, tcp(22, BLOCK), tcp(80, BLOCK))
    create_interface(wall, Groups=[web])
    wall.call("RevokeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, BLOCK), tcp(23, BLOCK)])
    return web, wall.app.revision()


def test_a_receipt_tells_the_change_and_what_it_did(wall: Wall) -> None:
    """The head of the change, its rules, its gates, and what it named and was not there."""
    web, revision = revoked(wall)
    told = receipt(wall, revision)
    [change] = [one for one in wall.call("DescribeChanges")["Changes"] if one["Revision"] == revision]
    assert told["Change"] == {name: value for name, value in change.items() if name != "Deltas"}
    assert told["Revision"] == revision
    assert effects(told) == [f"removed: cut tcp 22 {BLOCK}"]
    assert [texts(gate["Cut"]) for gate in told["Gates"]] == [[f"tcp 22 {BLOCK}"]]
    assert [asked for asked, _ in near(told)] == [f"tcp 23 from {BLOCK}"]
    assert told["Rules"][0]["Rule"]["GroupId"] == web


def test_a_receipt_stays_the_same(wall: Wall) -> None:
    """What comes after a change, the end of its group even, does not alter its receipt; nor does the asking."""
    web, revision = revoked(wall)
    first, stored = receipt(wall, revision), tables(wall)
    assert tables(wall) == stored
    interface = wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"][0]["NetworkInterfaceId"]
    wall.call("RevokeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(80, BLOCK)])
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=interface)
    wall.call("DeleteSecurityGroup", GroupId=web)
    assert receipt(wall, revision) == first


def test_a_receipt_by_the_request(wall: Wall) -> None:
    """The id of a request finds the change it made, which is the last one where it began the world too."""
    request = wall.request(ACTIONS["CreateSecurityGroup"], GroupName="web", Description="d")
    reply = wall.send(request)
    told = wall.call("DescribeReceipt", RequestId=dict(reply.headers)["x-amzn-requestid"])
    assert told["Change"]["Operation"] == "CreateSecurityGroup"
    assert [one["Action"] for one in told["Rules"]] == ["added"]
    assert receipt(wall, told["Revision"] - 1)["Rules"] == []


def test_a_receipt_of_several_calls(wall: Wall) -> None:
    """What calls do together is what is told of the change that they are: a rule moved to another port."""
    web = create_group(wall)
    allow(wall, web, tcp(22, BLOCK))
    create_interface(wall, Groups=[web])
    asked = {"GroupId": web, "IpPermissions": [tcp(22, BLOCK)]}
    moved = asked | {"IpPermissions": [tcp(23, BLOCK)]}
    both = calls(("RevokeSecurityGroupIngress", asked), ("AuthorizeSecurityGroupIngress", moved))
    made = wall.call("ApplyChanges", Calls=both)
    told = receipt(wall, made["Revision"])
    assert sorted(effects(told)) == [f"added: opened tcp 23 {BLOCK}", f"removed: cut tcp 22 {BLOCK}"]
    assert told["Mismatches"] == []
    assert json.loads(told["Change"]["Request"])["Calls"][0]["Operation"] == "RevokeSecurityGroupIngress"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({}, "MissingParameter: The request must contain the parameter Revision"),
        (
            {"Revision": 1, "RequestId": "x"},
            "InvalidParameterCombination: Only one of 'revision' or 'requestId' may be provided.",
        ),
        ({"Revision": 99}, "InvalidChange.NotFound: The change '99' does not exist"),
        ({"Revision": 0}, "InvalidChange.NotFound: The change '0' does not exist"),
        ({"RequestId": "*"}, "InvalidChange.NotFound: The change '*' does not exist"),
    ],
)
def test_a_change_that_is_not_there(wall: Wall, params: Json, told: str) -> None:
    """A receipt is asked for by one of the two, of a change of this world; a star stands for itself."""
    create_group(wall)
    assert refusal(wall, "DescribeReceipt", **params) == told


def test_others_changes_are_not_told(wall: Wall) -> None:
    """A change of another account is not there for this one."""
    create_group(wall.elsewhere("111122223333"))
    revision = wall.app.revision()
    create_group(wall)
    told = f"InvalidChange.NotFound: The change '{revision}' does not exist"
    assert refusal(wall, "DescribeReceipt", Revision=revision) == told
