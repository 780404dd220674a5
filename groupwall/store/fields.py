"""The fields that conditions name: for each kind that is listed, what can be asked of it and the SQL that answers."""

from __future__ import annotations

from groupwall.rules.values import Rule
from groupwall.store.entities import (
    Group,
    Instance,
    Interface,
    Peering,
    PrefixList,
    PrefixListEntry,
    Subnet,
    Vpc,
    VpcAssociation,
)
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


def _blocks(table: str, family: str) -> dict[str, Field]:
    """Return what can be asked of the blocks that a VPC or a subnet has, one family of addresses at a time."""
    blocks, colon = f"{table}_cidr", "LIKE" if family == "ipv6" else "NOT LIKE"
    within = (
        f"{table}.id IN (SELECT {blocks}.{table}_id FROM {blocks}"
        f" WHERE {blocks}.world = {_WORLD} AND {blocks}.cidr {colon} '%:%' AND {{}})"
    )
    return {
        f"{family}.cidr": Field(f"{blocks}.cidr", within),
        f"{family}.association": Field(f"{blocks}.id", within),
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
    "prefix-list": Field(
        "rule.peer",
        f"security_group.id IN (SELECT rule.group_id FROM rule WHERE rule.world = {_WORLD} AND {{}})",
    ),
}
RULES = {"id": Field("rule.id"), "group": Field("rule.group_id"), **_tagged("rule")}
VPCS = {
    "id": Field("vpc.id"),
    "cidr": Field("vpc.cidr"),
    "default": Field(_TRUE_FALSE.format("vpc.is_default")),
    "dhcp-options": Field("vpc.dhcp_options_id"),
    "state": Field("'available'"),
    **_tagged("vpc"),
    **_blocks("vpc", "ipv4"),
    **_blocks("vpc", "ipv6"),
}
_PREFIX_LENGTH = "CAST(substr(subnet.cidr, instr(subnet.cidr, '/') + 1) AS INTEGER)"
_HELD = (
    f"(SELECT count(*) FROM address WHERE address.world = {_WORLD}"
    " AND address.subnet_id = subnet.id AND address.address NOT LIKE '%:%')"
)
SUBNETS = {
    "id": Field("subnet.id"),
    "arn": Field("arn", "EXISTS (SELECT 1 FROM (SELECT :key || subnet.id AS arn) WHERE {})"),
    "vpc": Field("subnet.vpc_id"),
    "zone": Field("subnet.zone"),
    "cidr": Field("subnet.cidr"),
    "available": Field(f"CAST((1 << (32 - {_PREFIX_LENGTH})) - 5 - {_HELD} AS TEXT)"),
    "default": Field(_TRUE_FALSE.format("subnet.is_default")),
    "public-ips": Field(_TRUE_FALSE.format("subnet.public_ips")),
    "dns64": Field(_TRUE_FALSE.format("subnet.dns64")),
    "ipv6-native": Field("'false'"),
    "hostname-type": Field("subnet.hostname_type"),
    "dns-a-record": Field(_TRUE_FALSE.format("subnet.dns_a_record")),
    "dns-aaaa-record": Field(_TRUE_FALSE.format("subnet.dns_aaaa_record")),
    "state": Field("'available'"),
    **_tagged("subnet"),
    **_blocks("subnet", "ipv6"),
}
PREFIX_LISTS = {"id": Field("prefix_list.id"), "name": Field("prefix_list.name"), **_tagged("prefix_list")}
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
    "owner": _OWNER,
}


def _of_interface(table: str, column: str, more: str = "") -> Field:
    within = (
        f"network_interface.id IN (SELECT {table}.interface_id FROM {table}"
        f" WHERE {table}.world = {_WORLD}{more} AND {{}})"
    )
    return Field(column, within)


