"""The fields that conditions name: for each kind that is listed, what can be asked of it and the SQL that answers."""

from __future__ import annotations

from groupwall.rules.values import Rule
from groupwall.store.entities import (
    Expectation,
    Group,
    Instance,
    Interface,
    Peering,
    PrefixList,
    PrefixListEntry,
    Subnet,
    Tag,
    Vpc,
    VpcAssociation,
)
from groupwall.store.field_parts import OWNER, TRUE_FALSE, WORLD, tagged
from groupwall.store.member_fields import INSTANCES, INTERFACES
from groupwall.store.query import Field


def _permission(direction: str) -> dict[str, Field]:
    within = (
        "security_group.id IN (SELECT rule.group_id FROM rule"
        f" WHERE rule.world = {WORLD} AND rule.direction = '{direction}' AND {{}})"
    )

    def peer(kind: str, column: str = "rule.peer") -> Field:
        return Field(column, within.format(f"rule.peer_kind = '{kind}' AND {{}}"))

    other = "security_group AS other"
    named = f"rule.peer_kind = 'group' AND rule.peer IN (SELECT other.id FROM {other} WHERE {{}})"
    owner = f"(SELECT account FROM {other} JOIN world ON world.world = other.world WHERE other.id = rule.peer)"
    fields = {
        "cidr": peer("ipv4"),
        "ipv6-cidr": peer("ipv6"),
        "prefix-list-id": peer("prefix-list"),
        "group-id": peer("group"),
        "group-name": Field("other.name", within.format(named)),
        "user-id": peer("group", owner),
        "protocol": Field("rule.protocol", within),
        "from-port": Field("rule.from_port", within, number=True),
        "to-port": Field("rule.to_port", within, number=True),
    }
    return {f"{direction}.{name}": field for name, field in fields.items()}


def _blocks(table: str, family: str) -> dict[str, Field]:
    """Return what can be asked of the blocks that a VPC or a subnet has, one family of addresses at a time."""
    blocks, colon = f"{table}_cidr", "LIKE" if family == "ipv6" else "NOT LIKE"
    within = (
        f"{table}.id IN (SELECT {blocks}.{table}_id FROM {blocks}"
        f" WHERE {blocks}.world = {WORLD} AND {blocks}.cidr {colon} '%:%' AND {{}})"
    )
    return {
        f"{family}.cidr": Field(f"{blocks}.cidr", within),
        f"{family}.association": Field(f"{blocks}.id", within),
        f"{family}.state": Field("'associated'", within),
        f"{family}.pool": Field("'Amazon'", within),
    }


_USABLE_IN = (
    "security_group.id IN (SELECT id FROM (SELECT own.id, own.vpc_id FROM security_group AS own"
    f" WHERE own.world = {WORLD} UNION ALL SELECT group_id, vpc_id FROM vpc_association"
    f" WHERE vpc_association.world = {WORLD}) AS usable WHERE {{}})"
)

GROUPS = {
    "id": Field("security_group.id"),
    "name": Field("security_group.name"),
    "description": Field("security_group.description"),
    "vpc": Field("security_group.vpc_id"),
    "usable-in": Field("usable.vpc_id", _USABLE_IN),
    **tagged("security_group"),
    **_permission("ingress"),
    **_permission("egress"),
    "prefix-list": Field(
        "rule.peer",
        f"security_group.id IN (SELECT rule.group_id FROM rule WHERE rule.world = {WORLD} AND {{}})",
    ),
}
RULES = {"id": Field("rule.id"), "group": Field("rule.group_id"), **tagged("rule")}
VPCS = {
    "id": Field("vpc.id"),
    "cidr": Field("vpc.cidr"),
    "default": Field(TRUE_FALSE.format("vpc.is_default")),
    "dhcp-options": Field("vpc.dhcp_options_id"),
    "state": Field("'available'"),
    **tagged("vpc"),
    **_blocks("vpc", "ipv4"),
    **_blocks("vpc", "ipv6"),
}
_PREFIX_LENGTH = "CAST(substr(subnet.cidr, instr(subnet.cidr, '/') + 1) AS INTEGER)"
_HELD = (
    f"(SELECT count(*) FROM address WHERE address.world = {WORLD}"
    " AND address.subnet_id = subnet.id AND address.address NOT LIKE '%:%')"
)
SUBNETS = {
    "id": Field("subnet.id"),
    "arn": Field("arn", "EXISTS (SELECT 1 FROM (SELECT :key || subnet.id AS arn) WHERE {})"),
    "vpc": Field("subnet.vpc_id"),
    "zone": Field("subnet.zone"),
    "cidr": Field("subnet.cidr"),
    "available": Field(f"CAST((1 << (32 - {_PREFIX_LENGTH})) - 5 - {_HELD} AS TEXT)"),
    "default": Field(TRUE_FALSE.format("subnet.is_default")),
    "public-ips": Field(TRUE_FALSE.format("subnet.public_ips")),
    "dns64": Field(TRUE_FALSE.format("subnet.dns64")),
    "ipv6-native": Field("'false'"),
    "hostname-type": Field("subnet.hostname_type"),
    "dns-a-record": Field(TRUE_FALSE.format("subnet.dns_a_record")),
    "dns-aaaa-record": Field(TRUE_FALSE.format("subnet.dns_aaaa_record")),
    "state": Field("'available'"),
    **tagged("subnet"),
    **_blocks("subnet", "ipv6"),
}
PREFIX_LISTS = {"id": Field("prefix_list.id"), "name": Field("prefix_list.name"), **tagged("prefix_list")}
PREFIX_LIST_ENTRIES = {
    "list": Field("prefix_list_entry.list_id"),
    "last": Field("prefix_list_entry.last"),
    # The condition's key is a version, its value 0: an entry is in it that came by then and left later, or never.
    "version": Field(
        "prefix_list_entry.last", "prefix_list_entry.first <= :key AND (prefix_list_entry.last >= :key OR {})"
    ),
}
ASSOCIATIONS = {
    "group": Field("vpc_association.group_id"),
    "vpc": Field("vpc_association.vpc_id"),
    "state": Field("'associated'"),
    "owner": OWNER,
}


