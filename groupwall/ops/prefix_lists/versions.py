"""Prefix lists as they change: entries, size and name, and back to an older version [reference 15]."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from groupwall import errors
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.permissions import ON_PREFIX_LIST, attributes
from groupwall.ops.prefix_lists.described import find_prefix_list
from groupwall.ops.prefix_lists.entries import asked_entries, entries_of, next_version
from groupwall.ops.prefix_lists.lists import checked_name, checked_size, under_way
from groupwall.ops.rules.weights import groups_that_cannot_hold
from groupwall.store.entities import PrefixList, PrefixListEntry

NAMED_RESOURCES = 10
"""Resources that a failed resize names [reference 15, model]."""


def modify_managed_prefix_list(params: Params, context: Context) -> Result:
    """Change a list's entries, which makes a new version, or its size; and its name, alone or beside either."""
    _refuse_resolver(params)
    before = find_prefix_list(params["PrefixListId"], context)
    added = asked_entries(params.get("AddEntries", ()), before.family)
    removed = asked_entries(params.get("RemoveEntries", ()), before.family)
    name, size = params.get("PrefixListName"), params.get("MaxEntries")
    _refuse_odd(entries=bool(added or removed), size=size is not None, name=name is not None)
    _refuse_other_version(before, params.get("CurrentVersion"), needed=bool(added or removed))
    after = before._replace(state="modify-complete", message="")
    if name is not None:
        after = after._replace(name=checked_name(name))
    if added or removed:
        after = after._replace(version=_changed(context, before, removed, added))
    if size is not None:
        after = _resized(context, before, after, size)
    context.tx.replace(before, after)
    return under_way("modify", before._replace(name=after.name), context)


def _refuse_resolver(params: Params) -> None:
    if params.get("IpamPrefixListResolverSyncEnabled") is not None:
        operation = "ModifyManagedPrefixList with IpamPrefixListResolverSyncEnabled"
        raise errors.unsupported_operation(operation)


def _refuse_odd(*, entries: bool, size: bool, name: bool) -> None:
    """Refuse to change both entries and size [reference 15, docs], or nothing at all (inferred)."""
    if entries and size:
        raise errors.prefix_list_size_with_entries()
    if not (entries or size or name):
        message = "The request must change the name, the size or the entries of the prefix list."
        raise errors.prefix_list_modification_invalid(message)


def _refuse_other_version(prefix_list: PrefixList, version: int | None, *, needed: bool) -> None:
    if version is None and needed:
        raise errors.missing_parameter("CurrentVersion")
    if version is not None and version < 1:
        raise errors.prefix_list_version_too_low()
    if version is not None and version != prefix_list.version:
        raise errors.prefix_list_version_mismatch()


def _changed(context: Context, before: PrefixList, removed: Mapping[str, str], added: Mapping[str, str]) -> int:
    """Write a list's next version and return its number.

    What is removed must be in the list, what is added must not: a new description takes two calls, as clients do it
    [clients 3]; code and texts of the latter inferred.
    """
    for cidr in removed:
        if cidr in added:
            raise errors.prefix_list_cidr_in_both(cidr)
    present = {entry.cidr: entry for entry in entries_of(context, before)}
    for cidr in removed:
        if cidr not in present:
            message = f"The prefix list '{before.id}' has no entry {cidr}."
            raise errors.prefix_list_modification_invalid(message)
    for cidr in added:
        if cidr in present:
            message = f"The prefix list '{before.id}' has an entry {cidr} already."
            raise errors.prefix_list_modification_invalid(message)
    return next_version(context, before, [present[cidr] for cidr in removed], added)


def _resized(context: Context, before: PrefixList, after: PrefixList, size: int) -> PrefixList:
    """Return the list with another MaxEntries, or as it was but for its state when a group cannot hold that.

    The call succeeds then, and the message names up to ten resources [reference 15, docs]; its text is inferred.
    """
    if checked_size(size, context) < len(entries_of(context, before)):
        raise errors.prefix_list_max_entries_exceeded()
    groups = groups_that_cannot_hold(context, before, size)
    if groups:
        message = f"The following resources cannot support the new maximum size: {', '.join(groups[:NAMED_RESOURCES])}"
        return before._replace(state="modify-failed", message=message)
    return after._replace(max_entries=size)


def restore_managed_prefix_list_version(params: Params, context: Context) -> Result:
    """Make a new version of a list with the entries of an older one [reference 15, model]."""
    before = find_prefix_list(params["PrefixListId"], context)
    _refuse_other_version(before, params["CurrentVersion"], needed=True)
    present = _contents(entries_of(context, before))
    wanted = _contents(entries_of(context, before, params["PreviousVersion"]))
    removed = [entry for content, entry in present.items() if content not in wanted]
    added = dict(content for content in wanted if content not in present)
    version = next_version(context, before, removed, added)
    context.tx.replace(before, before._replace(version=version, state="restore-complete", message=""))
    return under_way("restore", before, context)


def _contents(entries: Sequence[PrefixListEntry]) -> dict[tuple[str, str], PrefixListEntry]:
    return {(entry.cidr, entry.description): entry for entry in entries}


_CHANGED = ON_PREFIX_LIST._replace(say=attributes("PrefixListId", "CurrentVersion"))
OPERATIONS = (
    Operation("ModifyManagedPrefixList", modify_managed_prefix_list, on=(_CHANGED,)),
    Operation("RestoreManagedPrefixListVersion", restore_managed_prefix_list_version, on=(ON_PREFIX_LIST,)),
)
