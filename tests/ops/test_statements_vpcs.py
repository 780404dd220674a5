"""What a call about one VPC costs does not grow with the account: as test_statements has it for groups."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import pytest

from groupwall.store.sqlite import FILE, Store
from tests.counting import Cost, Counting
from tests.driver import ACTIONS, Wall
from tests.scenes import Json, create_group, create_vpc

VPCS = 150


def _calls(vpc: str, subnet: str) -> dict[str, Json]:
    """Return calls by operation and what it is asked by, in an order in which each succeeds."""
    mine = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    return {
        "DescribeVpcs by id": {"VpcIds": [vpc]},
        "DescribeVpcs by vpc-id": mine,
        "DescribeVpcAttribute": {"VpcId": vpc, "Attribute": "enableDnsSupport"},
        "ModifyVpcAttribute": {"VpcId": vpc, "EnableDnsHostnames": {"Value": True}},
        "AssociateVpcCidrBlock": {"VpcId": vpc, "AmazonProvidedIpv6CidrBlock": True},
        "AssociateVpcCidrBlock of IPv4": {"VpcId": vpc, "CidrBlock": "10.1.0.0/16"},
        "DescribeRouteTables by vpc-id": mine,
        "DescribeNetworkAcls by vpc-id": mine,
        "CreateSubnet": {"VpcId": vpc, "CidrBlock": "10.0.1.0/24"},
        "ModifySubnetAttribute": {"SubnetId": subnet, "MapPublicIpOnLaunch": {"Value": True}},
        "DescribeSubnets by id": {"SubnetIds": [subnet]},
        "DescribeSubnets by vpc-id": mine,
        "DeleteSubnet": {"SubnetId": subnet},
    }


def _costs(wall: Wall, folder: Path) -> dict[str, Cost]:
    vpc = create_vpc(wall)
    create_group(wall, "web", vpc)
    subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    wall.copy_to(folder)
    with contextlib.closing(sqlite3.connect(folder / FILE, isolation_level=None, factory=Counting)) as connection:
        wall.app.store = Store(connection, str(folder), contextlib.ExitStack())
        return {what: _cost(wall, connection, what.split()[0], params) for what, params in _calls(vpc, subnet).items()}


def _cost(wall: Wall, connection: Counting, name: str, params: Json) -> Cost:
    before = connection.statements, connection.steps
    assert wall.send(wall.request(ACTIONS[name], **params)).status == 200
    return Cost(connection.statements - before[0], connection.steps - before[1])


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Cost], dict[str, Cost]]:
    """The costs in an account of two VPCs, and in one of 150 with a subnet each."""
    with Wall() as small, Wall() as large:
        for _ in range(VPCS):
            large.call("CreateSubnet", VpcId=create_vpc(large), CidrBlock="10.0.0.0/24")
        return _costs(small, tmp_path_factory.mktemp("small")), _costs(large, tmp_path_factory.mktemp("large"))


@pytest.mark.parametrize("what", _calls("x", "y"))
def test_the_account_does_not_count(costs: tuple[dict[str, Cost], dict[str, Cost]], what: str) -> None:
    """A call about one VPC costs as many statements, and steps within them, in any account: docs/decisions/0006."""
    small, large = (of[what] for of in costs)
    assert small.statements == large.statements <= 25
    assert large.steps <= small.steps * 1.1 + 20
