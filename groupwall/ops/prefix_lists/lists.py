"""Prefix lists: create and delete [reference 15].

Every change is done when its reply is sent. The reply still tells of the change as under way, and shows the version and
size from before it, as AWS's do [docs: examples of the AWS CLI]; the next description shows what it came to.
"""

from __future__ import annotations

from groupwall import errors
from groupwall.ops import tokens
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.permissions import ON_PREFIX_LIST, made
from groupwall.ops.prefix_lists.described import described, find_prefix_list
from groupwall.ops.prefix_lists.entries import add_entries, asked_entries
from groupwall.ops.tags import attach_tags, tags_given
from groupwall.rules.values import Rule
from groupwall.store.entities import PrefixList, PrefixListEntry

LONGEST_NAME = 255


def create_managed_prefix_list(params: Params, context: Context) -> Result:
    """Create a prefix list with its first entries; a call repeated with its token answers the same list."""
    made = tokens.made_before(params, context, "CreateManagedPrefixList")
    if made:
        return {"PrefixList": described([find_prefix_list(made, context)], context)[0]}
    name, size = checked_name(params["PrefixListName"]), checked_size(params["MaxEntries"], context)
    family = _checked_family(params["AddressFamily"])
    entries = asked_entries(params.get("Entries", ()), family)
    tags = tags_given(params, "prefix-list")
    if len(entries) > size:
        raise errors.prefix_list_max_entries_exceeded()
    if context.tx.count(PrefixList) >= context.quotas.prefix_lists_per_region:
        raise errors.prefix_list_limit_exceeded()
    prefix_list = PrefixList(context.ids.new("pl"), name, family, size, 1, "create-complete", "")
    context.tx.add(prefix_list)
    add_entries(context, prefix_list.id, entries, prefix_list.version)
    attach_tags(context, prefix_list.id, tags)
    tokens.remember(params, context, "CreateManagedPrefixList", prefix_list.id)
    return under_way("create", prefix_list, context)


def under_way(verb: str, prefix_list: PrefixList, context: Context) -> Result:
    """Return the reply to a change of a list that is told as it was: ``VERB-in-progress``."""
    return {"PrefixList": described([prefix_list._replace(state=f"{verb}-in-progress", message="")], context)[0]}


def checked_name(name: str) -> str:
    """Return a list's name. Reserved are those of AWS's own lists [reference 15, model]; capitals are as good."""
    if not 0 < len(name) <= LONGEST_NAME or name.lower().startswith("com.amazonaws"):
        raise errors.prefix_list_name_invalid(name)
    return name


def checked_size(size: int, context: Context) -> int:
    """Return a MaxEntries that a list may have."""
    most = context.quotas.entries_per_prefix_list
    if not 1 <= size <= most:
        raise errors.prefix_list_size_out_of_range(most)
    return size


def _checked_family(family: str) -> str:
    if family not in ("IPv4", "IPv6"):
        message = f"Value ({family}) for parameter addressFamily is invalid. Valid values are IPv4 and IPv6."
        raise errors.invalid_value(message)
    return family


def delete_managed_prefix_list(params: Params, context: Context) -> Result:
    """Delete a list with all its versions, unless a rule uses it [reference 15, docs; code and text inferred]."""
    found = find_prefix_list(params["PrefixListId"], context)
    if context.tx.any(Rule, "peer", found.id):
        raise errors.dependency_violation(found.id)
    reply = under_way("delete", found, context)
    context.tx.remove(*context.tx.of(PrefixListEntry, "list_id", found.id), found)
    return reply


OPERATIONS = (
    Operation("CreateManagedPrefixList", create_managed_prefix_list, on=(made("prefix-list"),)),
    Operation("DeleteManagedPrefixList", delete_managed_prefix_list, on=(ON_PREFIX_LIST,)),
)
