"""What a store holds, to be compared before a change and after its undo: every row, and what clients are told."""

from __future__ import annotations

from typing import Any

from groupwall.store.entities import Confirmation, World
from groupwall.store.tables import ENTITIES
from tests.driver import Wall
from tests.scenes import Json

Rows = dict[str, set[tuple[Any, ...]]]

_LEFT_OUT = (Confirmation,)
"""Tells of changes, and is never undone."""

_LISTINGS = (
    "DescribeSecurityGroups", "DescribeSecurityGroupRules", "DescribeVpcs", "DescribeSubnets", "DescribeTags",
    "DescribeNetworkInterfaces", "DescribeInstances", "DescribeManagedPrefixLists", "DescribeVpcPeeringConnections",
    "DescribeSecurityGroupVpcAssociations",
)  # fmt: skip


def rows(wall: Wall) -> Rows:
    """Return the rows of every table of entities, of all worlds."""
    connection = wall.store._connection  # noqa: SLF001 - only a test looks at tables
    return {
        entity.table: set(connection.execute(f"SELECT * FROM {entity.table}"))  # noqa: S608 - the schema's own name
        for kind, entity in ENTITIES.items()
        if kind not in _LEFT_OUT
    }


def altered(before: Rows, after: Rows) -> set[str]:
    """Return the ids of the entities whose rows are not what they were."""
    found: set[str] = set()
    for entity in ENTITIES.values():
        start = 1 if entity.in_world else 0
        for row in before.get(entity.table, set()) ^ after.get(entity.table, set()):
            found.add(entity.id_of(entity.from_row(row[start:])))
    return found


def now(wall: Wall) -> dict[tuple[str, str], Json]:
    """Return the columns of every entity of the wall's world and of none, by kind and id."""
    number = wall.store.read(lambda tx: (tx.enter(World(wall.account, wall.region)), tx.world)[1])
    held_now = {}
    for entity in ENTITIES.values():
        for row in rows(wall).get(entity.table, set()):
            if not entity.in_world or row[0] == number:
                value = entity.from_row(row[1:] if entity.in_world else row)
                columns = dict(zip(entity.columns, entity.to_row(value), strict=True))
                held_now[entity.kind, entity.id_of(value)] = columns
    return held_now


_LEADS = (
    ("rule", "group_id", "security_group"), ("member", "group_id", "security_group"),
    ("member", "interface_id", "network_interface"), ("address", "interface_id", "network_interface"),
    ("network_interface", "subnet_id", "subnet"), ("network_interface", "vpc_id", "vpc"), ("subnet", "vpc_id", "vpc"),
    ("security_group", "vpc_id", "vpc"), ("vpc_cidr", "vpc_id", "vpc"), ("subnet_cidr", "subnet_id", "subnet"),
    ("reference", "rule_id", "rule"), ("attachment", "interface_id", "network_interface"),
    ("attachment", "instance_id", "instance"), ("prefix_list_entry", "list_id", "prefix_list"),
    ("vpc_association", "group_id", "security_group"), ("vpc_association", "vpc_id", "vpc"),
)  # fmt: skip
_ODD = {
    "a rule of a list that is gone":
        "SELECT id FROM rule WHERE peer_kind = 'prefix-list' AND peer NOT IN (SELECT id FROM prefix_list)",
    "a rule of a group that is gone, without a reference":
        "SELECT id FROM rule WHERE peer_kind = 'group' AND peer NOT IN (SELECT id FROM security_group)"
        " AND id NOT IN (SELECT rule_id FROM reference)",
    "a member from elsewhere":
        "SELECT member.group_id FROM member JOIN network_interface AS i ON i.id = interface_id JOIN security_group AS g"
        " ON g.id = member.group_id WHERE i.vpc_id != g.vpc_id AND NOT EXISTS (SELECT 1 FROM vpc_association AS a"
        " WHERE a.group_id = g.id AND a.vpc_id = i.vpc_id)",
    "an interface without an address":
        "SELECT id FROM network_interface WHERE id NOT IN (SELECT interface_id FROM address WHERE is_primary)",
    "two current entries":
        "SELECT list_id FROM prefix_list_entry WHERE last = 0 GROUP BY list_id, cidr HAVING count(*) > 1",
    "a tag of nothing":
        "SELECT resource_id FROM tag WHERE resource_id NOT IN (SELECT id FROM security_group UNION SELECT id FROM rule"
        " UNION SELECT id FROM vpc UNION SELECT id FROM subnet UNION SELECT id FROM instance UNION SELECT id FROM"
        " network_interface UNION SELECT id FROM peering UNION SELECT id FROM prefix_list)",
}  # fmt: skip


def odd_rows(wall: Wall) -> list[str]:
    """Return what does not hang together in the tables, found by other means than groupwall's own."""
    connection = wall.store._connection  # noqa: SLF001 - as above
    queries = _ODD | {
        f"{table}.{column}": f"SELECT {column} FROM {table} WHERE {column} NOT IN (SELECT id FROM {other})"  # noqa: S608
        for table, column, other in _LEADS
    }
    return [f"{name}: {row[0]}" for name, query in queries.items() for row in connection.execute(query)]


def described(wall: Wall) -> list[Json]:
    """Return what a world tells of itself."""
    return [wall.ask(name) for name in _LISTINGS]


def held(wall: Wall) -> tuple[Rows, list[Json]]:
    """Return both."""
    return rows(wall), described(wall)
