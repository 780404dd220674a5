"""What can be changed of a subnet: its attributes and its IPv6 block [model]."""

from __future__ import annotations

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.ops.test_subnets import ipv6_of
from tests.scenes import Json, create_vpc, refusal

NO_IPV6 = (
    "InvalidParameterValue: Invalid value 'true' for assignIpv6AddressOnCreation. The subnet has no IPv6 CIDR block."
)
NAMES = "PrivateDnsNameOptionsOnLaunch"


def _create(wall: Wall, *, ipv6: bool = False) -> tuple[str, str]:
    """Return the ids of a VPC with IPv6 and of a subnet in it."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    block = {"Ipv6CidrBlock": ipv6_of(wall, vpc_id)} if ipv6 else {}
    subnet_id: str = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.0.0/24", **block)["Subnet"]["SubnetId"]
    return vpc_id, subnet_id


def _subnet(wall: Wall, subnet_id: str) -> Json:
    subnet: Json = wall.call("DescribeSubnets", SubnetIds=[subnet_id])["Subnets"][0]
    return subnet


@pytest.mark.parametrize(
    ("member", "value", "shown"),
    [
        ("MapPublicIpOnLaunch", {"Value": True}, {"MapPublicIpOnLaunch": True}),
        ("AssignIpv6AddressOnCreation", {"Value": True}, {"AssignIpv6AddressOnCreation": True}),
        ("EnableDns64", {"Value": True}, {"EnableDns64": True}),
        ("PrivateDnsHostnameTypeOnLaunch", "resource-name", {NAMES: {"HostnameType": "resource-name"}}),
        ("EnableResourceNameDnsARecordOnLaunch", {"Value": True}, {NAMES: {"EnableResourceNameDnsARecord": True}}),
        (
            "EnableResourceNameDnsAAAARecordOnLaunch", {"Value": True},
            {NAMES: {"EnableResourceNameDnsAAAARecord": True}},
        ),
    ],
)  # fmt: skip
def test_an_attribute_is_modified(wall: Wall, member: str, value: object, shown: Json) -> None:
    """Each attribute is modified alone, and nothing else with it [model]."""
    _, subnet_id = _create(wall, ipv6=True)
    before = _subnet(wall, subnet_id)
    assert wall.call("ModifySubnetAttribute", SubnetId=subnet_id, **{member: value}) == {}
    expected = before | {name: before[name] | to if isinstance(to, dict) else to for name, to in shown.items()}
    assert _subnet(wall, subnet_id) == expected != before
    revision = wall.app.revision()
    wall.call("ModifySubnetAttribute", SubnetId=subnet_id, **{member: value})
    assert wall.app.revision() == revision
    back = "ip-name" if isinstance(value, str) else {"Value": False}
    wall.call("ModifySubnetAttribute", SubnetId=subnet_id, **{member: back})
    assert _subnet(wall, subnet_id) == before


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "MissingParameter: The request must contain the parameter attribute"),
        (
            {"MapPublicIpOnLaunch": {"Value": True}, "EnableDns64": {"Value": True}},
            "InvalidParameterCombination: Fields for multiple attribute types specified",
        ),
        (
            {"AssignIpv6AddressOnCreation": {"Value": True}},
            NO_IPV6,
        ),
        (
            {"PrivateDnsHostnameTypeOnLaunch": "x"},
            "InvalidParameterValue: Value (x) for parameter privateDnsHostnameTypeOnLaunch is invalid.",
        ),
        *(
            (
                {member: value},
                f"UnsupportedOperation: The operation ModifySubnetAttribute with {member} is not supported.",
            )
            for member, value in (
                ("MapCustomerOwnedIpOnLaunch", {"Value": True}), ("CustomerOwnedIpv4Pool", "x"),
                ("EnableLniAtDeviceIndex", 1), ("DisableLniAtDeviceIndex", {"Value": True}),
            )
        ),
    ],
)  # fmt: skip
def test_what_is_refused(wall: Wall, given: Json, told: str) -> None:
    """One attribute of ours at a time; IPv6 addresses need an IPv6 block [model; texts inferred]."""
    _, subnet_id = _create(wall)
    before = wall.app.revision()
    assert refusal(wall, "ModifySubnetAttribute", SubnetId=subnet_id, **given) == told
    assert wall.app.revision() == before


def test_an_ipv6_block_comes_and_goes(wall: Wall) -> None:
    """A subnet may be given one /64 of its VPC's and lose it; then none assigns its addresses [model; inferred]."""
    vpc_id, subnet_id = _create(wall)
    first, second = ipv6_of(wall, vpc_id, 0), ipv6_of(wall, vpc_id, 1)
    answer = wall.call("AssociateSubnetCidrBlock", SubnetId=subnet_id, Ipv6CidrBlock=first)
    made = answer["Ipv6CidrBlockAssociation"]
    assert answer == {"SubnetId": subnet_id, "Ipv6CidrBlockAssociation": made}
    assert (made["Ipv6CidrBlock"], made["Ipv6CidrBlockState"]) == (first, {"State": "associating"})
    told = refusal(wall, "AssociateSubnetCidrBlock", SubnetId=subnet_id, Ipv6CidrBlock=second)
    assert told == f"CidrLimitExceeded: This network '{subnet_id}' has met its maximum number of allowed CIDRs: 1"
    wall.call("ModifySubnetAttribute", SubnetId=subnet_id, AssignIpv6AddressOnCreation={"Value": True})
    gone = wall.call("DisassociateSubnetCidrBlock", AssociationId=made["AssociationId"])
    assert gone == answer | {"Ipv6CidrBlockAssociation": made | {"Ipv6CidrBlockState": {"State": "disassociating"}}}
    shown = _subnet(wall, subnet_id)
    assert (shown["Ipv6CidrBlockAssociationSet"], shown["AssignIpv6AddressOnCreation"]) == ([], False)


