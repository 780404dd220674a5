"""The attributes of a VPC [model; clients 3: aws_vpc]."""

from __future__ import annotations

import pytest

from tests.driver import Wall
from tests.scenes import Json, create_vpc, default_vpc, refusal

ON_FIRST = {"enableDnsSupport": True, "enableDnsHostnames": False, "enableNetworkAddressUsageMetrics": False}


def _attribute(wall: Wall, vpc_id: str, name: str) -> bool:
    answer = wall.call("DescribeVpcAttribute", VpcId=vpc_id, Attribute=name)
    member = name[0].upper() + name[1:]
    assert answer.keys() == {"VpcId", member}
    assert answer["VpcId"] == vpc_id
    value: bool = answer[member]["Value"]
    return value


@pytest.mark.parametrize("name", ON_FIRST)
def test_an_attribute_is_turned_on_and_off(wall: Wall, name: str) -> None:
    """Each attribute is modified alone and told alone [model]."""
    vpc_id = create_vpc(wall)
    others = {other: value for other, value in ON_FIRST.items() if other != name}
    assert _attribute(wall, vpc_id, name) is ON_FIRST[name]
    for value in (True, False):
        assert wall.call("ModifyVpcAttribute", VpcId=vpc_id, **{name[0].upper() + name[1:]: {"Value": value}}) == {}
        assert _attribute(wall, vpc_id, name) is value
        assert {other: _attribute(wall, vpc_id, other) for other in others} == others


def test_the_default_vpc_has_dns_hostnames(wall: Wall) -> None:
    """DNS hostnames are on in a default VPC [docs: default VPC components]."""
    assert _attribute(wall, default_vpc(wall), "enableDnsHostnames") is True


def test_what_is_so_already_is_no_change(wall: Wall) -> None:
    """An attribute that is set to what it is leaves no change (inferred)."""
    vpc_id = create_vpc(wall)
    before = wall.app.revision()
    wall.call("ModifyVpcAttribute", VpcId=vpc_id, EnableDnsSupport={"Value": True})
    assert wall.app.revision() == before


@pytest.mark.reference("clients 2.19 Ansible's operations")
def test_the_calls_of_terraform_and_ansible(wall: Wall) -> None:
    """What Terraform and Ansible read of a new VPC is there [clients 2.19, 3: aws_vpc]."""
    vpc_id = create_vpc(wall)
    wall.call("ModifyVpcAttribute", VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    assert [_attribute(wall, vpc_id, name) for name in ON_FIRST] == [True, True, False]
    mine = {"Name": "vpc-id", "Values": [vpc_id]}
    [acl] = wall.call("DescribeNetworkAcls", Filters=[mine, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    main = {"Name": "association.main", "Values": ["true"]}
    [table] = wall.call("DescribeRouteTables", Filters=[mine, main])["RouteTables"]
    named = {"Name": "group-name", "Values": ["default"]}
    [group] = wall.call("DescribeSecurityGroups", Filters=[mine, named])["SecurityGroups"]
    assert {acl["VpcId"], table["VpcId"], group["VpcId"]} == {vpc_id}
    [rule] = wall.call(
        "DescribeSecurityGroupRules", Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}], MaxResults=1000
    )["SecurityGroupRules"][:1]
    told = [{"SecurityGroupRuleId": rule["SecurityGroupRuleId"], "Description": "d"}]
    side = "Egress" if rule["IsEgress"] else "Ingress"
    wall.call(
        f"UpdateSecurityGroupRuleDescriptions{side}", GroupId=group["GroupId"], SecurityGroupRuleDescriptions=told
    )


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        (
            "DescribeVpcAttribute", {"VpcId": "vpc-00000000", "Attribute": "enableDnsSupport"},
            "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist",
        ),
        (
            "DescribeVpcAttribute", {"VpcId": "x", "Attribute": "enableDnsSupport"},
            'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")',
        ),
        (
            "DescribeVpcAttribute", {"VpcId": "$vpc", "Attribute": "x"},
            "InvalidParameterValue: Value (x) for parameter attribute is invalid. Unknown attribute.",
        ),
        (
            "ModifyVpcAttribute", {"VpcId": "vpc-00000000", "EnableDnsSupport": {"Value": True}},
            "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist",
        ),
        (
            "ModifyVpcAttribute", {"VpcId": "$vpc"},
            "MissingParameter: The request must contain the parameter attribute",
        ),
        (
            "ModifyVpcAttribute",
            {"VpcId": "$vpc", "EnableDnsSupport": {"Value": True}, "EnableDnsHostnames": {"Value": True}},
            "InvalidParameterCombination: Fields for multiple attribute types specified",
        ),
    ],
)  # fmt: skip
def test_what_is_refused(wall: Wall, name: str, given: Json, told: str) -> None:
    """One attribute, of one VPC that is there [model; code of two: reference 17; texts inferred]."""
    vpc_id = create_vpc(wall)
    before = wall.app.revision()
    assert refusal(wall, name, **given | {"VpcId": given["VpcId"].replace("$vpc", vpc_id)}) == told
    assert wall.app.revision() == before


def test_dns_hostnames_need_dns_support(wall: Wall) -> None:
    """DNS hostnames can be turned on only where DNS support is [model; text inferred]."""
    vpc_id = create_vpc(wall)
    wall.call("ModifyVpcAttribute", VpcId=vpc_id, EnableDnsSupport={"Value": False})
    told = refusal(wall, "ModifyVpcAttribute", VpcId=vpc_id, EnableDnsHostnames={"Value": True})
    assert told.startswith("InvalidParameterValue: Invalid value 'true' for enableDnsHostnames.")
    wall.call("ModifyVpcAttribute", VpcId=vpc_id, EnableDnsHostnames={"Value": False})


def test_a_vpc_of_another_world(wall: Wall) -> None:
    """A VPC of another account or region is not found (inferred)."""
    vpc_id = create_vpc(wall)
    for other in (wall.elsewhere("111122223333"), wall.elsewhere(region="eu-west-1")):
        told = refusal(other, "ModifyVpcAttribute", VpcId=vpc_id, EnableDnsSupport={"Value": False})
        assert told.startswith("InvalidVpcID.NotFound: ")
    assert _attribute(wall, vpc_id, "enableDnsSupport") is True
