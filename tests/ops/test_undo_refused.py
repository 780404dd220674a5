"""How an undo is refused: with the reason, and with nothing altered [inferred]."""

from __future__ import annotations

import json

import pytest

from groupwall.config import Quotas
from tests import scenes
from tests.driver import Wall
from tests.ops.test_undo import refused_for, revision_of, undo
from tests.scenes import EVERYWHERE, create_group, create_vpc, peer_vpcs, refusal, rules_of, tcp
from tests.undoing import rows
from tests.worlds import OTHER_ACCOUNT


def test_a_rule_changed_back_needs_its_place(wall: Wall) -> None:
    """A modified rule is not changed back onto its equal: what it was changed to would stay."""
    group = create_group(wall)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE)])
    [rule] = rules_of(wall, group)
    wanted = {"IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "CidrIpv4": EVERYWHERE}
    changes = [{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "SecurityGroupRule": wanted}]
    revision = revision_of(wall, "ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=changes)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, EVERYWHERE)])
    assert "has the place of security-group-rule" in refused_for(wall, revision)


def test_what_was_altered_since_names_the_change(wall: Wall) -> None:
    """What a later change altered is not undone; the refusal names that change, and undoing it first helps."""
    group = create_group(wall)
    first = revision_of(wall, "CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "1"}])
    second = revision_of(wall, "CreateTags", Resources=[group], Tags=[{"Key": "a", "Value": "2"}])
    told = refused_for(wall, first)
    assert told == f"tag {group}/a was altered since, by the change {second}; undoing that one first would help."
    undo(wall, second)
    assert undo(wall, first)[f"{group}/a"]["Action"] == "removed"


def test_what_is_needed_is_gone(wall: Wall) -> None:
    """A rule does not come back without the group that it names, nor a member without its interface."""
    web, app = create_group(wall), create_group(wall, "app")
    wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, app)])
    revision = revision_of(wall, "RevokeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(22, app)])
    gone = revision_of(wall, "DeleteSecurityGroup", GroupId=app)
    assert refused_for(wall, revision).endswith(
        f"needs {app}, which is gone, by the change {gone}; undoing that one first would help."
    )
    undo(wall, gone)
    assert "restored" in {one["Action"] for one in undo(wall, revision).values()}


def test_what_came_later_needs_it(wall: Wall) -> None:
    """A group does not go away while a later rule, member or tag needs it; the refusal names what and the change."""
    revision = revision_of(wall, "CreateSecurityGroup", GroupName="web", Description="x")
    [group] = [one["GroupId"] for one in wall.call("DescribeSecurityGroups", GroupNames=["web"])["SecurityGroups"]]
    subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
    later = [
        (
            "AuthorizeSecurityGroupIngress",
            {"GroupId": group, "IpPermissions": [tcp(22, EVERYWHERE)]},
            "security-group-rule",
        ),
        ("CreateNetworkInterface", {"SubnetId": subnet, "Groups": [group]}, "member"),
        ("CreateTags", {"Resources": [group], "Tags": [{"Key": "a", "Value": "b"}]}, "tag"),
    ]
    for name, params, kind in later:
        came = revision_of(wall, name, **params)
        told = refused_for(wall, revision)
        assert told.startswith(kind)
        assert told.endswith(f"needs {group}, and came, by the change {came}; undoing that one first would help.")
        undo(wall, came)
    undo(wall, revision)
    assert (
        wall.call("DescribeSecurityGroups", Filters=[{"Name": "group-name", "Values": ["web"]}])["SecurityGroups"] == []
    )


def test_a_unique_value_is_taken(wall: Wall) -> None:
    """A group whose name is another's by now, whatever its capitals, does not come back; nor does an address."""
    group = create_group(wall)
    revision = revision_of(wall, "DeleteSecurityGroup", GroupId=group)
    create_group(wall, "WEB")
    assert "has the place of security-group" in refused_for(wall, revision)
    subnet = wall.call("DescribeSubnets")["Subnets"][0]
    given = {"SubnetId": subnet["SubnetId"], "PrivateIpAddress": subnet["CidrBlock"].replace("0/20", "9")}
    made = wall.call("CreateNetworkInterface", **given)["NetworkInterface"]["NetworkInterfaceId"]
    revision = revision_of(wall, "DeleteNetworkInterface", NetworkInterfaceId=made)
    later = revision_of(wall, "CreateNetworkInterface", **given)
    assert f"was altered since, by the change {later}" in refused_for(wall, revision)


def test_there_is_one_default_vpc(wall: Wall) -> None:
    """A default VPC does not come back beside another."""
    vpc = scenes.default_vpc(wall)
    for subnet in wall.call("DescribeSubnets")["Subnets"]:
        wall.call("DeleteSubnet", SubnetId=subnet["SubnetId"])
    revision = revision_of(wall, "DeleteVpc", VpcId=vpc)
    wall.call("CreateDefaultVpc")
    assert "has the place of vpc" in refused_for(wall, revision)


def test_blocks_do_not_meet(wall: Wall) -> None:
    """A subnet does not come back where another one is by now, nor a block outside of its VPC."""
    vpc = create_vpc(wall)
    subnet = wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    revision = revision_of(wall, "DeleteSubnet", SubnetId=subnet)
    wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.0.0.0/20")
    assert "10.0.1.0/24" in refused_for(wall, revision) or "10.0.0.0/20" in refused_for(wall, revision)
    further = revision_of(wall, "AssociateVpcCidrBlock", VpcId=vpc, CidrBlock="10.9.0.0/16")
    wall.call("CreateSubnet", VpcId=vpc, CidrBlock="10.9.0.0/24")
    assert "10.9.0.0/24 of a subnet would lie in none" in refused_for(wall, further)


@pytest.mark.parametrize(
    ("quotas", "told"),
    [
        (Quotas(rules_per_group=1), "would have more than 1 rules of ingress"),
        (Quotas(groups_per_region=3), "there would be more than 3 security groups"),
        (Quotas(groups_per_interface=1), "would be in more than 1 security groups"),
    ],
)
def test_quotas_hold(quotas: Quotas, told: str) -> None:
    """An undo that would go beyond a quota is refused."""
    with Wall(quotas=quotas) as wall:
        web, app = create_group(wall), create_group(wall, "app")
        subnet = wall.call("DescribeSubnets")["Subnets"][0]["SubnetId"]
        if quotas.rules_per_group == 1:
            open_22 = {"GroupId": web, "IpPermissions": [tcp(22, EVERYWHERE)]}
            wall.call("AuthorizeSecurityGroupIngress", **open_22)
            revision = revision_of(wall, "RevokeSecurityGroupIngress", **open_22)
            wall.call("AuthorizeSecurityGroupIngress", GroupId=web, IpPermissions=[tcp(80, EVERYWHERE)])
        elif quotas.groups_per_region == 3:
            revision = revision_of(wall, "DeleteSecurityGroup", GroupId=app)
            create_group(wall, "other")
        else:
            made = wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[web])["NetworkInterface"]
            interface = made["NetworkInterfaceId"]
            out = json.dumps({"NetworkInterfaceId": interface, "Groups": [app]})
            calls = [{"Operation": "ModifyNetworkInterfaceAttribute", "Parameters": out}]
            revision = revision_of(wall, "ApplyChanges", Calls=calls)
            undo(wall, revision)
            revision = revision_of(wall, "ModifyNetworkInterfaceAttribute", NetworkInterfaceId=interface, Groups=[app])
            wall.app._quotas = Quotas(groups_per_interface=0)  # noqa: SLF001 - as if it were set lower meanwhile
            told = "would be in more than 0 security groups"
        assert told in refused_for(wall, revision)


