"""Random calls and undos, of undos too, on networks, instances and peerings: what is left always hangs together."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from random import Random
from typing import Any

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.law import breaches
from tests.ops.test_undo import refused
from tests.scenes import Json, create_group, tcp
from tests.undoing import described, odd_rows, rows
from tests.worlds import seeded

WORLDS = 500 if os.environ.get("GROUPWALL_SOAK") else 15
STEPS = 120
IMAGE = "ami-00000001"
Made = tuple[str, Json]


class Chooser:
    """What there is in a wall's world, one of each by chance. IndexError where there is none."""

    def __init__(self, wall: Wall, random: Random) -> None:
        self.wall = wall
        self.random = random

    def one(self, name: str, listing: str, **params: object) -> Json:
        """Return something that is described."""
        found: Json = self.random.choice(list(self.wall.ask(name, **params)[listing]))
        return found

    def vpc(self) -> str:
        """Return a VPC's id."""
        return str(self.one("DescribeVpcs", "Vpcs")["VpcId"])

    def subnet(self) -> str:
        """Return a subnet's id."""
        return str(self.one("DescribeSubnets", "Subnets")["SubnetId"])

    def group(self) -> str:
        """Return a group's id."""
        return str(self.one("DescribeSecurityGroups", "SecurityGroups")["GroupId"])

    def interface(self) -> str:
        """Return an interface's id."""
        return str(self.one("DescribeNetworkInterfaces", "NetworkInterfaces")["NetworkInterfaceId"])

    def instance(self) -> str:
        """Return an instance's id."""
        return str(self.one("DescribeInstances", "Reservations")["Instances"][0]["InstanceId"])

    def peering(self) -> str:
        """Return a peering's id."""
        return str(self.one("DescribeVpcPeeringConnections", "VpcPeeringConnections")["VpcPeeringConnectionId"])

    def prefix_list(self) -> Json:
        """Return a prefix list."""
        return self.one("DescribeManagedPrefixLists", "PrefixLists")

    def ipv6_block(self, vpc_id: str) -> str:
        """Return a block for a subnet of a VPC."""
        vpc = self.one("DescribeVpcs", "Vpcs", VpcIds=[vpc_id])
        blocks = [block["Ipv6CidrBlock"] for block in vpc.get("Ipv6CidrBlockAssociationSet", ())]
        return str(self.random.choice(blocks)).replace("/56", "/64")


def _create_subnet(of: Chooser) -> Made:
    vpc = of.one("DescribeVpcs", "Vpcs")
    block = of.random.choice(vpc["CidrBlockAssociationSet"])["CidrBlock"].rpartition(".0.0/")[0]
    size = of.random.choice((f"{block}.0.0/20", *(f"{block}.{number}.0/24" for number in range(3))))
    given = {"VpcId": vpc["VpcId"], "CidrBlock": size}
    if vpc.get("Ipv6CidrBlockAssociationSet") and of.random.random() < 0.5:
        given["Ipv6CidrBlock"] = of.ipv6_block(vpc["VpcId"])
    return "CreateSubnet", given


def _give_ipv6(of: Chooser) -> Made:
    subnet = of.one("DescribeSubnets", "Subnets")
    return "AssociateSubnetCidrBlock", {
        "SubnetId": subnet["SubnetId"], "Ipv6CidrBlock": of.ipv6_block(subnet["VpcId"]),
    }  # fmt: skip


def _take_block(of: Chooser) -> Made:
    side, member = of.random.choice((("Vpc", "Ipv6CidrBlock"), ("Vpc", "CidrBlock"), ("Subnet", "Ipv6CidrBlock")))
    found = of.one(f"Describe{side}s", f"{side}s").get(f"{member}AssociationSet") or []
    return f"Disassociate{side}CidrBlock", {"AssociationId": of.random.choice(found)["AssociationId"]}


def _set_groups(of: Chooser) -> Made:
    one = of.one("DescribeNetworkInterfaces", "NetworkInterfaces")
    usable = of.wall.ask("GetSecurityGroupsForVpc", VpcId=one["VpcId"])["SecurityGroupForVpcs"]
    groups = of.random.sample([group["GroupId"] for group in usable], of.random.randint(1, min(2, len(usable))))
    return "ModifyNetworkInterfaceAttribute", {"NetworkInterfaceId": one["NetworkInterfaceId"], "Groups": groups}


