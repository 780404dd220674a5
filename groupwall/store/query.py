"""What can be asked of a table: AWS's filters as conditions of a WHERE clause.

A condition names a field of this module and the values that satisfy it, ``*`` and ``?`` standing for any text and any
one character, a backslash taking their meaning away. No text of a client ever becomes SQL: fields are looked up here,
values are bound.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Subnet, Vpc


class Where(NamedTuple):
    """One condition: any of ``values`` is met by ``field``. ``key`` is the tag's key for the field ``tag``."""

    field: str
    values: tuple[str, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A column, and the clause that holds its test: ``{}`` stands for the test, ``:key`` for the condition's key."""

    column: str
    clause: str = "{}"


PATTERN_BYTES = 50_000
"""The longest pattern that SQLite takes. Nothing that is kept is as long, so that a longer one is met by nothing."""

_PATTERN = re.compile(r"\\(.)|(\*+|\?)|([%_\\])", re.DOTALL)


def like_pattern(value: str) -> str | None:
    """Return the LIKE pattern (escaped by a backslash) of a value with wildcards, None when it has none.

    >>> like_pattern("web-*"), like_pattern("web")
    ('web-%', None)
    """
    if "*" not in value and "?" not in value:
        return None

    def mend(found: re.Match[str]) -> str:
        escaped, wildcard, special = found.groups()
        if wildcard:
            return "_" if wildcard == "?" else "%"
        return _escape(escaped or special)

    return _PATTERN.sub(mend, value)


def _escape(character: str) -> str:
    return "\\" + character if character in "%_\\" else character


def clause(fields: dict[str, Field], conditions: Sequence[Where]) -> tuple[str, list[str]]:
    """Return `` AND …`` for every condition, and the values to bind. KeyError for a field that the table lacks."""
    text, bound = "", []
    for condition in conditions:
        field = fields[condition.field]
        test, values = _test(field.column, condition.values)
        inner = field.clause.format(test)
        keys = [condition.key] * inner.count(":key")
        text += f" AND ({inner.replace(':key', '?')})"
        bound += keys + values
    return text, bound


def _test(column: str, values: Sequence[str]) -> tuple[str, list[str]]:
    patterns = [like_pattern(value) for value in values]
    exact = [value for value, pattern in zip(values, patterns, strict=True) if pattern is None]
    bound = [pattern for pattern in patterns if pattern is not None and len(pattern.encode()) <= PATTERN_BYTES]
    tests = [f"{column} LIKE ? ESCAPE '\\'"] * len(bound)
    if len(exact) == 1:
        tests.insert(0, f"{column} = ?")
        bound.insert(0, exact[0])
    elif exact or not tests:
        tests.insert(0, f"{column} IN (SELECT value FROM json_each(?))")
        bound.insert(0, json.dumps(exact))
    return "(" + " OR ".join(tests) + ")", bound


_WORLD = "?1"
"""The first value that a listing binds. Naming it instead of the outer row's world leaves a subquery on its own: it is
answered once, by an index, and not once for every row of the account."""


def _tagged(table: str) -> dict[str, Field]:
    mine = f"{table}.id IN (SELECT resource_id FROM tag WHERE tag.world = {_WORLD} AND"
    return {
        "tag": Field("tag.value", f"{mine} tag.key = :key AND {{}})"),
        "tag-key": Field("tag.key", f"{mine} {{}})"),
        "tag-value": Field("tag.value", f"{mine} {{}})"),
        "owner": Field(f"(SELECT account FROM world WHERE world.world = {_WORLD})"),
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

GROUPS = {
    "id": Field("security_group.id"),
    "name": Field("security_group.name"),
    "description": Field("security_group.description"),
    "vpc": Field("security_group.vpc_id"),
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
FIELDS: dict[type, dict[str, Field]] = {Group: GROUPS, Rule: RULES, Vpc: VPCS, Subnet: SUBNETS}
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
