"""DescribeNetworkInterfaces: ids, filters, pages, and what it costs [model; clients 6]."""

from __future__ import annotations

import pytest

from tests.driver import Wall
from tests.interfaces import create_interface, create_subnet, first_subnet, interface_of, launch
from tests.scenes import Json, create_group, refusal


def _found(wall: Wall, name: str, *values: str) -> list[str]:
    wanted = [{"Name": name, "Values": list(values)}]
    found = wall.call("DescribeNetworkInterfaces", Filters=wanted)["NetworkInterfaces"]
    return [one["NetworkInterfaceId"] for one in found]


def _pair(wall: Wall) -> tuple[Json, Json]:
    """Return two interfaces that have little in common: one attached, with IPv6 and a tag, and a plain one."""
    subnet = create_subnet(wall, ipv6=True)["SubnetId"]
    [group] = [create_group(wall, "web", one["VpcId"]) for one in _subnets(wall, "subnet-id", subnet)]
    tags = [{"ResourceType": "network-interface", "Tags": [{"Key": "team", "Value": "net"}]}]
    first = create_interface(
        wall, SubnetId=subnet, PrivateIpAddress="10.0.0.9", SecondaryPrivateIpAddressCount=1, Ipv6AddressCount=1,
        Groups=[group], Description="first", TagSpecifications=tags,
    )  # fmt: skip
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=first, SourceDestCheck={"Value": False})
    device = {"NetworkInterfaceId": first, "InstanceId": launch(wall, subnet), "DeviceIndex": 1}
    attachment = wall.call("AttachNetworkInterface", **device)["AttachmentId"]
    change = {"AttachmentId": attachment, "DeleteOnTermination": False}
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=first, Attachment=change)
    away = _subnets(wall, "availability-zone", "us-east-1b")[0]["SubnetId"]
    return interface_of(wall, first), interface_of(wall, create_interface(wall, SubnetId=away))


def _subnets(wall: Wall, name: str, value: str) -> list[Json]:
    subnets: list[Json] = wall.call("DescribeSubnets", Filters=[{"Name": name, "Values": [value]}])["Subnets"]
    return subnets


def test_filters_tell_two_interfaces_apart(wall: Wall) -> None:
    """Each filter finds the interface that has the value and not the one that has another [model]."""
    first, second = _pair(wall)
    attachment = first["Attachment"]
    values = {
        "addresses.private-ip-address": first["PrivateIpAddresses"][1]["PrivateIpAddress"],
        "attachment.attach-time": "2026-09-21T14:13:20.000Z",
        "attachment.attachment-id": attachment["AttachmentId"],
        "attachment.delete-on-termination": "false",
        "attachment.device-index": "1",
        "attachment.instance-id": attachment["InstanceId"],
        "attachment.instance-owner-id": wall.account,
        "attachment.status": "attached",
        "availability-zone": first["AvailabilityZone"],
        "availability-zone-id": first["AvailabilityZoneId"],
        "description": "fir*",
        "group-id": first["Groups"][0]["GroupId"],
        "ipv6-addresses.ipv6-address": first["Ipv6Addresses"][0]["Ipv6Address"],
        "mac-address": first["MacAddress"],
        "network-interface-id": first["NetworkInterfaceId"],
        "private-dns-name": "ip-10-0-0-9.ec2.internal",
        "private-ip-address": "10.0.0.9",
        "source-dest-check": "false",
        "status": "in-use",
        "subnet-id": first["SubnetId"],
        "tag:team": "n?t",
        "tag-key": "team",
        "tag-value": "net",
        "vpc-id": first["VpcId"],
    }
    ids = {first["NetworkInterfaceId"], second["NetworkInterfaceId"]}
    found = {name: ids & set(_found(wall, name, value)) for name, value in values.items()}
    assert [name for name, one in found.items() if one != {first["NetworkInterfaceId"]}] == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("addresses.primary", "true", 1),
        ("addresses.primary", "false", 0),
        ("association.public-ip", "*", 0),
        ("interface-type", "interface", 1),
        ("interface-type", "lambda", 0),
        ("operator.managed", "false", 1),
        ("owner-id", "123456789012", 1),
        ("owner-id", "111122223333", 0),
        ("requester-id", "*", 0),
        ("requester-managed", "false", 1),
        ("requester-managed", "true", 0),
        ("status", "available", 1),
        ("status", "in-use", 0),
        ("attachment.status", "attached", 0),
    ],
)
def test_filters_that_all_interfaces_answer_alike(wall: Wall, name: str, value: str, expected: int) -> None:
    """No interface here belongs to a service or has a public address, and filters say so [model; inferred]."""
    create_interface(wall)
    assert len(_found(wall, name, value)) == expected


