"""Small random worlds, made through the API alone, random calls on them, and flows worth asking about.

    scene = random_world(wall, Random(seed))             # a new Wall(); the same seed makes the same world
    seen = picture(scene.wall, scene.accounts)           # tests.naive
    for flow in flows(seen, Random(seed)):
        passes(seen, *flow)
    operation, params = random_call(scene, Random(seed))
    scene.wall.call(operation, **params)                 # may be refused, as calls are: ApiError

Nothing of a scene but ``wall`` and ``accounts`` needs to be known to use it. Values come from a few, so that they meet:
blocks that hold each other, ports side by side, groups that share members. A call is one of the wall's account; the
other account's VPC, where there is one, changes only by the peering's end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from tests.driver import Wall
from tests.naive import ANY, Flow, Interface, Picture, Rule, address_of, block_of, blocks, joined, picture
from tests.scenes import Json, create_group, create_vpc, group_of, peer_vpcs, permission

OTHER_ACCOUNT = "111122223333"
CIDRS = ("10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16")
OTHER_CIDR = "10.9.0.0/16"
OUTSIDE = (
    "0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.1.0.0/16", "10.0.0.4/32", "10.0.0.5/32",
    "10.1.0.4/32", "203.0.0.0/16", "203.0.113.0/24", "203.0.113.7/32", "::/0", "2001:db8::/32", "2001:db8::7/128",
)  # fmt: skip
"""Blocks of rules and prefix lists, to which a scene adds its VPCs' blocks of IPv6."""

HOSTS = (4, 5, 6, 7, 8, 9, 10, 11)
"""Last numbers of addresses: few, next to each other, and none that AWS keeps for itself."""

PORTS = ((22, 22), (80, 80), (443, 443), (20, 25), (23, 79), (80, 443), (0, 65535), (0, 22), (443, 65535))
TYPES = ((-1, -1), (8, -1), (8, 0), (0, 0), (3, -1), (3, 1))
OTHER_PROTOCOLS = ("50", "47")
SERVICES = (
    *(("tcp", ports) for ports in (*PORTS, *PORTS[:3])), *(("udp", ports) for ports in PORTS),
    *(("icmp", types) for types in TYPES), *(("icmpv6", types) for types in TYPES),
    *((name, (None, None)) for name in OTHER_PROTOCOLS), ("-1", (None, None)), ("-1", (None, None)),
)  # fmt: skip


class Vpc(NamedTuple):
    """A VPC of a scene: the wall of its account, and how its subnet's addresses begin, empty for no IPv6."""

    wall: Wall
    id: str
    subnet: str
    ipv4: str
    ipv6: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A world to ask about. accounts: for ``picture``. vpcs: with their prefixes. blocks: what rules name."""

    wall: Wall
    accounts: tuple[str, ...]
    vpcs: tuple[Vpc, ...]
    blocks: tuple[str, ...]


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
    scene = Scene(wall, tuple({vpc.wall.account: None for vpc in vpcs}), tuple(vpcs), (*OUTSIDE, *_ipv6_blocks(vpcs)))
    _fill(scene, random)
    return scene


def random_call(scene: Scene, random: Random) -> tuple[str, Json]:
    """Return an operation of the wall's account and its parameters, valid at first sight."""
    seen = picture(scene.wall)
    while True:
        made = random.choice(CALLS)(scene, seen, random)
        if made:
            return made


def flows(seen: Picture, random: Random, count: int = 40) -> list[Flow]:
    """Return flows at the edges of what the rules say: an interface at one end at least, none to itself."""
    if not seen.interfaces:
        return []
    return [_flow(seen, random) for _ in range(count)]


# --- worlds


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
    entries = [{"Cidr": block} for block in _some_blocks(scene, family, random.randint(0, 3), random)]
    made = scene.wall.call("CreateManagedPrefixList", **given, **({"Entries": entries} if entries else {}))
    prefix_list_id: str = made["PrefixList"]["PrefixListId"]
    return prefix_list_id


def _some_blocks(scene: Scene, family: str, count: int, random: Random) -> list[str]:
    known = sorted({block for block in scene.blocks if (":" in block) == (family == "IPv6")})
    return random.sample(known, min(count, len(known)))


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


def interface_params(vpc: Vpc, host: int, groups: list[str], random: Random) -> Json:
    """Return what creates an interface with this last number, perhaps a second address, and one of IPv6."""
    ipv4 = [{"Primary": True, "PrivateIpAddress": f"{vpc.ipv4}{host}"}]
    if random.random() < 0.3:
        ipv4.append({"Primary": False, "PrivateIpAddress": f"{vpc.ipv4}{host + 100}"})
    given: Json = {"SubnetId": vpc.subnet, "PrivateIpAddresses": ipv4}
    if vpc.ipv6 and random.random() < 0.7:
        given["Ipv6Addresses"] = [{"Ipv6Address": f"{vpc.ipv6}{host:x}"}]
    return given | {"Groups": random.sample(groups, min(len(groups), random.randint(1, 3)))}


