"""What passes, worked out from what the EC2 API tells, in loops as plain as can be: one half of brute-force tests.

    seen = picture(wall)                          # or picture(wall, accounts=(wall.account, "111122223333"))
    passes(seen, "eni-1", "203.0.113.7", "tcp", 443, -1)
    rules_admitting(seen, "eni-1", "egress", "203.0.113.7", "tcp", 443, -1)    # {(group id, rule id), ...}
    passes(seen, *flow)                           # a Flow, as tests.worlds.flows gives

Written apart from the product: it imports nothing of groupwall, and reads nothing but replies. A picture does not
change; take another one after a call. It needs every account that has a VPC peered with one of the wall's.

A service is a protocol (a name or a number, as text), a port or an ICMP type, and an ICMP code; both are -1 where the
protocol has none, and the code is -1 beside a port. An end of a flow is one of:

- an interface's id, which stands for its first private address in the family of the other end, IPv4 between two ids
  (without one of that family it reaches no other interface; at an outside host only its own gate decides);
- an address, which is an interface's where one in reach of the other end has it, and otherwise an outside host's;
- a pair of an interface's id and one of its addresses, which says both.

In reach of an interface lie the interfaces of its VPC and of the VPCs that an active peering joins to it. Associations
of groups with VPCs decide nothing: what counts is which groups an interface has, and where it lies.
What groups do not filter (the VPC's resolver, metadata; reference 20) is not told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import NamedTuple

from tests.driver import Wall
from tests.scenes import Json

End = str | tuple[str, str]
NAMES = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
ANY = -1


class Flow(NamedTuple):
    """One flow to ask about; the fields are the parameters of ``passes``."""

    source: End
    destination: End
    protocol: str
    port: int = ANY
    code: int = ANY


class Service(NamedTuple):
    """What a flow is of: a protocol by its usual name, a port or ICMP type, an ICMP code."""

    protocol: str
    port: int = ANY
    code: int = ANY


class Rule(NamedTuple):
    """A rule as DescribeSecurityGroupRules tells it; the peer is a block, a prefix list's id or a group's id."""

    id: str
    group: str
    direction: str
    protocol: str
    first: int
    last: int
    peer: str


class Interface(NamedTuple):
    """Where an interface lies, its private addresses, IPv4 first and the primary one first of all, and its groups."""

    id: str
    vpc: str
    subnet: str
    addresses: tuple[str, ...]
    groups: frozenset[str]


class Peering(NamedTuple):
    """A connection of two VPCs, and whether it joins them: it is active, and in one region."""

    id: str
    vpcs: frozenset[str]
    joins: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All that decides what passes, of one region, as of one moment.

    groups: id -> VPC. interfaces: by id. entries: prefix list's id -> its current blocks. associations: pairs of a
    group and a VPC beside its own.
    """

    groups: dict[str, str]
    rules: tuple[Rule, ...]
    interfaces: dict[str, Interface]
    entries: dict[str, tuple[str, ...]]
    peerings: tuple[Peering, ...]
    associations: frozenset[tuple[str, str]]


def picture(wall: Wall, accounts: Sequence[str] = ()) -> Picture:
    """Return what the API tells these accounts, or the wall's own one, of the wall's region."""
    walls = [wall.elsewhere(account, wall.region) for account in accounts or (wall.account,)]
    groups = _told(walls, "DescribeSecurityGroups", "SecurityGroups")
    rules = _told(walls, "DescribeSecurityGroupRules", "SecurityGroupRules")
    interfaces = map(_interface, _told(walls, "DescribeNetworkInterfaces", "NetworkInterfaces"))
    peerings = _told(walls, "DescribeVpcPeeringConnections", "VpcPeeringConnections")
    associations = _told(walls, "DescribeSecurityGroupVpcAssociations", "SecurityGroupVpcAssociations")
    return Picture(
        groups={one["GroupId"]: one["VpcId"] for one in groups},
        rules=tuple(map(_rule, rules)),
        interfaces={one.id: one for one in interfaces},
        entries={one: blocks for each in walls for one, blocks in _entries(each)},
        peerings=tuple({_peering(one): None for one in peerings}),
        associations=frozenset((one["GroupId"], one["VpcId"]) for one in associations if one["State"] == "associated"),
    )


def rules_admitting(
    seen: Picture, interface_id: str, direction: str, other_address: str, *service: str | int
) -> set[tuple[str, str]]:
    """Return (group id, rule id) of each rule that lets a gate pass a flow.

    direction: ``egress`` for the gate of a sender, ``ingress`` for that of a receiver. service: protocol, port or type,
    code. A gate admits what any rule of any of the interface's groups admits: reference 17 [docs].
    """
    interface, wanted = seen.interfaces[interface_id], _service(*service)
    return {
        (rule.group, rule.id)
        for rule in seen.rules
        if rule.group in interface.groups
        and rule.direction == direction
        and _serves(rule, wanted)
        and any(_holds(block, other_address) for block in blocks(seen, rule, interface.vpc))
    }


def passes(seen: Picture, source: End, destination: End, *service: str | int) -> bool:
    """Return whether one flow passes the gates at both its ends; service: protocol, port or type, code."""
    sender, address = _placed(seen, source, destination)
    receiver, other_address = _placed(seen, destination, source)
    if sender and receiver and receiver.vpc not in joined(seen, sender.vpc):
        return False
    return _opens(seen, sender, "egress", other_address, *service) and _opens(
        seen, receiver, "ingress", address, *service
    )


