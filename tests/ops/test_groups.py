"""Groups: created, deleted, described [reference 7, 8, 9, 19]."""

from __future__ import annotations

import pytest

from groupwall.config import Quotas
from tests import scenes
from tests.driver import Wall
from tests.scenes import EVERYWHERE, Json, Scene, create_group, create_vpc, group_of, permission, refusal, tcp

ALLOWED = "a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*"
TAIL = f"are strings less than 256 characters from the following set:  {ALLOWED}"
BAD_DESCRIPTION = f"InvalidParameterValue: Invalid security group description. Valid descriptions {TAIL}"
BAD_NAME = "InvalidParameterValue: Invalid security group name. Valid names " + TAIL.replace("are", "are non-empty", 1)
LIKE_AN_ID = (
    "InvalidParameterValue: Value (sg-x) for parameter GroupName is invalid. Group names may not be in the format sg-*."
)
ASCII = "is invalid. Character sets beyond ASCII are not supported."
BLOCK = "203.0.113.0/24"
EVERY_CHARACTER = "abcXYZ059 ._-:/()#,@[]+=&;{}!$*"

# ---- create


@pytest.mark.reference("7 members of the answer", "3.1 group ARN", "clients 9 members of a new group")
def test_a_new_group_is_answered(wall: Wall) -> None:
    """The answer has the id and the ARN, and the tags only if there are any [reference 7, recorded]."""
    plain = wall.call("CreateSecurityGroup", GroupName="a", Description="b")
    arn = f"arn:aws:ec2:us-east-1:123456789012:security-group/{plain['GroupId']}"
    assert plain == {"GroupId": plain["GroupId"], "SecurityGroupArn": arn}
    tags = [{"Key": "Name", "Value": "web"}]
    given = [{"ResourceType": "security-group", "Tags": tags}]
    assert wall.call("CreateSecurityGroup", GroupName="c", Description="d", TagSpecifications=given)["Tags"] == tags


@pytest.mark.reference("7 rules of a new group", "9 merged permissions", "9 four lists, no ports for all")
@pytest.mark.parametrize("ipv6", [False, True])
def test_the_rules_of_a_new_group(wall: Wall, *, ipv6: bool) -> None:
    """No ingress, all egress; to ::/0 too where the VPC has an IPv6 block, in one permission [7, live-test]."""
    vpc_id = create_vpc(wall, AmazonProvidedIpv6CidrBlock=ipv6)
    group = group_of(wall, create_group(wall, "web", vpc_id))
    assert group["IpPermissions"] == []
    assert group["IpPermissionsEgress"] == [{
        "IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}],
        "Ipv6Ranges": [{"CidrIpv6": "::/0"}] if ipv6 else [], "PrefixListIds": [], "UserIdGroupPairs": [],
    }]  # fmt: skip


@pytest.mark.reference("7 parameters", "7 same name in two VPCs", "7 duplicate", "7 names by case and trailing space")
def test_names_are_unique_per_vpc(wall: Wall) -> None:
    """One name per VPC, whatever its capitals and trailing spaces; another VPC may have it too [reference 7]."""
    here, there = scenes.default_vpc(wall), create_vpc(wall)
    assert group_of(wall, create_group(wall, "Web  "))["GroupName"] == "Web"
    create_group(wall, "Web", there)
    for name in ("Web", "web", "WEB ", "Web   "):
        told = refusal(wall, "CreateSecurityGroup", GroupName=name, Description="b", VpcId=here)
        kept = name.rstrip(" ")
        assert told == f"InvalidGroup.Duplicate: The security group '{kept}' already exists for VPC '{here}'"
    assert group_of(wall, create_group(wall, " Web"))["GroupName"] == " Web"


@pytest.mark.reference("7 characters and length")
@pytest.mark.parametrize("text", [EVERY_CHARACTER, "a" * 255])
def test_names_and_descriptions_that_are_kept(wall: Wall, text: str) -> None:
    """255 characters of the set are kept as they are [reference 7, model]."""
    made = wall.call("CreateSecurityGroup", GroupName=text, Description=text)
    group = group_of(wall, made["GroupId"])
    assert (group["GroupName"], group["Description"]) == (text, text)


