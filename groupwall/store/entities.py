"""What the store keeps: one value, one table and one name of its kind for each noun.

A delta names an entity by (kind, id) and carries its columns before and after, so the tables can be rebuilt from the
deltas alone (``fold(deltas) == tables``). World and secrets are told apart here: the columns that a delta carries never
hold a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, get_type_hints

from groupwall.rules.values import Direction, Peer, PeerKind, PortRange, Properties, Rule


class World(NamedTuple):
    """One account in one region; everything else but access keys lives in exactly one."""

    account: str
    region: str


class Vpc(NamedTuple):
    """A VPC; ``cidr`` is its primary IPv4 block."""

    id: str
    cidr: str
    tenancy: str
    is_default: bool
    dhcp_options_id: str


class VpcCidr(NamedTuple):
    """One block of a VPC, IPv4 or IPv6; ``id`` is the association's."""

    id: str
    vpc_id: str
    cidr: str


class Subnet(NamedTuple):
    """A subnet; ``is_default`` says that it is its zone's default."""

    id: str
    vpc_id: str
    zone: str
    cidr: str
    is_default: bool
    public_ips: bool


class Group(NamedTuple):
    """A security group."""

    id: str
    vpc_id: str
    name: str
    description: str


class Tag(NamedTuple):
    """One tag of one resource."""

    resource_id: str
    key: str
    value: str
    resource_type: str


class AccessKey(NamedTuple):
    """An access key without its secret, which no delta may carry. ``user`` is empty for the account's root."""

    id: str
    account: str
    user: str
    status: str
    created: int


Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """How one kind of value lies in its table.

    columns are those of a delta, in the table's order; key those that find the row; to_row and from_row are inverses. A
    table whose rows are of one world has that world as its first column.
    """

    kind: str
    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    id_of: Callable[[Any], str]
    to_row: Callable[[Any], Row]
    from_row: Callable[[Row], Any]
    in_world: bool = True


def rule_to_row(rule: Rule) -> Row:
    """Return the columns of a rule, peer kind included so that quotas and filters can count by it."""
    protocol, (first, last), (kind, text) = rule.properties
    return (rule.group_id, rule.direction, protocol, first, last, text, kind, rule.id, rule.description)


def rule_from_row(row: Row) -> Rule:
    """Return the rule that ``rule_to_row`` wrote."""
    group_id, direction, protocol, first, last, peer, kind, rule_id, description = row
    properties = Properties(protocol, PortRange(first, last), Peer(_PEER_KINDS[kind], peer))
    return Rule(rule_id, group_id, _DIRECTIONS[direction], properties, description)


# A look-up costs a twentieth of a call of the enumeration, and a listing makes one for each of thousands of rules.
_PEER_KINDS = {kind.value: kind for kind in PeerKind}
_DIRECTIONS = {direction.value: direction for direction in Direction}


def _plain(kind: str, table: str, value: type[Any], key: tuple[str, ...] = ("id",)) -> Entity:
    fields: tuple[str, ...] = value._fields
    kinds = get_type_hints(value)
    flags = {place for place, name in enumerate(fields) if kinds[name] is bool}

    def from_row(row: Row) -> Any:  # noqa: ANN401 - the value's own type, known to the caller
        return value(*(bool(item) if place in flags else item for place, item in enumerate(row)))

    return Entity(kind, table, fields, key, lambda v: v.id, tuple, from_row if flags else value._make)


ENTITIES: dict[type[Any], Entity] = {
    World: Entity(
        "world", "world", ("account", "region"), ("account", "region"),
        "/".join, tuple, lambda row: World(*row),
    ),
    Vpc: _plain("vpc", "vpc", Vpc),
    VpcCidr: _plain("vpc-cidr", "vpc_cidr", VpcCidr),
    Subnet: _plain("subnet", "subnet", Subnet),
    Group: _plain("security-group", "security_group", Group),
    Rule: Entity(
        "security-group-rule", "rule",
        ("group_id", "direction", "protocol", "from_port", "to_port", "peer", "peer_kind", "id", "description"),
        ("group_id", "direction", "protocol", "from_port", "to_port", "peer"),
        lambda rule: rule.id, rule_to_row, rule_from_row,
    ),
    Tag: Entity(
        "tag", "tag", Tag._fields, ("resource_id", "key"),
        lambda tag: f"{tag.resource_id}/{tag.key}", tuple, lambda row: Tag(*row),
    ),
    AccessKey: Entity(
        "access-key", "access_key", AccessKey._fields, ("id",),
        lambda key: key.id, tuple, lambda row: AccessKey(*row), in_world=False,
    ),
}  # fmt: skip