_HOME = f"(SELECT {{}} FROM world WHERE world.world = {_WORLD})"
_SUFFIX = _HOME.format(
    "CASE region WHEN 'us-east-1' THEN '.ec2.internal' ELSE '.' || region || '.compute.internal' END"
)
_ATTACHED = (
    f"EXISTS (SELECT 1 FROM attachment WHERE attachment.world = {_WORLD} AND interface_id = network_interface.id)"
)
INTERFACES = {
    "id": Field("network_interface.id"),
    "subnet": Field("network_interface.subnet_id"),
    "vpc": Field("network_interface.vpc_id"),
    "description": Field("network_interface.description"),
    "mac": Field("network_interface.mac"),
    "kind": Field("network_interface.kind"),
    "source-dest-check": Field(_TRUE_FALSE.format("network_interface.source_dest_check")),
    "status": Field(f"(CASE {_ATTACHED} WHEN 1 THEN 'in-use' ELSE 'available' END)"),
    "managed": Field("'false'"),
    "nothing": Field("NULL"),
    "zone": Field(
        "subnet.zone",
        f"network_interface.subnet_id IN (SELECT subnet.id FROM subnet WHERE subnet.world = {_WORLD} AND {{}})",
    ),
    "group": _of_interface("member", "member.group_id"),
    "address": _of_interface("address", "address.address", " AND address.number != 0"),
    "address.primary": _of_interface("address", _TRUE_FALSE.format("address.is_primary"), " AND address.number != 0"),
    "address.ipv6": _of_interface("address", "address.address", " AND address.number = 0"),
    "name": _of_interface(
        "address", f"('ip-' || replace(address.address, '.', '-') || {_SUFFIX})", " AND address.number != 0"
    ),
    "attachment.id": _of_interface("attachment", "attachment.id"),
    "attachment.instance": _of_interface("attachment", "attachment.instance_id"),
    "attachment.device": _of_interface("attachment", "CAST(attachment.device AS TEXT)"),
    "attachment.delete": _of_interface("attachment", _TRUE_FALSE.format("attachment.delete_on_termination")),
    "attachment.owner": _of_interface("attachment", _HOME.format("account")),
    "attachment.status": _of_interface("attachment", "'attached'"),
    "attachment.time": _of_interface(
        "attachment", "strftime('%Y-%m-%dT%H:%M:%S.000Z', attachment.time / 1000, 'unixepoch')"
    ),
    **_tagged("network_interface"),
}


def _peering_cidr(end: str, *told: str) -> Field:
    """Return the primary block of a side's VPC, which is told in some states only."""
    states = ", ".join(f"'{state}'" for state in told)
    return Field(
        f"(SELECT vpc.cidr FROM vpc WHERE vpc.id = peering.{end}_vpc)", f"peering.status IN ({states}) AND {{}}"
    )


def _peering_status(column: str, expired: str) -> Field:
    """Return a column as it reads now, where ``:key`` is the time before which a request was made that has expired."""
    late = "peering.status = 'pending-acceptance' AND peering.created <= CAST(:key AS INTEGER)"
    now = f"SELECT CASE WHEN {late} THEN '{expired}' ELSE peering.{column} END AS text"
    return Field("shown.text", f"EXISTS (SELECT 1 FROM ({now}) AS shown WHERE {{}})")


PEERINGS = {
    "id": Field("peering.id"),
    "status": _peering_status("status", "expired"),
    "message": _peering_status("message", "Expired"),
    "expiration": Field(
        "strftime('%Y-%m-%dT%H:%M:%fZ', peering.created / 1000.0 + 604800, 'unixepoch')",
        "peering.status = 'pending-acceptance' AND {}",
    ),
    **{f"{end}-owner": Field(f"peering.{end}_account") for end in ("requester", "accepter")},
    **{f"{end}-vpc": Field(f"peering.{end}_vpc") for end in ("requester", "accepter")},
    "requester-cidr": _peering_cidr("requester", "pending-acceptance", "active"),
    "accepter-cidr": _peering_cidr("accepter", "active"),
    **_tagged("peering"),
}

