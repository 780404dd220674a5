"""boto3's resource layer, action by action as boto3's own definition lists them.

Each action, collection, attribute and sub-resource of SecurityGroup, Vpc and the service itself either works or answers
UnsupportedOperation; the tables below are exact in both directions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

import groupwall

Json = dict[str, Any]

DEFINITION: Json = json.loads((Path(boto3.__file__).parent / "data/ec2/2016-11-15/resources-1.json").read_text("utf-8"))
SERVICE = DEFINITION["service"]
RESOURCES = {name: DEFINITION["resources"][name] for name in ("SecurityGroup", "Vpc")}

TELNET = [{"IpProtocol": "tcp", "FromPort": 23, "ToPort": 23, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
NAMES = [{"Key": "Name", "Value": "x"}]
ANYONE = "i-0123456789abcdef0"

WORKING: dict[tuple[str, str], Json] = {
    ("SecurityGroup", "AuthorizeEgress"): {"IpPermissions": SSH},
    ("SecurityGroup", "AuthorizeIngress"): {"IpPermissions": TELNET},
    ("SecurityGroup", "CreateTags"): {"Tags": NAMES},
    ("SecurityGroup", "Delete"): {},
    ("SecurityGroup", "RevokeEgress"): {"IpPermissions": [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]},
    ("SecurityGroup", "RevokeIngress"): {"IpPermissions": SSH},
    ("Vpc", "CreateSecurityGroup"): {"GroupName": "new", "Description": "d"},
    ("Vpc", "CreateSubnet"): {"CidrBlock": "10.9.0.0/24"},
    ("Vpc", "CreateTags"): {"Tags": NAMES},
    ("Vpc", "Delete"): {},
    ("Vpc", "DescribeAttribute"): {"Attribute": "enableDnsSupport"},
    ("Vpc", "ModifyAttribute"): {"EnableDnsHostnames": {"Value": True}},
    ("Vpc", "RequestVpcPeeringConnection"): {"PeerVpcId": "$vpc"},
    ("service", "CreateNetworkInterface"): {"SubnetId": "$subnet"},
    ("service", "CreateInstances"): {"ImageId": "ami-0123456789abcdef0", "MinCount": 1, "MaxCount": 1},
    ("service", "CreateSecurityGroup"): {"GroupName": "new", "Description": "d"},
    ("service", "CreateTags"): {"Resources": ["$group"], "Tags": NAMES},
    ("service", "CreateSubnet"): {"VpcId": "$vpc", "CidrBlock": "10.9.0.0/24"},
    ("service", "CreateVpc"): {"CidrBlock": "10.1.0.0/16"},
    ("service", "CreateVpcPeeringConnection"): {"VpcId": "$vpc", "PeerVpcId": "$vpc"},
}
"""The arguments with which an action works; ``$group`` is a group, ``$vpc`` an empty VPC, ``$subnet`` a default one."""

LATER: dict[tuple[str, str], Json] = {
    ("Vpc", "AssociateDhcpOptions"): {"DhcpOptionsId": "default"},
    ("Vpc", "AttachClassicLinkInstance"): {"Groups": ["$group"], "InstanceId": ANYONE},
    ("Vpc", "AttachInternetGateway"): {"InternetGatewayId": "igw-0123456789abcdef0"},
    ("Vpc", "CreateNetworkAcl"): {},
    ("Vpc", "CreateRouteTable"): {},
    ("Vpc", "DetachClassicLinkInstance"): {"InstanceId": ANYONE},
    ("Vpc", "DetachInternetGateway"): {"InternetGatewayId": "igw-0123456789abcdef0"},
    ("Vpc", "DisableClassicLink"): {},
    ("Vpc", "EnableClassicLink"): {},
    ("service", "CreateDhcpOptions"): {"DhcpConfigurations": [{"Key": "domain-name", "Values": ["example.com"]}]},
    ("service", "CreateInternetGateway"): {},
    ("service", "CreateKeyPair"): {"KeyName": "k"},
    ("service", "CreateNetworkAcl"): {"VpcId": "vpc-0123456789abcdef0"},
    ("service", "CreatePlacementGroup"): {"GroupName": "g"},
    ("service", "CreateRouteTable"): {"VpcId": "vpc-0123456789abcdef0"},
    ("service", "CreateSnapshot"): {"VolumeId": "vol-0123456789abcdef0"},
    ("service", "CreateVolume"): {"AvailabilityZone": "us-east-1a", "Size": 1},
    ("service", "DisassociateRouteTable"): {"AssociationId": "rtbassoc-0123456789abcdef0"},
    ("service", "ImportKeyPair"): {"KeyName": "k", "PublicKeyMaterial": b"k"},
    ("service", "RegisterImage"): {"Name": "name"},
}
"""Actions whose operation there is not yet."""


class Scene(NamedTuple):
    """A resource of each kind: a group with one rule in a VPC of its own, which is empty but for it."""

    service: Any
    group: Any
    vpc: Any
    spare: Any

    def of(self, kind: str) -> Any:  # noqa: ANN401 - boto3 has no types
        """Return the resource that an action of a kind is tried on."""
        return {"service": self.service, "SecurityGroup": self.group, "Vpc": self.spare}[kind]


@pytest.fixture(scope="module")
def service() -> Any:  # noqa: ANN401 - boto3 has no types
    """One resource for all tests: a wall answers it whenever it was made."""
    with groupwall.local():
        return boto3.resource("ec2")


@pytest.fixture
def scene(service: Any) -> Iterator[Scene]:  # noqa: ANN401 - boto3 has no types
    """A new wall with a VPC, a group and a rule in it, and an empty VPC."""
    with groupwall.local():
        vpc, spare = (service.create_vpc(CidrBlock=block) for block in ("10.0.0.0/16", "10.9.0.0/16"))
        group = vpc.create_security_group(GroupName="web", Description="d")
        group.authorize_ingress(IpPermissions=SSH)
        yield Scene(service, group, vpc, spare)


def _arguments(params: Json, scene: Scene) -> Json:
    text = json.dumps(params, default=bytes.decode).replace("$group", scene.group.id)
    text = text.replace("$vpc", scene.spare.id)
    if "$subnet" in text:
        text = text.replace("$subnet", next(iter(scene.service.subnets.all())).id)
    filled: Json = json.loads(text)
    return filled


def _act(scene: Scene, kind: str, action: str, params: Json) -> Any:  # noqa: ANN401 - the action's own
    return getattr(scene.of(kind), xform_name(action))(**_arguments(params, scene))


def test_tables_are_whole() -> None:
    """Every action that boto3 defines stands in one of the two tables (inferred)."""
    defined = {(kind, action) for kind, one in {**RESOURCES, "service": SERVICE}.items() for action in one["actions"]}
    assert defined == WORKING.keys() | LATER.keys()
    assert not WORKING.keys() & LATER.keys()


@pytest.mark.parametrize(("kind", "action"), sorted(WORKING))
def test_action_works(scene: Scene, kind: str, action: str) -> None:
    """Each action of this table is done (boto3's resource definition)."""
    before = scene.group.meta.client.describe_vpcs()["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"]
    answer = _act(scene, kind, action, WORKING[kind, action])
    after = scene.group.meta.client.describe_vpcs()["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-revision"]
    assert int(after) == int(before) + (not action.startswith("Describe"))
    for made in answer if isinstance(answer, list) else [answer]:
        if hasattr(made, "reload"):
            made.reload()


@pytest.mark.parametrize(("kind", "action"), sorted(LATER))
def test_action_is_for_later(scene: Scene, kind: str, action: str) -> None:
    """Each action of this table is refused by the name of its operation (reference 23 [docs])."""
    operation = {**RESOURCES, "service": SERVICE}[kind]["actions"][action]["request"]["operation"]
    with pytest.raises(ClientError) as error:
        _act(scene, kind, action, LATER[kind, action])
    assert error.value.response["Error"] == {
        "Code": "UnsupportedOperation",
        "Message": f"The operation {operation} is not supported.",
    }


HELD = {
    ("service", "DhcpOptionsSets"): 1,
    ("service", "NetworkAcls"): 3,
    ("service", "RouteTables"): 3,
    ("service", "SecurityGroups"): 4,
    ("service", "Subnets"): 3,
    ("service", "Vpcs"): 3,
    ("Vpc", "NetworkAcls"): 1,
    ("Vpc", "RouteTables"): 1,
    ("Vpc", "SecurityGroups"): 2,
}
"""How many a collection of the scene holds; every other one is empty."""

CATALOGUES = {("service", "Images")}
"""Collections of what AWS offers and an account does not hold: the operation is refused."""

COLLECTIONS = [("service", name) for name in SERVICE["hasMany"]] + [
    (kind, name) for kind, one in RESOURCES.items() for name in one.get("hasMany", ())
]


@pytest.mark.parametrize(("kind", "name"), COLLECTIONS)
def test_collection(scene: Scene, kind: str, name: str) -> None:
    """Each collection holds what there is, whole, limited, filtered and by pages (boto3's resource definition)."""
    owner = scene.vpc if kind == "Vpc" else scene.service
    collection = getattr(owner, xform_name(name))
    if (kind, name) in CATALOGUES:
        with pytest.raises(ClientError, match="UnsupportedOperation"):
            list(collection.all())
        return
    expected = HELD.get((kind, name), 0)
    assert len(list(collection.all())) == expected
    assert len(list(collection.limit(1))) == min(1, expected)
    assert len(list(collection.filter())) == expected
    assert sum(len(page) for page in collection.pages()) == expected


def test_pages_of_groups(scene: Scene) -> None:
    """A collection by pages of 5 gives pages of 5, and every group once (reference 9 [docs])."""
    for number in range(8):
        scene.vpc.create_security_group(GroupName=f"g{number}", Description="d")
    pages = list(scene.service.security_groups.page_size(5).pages())
    assert [len(page) for page in pages] == [5, 5, 2]
    assert len({group.id for page in pages for group in page}) == 12
    assert {group.group_name for group in scene.service.security_groups.filter(GroupNames=["default"])} == {"default"}


def _simple(kind: str) -> list[str]:
    """Return the attributes of a kind that its describe operation may fill."""
    shape = boto3.session.Session()._session.get_service_model("ec2", "2016-11-15").shape_for(kind)  # noqa: SLF001 - the model
    identifiers = {one["memberName"] for one in RESOURCES[kind]["identifiers"] if "memberName" in one}
    return [xform_name(name) for name in shape.members if name not in identifiers]


@pytest.mark.parametrize("kind", sorted(RESOURCES))
def test_attributes(scene: Scene, kind: str) -> None:
    """Every attribute can be read, from one load (boto3's resource definition)."""
    resource = {"SecurityGroup": scene.group, "Vpc": scene.vpc}[kind]
    for name in _simple(kind):
        getattr(resource, name)
    assert resource.meta.data is not None


def test_group_as_a_resource(scene: Scene) -> None:
    """A group's identifiers, attributes and tags are told, and anew after each action (boto3's resource definition)."""
    group = scene.service.SecurityGroup(scene.group.id)
    assert (group.id, group.group_id) == (scene.group.id, scene.group.id)
    assert (group.group_name, group.description, group.vpc_id) == ("web", "d", scene.vpc.id)
    assert group.owner_id == "123456789012"
    assert [rule["FromPort"] for rule in group.ip_permissions] == [22]
    assert [rule["IpProtocol"] for rule in group.ip_permissions_egress] == ["-1"]
    assert group.tags is None
    group.create_tags(Tags=NAMES)
    group.revoke_ingress(IpPermissions=SSH)
    assert (group.ip_permissions, group.tags) == ([], NAMES)


def test_vpc_as_a_resource(scene: Scene) -> None:
    """A VPC's identifiers, attributes and references are told (reference 19 [docs])."""
    vpc = scene.service.Vpc(scene.vpc.id)
    assert (vpc.id, vpc.vpc_id, vpc.cidr_block, vpc.is_default) == (scene.vpc.id, scene.vpc.id, "10.0.0.0/16", False)
    assert vpc.state == "available"
    assert vpc.dhcp_options.id == vpc.dhcp_options_id
    assert vpc == scene.vpc


def test_tag_of_a_group(scene: Scene) -> None:
    """A tag that was made by a resource can be deleted by it (reference 11 [docs])."""
    (tag,) = scene.group.create_tags(Tags=NAMES)
    assert (tag.resource_id, tag.key, tag.value) == (scene.group.id, "Name", "x")
    tag.delete()
    scene.group.reload()
    assert scene.group.tags is None


def test_group_that_is_gone(scene: Scene) -> None:
    """Loading a deleted group answers that it does not exist (reference 3.3 [recorded])."""
    scene.group.delete()
    with pytest.raises(ClientError, match=r"InvalidGroup\.NotFound"):
        scene.group.load()
