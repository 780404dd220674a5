"""Tags: on what is created, added later, removed, listed [reference 18]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from groupwall import errors
from groupwall.iam.resources import KIND_OF_PREFIX
from groupwall.ops.filters import Paging, conditions
from groupwall.ops.instances.remembered import REMEMBERED, TERMINATED, is_remembered
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.permissions import BY_PREFIX, named
from groupwall.store.entities import Instance, Tag
from groupwall.store.integrity import OF_PREFIX
from groupwall.store.query import Where

MOST_TAGS = 50
LONGEST_KEY = 128
LONGEST_VALUE = 256
MOST_RESOURCES = 1000
"""Resources in one call [model: documentation of Resources; text of the error inferred]."""

TAGGABLE: dict[str, tuple[str, type[Any]]] = {
    prefix: (KIND_OF_PREFIX[prefix], entity) for prefix, entity in OF_PREFIX.items()
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


def attach_tags(context: Context, resource_id: str, tags: Mapping[str, str]) -> None:
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
    else:
        context.tx.replace(before, after)


def delete_tags(params: Params, context: Context) -> Result:
    """Remove tags: by key, by key and value, or all; what is not there is no error [reference 18, model]."""
    resources = _resources(params["Resources"], context)
    asked = params.get("Tags")
    wanted: dict[str, set[str | None]] = {}
    for tag in asked or ():
        wanted.setdefault(tag.get("Key", ""), set()).add(tag.get("Value"))
    for tags in context.tx.tags_of(list(resources)).values():
        context.tx.remove(*(tag for tag in tags if not asked or {None, tag.value} & wanted.get(tag.key, set())))
    return {}


FILTERS = {"key": "key", "value": "value", "resource-id": "resource", "resource-type": "resource-type", "tag": "tag"}


def describe_tags(params: Params, context: Context) -> Result:
    """List tags by resource and key, but for those of an instance that is no longer described."""
    paging = Paging(params, context, "tags")
    wanted = [Where("visible", (TERMINATED,), str(context.now - REMEMBERED)), *conditions(params, FILTERS)]
    tags, token = paging.listed(Tag, wanted, _described)
    return {"Tags": tags, "NextToken": token}


def _described(tags: Sequence[Tag], _: Context) -> list[dict[str, Any]]:
    return [
        {"Key": tag.key, "ResourceId": tag.resource_id, "ResourceType": tag.resource_type, "Value": tag.value}
        for tag in tags
    ]


def _resources(resource_ids: Sequence[str], context: Context) -> dict[str, str]:
    """Return id -> resource type of the resources named. InvalidID for the first that is not there."""
    if len(resource_ids) > MOST_RESOURCES:
        raise errors.invalid_value(f"The request names more than {MOST_RESOURCES} resources.")
    by_prefix: dict[str, list[str]] = {}
    for resource_id in resource_ids:
        by_prefix.setdefault(resource_id.partition("-")[0], []).append(resource_id)
    present = {
        resource_id
        for prefix, ids in by_prefix.items()
        if prefix in TAGGABLE
        for resource_id, one in context.tx.by_id(TAGGABLE[prefix][1], ids).items()
        if not isinstance(one, Instance) or is_remembered(one, context.now)
    }
    for resource_id in resource_ids:
        if resource_id not in present:
            raise errors.invalid_id(resource_id)
    return {resource_id: TAGGABLE[resource_id.partition("-")[0]][0] for resource_id in resource_ids}


def _checked(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return key -> value."""
    checked = {}
    for tag in tags:
        key, value = tag.get("Key", ""), tag.get("Value", "")
        if not 0 < len(key) <= LONGEST_KEY:
            raise errors.tag_key_malformed(key)
        if key.lower().startswith("aws:"):
            raise errors.tag_key_reserved()
        if len(value) > LONGEST_VALUE:
            raise errors.tag_value_too_long()
        if key in checked:
            raise errors.tag_key_twice(key)
        checked[key] = value
    if len(checked) > MOST_TAGS:
        raise errors.tag_limit_exceeded()
    return checked


def _taken(params: Params, context: Context) -> dict[str, dict[str, str]]:
    """Return the tags of each resource where a call takes all that there are: policies see them as named (inferred)."""
    found = {} if params.get("Tags") else context.tx.tags_of(params["Resources"])
    return {resource_id: {tag.key: tag.value for tag in tags} for resource_id, tags in found.items()}


_TAGGED = named(BY_PREFIX, "Resources")

OPERATIONS = (
    Operation("CreateTags", create_tags, on=(_TAGGED,)),
    Operation("DeleteTags", delete_tags, on=(_TAGGED._replace(taken=_taken),)),
    Operation("DescribeTags", describe_tags, reads=True, on=()),
)