def test_a_prefix_lists_size_weighs() -> None:
    """A prefix list does not get its size back when a group that uses it by now could not hold it."""
    with Wall(quotas=Quotas(rules_per_group=5)) as wall:
        group, offices = create_group(wall), scenes.create_prefix_list(wall, size=5)
        revision = revision_of(wall, "ModifyManagedPrefixList", PrefixListId=offices, MaxEntries=2)
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, offices), tcp(22, EVERYWHERE)])
        assert f"{group} would have more than 5 rules" in refused_for(wall, revision)


def test_a_secret_does_not_come_back(wall: Wall) -> None:
    """An instance's UserData is outside the history: a change of it is undone only back to none."""
    launch = {"ImageId": "ami-00000001", "MinCount": 1, "MaxCount": 1}
    instance = wall.call("RunInstances", **launch)["Instances"][0]["InstanceId"]
    wall.call("StopInstances", InstanceIds=[instance])
    given = [
        revision_of(wall, "ModifyInstanceAttribute", InstanceId=instance, UserData={"Value": text})
        for text in ("YQ==", "Yg==")
    ]
    assert "is a secret, which the history does not hold" in refused_for(wall, given[1])
    wall.call("ModifyInstanceAttribute", InstanceId=instance, UserData={"Value": ""})
    last = wall.app.revision()
    assert "is a secret" in refused_for(wall, last)