@pytest.mark.parametrize(
    ("row", "given", "told"),
    [
        (
            "7 name default", {"GroupName": "default"},
            "InvalidParameterValue: Cannot use reserved security group name: default",
        ),
        (
            "7 name default", {"GroupName": "Default "},
            "InvalidParameterValue: Cannot use reserved security group name: default",
        ),
        (
            "7 name like an id", {"GroupName": "sg-x"},
            LIKE_AN_ID,
        ),
        (
            "7 beyond ASCII", {"Description": "caf\u00e9"},
            f"InvalidParameterValue: Value (caf\u00e9) for parameter GroupDescription {ASCII}",
        ),
        (
            "7 beyond ASCII", {"GroupName": "\u732b"},
            f"InvalidParameterValue: Value (\u732b) for parameter GroupName {ASCII}",
        ),
        ("7 bad description", {"Description": "it's"}, BAD_DESCRIPTION),
        ("7 bad description", {"Description": "a\tb"}, BAD_DESCRIPTION),
        ("7 bad description", {"Description": "a" * 256}, BAD_DESCRIPTION),
        ("7 bad name", {"GroupName": "a<b>"}, BAD_NAME),
        ("7 bad name", {"GroupName": "a\n"}, BAD_NAME),
        ("7 bad name", {"GroupName": "a" * 256}, BAD_NAME),
        (
            "7 empty name or description", {"GroupName": ""},
            "MissingParameter: The request must contain the parameter GroupName",
        ),
        (
            "7 empty name or description", {"GroupName": "  "},
            "MissingParameter: The request must contain the parameter GroupName",
        ),
        (
            "7 empty name or description", {"GroupName": None},
            "MissingParameter: The request must contain the parameter GroupName",
        ),
        (
            "7 empty name or description", {"Description": ""},
            "MissingParameter: The request must contain the parameter GroupDescription",
        ),
        (
            "7 empty name or description", {"Description": None},
            "MissingParameter: The request must contain the parameter GroupDescription",
        ),
        (
            "7 unknown VPC", {"VpcId": "vpc-00000000"},
            "InvalidVpcID.NotFound: The vpc ID 'vpc-00000000' does not exist",
        ),
        (
            "7 malformed VPC", {"VpcId": "x"},
            'InvalidVpcId.Malformed: Invalid id: "x" (expecting "vpc-...")',
        ),
        (
            "3.3 VPC unknown or malformed", {"VpcId": "sg-00000000"},
            'InvalidVpcId.Malformed: Invalid id: "sg-00000000" (expecting "vpc-...")',
        ),
        (
            "7 too many tags",
            {"TagSpecifications": [
                {"ResourceType": "security-group", "Tags": [{"Key": f"k{n}", "Value": ""} for n in range(51)]},
            ]},
            "TagLimitExceeded: The maximum number of tags per resource has been reached.",
        ),
    ],
)  # fmt: skip
def test_what_is_no_new_group(wall: Wall, row: str, given: Json, told: str) -> None:
    """Each way in which a new group can be wrong has its text, and nothing is made [reference 7]."""
    before = wall.call("DescribeSecurityGroups")
    assert refusal(wall, "CreateSecurityGroup", **{"GroupName": "web", "Description": "b"} | given) == told, row
    assert wall.call("DescribeSecurityGroups") == before


@pytest.mark.reference("7 no default VPC", "3.3 name without a default VPC")
def test_no_default_vpc(wall: Wall) -> None:
    """Without a default VPC the VPC has to be named; names of groups then mean nothing [reference 7, 3.3]."""
    scenes.remove_default_vpc(wall)
    expected = "VPCIdNotSpecified: No default VPC for this user"
    assert refusal(wall, "CreateSecurityGroup", GroupName="web", Description="b") == expected
    assert refusal(wall, "DeleteSecurityGroup", GroupName="web") == expected
    assert refusal(wall, "DescribeSecurityGroups", GroupNames=["web"]) == expected


@pytest.mark.reference("7 too many groups", "21 groups per Region")
def test_the_quota_of_groups() -> None:
    """All groups of the region count, default ones too [reference 21, docs]; 2,500 unless set."""
    assert Quotas().groups_per_region == 2500
    with Wall(quotas=Quotas(groups_per_region=3)) as wall:
        create_group(wall, "a")
        create_group(wall, "b")
        told = refusal(wall, "CreateSecurityGroup", GroupName="c", Description="c")
        assert told == "SecurityGroupLimitExceeded: The maximum number of security groups has been reached."
        create_group(wall.elsewhere(region="eu-west-1"), "c")


# ---- delete


