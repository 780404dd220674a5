"""What many tests begin with: a group, one direction of its rules, and how a call is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall

Json = dict[str, Any]
Source = str | tuple[str, str]
EVERYWHERE = "0.0.0.0/0"


class Held(NamedTuple):
    """A rule as DescribeSecurityGroupRules tells it, without its id: what two groups can be compared by."""

    protocol: str
    first: int
    last: int
    peer: str
    description: str | None = None


ALLOW_ALL = Held("-1", -1, -1, EVERYWHERE)


def permission(protocol: str | None, first: int | None, last: int | None, *sources: Source) -> Json:
    """Return a permission; a source is a CIDR block or an id, or a pair of one and a description."""
    wanted: Json = {"IpProtocol": protocol, "FromPort": first, "ToPort": last}
    for source in sources:
        text, description = (source, None) if isinstance(source, str) else source
        name, member = _list_of(text)
        wanted.setdefault(name, []).append({member: text, "Description": description})
    return wanted


def tcp(port: int, *sources: Source) -> Json:
    """Return a permission for one TCP port."""
    return permission("tcp", port, port, *sources)


def _list_of(text: str) -> tuple[str, str]:
    if text.startswith("sg-"):
        return "UserIdGroupPairs", "GroupId"
    if text.startswith("pl-"):
        return "PrefixListIds", "PrefixListId"
    return ("Ipv6Ranges", "CidrIpv6") if ":" in text else ("IpRanges", "CidrIp")


def held(rule: Mapping[str, Any]) -> Held:
    """Return what a SecurityGroupRule or RevokedSecurityGroupRule says of the rule itself."""
    referenced = rule.get("ReferencedGroupInfo", {}).get("GroupId") or rule.get("ReferencedGroupId")
    peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or referenced
    return Held(rule["IpProtocol"], rule["FromPort"], rule["ToPort"], peer or "", rule.get("Description"))


def rules_of(wall: Wall, group_id: str, *, egress: bool = False) -> list[Json]:
    """Return a group's rules of one direction, as DescribeSecurityGroupRules gives them."""
    wanted = [{"Name": "group-id", "Values": [group_id]}]
    rules = wall.call("DescribeSecurityGroupRules", Filters=wanted)["SecurityGroupRules"]
    return [rule for rule in rules if rule["IsEgress"] is egress]


def allow(wall: Wall, group_id: str, *permissions: Json, egress: bool = False, **params: Any) -> list[str]:  # noqa: ANN401 - as boto3 gives them
    """Add rules to a group by one call; return their ids."""
    side = "Egress" if egress else "Ingress"
    made = wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group_id, IpPermissions=list(permissions), **params)
    return [rule["SecurityGroupRuleId"] for rule in made["SecurityGroupRules"]]


def group_of(wall: Wall, group_id: str) -> Json:
    """Return a group as DescribeSecurityGroups gives it."""
    group: Json = wall.call("DescribeSecurityGroups", GroupIds=[group_id])["SecurityGroups"][0]
    return group


def create_vpc(wall: Wall, cidr: str = "10.0.0.0/16", **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
    """Create a VPC, which is not the default one; return its id."""
    vpc_id: str = wall.call("CreateVpc", CidrBlock=cidr, **params)["Vpc"]["VpcId"]
    return vpc_id


def default_vpc(wall: Wall) -> str:
    """Return the id of the default VPC."""
    wanted = [{"Name": "is-default", "Values": ["true"]}]
    vpc_id: str = wall.call("DescribeVpcs", Filters=wanted)["Vpcs"][0]["VpcId"]
    return vpc_id


def create_group(wall: Wall, name: str = "web", vpc_id: str | None = None) -> str:
    """Create a group, in the default VPC unless another is given; return its id."""
    made = wall.call("CreateSecurityGroup", GroupName=name, Description=f"group {name}", VpcId=vpc_id)
    group_id: str = made["GroupId"]
    return group_id


def peer_vpcs(wall: Wall, vpc_id: str, peer_vpc_id: str) -> str:
    """Peer two VPCs of a world; return the id of the active connection."""
    made = wall.call("CreateVpcPeeringConnection", VpcId=vpc_id, PeerVpcId=peer_vpc_id)["VpcPeeringConnection"]
    peering_id: str = made["VpcPeeringConnectionId"]
    wall.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=peering_id)
    return peering_id


