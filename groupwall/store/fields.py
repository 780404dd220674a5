"""The fields that conditions name: for each kind that is listed, what can be asked of it and the SQL that answers."""

from __future__ import annotations

from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Subnet, Vpc, VpcAssociation
from groupwall.store.query import Field

_WORLD = "?1"
"""The first value that a listing binds. Naming it instead of the outer row's world leaves a subquery on its own: it is
answered once, by an index, and not once for every row of the account."""


_OWNER = Field(f"(SELECT account FROM world WHERE world.world = {_WORLD})")


def _tagged(table: str) -> dict[str, Field]:
    mine = f"{table}.id IN (SELECT resource_id FROM tag WHERE tag.world = {_WORLD} AND"
    return {
        "tag": Field("tag.value", f"{mine} tag.key = :key AND {{}})"),
        "tag-key": Field("tag.key", f"{mine} {{}})"),
        "tag-value": Field("tag.value", f"{mine} {{}})"),
        "owner": _OWNER,
    }


def _permission(direction: str) -> dict[str, Field]:
    within = (
        "security_group.id IN (SELECT rule.group_id FROM rule"
        f" WHERE rule.world = {_WORLD} AND rule.direction = '{direction}' AND {{}})"
    )

    def peer(kind: str, column: str = "rule.peer") -> Field:
        return Field(column, within.format(f"rule.peer_kind = '{kind}' AND {{}}"))

    other = "security_group AS other"
    named = f"(SELECT other.name FROM {other} WHERE other.id = rule.peer)"
    owner = f"(SELECT account FROM {other} JOIN world ON world.world = other.world WHERE other.id = rule.peer)"
    fields = {
        "cidr": peer("ipv4"),
        "ipv6-cidr": peer("ipv6"),
        "prefix-list-id": peer("prefix-list"),
        "group-id": peer("group"),
        "group-name": peer("group", named),
        "user-id": peer("group", owner),
        "protocol": Field("rule.protocol", within),
        "from-port": Field("CAST(rule.from_port AS TEXT)", within),
        "to-port": Field("CAST(rule.to_port AS TEXT)", within),
    }
    return {f"{direction}.{name}": field for name, field in fields.items()}


def _blocks(family: str, table: str = "vpc") -> dict[str, Field]:
    colon = "LIKE" if family == "ipv6" else "NOT LIKE"
    within = (
        f"{table}.id IN (SELECT vpc_cidr.vpc_id FROM vpc_cidr"
        f" WHERE vpc_cidr.world = {_WORLD} AND vpc_cidr.cidr {colon} '%:%' AND {{}})"
    )
    return {
        f"{family}.cidr": Field("vpc_cidr.cidr", within),
        f"{family}.association": Field("vpc_cidr.id", within),
        f"{family}.state": Field("'associated'", within),
        f"{family}.pool": Field("'Amazon'", within),
    }


_TRUE_FALSE = "(CASE {} WHEN 1 THEN 'true' ELSE 'false' END)"

_USABLE_IN = (
    "security_group.id IN (SELECT id FROM (SELECT own.id, own.vpc_id FROM security_group AS own"
    f" WHERE own.world = {_WORLD} UNION ALL SELECT group_id, vpc_id FROM vpc_association"
    f" WHERE vpc_association.world = {_WORLD}) AS usable WHERE {{}})"
)

GROUPS = {
    "id": Field("security_group.id"),
    "name": Field("security_group.name"),
    "description": Field("security_group.description"),
    "vpc": Field("security_group.vpc_id"),
    "usable-in": Field("usable.vpc_id", _USABLE_IN),
    **_tagged("security_group"),
    **_permission("ingress"),
    **_permission("egress"),
}
RULES = {"id": Field("rule.id"), "group": Field("rule.group_id"), **_tagged("rule")}
VPCS = {
    "id": Field("vpc.id"),
    "cidr": Field("vpc.cidr"),
    "default": Field(_TRUE_FALSE.format("vpc.is_default")),
    "dhcp-options": Field("vpc.dhcp_options_id"),
    "state": Field("'available'"),
    **_tagged("vpc"),
    **_blocks("ipv4"),
    **_blocks("ipv6"),
}
SUBNETS = {
    "id": Field("subnet.id"),
    "vpc": Field("subnet.vpc_id"),
    "zone": Field("subnet.zone"),
    "cidr": Field("subnet.cidr"),
    "default": Field(_TRUE_FALSE.format("subnet.is_default")),
    "public-ips": Field(_TRUE_FALSE.format("subnet.public_ips")),
    "state": Field("'available'"),
    **_tagged("subnet"),
}
ASSOCIATIONS = {
    "group": Field("vpc_association.group_id"),
    "vpc": Field("vpc_association.vpc_id"),
    "state": Field("'associated'"),
    "owner": _OWNER,
}
FIELDS: dict[type, dict[str, Field]] = {
    Group: GROUPS,
    Rule: RULES,
    Vpc: VPCS,
    VpcAssociation: ASSOCIATIONS,
    Subnet: SUBNETS,
}
"""What can be asked of each kind that is listed by id."""

TAGS = {
    "key": Field("tag.key"),
    "value": Field("tag.value"),
    "resource": Field("tag.resource_id"),
    "resource-type": Field("tag.resource_type"),
    "tag": Field("tag.value", "tag.key = :key AND {}"),
}
CHANGES = {
    "operation": Field("change.operation"),
    "caller": Field("change.caller"),
    "request-id": Field("change.request_id"),
    "resource-id": Field("delta.id", "change.revision IN (SELECT delta.revision FROM delta WHERE {})"),
}
