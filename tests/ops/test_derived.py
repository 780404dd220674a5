"""What is there without being made: main route tables, default network ACLs, DHCP options [docs; clients 3, 6]."""

from __future__ import annotations

import pytest

from groupwall.app import Call
from groupwall.store.transaction import Budget
from tests.driver import ACTIONS, Wall
from tests.scenes import Json, create_vpc, default_vpc, refusal

LISTS = {
    "DescribeDhcpOptions": ("DhcpOptions", "DhcpOptionsId"),
    "DescribeNetworkAcls": ("NetworkAcls", "NetworkAclId"),
    "DescribeRouteTables": ("RouteTables", "RouteTableId"),
}


def _of(wall: Wall, name: str, vpc_id: str) -> Json:
    [record] = wall.call(name, Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])[LISTS[name][0]]
    assert record["VpcId"] == vpc_id
    found: Json = record
    return found


def _ids(wall: Wall, name: str, **params: object) -> list[str]:
    listing, member = LISTS[name]
    return [record[member] for record in wall.call(name, **params)[listing]]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_dhcp_options(wall: Wall, region: str) -> None:
    """Every VPC of a world has the same DHCP options, with Amazon's DNS [docs: DHCP option sets]."""
    there = wall.elsewhere(region=region)
    [options] = there.call("DescribeDhcpOptions")["DhcpOptions"]
    create_vpc(there)
    assert {vpc["DhcpOptionsId"] for vpc in there.call("DescribeVpcs")["Vpcs"]} == {options["DhcpOptionsId"]}
    domain = "ec2.internal" if region == "us-east-1" else f"{region}.compute.internal"
    assert options["DhcpConfigurations"] == [
        {"Key": "domain-name", "Values": [{"Value": domain}]},
        {"Key": "domain-name-servers", "Values": [{"Value": "AmazonProvidedDNS"}]},
    ]
    assert (options["OwnerId"], options["Tags"]) == ("123456789012", [])


def test_a_route_table(wall: Wall) -> None:
    """A VPC's main route table has a local route for each of its blocks [docs: route tables]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=True)
    wall.call("AssociateVpcCidrBlock", VpcId=vpc_id, CidrBlock="10.1.0.0/16")
    table = _of(wall, "DescribeRouteTables", vpc_id)
    [association] = table["Associations"]
    assert association["Main"] is True
    assert association["RouteTableId"] == table["RouteTableId"]
    assert association["RouteTableAssociationId"].startswith("rtbassoc-")
    [vpc] = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"]
    blocks = [one["CidrBlock"] for one in vpc["CidrBlockAssociationSet"]]
    blocks += [one["Ipv6CidrBlock"] for one in vpc["Ipv6CidrBlockAssociationSet"]]
    routes = {
        route.get("DestinationCidrBlock") or route["DestinationIpv6CidrBlock"]: route for route in table["Routes"]
    }
    assert sorted(routes) == sorted(blocks)
    assert {(one["GatewayId"], one["Origin"], one["State"]) for one in table["Routes"]} == {
        ("local", "CreateRouteTable", "active")
    }


@pytest.mark.parametrize("ipv6", [False, True])
def test_a_network_acl(wall: Wall, *, ipv6: bool) -> None:
    """A VPC's default network ACL lets all pass and is associated with its subnets [docs; recorded: the entries]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=ipv6)
    subnets = [
        wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=cidr)["Subnet"]["SubnetId"]
        for cidr in ("10.0.0.0/24", "10.0.1.0/24")
    ]
    acl = _of(wall, "DescribeNetworkAcls", vpc_id)
    assert acl["IsDefault"] is True
    assert sorted(one["SubnetId"] for one in acl["Associations"]) == sorted(subnets)
    assert {one["NetworkAclId"] for one in acl["Associations"]} == {acl["NetworkAclId"]}
    every = [(100, "allow", "0.0.0.0/0"), (32767, "deny", "0.0.0.0/0")]
    every = sorted([*every, (101, "allow", "::/0"), (32768, "deny", "::/0")]) if ipv6 else every
    assert [
        (one["Egress"], one["RuleNumber"], one["RuleAction"], one.get("CidrBlock") or one["Ipv6CidrBlock"])
        for one in acl["Entries"]
    ] == [(egress, *entry) for egress in (True, False) for entry in every]
    assert {one["Protocol"] for one in acl["Entries"]} == {"-1"}