_ACTIVE = "peering.status = 'active'"
# The conditions' key is a time: what was asked for by then has expired.
_ASKED = "peering.status = 'pending-acceptance' AND peering.created > CAST(:key AS INTEGER)"
_EXPIRED = "peering.status = 'pending-acceptance' AND peering.created <= CAST(:key AS INTEGER)"


def _peering_cidr(end: str, told: str) -> Field:
    """Return the primary block of a side's VPC, which is told of some peerings only."""
    return Field(f"(SELECT vpc.cidr FROM vpc WHERE vpc.id = peering.{end}_vpc)", f"({told}) AND {{}}")


def _peering_status(column: str, expired: str) -> Field:
    """Return a column as it reads now."""
    now = f"SELECT CASE WHEN {_EXPIRED} THEN '{expired}' ELSE peering.{column} END AS text"
    return Field("shown.text", f"EXISTS (SELECT 1 FROM ({now}) AS shown WHERE {{}})")


PEERINGS = {
    "id": Field("peering.id"),
    "status": _peering_status("status", "expired"),
    "message": _peering_status("message", "Expired"),
    "expiration": Field(
        "strftime('%Y-%m-%dT%H:%M:%fZ', peering.created / 1000.0 + 604800, 'unixepoch')",
        f"{_ASKED} AND {{}}",
    ),
    **{f"{end}-owner": Field(f"peering.{end}_account") for end in ("requester", "accepter")},
    **{f"{end}-vpc": Field(f"peering.{end}_vpc") for end in ("requester", "accepter")},
    "requester-cidr": _peering_cidr("requester", f"{_ACTIVE} OR {_ASKED}"),
    "accepter-cidr": _peering_cidr("accepter", _ACTIVE),
    **tagged("peering"),
}

TAGS = {
    "key": Field("tag.key"),
    "value": Field("tag.value"),
    "resource": Field("tag.resource_id"),
    "resource-type": Field("tag.resource_type"),
    "tag": Field("tag.value", "tag.key = :key AND {}"),
    # The condition's key is a time: visible is every tag but those of an instance that came to this state by then.
    "visible": Field(
        "instance.state",
        f"NOT EXISTS (SELECT 1 FROM instance WHERE instance.world = {WORLD} AND instance.id = tag.resource_id"
        " AND instance.since <= CAST(:key AS INTEGER) AND {})",
    ),
}

FIELDS: dict[type, dict[str, Field]] = {
    Peering: PEERINGS,
    Interface: INTERFACES,
    Group: GROUPS,
    Instance: INSTANCES,
    Rule: RULES,
    Vpc: VPCS,
    VpcAssociation: ASSOCIATIONS,
    Subnet: SUBNETS,
    PrefixList: PREFIX_LISTS,
    PrefixListEntry: PREFIX_LIST_ENTRIES,
    Tag: TAGS,
    Expectation: {"name": Field("expectation.name")},
}
"""What can be asked of each kind that is listed."""

_AFTER = "?2"
"""The second value that a listing of changes binds. Who follows what becomes of a group does not pay for its past."""

_TELLS_OF = (
    "change.revision IN (SELECT told.revision FROM (SELECT id, revision FROM delta UNION ALL"
    f" SELECT id, revision FROM mention) AS told WHERE told.revision > {_AFTER} AND {{}})"
)
"""A change did something to an entity, to what is its own, or to a rule that names it."""

CHANGES = {
    "tells-of": Field("told.id", _TELLS_OF),
    "operation": Field("change.operation"),
    "caller": Field("change.caller"),
    "request-id": Field("change.request_id"),
    "resource-id": Field("delta.id", "change.revision IN (SELECT delta.revision FROM delta WHERE {})"),
}