def default_group(wall: Wall, vpc_id: str) -> str:
    """Return the id of a VPC's default group."""
    wanted = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
    group_id: str = wall.call("DescribeSecurityGroups", Filters=wanted)["SecurityGroups"][0]["GroupId"]
    return group_id


def remove_default_vpc(wall: Wall) -> None:
    """Leave the world without its default VPC, as many accounts have it."""
    vpc_id = default_vpc(wall)
    for subnet in wall.call("DescribeSubnets")["Subnets"]:
        wall.call("DeleteSubnet", SubnetId=subnet["SubnetId"])
    wall.call("DeleteVpc", VpcId=vpc_id)


def create_prefix_list(
    wall: Wall,
    *blocks: str,
    size: int = 2,
    **params: Any,  # noqa: ANN401 - as boto3 gives them
) -> str:
    """Create a prefix list with these blocks, of IPv4 unless the parameters say otherwise; return its id."""
    given = {"PrefixListName": "offices", "AddressFamily": "IPv4", "Entries": [{"Cidr": block} for block in blocks]}
    made = wall.call("CreateManagedPrefixList", MaxEntries=size, **given | params)
    prefix_list_id: str = made["PrefixList"]["PrefixListId"]
    return prefix_list_id


def prefix_list_of(wall: Wall, prefix_list_id: str) -> Json:
    """Return a prefix list as DescribeManagedPrefixLists gives it."""
    found: Json = wall.call("DescribeManagedPrefixLists", PrefixListIds=[prefix_list_id])["PrefixLists"][0]
    return found


def entries_of(wall: Wall, prefix_list_id: str, version: int | None = None) -> dict[str, str | None]:
    """Return CIDR block -> description of the entries of a prefix list, in the order told."""
    told = wall.call("GetManagedPrefixListEntries", PrefixListId=prefix_list_id, TargetVersion=version)["Entries"]
    return {entry["Cidr"]: entry.get("Description") for entry in told}


def refusal(wall: Wall, name: str, /, **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
    """Return ``code: message`` of a call that is refused with status 400, as AWS's are: reference 1.3 [recorded]."""
    with pytest.raises(ApiError) as caught:
        wall.call(name, **params)
    assert caught.value.status == 400
    return str(caught.value)


@dataclass(frozen=True, slots=True)
class Scene:
    """A new group without rules in one direction, which is the one that the scene is about.

    side: ``Ingress`` or ``Egress``, as operations end. default: whether the group's VPC is the default one.
    """

    wall: Wall
    side: str
    default: bool
    group: str

    @property
    def egress(self) -> bool:
        """The direction, as replies tell it."""
        return self.side == "Egress"

    def authorize(self, *permissions: Json, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Add rules and return the reply."""
        return self.wall.call(f"AuthorizeSecurityGroup{self.side}", **self._given(permissions, params))

    def revoke(self, *permissions: Json, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Remove rules and return the reply."""
        return self.wall.call(f"RevokeSecurityGroup{self.side}", **self._given(permissions, params))

    def refused(self, verb: str, *permissions: Json, **params: Any) -> str:  # noqa: ANN401 - as boto3 gives them
        """Return how ``Authorize`` or ``Revoke`` is refused, as ``refusal`` does."""
        return refusal(self.wall, f"{verb}SecurityGroup{self.side}", **self._given(permissions, params))

    def _given(self, permissions: tuple[Json, ...], params: Json) -> Json:
        given = {"IpPermissions": list(permissions)} if permissions else {}
        return {"GroupId": self.group} | given | params

    def rules(self) -> set[Held]:
        """Return what the group holds in this direction."""
        return {held(rule) for rule in rules_of(self.wall, self.group, egress=self.egress)}

    def rule_ids(self) -> list[str]:
        """Return the ids of the group's rules in this direction."""
        return [rule["SecurityGroupRuleId"] for rule in rules_of(self.wall, self.group, egress=self.egress)]

    def described(self) -> list[Json]:
        """Return the group's permissions of this direction, as DescribeSecurityGroups gives them."""
        member = "IpPermissionsEgress" if self.egress else "IpPermissions"
        permissions: list[Json] = group_of(self.wall, self.group)[member]
        return permissions


def scene(wall: Wall, side: str, *, default: bool) -> Scene:
    """Set a scene: the group is named ``web``, and the rule that AWS gives to egress is gone."""
    group = create_group(wall, "web", None if default else create_vpc(wall))
    if side == "Egress":
        wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=[permission("-1", None, None, EVERYWHERE)])
    return Scene(wall, side, default, group)