@pytest.mark.reference("8 success", "clients 2.3 return true", "clients 9 GroupId of a deleted group")
def test_delete(wall: Wall) -> None:
    """A group goes with its rules and all their tags; the answer names it [reference 8]."""
    tags = {"TagSpecifications": [{"ResourceType": "security-group", "Tags": [{"Key": "a", "Value": "b"}]}]}
    group = wall.call("CreateSecurityGroup", GroupName="web", Description="b", **tags)["GroupId"]
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[tcp(22, BLOCK, group)])
    assert wall.call("DeleteSecurityGroup", GroupId=group) == {"Return": True, "GroupId": group}
    assert refusal(wall, "DescribeSecurityGroups", GroupIds=[group]).startswith("InvalidGroup.NotFound: ")
    assert scenes.rules_of(wall, group) == []
    assert wall.call("DescribeTags") == {"Tags": []}
    by_name = create_group(wall, "app")
    assert wall.call("DeleteSecurityGroup", GroupName="app") == {"Return": True, "GroupId": by_name}


@pytest.mark.parametrize(
    ("row", "given", "told"),
    [
        (
            "8 unknown", {"GroupId": "sg-22992c53"},
            "InvalidGroup.NotFound: The security group 'sg-22992c53' does not exist",
        ),
        (
            "8 malformed", {"GroupId": "sg-nothing"},
            "InvalidGroupId.Malformed: The security-group ID 'sg-nothing' is malformed",
        ),
        (
            "8 malformed", {"GroupId": "web"},
            'InvalidGroupId.Malformed: Invalid id: "web" (expecting "sg-...")',
        ),
        (
            "8 by name", {"GroupName": "x"},
            "InvalidGroup.NotFound: The security group 'x' does not exist in default VPC '{vpc}'",
        ),
        (
            "8 neither id nor name", {},
            "MissingParameter: The request must contain the parameter groupName or groupId",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_deleted(wall: Wall, row: str, given: Json, told: str) -> None:
    """A group that is not there has AWS's text, by id and by name [reference 8]."""
    assert refusal(wall, "DeleteSecurityGroup", **given) == told.format(vpc=scenes.default_vpc(wall)), row


@pytest.mark.reference("8 default group", "19 changed rules stay, deletion", "users 5.1.7 default groups deleted")
@pytest.mark.reference("clients 9 default group of a VPC")
def test_default_groups_stay(wall: Wall) -> None:
    """No user deletes a VPC's default group [reference 8, recorded]."""
    for vpc_id in (scenes.default_vpc(wall), create_vpc(wall)):
        group = scenes.default_group(wall, vpc_id)
        expected = f'CannotDelete: the specified group: "{group}" name: "default" cannot be deleted by a user'
        assert refusal(wall, "DeleteSecurityGroup", GroupId=group) == expected


@pytest.mark.reference(
    "8 referenced", "users 4.1 check 9", "users 5.1.7 references are not checked",
    "clients 9 delete of a referenced group", "clients 2.11 codes that clients match on",
)  # fmt: skip
def test_a_referenced_group_stays(anywhere: Scene) -> None:
    """While another group refers to it a group stays; its own reference is no obstacle [reference 8]."""
    source = create_group(anywhere.wall, "source", group_of(anywhere.wall, anywhere.group)["VpcId"])
    anywhere.authorize(tcp(22, source, anywhere.group))
    expected = f"DependencyViolation: resource {source} has a dependent object"
    assert refusal(anywhere.wall, "DeleteSecurityGroup", GroupId=source) == expected
    anywhere.revoke(tcp(22, source))
    anywhere.wall.call("DeleteSecurityGroup", GroupId=source)
    anywhere.wall.call("DeleteSecurityGroup", GroupId=anywhere.group)


# ---- describe


@pytest.mark.reference(
    "9 members of a group", "9 members of a source", "9 members of a pair", "9 four lists, no ports for all",
    "0.2 a pair has no name", "0.2 ports of all protocols", "9 merged permissions",
)  # fmt: skip
def test_a_described_group(wall: Wall) -> None:
    """Rules of one protocol and range share a permission, with four lists and no ports for -1 [reference 9]."""
    vpc_id = create_vpc(wall)
    group = create_group(wall, "web", vpc_id)
    source = create_group(wall, "app", vpc_id)
    for one in (tcp(22, (BLOCK, "office")), tcp(22, "10.0.0.0/8", "::/0"), tcp(22, (source, "app"), group)):
        wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[one])
    pairs = [{"GroupId": group, "UserId": "123456789012"},
             {"GroupId": source, "UserId": "123456789012", "Description": "app"}]  # fmt: skip
    [found] = wall.call("DescribeSecurityGroups", GroupIds=[group])["SecurityGroups"]
    [allowed] = found.pop("IpPermissions")
    assert sorted(allowed.pop("UserIdGroupPairs"), key=str) == sorted(pairs, key=str)
    assert sorted(allowed.pop("IpRanges"), key=str) == [
        {"CidrIp": "10.0.0.0/8"}, {"CidrIp": BLOCK, "Description": "office"},
    ]  # fmt: skip
    assert allowed == {
        "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "Ipv6Ranges": [{"CidrIpv6": "::/0"}], "PrefixListIds": [],
    }  # fmt: skip
    assert found == {
        "GroupId": group, "GroupName": "web", "Description": "group web", "OwnerId": "123456789012", "VpcId": vpc_id,
        "SecurityGroupArn": f"arn:aws:ec2:us-east-1:123456789012:security-group/{group}",
        "IpPermissionsEgress": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": EVERYWHERE}], "Ipv6Ranges": [],
                                 "PrefixListIds": [], "UserIdGroupPairs": []}],
    }  # fmt: skip


