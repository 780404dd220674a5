"""What random worlds are made of: few values, so that they meet."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, NamedTuple

from tests.driver import Wall
from tests.naive import ANY, Picture, Rule, joined
from tests.scenes import Json, permission

OTHER_ACCOUNT = "111122223333"
CIDRS = ("10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16")
OTHER_CIDR = "10.9.0.0/16"
BLOCKS = (
    "0.0.0.0/0", "0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.1.0.0/16", "10.0.0.4/32", "10.0.0.5/32",
    "10.1.0.4/32", "203.0.0.0/16", "203.0.113.0/24", "203.0.113.7/32",
    "::/0", "::/0", "2001:db8::/32", "2001:db8::7/128",
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


def seeded(seed: int) -> Random:
    """Return what choices are made by, the same ones for the same seed."""
    return Random(seed)  # noqa: S311 - to be repeated


def interface_params(vpc: Vpc, host: int, groups: list[str], random: Random) -> Json:
    """Return what creates an interface with this last number, perhaps a second address, and one of IPv6."""
    ipv4 = [{"Primary": True, "PrivateIpAddress": f"{vpc.ipv4}{host}"}]
    if random.random() < 0.3:
        ipv4.append({"Primary": False, "PrivateIpAddress": f"{vpc.ipv4}{host + 100}"})
    given: Json = {"SubnetId": vpc.subnet, "PrivateIpAddresses": ipv4}
    if vpc.ipv6 and random.random() < 0.7:
        given["Ipv6Addresses"] = [{"Ipv6Address": f"{vpc.ipv6}{host:x}"}]
    return given | {"Groups": random.sample(groups, min(len(groups), random.randint(1, 3)))}


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
    if protocol in ("icmp", "icmpv6"):
        protocol = "icmpv6" if ":" in peer else "icmp"
    return permission(protocol, first, last, peer)


def key_of(rule: Rule) -> tuple[Any, ...]:
    """Return what no two rules of a group in one direction share."""
    return rule.protocol, rule.first, rule.last, rule.peer


def asked_key(asked: Json) -> tuple[Any, ...]:
    """Return the same of a permission of one peer."""
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


def some_blocks(scene: Scene, family: str, count: int, random: Random) -> list[str]:
    """Return up to this many blocks of a family, none twice."""
    known = sorted({block for block in scene.blocks if (":" in block) == (family == "IPv6")})
    return random.sample(known, min(count, len(known)))
