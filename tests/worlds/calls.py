"""Random calls on a random world."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from random import Random

from groupwall.errors import ApiError
from tests.naive import ANY, Picture, Rule, picture
from tests.scenes import Json, permission
from tests.worlds.values import (
    HOSTS,
    Scene,
    asked_key,
    interface_params,
    key_of,
    peer_of,
    random_permission,
    some_blocks,
)

Made = tuple[str, Json] | None
"""A call, or none where the world has nothing to make it of."""


def random_call(scene: Scene, random: Random) -> tuple[str, Json]:
    """Return an operation of the wall's account and its parameters, valid at first sight."""
    seen = picture(scene.wall)
    while True:
        made = random.choice(CALLS)(scene, seen, random)
        if made:
            return made


def make_random_call(scene: Scene, random: Random) -> None:
    """Make a random call, which may be refused."""
    operation, params = random_call(scene, random)
    with suppress(ApiError):
        scene.wall.call(operation, **params)


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
    taken = {key_of(rule) for rule in seen.rules if rule.group == group and rule.direction == side.lower()}
    wanted = [_permission_for(scene, seen, group, random) for _ in range(random.choice((1, 1, 2)))]
    new = {repr(one): one for one in wanted if asked_key(one) not in taken}
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
    new = [block for block in some_blocks(scene, told["AddressFamily"], 3, random) if block not in entries]
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