def joined(seen: Picture, vpc: str) -> set[str]:
    """Return a VPC and those that an active peering of the region joins to it: reference 16 [docs]."""
    return {vpc}.union(*(one.vpcs for one in seen.peerings if one.joins and vpc in one.vpcs))


def blocks(seen: Picture, rule: Rule, vpc: str) -> tuple[str, ...]:
    """Return what a rule's peer stands for, at an interface of this VPC, as blocks and single addresses."""
    if rule.peer.startswith("pl-"):
        return seen.entries.get(rule.peer, ())
    if not rule.peer.startswith("sg-"):
        return (rule.peer,)
    reach = joined(seen, vpc)
    members = (one for one in seen.interfaces.values() if rule.peer in one.groups and one.vpc in reach)
    return tuple(address for one in members for address in one.addresses)


@cache
def address_of(text: str) -> IPv4Address | IPv6Address:
    """Return an address of either family."""
    return ip_address(text)


@cache
def block_of(text: str) -> IPv4Network | IPv6Network:
    """Return a block of either family; a single address is one of its own."""
    return ip_network(text)


def _opens(seen: Picture, interface: Interface | None, direction: str, other_address: str, *service: str | int) -> bool:
    """Whether a gate lets a flow pass; an outside host has none."""
    return not interface or bool(
        other_address and rules_admitting(seen, interface.id, direction, other_address, *service)
    )


def _holds(block: str, address: str) -> bool:
    return address_of(address) in block_of(block)


def _serves(rule: Rule, service: Service) -> bool:
    """Whether the rule is for such flows: reference 3.2 and 5.1."""
    if rule.protocol != service.protocol:
        return rule.protocol == "-1"
    if rule.protocol in ("tcp", "udp"):
        return rule.first <= service.port <= rule.last
    if rule.protocol in ("icmp", "icmpv6"):
        return rule.first in (ANY, service.port) and rule.last in (ANY, service.code)
    return True


def _service(protocol: str | int, port: str | int = ANY, code: str | int = ANY) -> Service:
    return Service(_protocol(str(protocol)), int(port), int(code))


def _protocol(text: str) -> str:
    return NAMES.get(text, text)


def _placed(seen: Picture, end: End, other: End) -> tuple[Interface | None, str]:
    """Return the interface of an end, if it is one's, and its address; none where it has none of the family."""
    if isinstance(end, tuple):
        return seen.interfaces[end[0]], end[1]
    if end.startswith("eni-"):
        interface = seen.interfaces[end]
        return interface, _first(interface.addresses, _version(other))
    return (None if isinstance(other, str) and not other.startswith("eni-") else _at(seen, end, other)), end


def _version(end: End) -> int:
    text = end if isinstance(end, str) else end[1]
    return 4 if text.startswith("eni-") else address_of(text).version


def _first(addresses: Sequence[str], version: int) -> str:
    return next((one for one in addresses if address_of(one).version == version), "")


def _at(seen: Picture, address: str, other: End) -> Interface | None:
    """Return the interface that has an address, as the other end's VPC sees it: its own comes first."""
    home = seen.interfaces[other if isinstance(other, str) else other[0]].vpc
    reach = joined(seen, home)
    found = [
        one
        for one in seen.interfaces.values()
        if one.vpc in reach and address_of(address) in map(address_of, one.addresses)
    ]
    return min(found, key=lambda one: one.vpc != home, default=None)


def _told(walls: Sequence[Wall], operation: str, member: str, **params: str) -> list[Json]:
    return [one for wall in walls for one in _all(wall, operation, member, **params)]


def _all(wall: Wall, operation: str, member: str, **params: str) -> Iterator[Json]:
    told = wall.call(operation, **params)
    yield from told[member]
    while told.get("NextToken"):
        told = wall.call(operation, **params, NextToken=told["NextToken"])
        yield from told[member]


def _entries(wall: Wall) -> Iterator[tuple[str, tuple[str, ...]]]:
    for one in _all(wall, "DescribeManagedPrefixLists", "PrefixLists"):
        told = _all(wall, "GetManagedPrefixListEntries", "Entries", PrefixListId=one["PrefixListId"])
        yield one["PrefixListId"], tuple(entry["Cidr"] for entry in told)


def _rule(told: Json) -> Rule:
    referenced = told.get("ReferencedGroupInfo", {}).get("GroupId")
    peer = told.get("CidrIpv4") or told.get("CidrIpv6") or told.get("PrefixListId") or referenced
    direction = "egress" if told["IsEgress"] else "ingress"
    named = told["SecurityGroupRuleId"], told["GroupId"], direction
    return Rule(*named, _protocol(told["IpProtocol"]), told["FromPort"], told["ToPort"], peer)


def _interface(told: Json) -> Interface:
    ipv4 = sorted(told["PrivateIpAddresses"], key=lambda one: not one["Primary"])
    addresses = [one["PrivateIpAddress"] for one in ipv4] + [one["Ipv6Address"] for one in told["Ipv6Addresses"]]
    groups = frozenset(one["GroupId"] for one in told["Groups"])
    return Interface(told["NetworkInterfaceId"], told["VpcId"], told["SubnetId"], tuple(addresses), groups)


def _peering(told: Json) -> Peering:
    one, other = told["RequesterVpcInfo"], told["AccepterVpcInfo"]
    joins = told["Status"]["Code"] == "active" and one["Region"] == other["Region"]
    return Peering(told["VpcPeeringConnectionId"], frozenset((one["VpcId"], other["VpcId"])), joins)
