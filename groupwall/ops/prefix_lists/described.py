"""What is told of prefix lists: themselves, their entries, the groups that use them [reference 15]."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging, anywhere, conditions, matches, named
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.permissions import ON_PREFIX_LIST
from groupwall.ops.prefix_lists.entries import entries_of
from groupwall.ops.tags import tag_list
from groupwall.rules import parsing
from groupwall.store.entities import Group, PrefixList


def find_prefix_list(given: str, context: Context) -> PrefixList:
    """Return a prefix list. InvalidPrefixListId.Malformed or InvalidPrefixListID.NotFound [3.3]."""
    return context.find(PrefixList, parsing.prefix_list_id(given), errors.prefix_list_not_found)


FILTERS = {
    "owner-id": "owner",
    "prefix-list-id": "id",
    "prefix-list-name": "name",
    "tag": "tag",
    "tag-key": "tag-key",
}


def describe_managed_prefix_lists(params: Params, context: Context) -> Result:
    """Describe prefix lists by id or filter, in the order of their ids."""
    paging = Paging(params, context, "prefix-lists", 1, 100)
    ids = [parsing.prefix_list_id(one) for one in params.get("PrefixListIds", ())]
    wanted = conditions(params, FILTERS) + named(PrefixList, ids, context, errors.prefix_list_not_found)
    lists, token = paging.listed(PrefixList, wanted, described)
    return {"PrefixLists": lists, "NextToken": token}


def described(lists: Sequence[PrefixList], context: Context) -> list[dict[str, Any]]:
    """Return lists as DescribeManagedPrefixLists shows them, ``Tags`` even where there are none [recorded]."""
    tags = context.tx.tags_of([one.id for one in lists])
    return [
        {
            "PrefixListId": one.id,
            "AddressFamily": one.family,
            "State": one.state,
            "StateMessage": one.message or None,
            "PrefixListArn": context.arn(f"prefix-list/{one.id}"),
            "PrefixListName": one.name,
            "MaxEntries": one.max_entries,
            "Version": one.version,
            "Tags": tag_list(tags.get(one.id, ())),
            "OwnerId": context.world.account,
        }
        for one in lists
    ]


def get_managed_prefix_list_entries(params: Params, context: Context) -> Result:
    """List the entries of a version of a prefix list, of the current one by default, in the order of their blocks."""
    found = find_prefix_list(params["PrefixListId"], context)
    version = params.get("TargetVersion")
    paging = Paging(params, context, f"prefix-list-entries/{found.id}/{version}", 1, 100)
    entries, token = paging.split(entries_of(context, found, version, paging.page()), attrgetter("cidr"))
    shown = [{"Cidr": one.cidr, "Description": one.description or None} for one in entries]
    return {"Entries": shown, "NextToken": token}


def get_managed_prefix_list_associations(params: Params, context: Context) -> Result:
    """List the groups whose rules use a prefix list, each once, in the order of their ids [reference 15, docs]."""
    found = find_prefix_list(params["PrefixListId"], context)
    paging = Paging(params, context, f"prefix-list-associations/{found.id}", 5, 255)
    shown, token = paging.listed(Group, [anywhere("prefix-list", [found.id])], _users)
    return {"PrefixListAssociations": shown, "NextToken": token}


def _users(groups: Sequence[Group], context: Context) -> list[dict[str, Any]]:
    return [{"ResourceId": group.id, "ResourceOwner": context.world.account} for group in groups]


SERVICE_FILTERS = {"prefix-list-id": "PrefixListId", "prefix-list-name": "PrefixListName"}


def describe_prefix_lists(params: Params, context: Context) -> Result:
    """List the prefix lists of AWS's own services, of which there are none here [reference 15]."""
    Paging(params, context, "service-prefix-lists")
    for prefix_list_id in params.get("PrefixListIds", ()):
        raise errors.service_prefix_list_not_found(parsing.prefix_list_id(prefix_list_id))
    return {"PrefixLists": matches((), params, SERVICE_FILTERS)}


OPERATIONS = (
    Operation("DescribeManagedPrefixLists", describe_managed_prefix_lists, reads=True, on=()),
    Operation("GetManagedPrefixListEntries", get_managed_prefix_list_entries, reads=True, on=(ON_PREFIX_LIST,)),
    Operation(
        "GetManagedPrefixListAssociations", get_managed_prefix_list_associations, reads=True, on=(ON_PREFIX_LIST,)
    ),
    Operation("DescribePrefixLists", describe_prefix_lists, reads=True, in_world=False, on=()),
)