def _detach(of: Chooser) -> Made:
    attachment = of.one("DescribeNetworkInterfaces", "NetworkInterfaces").get("Attachment") or {}
    return "DetachNetworkInterface", {"AttachmentId": attachment.get("AttachmentId", "eni-attach-00000000")}


def _rule(of: Chooser) -> Made:
    peers = [lambda: "10.0.0.0/8", lambda: "::/0", of.group, lambda: str(of.prefix_list()["PrefixListId"])]
    verb = of.random.choice(("Authorize", "Authorize", "Revoke"))
    asked = {"GroupId": of.group(), "IpPermissions": [tcp(22, of.random.choice(peers)())]}
    return f"{verb}SecurityGroupIngress", asked


def _change_list(of: Chooser) -> Made:
    one = of.prefix_list()
    entries = [{"Cidr": f"10.{of.random.randint(0, 2)}.0.0/16"}]
    change: Json = of.random.choice((
        {"MaxEntries": of.random.choice((1, 3, 59))},
        {"CurrentVersion": one["Version"], "AddEntries": entries},
        {"CurrentVersion": one["Version"], "RemoveEntries": entries},
    ))  # fmt: skip
    return "ModifyManagedPrefixList", {"PrefixListId": one["PrefixListId"], **change}


def _end_association(of: Chooser) -> Made:
    one = of.one("DescribeSecurityGroupVpcAssociations", "SecurityGroupVpcAssociations")
    return "DisassociateSecurityGroupVpc", {"GroupId": one["GroupId"], "VpcId": one["VpcId"]}


CALLS: Sequence[Callable[[Chooser], Made]] = (
    lambda of: ("CreateVpc", {
        "CidrBlock": f"10.{of.random.randint(0, 2)}.0.0/16", "AmazonProvidedIpv6CidrBlock": True,
    }),
    lambda of: ("DeleteVpc", {"VpcId": of.vpc()}),
    lambda _: ("CreateDefaultVpc", {}),
    lambda of: ("CreateDefaultSubnet", {"AvailabilityZone": f"us-east-1{of.random.choice('ab')}"}),
    lambda of: ("AssociateVpcCidrBlock", {"VpcId": of.vpc(), "CidrBlock": f"10.{of.random.randint(3, 6)}.0.0/16"}),
    lambda of: ("AssociateVpcCidrBlock", {"VpcId": of.vpc(), "AmazonProvidedIpv6CidrBlock": True}),
    _take_block, _take_block, _create_subnet, _create_subnet, _give_ipv6, _give_ipv6,
    lambda of: ("DeleteSubnet", {"SubnetId": of.subnet()}),
    lambda of: ("ModifySubnetAttribute", {
        "SubnetId": of.subnet(), "AssignIpv6AddressOnCreation": {"Value": of.random.random() < 0.7},
    }),
    lambda of: ("RunInstances", {
        "ImageId": IMAGE, "MinCount": 1, "MaxCount": 1, "SubnetId": of.subnet(),
        "UserData": of.random.choice(("", "YQ==")),
    }),
    lambda of: (f"{of.random.choice(('Start', 'Stop', 'Terminate'))}Instances", {"InstanceIds": [of.instance()]}),
    lambda of: ("ModifyInstanceAttribute", {
        "InstanceId": of.instance(), "UserData": {"Value": of.random.choice(("", "YQ==", "Yg=="))},
    }),
    lambda of: ("CreateNetworkInterface", {"SubnetId": of.subnet()}),
    lambda of: ("DeleteNetworkInterface", {"NetworkInterfaceId": of.interface()}),
    lambda of: ("AttachNetworkInterface", {
        "NetworkInterfaceId": of.interface(), "InstanceId": of.instance(), "DeviceIndex": of.random.randint(1, 2),
    }),
    _detach,
    lambda of: ("AssignIpv6Addresses", {"NetworkInterfaceId": of.interface(), "Ipv6AddressCount": 1}),
    _set_groups,
    lambda of: ("CreateVpcPeeringConnection", {"VpcId": of.vpc(), "PeerVpcId": of.vpc()}),
    lambda of: ("AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": of.peering()}),
    lambda of: ("AcceptVpcPeeringConnection", {"VpcPeeringConnectionId": of.peering()}),
    lambda of: ("DeleteVpcPeeringConnection", {"VpcPeeringConnectionId": of.peering()}),
    lambda of: ("CreateSecurityGroup", {"GroupName": of.random.choice("abc"), "Description": "x", "VpcId": of.vpc()}),
    lambda of: ("DeleteSecurityGroup", {"GroupId": of.group()}),
    lambda of: ("AssociateSecurityGroupVpc", {"GroupId": of.group(), "VpcId": of.vpc()}),
    _end_association, _rule, _rule, _rule,
    lambda _: ("CreateManagedPrefixList", {"PrefixListName": "x", "MaxEntries": 5, "AddressFamily": "IPv4"}),
    lambda of: ("DeleteManagedPrefixList", {"PrefixListId": of.prefix_list()["PrefixListId"]}),
    _change_list, _change_list,
)  # fmt: skip


