"""Client tokens: what a repeated call answers [reference 2.4]."""

from __future__ import annotations

import pytest

from groupwall.ops.tokens import LONGEST
from tests.driver import Wall
from tests.scenes import Json, refusal

LIST: Json = {"PrefixListName": "offices", "MaxEntries": 2, "AddressFamily": "IPv4"}


def _interface(wall: Wall) -> Json:
    return {"SubnetId": wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]}


@pytest.mark.parametrize(
    ("operation", "listing", "member"),
    [
        ("CreateManagedPrefixList", "DescribeManagedPrefixLists", "PrefixLists"),
        ("CreateNetworkInterface", "DescribeNetworkInterfaces", "NetworkInterfaces"),
    ],
)
def test_a_repeated_call_makes_nothing_anew(wall: Wall, operation: str, listing: str, member: str) -> None:
    """A call with the same token and parameters makes one thing, and one change; without a token it makes another."""
    params = LIST if "Prefix" in operation else _interface(wall)
    wall.call(operation, **params, ClientToken="once")
    before = wall.app.revision()
    wall.call(operation, **params, ClientToken="once")
    assert wall.app.revision() == before
    assert len(wall.call(listing)[member]) == 1
    wall.call(operation, **params)
    assert len(wall.call(listing)[member]) == 2


def test_a_token_belongs_to_its_parameters(wall: Wall) -> None:
    """The same token with other parameters is IdempotentParameterMismatch [reference 2.4, docs]."""
    wall.call("CreateManagedPrefixList", **LIST, ClientToken="once")
    told = refusal(wall, "CreateManagedPrefixList", **LIST | {"MaxEntries": 3}, ClientToken="once")
    assert told.startswith("IdempotentParameterMismatch: ")


def test_a_token_belongs_to_its_operation_and_world(wall: Wall) -> None:
    """Another operation, another account and another Region may use the same token (inferred)."""
    wall.call("CreateManagedPrefixList", **LIST, ClientToken="once")
    wall.call("CreateNetworkInterface", **_interface(wall), ClientToken="once")
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        other.call("CreateManagedPrefixList", **LIST | {"MaxEntries": 3}, ClientToken="once")
        assert len(other.call("DescribeManagedPrefixLists")["PrefixLists"]) == 1


def test_a_token_is_bounded(wall: Wall) -> None:
    """A token of more than 255 characters is refused [model: CreateManagedPrefixList, text inferred]."""
    told = refusal(wall, "CreateManagedPrefixList", **LIST, ClientToken="x" * (LONGEST + 1))
    assert told.startswith("InvalidParameterValue: Value (xxx")