@pytest.mark.reference("7 cannot be changed later")
def test_no_operation_renames(wall: Wall) -> None:
    """Name and description stay whatever is done to the group's rules and tags [reference 7, docs]."""
    group = create_group(wall)
    before = group_of(wall, group)
    wall.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[permission("-1", None, None, BLOCK)])
    wall.call("CreateTags", Resources=[group], Tags=[{"Key": "Name", "Value": "other"}])
    after = group_of(wall, group)
    assert (after["GroupName"], after["Description"]) == (before["GroupName"], before["Description"])


@pytest.mark.reference("9 GroupNames in the default VPC", "9 unknown id, unknown filter value", "3.3 name not found")
def test_by_id_and_by_name(wall: Wall) -> None:
    """Ids of any VPC and names of the default VPC are found; an unknown one refuses the call [reference 9]."""
    vpc_id = create_vpc(wall)
    web, app = create_group(wall), create_group(wall, "app", vpc_id)
    found = wall.call("DescribeSecurityGroups", GroupIds=[app], GroupNames=["web"])["SecurityGroups"]
    assert {group["GroupId"] for group in found} == {web, app}
    default = scenes.default_vpc(wall)
    for given, told in (
        ({"GroupIds": [web, "sg-00000000"]}, "InvalidGroup.NotFound: The security group 'sg-00000000' does not exist"),
        ({"GroupIds": ["web"]}, 'InvalidGroupId.Malformed: Invalid id: "web" (expecting "sg-...")'),
        (
            {"GroupNames": ["app"]},
            f"InvalidGroup.NotFound: The security group 'app' does not exist in default VPC '{default}'",
        ),
    ):
        assert refusal(wall, "DescribeSecurityGroups", **given) == told