def _faults(wall: Wall) -> list[Any]:
    """Return what does not hang together: rows, blocks of addresses, secrets."""
    connection = wall.store._connection  # noqa: SLF001 - only a test looks at tables
    faults: list[Any] = [*odd_rows(wall)]
    for query in _NONE_OF:
        faults += connection.execute(query)
    inner = [(vpc, ip_network(cidr)) for vpc, cidr in connection.execute(_INNER)]
    outer = [(vpc, ip_network(cidr)) for vpc, cidr in connection.execute("SELECT vpc_id, cidr FROM vpc_cidr")]
    for blocks in (inner, outer):
        pairs = [(one, other) for place, one in enumerate(blocks) for other in blocks[:place]]
        faults += [(one, other) for one, other in pairs if one[0] == other[0] and one[1].overlaps(other[1])]
    alike = {(one, block) for one in inner for vpc, block in outer if vpc == one[0] and block.version == one[1].version}
    lying = {one for one, block in alike if one[1].subnet_of(block)}
    faults += [one for one in inner if one not in lying]
    for ends in connection.execute("SELECT requester_vpc, accepter_vpc FROM peering WHERE status = 'active'"):
        mine, theirs = ([block for vpc, block in outer if vpc == end] for end in ends)
        faults += [(ends, one) for one in mine for other in theirs if one.overlaps(other)]
    return faults


_INNER = (
    "SELECT vpc_id, cidr FROM subnet UNION ALL"
    " SELECT vpc_id, subnet_cidr.cidr FROM subnet_cidr JOIN subnet ON subnet.id = subnet_id"
)
_NONE_OF = (
    "SELECT address FROM address WHERE address LIKE '%:%' AND subnet_id NOT IN (SELECT subnet_id FROM subnet_cidr)",
    "SELECT id FROM subnet WHERE ipv6_on_creation AND id NOT IN (SELECT subnet_id FROM subnet_cidr)",
    "SELECT attachment.id FROM attachment JOIN instance ON instance.id = instance_id WHERE state = 'terminated'",
    "SELECT id FROM instance WHERE state = 'running' AND (id, 0) NOT IN (SELECT instance_id, device FROM attachment)",
    "SELECT id FROM instance WHERE state != 'terminated' AND script != '' AND id NOT IN (SELECT owner FROM secret)",
    "SELECT owner FROM secret WHERE owner NOT IN (SELECT id FROM instance)",
    "SELECT id FROM vpc WHERE id NOT IN (SELECT vpc_id FROM security_group WHERE name = 'default')",
    "SELECT id FROM prefix_list WHERE max_entries < (SELECT sum(last = 0) FROM prefix_list_entry WHERE list_id = id)",
)
"""What finds rows that must not be."""


@pytest.mark.parametrize("seed", range(WORLDS))
def test_whatever_is_undone_all_hangs_together(wall: Wall, tmp_path: Path, seed: int) -> None:
    """However calls and undos follow each other, a refused undo alters nothing, and what is left could be called up."""
    random = seeded(seed)
    create_group(wall)
    for _ in range(STEPS):
        before, newest = rows(wall), wall.app.revision()
        if random.random() < 0.7:
            _try(wall, random)
        elif refused(wall, random.randint(max(2, newest - 25), newest)):
            assert rows(wall) == before
        wall.clock.advance(random.choice((1, 1, 1, 2_000)))
        assert _faults(wall) == []
    described(wall)
    wall.copy_to(tmp_path)
    assert breaches(tmp_path) == []


def _try(wall: Wall, random: Random) -> None:
    try:
        name, params = random.choice(CALLS)(Chooser(wall, random))
        wall.call(name, **params)
    except (ApiError, IndexError):
        pass