def _on_interfaces(field: Field) -> Field:
    """Return what is asked of an instance's interfaces, from what is asked of an interface."""
    return Field(
        field.column,
        f"instance.id IN (SELECT attachment.instance_id FROM attachment WHERE attachment.world = {_WORLD}"
        " AND attachment.interface_id IN (SELECT network_interface.id FROM network_interface"
        f" WHERE network_interface.world = {_WORLD} AND ({field.clause})))",
    )


def _on_devices(column: str, table: str, more: str = "") -> Field:
    """Return what is asked of what belongs to an instance's interfaces."""
    return Field(
        column,
        f"instance.id IN (SELECT attachment.instance_id FROM attachment JOIN {table} ON {table}.world ="
        f" attachment.world AND {table}.interface_id = attachment.interface_id{more}"
        f" WHERE attachment.world = {_WORLD} AND {{}})",
    )


def _on_primary(column: str, table: str, more: str = "") -> Field:
    """Return what is asked of what belongs to an instance's primary interface."""
    return _on_devices(column, table, f" AND attachment.device = 0{more}")


_NAMED = " JOIN security_group ON security_group.world = member.world AND security_group.id = member.group_id"
_REASON_CODE = "CASE instance.state WHEN 'running' THEN NULL ELSE 'Client.UserInitiatedShutdown' END"
_SINCE = "strftime('%Y-%m-%d %H:%M:%S GMT', instance.since / 1000, 'unixepoch')"
_REASON = f"CASE instance.state WHEN 'running' THEN '' ELSE 'User initiated (' || {_SINCE} || ')' END"
_PRIMARY_IPV4 = " AND address.number != 0 AND address.is_primary = 1"
_STATE_CODE = "CASE instance.state WHEN 'running' THEN '16' WHEN 'stopped' THEN '80' ELSE '48' END"
_MONITORING = "CASE instance.monitoring WHEN 1 THEN 'enabled' ELSE 'disabled' END"
INSTANCES = {
    "id": Field("instance.id"),
    "zone": Field("instance.zone"),
    "ebs-optimized": Field(_TRUE_FALSE.format("instance.ebs_optimized")),
    "profile": Field("instance.profile"),
    "image": Field("instance.image_id"),
    "state": Field("instance.state"),
    "state-code": Field(f"({_STATE_CODE})"),
    "status": Field("(CASE instance.state WHEN 'running' THEN 'ok' ELSE 'not-applicable' END)"),
    "reachability": Field("(CASE instance.state WHEN 'running' THEN 'passed' END)"),
    # The conditions' key is a time: an instance is visible that is not terminated, or was so later; it is gone else.
    "visible": Field("instance.since", "instance.state != 'terminated' OR instance.since > :key OR {}"),
    "gone": Field("instance.state", "instance.since <= :key AND {}"),
    "type": Field("instance.type"),
    "key-name": Field("instance.key_name"),
    "launch-index": Field("CAST(instance.launch_index AS TEXT)"),
    "launched": Field("strftime('%Y-%m-%dT%H:%M:%fZ', instance.launched / 1000.0, 'unixepoch')"),
    "monitoring": Field(f"({_MONITORING})"),
    "reservation": Field("instance.reservation_id"),
    "subnet": Field("instance.subnet_id"),
    "vpc": Field("instance.vpc_id"),
    "tenancy": Field("instance.tenancy"),
    "group": _on_primary("member.group_id", "member"),
    "group-name": _on_primary("security_group.name", "member", _NAMED),
    "private-address": _on_primary("address.address", "address", _PRIMARY_IPV4),
    "private-name": _on_primary(
        f"('ip-' || replace(address.address, '.', '-') || {_SUFFIX})", "address", _PRIMARY_IPV4
    ),
    "reason": Field(f"({_REASON})"),
    "reason-code": Field(f"({_REASON_CODE})"),
    "reason-message": Field(f"({_REASON_CODE} || ': User initiated shutdown')"),
    "managed": Field("'false'"),
    "nothing": Field("NULL"),
    **_tagged("instance"),
    **{f"interface.{name}": _on_interfaces(field) for name, field in INTERFACES.items()},
    "interface.group-name": _on_devices("security_group.name", "member", _NAMED),
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
