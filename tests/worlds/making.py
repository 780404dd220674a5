"""How a random world is made: VPCs, peerings, prefix lists, groups, interfaces and rules, in that order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from tests.driver import Wall
from tests.naive import Picture, picture
from tests.scenes import create_group, create_vpc, group_of, peer_vpcs
from tests.worlds.values import (
    BLOCKS,
    CIDRS,
    HOSTS,
    OTHER_ACCOUNT,
    OTHER_CIDR,
    Scene,
    Vpc,
    asked_key,
    interface_params,
    key_of,
    random_permission,
    some_blocks,
)

COUNTS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 10, 14)


def random_world(wall: Wall, random: Random) -> Scene:
    """Make a world of 1 to 3 VPCs, some peered, perhaps with one of another account, and all that stands in them."""
    cidrs = list(CIDRS[: random.choice((1, 2, 2, 3))])
    twin = len(cidrs) == len(CIDRS) and random.random() < 0.3
    if twin:
        cidrs[-1] = cidrs[0]
    vpcs = [_vpc(wall, cidr, ipv6=random.random() < 0.4) for cidr in cidrs]
    if random.random() < 0.3:
        vpcs.append(_vpc(wall.elsewhere(OTHER_ACCOUNT, wall.region), OTHER_CIDR, ipv6=random.random() < 0.4))
    for number, vpc in enumerate(vpcs[1:], 1):
        if number != len(CIDRS) - 1 or not twin:
            _peer(vpcs[random.randrange(number)] if not twin else vpcs[0], vpc, random)
    scene = Scene(wall, tuple({vpc.wall.account: None for vpc in vpcs}), tuple(vpcs), (*BLOCKS, *_ipv6_blocks(vpcs)))
    _fill(scene, random)
    return scene


def _vpc(wall: Wall, cidr: str, *, ipv6: bool) -> Vpc:
    vpc_id = create_vpc(wall, cidr, AmazonProvidedIpv6CidrBlock=ipv6)
    ipv4, prefix = cidr.removesuffix(".0/16"), ""
    given = {}
    if ipv6:
        told = wall.call("DescribeVpcs", VpcIds=[vpc_id])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
        prefix = told[0]["Ipv6CidrBlock"].removesuffix("/56")
        given = {"Ipv6CidrBlock": f"{prefix}/64"}
    made = wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=f"{ipv4}.0/24", **given)["Subnet"]
    return Vpc(wall, vpc_id, made["SubnetId"], f"{ipv4}.", prefix)


def _ipv6_blocks(vpcs: Sequence[Vpc]) -> Iterator[str]:
    for vpc in vpcs:
        if vpc.ipv6:
            yield from (f"{vpc.ipv6}/56", f"{vpc.ipv6}/64", f"{vpc.ipv6}4/128")


def _peer(one: Vpc, other: Vpc, random: Random) -> None:
    """Peer two VPCs most of the time; now and then the request is left open."""
    if random.random() < 0.25:
        return
    if random.random() < 0.1:
        one.wall.call("CreateVpcPeeringConnection", VpcId=one.id, PeerVpcId=other.id, PeerOwnerId=other.wall.account)
    elif one.wall.account == other.wall.account:
        peer_vpcs(one.wall, one.id, other.id)
    else:
        asked = {"VpcId": one.id, "PeerVpcId": other.id, "PeerOwnerId": other.wall.account}
        made = one.wall.call("CreateVpcPeeringConnection", **asked)["VpcPeeringConnection"]
        other.wall.call("AcceptVpcPeeringConnection", VpcPeeringConnectionId=made["VpcPeeringConnectionId"])


def _fill(scene: Scene, random: Random) -> None:
    lists = [_prefix_list(scene, number, random) for number in range(random.randrange(3))]
    homes = [*scene.vpcs, *random.choices(scene.vpcs, k=random.randint(1, 4))][: max(6, len(scene.vpcs))]
    groups = [(vpc, create_group(vpc.wall, f"g{number}", vpc.id)) for number, vpc in enumerate(homes)]
    places = [*groups, *_associated(scene, groups, random)]
    for number in range(random.randint(2, 6)):
        _interface(random.choice(scene.vpcs), HOSTS[number], places, random)
    seen = picture(scene.wall, scene.accounts)
    for vpc, group in groups:
        _rules(scene, seen, (vpc, group, lists), random)


def _prefix_list(scene: Scene, number: int, random: Random) -> str:
    family = random.choice(("IPv4", "IPv4", "IPv6"))
    given = {"PrefixListName": f"list{number}", "MaxEntries": 4, "AddressFamily": family}
    entries = [{"Cidr": block} for block in some_blocks(scene, family, random.randint(0, 3), random)]
    made = scene.wall.call("CreateManagedPrefixList", **given, **({"Entries": entries} if entries else {}))
    prefix_list_id: str = made["PrefixList"]["PrefixListId"]
    return prefix_list_id


def _associated(scene: Scene, groups: list[tuple[Vpc, str]], random: Random) -> list[tuple[Vpc, str]]:
    """Associate a group with another VPC of its account, sometimes."""
    home, group = random.choice(groups)
    others = [vpc for vpc in scene.vpcs if vpc.wall.account == home.wall.account and vpc.id != home.id]
    if not others or random.random() < 0.5:
        return []
    vpc = random.choice(others)
    home.wall.call("AssociateSecurityGroupVpc", GroupId=group, VpcId=vpc.id)
    return [(vpc, group)]


def _interface(vpc: Vpc, host: int, places: list[tuple[Vpc, str]], random: Random) -> None:
    params = interface_params(vpc, host, [group for one, group in places if one.id == vpc.id], random)
    vpc.wall.call("CreateNetworkInterface", **params)


def _rules(scene: Scene, seen: Picture, of: tuple[Vpc, str, list[str]], random: Random) -> None:
    """Give a group up to 14 rules each way; half of the groups lose the rules of egress that AWS gives them."""
    vpc, group, lists = of
    if random.random() < 0.5:
        given = group_of(vpc.wall, group)["IpPermissionsEgress"]
        vpc.wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=given)
    for side in ("Ingress", "Egress"):
        taken = {key_of(rule) for rule in seen.rules if rule.group == group and rule.direction == side.lower()}
        mine = lists if vpc.wall.account == scene.wall.account else []
        wanted = [random_permission(scene, seen, (vpc.id, mine), random) for _ in range(random.choice(COUNTS))]
        new = {repr(one): one for one in wanted if asked_key(one) not in taken}
        if new:
            vpc.wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=list(new.values()))
