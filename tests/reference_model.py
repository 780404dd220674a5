"""Security groups once more, as simply as the reference tells them: what the state machine holds groupwall to.

It shares no line with groupwall. Spellings and their canonical forms are a table here, not an algorithm, so that a
mistake in reading addresses cannot be made twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

BAD = "InvalidParameterValue"
UNKNOWN_GROUP = "sg-00000000"
QUOTA = 6
PROTOCOLS = {
    "tcp": "tcp", "6": "tcp", "TCP": "tcp", "udp": "udp", "17": "udp", "icmp": "icmp", "1": "icmp", "icmpv6": "icmpv6",
    "-1": "-1", "50": "50", "esp": None, "all": None, "256": None,
}  # fmt: skip
BLOCKS = {
    "0.0.0.0/0": "0.0.0.0/0", "1.2.3.4/0": "0.0.0.0/0", "10.0.0.0/8": "10.0.0.0/8", "10.9.8.7/8": "10.0.0.0/8",
    "10.0.0.0/16": "10.0.0.0/16", "::/0": "::/0", "2001:DB8::1/32": "2001:db8::/32", "2001:db8::/32": "2001:db8::/32",
    "/32": None, "10.0.0.0/33": None,
}  # fmt: skip
DESCRIPTIONS = {None: True, "": True, "office": True, "Office": True, "a&b": True, "it's": False, "a" * 256: False}


class Key(NamedTuple):
    """What makes a rule that rule within its group and direction."""

    protocol: str
    first: int
    last: int
    peer: str


class Wanted(NamedTuple):
    """One rule as a request writes it."""

    protocol: str
    first: int | None
    last: int | None
    source: str
    description: str | None


class Stored(NamedTuple):
    """What is known of a rule besides its key; an empty description is none."""

    rule_id: str
    description: str


class Place(NamedTuple):
    """A group and a direction."""

    group: str
    side: str


class Removed(NamedTuple):
    """What a revoke should answer: the ids that go, and the keys that are unknown."""

    ids: list[str]
    unknown: list[Key]


class Refused(Exception):
    """The call should be refused with one of these codes; which one comes first the reference does not say."""

    def __init__(self, *codes: str) -> None:
        super().__init__(*codes)
        self.codes = set(codes)


@dataclass
class Account:
    """One world: its VPCs and groups, and the rules of each group and direction."""

    default_vpc: str | None
    vpcs: set[str] = field(default_factory=set)
    groups: dict[str, tuple[str, str]] = field(default_factory=dict)
    rules: dict[Place, dict[Key, Stored]] = field(default_factory=dict)

    def named(self, vpc: str | None, name: str) -> str | None:
        """Return the group of a VPC that has a name, in whatever case."""
        wanted = (vpc, name.lower())
        return next((g for g, (where, its) in self.groups.items() if (where, its.lower()) == wanted), None)

    def add_group(self, group: str, vpc: str, name: str) -> None:
        """Note a group with the rules that AWS gives it, whose ids come with the first look."""
        self.groups[group] = (vpc, name)
        everything = Key("-1", -1, -1, "0.0.0.0/0")
        self.rules[Place(group, "Egress")] = {everything: Stored("", "")}
        own = {Key("-1", -1, -1, group): Stored("", "")} if name == "default" else {}
        self.rules[Place(group, "Ingress")] = own

    def check_new_group(self, vpc: str | None, name: str) -> None:
        """Raise Refused unless the group can be made."""
        if name.lower() == "default":
            raise Refused(BAD)
        if vpc is None:
            raise Refused("VPCIdNotSpecified")
        if vpc not in self.vpcs:
            raise Refused("InvalidVpcID.NotFound")
        if self.named(vpc, name):
            raise Refused("InvalidGroup.Duplicate")

    def remove_group(self, group: str) -> None:
        """Delete a group, or raise Refused."""
        if group not in self.groups:
            raise Refused("InvalidGroup.NotFound")
        if self.groups[group][1] == "default":
            raise Refused("CannotDelete")
        others = (key.peer for place, rules in self.rules.items() if place.group != group for key in rules)
        if group in others:
            raise Refused("DependencyViolation")
        self._drop(group)

    def remove_vpc(self, vpc: str) -> None:
        """Delete a VPC with its default group, or raise Refused."""
        inside = [group for group, (where, _) in self.groups.items() if where == vpc]
        if vpc == self.default_vpc or len(inside) > 1:
            raise Refused("DependencyViolation")
        self.vpcs.remove(vpc)
        self._drop(inside[0])

    def _drop(self, group: str) -> None:
        del self.groups[group]
        for side in ("Ingress", "Egress"):
            del self.rules[Place(group, side)]

    def authorize(self, place: Place, wanted: Sequence[Wanted]) -> list[Key]:
        """Return the keys to be added, or raise Refused; the caller adds them with the ids that it is told."""
        keys = self._read(place, wanted)
        codes = {"InvalidPermission.Duplicate" for key in keys if key in self.rules[place]}
        codes |= {"InvalidGroup.NotFound" for key in keys if not self._may_be_source(place, key.peer)}
        if _weight([*keys, *self.rules[place]]) > QUOTA:
            codes.add("RulesPerSecurityGroupLimitExceeded")
        if codes:
            raise Refused(*codes)
        return keys

    def _may_be_source(self, place: Place, peer: str) -> bool:
        return not peer.startswith("sg-") or (
            peer in self.groups and self.groups[peer][0] == self.groups[place.group][0]
        )

    def revoke(self, place: Place, wanted: Sequence[Wanted]) -> Removed:
        """Remove what is named by properties, or raise Refused."""
        asked = list(zip(self._read(place, wanted), wanted, strict=True))
        rules = self.rules[place]
        found = [key for key, one in asked if key in rules and one.description in (None, rules[key].description)]
        unknown = [key for key, _ in asked if key not in found]
        if unknown and self.groups[place.group][0] != self.default_vpc:
            raise Refused("InvalidPermission.NotFound")
        return Removed([rules.pop(key).rule_id for key in found], unknown)

    def revoke_ids(self, place: Place, ids: Iterable[str]) -> Removed:
        """Remove what is named by id, or raise Refused."""
        if place.group not in self.groups:
            raise Refused("InvalidGroup.NotFound")
        of = {stored.rule_id: key for key, stored in self.rules[place].items()}
        wanted = list(dict.fromkeys(ids))
        if not wanted:
            raise Refused("MissingParameter")
        if not of.keys() >= set(wanted):
            raise Refused("InvalidSecurityGroupRuleId.NotFound")
        for rule_id in wanted:
            del self.rules[place][of[rule_id]]
        return Removed(wanted, [])

    def modify(self, group: str, changes: Sequence[tuple[str, Wanted]]) -> None:
        """Replace rules named by id, or raise Refused."""
        where = self._rules_by_id(group)
        if not where.keys() >= {rule_id for rule_id, _ in changes}:
            raise Refused("InvalidSecurityGroupRuleId.NotFound")
        if len(dict(changes)) < len(changes):
            raise Refused(BAD)
        after = {rule_id: (where[rule_id][0], self._changed(where[rule_id], one)) for rule_id, one in changes}
        if len(set((where | after).values())) < len(where):
            raise Refused("InvalidPermission.Duplicate")
        for place, key in (where[rule_id] for rule_id, _ in changes):
            del self.rules[place][key]
        for rule_id, one in changes:
            place, key = after[rule_id]
            self.rules[place][key] = Stored(rule_id, one.description or "")

    def _rules_by_id(self, group: str) -> dict[str, tuple[Place, Key]]:
        if group not in self.groups:
            raise Refused("InvalidGroup.NotFound")
        places = [Place(group, side) for side in ("Ingress", "Egress")]
        return {stored.rule_id: (place, key) for place in places for key, stored in self.rules[place].items()}

    def _changed(self, rule: tuple[Place, Key], one: Wanted) -> Key:
        (place, before), key = rule, _key(one)
        if _kind(before.peer) != _kind(key.peer):
            raise Refused(BAD)
        if key.peer != before.peer and not self._may_be_source(place, key.peer):
            raise Refused("InvalidGroup.NotFound", "InvalidPermission.Duplicate", BAD)
        return key

    def describe(self, place: Place, wanted: Sequence[Wanted]) -> None:
        """Describe rules named by properties anew, or raise Refused."""
        keys = self._read(place, wanted)
        rules = self.rules[place]
        if not rules.keys() >= set(keys):
            raise Refused("InvalidPermission.NotFound")
        for key, one in zip(keys, wanted, strict=True):
            rules[key] = rules[key]._replace(description=one.description or "")

    def _read(self, place: Place, wanted: Sequence[Wanted]) -> list[Key]:
        if place.group not in self.groups:
            raise Refused("InvalidGroup.NotFound")
        if not wanted:
            raise Refused("MissingParameter")
        keys = [_key(one) for one in wanted]
        if len(set(keys)) < len(keys):
            raise Refused(BAD)
        return keys


def _kind(peer: str) -> str:
    return "group" if peer.startswith("sg-") else "IPv6" if ":" in peer else "IPv4"


def _weight(keys: Iterable[Key]) -> int:
    """Return the larger of the two families' counts; a group counts in both."""
    peers = [key.peer for key in keys]
    return max(sum(":" not in peer for peer in peers), sum(":" in peer or peer.startswith("sg-") for peer in peers))


def _key(one: Wanted) -> Key:
    protocol = PROTOCOLS[one.protocol]
    peer = one.source if one.source.startswith("sg-") else BLOCKS[one.source]
    if protocol is None or peer is None or not DESCRIPTIONS[one.description]:
        raise Refused(BAD)
    return Key(protocol, *_ports(protocol, one.first, one.last), peer)


def _ports(protocol: str, first: int | None, last: int | None) -> tuple[int, int]:
    if protocol in ("-1", "50") or (protocol == "icmpv6" and first is last is None):
        return -1, -1
    if first is None or last is None:
        raise Refused(BAD)
    if protocol in ("tcp", "udp"):
        good = 0 <= first <= last <= 65535
    else:
        good = -1 <= first <= 255 and -1 <= last <= 255 and (first != -1 or last == -1)
    if not good:
        raise Refused(BAD)
    return first, last
