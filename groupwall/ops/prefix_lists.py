"""Managed prefix lists: create, modify, restore, delete [reference 15].

Every change is done when its reply is sent. The reply still tells of the change as under way, and shows the version and
size from before it, as AWS's do [docs: examples of the AWS CLI]; the next description shows what it came to.
"""

from __future__ import annotations

from collections.abc import Mapping

from groupwall import errors
from groupwall.ops import tokens
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.prefix_list_entries import add_entries, asked_entries, entries_of, next_version
from groupwall.ops.prefix_lists_described import described, find_prefix_list
from groupwall.ops.tags import attach, tags_given
from groupwall.ops.weights import groups_that_cannot_hold
from groupwall.rules.values import Rule
from groupwall.store.entities import PrefixList, PrefixListEntry

MOST_ENTRIES = 1000
LONGEST_NAME = 255
NAMED_RESOURCES = 10
"""Resources that a failed resize names [reference 15, model]."""


def create_managed_prefix_list(params: Params, context: Context) -> Result:
    """Create a prefix list with its first entries; a call repeated with its token answers the same list."""
    made = tokens.made_before(params, context, "CreateManagedPrefixList")
    if made:
        return {"PrefixList": described([find_prefix_list({"PrefixListId": made}, context)], context)[0]}
    name, size = _checked_name(params["PrefixListName"]), _checked_size(params["MaxEntries"])
    family = _checked_family(params["AddressFamily"])
    entries = asked_entries(params.get("Entries", ()), family)
    tags = tags_given(params, "prefix-list")
    if len(entries) > size:
        raise errors.prefix_list_max_entries_exceeded()
    prefix_list = PrefixList(context.ids.new("pl"), name, family, size, 1, "create-complete", "")
    context.tx.add(prefix_list)
    add_entries(context, prefix_list.id, entries, prefix_list.version)
    attach(context, prefix_list.id, tags)
    tokens.remember(params, context, "CreateManagedPrefixList", prefix_list.id)
    return _under_way("create", prefix_list, context)


def _under_way(verb: str, prefix_list: PrefixList, context: Context) -> Result:
    return {
        "PrefixList": described([prefix_list._replace(state=f"{verb}-in-progress", message="")], context)[0],
    }


def _checked_name(name: str) -> str:
    """Return a list's name. Reserved are those of AWS's own lists [reference 15, model]; capitals are as good."""
    if not 0 < len(name) <= LONGEST_NAME or name.lower().startswith("com.amazonaws"):
        raise errors.prefix_list_name_invalid(name[:LONGEST_NAME])
    return name


def _checked_size(size: int) -> int:
    if not 1 <= size <= MOST_ENTRIES:
        raise errors.prefix_list_size_out_of_range(MOST_ENTRIES)
    return size


def _checked_family(family: str) -> str:
    if family not in ("IPv4", "IPv6"):
        message = f"Value ({family}) for parameter addressFamily is invalid. Valid values are IPv4 and IPv6."
        raise errors.invalid_value(message)
    return family


def modify_managed_prefix_list(params: Params, context: Context) -> Result:
    """Change a list's entries, which makes a new version, or its size; and its name, alone or beside either."""
    if params.get("IpamPrefixListResolverSyncEnabled") is not None:
        operation = "ModifyManagedPrefixList with IpamPrefixListResolverSyncEnabled"
        raise errors.unsupported_operation(operation)
    before = find_prefix_list(params, context)
    added = asked_entries(params.get("AddEntries", ()), before.family)
    removed = asked_entries(params.get("RemoveEntries", ()), before.family)
    name, size = params.get("PrefixListName"), params.get("MaxEntries")
    _refuse_other_version(before, params.get("CurrentVersion"), needed=bool(added or removed))
    after = before._replace(state="modify-complete", message="")
    if name is not None:
        after = after._replace(name=_checked_name(name))
    if added or removed:
        if size is not None:
            raise errors.prefix_list_size_with_entries()
        after = after._replace(version=_changed(context, before, removed, added))
    elif size is not None:
        after = _resized(context, before, after, size)
    elif name is None:
        message = "The request must change the name, the size or the entries of the prefix list."
        raise errors.prefix_list_modification_invalid(message)
    _replace(context, before, after)
    return _under_way("modify", before._replace(name=after.name), context)


def _refuse_other_version(prefix_list: PrefixList, version: int | None, *, needed: bool) -> None:
    if version is None and needed:
        raise errors.missing_parameter("CurrentVersion")
    if version is not None and version < 1:
        raise errors.prefix_list_version_too_low()
    if version is not None and version != prefix_list.version:
        raise errors.prefix_list_version_mismatch()


def _replace(context: Context, before: PrefixList, after: PrefixList) -> None:
    if before != after:
        context.tx.replace(before, after)


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
    if _checked_size(size) < len(entries_of(context, before)):
        raise errors.prefix_list_max_entries_exceeded()
    groups = groups_that_cannot_hold(context, before, size)
    if groups:
        message = f"The following resources cannot support the new maximum size: {', '.join(groups[:NAMED_RESOURCES])}"
        return before._replace(state="modify-failed", message=message)
    return after._replace(max_entries=size)


def restore_managed_prefix_list_version(params: Params, context: Context) -> Result:
    """Make a new version of a list with the entries of an older one [reference 15, model]."""
    before = find_prefix_list(params, context)
    _refuse_other_version(before, params["CurrentVersion"], needed=True)
    present = _contents(entries_of(context, before))
    wanted = _contents(entries_of(context, before, params["PreviousVersion"]))
    removed = [entry for content, entry in present.items() if content not in wanted]
    added = dict(content for content in wanted if content not in present)
    version = next_version(context, before, removed, added)
    context.tx.replace(before, before._replace(version=version, state="restore-complete", message=""))
    return _under_way("restore", before, context)


def _contents(entries: list[PrefixListEntry]) -> dict[tuple[str, str], PrefixListEntry]:
    return {(entry.cidr, entry.description): entry for entry in entries}


def delete_managed_prefix_list(params: Params, context: Context) -> Result:
    """Delete a list with all its versions, unless a rule uses it [reference 15, docs; code and text inferred]."""
    found = find_prefix_list(params, context)
    if context.tx.any(Rule, "peer", found.id):
        raise errors.dependency_violation(found.id)
    reply = _under_way("delete", found, context)
    context.tx.remove(*context.tx.by(PrefixListEntry, "list_id", [found.id]).get(found.id, ()), found)
    return reply


OPERATIONS = (
    Operation("CreateManagedPrefixList", create_managed_prefix_list),
    Operation("ModifyManagedPrefixList", modify_managed_prefix_list),
    Operation("RestoreManagedPrefixListVersion", restore_managed_prefix_list_version),
    Operation("DeleteManagedPrefixList", delete_managed_prefix_list),
)
