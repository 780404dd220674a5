"""Answers of DescribeDesired, made up: the facts of a small world as a server tells them, whole or what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

Json = dict[str, Any]
World = Mapping[tuple[str, ...], Json]
"""Kind, id and perhaps VPC of a fact -> the fact as it is told."""

LISTED = {
    "group": "Groups",
    "members": "Members",
    "prefix-list": "PrefixLists",
    "interface": "Interfaces",
    "peering": "Peerings",
    "vpc": "Vpcs",
}
VPCS = ("vpc-00000001", "vpc-00000002")
GROUPS = ("sg-00000001", "sg-00000002", "sg-00000003")
LISTS = ("pl-00000001", "pl-00000002")
INTERFACES = ("eni-00000001", "eni-00000002", "eni-00000003", "eni-00000004")


def whole(revision: int, world: World) -> Json:
    """Return an answer that tells all."""
    return _told(revision, dict(world)) | {"Whole": True, "Gone": []}


def changes(revision: int, before: World, after: World) -> Json:
    """Return an answer that tells what changed."""
    changed = {key: fact for key, fact in after.items() if before.get(key) != fact}
    gone = [_gone(*key) for key in before.keys() - after.keys()]
    return _told(revision, changed) | {"Whole": False, "Gone": gone}


def _told(revision: int, facts: dict[tuple[str, ...], Json]) -> Json:
    listed = {member: [fact for key, fact in facts.items() if key[0] == kind] for kind, member in LISTED.items()}
    return {"Revision": revision} | listed


def _gone(kind: str, identity: str, vpc_id: str | None = None) -> Json:
    return {"Kind": kind, "Id": identity} | ({"VpcId": vpc_id} if vpc_id else {})


def rule(peer: str, port: int, *, egress: bool = False) -> Json:
    """Return a rule for TCP and one port."""
    name = {"sg": "ReferencedGroupId", "pl": "PrefixListId"}.get(peer[:2], "CidrIpv6" if ":" in peer else "CidrIpv4")
    told = {"SecurityGroupRuleId": f"sgr-{peer}-{port}-{egress}", "IsEgress": egress, name: peer}
    return told | {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}


def group(group_id: str, *rules: Json) -> Json:
    """Return a group."""
    return {"GroupId": group_id, "Rules": list(rules)}


def interface(interface_id: str, vpc_id: str, groups: list[str], **other: Any) -> Json:  # noqa: ANN401 - any member
    """Return an interface, one of an instance that runs unless ``other`` says otherwise."""
    number = int(interface_id.removeprefix("eni-"), 16)
    return {
        "NetworkInterfaceId": interface_id,
        "VpcId": vpc_id,
        "SubnetId": "subnet-1",
        "GroupIds": groups,
        "Addresses": [f"10.0.0.{number}", f"fd00::{number:x}"],
        "MacAddress": f"02:00:00:00:00:{number:02x}",
        "SourceDestCheck": True,
        "InstanceId": f"i-{number:08x}",
        "InstanceState": "running",
    } | other


_PEERS = st.sampled_from([*GROUPS, *LISTS, "10.0.0.0/8", "fd00::/64"])
_RULES = st.builds(lambda peer, port, egress: rule(peer, port, egress=egress), _PEERS, st.integers(1, 3), st.booleans())


def _rules(identity: str) -> st.SearchStrategy[Json]:
    unique = st.lists(_RULES, max_size=4, unique_by=lambda one: one["SecurityGroupRuleId"])
    return unique.map(lambda some: group(identity, *some))


def _members(identity: str, vpc_id: str) -> st.SearchStrategy[Json]:
    addresses = st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "fd00::1"]), unique=True)
    return addresses.map(lambda some: {"VpcId": vpc_id, "GroupId": identity, "Addresses": some})


def _blocks(identity: str) -> st.SearchStrategy[Json]:
    blocks = st.lists(st.sampled_from(["10.1.0.0/16", "10.1.2.0/24", "fd01::/64"]), unique=True)
    return blocks.map(lambda some: {"PrefixListId": identity, "Cidrs": some})


def _interfaces(identity: str) -> st.SearchStrategy[Json]:
    return st.builds(
        lambda vpc_id, groups, checked, state: interface(
            identity, vpc_id, groups, SourceDestCheck=checked, InstanceState=state
        ),
        st.sampled_from(VPCS),
        st.lists(st.sampled_from(GROUPS), unique=True),
        st.booleans(),
        st.sampled_from(["running", "stopped"]),
    )


def worlds() -> st.SearchStrategy[World]:
    """Return worlds in which every fact may be there or not."""
    return st.fixed_dictionaries(
        {},
        optional={
            **{("group", one): _rules(one) for one in GROUPS},
            **{("members", one, vpc_id): _members(one, vpc_id) for one in GROUPS for vpc_id in VPCS},
            **{("prefix-list", one): _blocks(one) for one in LISTS},
            **{("interface", one): _interfaces(one) for one in INTERFACES},
            ("peering", "pcx-00000001"): st.just({"VpcPeeringConnectionId": "pcx-00000001", "VpcIds": list(VPCS)}),
            **{("vpc", one): st.just({"VpcId": one, "CidrBlocks": ["10.0.0.0/16"]}) for one in VPCS},
        },
    )
