"""What a call needs permission for, as its operation's row tells it [reference 22, docs].

``named`` is of resources that a call names by id, ``made`` of one that it makes. Where a row needs more than a
parameter's path to find the ids, it brings a function, which finds them as the operation itself does: a policy must not
be passed by naming a resource otherwise, or by leaving it to a default.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, NamedTuple

from groupwall.iam.facts import Said
from groupwall.iam.resources import ANY, KIND_OF_PREFIX, Tags
from groupwall.ops.operation import Context, On, Operation, Params

BY_PREFIX = ""
"""The kind of resources that may be of any kind: the prefix of the id says it."""

_OWN = "groupwall"
"""The service of our own operations, of which some are of a host."""

Say = Callable[[Params, Context], Said]


def _nothing() -> Said:
    return {}


class Need(NamedTuple):
    """An action on a resource that a call needs permission for; resource_id may be ANY.

    given: the tags that it gives to that resource or takes from it, None where it does neither. say: returns the
    condition keys that the call itself tells, which may have to be looked up.
    """

    action: str
    kind: str
    resource_id: str
    given: Tags | None = None
    say: Callable[[], Said] = _nothing


def _at(value: Any, path: list[str]) -> Iterable[Any]:  # noqa: ANN401 - any part of the parameters
    if isinstance(value, list):
        return (one for item in value for one in _at(item, path))
    if not path:
        return (value,)
    return _at(value[path[0]], path[1:]) if isinstance(value, dict) and path[0] in value else ()


def named(kind: str, *paths: str, optional: bool = False, say: Say | None = None) -> On:
    """Return the resources whose ids stand at paths of the parameters.

    A path is of members joined by dots, and goes through each item of a list: ``NetworkInterfaces.Groups``.
    """

    def find(params: Params, context: Context) -> Iterator[str]:
        del context
        return (one for path in paths for one in _at(params, path.split(".")) if one)

    return On(kind, find, optional=optional, say=say)


def made(kind: str, *, optional: bool = False, say: Say | None = None) -> On:
    """Return the resource that a call makes. optional: permission on it is needed only when the call tags it."""
    return On(kind, lambda _params, _context: (ANY,), new=True, optional=optional, say=say)


ON_VPC = named("vpc", "VpcId")
ON_SUBNET = named("subnet", "SubnetId")
ON_INTERFACE = named("network-interface", "NetworkInterfaceId")
ON_INSTANCES = named("instance", "InstanceIds")
ON_PREFIX_LIST = named("prefix-list", "PrefixListId")
ON_PEERING = named("vpc-peering-connection", "VpcPeeringConnectionId")


def attributes(*others: str) -> Say:
    """Return what tells ``ec2:Attribute`` and ``ec2:Attribute/NAME`` of what a call changes [reference 22, docs].

    others: members that are no attributes. An attribute's name is its member's (inferred).
    """

    def say(params: Params, context: Context) -> Said:
        del context
        return attributes_said({name: value for name, value in params.items() if name not in others})

    return say


def attributes_said(changed: Params) -> Said:
    """Return the condition keys of attributes by their new values, told where those are plain (inferred)."""
    values = {f"ec2:attribute/{name.lower()}": _told(value) for name, value in changed.items()}
    return {"ec2:attribute": tuple(changed), **values}


def _told(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - any part of the parameters
    if isinstance(value, dict):
        return _told(value["Value"]) if "Value" in value else ()
    if isinstance(value, list):
        return tuple(one for one in value if isinstance(one, str))
    return (str(value).lower(),) if isinstance(value, bool) else (str(value),)


def needs(service: str, operation: Operation, params: Params, context: Context) -> Iterator[Need]:
    """Yield what a call needs permission for: its action on each resource, then the tags that it gives."""
    if operation.on is None:
        return
    action = f"{service}:{operation.name}"
    specified, direct = _specified(params), _tags(params.get("Tags"))
    if not operation.on:
        yield Need(action, ANY, ANY, direct, partial(_host_said, params) if service == _OWN else _nothing)
    for on in operation.on:
        say = partial(on.say, params, context) if on.say else _nothing
        taken = on.taken(params, context) if on.taken else {}
        for kind, resource_id in _resources(on, params, context, specified):
            given = specified.get(kind) if on.new else taken.get(resource_id, direct)
            yield Need(action, kind, resource_id, given, say)
    for kind, tags in specified.items():
        yield Need("ec2:CreateTags", kind, ANY, tags, lambda: {"ec2:createaction": (operation.name,)})


def _host_said(params: Params) -> Said:
    """Return the condition key of what hosts tell and are asked: for which host a call speaks (inferred)."""
    return {"groupwall:host": (params["Host"],)} if "Host" in params else {}


def _resources(on: On, params: Params, context: Context, specified: Mapping[str, Tags]) -> Iterator[tuple[str, str]]:
    found = list(dict.fromkeys(on.find(params, context)))
    if on.new and on.optional and on.kind not in specified:
        return
    if not found and not on.new and not on.optional:
        found = [ANY]
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
