"""The fields of interfaces and instances: their own, and those of what belongs to them."""

from __future__ import annotations

from groupwall.store.field_parts import TRUE_FALSE, WORLD, tagged
from groupwall.store.query import Field


def _of_interface(table: str, column: str, more: str = "") -> Field:
    within = (
        f"network_interface.id IN (SELECT {table}.interface_id FROM {table}"
        f" WHERE {table}.world = {WORLD}{more} AND {{}})"
    )
    return Field(column, within)


_HOME = f"(SELECT {{}} FROM world WHERE world.world = {WORLD})"
_SUFFIX = _HOME.format(
    "CASE region WHEN 'us-east-1' THEN '.ec2.internal' ELSE '.' || region || '.compute.internal' END"
)
_ATTACHED = (
    f"EXISTS (SELECT 1 FROM attachment WHERE attachment.world = {WORLD} AND interface_id = network_interface.id)"
)
INTERFACES = {
    "id": Field("network_interface.id"),
    "subnet": Field("network_interface.subnet_id"),
    "vpc": Field("network_interface.vpc_id"),
    "description": Field("network_interface.description"),
    "mac": Field("network_interface.mac"),
    "kind": Field("network_interface.kind"),
    "source-dest-check": Field(TRUE_FALSE.format("network_interface.source_dest_check")),
    "status": Field(f"(CASE {_ATTACHED} WHEN 1 THEN 'in-use' ELSE 'available' END)"),
    "managed": Field("'false'"),
    "nothing": Field("NULL"),
    "zone": Field(
        "subnet.zone",
        f"network_interface.subnet_id IN (SELECT subnet.id FROM subnet WHERE subnet.world = {WORLD} AND {{}})",
    ),
    "group": _of_interface("member", "member.group_id"),
    "address": _of_interface("address", "address.address", " AND address.number != 0"),
    "address.primary": _of_interface("address", TRUE_FALSE.format("address.is_primary"), " AND address.number != 0"),
    "address.ipv6": _of_interface("address", "address.address", " AND address.number = 0"),
    "name": _of_interface(
        "address", f"('ip-' || replace(address.address, '.', '-') || {_SUFFIX})", " AND address.number != 0"
    ),
    "attachment.id": _of_interface("attachment", "attachment.id"),
    "attachment.instance": _of_interface("attachment", "attachment.instance_id"),
    "attachment.device": _of_interface("attachment", "CAST(attachment.device AS TEXT)"),
    "attachment.delete": _of_interface("attachment", TRUE_FALSE.format("attachment.delete_on_termination")),
    "attachment.owner": _of_interface("attachment", _HOME.format("account")),
    "attachment.status": _of_interface("attachment", "'attached'"),
    "attachment.time": _of_interface(
        "attachment", "strftime('%Y-%m-%dT%H:%M:%S.000Z', attachment.time / 1000, 'unixepoch')"
    ),
    **tagged("network_interface"),
}


def _on_interfaces(field: Field) -> Field:
    """Return what is asked of an instance's interfaces, from what is asked of an interface."""
    return Field(
        field.column,
        f"instance.id IN (SELECT attachment.instance_id FROM attachment WHERE attachment.world = {WORLD}"
        " AND attachment.interface_id IN (SELECT network_interface.id FROM network_interface"
        f" WHERE network_interface.world = {WORLD} AND ({field.clause})))",
    )


def _on_devices(column: str, table: str, more: str = "") -> Field:
    """Return what is asked of what belongs to an instance's interfaces."""
    return Field(
        column,
        f"instance.id IN (SELECT attachment.instance_id FROM attachment JOIN {table} ON {table}.world ="
        f" attachment.world AND {table}.interface_id = attachment.interface_id{more}"
        f" WHERE attachment.world = {WORLD} AND {{}})",
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
    "ebs-optimized": Field(TRUE_FALSE.format("instance.ebs_optimized")),
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
    **tagged("instance"),
    **{f"interface.{name}": _on_interfaces(field) for name, field in INTERFACES.items()},
    "interface.group-name": _on_devices("security_group.name", "member", _NAMED),
}
