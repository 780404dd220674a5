"""What is there without being made: each VPC's main route table and default network ACL, and the DHCP options of all.

None of it is stored: it follows from VPCs, blocks and subnets, and nothing can change it. So it has no tags either.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from groupwall import errors
from groupwall.ops.blocks import is_ipv6
from groupwall.ops.filters import Paging, conditions, matches, refuse_pages_of_ids
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.regions import private_domain
from groupwall.rules import parsing
from groupwall.store.entities import Subnet, Vpc, VpcCidr

Record = dict[str, Any]

_TAGS = {"tag": "Tags", "tag-key": "Tags", "tag-value": "Tags"}


class Kind(NamedTuple):
    """A kind of record: its name in errors, what lists it in replies, the member that is its id, most in one page.

    prefix: of its ids. filters: name -> member of a record, as filters.matches takes them.
    """

    name: str
    listing: str
    id: str
    most: int
    prefix: str
    filters: dict[str, str]


def _answer(kind: Kind, records: Sequence[Record], params: Params, context: Context) -> Result:
    """Return those records that a call asks for, in the order of their ids, page by page."""
    refuse_pages_of_ids(params, f"{kind.id}s")
    paging = Paging(params, context, kind.listing, highest=kind.most)
    malformed = partial(errors.record_id_malformed, kind.name, kind.prefix)
    wanted = [parsing.identifier(kind.prefix, text, malformed) for text in params.get(f"{kind.id}s", ())]
    present = {record[kind.id] for record in records}
    for record_id in wanted:
        if record_id not in present:
            raise errors.record_not_found(kind.name, record_id)
    asked = [record for record in records if not wanted or record[kind.id] in wanted]
    found = sorted(matches(asked, params, kind.filters, context.tx.look), key=lambda record: record[kind.id])
    after, limit = paging.page()
    rest = [record for record in found if record[kind.id] > after][:limit]
    shown, token = paging.split(rest, lambda record: record[kind.id])
    return {kind.listing: shown, "NextToken": token}


def _vpcs(params: Params, filters: dict[str, str], context: Context) -> list[Vpc]:
    """Return the VPCs that a call's vpc-id filter leaves, so that a call about one VPC does not look at all of them."""
    wanted = [one._replace(field="id") for one in conditions(params, filters) if one.field == "VpcId"]
    return context.tx.listed(Vpc, wanted)


def describe_dhcp_options(params: Params, context: Context) -> Result:
    """Describe the DHCP options that every VPC has: AWS's default ones [docs: DHCP option sets]."""
    options = {
        "domain-name": private_domain(context.world.region),
        "domain-name-servers": "AmazonProvidedDNS",
    }
    record = {
        "DhcpOptionsId": context.derived("dopt"),
        "OwnerId": context.world.account,
        "DhcpConfigurations": [{"Key": key, "Values": [{"Value": value}]} for key, value in options.items()],
        "Tags": [],
    }
    return _answer(DHCP_OPTIONS, [record], params, context)


DHCP_OPTIONS = Kind(
    "DhcpOption", "DhcpOptions", "DhcpOptionsId", 1000, "dopt",
    {
        "dhcp-options-id": "DhcpOptionsId",
        "key": "DhcpConfigurations.Key",
        "owner-id": "OwnerId",
        "value": "DhcpConfigurations.Values.Value",
        **_TAGS,
    },
)  # fmt: skip


def describe_route_tables(params: Params, context: Context) -> Result:
    """Describe the main route table of each VPC: a local route for each of its blocks [docs: route tables]."""
    vpcs = _vpcs(params, ROUTE_TABLES.filters, context)
    blocks = context.tx.by(VpcCidr, "vpc_id", [vpc.id for vpc in vpcs])
    records = [_route_table(vpc, blocks[vpc.id], context) for vpc in vpcs]
    return _answer(ROUTE_TABLES, records, params, context)


def _route_table(vpc: Vpc, blocks: Sequence[VpcCidr], context: Context) -> Record:
    table_id = context.derived("rtb", vpc.id)
    association = {
        "Main": True,
        "RouteTableAssociationId": context.derived("rtbassoc", vpc.id),
        "RouteTableId": table_id,
        "AssociationState": {"State": "associated"},
    }
    return {
        "RouteTableId": table_id,
        "VpcId": vpc.id,
        "OwnerId": context.world.account,
        "Associations": [association],
        "Routes": [_local_route(block.cidr) for block in blocks],
        "PropagatingVgws": [],
        "Tags": [],
    }


