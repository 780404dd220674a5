"""Resources that an account here never holds: there are none, and an id asked for is not one [inferred]."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.driver import ACTIONS, Wall
from tests.scenes import refusal

EMPTY = [name for name, action in ACTIONS.items() if action.empty]


@pytest.mark.parametrize("name", EMPTY)
@pytest.mark.reference("clients 2.17 empty lists", "1.2 a list without a match")
def test_there_are_none(wall: Wall, name: str) -> None:
    """The empty list is there, whatever the filters (inferred)."""
    action = ACTIONS[name]
    for given in ({}, {"Filters": [{"Name": "vpc-id", "Values": ["x"]}]} if "Filters" in action.input.members else {}):
        assert wall.call(name, **given) == {action.list_member: []}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DescribeNetworkInterfaces", {"NetworkInterfaceIds": ["eni-00000000"]}),
        ("DescribeInstances", {"InstanceIds": ["i-00000000"]}),
        ("DescribeKeyPairs", {"KeyNames": ["mine"]}),
        ("DescribeAddresses", {"PublicIps": ["192.0.2.1"]}),
    ],
)
def test_an_id_is_of_none(wall: Wall, name: str, given: dict[str, list[str]]) -> None:
    """What is asked for by id or name is not found (inferred)."""
    [[value]] = given.values()
    assert refusal(wall, name, **given) == f"InvalidID: The ID '{value}' is not valid"


@pytest.mark.parametrize("name", ["RunInstances", "DescribeImages", "AllocateAddress"])
@pytest.mark.reference("clients 2.7 never 500", "users 5.1.11 unknown actions")
def test_what_is_not_ours(wall: Wall, name: str) -> None:
    """An operation of EC2 that groupwall has not is named as such [reference 23, docs]."""
    request = wall.request(ACTIONS["DescribeVpcs"])
    body = request.body.replace(b"DescribeVpcs", name.encode())
    reply = wall.send(replace(request, body=body))
    assert reply.status == 400
    assert f"<Code>UnsupportedOperation</Code><Message>The operation {name} is not supported.".encode() in reply.body