@pytest.mark.parametrize(
    ("name", "filtered", "value", "found"),
    [
        ("DescribeDhcpOptions", "dhcp-options-id", "dopt-*", 1), ("DescribeDhcpOptions", "key", "domain-name", 1),
        ("DescribeDhcpOptions", "value", "AmazonProvidedDNS", 1), ("DescribeDhcpOptions", "value", "x", 0),
        ("DescribeDhcpOptions", "owner-id", "123456789012", 1), ("DescribeDhcpOptions", "tag:a", "b", 0),
        ("DescribeRouteTables", "association.main", "true", 2), ("DescribeRouteTables", "association.main", "false", 0),
        ("DescribeRouteTables", "route.gateway-id", "local", 2), ("DescribeRouteTables", "route.gateway-id", "i*", 0),
        ("DescribeRouteTables", "route.destination-cidr-block", "10.0.0.0/1?", 1),
        ("DescribeRouteTables", "association.subnet-id", "*", 0), ("DescribeRouteTables", "route.state", "active", 2),
        ("DescribeRouteTables", "vpc-id", "{vpc}", 1), ("DescribeRouteTables", "tag-key", "*", 0),
        ("DescribeNetworkAcls", "default", "true", 2), ("DescribeNetworkAcls", "entry.rule-number", "101", 0),
        ("DescribeNetworkAcls", "entry.rule-action", "allow", 2), ("DescribeNetworkAcls", "entry.egress", "false", 2),
        ("DescribeNetworkAcls", "association.subnet-id", "{subnet}", 1),
        ("DescribeNetworkAcls", "entry.protocol", "tcp", 0),
        ("DescribeNetworkAcls", "vpc-id", "vpc-00000000", 0), ("DescribeNetworkAcls", "entry.cidr", "0.0.0.0/0", 2),
    ],
)  # fmt: skip
def test_filters(wall: Wall, name: str, filtered: str, value: str, found: int) -> None:
    """Records are found by the filters of the model, wildcards and all [model]."""
    vpc_id = create_vpc(wall)
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    wanted = [{"Name": filtered, "Values": [value.format(vpc=vpc_id, subnet=subnet)]}]
    assert len(_ids(wall, name, Filters=wanted)) == found


@pytest.mark.parametrize("name", ["DescribeRouteTables", "DescribeNetworkAcls"])
def test_pages(wall: Wall, name: str) -> None:
    """Records are told page by page, each once; a token is of its own listing [model]."""
    for number in range(6):
        create_vpc(wall, f"10.{number}.0.0/16")
    ids = _ids(wall, name)
    first = wall.call(name, MaxResults=5)
    assert _ids(wall, name, MaxResults=5) == ids[:5]
    assert _ids(wall, name, NextToken=first["NextToken"]) == ids[5:]
    assert (len(ids), ids) == (7, sorted(ids))
    for other in LISTS.keys() - {name}:
        assert refusal(wall, other, NextToken=first["NextToken"]).startswith("InvalidParameterValue: ")
    assert refusal(wall, name, MaxResults=5, **{f"{LISTS[name][1]}s": ids[:1]}).startswith(
        "InvalidParameterCombination: "
    )


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("DescribeDhcpOptions", "dopt-00000000", "InvalidDhcpOptionID.NotFound: The dhcpOption ID '{}' does not exist"),
        ("DescribeRouteTables", "rtb-00000000", "InvalidRouteTableID.NotFound: The routeTable ID '{}' does not exist"),
        ("DescribeNetworkAcls", "acl-00000000", "InvalidNetworkAclID.NotFound: The networkAcl ID '{}' does not exist"),
        (
            "DescribeRouteTables",
            "acl-00000000",
            'InvalidRouteTableId.Malformed: Invalid id: "{}" (expecting "rtb-...")',
        ),
    ],
)
def test_ids(wall: Wall, name: str, given: str, told: str) -> None:
    """A record is found by its id; another id is not, nor that of another world [docs: codes; texts inferred]."""
    member = f"{LISTS[name][1]}s"
    ids = _ids(wall, name)
    assert _ids(wall, name, **{member: ids}) == ids
    assert refusal(wall, name, **{member: [*ids, given]}) == told.format(given)
    assert ".NotFound: " in refusal(wall.elsewhere("111122223333"), name, **{member: ids})


def test_ids_stay(wall: Wall) -> None:
    """A record has the same id for as long as its VPC is there, and goes with it (inferred)."""
    vpc_id = create_vpc(wall)
    before = [_of(wall, name, vpc_id) for name in ("DescribeRouteTables", "DescribeNetworkAcls")]
    wall.call("ModifyVpcAttribute", VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    assert [_of(wall, name, vpc_id) for name in ("DescribeRouteTables", "DescribeNetworkAcls")] == before
    wall.call("DeleteVpc", VpcId=vpc_id)
    [left] = wall.call("DescribeRouteTables")["RouteTables"]
    assert left["VpcId"] == default_vpc(wall)


@pytest.mark.parametrize("seconds", [0.0, 60.0])
def test_comparisons_are_of_the_budget(wall: Wall, seconds: float) -> None:
    """What is compared here takes as little of the loop's time as what SQLite compares (inferred)."""
    create_vpc(wall)
    wanted = [{"Name": "association.subnet-id", "Values": ["*a*b*c"]}]
    call = wall.app.prepare(wall.request(ACTIONS["DescribeNetworkAcls"], Filters=wanted))
    assert isinstance(call, Call)
    [outcome] = wall.app.answer([call], Budget(rows=1_000, steps=1_000, seconds=seconds))
    assert (outcome is None) is (seconds == 0)
