"""What a call needs permission for, as its operation's row tells it [reference 22, docs].

``named`` is of resources that a call names by id, ``made`` of one that it makes. Where a row needs more than a
parameter's path to find the ids, it brings a function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from groupwall.iam.resources import KIND_OF_PREFIX
from groupwall.ops.operation import Context, On, Operation, Params

ANY = "*"
"""In the place of an id: all of the kind, or one that is only made. As a kind: no resource at all."""

BY_PREFIX = ""
"""The kind of resources that may be of any kind: the prefix of the id says it."""

Tags = Mapping[str, str]


class Need(NamedTuple):
    """An action on a resource that a call needs permission for; resource_id may be ANY.

    given: the tags that it gives to that resource or takes from it, None where it does neither. making: the operation
    that makes the resource, when the action is to tag it.
    """

    action: str
    kind: str
    resource_id: str
    given: Tags | None = None
    making: str | None = None


def named(kind: str, *paths: str, optional: bool = False) -> On:
    """Return the resources whose ids stand at paths of the parameters.

    A path is of members joined by dots, and goes through each item of a list: ``NetworkInterfaces.Groups``.
    """

    def find(params: Params, context: Context) -> Iterator[str]:
        del context
        return (one for path in paths for one in _at(params, path.split(".")) if one)

    return On(kind, find, optional=optional)


def made(kind: str, *, optional: bool = False) -> On:
    """Return the resource that a call makes. optional: permission on it is needed only when the call tags it."""
    return On(kind, lambda _params, _context: (), new=True, optional=optional)


def _at(value: Any, path: list[str]) -> Iterable[Any]:  # noqa: ANN401 - any part of the parameters
    if isinstance(value, list):
        return (one for item in value for one in _at(item, path))
    if not path:
        return (value,)
    return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else ()


def needs(service: str, operation: Operation, params: Params, context: Context) -> Iterator[Need]:
    """Yield what a call needs permission for: its action on each resource, then the tags that it gives."""
    if operation.on is None:
        return
    action = f"{service}:{operation.name}"
    specified, direct = _specified(params), _tags(params.get("Tags"))
    alone = True
    for on in operation.on:
        for kind, resource_id in _resources(on, params, context, specified):
            alone = False
            yield Need(action, kind, resource_id, specified.get(kind) if on.new else direct)
    if alone:
        yield Need(action, ANY, ANY, direct)
    for kind, tags in specified.items():
        yield Need("ec2:CreateTags", kind, ANY, tags, operation.name)


def _resources(on: On, params: Params, context: Context, specified: Mapping[str, Tags]) -> Iterator[tuple[str, str]]:
    if on.new:
        found = [ANY] if on.kind in specified or not on.optional else []
    else:
        found = list(dict.fromkeys(on.find(params, context))) or ([] if on.optional else [ANY])
    for resource_id in found:
        yield on.kind or _kind_of(resource_id), resource_id


def _kind_of(resource_id: str) -> str:
    """Return the kind of a resource that may be of any; one that is none can only be allowed with all there is."""
    return KIND_OF_PREFIX.get(resource_id.partition("-")[0], ANY)


def _specified(params: Params) -> dict[str, Tags]:
    """Return the tags that a call gives to what it makes, by the kind of resource."""
    specified: dict[str, Tags] = {}
    for one in params.get("TagSpecifications") or ():
        tags = _tags(one.get("Tags"))
        if tags:
            specified[one.get("ResourceType", "")] = {**specified.get(one.get("ResourceType", ""), {}), **tags}
    return specified


def _tags(given: Iterable[Mapping[str, str]] | None) -> Tags | None:
    return None if given is None else {tag.get("Key", ""): tag.get("Value", "") for tag in given}