@pytest.mark.parametrize(
    ("row", "filters", "found"),
    [
        ("9 filters", [("description", "group web")], "web"),
        ("9 filters", [("group-id", "{web}", "{app}")], "web app"),
        ("9 unknown id, unknown filter value", [("group-id", "sg-00000000")], ""),
        ("9 filters", [("group-name", "web")], "web"),
        ("9 filters", [("owner-id", "123456789012"), ("group-name", "app")], "app"),
        ("9 filters", [("owner-id", "111122223333")], ""),
        ("9 filters", [("vpc-id", "{vpc}")], "app default"),
        ("9 filters", [("tag:team", "net")], "web"),
        ("9 filters", [("tag-key", "team")], "web"),
        ("9 filters", [("tag-value", "net")], "web"),
        ("9 filters", [("ip-permission.cidr", BLOCK)], "web"),
        ("9 filters", [("ip-permission.ipv6-cidr", "2001:db8::/32")], "web"),
        ("users 5.1.10 filters that raise", [("ip-permission.prefix-list-id", "pl-00000000")], ""),
        ("9 filters", [("ip-permission.from-port", "22")], "web"),
        ("9 filters", [("ip-permission.to-port", "23")], "web"),
        ("9 filters", [("ip-permission.protocol", "tcp")], "web"),
        ("9 filters", [("ip-permission.group-id", "{web}")], "web"),
        ("9 filters", [("ip-permission.group-name", "web")], "web"),
        ("9 filters", [("ip-permission.user-id", "123456789012"), ("group-name", "w*")], "web"),
        ("9 filters", [("egress.ip-permission.cidr", BLOCK)], "app"),
        ("9 filters", [("egress.ip-permission.ipv6-cidr", "2001:db8::/32")], "app"),
        ("9 filters", [("egress.ip-permission.prefix-list-id", "*")], ""),
        ("9 filters", [("egress.ip-permission.from-port", "22")], "app"),
        ("9 filters", [("egress.ip-permission.to-port", "23")], "app"),
        ("9 filters", [("egress.ip-permission.protocol", "tcp")], "app"),
        ("9 filters", [("egress.ip-permission.group-id", "{app}")], "app"),
        ("9 filters", [("egress.ip-permission.group-name", "app")], "app"),
        ("9 filters", [("egress.ip-permission.user-id", "123456789012")], "app"),
        ("clients 9 filters that raise", [("egress.ip-permission.to-port", "2?")], "app"),
        ("9 filters combine", [("group-name", "web", "app"), ("ip-permission.protocol", "tcp")], "web"),
        ("9 filters of rules, one group", [("ip-permission.cidr", BLOCK), ("ip-permission.protocol", "udp")], "web"),
        ("9 filter wildcards", [("group-name", "w?b")], "web"),
        ("9 filter wildcards", [("group-name", "*")], "web app default default"),
        ("9 filter wildcards", [("description", "group *p")], "app"),
        ("9 filters by case", [("group-name", "WEB")], ""),
        ("9 filters by case", [("description", "Group web")], ""),
    ],
)
def test_filters(wall: Wall, row: str, filters: list[tuple[str, ...]], found: str) -> None:
    """A filter's values are alternatives, filters restrict each other, case counts [reference 9, model]."""
    places = _two_groups(wall)
    wanted = [{"Name": name, "Values": [value.format(**places) for value in values]} for name, *values in filters]
    names = [group["GroupName"] for group in wall.call("DescribeSecurityGroups", Filters=wanted)["SecurityGroups"]]
    assert sorted(names) == sorted(found.split()), row


def _two_groups(wall: Wall) -> dict[str, str]:
    vpc = create_vpc(wall)
    web, app = create_group(wall), create_group(wall, "app", vpc)
    wall.call("CreateTags", Resources=[web], Tags=[{"Key": "team", "Value": "net"}])
    for side, group in (("Ingress", web), ("Egress", app)):
        ranges = permission("tcp", 22, 23, BLOCK, "2001:db8::/32", group)
        both = [ranges, permission("udp", 53, 53, "10.0.0.0/8")]
        wall.call(f"AuthorizeSecurityGroup{side}", GroupId=group, IpPermissions=both)
    return {"web": web, "app": app, "vpc": vpc}


@pytest.mark.reference(
    "9 last page", "9 MaxResults", "clients 2.8 pages of groups and rules", "users 5.1.10 pages ignored"
)
@pytest.mark.reference("clients 9 no MaxResults paging", "users 5.2.4 filters and pages ignored")
def test_pages(wall: Wall) -> None:
    """Pages of MaxResults make up the whole list in its order, the last one without NextToken [reference 9]."""
    for number in range(11):
        create_group(wall, f"g{number}")
    whole = wall.call("DescribeSecurityGroups")
    assert "NextToken" not in whole
    first = wall.call("DescribeSecurityGroups", MaxResults=5)
    second = wall.call("DescribeSecurityGroups", MaxResults=5, NextToken=first["NextToken"])
    third = wall.call("DescribeSecurityGroups", MaxResults=5, NextToken=second["NextToken"])
    assert [len(page["SecurityGroups"]) for page in (first, second, third)] == [5, 5, 2]
    assert "NextToken" not in third
    assert [group for page in (first, second, third) for group in page["SecurityGroups"]] == whole["SecurityGroups"]


def test_pages_of_ids(wall: Wall) -> None:
    """Ids and names are not paged (inferred from the model's text)."""
    group = create_group(wall)
    for given in ({"GroupIds": [group], "MaxResults": 5}, {"GroupNames": ["web"], "MaxResults": 5}):
        assert refusal(wall, "DescribeSecurityGroups", **given).startswith("InvalidParameterCombination: ")
