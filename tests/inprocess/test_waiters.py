"""Waiters and paginators of our operations, as botocore and our own model define them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import WaiterError

import groupwall
from groupwall.inprocess import Wall
from groupwall.wire.model import SERVICES

NO_INSTANCE = {"InstanceIds": ["i-0123456789abcdef0"]}
OF_INSTANCES = {
    "run": ["instance_exists", "instance_running", "instance_status_ok", "system_status_ok"],
    "stop_instances": ["instance_stopped"],
    "start_instances": ["instance_running"],
    "terminate_instances": ["instance_terminated"],
}
"""What is done to an instance -> the waiters that are done then; none is while there are no instances at all."""

MISSING = {
    **{name: NO_INSTANCE for names in OF_INSTANCES.values() for name in names},
    "security_group_exists": {"GroupIds": ["sg-0123456789abcdef0"]},
    "subnet_available": {"SubnetIds": ["subnet-0123456789abcdef0"]},
    "vpc_available": {"VpcIds": ["vpc-0123456789abcdef0"]},
    "vpc_exists": {"VpcIds": ["vpc-0123456789abcdef0"]},
}
NO_GROUP = {"Filters": [{"Name": "group-id", "Values": ["sg-0123456789abcdef0"]}]}
MISSING_FROM_A_NEW_WORLD = {
    "network_interface_available": {"NetworkInterfaceIds": ["eni-0123456789abcdef0"]},
    "security_group_vpc_association_associated": NO_GROUP,
    "vpc_peering_connection_exists": {"VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"]},
}
"""The same, of what no world begins with."""
DONE_WHEN_MISSING = {
    "security_group_vpc_association_disassociated": NO_GROUP,
    "vpc_peering_connection_deleted": {"VpcPeeringConnectionIds": ["pcx-0123456789abcdef0"]},
}
"""The waiters for the end of something."""


@pytest.fixture(scope="module")
def client() -> Any:  # noqa: ANN401 - boto3 has no types
    """One client for all tests: a wall answers it whenever it was made."""
    with groupwall.local():
        return boto3.client("ec2")


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wall]:
    """A wall in which nobody can wait."""

    def waits(_seconds: float) -> None:
        pytest.fail("it waits")

    monkeypatch.setattr(time, "sleep", waits)
    with groupwall.local() as new:
        yield new


def _of_ours(client: Any, service: str, names: list[str]) -> list[str]:  # noqa: ANN401 - boto3 has no types
    """Return those waiters or paginators whose operation we have, other than the ones that are always empty."""
    ours = {name for name, action in SERVICES[service].actions.items() if not action.empty}
    return [name for name in names if client.meta.method_to_api_mapping.get(name) in ours]


@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize("name", sorted(name for name, given in MISSING.items() if given is not NO_INSTANCE))
def test_waiter(client: Any, name: str) -> None:  # noqa: ANN401 - boto3 has no types
    """A waiter is done at once, for one that there is and for all of them (reference 19 [docs])."""
    client.get_waiter(name).wait()


@pytest.mark.usefixtures("wall")
def test_waiters_of_instances(client: Any) -> None:  # noqa: ANN401 - boto3 has no types
    """An instance is where a call sends it by the next description, so that no waiter waits (inferred)."""
    launched = client.run_instances(ImageId="ami-0123456789abcdef0", MinCount=2, MaxCount=2)["Instances"]
    ids = [one["InstanceId"] for one in launched]
    for done, waiters in OF_INSTANCES.items():
        if done != "run":
            getattr(client, done)(InstanceIds=ids)
        for name in waiters:
            client.get_waiter(name).wait(InstanceIds=ids)


@pytest.mark.usefixtures("wall")
def test_waiters_of_networks(client: Any) -> None:  # noqa: ANN401 - boto3 has no types
    """Interfaces, groups in another VPC and peerings are there, and gone, by the next description (inferred)."""
    one, two = (client.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2))
    subnet = client.create_subnet(VpcId=one, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    interface = client.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    client.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[interface])
    group = client.create_security_group(GroupName="web", Description="d", VpcId=one)["GroupId"]
    of_group = {"Filters": [{"Name": "group-id", "Values": [group]}]}
    client.associate_security_group_vpc(GroupId=group, VpcId=two)
    client.get_waiter("security_group_vpc_association_associated").wait(**of_group)
    client.disassociate_security_group_vpc(GroupId=group, VpcId=two)
    client.get_waiter("security_group_vpc_association_disassociated").wait(**of_group)
    peering = client.create_vpc_peering_connection(VpcId=one, PeerVpcId=two)["VpcPeeringConnection"]
    named = {"VpcPeeringConnectionIds": [peering["VpcPeeringConnectionId"]]}
    client.get_waiter("vpc_peering_connection_exists").wait(**named)
    client.delete_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    client.get_waiter("vpc_peering_connection_deleted").wait(**named)


@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize("name", sorted(DONE_WHEN_MISSING))
def test_waiter_for_the_end(client: Any, name: str) -> None:  # noqa: ANN401 - boto3 has no types
    """A waiter for the end of something is done at once when there is no such thing (inferred)."""
    client.get_waiter(name).wait(**DONE_WHEN_MISSING[name])


@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize(("name", "given"), sorted((MISSING | MISSING_FROM_A_NEW_WORLD).items()))
def test_waiter_for_what_is_missing(client: Any, name: str, given: dict[str, Any]) -> None:  # noqa: ANN401 - boto3 has no types
    """A waiter that may try once ends with what AWS answers for an id that there is not (reference 3.3 [recorded])."""
    with pytest.raises(WaiterError, match=r"Max attempts|NotFound"):
        client.get_waiter(name).wait(**given, WaiterConfig={"MaxAttempts": 1})


def test_waiters_are_all_here(client: Any) -> None:  # noqa: ANN401 - boto3 has no types
    """Every waiter on an operation of ours is tried above (inferred)."""
    config = client._get_waiter_config()["waiters"]  # noqa: SLF001 - what the waiters ask is nowhere else
    ours = {name for name, action in SERVICES["ec2"].actions.items() if not action.empty}
    asked = {xform_name(name) for name, waiter in config.items() if waiter["operation"] in ours}
    assert asked == MISSING.keys() | MISSING_FROM_A_NEW_WORLD.keys() | DONE_WHEN_MISSING.keys()


@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize("service", ["ec2", "groupwall"])
def test_paginators(wall: Wall, service: str) -> None:
    """Every paginator of an operation of ours gives what the call gives, page by page (reference 9 [docs])."""
    ec2 = wall.client("ec2")
    for number in range(12):
        ec2.create_security_group(GroupName=f"g{number}", Description="d", TagSpecifications=[
            {"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]},
        ])  # fmt: skip
    client = wall.client(service)
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    of_one = {"VpcId": ec2.describe_vpcs()["Vpcs"][0]["VpcId"], "PrefixListId": _prefix_list(ec2)}
    ours = [
        name for name in _of_ours(client, service, list(client.meta.method_to_api_mapping)) if client.can_paginate(name)
    ]
    assert ours
    for name in ours:
        paginator = client.get_paginator(name)
        (result,) = paginator.result_keys
        required = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[name]).input_shape
        given = {member: of_one[member] for member in required.required_members}
        given |= {"To": made} if name == "describe_reachability" else {}
        whole = getattr(client, name)(**given)[result.expression]
        pages = paginator.paginate(**given, PaginationConfig={"PageSize": 5}).search(f"{result.expression}[]")
        assert list(pages) == whole, name
        some = paginator.paginate(**given, PaginationConfig={"MaxItems": 3}).search(f"{result.expression}[]")
        assert len(list(some)) <= 3


def _prefix_list(ec2: Any) -> str:  # noqa: ANN401 - boto3 has no types
    """Make a prefix list of more entries than go on a page; return its id."""
    entries = [{"Cidr": f"10.{number}.0.0/16"} for number in range(12)]
    made = ec2.create_managed_prefix_list(PrefixListName="p", MaxEntries=20, AddressFamily="IPv4", Entries=entries)
    prefix_list_id: str = made["PrefixList"]["PrefixListId"]
    return prefix_list_id