def test_an_address_keeps_the_block(wall: Wall) -> None:
    """A block whose address an interface holds stays [model; code inferred]."""
    _, subnet_id = _create(wall, ipv6=True)
    wall.call("CreateNetworkInterface", SubnetId=subnet_id, Ipv6AddressCount=1)
    [block] = _subnet(wall, subnet_id)["Ipv6CidrBlockAssociationSet"]
    told = refusal(wall, "DisassociateSubnetCidrBlock", AssociationId=block["AssociationId"])
    assert told.startswith(f"InvalidCidrBlock.InUse: The subnet {subnet_id} currently has an address within")
    assert _subnet(wall, subnet_id)["AvailableIpAddressCount"] == 250


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "MissingParameter"), ({"Ipv6CidrBlock": "x"}, "InvalidParameterValue"),
        ({"Ipv6CidrBlock": "2001:db8::/64"}, "InvalidSubnet.Range"), ({"Ipv6IpamPoolId": "x"}, "UnsupportedOperation"),
        ({"Ipv6CidrBlock": "{taken}"}, "InvalidSubnet.Conflict"), ({"Ipv6CidrBlock": "{whole}"}, "InvalidSubnet.Range"),
    ],
)  # fmt: skip
def test_what_is_not_associated(wall: Wall, given: Json, code: str) -> None:
    """A block that is none, lies elsewhere or is taken is refused [model; inferred]."""
    vpc_id, subnet_id = _create(wall)
    taken = ipv6_of(wall, vpc_id)
    wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=taken)
    filled = {name: value.format(taken=taken, whole=taken.replace("/64", "/56")) for name, value in given.items()}
    before = wall.app.revision()
    with pytest.raises(ApiError) as caught:
        wall.call("AssociateSubnetCidrBlock", SubnetId=subnet_id, **filled)
    assert (caught.value.code, wall.app.revision()) == (code, before)
