"""Groups in VPCs beside their own: associate, disassociate, describe, and what a VPC may use [reference 14]."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from groupwall import errors
from groupwall.ops.filters import Paging, anywhere, conditions
from groupwall.ops.groups.groups import DEFAULT_NAME, ON_GROUP, find_group, refuse_no_group
from groupwall.ops.operation import Context, Operation, Params, Result
from groupwall.ops.permissions import ON_VPC
from groupwall.ops.places import find_vpc
from groupwall.ops.tags import tag_list
from groupwall.store.entities import Group, Vpc, VpcAssociation


def associate_security_group_vpc(params: Params, context: Context) -> Result:
    """Let a group be used in another VPC too; the reply says ``associating`` [reference 14, docs].

    An association that is there is answered as such. The VPC may have a group of that name: names count only in the
    default VPC, which takes no part in this (both inferred).
    """
    group, vpc = _named(params, context)
    _refuse_unfit(group, vpc)
    association = VpcAssociation(group.id, vpc.id)
    if association in _of_group(group, context):
        return {"State": "associated"}
    context.tx.add(association)
    return {"State": "associating"}


def disassociate_security_group_vpc(params: Params, context: Context) -> Result:
    """End that, unless an interface of the VPC is still in the group; the reply says ``disassociating`` [14, docs]."""
    group, vpc = _named(params, context)
    association = VpcAssociation(group.id, vpc.id)
    if association not in _of_group(group, context):
        message = f"The security group '{group.id}' is not associated with the VPC '{vpc.id}'"
        raise errors.invalid_value(message)
    if context.tx.has_member_in(group.id, vpc.id):
        raise errors.group_in_use(group.id)
    context.tx.remove(association)
    return {"State": "disassociating"}


def _named(params: Params, context: Context) -> tuple[Group, Vpc]:
    group, _ = find_group(params, context)
    return group, find_vpc(params["VpcId"], context)


def _refuse_unfit(group: Group, vpc: Vpc) -> None:
    """Refuse default groups, default VPCs [reference 14, model: code and text inferred], and its own VPC (inferred)."""
    reason = ""
    if group.name == DEFAULT_NAME:
        reason = f"The default security group '{group.id}' cannot be associated with a VPC"
    elif vpc.is_default:
        reason = f"A security group cannot be associated with the default VPC '{vpc.id}'"
    elif group.vpc_id == vpc.id:
        reason = f"The security group '{group.id}' belongs to the VPC '{vpc.id}'"
    if reason:
        raise errors.invalid_value(reason)


def _of_group(group: Group, context: Context) -> list[VpcAssociation]:
    return context.tx.of(VpcAssociation, "group_id", group.id)


def remove_associations(context: Context, vpc_id: str) -> None:
    """End all associations with a VPC, which is about to go."""
    context.tx.remove(*context.tx.of(VpcAssociation, "vpc_id", vpc_id))


FILTERS = {"group-id": "group", "group-owner-id": "owner", "state": "state", "vpc-id": "vpc", "vpc-owner-id": "owner"}


def describe_security_group_vpc_associations(params: Params, context: Context) -> Result:
    """List associations by group and VPC [reference 14]."""
    paging = Paging(params, context, "associations")
    shown, token = paging.listed(VpcAssociation, conditions(params, FILTERS), _described)
    return {"SecurityGroupVpcAssociations": shown, "NextToken": token}


def _described(associations: Sequence[VpcAssociation], context: Context) -> list[dict[str, Any]]:
    return [
        {
            "GroupId": association.group_id,
            "VpcId": association.vpc_id,
            "VpcOwnerId": context.world.account,
            "State": "associated",
            "GroupOwnerId": context.world.account,
        }
        for association in associations
    ]


GROUP_FILTERS = {
    "description": "description",
    "group-id": "id",
    "group-name": "name",
    "owner-id": "owner",
    "primary-vpc-id": "vpc",
}


def get_security_groups_for_vpc(params: Params, context: Context) -> Result:
    """List the groups that a VPC's interfaces may be in, its own and those associated with it [reference 14]."""
    paging = Paging(params, context, "groups for a VPC")
    vpc = find_vpc(params["VpcId"], context)
    wanted = [*conditions(params, GROUP_FILTERS), anywhere("usable-in", [vpc.id])]
    groups, token = paging.listed(Group, wanted, _usable)
    return {"SecurityGroupForVpcs": groups, "NextToken": token}


def _usable(groups: Sequence[Group], context: Context) -> list[dict[str, Any]]:
    tags = context.tx.tags_of([group.id for group in groups])
    return [
        {
            "GroupId": group.id,
            "GroupName": group.name,
            "Description": group.description,
            "OwnerId": context.world.account,
            "PrimaryVpcId": group.vpc_id,
            "Tags": tag_list(tags.get(group.id, ())),
        }
        for group in groups
    ]


OPERATIONS = (
    Operation("AssociateSecurityGroupVpc", associate_security_group_vpc, refuse_no_group, on=(ON_GROUP, ON_VPC)),
    Operation(
        "DisassociateSecurityGroupVpc",
        disassociate_security_group_vpc,
        refuse_no_group,
        on=(ON_GROUP, ON_VPC._replace(optional=True)),
    ),
    Operation("DescribeSecurityGroupVpcAssociations", describe_security_group_vpc_associations, reads=True, on=()),
    Operation("GetSecurityGroupsForVpc", get_security_groups_for_vpc, reads=True, on=(ON_VPC,)),
)
