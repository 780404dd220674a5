"""How each noun lies in its table, and what its kind is called.

A delta names an entity by (kind, id) and carries its columns before and after, so the tables can be rebuilt from the
deltas alone (``fold(deltas) == tables``). World and secrets are told apart here: the columns that a delta carries never
hold a secret.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, get_type_hints

from groupwall.rules.values import Direction, Peer, PeerKind, PortRange, Properties, Rule
from groupwall.store.entities import (
    AccessKey,
    Address,
    Attachment,
    Confirmation,
    Expectation,
    Group,
    Host,
    Instance,
    Interface,
    Member,
    Peering,
    PrefixList,
    PrefixListEntry,
    Principal,
    Reference,
    Subnet,
    SubnetCidr,
    Tag,
    Token,
    Vpc,
    VpcAssociation,
    VpcCidr,
    World,
)

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """How one kind of value lies in its table.

    columns are those of a delta, in the table's order; key those that find the row, and the order in which rows are
    read; to_row and from_row are inverses. A table whose rows are of one world has that world as its first column.
    listed_by: the columns that a listing is ordered by, and goes on after. scope: the test that world number ``?1``
    sees a row that is found by something else; listing: the test of the rows that it sees, where that is another one.
    """

    kind: str
    table: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    id_of: Callable[[Any], str]
    to_row: Callable[[Any], Row]
    from_row: Callable[[Row], Any]
    in_world: bool = True
    listed_by: tuple[str, ...] = ("id",)
    scope: str = "world = ?1"
    listing: str = ""


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


def _plain(kind: str, value: type[Any], *key: str, **more: Any) -> Entity:  # noqa: ANN401 - the rest of an entity
    """Return the entity of a value whose members are the columns of the table named after its kind.

    key: the columns that find the row, which are also its id, joined by slashes; the id where none are given.
    """
    fields: tuple[str, ...] = value._fields
    kinds = get_type_hints(value)
    flags = {place for place, name in enumerate(fields) if kinds[name] is bool}

    def from_row(row: Row) -> Any:  # noqa: ANN401 - the value's own type, known to the caller
        return value(*(bool(item) if place in flags else item for place, item in enumerate(row)))

    table, read = kind.replace("-", "_"), from_row if flags else value._make
    return Entity(kind, table, fields, key or ("id",), _id_of(*key), tuple, read, **more)


def _id_of(*key: str) -> Callable[[Any], str]:
    return (lambda value: "/".join(str(getattr(value, name)) for name in key)) if key else attrgetter("id")


# A request that failed was never the accepter's: it may name an account or a VPC that is not there.
_IS_A_SIDE = (
    "EXISTS (SELECT 1 FROM world WHERE world.world = ?1 AND ((account, region) = (requester_account, requester_region)"
    " OR (account, region) = (accepter_account, accepter_region) AND status != 'failed'))"
)
_OF_BOTH_SIDES = " UNION ".join(
    f"SELECT side.id FROM world JOIN peering AS side ON side.{end}_account = world.account"
    f" AND side.{end}_region = world.region{told} WHERE world.world = ?1"
    for end, told in (("requester", ""), ("accepter", " AND side.status != 'failed'"))
)


ENTITIES: dict[type[Any], Entity] = {
    World: Entity(
        "world", "world", ("account", "region"), ("account", "region"),
        "/".join, tuple, lambda row: World(*row),
    ),
    Vpc: _plain("vpc", Vpc),
    VpcCidr: _plain("vpc-cidr", VpcCidr),
    Subnet: _plain("subnet", Subnet),
    SubnetCidr: _plain("subnet-cidr", SubnetCidr),
    Group: _plain("security-group", Group),
    Rule: Entity(
        "security-group-rule", "rule",
        ("group_id", "direction", "protocol", "from_port", "to_port", "peer", "peer_kind", "id", "description"),
        ("group_id", "direction", "protocol", "from_port", "to_port", "peer"),
        lambda rule: rule.id, rule_to_row, rule_from_row,
    ),
    Reference: _plain("reference", Reference, "rule_id", "peering_id"),
    VpcAssociation: _plain(
        "vpc-association", VpcAssociation, "group_id", "vpc_id", listed_by=("group_id", "vpc_id")
    ),
    Interface: _plain("network-interface", Interface),
    Address: _plain("address", Address, "subnet_id", "address"),
    Member: _plain("member", Member, "interface_id", "group_id"),
    Attachment: _plain("attachment", Attachment),
    Instance: _plain("instance", Instance, listed_by=("reservation_id", "id")),
    PrefixList: _plain("prefix-list", PrefixList),
    PrefixListEntry: _plain("prefix-list-entry", PrefixListEntry, "list_id", "cidr", "first", listed_by=("cidr",)),
    Peering: _plain("peering", Peering, in_world=False, scope=_IS_A_SIDE, listing=f"id IN ({_OF_BOTH_SIDES})"),
    Token: _plain("token", Token, "token", "operation"),
    Tag: _plain("tag", Tag, "resource_id", "key", listed_by=("resource_id", "key")),
    Expectation: _plain("expectation", Expectation, "name", listed_by=("name",)),
    Confirmation: _plain("confirmation", Confirmation, "revision", listed_by=("revision",)),
    Host: _plain("host", Host, "name", listed_by=("name",)),
    AccessKey: _plain("access-key", AccessKey, in_world=False),
    Principal: _plain("principal", Principal, in_world=False),
}  # fmt: skip

BY_KIND: dict[str, type[Any]] = {entity.kind: value for value, entity in ENTITIES.items()}
