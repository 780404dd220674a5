"""The addresses of interfaces: chosen, asked for, added and taken away [model; reference 17]."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_address

import pytest

from tests.driver import Wall
from tests.interfaces import addresses_of, create_interface, create_subnet, first_subnet, interface_of, ipv6_of
from tests.scenes import Json, refusal

IN_USE = "InvalidIPAddress.InUse: The specified address is already in use."


def test_the_next_address_is_chosen(wall: Wall) -> None:
    """The address after the highest one is next; below it they are looked for once the end is reached (inferred)."""
    subnet = create_subnet(wall)["SubnetId"]
    first, second = (create_interface(wall, SubnetId=subnet) for _ in range(2))
    assert [addresses_of(wall, one) for one in (first, second)] == [["10.0.0.4"], ["10.0.0.5"]]
    create_interface(wall, SubnetId=subnet, PrivateIpAddress="10.0.0.12")
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=first)
    rest = [addresses_of(wall, create_interface(wall, SubnetId=subnet))[0] for _ in range(9)]
    assert rest == [f"10.0.0.{last}" for last in (13, 14, 6, 7, 8, 9, 10, 11, 4)]
    told = "InsufficientFreeAddressesInSubnet: There are not enough free addresses in subnet "
    assert refusal(wall, "CreateNetworkInterface", SubnetId=subnet).startswith(told)


def test_many_at_once_fill_the_gaps(wall: Wall) -> None:
    """Addresses that are asked for by number come from several gaps, or none does [model; order inferred]."""
    subnet = create_subnet(wall)["SubnetId"]
    for last in (5, 7, 9, 11, 14):
        create_interface(wall, SubnetId=subnet, PrivateIpAddress=f"10.0.0.{last}")
    call = {"SubnetId": subnet, "SecondaryPrivateIpAddressCount": 6}
    assert refusal(wall, "CreateNetworkInterface", **call).startswith("InsufficientFreeAddressesInSubnet: ")
    made = create_interface(wall, SubnetId=subnet, SecondaryPrivateIpAddressCount=5)
    assert sorted(addresses_of(wall, made), key=ip_address) == [f"10.0.0.{last}" for last in (4, 6, 8, 10, 12, 13)]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"PrivateIpAddress": "10.0.0.9"}, ["10.0.0.9"]),
        ({"PrivateIpAddresses": [{"Primary": True, "PrivateIpAddress": "10.0.0.9"}]}, ["10.0.0.9"]),
        (
            {"PrivateIpAddresses": [
                {"PrivateIpAddress": "10.0.0.8"}, {"Primary": True, "PrivateIpAddress": "10.0.0.9"},
            ]},
            ["10.0.0.9", "10.0.0.8"],
        ),
        (
            {"PrivateIpAddress": "10.0.0.9", "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.8"}]},
            ["10.0.0.9", "10.0.0.8"],
        ),
        ({"PrivateIpAddresses": [{"PrivateIpAddress": "10.0.0.4"}]}, ["10.0.0.5", "10.0.0.4"]),
        ({"PrivateIpAddress": "10.0.0.5", "SecondaryPrivateIpAddressCount": 2}, ["10.0.0.5", "10.0.0.4", "10.0.0.6"]),
        ({"PrivateIpAddress": "10.0.0.4"}, ["10.0.0.4"]),
        ({"PrivateIpAddress": "10.0.0.14"}, ["10.0.0.14"]),
    ],
)  # fmt: skip
def test_addresses_by_name(wall: Wall, params: Json, expected: list[str]) -> None:
    """The primary address is the one marked so, and stands first [model: CreateNetworkInterface]."""
    made = create_interface(wall, SubnetId=create_subnet(wall)["SubnetId"], **params)
    shown = interface_of(wall, made)
    assert addresses_of(wall, made) == expected
    assert shown["PrivateIpAddress"] == expected[0]
    assert [one["Primary"] for one in shown["PrivateIpAddresses"]] == [True] + [False] * (len(expected) - 1)


def _listed(*texts: str, primary: int = 0) -> Json:
    addresses = [{"PrivateIpAddress": text, "Primary": place < primary} for place, text in enumerate(texts)]
    return {"PrivateIpAddresses": addresses}


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"PrivateIpAddress": "10.0.0.0"}, "InvalidParameterValue: Address 10.0.0.0 is in subnet's reserved "),
        ({"PrivateIpAddress": "10.0.0.3"}, "InvalidParameterValue: Address 10.0.0.3 is in subnet's reserved "),
        ({"PrivateIpAddress": "10.0.0.15"}, "InvalidParameterValue: Address 10.0.0.15 is in subnet's reserved "),
        ({"PrivateIpAddress": "10.0.0.16"}, "InvalidParameterValue: Address 10.0.0.16 does not fall within "),
        ({"PrivateIpAddress": "10.0.0.999"}, "InvalidParameterValue: invalid value for parameter address: 10.0.0.999"),
        ({"PrivateIpAddress": "2001:db8::5"}, "InvalidParameterValue: invalid value for parameter address: "),
        ({"PrivateIpAddress": ""}, "InvalidParameterValue: invalid value for parameter address: "),
        ({"PrivateIpAddress": "10.0.0.5"}, IN_USE),
        (_listed("10.0.0.8", "10.0.0.8"), IN_USE),
        (_listed("10.0.0.8", "10.0.0.9", primary=2), "InvalidParameterCombination: "),
        (_listed("10.0.0.8", primary=1) | {"PrivateIpAddress": "10.0.0.9"}, "InvalidParameterCombination: "),
        (_listed("10.0.0.8", "10.0.0.9") | {"SecondaryPrivateIpAddressCount": 1}, "InvalidParameterCombination: "),
        ({"SecondaryPrivateIpAddressCount": -1}, "PrivateIpAddressLimitExceeded: "),
        ({"SecondaryPrivateIpAddressCount": 50}, "PrivateIpAddressLimitExceeded: "),
        ({"SecondaryPrivateIpAddressCount": 2**31 - 1}, "PrivateIpAddressLimitExceeded: "),
        ({"Ipv6AddressCount": 1}, "InvalidParameterValue: The subnet "),
        ({"Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}]}, "InvalidParameterValue: The subnet "),
        ({"EnablePrimaryIpv6": True, "Ipv6AddressCount": 0}, "InvalidParameterCombination: "),
    ],
)
def test_addresses_that_cannot_be(wall: Wall, params: Json, told: str) -> None:
    """A refused address leaves no interface [issues; model; see the errors' own sources]."""
    subnet = create_subnet(wall)["SubnetId"]
    create_interface(wall, SubnetId=subnet, PrivateIpAddress="10.0.0.5")
    assert refusal(wall, "CreateNetworkInterface", SubnetId=subnet, **params).startswith(told)
    assert len(wall.call("DescribeNetworkInterfaces")["NetworkInterfaces"]) == 1


def test_the_same_address_in_two_vpcs(wall: Wall) -> None:
    """Two VPCs may use the same block, and so the same address [docs]."""
    for _ in range(2):
        made = create_interface(wall, SubnetId=create_subnet(wall)["SubnetId"], PrivateIpAddress="10.0.0.5")
        assert addresses_of(wall, made) == ["10.0.0.5"]


# ---- IPv6


def test_ipv6_by_name_and_by_number(wall: Wall) -> None:
    """IPv6 addresses come from the subnet's block, the primary one first [model: CreateNetworkInterface]."""
    subnet = create_subnet(wall, ipv6=True)
    block = IPv6Network(subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"])
    named = create_interface(
        wall,
        SubnetId=subnet["SubnetId"],
        Ipv6Addresses=[{"Ipv6Address": str(block[10])}, {"Ipv6Address": block[11].exploded, "IsPrimaryIpv6": True}],
    )
    assert ipv6_of(wall, named) == [str(block[11]), str(block[10])]
    counted = create_interface(wall, SubnetId=subnet["SubnetId"], Ipv6AddressCount=3)
    chosen = ipv6_of(wall, counted)
    assert len(set(chosen)) == 3
    assert all(ip_address(text) in block for text in chosen)
    assert [one["IsPrimaryIpv6"] for one in interface_of(wall, counted)["Ipv6Addresses"]] == [False] * 3
    assert interface_of(wall, counted)["Ipv6Address"] == chosen[0]


@pytest.mark.parametrize(
    ("gives", "params", "expected"),
    [
        (True, {}, [False]),
        (True, {"Ipv6AddressCount": 0}, []),
        (False, {}, []),
        (False, {"EnablePrimaryIpv6": True}, [True]),
        (False, {"Ipv6AddressCount": 2, "EnablePrimaryIpv6": True}, [True, False]),
    ],
)
def test_ipv6_that_the_subnet_gives(wall: Wall, gives: bool, params: Json, expected: list[bool]) -> None:  # noqa: FBT001
    """A subnet may give an address to each new interface, unless none is asked for [model]."""
    subnet = create_subnet(wall, ipv6=True)["SubnetId"]
    wall.call("ModifySubnetAttribute", SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": gives})
    made = interface_of(wall, create_interface(wall, SubnetId=subnet, **params))
    assert [one["IsPrimaryIpv6"] for one in made["Ipv6Addresses"]] == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{block}3", "InvalidParameterValue: Address "),
        ("2001:db8::5", "InvalidParameterValue: Address 2001:db8::5 does not fall within"),
        ("10.0.0.9", "InvalidParameterValue: invalid value for parameter address: 10.0.0.9"),
        ("fe80::5%eth0", "InvalidParameterValue: invalid value for parameter address: "),
        ("{block}5", IN_USE),
    ],
)
def test_ipv6_that_cannot_be(wall: Wall, text: str, told: str) -> None:
    """IPv6 addresses are checked as IPv4 ones are (inferred)."""
    subnet = create_subnet(wall, ipv6=True)
    block = subnet["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"].removesuffix("/64")
    create_interface(wall, SubnetId=subnet["SubnetId"], Ipv6Addresses=[{"Ipv6Address": f"{block}5"}])
    asked = [{"Ipv6Address": text.format(block=block)}]
    assert refusal(wall, "CreateNetworkInterface", SubnetId=subnet["SubnetId"], Ipv6Addresses=asked).startswith(told)
    other = create_interface(wall, SubnetId=subnet["SubnetId"])
    named = [text.format(block=block)]
    assert refusal(wall, "AssignIpv6Addresses", NetworkInterfaceId=other, Ipv6Addresses=named).startswith(told)


# ---- later


def test_assign_and_unassign(wall: Wall) -> None:
    """Secondary addresses come and go, by name and by number; the primary one stays [model]."""
    made = create_interface(wall, SubnetId=create_subnet(wall)["SubnetId"])
    reply = wall.call("AssignPrivateIpAddresses", NetworkInterfaceId=made, SecondaryPrivateIpAddressCount=2)
    assert [one["PrivateIpAddress"] for one in reply["AssignedPrivateIpAddresses"]] == ["10.0.0.5", "10.0.0.6"]
    wall.call("AssignPrivateIpAddresses", NetworkInterfaceId=made, PrivateIpAddresses=["10.0.0.12"])
    assert addresses_of(wall, made) == ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.0.0.12"]
    wall.call("UnassignPrivateIpAddresses", NetworkInterfaceId=made, PrivateIpAddresses=["10.0.0.5", "10.0.0.12"])
    assert addresses_of(wall, made) == ["10.0.0.4", "10.0.0.6"]
    for named, told in (
        (["10.0.0.6", "10.0.0.4"], "Address 10.0.0.4 is the primary address "),
        (["10.0.0.6", "10.0.0.5"], f"Some of the specified addresses are not assigned to interface {made}"),
    ):
        call = {"NetworkInterfaceId": made, "PrivateIpAddresses": named}
        assert refusal(wall, "UnassignPrivateIpAddresses", **call).startswith(f"InvalidParameterValue: {told}")
    assert addresses_of(wall, made) == ["10.0.0.4", "10.0.0.6"]


def test_reassignment(wall: Wall) -> None:
    """An address moves from another interface if that is allowed and it is a secondary one there [model]."""
    subnet = create_subnet(wall)["SubnetId"]
    first = create_interface(wall, SubnetId=subnet, SecondaryPrivateIpAddressCount=1)
    second = create_interface(wall, SubnetId=subnet)
    call = {"NetworkInterfaceId": second, "PrivateIpAddresses": ["10.0.0.5"]}
    assert refusal(wall, "AssignPrivateIpAddresses", **call) == IN_USE
    wall.call("AssignPrivateIpAddresses", **call, AllowReassignment=True)
    assert [addresses_of(wall, one) for one in (first, second)] == [["10.0.0.4"], ["10.0.0.6", "10.0.0.5"]]
    primary = {"NetworkInterfaceId": second, "PrivateIpAddresses": ["10.0.0.4"], "AllowReassignment": True}
    assert refusal(wall, "AssignPrivateIpAddresses", **primary) == IN_USE


def test_assign_and_unassign_ipv6(wall: Wall) -> None:
    """IPv6 addresses come and go, each reply naming them; a primary one stays [model]."""
    subnet = create_subnet(wall, ipv6=True)
    made = create_interface(wall, SubnetId=subnet["SubnetId"])
    reply = wall.call("AssignIpv6Addresses", NetworkInterfaceId=made, Ipv6AddressCount=2)
    assert reply == {"NetworkInterfaceId": made, "AssignedIpv6Addresses": ipv6_of(wall, made)}
    first, second = ipv6_of(wall, made)
    reply = wall.call("UnassignIpv6Addresses", NetworkInterfaceId=made, Ipv6Addresses=[first])
    assert reply == {"NetworkInterfaceId": made, "UnassignedIpv6Addresses": [first]}
    wall.call("ModifyNetworkInterfaceAttribute", NetworkInterfaceId=made, EnablePrimaryIpv6=True)
    told = f"InvalidParameterValue: Address {second} is the primary address "
    assert refusal(wall, "UnassignIpv6Addresses", NetworkInterfaceId=made, Ipv6Addresses=[second]).startswith(told)


@pytest.mark.parametrize(
    ("name", "params", "told"),
    [
        ("AssignPrivateIpAddresses", {}, "MissingParameter: "),
        (
            "AssignPrivateIpAddresses",
            {"PrivateIpAddresses": ["172.31.0.9"], "SecondaryPrivateIpAddressCount": 1},
            "InvalidParameterCombination: ",
        ),
        ("AssignPrivateIpAddresses", {"SecondaryPrivateIpAddressCount": 50}, "PrivateIpAddressLimitExceeded: "),
        ("AssignPrivateIpAddresses", {"SecondaryPrivateIpAddressCount": -1}, "PrivateIpAddressLimitExceeded: "),
        ("AssignPrivateIpAddresses", {"PrivateIpAddresses": ["10.0.0.9"]}, "InvalidParameterValue: "),
        ("AssignPrivateIpAddresses", {"Ipv4PrefixCount": 1}, "UnsupportedOperation: "),
        ("UnassignPrivateIpAddresses", {}, "MissingParameter: "),
        ("UnassignPrivateIpAddresses", {"PrivateIpAddresses": ["x"]}, "InvalidParameterValue: "),
        ("AssignIpv6Addresses", {}, "MissingParameter: "),
        ("AssignIpv6Addresses", {"Ipv6AddressCount": 1}, "InvalidParameterValue: The subnet "),
        ("AssignIpv6Addresses", {"Ipv6PrefixCount": 1}, "UnsupportedOperation: "),
        ("UnassignIpv6Addresses", {}, "MissingParameter: "),
        ("UnassignIpv6Addresses", {"Ipv6Addresses": ["2001:db8::5"]}, "InvalidParameterValue: "),
    ],
)
def test_assignments_that_cannot_be(wall: Wall, name: str, params: Json, told: str) -> None:
    """A refused assignment leaves the addresses as they were [model; codes and texts inferred]."""
    made = create_interface(wall, SubnetId=first_subnet(wall)["SubnetId"])
    assert refusal(wall, name, NetworkInterfaceId=made, **params).startswith(told)
    assert addresses_of(wall, made) == ["172.31.0.4"]
