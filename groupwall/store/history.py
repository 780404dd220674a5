"""The reads of the history: changes with their deltas, and what was otherwise before them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from groupwall.store import fields, query
from groupwall.store.changes import Change, Delta
from groupwall.store.query import Where
from groupwall.store.retention import MILESTONE, horizon
from groupwall.store.rows import LISTED, Rows
from groupwall.store.verify import Verified, verify


class Window(NamedTuple):
    """A part of the history: below a revision, from one time to another in milliseconds since 1970; None for any."""

    before: int | None = None
    since: int | None = None
    until: int | None = None
    newest_first: bool = False

    def test(self) -> tuple[str, list[int]]:
        """Return the condition in SQL, and what to bind."""
        tests = (("revision < ?", self.before), ("+change.time >= ?", self.since), ("+change.time <= ?", self.until))
        given = [(test, value) for test, value in tests if value is not None]
        return "".join(f" AND {test}" for test, _ in given), [value for _, value in given]


ALL_OF_IT = Window()


class History(Rows):
    """What is read of the changes of one world."""

    def changes(
        self,
        after: int,
        conditions: Sequence[Where],
        limit: int,
        window: Window = ALL_OF_IT,
        keys_of: str | None = None,
    ) -> list[tuple[Change, list[Delta]]]:
        """Return this world's changes after a revision, each with its deltas in order.

        keys_of: an account, whose changes of access keys are asked for instead.
        """
        text, bound = query.clause(fields.CHANGES, conditions)
        where, more = window.test()
        of, mine = ("change.world = ?", [self.world]) if keys_of is None else (_OF_KEYS, [keys_of])
        rows = self._all(
            f"SELECT * FROM change WHERE {of} AND change.revision > ?{where}{text} ORDER BY revision"
            f"{' DESC' if window.newest_first else ''} LIMIT ?",
            (*mine, after, *more, *bound, limit),
        )
        return self._with_deltas([Change(*row) for row in rows])

    def change(self, revision: int) -> tuple[Change, list[Delta]] | None:
        """Return one change of this world with its deltas in order."""
        row = self._one("SELECT * FROM change WHERE revision = ? AND world = ?", (revision, self.world))
        return self._with_deltas([Change(*row)])[0] if row else None

    def _with_deltas(self, changes: Sequence[Change]) -> list[tuple[Change, list[Delta]]]:
        deltas = self._all(
            f"SELECT * FROM delta WHERE revision IN {LISTED} ORDER BY revision, place",
            (json.dumps([change.revision for change in changes]),),
        )
        of: dict[int, list[Delta]] = {change.revision: [] for change in changes}
        for revision, _, *columns in deltas:
            of[revision].append(Delta(*columns))
        return [(change, of[change.revision]) for change in changes]

    def last_changed(self, ids: Sequence[str], after: int) -> list[tuple[str, str, int, int]]:
        """Return (kind, id, revision, world) of the last change after a revision of each entity named.

        world: its row number; it may be another one, for what two worlds share, or have the same id for.
        """
        return self._all(_LAST_CHANGED, (json.dumps(ids), after))

    def revision_at(self, time: int) -> int:
        """Return the revision of the last change, of any world, that was accepted by a time; 0 before the first.

        Of changes that are no longer kept, one that lies before the horizon, if not at it.
        """
        for table in ("change", "checkpoint"):
            row = self._one(f"SELECT revision FROM {table} WHERE +time <= ? ORDER BY revision DESC LIMIT 1", (time,))
            if row:
                return int(row[0])
        return 0

    def horizon(self) -> int:
        """Return the oldest revision of which it is known how all was then: 0 while every change is kept."""
        return horizon(self._connection).revision

    def memberships_ended(self, group_ids: Sequence[str], until: int) -> dict[str, tuple[int, int]]:
        """Return (revision, time) of the last change, until a revision, by which a member left each of these groups.

        A group that no member is known to have left is not in the answer.
        """
        rows = self._all(_MEMBERSHIPS_ENDED, (json.dumps(group_ids), until))
        return {group_id: (revision, time) for group_id, revision, time in rows}

    def heads(self, after: int, limit: int) -> list[tuple[int, bytes, int]]:
        """Return (revision, hash, time) of the newest change and every thousandth, after a revision, of any world.

        Those of the thousandth changes stay when the changes go, and so does that at the horizon.
        """
        return self._all(_HEADS, (after, limit))

    def verified(self, kept: Mapping[int, str]) -> Verified:
        """Return whether the history of all worlds adds up; see ``verify``."""
        return verify(self._connection, kept)

    def changed_since(self, revision: int, until: int | None = None, *, rules: bool = True) -> list[tuple[int, Delta]]:
        """Return what changed after a revision in this world and those whose gates it can meet, in order.

        until: the last revision that is looked at. rules: whether that of rules is told, too, which is most of it.

        Each delta with its world's row number. Those worlds are the ones that it ever had a peering with, and the ones
        that these had, since their rules may name groups of a third. That a world began is left out: it showed the same
        before, so nobody saw a change. The cost grows with what changed since, not with what there is.
        """
        rows = self._all(_CHANGED_SINCE, (self.world, revision, LAST if until is None else until, rules))
        return [(world, Delta(*columns)) for world, *columns in rows]

    def rules_changed_since(self, revision: int, column: str, values: Sequence[str]) -> list[tuple[int, Delta]]:
        """Return what changed after a revision, as ``changed_since`` tells it, of the rules that this is about.

        They are those which at any time since have one of these values in a column: ``id``, ``group_id``, or ``peer``
        with values that are ids. The cost grows with what changed of them. For anything else it is all rules.
        """
        if column not in ("id", "group_id", "peer") or any("/" in value for value in values):
            return [(world, delta) for world, delta in self.changed_since(revision) if delta.kind == _RULE]
        found = "asked" if column == "id" else _RULES_MENTIONING
        rows = self._all(_RULES_SINCE.format(found), (self.world, revision, json.dumps(values)))
        return [(world, Delta(*columns)) for world, *columns in rows]


_LAST_CHANGED = (
    "SELECT delta.kind, delta.id, max(delta.revision), change.world FROM json_each(?1) AS asked CROSS JOIN delta"
    " ON delta.id = asked.value AND delta.revision > ?2 CROSS JOIN change ON change.revision = delta.revision"
    " GROUP BY delta.kind, delta.id, change.world"
)

BEGINNING = "BeginWorld"
"""The operation of the change by which a world begins to be kept."""

_MEMBERSHIPS_ENDED = (
    "SELECT mention.id, max(delta.revision), change.time FROM json_each(?1) AS asked CROSS JOIN mention"
    " ON mention.id = asked.value AND mention.revision <= ?2 CROSS JOIN delta ON delta.revision = mention.revision"
    " AND delta.kind = 'member' AND delta.after IS NULL"
    " AND json_extract(delta.before, '$.group_id') = mention.id"
    " CROSS JOIN change ON change.revision = delta.revision GROUP BY mention.id"
)
LAST = (1 << 63) - 1
"""A revision that is never reached."""

_HEADS = (
    "SELECT revision, hash, time FROM checkpoint WHERE revision > ?1"
    " UNION ALL SELECT revision, hash, time FROM change WHERE revision > ?1"
    f" AND (revision % {MILESTONE} = 0 OR revision = (SELECT revision FROM head)) ORDER BY revision LIMIT ?2"
)
_OF_KEYS = (
    "change.world = 0 AND EXISTS (SELECT 1 FROM delta WHERE delta.revision = change.revision"
    " AND json_extract(coalesce(delta.after, delta.before), '$.account') = ?)"
)
_BESIDE = " UNION ".join(
    "SELECT theirs.world, near.steps + 1 FROM near JOIN world AS mine ON mine.world = near.world"
    f" JOIN peering ON {one}_account = mine.account AND {one}_region = mine.region"
    f" JOIN world AS theirs ON theirs.account = {other}_account AND theirs.region = {other}_region"
    " WHERE near.steps < 2"
    for one, other in (("requester", "accepter"), ("accepter", "requester"))
)
_NEAR = f"WITH RECURSIVE near (world, steps) AS (SELECT ?1, 0 UNION {_BESIDE})"
_RULE = "security-group-rule"
_CHANGED_SINCE = (
    f"{_NEAR} SELECT change.world, delta.kind, delta.id, delta.before, delta.after FROM change CROSS JOIN delta"
    " ON delta.revision = change.revision WHERE change.world IN (SELECT world FROM near)"
    f" AND change.revision > ?2 AND change.revision <= ?3 AND change.operation != '{BEGINNING}'"
    f" AND (?4 OR delta.kind != '{_RULE}') ORDER BY delta.revision, delta.place"
)
_RULES_MENTIONING = (
    "(SELECT DISTINCT named.id AS value FROM asked CROSS JOIN mention ON mention.id = asked.value"
    " AND mention.revision > ?2 CROSS JOIN delta AS named ON named.revision = mention.revision"
    f" AND named.kind = '{_RULE}')"
)
_RULES_SINCE = (
    f"{_NEAR}, asked (value) AS (SELECT value FROM json_each(?3))"
    " SELECT change.world, delta.kind, delta.id, delta.before, delta.after FROM {} AS found CROSS JOIN delta"
    f" ON delta.id = found.value AND delta.revision > ?2 AND delta.kind = '{_RULE}'"
    " CROSS JOIN change ON change.revision = delta.revision WHERE change.world IN (SELECT world FROM near)"
    f" AND change.operation != '{BEGINNING}' ORDER BY delta.revision, delta.place"
)
