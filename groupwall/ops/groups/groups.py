"""Security groups: create, delete, describe [reference 7, 8, 9]."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.blocks import is_ipv6
from groupwall.ops.filters import Paging, conditions, named, refuse_pages_of_ids
from groupwall.ops.operation import Context, On, Operation, Params, Result
from groupwall.ops.peerings.references import pairs_across, remove_rules
from groupwall.ops.permissions import made
from groupwall.ops.places import find_vpc
from groupwall.ops.tags import attach_tags, tag_list, tags_given
from groupwall.rules import parsing
from groupwall.rules.permissions import write_permissions
from groupwall.rules.values import ALL_PROTOCOLS, NO_PORTS, Direction, Peer, Properties, Rule
from groupwall.store.entities import Group, Member, Vpc, VpcAssociation, VpcCidr
from groupwall.store.query import Where

DEFAULT_NAME = "default"
DEFAULT_DESCRIPTION = "default VPC security group"
_TEXT = re.compile(r"[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def refuse_no_group(params: Params) -> None:
    """Refuse a call that names no group, or an empty id: before authorisation and DryRun [reference 2.1, recorded]."""
    group_id = params.get("GroupId")
    if group_id == "":
        raise errors.group_id_malformed("")
    if group_id is None and not params.get("GroupName"):
        raise errors.missing_group()


def find_group(params: Params, context: Context) -> tuple[Group, Vpc]:
    """Return the group that a call names by GroupId, or by GroupName in the default VPC; and its VPC.

    Both must name the same group [reference 4.2, inferred]. InvalidGroupId.Malformed or InvalidGroup.NotFound [3.3]
    when there is no such group.
    """
    group_id, name = params.get("GroupId"), params.get("GroupName")
    if group_id is None:
        return group_of_default_vpc(name or "", context)
    found = context.tx.group_in_vpc(parsing.group_id(group_id))
    if found is None:
        raise errors.group_not_found(group_id)
    if name is not None and name.lower() != found[0].name.lower():
        message = "GroupId and GroupName do not name the same security group"
        raise errors.invalid_combination(message)
    return found


def group_touched(params: Params, context: Context) -> list[str]:
    """Return the id of the group that a call names, as ``find_group`` finds it; none for a name that no group has."""
    if params.get("GroupId") is not None:
        return [params["GroupId"]]
    vpc = context.tx.default_vpc()
    found = context.tx.group_named(vpc.id, params.get("GroupName") or "") if vpc else None
    return [found.id] if found else []


ON_GROUP = On("security-group", group_touched)


def group_of_default_vpc(name: str, context: Context) -> tuple[Group, Vpc]:
    """Return the default VPC's group of this name, and that VPC. InvalidGroup.NotFound, without one too [3.3]."""
    vpc = context.tx.default_vpc()
    group = context.tx.group_named(vpc.id, name) if vpc else None
    if vpc is None or group is None:
        raise errors.group_not_found_by_name(name, vpc.id if vpc else None)
    return group, vpc


def _required_default_vpc(context: Context) -> Vpc:
    """Return the default VPC. VPCIdNotSpecified: what create, delete and describe say, and a revoke does not [3.3]."""
    vpc = context.tx.default_vpc()
    if vpc is None:
        raise errors.no_default_vpc()
    return vpc


def create_security_group(params: Params, context: Context) -> Result:
    """Create a group with no ingress and all egress [reference 7]."""
    name = _checked_name(params["GroupName"])
    description = _checked_description(params["Description"])
    tags = tags_given(params, "security-group")
    vpc = _vpc_of(params.get("VpcId"), context)
    if context.tx.group_named(vpc.id, name):
        raise errors.group_duplicate(name, vpc.id)
    if context.tx.count_groups() >= context.quotas.groups_per_region:
        raise errors.group_limit_exceeded()
    group = Group(context.ids.new("sg"), vpc.id, name, description)
    add_group(context, group, [])
    attach_tags(context, group.id, tags)
    shown = [{"Key": key, "Value": value} for key, value in tags.items()]
    return {"GroupId": group.id, "SecurityGroupArn": _arn(context, group), "Tags": shown or None}


def add_group(context: Context, group: Group, ingress: Sequence[Peer], *, rule_ids: Iterable[str] = ()) -> None:
    """Add a group with the rules that AWS gives it: all from each of ``ingress``, all to everywhere.

    rule_ids: ids for those rules, drawn anew where it ends. ``::/0`` joins where the VPC has an IPv6 block [reference
    7].
    """
    context.tx.add(group)
    given = iter(rule_ids)
    everywhere = [Peer.of("0.0.0.0/0")]
    if any(is_ipv6(block.cidr) for block in context.tx.of(VpcCidr, "vpc_id", group.vpc_id)):
        everywhere.append(Peer.of("::/0"))
    for direction, peers in ((Direction.INGRESS, ingress), (Direction.EGRESS, everywhere)):
        for peer in peers:
            properties = Properties(ALL_PROTOCOLS, NO_PORTS, peer)
            context.tx.add(Rule(next(given, None) or context.ids.new("sgr"), group.id, direction, properties, None))


def _vpc_of(vpc_id: str | None, context: Context) -> Vpc:
    return _required_default_vpc(context) if vpc_id is None else find_vpc(vpc_id, context)