def _rules(scene: Scene, seen: Picture, of: tuple[Vpc, str, list[str]], random: Random) -> None:
    """Give a group up to 14 rules each way; half of the groups lose the rules of egress that AWS gives them."""
    vpc, group, lists = of
    if random.random() < 0.5:
        given = group_of(vpc.wall, group)["IpPermissionsEgress"]
        vpc.wall.call("RevokeSecurityGroupEgress", GroupId=group, IpPermissions=given)
    for side in ("Ingress", "Egress"):
        taken = {_key(rule) for rule in seen.rules if rule.group == group and rule.direction == side.lower()}
        mine = lists if vpc.wall.account == scene.wall.account else []
        wanted = [random_permission(scene, seen, (vpc.id, mine), random) for _ in range(random.choice(COUNTS))]
        new = {repr(one): one for one in wanted if _asked_key(one) not in taken}
        if new:
            vpc.wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=list(new.values()))


COUNTS = (0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 10, 14)


def random_permission(scene: Scene, seen: Picture, of: tuple[str, list[str]], random: Random) -> Json:
    """Return a permission of one peer that a group may have; of: the group's VPC and the prefix lists it may name."""
    home, lists = of
    protocol, (first, last) = random.choice(SERVICES)
    reach = joined(seen, home)
    groups = [(group, vpc) for group, vpc in seen.groups.items() if vpc in reach]
    kind = random.random()
    if kind < 0.3 and groups:
        group, vpc = random.choice(groups)
        owner = next((one.wall.account for one in scene.vpcs if one.id == vpc), scene.wall.account)
        pair = {"GroupId": group, "UserId": owner}
        return {"IpProtocol": protocol, "FromPort": first, "ToPort": last, "UserIdGroupPairs": [pair]}
    peer = random.choice(lists) if kind < 0.4 and lists else random.choice(scene.blocks)
    return permission(protocol, first, last, peer)


def _key(rule: Rule) -> tuple[Any, ...]:
    return rule.protocol, rule.first, rule.last, rule.peer


def _asked_key(asked: Json) -> tuple[Any, ...]:
    first, last = asked["FromPort"], asked["ToPort"]
    ports = (ANY, ANY) if first is None else (first, last)
    return asked["IpProtocol"], *ports, peer_of(asked)


def peer_of(asked: Json) -> str:
    """Return the one peer of a permission, as a rule of a picture has it."""
    members = {
        "IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId", "UserIdGroupPairs": "GroupId",
    }  # fmt: skip
    [peer] = [one[member] for name, member in members.items() for one in asked.get(name, ())]
    return str(peer)


# --- calls

Made = tuple[str, Json] | None
"""A call, or none where the world has nothing to make it of."""


def _revoke_by_id(_: Scene, seen: Picture, random: Random) -> Made:
    one = _chosen_rule(seen, random)
    alike = [rule.id for rule in seen.rules if (rule.group, rule.direction) == (one.group, one.direction)]
    ids = random.sample(alike, min(len(alike), random.choice((1, 1, 2, 3))))
    return f"RevokeSecurityGroup{one.direction.title()}", {"GroupId": one.group, "SecurityGroupRuleIds": ids}


def _revoke(_: Scene, seen: Picture, random: Random) -> Made:
    one = _chosen_rule(seen, random)
    if one.peer.startswith("sg-") and one.peer not in seen.groups:  # it would need the owner, whom a picture leaves out
        return None
    ports = (None, None) if (one.protocol, one.first) == ("-1", ANY) else (one.first, one.last)
    asked = permission(one.protocol, *ports, one.peer)
    return f"RevokeSecurityGroup{one.direction.title()}", {"GroupId": one.group, "IpPermissions": [asked]}


def _authorize(scene: Scene, seen: Picture, random: Random) -> Made:
    side, group = random.choice(("Ingress", "Egress")), random.choice(_homely(scene, seen))
    taken = {_key(rule) for rule in seen.rules if rule.group == group and rule.direction == side.lower()}
    wanted = [_permission_for(scene, seen, group, random) for _ in range(random.choice((1, 1, 2)))]
    new = {repr(one): one for one in wanted if _asked_key(one) not in taken}
    if not new:
        return None
    return f"AuthorizeSecurityGroup{side}", {"GroupId": group, "IpPermissions": list(new.values())}


