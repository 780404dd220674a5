"""Rules, traffic, flows and ends as the answers of our own operations show them: names first, then the exact form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from groupwall.ops.flows.ends import Part, is_ours
from groupwall.ops.flows.network import Network
from groupwall.rules.flows import address_texts, addresses_text, lines, service_texts, services_text
from groupwall.rules.passages import Passage
from groupwall.rules.traffic import Traffic
from groupwall.rules.values import ALL_PROTOCOLS, Direction, Properties, Rule
from groupwall.store.entities import Attachment, Group, Interface, Tag
from groupwall.store.seen import Seen

Json = dict[str, Any]
NAME = "Name"
"""The key of the tag by which people call a resource."""


def properties_text(properties: Properties, direction: Direction) -> str:
    """Return ``tcp 22 from 10.0.0.0/8``, or ``all to sg-...`` for egress."""
    protocol, ports, peer = properties
    service = "all" if protocol == ALL_PROTOCOLS else f"{protocol} {ports}"
    return f"{service} {'to' if direction.is_egress else 'from'} {peer.text}"


def rule_shown(rule: Rule, group_names: Mapping[str, str]) -> Json:
    """Return a rule as RuleShown. group_names: by id, as ``group_names`` gives them."""
    protocol, (first, last), peer = rule.properties
    return {
        "SecurityGroupRuleId": rule.id,
        "GroupId": rule.group_id,
        "GroupName": group_names.get(rule.group_id),
        "IsEgress": rule.direction.is_egress,
        "IpProtocol": protocol,
        "FromPort": first,
        "ToPort": last,
        "Peer": peer.text,
        "PeerName": group_names.get(peer.text),
        "Description": rule.description,
        "Text": properties_text(rule.properties, rule.direction),
    }


def group_names(seen: Seen, group_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of groups of any world by id; groups that are gone have none. For a caller's own groups."""
    return {group_id: group.name for group_id, (_, group) in seen.anywhere(Group, sorted(set(group_ids))).items()}


def traffic_shown(some: Traffic) -> list[Json]:
    """Return traffic as TrafficLine, in the shorter of the two ways to cut it into lines."""
    return [
        {"Services": service_texts(line.services), "Addresses": address_texts(line.addresses), "Text": str(line)}
        for line in lines(some)
    ]


def flows_shown(some: Iterable[Passage]) -> list[Json]:
    """Return passages as Flows."""
    return [
        {
            "Sources": address_texts(one.sources),
            "Destinations": address_texts(one.destinations),
            "Services": service_texts(one.services),
            "Text": f"{services_text(one.services)} from {addresses_text(one.sources)}"
            f" to {addresses_text(one.destinations)}",
        }
        for one in some
    ]


def ends_shown(network: Network, parts: Sequence[Part]) -> list[Json]:
    """Return parts of ends as EndShown, in a fixed number of statements; of another world's only the addresses."""
    names = group_names(network.seen, (one for part in parts if part.standing for one in part.standing.group_ids))
    mine = [one for part in parts if is_ours(network, part) for one in part.interfaces]
    called = _called(network.seen, mine) if mine else {}
    return [_end_shown(part, names, called) if is_ours(network, part) else _others_shown(part) for part in parts]


def _others_shown(part: Part) -> Json:
    """Return what is outside, or another account's: of the latter no more is told than where its addresses are."""
    shown: Json = {"Addresses": address_texts(part.addresses)}
    if part.standing:
        shown |= {"VpcId": part.standing.vpc_id, "AccountId": part.standing.world.account}
    return shown


def _called(seen: Seen, interfaces: Sequence[Interface]) -> dict[str, Json]:
    """Return by interface: its instance, and the name of either, the interface's own first."""
    ids = [one.id for one in interfaces]
    instances = {one: some[0].instance_id for one, some in seen.by(Attachment, "interface_id", ids).items()}
    tags = seen.by(Tag, "resource_id", sorted({*ids, *instances.values()}))
    names = {one: tag.value for one, some in tags.items() for tag in some if tag.key == NAME}
    return {
        one: {"instance": instances.get(one), "name": names.get(one) or names.get(instances.get(one, ""))}
        for one in ids
    }


def _end_shown(part: Part, names: Mapping[str, str], called: Mapping[str, Json]) -> Json:
    assert part.standing is not None  # noqa: S101 - what is outside is shown otherwise
    known = [called[one.id] for one in part.interfaces]
    return {
        "InterfaceIds": [one.id for one in part.interfaces],
        "Names": sorted({one["name"] for one in known if one["name"]}),
        "InstanceIds": sorted({one["instance"] for one in known if one["instance"]}),
        "GroupIds": list(part.standing.group_ids),
        "GroupNames": [names[one] for one in part.standing.group_ids if one in names],
        "VpcId": part.standing.vpc_id,
        "AccountId": part.standing.world.account,
        "Addresses": address_texts(part.addresses),
    }