def _checked_name(given: str) -> str:
    """Return a group's name without the spaces at its end [reference 7, docs]."""
    name = given.rstrip(" ")
    if not name:
        raise errors.missing_parameter("GroupName")
    if not name.isascii():
        raise errors.beyond_ascii("GroupName", name)
    if name.lower().startswith("sg-"):
        raise errors.group_name_form(name)
    if name.lower() == DEFAULT_NAME:
        raise errors.reserved_group_name()
    if not _TEXT.fullmatch(name):
        raise errors.group_name_invalid()
    return name


def _checked_description(description: str) -> str:
    if not description:
        raise errors.missing_parameter("GroupDescription")
    if not description.isascii():
        raise errors.beyond_ascii("GroupDescription", description)
    if not _TEXT.fullmatch(description):
        raise errors.group_description_invalid()
    return description


def delete_security_group(params: Params, context: Context) -> Result:
    """Delete a group with its rules, unless it is a VPC's default one or in use [reference 8]."""
    if params.get("GroupId") is None:
        _required_default_vpc(context)
    group, _ = find_group(params, context)
    if group.name == DEFAULT_NAME:
        raise errors.cannot_delete_default(group.id)
    if _is_in_use(group, context):
        raise errors.group_in_use(group.id)
    remove_group(context, group)
    return {"Return": True, "GroupId": group.id}


def _is_in_use(group: Group, context: Context) -> bool:
    """Tell whether an interface, an association or another group of its VPC uses a group [reference 8].

    A reference to itself does not count [inferred], nor one from a peered VPC, which becomes stale [docs].
    """
    tx = context.tx
    return (
        tx.any(Member, "group_id", group.id) or tx.any(VpcAssociation, "group_id", group.id) or tx.is_referenced(group)
    )


def remove_group(context: Context, group: Group) -> None:
    """Remove a group, its rules and their tags."""
    remove_rules(context, context.tx.of(Rule, "group_id", group.id))
    context.tx.remove(group)


_PERMISSION_FILTERS = (
    "cidr", "from-port", "group-id", "group-name", "ipv6-cidr", "prefix-list-id", "protocol", "to-port", "user-id",
)  # fmt: skip
FILTERS = {
    "description": "description",
    "group-id": "id",
    "group-name": "name",
    "owner-id": "owner",
    "vpc-id": "vpc",
    "tag": "tag",
    "tag-key": "tag-key",
    "tag-value": "tag-value",
    **{f"ip-permission.{name}": f"ingress.{name}" for name in _PERMISSION_FILTERS},
    **{f"egress.ip-permission.{name}": f"egress.{name}" for name in _PERMISSION_FILTERS},
}


def describe_security_groups(params: Params, context: Context) -> Result:
    """Describe groups by id, name or filter, in the order of their ids [reference 9]."""
    refuse_pages_of_ids(params, "GroupIds", "GroupNames")
    paging = Paging(params, context, "groups")
    wanted = conditions(params, FILTERS) + _named(params, context)
    groups, token = paging.listed(Group, wanted, described)
    return {"SecurityGroups": groups, "NextToken": token}


def _named(params: Params, context: Context) -> list[Where]:
    """Return the condition that a group is one of those named; VPCIdNotSpecified for a name without a default VPC."""
    ids = [parsing.group_id(group_id) for group_id in params.get("GroupIds", ())]
    names = params.get("GroupNames", ())
    if names:
        _required_default_vpc(context)
    ids += [group_of_default_vpc(name, context)[0].id for name in names]
    return named(Group, ids, context, errors.group_not_found)


def described(groups: Sequence[Group], context: Context) -> list[dict[str, Any]]:
    """Return groups as DescribeSecurityGroups shows them, their rules merged into permissions."""
    ids = [group.id for group in groups]
    rules = context.tx.by(Rule, "group_id", ids)
    tags = context.tx.tags_of(ids)
    across = pairs_across([rule for some in rules.values() for rule in some], context.tx, context.now)

    def permissions(group: Group, direction: Direction) -> list[dict[str, Any]]:
        def pair(peer: str) -> dict[str, str]:
            return across.get((group.id, peer), {"UserId": context.world.account})

        return write_permissions([rule for rule in rules.get(group.id, ()) if rule.direction is direction], pair)

    return [
        {
            "GroupId": group.id,
            "GroupName": group.name,
            "Description": group.description,
            "OwnerId": context.world.account,
            "VpcId": group.vpc_id,
            "SecurityGroupArn": _arn(context, group),
            "IpPermissions": permissions(group, Direction.INGRESS),
            "IpPermissionsEgress": permissions(group, Direction.EGRESS),
            "Tags": tag_list(tags.get(group.id, ())) or None,
        }
        for group in groups
    ]


def _arn(context: Context, group: Group) -> str:
    return context.arn(f"security-group/{group.id}")


def _vpc_touched(params: Params, context: Context) -> list[str]:
    """Return the VPC that a group is to be in; none where there is no default one to take."""
    vpc = context.tx.default_vpc() if params.get("VpcId") is None else None
    return [vpc.id] if vpc else [params["VpcId"]] if params.get("VpcId") else []


OPERATIONS = (
    Operation(
        "CreateSecurityGroup",
        create_security_group,
        on=(made("security-group"), On("vpc", _vpc_touched, optional=True)),
    ),
    Operation("DeleteSecurityGroup", delete_security_group, early=refuse_no_group, on=(ON_GROUP,)),
    Operation("DescribeSecurityGroups", describe_security_groups, reads=True, on=()),
)