def _modify_rule(scene: Scene, seen: Picture, random: Random) -> Made:
    """A rule keeps the kind of its peer: reference 11."""
    one = _chosen_rule(seen, random)
    asked = _permission_for(scene, seen, one.group, random)
    ports = {} if asked["FromPort"] is None else {"FromPort": asked["FromPort"], "ToPort": asked["ToPort"]}
    peer = peer_of(asked) if _kind(peer_of(asked)) == _kind(one.peer) else one.peer
    rule = {"IpProtocol": asked["IpProtocol"], **ports, _kind(peer): peer}
    changes = [{"SecurityGroupRuleId": one.id, "SecurityGroupRule": rule}]
    return "ModifySecurityGroupRules", {"GroupId": one.group, "SecurityGroupRules": changes}


def _kind(peer: str) -> str:
    known = {"sg-": "ReferencedGroupId", "pl-": "PrefixListId"}
    return known.get(peer[:3], "CidrIpv6" if ":" in peer else "CidrIpv4")


def _set_groups(_: Scene, seen: Picture, random: Random) -> Made:
    if not seen.interfaces:
        return None
    one = random.choice(list(seen.interfaces.values()))
    known = _groups_in(seen, one.vpc)
    groups = random.sample(known, min(len(known), random.randint(1, 3)))
    return "ModifyNetworkInterfaceAttribute", {"NetworkInterfaceId": one.id, "Groups": groups}


def _change_entries(scene: Scene, seen: Picture, random: Random) -> Made:
    if not seen.entries:
        return None
    one, entries = random.choice(list(seen.entries.items()))
    [told] = scene.wall.call("DescribeManagedPrefixLists", PrefixListIds=[one])["PrefixLists"]
    change: Json = {"PrefixListId": one, "CurrentVersion": told["Version"]}
    if entries and random.random() < 0.5:
        return "ModifyManagedPrefixList", change | {"RemoveEntries": [{"Cidr": random.choice(entries)}]}
    new = [block for block in _some_blocks(scene, told["AddressFamily"], 3, random) if block not in entries]
    if not new or len(entries) == told["MaxEntries"]:
        return None
    return "ModifyManagedPrefixList", change | {"AddEntries": [{"Cidr": new[0]}]}


def _delete_group(scene: Scene, seen: Picture, random: Random) -> Made:
    """Most groups cannot go; one that nothing holds is preferred, perhaps one that a peered VPC's rule names."""
    told = scene.wall.call("DescribeSecurityGroups")["SecurityGroups"]
    known = sorted(one["GroupId"] for one in told if one["GroupName"] != "default")
    worn = {group for one in seen.interfaces.values() for group in one.groups}
    at_home = {one.peer for one in seen.rules if seen.groups[one.group] == seen.groups.get(one.peer)}
    free = [group for group in known if group not in worn | at_home]
    return ("DeleteSecurityGroup", {"GroupId": random.choice(free or known)}) if known else None


def _delete_peering(_: Scene, seen: Picture, random: Random) -> Made:
    active = [one.id for one in seen.peerings if one.joins]
    return ("DeleteVpcPeeringConnection", {"VpcPeeringConnectionId": random.choice(active)}) if active else None


def _delete_interface(_: Scene, seen: Picture, random: Random) -> Made:
    known = sorted(seen.interfaces)
    return ("DeleteNetworkInterface", {"NetworkInterfaceId": random.choice(known)}) if known else None


def _create_interface(scene: Scene, seen: Picture, random: Random) -> Made:
    vpc = random.choice([one for one in scene.vpcs if one.wall.account == scene.wall.account])
    used = {address for one in seen.interfaces.values() if one.vpc == vpc.id for address in one.addresses}
    free = [host for host in HOSTS if f"{vpc.ipv4}{host}" not in used]
    if not free:
        return None
    return "CreateNetworkInterface", interface_params(vpc, free[0], _groups_in(seen, vpc.id), random)


def _second_address(_: Scene, seen: Picture, random: Random) -> Made:
    if not seen.interfaces:
        return None
    one = random.choice(list(seen.interfaces.values()))
    second = [address for address in one.addresses[1:] if ":" not in address]
    if second:
        given: Json = {"NetworkInterfaceId": one.id, "PrivateIpAddresses": second}
        return "UnassignPrivateIpAddresses", given
    start, _dot, host = one.addresses[0].rpartition(".")
    given = {"NetworkInterfaceId": one.id, "PrivateIpAddresses": [f"{start}.{int(host) + 100}"]}
    return "AssignPrivateIpAddresses", given