def test_an_ipv4_filter_finds_no_ipv6(wall: Wall) -> None:
    """Filters for IPv4 addresses look at no IPv6 ones, and the other way round [model]."""
    subnet = create_subnet(wall, ipv6=True)["SubnetId"]
    made = interface_of(wall, create_interface(wall, SubnetId=subnet, Ipv6AddressCount=1))
    six = made["Ipv6Address"]
    assert _found(wall, "private-ip-address", six) == _found(wall, "addresses.private-ip-address", six) == []
    assert _found(wall, "ipv6-addresses.ipv6-address", made["PrivateIpAddress"]) == []
    assert _found(wall, "ipv6-addresses.ipv6-address", six, "other") == [made["NetworkInterfaceId"]]


def test_pages(wall: Wall) -> None:
    """Pages follow each other in the order of the ids, without gap or repetition [model]."""
    made = sorted(create_interface(wall) for _ in range(12))
    seen, token = [], None
    for _ in range(3):
        page = wall.call("DescribeNetworkInterfaces", MaxResults=5, NextToken=token)
        seen += [one["NetworkInterfaceId"] for one in page["NetworkInterfaces"]]
        token = page.get("NextToken")
    assert seen == made
    assert token is None
    told = refusal(wall, "DescribeNetworkInterfaces", NetworkInterfaceIds=made[:1], MaxResults=5)
    assert told.startswith("InvalidParameterCombination: ")


@pytest.mark.parametrize(
    ("ids", "told"),
    [
        (["eni-00000000"], "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-00000000' does not exist"),
        (["x"], 'InvalidNetworkInterfaceId.Malformed: Invalid id: "x" (expecting "eni-...")'),
    ],
)
@pytest.mark.reference("3.3 interface unknown")
def test_ids_that_there_are_not(wall: Wall, ids: list[str], told: str) -> None:
    """One unknown id refuses the call, whatever else is asked for [reference 3.3, live-test]."""
    made = create_interface(wall)
    assert refusal(wall, "DescribeNetworkInterfaces", NetworkInterfaceIds=[made, *ids]) == told


def test_accounts_and_regions_see_their_own(wall: Wall) -> None:
    """An interface is seen in its own account and region alone [reference 3.1]."""
    made = create_interface(wall)
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        theirs = create_interface(other)
        assert _found(other, "status", "available") == [theirs]
    assert _found(wall, "status", "available") == [made]


def _statements(wall: Wall, name: str, params: Json) -> int:
    """Return how many SQL statements a call takes."""
    told: list[str] = []
    connection = wall.store._connection  # noqa: SLF001 - nothing tells of statements but the connection
    connection.set_trace_callback(told.append)
    wall.call(name, **params)
    connection.set_trace_callback(None)
    return len(told)


def test_the_number_of_interfaces_does_not_count(wall: Wall) -> None:
    """Many interfaces are described, and one more is made, in as many statements as few: docs/decisions/0006."""
    subnet = first_subnet(wall)["SubnetId"]
    groups = [create_group(wall, f"g{number}") for number in range(3)]
    launch(wall)
    create_interface(wall, Groups=groups, SecondaryPrivateIpAddressCount=2)
    filters = [{"Name": "group-id", "Values": groups}]
    calls: list[tuple[str, Json]] = [
        ("DescribeNetworkInterfaces", {}),
        ("DescribeNetworkInterfaces", {"Filters": filters}),
        ("CreateNetworkInterface", {"SubnetId": subnet}),
    ]
    few = [_statements(wall, name, params) for name, params in calls]
    for _ in range(40):
        create_interface(wall, Groups=groups, SecondaryPrivateIpAddressCount=2)
    assert [_statements(wall, name, params) for name, params in calls] == few
    assert few[0] <= 15
