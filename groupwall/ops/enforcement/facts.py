"""What a host has to know, as facts: each is told whole, and known by its kind and ids (inferred).

So what changed between two revisions is the facts that differ, and whoever puts them in the place of those before has
what is told as a whole. Facts of many ids take as many statements as those of one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from groupwall.ops.existing_flows import CUT, is_cutting
from groupwall.ops.flows.network import Network
from groupwall.ops.peerings.peerings import ACTIVE, sides_of
from groupwall.rules.flows import address_text
from groupwall.rules.permissions import MEMBERS
from groupwall.rules.values import Peer, Rule
from groupwall.store.entities import (
    Address,
    Attachment,
    Group,
    Instance,
    Interface,
    Member,
    Peering,
    PrefixList,
    Tag,
    Vpc,
    VpcAssociation,
    VpcCidr,
)
from groupwall.store.seen import Seen

Json = dict[str, Any]


class Key(NamedTuple):
    """The name of a fact. kind: as the list of what is gone tells it. vpc_id: of members, else empty."""

    kind: str
    id: str
    vpc_id: str = ""


Facts = Mapping[Key, Json]


class View(NamedTuple):
    """The tables, as they are or were, and the VPCs that are asked about; None for all."""

    seen: Seen
    vpc_ids: frozenset[str] | None = None

    def shows(self, vpc_ids: Iterable[str]) -> bool:
        """Tell whether one of some VPCs is asked about."""
        return self.vpc_ids is None or not self.vpc_ids.isdisjoint(vpc_ids)


def groups(view: View, ids: Sequence[str]) -> Facts:
    """Return the groups that can be used in the VPCs, each with all of its rules."""
    used = used_in(view.seen, ids)
    shown = [one for one in ids if one in used and view.shows(used[one])]
    rules = view.seen.by(Rule, "group_id", shown)
    tags = view.seen.by(Tag, "resource_id", shown)
    return {
        Key("group", one): {"GroupId": one, "Rules": list(map(_rule, rules.get(one, ()))), **_flows(tags.get(one, ()))}
        for one in shown
    }


def _flows(tags: Iterable[Tag]) -> Json:
    return {"ExistingFlows": CUT} if is_cutting(tags) else {}


def _rule(rule: Rule) -> Json:
    protocol, (first, last), peer = rule.properties
    return {
        "SecurityGroupRuleId": rule.id,
        "IsEgress": rule.direction.is_egress,
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        MEMBERS[peer.kind]: peer.text,
    }


def used_in(seen: Seen, group_ids: Sequence[str]) -> dict[str, set[str]]:
    """Return the VPCs that each group can be used in: its own, and those that it is associated with."""
    used = {one.id: {one.vpc_id} for one in seen.by_id(Group, group_ids).values()}
    for some in seen.by(VpcAssociation, "group_id", group_ids).values():
        for one in some:
            used.setdefault(one.group_id, set()).add(one.vpc_id)
    return used


def members(view: View, group_ids: Sequence[str]) -> Facts:
    """Return what groups stand for in each VPC where a rule refers to them; see ``Network.addresses_of``."""
    rules = [rule for some in view.seen.by(Rule, "peer", group_ids).values() for rule in some]
    used = used_in(view.seen, sorted({rule.group_id for rule in rules}))
    pairs = {(vpc_id, rule.properties.peer) for rule in rules for vpc_id in used.get(rule.group_id, ())}
    shown = sorted(pair for pair in pairs if view.shows(pair[:1]))
    network = Network(view.seen)
    network.learn_peers(rules)
    network.besides(sorted({vpc_id for vpc_id, _ in shown}))
    return {Key("members", peer.text, vpc_id): _members(network, peer, vpc_id) for vpc_id, peer in shown}


def _members(network: Network, peer: Peer, vpc_id: str) -> Json:
    numbers = (number for first, last in network.addresses_of(peer, vpc_id) for number in range(first, last + 1))
    return {"VpcId": vpc_id, "GroupId": peer.text, "Addresses": list(map(address_text, numbers))}


def prefix_lists(view: View, ids: Sequence[str]) -> Facts:
    """Return prefix lists with the blocks that they have now."""
    there = view.seen.by_id(PrefixList, ids)
    entries = view.seen.entries(sorted(there))
    return {
        Key("prefix-list", one): {"PrefixListId": one, "Cidrs": sorted(entry.cidr for entry in entries.get(one, ()))}
        for one in sorted(there)
    }


def interfaces(view: View, ids: Sequence[str]) -> Facts:
    """Return interfaces with their groups, addresses and the instances that they are attached to."""
    there = {one: found for one, found in view.seen.by_id(Interface, ids).items() if view.shows([found.vpc_id])}
    wanted = sorted(there)
    groups_of = view.seen.by(Member, "interface_id", wanted)
    addresses = view.seen.by(Address, "interface_id", wanted)
    attached = {one: some[0] for one, some in view.seen.by(Attachment, "interface_id", wanted).items()}
    instances = view.seen.by_id(Instance, sorted({each.instance_id for each in attached.values()}))
    return {
        Key("interface", one): _interface(there[one], groups_of.get(one, ()), addresses.get(one, ()))
        | _attached(attached.get(one), instances)
        for one in wanted
    }


def _interface(one: Interface, mine: Iterable[Member], addresses: Iterable[Address]) -> Json:
    return {
        "NetworkInterfaceId": one.id,
        "VpcId": one.vpc_id,
        "SubnetId": one.subnet_id,
        "GroupIds": sorted(member.group_id for member in mine),
        "Addresses": [held.address for held in sorted(addresses, key=lambda held: (held.place, held.address))],
        "MacAddress": one.mac,
        "SourceDestCheck": one.source_dest_check,
        "TcpEstablishedTimeout": one.tcp_established or None,
        "UdpStreamTimeout": one.udp_stream or None,
        "UdpTimeout": one.udp or None,
    }


def _attached(attachment: Attachment | None, instances: Mapping[str, Instance]) -> Json:
    """Return the instance and what it was last asked to be: what an agent has to bring about, whatever the time is."""
    instance = instances.get(attachment.instance_id) if attachment else None
    if attachment is None or instance is None:
        return {}
    return {"InstanceId": instance.id, "InstanceState": instance.state, "DeviceIndex": attachment.device}


def peerings(view: View, ids: Sequence[str]) -> Facts:
    """Return the active peering connections between two VPCs of the world: an agent knows nothing of others' VPCs."""
    found = {}
    for one in view.seen.by_id(Peering, ids).values():
        ends = sides_of(one)
        vpc_ids = [end.vpc_id for end in ends]
        if one.status == ACTIVE and {end.world for end in ends} == {view.seen.world} and view.shows(vpc_ids):
            found[Key("peering", one.id)] = {"VpcPeeringConnectionId": one.id, "VpcIds": vpc_ids}
    return found


