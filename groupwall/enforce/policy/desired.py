"""What should hold, as the server tells it: first all of it, then what changed, folded into one value.

An answer of DescribeDesired is a row of facts, each under a key, and of keys that are gone. An answer that is whole
stands for itself; another is laid over what was told before. So however a history is cut into answers, the same facts
come out of it (the law of DESIGN 2, for an agent).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Any, NamedTuple

from groupwall.enforce.policy.timeouts import AWS, Timeouts
from groupwall.rules.values import Direction, Peer, PortRange, Properties, Rule

Answer = Mapping[str, Any]
"""A result of DescribeDesired, or a structure in it."""


class Kind(StrEnum):
    """What a fact is about; as DescribeDesired names what is gone."""

    GROUP = "group"
    MEMBERS = "members"
    LIST = "prefix-list"
    INTERFACE = "interface"
    PEERING = "peering"
    VPC = "vpc"


class Key(NamedTuple):
    """What a fact is about. vpc_id: of members only, since in each VPC a group's rules mean others."""

    kind: Kind
    id: str
    vpc_id: str = ""


class Interface(NamedTuple):
    """A network interface. mac: 6 bytes. addresses: private, of both families, the primary one first.

    instance_id: "" for none. place: its device index there. running: whether that instance is there for packets.
    timeouts: until its silent flows are forgotten.
    """

    vpc_id: str
    groups: frozenset[str]
    addresses: tuple[str, ...]
    mac: bytes
    checked: bool
    instance_id: str
    place: int
    running: bool
    timeouts: Timeouts = AWS


class Group(NamedTuple):
    """A group. cuts: whether flows under way of its members end when no rule permits them any more."""

    rules: tuple[Rule, ...] = ()
    cuts: bool = False


Fact = Group | Interface | tuple[str, ...]
"""Of members, lists, VPCs and peerings: addresses, blocks and VPC ids."""

Facts = Mapping[Key, Fact]

_OFF = frozenset({"stopping", "stopped", "shutting-down", "terminated"})


class Desired(NamedTuple):
    """All that was told up to a revision."""

    revision: int
    facts: Facts


NOTHING = Desired(0, {})


def folded(before: Desired, answer: Answer) -> tuple[Desired, AbstractSet[Key]]:
    """Return what is known after an answer, and about what it changed."""
    told = dict(facts(answer))
    gone = set(_named(answer, "Gone"))
    if answer["Whole"]:
        gone = before.facts.keys() - told.keys()
    changed = {key for key, fact in told.items() if before.facts.get(key) != fact}
    changed |= gone & before.facts.keys()
    after = dict(before.facts)
    for key in gone:
        after.pop(key, None)
    return Desired(answer["Revision"], after | told), changed


def cuts(answer: Answer) -> AbstractSet[Key]:
    """Return what was altered so that flows under way are to end which no rule permits any more."""
    return set(_named(answer, "Cuts"))


def _named(answer: Answer, member: str) -> Iterator[Key]:
    return (Key(Kind(one["Kind"]), one["Id"], one.get("VpcId") or "") for one in answer.get(member, []))


def facts(answer: Answer) -> Iterator[tuple[Key, Fact]]:
    """Yield the facts of an answer."""
    for member, key, read in _MEMBERS:
        for one in answer.get(member, []):
            yield key(one), read(one)


def interface_of(known: Facts, interface_id: str) -> Interface | None:
    """Return an interface, None if there is none of that id."""
    found = known.get(Key(Kind.INTERFACE, interface_id))
    return found if isinstance(found, Interface) else None


def group_of(known: Facts, group_id: str) -> Group:
    """Return a group, one without rules if it is not known."""
    found = known.get(Key(Kind.GROUP, group_id))
    return found if isinstance(found, Group) else Group()


def rules_of(known: Facts, group_id: str) -> tuple[Rule, ...]:
    """Return the rules of a group, none if it is not known."""
    return group_of(known, group_id).rules


def texts_of(known: Facts, key: Key) -> tuple[str, ...]:
    """Return the addresses, blocks or ids of a fact, none if it is not known."""
    return tuple(one for one in known.get(key, ()) if isinstance(one, str))


def _group(told: Answer) -> Group:
    rules = tuple(_rule(told["GroupId"], one) for one in told.get("Rules", []))
    return Group(rules, cuts=told.get("ExistingFlows") == "cut")


def _rule(group_id: str, told: Answer) -> Rule:
    peer = next(told[name] for name in ("CidrIpv4", "CidrIpv6", "ReferencedGroupId", "PrefixListId") if told.get(name))
    ports = PortRange(told.get("FromPort", -1), told.get("ToPort", -1))
    direction = Direction.EGRESS if told["IsEgress"] else Direction.INGRESS
    properties = Properties(told["IpProtocol"], ports, Peer.of(peer))
    return Rule(told["SecurityGroupRuleId"], group_id, direction, properties, None)


def _interface(told: Answer) -> Interface:
    return Interface(
        vpc_id=told["VpcId"],
        groups=frozenset(told.get("GroupIds", [])),
        addresses=tuple(told.get("Addresses", [])),
        mac=bytes.fromhex(told["MacAddress"].replace(":", "")),
        checked=told["SourceDestCheck"],
        instance_id=told.get("InstanceId") or "",
        place=told.get("DeviceIndex") or 0,
        running=bool(told.get("InstanceId")) and told.get("InstanceState") not in _OFF,
        timeouts=_timeouts(told),
    )


def _timeouts(told: Answer) -> Timeouts:
    tcp_established, udp_stream, udp = (
        told.get(name) or usual
        for name, usual in zip(("TcpEstablishedTimeout", "UdpStreamTimeout", "UdpTimeout"), AWS, strict=True)
    )
    return Timeouts(tcp_established, udp_stream, udp)


def _texts(member: str) -> Callable[[Answer], tuple[str, ...]]:
    return lambda told: tuple(told.get(member, []))


def _by(kind: Kind, member: str) -> Callable[[Answer], Key]:
    return lambda told: Key(kind, told[member])


_MEMBERS: tuple[tuple[str, Callable[[Answer], Key], Callable[[Answer], Fact]], ...] = (
    ("Groups", _by(Kind.GROUP, "GroupId"), _group),
    ("Members", lambda told: Key(Kind.MEMBERS, told["GroupId"], told["VpcId"]), _texts("Addresses")),
    ("PrefixLists", _by(Kind.LIST, "PrefixListId"), _texts("Cidrs")),
    ("Interfaces", _by(Kind.INTERFACE, "NetworkInterfaceId"), _interface),
    ("Peerings", _by(Kind.PEERING, "VpcPeeringConnectionId"), _texts("VpcIds")),
    ("Vpcs", _by(Kind.VPC, "VpcId"), _texts("CidrBlocks")),
)
"""Member of an answer -> what each item of it is about, and what it says."""