def _local_route(cidr: str) -> Record:
    member = "DestinationIpv6CidrBlock" if is_ipv6(cidr) else "DestinationCidrBlock"
    return {member: cidr, "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}


ROUTE_TABLES = Kind(
    "RouteTable", "RouteTables", "RouteTableId", 100, "rtb",
    {
        "association.gateway-id": "Associations.GatewayId",
        "association.main": "Associations.Main",
        "association.route-table-association-id": "Associations.RouteTableAssociationId",
        "association.route-table-id": "Associations.RouteTableId",
        "association.subnet-id": "Associations.SubnetId",
        "owner-id": "OwnerId",
        "route-table-id": "RouteTableId",
        "route.destination-cidr-block": "Routes.DestinationCidrBlock",
        "route.destination-ipv6-cidr-block": "Routes.DestinationIpv6CidrBlock",
        "route.destination-prefix-list-id": "Routes.DestinationPrefixListId",
        "route.egress-only-internet-gateway-id": "Routes.EgressOnlyInternetGatewayId",
        "route.gateway-id": "Routes.GatewayId",
        "route.instance-id": "Routes.InstanceId",
        "route.nat-gateway-id": "Routes.NatGatewayId",
        "route.origin": "Routes.Origin",
        "route.state": "Routes.State",
        "route.transit-gateway-id": "Routes.TransitGatewayId",
        "route.vpc-peering-connection-id": "Routes.VpcPeeringConnectionId",
        "vpc-id": "VpcId",
        **_TAGS,
    },
)  # fmt: skip


def describe_network_acls(params: Params, context: Context) -> Result:
    """Describe the default network ACL of each VPC, which lets everything pass and holds all its subnets [docs]."""
    vpcs = _vpcs(params, NETWORK_ACLS.filters, context)
    ids = [vpc.id for vpc in vpcs]
    blocks, subnets = context.tx.by(VpcCidr, "vpc_id", ids), context.tx.by(Subnet, "vpc_id", ids)
    records = [_network_acl(vpc, blocks[vpc.id], subnets.get(vpc.id, []), context) for vpc in vpcs]
    return _answer(NETWORK_ACLS, records, params, context)


def _network_acl(vpc: Vpc, blocks: Sequence[VpcCidr], subnets: Sequence[Subnet], context: Context) -> Record:
    acl_id = context.derived("acl", vpc.id)
    ipv6 = any(is_ipv6(block.cidr) for block in blocks)
    return {
        "NetworkAclId": acl_id,
        "VpcId": vpc.id,
        "OwnerId": context.world.account,
        "IsDefault": True,
        "Associations": [
            {
                "NetworkAclAssociationId": context.derived("aclassoc", subnet.id),
                "NetworkAclId": acl_id,
                "SubnetId": subnet.id,
            }
            for subnet in subnets
        ],
        "Entries": [entry for egress in (True, False) for entry in _entries(egress=egress, ipv6=ipv6)],
        "Tags": [],
    }


def _entries(*, egress: bool, ipv6: bool) -> list[Record]:
    """Return the entries of one direction in the order of their numbers, as recorded by Cloud Custodian."""
    numbers = [(100, "allow", "0.0.0.0/0"), (32767, "deny", "0.0.0.0/0")]
    if ipv6:
        numbers = sorted([*numbers, (101, "allow", "::/0"), (32768, "deny", "::/0")])
    return [
        {
            "RuleNumber": number,
            "Protocol": "-1",
            "Egress": egress,
            "Ipv6CidrBlock" if is_ipv6(cidr) else "CidrBlock": cidr,
            "RuleAction": action,
        }
        for number, action, cidr in numbers
    ]


NETWORK_ACLS = Kind(
    "NetworkAcl", "NetworkAcls", "NetworkAclId", 1000, "acl",
    {
        "association.association-id": "Associations.NetworkAclAssociationId",
        "association.network-acl-id": "Associations.NetworkAclId",
        "association.subnet-id": "Associations.SubnetId",
        "default": "IsDefault",
        "entry.cidr": "Entries.CidrBlock",
        "entry.egress": "Entries.Egress",
        "entry.icmp.code": "Entries.IcmpTypeCode.Code",
        "entry.icmp.type": "Entries.IcmpTypeCode.Type",
        "entry.ipv6-cidr": "Entries.Ipv6CidrBlock",
        "entry.port-range.from": "Entries.PortRange.From",
        "entry.port-range.to": "Entries.PortRange.To",
        "entry.protocol": "Entries.Protocol",
        "entry.rule-action": "Entries.RuleAction",
        "entry.rule-number": "Entries.RuleNumber",
        "network-acl-id": "NetworkAclId",
        "owner-id": "OwnerId",
        "vpc-id": "VpcId",
        **_TAGS,
    },
)  # fmt: skip

OPERATIONS = (
    Operation("DescribeDhcpOptions", describe_dhcp_options, reads=True, on=()),
    Operation("DescribeNetworkAcls", describe_network_acls, reads=True, on=()),
    Operation("DescribeRouteTables", describe_route_tables, reads=True, on=()),
)