def vpcs(view: View, ids: Sequence[str]) -> Facts:
    """Return VPCs with their blocks, the primary one first."""
    there = {one: found for one, found in view.seen.by_id(Vpc, ids).items() if view.shows([one])}
    blocks = view.seen.by(VpcCidr, "vpc_id", sorted(there))
    return {
        Key("vpc", one): {
            "VpcId": one,
            "CidrBlocks": sorted((block.cidr for block in blocks.get(one, ())), key=lambda cidr: cidr != found.cidr),
        }
        for one, found in there.items()
    }


class Listed(NamedTuple):
    """A list of facts. member: of the result. facts: the facts of some ids. entity: whose ids they are."""

    member: str
    facts: Callable[[View, Sequence[str]], Facts]
    entity: type[Any]


LISTS: Mapping[str, Listed] = {
    "group": Listed("Groups", groups, Group),
    "members": Listed("Members", members, Group),
    "prefix-list": Listed("PrefixLists", prefix_lists, PrefixList),
    "interface": Listed("Interfaces", interfaces, Interface),
    "peering": Listed("Peerings", peerings, Peering),
    "vpc": Listed("Vpcs", vpcs, Vpc),
}
"""By the kind of the facts."""


def altered(view: View, keys: Collection[Key], interface_ids: Sequence[str]) -> set[str]:
    """Return those of some interfaces whose policy follows from one of some facts.

    It is found from the facts: what the interfaces follow from altogether may be all that there is.
    """
    there = view.seen.by_id(Interface, interface_ids)
    peers = {(key.vpc_id, key.id) for key in keys if key.kind in ("members", "prefix-list")}
    naming = view.seen.by(Rule, "peer", sorted({text for _, text in peers}))
    by_group = {("", key.id) for key in keys if key.kind == "group"}
    by_group |= {(vpc_id, rule.group_id) for vpc_id, text in peers for rule in naming.get(text, ())}
    worn = view.seen.by(Member, "interface_id", interface_ids)
    return {key.id for key in keys if key.kind == "interface" and key.id in interface_ids} | {
        one.id
        for one in there.values()
        for member in worn.get(one.id, ())
        if not by_group.isdisjoint({("", member.group_id), (one.vpc_id, member.group_id)})
    }