def test_rules_across_a_peering(wall: Wall) -> None:
    """A rule across a peering comes back as long as the peering is active; a stale one comes back stale."""
    one, other = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    peering = peer_vpcs(wall, one, other)
    web, app = create_group(wall, "web", one), create_group(wall, "app", other)
    open_22 = {"GroupId": web, "IpPermissions": [tcp(22, app)]}
    came = revision_of(wall, "AuthorizeSecurityGroupIngress", **open_22)
    revoked = revision_of(wall, "RevokeSecurityGroupIngress", **open_22)
    ended = revision_of(wall, "DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    assert f"needs {peering}, which is gone, by the change {ended}" in refused_for(wall, revoked)
    undo(wall, ended)
    undo(wall, revoked)
    ended = revision_of(wall, "DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    [rule] = rules_of(wall, web)
    revoked = revision_of(
        wall, "RevokeSecurityGroupIngress", GroupId=web, SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )
    undo(wall, revoked)
    assert rules_of(wall, web) == [rule]
    undo(wall, ended)
    undo(wall, came)
    assert rules_of(wall, web) == []


def test_a_peering_takes_its_place_back(wall: Wall) -> None:
    """A peering does not come back beside another one of the same VPCs, nor when their blocks meet by now."""
    one, other = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    peering = peer_vpcs(wall, one, other)
    ended = revision_of(wall, "DeleteVpcPeeringConnection", VpcPeeringConnectionId=peering)
    asked_for = revision_of(wall, "CreateVpcPeeringConnection", VpcId=one, PeerVpcId=other)
    assert "is between the same VPCs" in refused_for(wall, ended)
    undo(wall, asked_for)
    met = revision_of(wall, "AssociateVpcCidrBlock", VpcId=one, CidrBlock="10.2.0.0/16")
    wall.call("AssociateVpcCidrBlock", VpcId=other, CidrBlock="10.2.0.0/16")
    assert "would overlap" in refused_for(wall, ended)
    undo(wall, met)
    undo(wall, ended)
    told = wall.call("DescribeVpcPeeringConnections", VpcPeeringConnectionIds=[peering])["VpcPeeringConnections"]
    assert told[0]["Status"]["Code"] == "active"


def test_another_accounts_peering_stays_ended(wall: Wall) -> None:
    """A peering with another account that has ended needs that account's consent anew; a request goes by itself."""
    other = wall.elsewhere(OTHER_ACCOUNT)
    mine, theirs = create_vpc(wall), create_vpc(other, "10.1.0.0/16")
    params = {"VpcId": mine, "PeerVpcId": theirs, "PeerOwnerId": OTHER_ACCOUNT}
    before = rows(wall)
    asked_for = revision_of(wall, "CreateVpcPeeringConnection", **params)
    undo(wall, asked_for)
    assert rows(wall) == before
    made = wall.call("CreateVpcPeeringConnection", **params)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    asked_for = wall.app.revision()
    other.call("CreateTags", Resources=[made], Tags=[{"Key": "a", "Value": "b"}])
    assert f"{made} has tags of its other side" in refused_for(wall, asked_for)
    accepted = revision_of(other, "AcceptVpcPeeringConnection", VpcPeeringConnectionId=made)
    assert "was altered since, from another account or Region" in refused_for(wall, asked_for)
    assert refusal(wall, "UndoChange", Revision=accepted).startswith("InvalidChange.NotFound: ")
    ended = revision_of(wall, "DeleteVpcPeeringConnection", VpcPeeringConnectionId=made)
    assert "another account's too, which has to accept a new one" in refused_for(wall, ended)


def test_what_is_no_change_here(wall: Wall) -> None:
    """A revision that is not there, or is another account's, is not found; a world's beginning stays."""
    create_group(wall)
    create_group(wall.elsewhere(OTHER_ACCOUNT))
    for revision in (0, -1, 3, 4, 99, 2**62):
        told = refusal(wall, "UndoChange", Revision=revision)
        assert told == f"InvalidChange.NotFound: The change '{revision}' does not exist"
    assert refused_for(wall, 1) == "a world that has begun stays."


def test_force_needs_a_reason(wall: Wall) -> None:
    """Force is given with a Reason, which the history keeps."""
    create_group(wall)
    assert refusal(wall, "UndoChange", Revision=2, Force=True).startswith("MissingParameter: ")
