"""Resources that an account here never holds: there are none, and an id asked for is not found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from groupwall.ops.empty import CODES, NO_RESOURCES, naming, not_found
from groupwall.wire.shapes import List
from tests.driver import ACTIONS, Wall
from tests.scenes import Json, refusal

EMPTY = [name for name, action in ACTIONS.items() if action.empty]


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.reference("clients 2.17 empty lists", "1.2 a list without a match")
def test_there_are_none(wall: Wall, name: str) -> None:
    """The empty list is there, whatever the filters (inferred)."""
    action = ACTIONS[name]
    for given in ({}, {"Filters": [{"Name": "vpc-id", "Values": ["x"]}]} if "Filters" in action.input.members else {}):
        assert wall.call(name, **given) == {action.list_member: []}


@pytest.mark.parametrize(
    ("name", "member", "value", "code"),
    [
        ("DescribeKeyPairs", "KeyNames", "mine", "InvalidKeyPair.NotFound"),
        ("DescribeAddresses", "PublicIps", "192.0.2.1", "InvalidAddress.NotFound"),
        ("DescribeNetworkInterfacePermissions", "NetworkInterfacePermissionIds", "x", "InvalidPermissionID.NotFound"),
        ("DescribeTransitGateways", "TransitGatewayIds", "tgw-00000000", "InvalidTransitGatewayID.NotFound"),
        ("DescribeFlowLogs", "FlowLogIds", "fl-00000000", "InvalidFlowLogId.NotFound"),
        ("DescribeHostReservations", "HostReservationIdSet", "hr-00000000", "InvalidHostReservationId.NotFound"),
    ],
)
def test_an_id_is_of_none(wall: Wall, name: str, member: str, value: str, code: str) -> None:
    """What is asked for by id or name is not found (inferred: text)."""
    told = refusal(wall, name, **{member: [value]})
    assert told.startswith(f"{code}: ")
    assert told.endswith(f" '{value}' does not exist")


@pytest.mark.parametrize("name", EMPTY)
def test_every_list_names_resources(name: str) -> None:
    """Each list that these operations take is of filters, accounts or resources, and only the last are looked for."""
    lists = {key for key, member in ACTIONS[name].input.members.items() if isinstance(member.shape, List)}
    assert lists - {"Filter", "Filters"} - NO_RESOURCES == set(naming(ACTIONS[name].input.members))


def test_codes_are_of_members_that_there_are() -> None:
    """No code is kept for a member that no operation takes."""
    assert CODES.keys() <= {member for name in EMPTY for member in naming(ACTIONS[name].input.members)}
    assert {not_found(member, "x").code for member in CODES} == set(CODES.values())


def test_no_page_follows(wall: Wall) -> None:
    """A page token is refused: none was ever given [reference 1.4, issue]."""
    assert refusal(wall, "DescribeVolumes", NextToken="x").startswith("InvalidParameterValue: Unable to parse")


def test_owners_name_nothing(wall: Wall) -> None:
    """Asking for the snapshots of an account is no question for an id (inferred)."""
    assert wall.call("DescribeSnapshots", OwnerIds=["self"]) == {"Snapshots": []}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DescribeVpcs", {}),
        ("DescribeSnapshots", {"Filters": [{"Name": "owner-id", "Values": ["123456789012"]}]}),
        ("DescribeVolumes", {}),
        *(
            (f"Describe{noun}", {"Filters": [{"Name": "vpc-id", "Values": ["vpc-00000000"]}]})
            for noun in ("Instances", "SecurityGroups", "NetworkInterfaces")
        ),
    ],
)
@pytest.mark.reference("clients 2.18 ScoutSuite's operations")
def test_what_scoutsuite_asks(wall: Wall, name: str, given: Json) -> None:
    """It is answered; images and settings of the account, which are AWS's to tell, are refused [clients 2.18]."""
    [found] = wall.call(name, **given).values()
    assert bool(found) is (name == "DescribeVpcs")


@pytest.mark.parametrize(
    "name",
    [
        "DescribeInstanceTypes",
        "DescribeImages",
        "AllocateAddress",
        "GetEbsEncryptionByDefault",
        "GetEbsDefaultKmsKeyId",
    ],
)
@pytest.mark.reference("clients 2.7 never 500", "clients 2.18 ScoutSuite's operations", "users 5.1.11 unknown actions")
def test_what_is_not_ours(wall: Wall, name: str) -> None:
    """An operation of EC2 that groupwall has not is named as such [reference 23, docs]."""
    request = wall.request(ACTIONS["DescribeVpcs"])
    body = request.body.replace(b"DescribeVpcs", name.encode())
    reply = wall.send(replace(request, body=body))
    assert reply.status == 400
    assert f"<Code>UnsupportedOperation</Code><Message>The operation {name} is not supported.".encode() in reply.body
