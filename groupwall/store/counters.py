"""What rules let in, as hosts told it: beside the history, on purpose.

Counts come again and again, for as long as there are packets, and nobody undoes one; as changes they would be most of
what the history holds. So these two tables are no entities, and the law (DESIGN 2) does not speak of them. What a host
tells is added up here, each report once; a rule's counts go when the history forgets that the rule was there.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from groupwall.store.rows import LISTED

LARGEST = 1 << 53
"""Where counting ends: what every reader of JSON can still tell apart, and a thousand hosts' sum has 64 bits."""


class More(NamedTuple):
    """What a rule let in since the host told of it last. bytes: None where they are not accounted for.

    last_hit: in milliseconds since 1970, None where no flow came. ended: whether the host counts it no more.
    """

    rule_id: str
    flows: int = 0
    bytes: int | None = None
    last_hit: int | None = None
    ended: bool = False


class Report(NamedTuple):
    """What a host tells at once. number: its place in a series, by which a report that comes twice is known."""

    host: str
    series: str
    number: int
    counters: tuple[More, ...]


class Counted(NamedTuple):
    """What a rule let in on all hosts. until: when the last of them ceased to count it, None while one counts."""

    group_id: str
    rule_id: str
    flows: int
    bytes: int | None
    last_hit: int | None
    since: int
    until: int | None
    hosts: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it stands in a listing."""
        return f"{self.group_id}/{self.rule_id}"


def add(connection: sqlite3.Connection, world: int, report: Report, now: int) -> bool:
    """Add a report to what is counted; False when it was added before. Rules that never were there are left out.

    A host that begins another series counts what it tells in it, and nothing else any more.
    """
    text = "SELECT series, number FROM counting WHERE world = ? AND host = ?"
    before = connection.execute(text, (world, report.host)).fetchone() or (report.series, 0)
    if before[0] != report.series:
        end(connection, world, report.host, now)
    elif before[1] >= report.number:
        return False
    host, series, number, counters = report
    connection.execute("INSERT OR REPLACE INTO counting VALUES (?,?,?,?,?)", (world, host, series, number, now))
    if counters:
        connection.execute(_ADD, (world, host, now, json.dumps(counters), LARGEST))
    return True


def end(connection: sqlite3.Connection, world: int, host: str, now: int) -> None:
    """Note that a host counts nothing any more: it is a new one when it tells again."""
    text = "UPDATE counter SET until = ? WHERE world = ? AND host = ? AND until IS NULL"
    connection.execute(text, (now, world, host))
    connection.execute("DELETE FROM counting WHERE world = ? AND host = ?", (world, host))


class Asked(NamedTuple):
    """Which counters are asked for: of these groups, of these rules; None for all. unused: see DescribeCounters."""

    group_ids: Sequence[str] | None = None
    rule_ids: Sequence[str] | None = None
    unused: bool = False


def listing(world: int, asked: Asked, after: str, limit: int | None) -> tuple[str, list[Any]]:
    """Return the statement that lists counters by group and rule, and what to bind. after: a place."""
    group_id, _, rule_id = after.partition("/")
    text = f"{_LISTED} WHERE world = ?"
    bound: list[Any] = [world]
    for column, wanted in (("group_id", asked.group_ids), ("rule_id", asked.rule_ids)):
        if wanted is not None:
            text, bound = f"{text} AND {column} IN {LISTED}", [*bound, json.dumps(wanted)]
    text += " AND (group_id, rule_id) > (?, ?) GROUP BY group_id, rule_id"
    having = f" HAVING {_UNUSED}" if asked.unused else ""
    return f"{text}{having} ORDER BY group_id, rule_id LIMIT ?", [
        *bound, group_id, rule_id, -1 if limit is None else limit,
    ]  # fmt: skip


def counted(row: Sequence[Any]) -> Counted:
    """Return what a row of a listing tells."""
    *columns, hosts = row
    return Counted._make((*columns, tuple(sorted(json.loads(hosts)))))


def forget(connection: sqlite3.Connection, gone: Iterable[tuple[int, str]], time: int) -> None:
    """Forget the counts of rules by (world, id) unless they are back, and of hosts without interfaces, silent since."""
    connection.executemany(_FORGET, gone)
    silent = connection.execute(_SILENT, (time,)).fetchall()
    connection.executemany("DELETE FROM counter WHERE world = ? AND host = ?", silent)
    connection.executemany("DELETE FROM counting WHERE world = ? AND host = ?", silent)


_LISTED = (
    "SELECT group_id, rule_id, sum(flows), sum(bytes), max(last_hit), min(since),"
    " iif(count(until) = count(*), max(until), NULL), json_group_array(host) FROM counter"
)
_UNUSED = (
    "sum(flows) = 0 AND count(until) < count(*) AND EXISTS"
    " (SELECT 1 FROM rule WHERE rule.world = counter.world AND rule.id = counter.rule_id)"
)
_FORGET = (
    "DELETE FROM counter WHERE world = ?1 AND rule_id = ?2"
    " AND NOT EXISTS (SELECT 1 FROM rule WHERE rule.world = ?1 AND rule.id = ?2)"
)
_SILENT = (
    "SELECT world, host FROM counting WHERE told < ?"
    " AND NOT EXISTS (SELECT 1 FROM host WHERE host.world = counting.world AND host.name = counting.host)"
)
# A rule that was revoked meanwhile is known by its counts of before. One that a host ceased to count before any flow
# came has been looked at only since the host began again.
_ADD = """
    INSERT INTO counter
    SELECT ?1, coalesce(
            (SELECT group_id FROM rule WHERE rule.world = ?1 AND rule.id = json_extract(told.value, '$[0]')),
            (SELECT group_id FROM counter AS kept
             WHERE kept.world = ?1 AND kept.rule_id = json_extract(told.value, '$[0]'))
        ) AS known,
        json_extract(told.value, '$[0]'), ?2, min(json_extract(told.value, '$[1]'), ?5),
        min(json_extract(told.value, '$[2]'), ?5), min(json_extract(told.value, '$[3]'), ?3),
        ?3, iif(json_extract(told.value, '$[4]'), ?3, NULL)
    FROM json_each(?4) AS told WHERE known IS NOT NULL
    ON CONFLICT DO UPDATE SET
        flows = min(flows + excluded.flows, ?5),
        bytes = iif(excluded.bytes IS NULL, bytes, min(coalesce(bytes, 0) + excluded.bytes, ?5)),
        last_hit = nullif(max(coalesce(last_hit, 0), coalesce(excluded.last_hit, 0)), 0),
        since = iif(until IS NOT NULL AND flows = 0, excluded.since, since),
        until = excluded.until"""
