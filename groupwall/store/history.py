"""The reads of the history: changes with their deltas, and what was otherwise before them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from groupwall.store import fields, query
from groupwall.store.changes import Change, Delta
from groupwall.store.query import Where
from groupwall.store.rows import LISTED, Rows


class History(Rows):
    """What is read of the changes of one world."""

    def changes(self, after: int, conditions: Sequence[Where], limit: int) -> list[tuple[Change, list[Delta]]]:
        """Return this world's changes after a revision, each with its deltas in order."""
        text, bound = query.clause(fields.CHANGES, conditions)
        rows = self._all(
            f"SELECT * FROM change WHERE change.world = ? AND change.revision > ?{text} ORDER BY revision LIMIT ?",
            (self.world, after, *bound, limit),
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

    def revision_at(self, time: int) -> int:
        """Return the revision of the last change, of any world, that was accepted by a time; 0 before the first."""
        return int(self._one("SELECT max(revision) FROM change WHERE time <= ?", (time,))[0] or 0)

    def changed_since(self, revision: int) -> list[tuple[int, Delta]]:
        """Return what changed after a revision in this world and those that it ever had a peering with, in order.

        Each delta with its world's row number. The cost grows with what changed since, not with what there is.
        """
        rows = self._all(_CHANGED_SINCE, (self.world, revision))
        return [(world, Delta(*columns)) for world, *columns in rows]


_BESIDE = " UNION ".join(
    "SELECT theirs.world FROM world AS mine"
    f" JOIN peering ON {one}_account = mine.account AND {one}_region = mine.region"
    f" JOIN world AS theirs ON theirs.account = {other}_account AND theirs.region = {other}_region"
    " WHERE mine.world = ?1"
    for one, other in (("requester", "accepter"), ("accepter", "requester"))
)
_CHANGED_SINCE = (
    "SELECT change.world, delta.kind, delta.id, delta.before, delta.after FROM change CROSS JOIN delta"
    f" ON delta.revision = change.revision WHERE change.world IN (SELECT ?1 UNION {_BESIDE})"
    " AND change.revision > ?2 ORDER BY delta.revision, delta.place"
)
