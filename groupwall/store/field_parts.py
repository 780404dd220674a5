"""What the fields of several kinds have in common."""

from __future__ import annotations

from groupwall.store.query import Field

WORLD = "?1"
"""The first value that a listing binds. Naming it instead of the outer row's world leaves a subquery on its own: it is
answered once, by an index, and not once for every row of the account."""

TRUE_FALSE = "(CASE {} WHEN 1 THEN 'true' ELSE 'false' END)"
OWNER = Field(f"(SELECT account FROM world WHERE world.world = {WORLD})")


def tagged(table: str) -> dict[str, Field]:
    """Return what can be asked of every kind that has tags: those, and whose it is."""
    mine = f"{table}.id IN (SELECT resource_id FROM tag WHERE tag.world = {WORLD} AND"
    return {
        "tag": Field("tag.value", f"{mine} tag.key = :key AND {{}})"),
        "tag-key": Field("tag.key", f"{mine} {{}})"),
        "tag-value": Field("tag.value", f"{mine} {{}})"),
        "owner": OWNER,
    }