CALLS: tuple[Callable[[Scene, Picture, Random], Made], ...] = (
    _revoke_by_id, _revoke_by_id, _revoke_by_id, _revoke, _revoke, _revoke, _authorize, _authorize, _modify_rule,
    _modify_rule, _set_groups, _set_groups, _change_entries, _change_entries, _delete_group, _delete_peering,
    _delete_interface, _create_interface, _second_address,
)  # fmt: skip


def _chosen_rule(seen: Picture, random: Random) -> Rule:
    """Return a rule, most of the time one that counts for an interface; a default VPC's are always there."""
    worn = {group for one in seen.interfaces.values() for group in one.groups}
    counting = [rule for rule in seen.rules if rule.group in worn]
    return random.choice(counting if counting and random.random() < 0.8 else seen.rules)


def _homely(scene: Scene, seen: Picture) -> list[str]:
    """Return the groups of the scene's VPCs, which leaves out the default VPC's."""
    homes = {vpc.id for vpc in scene.vpcs}
    return [group for group, vpc in seen.groups.items() if vpc in homes]


def _groups_in(seen: Picture, vpc: str) -> list[str]:
    """Return the groups that an interface of a VPC may have: reference 17."""
    return [group for group, home in seen.groups.items() if home == vpc or (group, vpc) in seen.associations]


def _permission_for(scene: Scene, seen: Picture, group: str, random: Random) -> Json:
    whole = picture(scene.wall, scene.accounts)
    return random_permission(scene, whole, (seen.groups[group], list(seen.entries)), random)


# --- flows


def _flow(seen: Picture, random: Random) -> Flow:
    """Return a flow of an interface, most of the time one at the edges of a rule that is its own."""
    one = random.choice(list(seen.interfaces.values()))
    direction = random.choice(("egress", "ingress"))
    own = [rule for rule in seen.rules if rule.group in one.groups and rule.direction == direction]
    rule = random.choice(own) if own and random.random() < 0.7 else None
    others = [other.id for other in seen.interfaces.values() if other.id != one.id]
    if others and random.random() < 0.2:
        there, version = random.choice(others), 4
    else:
        there = _address(seen, one, rule, random)
        version = address_of(there).version
    service = _near(rule, version, random) if rule and random.random() < 0.8 else _service(version, random)
    ends = (one.id, there) if direction == "egress" else (there, one.id)
    return Flow(*ends, *service)


def _address(seen: Picture, one: Interface, rule: Rule | None, random: Random) -> str:
    """Return an address at an edge of a block, or one of another interface."""
    named = blocks(seen, rule, one.vpc) if rule else ()
    addresses = [address for other in seen.interfaces.values() for address in other.addresses]
    if not named:
        named = random.choice(((*OUTSIDE,), addresses))
    block = block_of(random.choice(named))
    if random.random() < 0.3:
        inside = [address for address in addresses if address_of(address) in block]
        found = random.choice(inside) if inside else str(block[0])
    else:
        last = 2**block.max_prefixlen - 1
        edges = (int(block[0]), int(block[-1]), max(0, int(block[0]) - 1), min(last, int(block[-1]) + 1))
        found = str(type(block[0])(random.choice(edges)))
    return found if found not in one.addresses else _other_address(block_of(found).version)


def _other_address(version: int) -> str:
    return "198.51.100.1" if version == 4 else "2001:db8:ffff::1"


def _near(rule: Rule, version: int, random: Random) -> tuple[str, int, int]:
    """Return a service at an edge of a rule's."""
    if rule.protocol in ("tcp", "udp"):
        port = random.choice((rule.first, rule.last, rule.first - 1, rule.last + 1))
        return rule.protocol, min(max(port, 0), 65535), ANY
    if rule.protocol == {4: "icmp", 6: "icmpv6"}[version]:
        kind, code = max(rule.first, 0) + random.choice((0, 0, 0, 1)), max(rule.last, 0) + random.choice((0, 0, 1))
        return rule.protocol, kind, code
    return (rule.protocol, ANY, ANY) if rule.protocol in OTHER_PROTOCOLS else _service(version, random)


def _service(version: int, random: Random) -> tuple[str, int, int]:
    protocol = random.choice(("tcp", "tcp", "udp", {4: "icmp", 6: "icmpv6"}[version], *OTHER_PROTOCOLS, "132"))
    if protocol in ("tcp", "udp"):
        return protocol, random.choice((0, 19, 22, 23, 79, 80, 81, 442, 443, 444, 65535)), ANY
    if protocol in ("icmp", "icmpv6"):
        return protocol, random.choice((0, 3, 8, 255)), random.choice((0, 1, 255))
    return protocol, ANY, ANY
