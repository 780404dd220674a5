"""The entries of prefix lists, in every version that is kept [reference 15].

An entry is one row with the first and the last version that it is in: a change touches only the entries that it
changes, and going back to an old version is the difference between two versions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.operation import Context
from groupwall.rules import parsing
from groupwall.store.entities import PrefixList, PrefixListEntry
from groupwall.store.query import Where
from groupwall.store.rows import ALL, Page

MOST_AT_ONCE = 100
"""Entries to add, or to remove, in one call [reference 15, model]."""

VERSIONS_KEPT = 1000
"""How many versions of a list are kept [reference 15, docs]; the oldest is forgotten when another one comes."""

LONGEST_DESCRIPTION = 255
"""Characters [model: documentation of AddPrefixListEntry]."""


def asked_entries(given: Sequence[Mapping[str, Any]], family: str) -> dict[str, str]:
    """Return CIDR block -> description of the entries that a call names, the blocks in canonical form.

    InvalidParameterValue for too many, for what is no block of the family, and for a block named twice (inferred).
    """
    if len(given) > MOST_AT_ONCE:
        raise errors.prefix_list_entries_per_request(MOST_AT_ONCE)
    canonical = parsing.ipv6_cidr if family == "IPv6" else parsing.ipv4_cidr
    asked: dict[str, str] = {}
    for entry in given:
        cidr, description = canonical(entry.get("Cidr", "")), entry.get("Description", "")
        if cidr in asked:
            raise errors.prefix_list_cidr_repeated(cidr)
        if len(description) > LONGEST_DESCRIPTION:
            message = f"The description of the entry {cidr} exceeds {LONGEST_DESCRIPTION} characters."
            raise errors.invalid_value(message)
        asked[cidr] = description
    return asked


def entries_of(
    context: Context, prefix_list: PrefixList, version: int | None = None, page: Page = ALL
) -> list[PrefixListEntry]:
    """Return the entries of one version of a list, of the current one by default, in the order of their blocks.

    InvalidParameterValue for a version that is yet to come or is no longer kept (inferred).
    """
    if version is None or version == prefix_list.version:
        return context.tx.listed(PrefixListEntry, _last_in(prefix_list, 0), page)
    if version < 1:
        raise errors.prefix_list_version_too_low()
    if not prefix_list.version - VERSIONS_KEPT < version < prefix_list.version:
        raise errors.prefix_list_version_unknown(version)
    wanted = [Where("list", (prefix_list.id,)), Where("version", ("0",), str(version))]
    return context.tx.listed(PrefixListEntry, wanted, page)


def _last_in(prefix_list: PrefixList, version: int) -> list[Where]:
    """Return the conditions of the entries that a version was the last to have; 0: that are still in the list."""
    return [Where("list", (prefix_list.id,)), Where("last", (str(version),))]


def next_version(
    context: Context, before: PrefixList, removed: Sequence[PrefixListEntry], added: Mapping[str, str]
) -> int:
    """Write the list's next version: without some of its entries, and with new ones. Return its number.

    PrefixListMaxEntriesExceeded when more entries are left than the list may have; removals count first (inferred).
    """
    version = before.version + 1
    if len(entries_of(context, before)) - len(removed) + len(added) > before.max_entries:
        raise errors.prefix_list_max_entries_exceeded()
    for entry in removed:
        context.tx.replace(entry, entry._replace(last=before.version))
    add_entries(context, before.id, added, version)
    forgotten = version - VERSIONS_KEPT
    if forgotten > 0:
        context.tx.remove(*context.tx.listed(PrefixListEntry, _last_in(before, forgotten)))
    return version


def add_entries(context: Context, prefix_list_id: str, added: Mapping[str, str], version: int) -> None:
    """Write entries that are in the list from a version on."""
    for cidr, description in added.items():
        context.tx.add(PrefixListEntry(prefix_list_id, cidr, description, version, 0))
