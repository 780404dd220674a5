"""What tests of network interfaces begin with."""

from __future__ import annotations

from typing import Any

from tests.driver import Wall
from tests.scenes import Json, create_vpc


def first_subnet(wall: Wall) -> Json:
    """Return the default subnet of the region's first zone: 172.31.0.0/20."""
    wanted = [{"Name": "cidr", "Values": ["172.31.0.0/20"]}]
    subnet: Json = wall.call("DescribeSubnets", Filters=wanted)["Subnets"][0]
    return subnet


def create_subnet(wall: Wall, cidr: str = "10.0.0.0/28", *, ipv6: bool = False) -> Json:
    """Create a subnet in a VPC of its own, with a block of IPv6 if asked for; return it."""
    vpc_id = create_vpc(wall, "10.0.0.0/16", AmazonProvidedIpv6CidrBlock=ipv6)
    blocks = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"][0].get("Ipv6CidrBlockAssociationSet", [])
    given = {"Ipv6CidrBlock": blocks[0]["Ipv6CidrBlock"].replace("/56", "/64")} if ipv6 else {}
    subnet: Json = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=cidr, **given)["Subnet"]
    return subnet


def create_interface(wall: Wall, **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
    """Create an interface, in the first default subnet unless another is given; return its id."""
    given = params if "SubnetId" in params else {"SubnetId": first_subnet(wall)["SubnetId"]} | params
    interface_id: str = wall.call("CreateNetworkInterface", **given)["NetworkInterface"]["NetworkInterfaceId"]
    return interface_id


def interface_of(wall: Wall, interface_id: str) -> Json:
    """Return an interface as DescribeNetworkInterfaces gives it."""
    found = wall.call("DescribeNetworkInterfaces", NetworkInterfaceIds=[interface_id])["NetworkInterfaces"]
    interface: Json = found[0]
    return interface


def addresses_of(wall: Wall, interface_id: str) -> list[str]:
    """Return an interface's IPv4 addresses, the primary one first."""
    return [one["PrivateIpAddress"] for one in interface_of(wall, interface_id)["PrivateIpAddresses"]]


def ipv6_of(wall: Wall, interface_id: str) -> list[str]:
    """Return an interface's IPv6 addresses."""
    return [one["Ipv6Address"] for one in interface_of(wall, interface_id)["Ipv6Addresses"]]


def launch(wall: Wall, subnet_id: str | None = None) -> str:
    """Launch an instance, in a default subnet unless another is given; return its id."""
    subnet = subnet_id or first_subnet(wall)["SubnetId"]
    run = wall.call("RunInstances", ImageId="ami-00000000", MinCount=1, MaxCount=1, SubnetId=subnet)
    instance_id: str = run["Instances"][0]["InstanceId"]
    return instance_id
