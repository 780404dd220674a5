"""Tags: on what is created, added later, removed, listed [reference 18]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging, conditions
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.rules.values import Rule
from groupwall.store.entities import Group, Subnet, Tag, Vpc

MOST_TAGS = 50
LONGEST_KEY = 128
LONGEST_VALUE = 256

TAGGABLE: dict[str, tuple[str, type]] = {
    "sg": ("security-group", Group),
    "sgr": ("security-group-rule", Rule),
    "subnet": ("subnet", Subnet),
    "vpc": ("vpc", Vpc),
}
"""Prefix of an id -> (resource type, what it is)."""


def tags_given(params: Params, resource_type: str) -> dict[str, str]:
    """Return the tags that a call's TagSpecifications give to what it creates.

    InvalidParameterValue for another resource type, and whatever a bad tag raises.
    """
    tags: list[Mapping[str, str]] = []
    for specification in params.get("TagSpecifications", ()):
        given = specification.get("ResourceType", "")
        if given != resource_type:
            raise errors.tag_resource_type(given)
        tags += specification.get("Tags", ())
    return _checked(tags)


def attach(context: Context, resource_id: str, tags: Mapping[str, str]) -> None:
    """Tag a new resource."""
    resource_type = TAGGABLE[resource_id.partition("-")[0]][0]
    for key, value in tags.items():
        context.tx.add(Tag(resource_id, key, value, resource_type))


def tag_list(tags: Iterable[Tag]) -> list[dict[str, str]]:
    """Return tags as replies show them."""
    return [{"Key": tag.key, "Value": tag.value} for tag in tags]


def create_tags(params: Params, context: Context) -> Result:
    """Add tags to resources, or overwrite their values; all of them or none."""
    resources = _resources(params["Resources"], context)
    tags = _checked(params["Tags"])
    present = context.tx.tags_of(list(resources))
    for resource_id, resource_type in resources.items():
        mine = {tag.key: tag for tag in present.get(resource_id, ())}
        if len(mine.keys() | tags.keys()) > MOST_TAGS:
            raise errors.tag_limit_exceeded()
        for key, value in tags.items():
            _put(context, mine.get(key), Tag(resource_id, key, value, resource_type))
    return {}


def _put(context: Context, before: Tag | None, after: Tag) -> None:
    if before is None:
        context.tx.add(after)
    elif before != after:
        context.tx.replace(before, after)


def delete_tags(params: Params, context: Context) -> Result:
    """Remove tags: by key, by key and value, or all; what is not there is no error [reference 18, model]."""
    resources = _resources(params["Resources"], context)
    wanted = params.get("Tags")
    for tags in context.tx.tags_of(list(resources)).values():
        for tag in tags:
            if not wanted or any(_names(asked, tag) for asked in wanted):
                context.tx.remove(tag)
    return {}


def _names(asked: Mapping[str, str], tag: Tag) -> bool:
    return asked.get("Key") == tag.key and asked.get("Value", tag.value) == tag.value


FILTERS = {"key": "key", "value": "value", "resource-id": "resource", "resource-type": "resource-type", "tag": "tag"}


def describe_tags(params: Params, context: Context) -> Result:
    """List tags by resource and key."""
    paging = Paging(params, context, "tags")
    tags = context.tx.tags(conditions(params, FILTERS), paging.page())
    shown, token = paging.split(tags, lambda tag: f"{tag.resource_id}\n{tag.key}")
    return {"Tags": [_described(tag) for tag in shown], "NextToken": token}


def _described(tag: Tag) -> dict[str, Any]:
    return {"Key": tag.key, "ResourceId": tag.resource_id, "ResourceType": tag.resource_type, "Value": tag.value}


def _resources(resource_ids: Sequence[str], context: Context) -> dict[str, str]:
    """Return id -> resource type of the resources named. InvalidID for one that is not there."""
    found = {}
    for resource_id in resource_ids:
        resource_type, kind = TAGGABLE.get(resource_id.partition("-")[0], ("", None))
        if kind is None or context.tx.get(kind, resource_id) is None:
            raise errors.invalid_id(resource_id)
        found[resource_id] = resource_type
    return found


def _checked(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return key -> value. A key given twice counts once, with its last value (inferred)."""
    checked = {}
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 0 < len(key) <= LONGEST_KEY:
            raise errors.tag_key_malformed(key[:LONGEST_KEY])
        if key.lower().startswith("aws:"):
            raise errors.tag_key_reserved()
        if len(value) > LONGEST_VALUE:
            raise errors.tag_value_too_long()
        checked[key] = value
    if len(checked) > MOST_TAGS:
        raise errors.tag_limit_exceeded()
    return checked


OPERATIONS = (
    Operation("CreateTags", create_tags),
    Operation("DeleteTags", delete_tags),
    Operation("DescribeTags", describe_tags, reads=True),
)
