"""Groups in VPCs beside their own [reference 14]."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import scenes
from tests.counting import Cost, cost, counted
from tests.driver import Wall
from tests.scenes import Json, create_group, create_vpc, refusal


@dataclass(frozen=True, slots=True)
class Places:
    """A group ``web`` of the VPC ``home``, and another VPC, ``away``."""

    wall: Wall
    group: str
    home: str
    away: str

    def call(self, verb: str) -> Json:
        """Associate or disassociate the group with ``away``."""
        return self.wall.call(f"{verb}SecurityGroupVpc", GroupId=self.group, VpcId=self.away)

    def usable(self, vpc_id: str) -> list[str]:
        """Return the names of the groups for a VPC."""
        found = self.wall.call("GetSecurityGroupsForVpc", VpcId=vpc_id)["SecurityGroupForVpcs"]
        return sorted(group["GroupName"] for group in found)


@pytest.fixture
def places(wall: Wall) -> Places:
    """Two VPCs and a group of the first."""
    return _places(wall)


def _places(wall: Wall) -> Places:
    home, away = create_vpc(wall), create_vpc(wall, "10.1.0.0/16")
    return Places(wall, create_group(wall, "web", home), home, away)


def described(wall: Wall, **filters: str) -> list[Json]:
    """Return the associations that meet the filters."""
    wanted = [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in filters.items()]
    found = wall.call("DescribeSecurityGroupVpcAssociations", Filters=wanted)
    associations: list[Json] = found["SecurityGroupVpcAssociations"]
    return associations


@pytest.mark.reference("14 groups for a VPC, associations")
def test_a_group_comes_and_goes(places: Places) -> None:
    """Replies tell what is under way, a description what came of it [reference 14, docs]."""
    assert places.call("Associate") == {"State": "associating"}
    assert described(places.wall) == [
        {
            "GroupId": places.group, "VpcId": places.away, "VpcOwnerId": "123456789012", "State": "associated",
            "GroupOwnerId": "123456789012",
        }
    ]  # fmt: skip
    assert places.usable(places.away) == ["default", "web"]
    assert places.call("Disassociate") == {"State": "disassociating"}
    assert described(places.wall) == []
    assert places.usable(places.away) == ["default"]


def test_an_association_that_is_there(places: Places) -> None:
    """To associate again is no error and no change (inferred)."""
    places.call("Associate")
    before = places.wall.app.revision()
    assert places.call("Associate") == {"State": "associated"}
    assert places.wall.app.revision() == before


def test_names_may_meet(places: Places) -> None:
    """A VPC that has a group of that name takes another beside it (inferred)."""
    create_group(places.wall, "web", places.away)
    places.call("Associate")
    assert places.usable(places.away) == ["default", "web", "web"]


UNFIT = "InvalidParameterValue: "


@pytest.mark.parametrize(
    ("group", "vpc", "told"),
    [
        (
            "{default_group}",
            "{away}",
            f"{UNFIT}The default security group '{{default_group}}' cannot be associated with a VPC",
        ),
        (
            "{group}",
            "{default_vpc}",
            f"{UNFIT}A security group cannot be associated with the default VPC '{{default_vpc}}'",
        ),
        ("{group}", "{home}", f"{UNFIT}The security group '{{group}}' belongs to the VPC '{{home}}'"),
        ("sg-00000000", "{away}", "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"),
        ("{foreign}", "{away}", "InvalidGroup.NotFound: The security group '{foreign}' does not exist"),
        ("web", "{away}", 'InvalidGroupId.Malformed: Invalid id: "web" (expecting "sg-...")'),
        ("", "{away}", "InvalidGroupId.Malformed: The security-group ID '' is malformed"),
        ("{group}", "vpc-00000000", "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist"),
        ("{group}", "x", 'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")'),
    ],
)
@pytest.mark.reference("14 groups for a VPC, associations")
def test_what_cannot_be_associated(places: Places, group: str, vpc: str, told: str) -> None:
    """Default groups and the default VPC take no part [reference 14, model; codes and texts inferred]."""
    wall = places.wall
    names = {
        "group": places.group, "home": places.home, "away": places.away,
        "default_vpc": scenes.default_vpc(wall), "default_group": scenes.default_group(wall, places.home),
        "foreign": create_group(wall.elsewhere("111122223333")),
    }  # fmt: skip
    given = {"GroupId": group.format(**names), "VpcId": vpc.format(**names)}
    assert refusal(wall, "AssociateSecurityGroupVpc", **given) == told.format(**names)
    assert described(wall) == []


@pytest.mark.parametrize("name", ["AssociateSecurityGroupVpc", "DisassociateSecurityGroupVpc"])
@pytest.mark.parametrize(("given", "missing"), [({"VpcId": "x"}, "GroupId"), ({"GroupId": "sg-1"}, "VpcId")])
def test_both_are_needed(wall: Wall, name: str, given: Json, missing: str) -> None:
    """A call without group or VPC says so [reference 14, live-test: code]."""
    assert refusal(wall, name, **given) == f"MissingParameter: The request must contain the parameter {missing}"


def test_what_is_not_associated(places: Places) -> None:
    """There has to be an association to end it (code and text inferred)."""
    told = refusal(places.wall, "DisassociateSecurityGroupVpc", GroupId=places.group, VpcId=places.away)
    assert told == f"{UNFIT}The security group '{places.group}' is not associated with the VPC '{places.away}'"


@pytest.mark.reference("14 groups for a VPC, associations")
def test_an_interface_holds_the_association(places: Places) -> None:
    """While an interface of the VPC is in the group the association stays [reference 14, model; code inferred]."""
    wall = places.wall
    places.call("Associate")
    _interface(places, places.home, "10.0.0.0/24")
    there = _interface(places, places.away, "10.1.0.0/24")
    told = refusal(wall, "DisassociateSecurityGroupVpc", GroupId=places.group, VpcId=places.away)
    assert told == f"DependencyViolation: resource {places.group} has a dependent object"
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=there)
    assert places.call("Disassociate") == {"State": "disassociating"}


def _cost_of_an_end(folder: Path, members: int) -> Cost:
    """Return what the end of an association costs that leaves a group with so many members at home."""
    with Wall() as wall:
        places = _places(wall)
        places.call("Associate")
        subnet = wall.call("CreateSubnet", VpcId=places.home, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
        for _ in range(members):
            wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[places.group])
        with counted(wall, folder) as connection:
            params = {"GroupId": places.group, "VpcId": places.away}
            return cost(wall, connection, "DisassociateSecurityGroupVpc", params)


def test_the_members_of_a_group_are_not_read(tmp_path: Path) -> None:
    """Whether one of them is in the VPC is one question, of about a dozen steps for each of them (inferred)."""
    few, many = (_cost_of_an_end(tmp_path, members) for members in (1, 101))
    assert many.statements == few.statements
    assert many.steps <= few.steps + 100 * 15


@pytest.mark.reference(
    "8 in use by an interface or association", "clients 9 delete of a referenced group",
    "users 5.1.7 references are not checked",
)  # fmt: skip
def test_a_group_in_use_stays(places: Places) -> None:
    """A group cannot be deleted while an association or an interface uses it [reference 8, recorded; model]."""
    wall, told = places.wall, f"DependencyViolation: resource {places.group} has a dependent object"
    places.call("Associate")
    assert refusal(wall, "DeleteSecurityGroup", GroupId=places.group) == told
    places.call("Disassociate")
    interface = _interface(places, places.home, "10.0.0.0/24")
    assert refusal(wall, "DeleteSecurityGroup", GroupId=places.group) == told
    wall.call("DeleteNetworkInterface", NetworkInterfaceId=interface)
    wall.call("DeleteSecurityGroup", GroupId=places.group)


def _interface(places: Places, vpc_id: str, cidr: str) -> str:
    subnet = places.wall.call("CreateSubnet", VpcId=vpc_id, CidrBlock=cidr)["Subnet"]["SubnetId"]
    made = places.wall.call("CreateNetworkInterface", SubnetId=subnet, Groups=[places.group])
    interface_id: str = made["NetworkInterface"]["NetworkInterfaceId"]
    return interface_id


def test_a_vpc_goes_with_its_associations(places: Places) -> None:
    """An association is no obstacle to DeleteVpc, and does not outlive it (inferred)."""
    places.call("Associate")
    places.wall.call("DeleteVpc", VpcId=places.away)
    assert described(places.wall) == []
    places.wall.call("DeleteSecurityGroup", GroupId=places.group)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({"group_id": "{group}"}, 2),
        ({"group_id": "sg-00000000"}, 0),
        ({"vpc_id": "{away}"}, 1),
        ({"state": "associated"}, 2),
        ({"state": "disassociated"}, 0),
        ({"group_owner_id": "123456789012"}, 2),
        ({"vpc_owner_id": "1*"}, 2),
        ({"vpc_owner_id": "111122223333"}, 0),
        ({"vpc_id": "{away}", "group_id": "{group}"}, 1),
    ],
)
def test_filters(places: Places, filters: dict[str, str], count: int) -> None:
    """Associations are found by group, VPC, owners and state [reference 14, model]."""
    third = create_vpc(places.wall, "10.2.0.0/16")
    for vpc_id in (places.away, third):
        places.wall.call("AssociateSecurityGroupVpc", GroupId=places.group, VpcId=vpc_id)
    names = {"group": places.group, "away": places.away}
    assert len(described(places.wall, **{name: value.format(**names) for name, value in filters.items()})) == count


def test_pages_of_associations(wall: Wall) -> None:
    """Pages make up the whole list in its order (as elsewhere; inferred)."""
    home = create_vpc(wall)
    vpcs = [create_vpc(wall, f"10.{number}.0.0/16") for number in range(1, 4)]
    for number in range(3):
        group = create_group(wall, f"g{number}", home)
        for vpc_id in vpcs:
            wall.call("AssociateSecurityGroupVpc", GroupId=group, VpcId=vpc_id)
    first = wall.call("DescribeSecurityGroupVpcAssociations", MaxResults=5)
    second = wall.call("DescribeSecurityGroupVpcAssociations", MaxResults=5, NextToken=first["NextToken"])
    pages = [page["SecurityGroupVpcAssociations"] for page in (first, second)]
    assert [len(page) for page in pages] == [5, 4]
    assert pages[0] + pages[1] == described(wall)
    assert "NextToken" not in second


# ---- the groups for a VPC


@pytest.mark.reference("14 groups for a VPC, associations", "clients 9 references, stale groups, groups for a VPC")
def test_the_groups_for_a_vpc(places: Places) -> None:
    """Its own groups, the default one among them, and those associated, with tags even if none [14, recorded]."""
    wall = places.wall
    wall.call("CreateTags", Resources=[places.group], Tags=[{"Key": "a", "Value": "b"}])
    places.call("Associate")
    own = scenes.default_group(wall, places.away)
    found = wall.call("GetSecurityGroupsForVpc", VpcId=places.away)["SecurityGroupForVpcs"]
    assert sorted(found, key=lambda group: str(group["GroupName"])) == [
        {
            "GroupId": own, "GroupName": "default", "Description": "default VPC security group",
            "OwnerId": "123456789012", "PrimaryVpcId": places.away, "Tags": [],
        },
        {
            "GroupId": places.group, "GroupName": "web", "Description": "group web",
            "OwnerId": "123456789012", "PrimaryVpcId": places.home, "Tags": [{"Key": "a", "Value": "b"}],
        },
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("group-id", "{group}", "web"),
        ("group-id", "sg-00000000", ""),
        ("description", "group *", "web"),
        ("group-name", "default", "default"),
        ("owner-id", "123456789012", "default web"),
        ("primary-vpc-id", "{home}", "web"),
        ("primary-vpc-id", "{away}", "default"),
    ],
)
def test_filters_of_groups_for_a_vpc(places: Places, name: str, value: str, found: str) -> None:
    """Groups for a VPC are filtered as groups are [reference 14, model]."""
    places.call("Associate")
    wanted = value.format(group=places.group, home=places.home, away=places.away)
    filters = [{"Name": name, "Values": [wanted]}]
    groups = places.wall.call("GetSecurityGroupsForVpc", VpcId=places.away, Filters=filters)["SecurityGroupForVpcs"]
    assert sorted(group["GroupName"] for group in groups) == found.split()


@pytest.mark.parametrize(
    ("vpc_id", "told"),
    [
        ("x", 'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")'),
        ("vpc-00000000", "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist"),
    ],
)
@pytest.mark.reference("14 groups for a VPC, associations")
def test_no_such_vpc(wall: Wall, vpc_id: str, told: str) -> None:
    """A VPC that is none is refused [reference 14, live-test]."""
    assert refusal(wall, "GetSecurityGroupsForVpc", VpcId=vpc_id) == told


def test_pages_of_groups_for_a_vpc(wall: Wall) -> None:
    """Pages make up the whole list, each group once [reference 14, model]."""
    vpc_id = create_vpc(wall)
    for number in range(7):
        create_group(wall, f"g{number}", vpc_id)
    first = wall.call("GetSecurityGroupsForVpc", VpcId=vpc_id, MaxResults=5)
    second = wall.call("GetSecurityGroupsForVpc", VpcId=vpc_id, MaxResults=5, NextToken=first["NextToken"])
    whole = wall.call("GetSecurityGroupsForVpc", VpcId=vpc_id)["SecurityGroupForVpcs"]
    assert first["SecurityGroupForVpcs"] + second["SecurityGroupForVpcs"] == whole
    assert (len(whole), "NextToken" in second) == (8, False)
    assert refusal(wall, "GetSecurityGroupsForVpc", VpcId=vpc_id, MaxResults=4).startswith("InvalidParameterValue: ")
