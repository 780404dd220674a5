"""What policies are asked about a call: which resources, which condition keys, and when."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from groupwall.authorising import policies_of
from groupwall.errors import ApiError
from groupwall.store.entities import Principal
from groupwall.units import timestamp
from groupwall.wire.parse import read_error
from tests.bound import allow, as_root, bound, deny, refused, why
from tests.counting import counted
from tests.driver import ACTIONS, Wall
from tests.interfaces import create_interface, first_subnet, launch
from tests.scenes import (
    Json,
    create_group,
    create_prefix_list,
    create_vpc,
    default_group,
    default_vpc,
    rules_of,
    tcp,
)  # fmt: skip
from tests.scenes import (
    allow as add_rules,
)

ARN = "arn:aws:ec2:us-east-1:123456789012:"
SSH = tcp(22, "192.0.2.0/24")
TAGS = [{"Key": "Team", "Value": "net"}]
MADE_WITH_TAGS = [{"ResourceType": "security-group", "Tags": TAGS}]
IMAGE = {"ImageId": "ami-12345678", "MinCount": 1, "MaxCount": 1}


def refusal(wall: Wall, name: str, /, **params: object) -> ApiError:
    """Return the error of a call that is refused."""
    with pytest.raises(ApiError) as caught:
        wall.call(name, **params)
    return caught.value


def asked(wall: Wall, name: str, kind: str, /, **params: object) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that the policies of a call are asked about one kind of resource."""
    one_denied = bound(wall, allow(), deny(f"ec2:{name}", f"arn:aws:ec2:*:*:{kind}/*"), tags={"Dept": "it"})
    conditions = why(wall, refusal(one_denied, name, **params))["context"]["conditions"]["items"]
    return {one["key"]: tuple(value["value"] for value in one["values"]["items"]) for one in conditions}


# ---- condition keys


def test_the_keys_of_a_group(wall: Wall) -> None:
    """ec2:Vpc is the VPC's ARN, ec2:SecurityGroupID the bare id, both tag keys say the same [reference 22, docs]."""
    group = create_group(wall)
    wall.call("CreateTags", Resources=[group], Tags=TAGS)
    keys = asked(wall, "RevokeSecurityGroupIngress", "security-group", GroupId=group, IpPermissions=[SSH])
    assert keys["ec2:vpc"] == (f"{ARN}vpc/{default_vpc(wall)}",)
    assert keys["ec2:securitygroupid"] == (group,)
    assert keys["aws:resourcetag/team"] == keys["ec2:resourcetag/team"] == ("net",)
    assert "aws:requesttag/team" not in keys
    assert "aws:tagkeys" not in keys


@pytest.mark.parametrize("tags", [{}, {"Tags": []}, {"Tags": [{"Key": "Team"}]}])
def test_all_tags_are_taken_as_if_they_were_named(wall: Wall, tags: Json) -> None:
    """A Deny of a tag's key holds for a DeleteTags that names no tags, which takes all there are (inferred)."""
    group, other = create_group(wall), create_group(wall, "other")
    wall.call("CreateTags", Resources=[group], Tags=TAGS)
    keeps = deny("ec2:DeleteTags", **{"ForAnyValue:StringEquals": {"aws:TagKeys": ["Team"]}})
    alice = bound(wall, allow(), keeps)
    assert refusal(alice, "DeleteTags", Resources=[other, group], **tags).code == "UnauthorizedOperation"
    assert alice.call("DeleteTags", Resources=[group], Tags=[{"Key": "Other"}]) == {}
    assert alice.call("DeleteTags", Resources=[other]) == {}


def test_a_refusal_tells_a_part_of_too_many_tags(wall: Wall) -> None:
    """A call that gives thousands of tags is refused at once: its encoded part has a hundred of them (inferred)."""
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(4000)]
    keys = asked(wall, "CreateTags", "security-group", Resources=["sg-12345678"], Tags=tags[:101])
    assert sum(key.startswith("aws:requesttag/") for key in keys) == 100
    nobody = bound(wall)
    assert refusal(nobody, "CreateTags", Resources=["sg-12345678"], Tags=tags).code == "UnauthorizedOperation"


def test_the_keys_of_a_caller_and_a_call(wall: Wall) -> None:
    """Who calls, from where to, and when, is told with every access [AWS's global condition keys, docs]."""
    keys = asked(wall, "DeleteSecurityGroup", "security-group", GroupId="sg-12345678")
    assert keys["aws:principalarn"] == ("arn:aws:iam::123456789012:user/alice",)
    assert keys["aws:principaltag/dept"] == ("it",)
    assert (keys["aws:username"], keys["aws:principaltype"]) == (("alice",), ("User",))
    assert keys["aws:principalaccount"] == keys["aws:resourceaccount"] == ("123456789012",)
    assert keys["aws:requestedregion"] == keys["ec2:region"] == ("us-east-1",)
    assert keys["aws:currenttime"] == (timestamp(wall.clock.now()),)
    assert keys["aws:securetransport"] == ("false",)


def test_the_address_that_a_call_came_from(wall: Wall) -> None:
    """aws:SourceIp is the address that the server saw; a call within the process has none (inferred)."""
    inside = allow("*", "*", IpAddress={"aws:SourceIp": "192.0.2.0/24"})
    alice = bound(wall, inside)
    request = alice.request(ACTIONS["DescribeVpcs"])
    assert alice.send(replace(request, source="192.0.2.7")).status == 200
    assert alice.send(replace(request, source="198.51.100.7")).status == 403
    assert alice.send(request).status == 403


def test_the_tags_that_a_call_gives(wall: Wall) -> None:
    """A tag on what is made is one of the request, and needs ec2:CreateTags for that operation [reference 22, docs]."""
    params: Json = {"GroupName": "a", "Description": "d", "TagSpecifications": MADE_WITH_TAGS}
    keys = asked(wall, "CreateSecurityGroup", "security-group", **params)
    assert (keys["aws:requesttag/team"], keys["aws:tagkeys"]) == (("net",), ("Team",))
    untagged = bound(wall, allow("ec2:CreateSecurityGroup"))
    told = why(wall, refusal(untagged, "CreateSecurityGroup", **params))["context"]
    assert (told["action"], told["resource"]) == ("ec2:CreateTags", f"{ARN}security-group/*")
    keys = {one["key"]: one["values"]["items"][0]["value"] for one in told["conditions"]["items"]}
    assert keys["ec2:createaction"] == "CreateSecurityGroup"
    assert keys["aws:requesttag/team"] == "net"


@pytest.mark.parametrize("name", ["CreateTags", "DeleteTags"])
def test_tags_that_are_given_or_taken_later(wall: Wall, name: str) -> None:
    """The tags of CreateTags and of DeleteTags are those of the request; there is no CreateAction [22, docs]."""
    keys = asked(wall, name, "vpc", Resources=[default_vpc(wall)], Tags=TAGS)
    assert (keys["aws:requesttag/team"], keys["aws:tagkeys"]) == (("net",), ("Team",))
    assert "ec2:createaction" not in keys


def test_the_attribute_that_is_changed(wall: Wall) -> None:
    """ec2:Attribute names the member that a call changes, ec2:Attribute/NAME tells its value [22, docs; inferred]."""
    interface, group = create_interface(wall), create_group(wall)
    modify, kind = "ModifyNetworkInterfaceAttribute", "network-interface"
    keys = asked(wall, modify, kind, NetworkInterfaceId=interface, SourceDestCheck={"Value": False})
    assert (keys["ec2:attribute"], keys["ec2:attribute/sourcedestcheck"]) == (("SourceDestCheck",), ("false",))
    keys = asked(wall, modify, kind, NetworkInterfaceId=interface, Groups=[group])
    assert (keys["ec2:attribute"], keys["ec2:attribute/groups"]) == (("Groups",), (group,))
    instance, modify = launch(wall), "ModifyInstanceAttribute"
    keys = asked(wall, modify, "instance", InstanceId=instance, Attribute="instanceType", Value="t3.micro")
    assert (keys["ec2:attribute"], keys["ec2:attribute/instancetype"]) == (("InstanceType",), ("t3.micro",))
    keys = asked(wall, modify, "instance", InstanceId=instance, UserData={"Value": "c2VjcmV0"})
    assert keys["ec2:attribute"] == ("UserData",)
    assert "ec2:attribute/userdata" not in keys


def test_the_keys_of_places(wall: Wall) -> None:
    """An interface is in its subnet's zone; ec2:Subnet and ec2:Vpc are ARNs [reference 22, docs]."""
    interface, subnet = create_interface(wall), first_subnet(wall)
    keys = asked(wall, "DeleteNetworkInterface", "network-interface", NetworkInterfaceId=interface)
    assert keys["ec2:availabilityzone"] == (subnet["AvailabilityZone"],)
    assert keys["ec2:subnet"] == (f"{ARN}subnet/{subnet['SubnetId']}",)
    assert keys["ec2:vpc"] == (f"{ARN}vpc/{subnet['VpcId']}",)
    keys = asked(wall, "CreateNetworkInterface", "network-interface", SubnetId=subnet["SubnetId"])
    assert keys["ec2:vpc"] == (f"{ARN}vpc/{subnet['VpcId']}",)


def test_the_keys_of_an_instance(wall: Wall) -> None:
    """What is launched is known by the words of the call, what runs by what it is [docs: EC2's condition keys]."""
    more = {"InstanceType": "t3.micro", "MetadataOptions": {"HttpTokens": "required"}}
    keys = asked(wall, "RunInstances", "instance", **IMAGE, **more)
    assert (keys["ec2:instancetype"], keys["ec2:metadatahttptokens"]) == (("t3.micro",), ("required",))
    assert (keys["ec2:tenancy"], keys["ec2:availabilityzone"]) == (("default",), ("us-east-1a",))
    keys = asked(wall, "StopInstances", "instance", InstanceIds=[launch(wall)])
    assert (keys["ec2:instancetype"], keys["ec2:availabilityzoneid"]) == (("m1.small",), ("use1-az1",))


def test_the_keys_of_a_peering(wall: Wall) -> None:
    """ec2:RequesterVpc and ec2:AccepterVpc are ARNs of both accounts, and of their Regions [reference 22, docs]."""
    far = wall.elsewhere("210987654321", "eu-west-1")
    mine, theirs = create_vpc(wall), create_vpc(far, "10.1.0.0/16")
    sides = {
        "ec2:requestervpc": (f"{ARN}vpc/{mine}",),
        "ec2:acceptervpc": (f"arn:aws:ec2:eu-west-1:210987654321:vpc/{theirs}",),
    }
    params = {"VpcId": mine, "PeerVpcId": theirs, "PeerOwnerId": far.account, "PeerRegion": far.region}
    keys = asked(wall, "CreateVpcPeeringConnection", "vpc-peering-connection", **params)
    assert {name: keys[name] for name in sides} == sides
    made = wall.call("CreateVpcPeeringConnection", **params)["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    keys = asked(wall, "DeleteVpcPeeringConnection", "vpc-peering-connection", VpcPeeringConnectionId=made)
    assert {name: keys[name] for name in sides} == sides
    told = refused(refusal(bound(far), "AcceptVpcPeeringConnection", VpcPeeringConnectionId=made))
    assert told.resource == f"arn:aws:ec2:eu-west-1:210987654321:vpc/{theirs}"


def test_the_host_that_an_agent_speaks_for(wall: Wall) -> None:
    """groupwall:Host binds a key to what one host tells, is asked and may be forgotten as (inferred)."""
    mine = {"StringEquals": {"groupwall:Host": "${aws:username}"}}
    alice = bound(wall, allow("groupwall:*", **mine))
    for name, more in (
        ("Acknowledge", {"Revision": 0}),
        ("TellCounters", {"Series": "a", "Number": 1}),
        ("DescribeFlowQuestions", {}),
        ("TellFlows", {"QuestionId": "question-1"}),
        ("ForgetHost", {}),
    ):
        assert refusal(alice, name, Host="bob", **more).code == "UnauthorizedOperation"
    alice.call("Acknowledge", Host="alice", Revision=0)
    assert alice.call("DescribeFlowQuestions", Host="alice")["Questions"] == []


def test_tags_are_those_of_the_transaction(wall: Wall) -> None:
    """A tag that an earlier call of the same change gave counts for a later one (inferred)."""
    group = create_group(wall)
    add_rules(wall, group, SSH)
    only_tagged = allow("ec2:Revoke*", "*", StringEquals={"aws:ResourceTag/Team": "net"})
    alice = bound(wall, only_tagged, allow("ec2:CreateTags"), allow("groupwall:ApplyChanges"))
    revoke = {"Operation": "RevokeSecurityGroupIngress", "Parameters": _json(GroupId=group, IpPermissions=[SSH])}
    tag = {"Operation": "CreateTags", "Parameters": _json(Resources=[group], Tags=TAGS)}
    assert refused(refusal(alice, "ApplyChanges", Calls=[revoke, tag])).action == "ec2:RevokeSecurityGroupIngress"
    alice.call("ApplyChanges", Calls=[tag, revoke])
    assert rules_of(wall, group) == []


# ---- which resources


def test_a_group_is_the_same_by_name(wall: Wall) -> None:
    """Who names a group of the default VPC by its name is held to what is said of it by id [reference 4.1, 22]."""
    group = create_group(wall)
    alice = bound(wall, allow(), deny("*", f"{ARN}security-group/{group}"))
    for name in ("WEB", "web"):
        told = refused(refusal(alice, "RevokeSecurityGroupIngress", GroupName=name, IpPermissions=[SSH]))
        assert told.resource == f"{ARN}security-group/{group}"
    unknown = refused(refusal(bound(wall), "DeleteSecurityGroup", GroupName="none"))
    assert unknown.resource == f"{ARN}security-group/*"


@pytest.mark.parametrize("default", ["security-group", "subnet", "vpc"])
def test_what_a_call_takes_by_default_counts(wall: Wall, default: str) -> None:
    """The subnet, the group and the VPC that a call takes unasked are its resources, too (inferred)."""
    subnet = first_subnet(wall)
    found = {
        "security-group": default_group(wall, subnet["VpcId"]), "subnet": subnet["SubnetId"], "vpc": subnet["VpcId"],
    }  # fmt: skip
    calls: dict[str, list[tuple[str, Json]]] = {
        "security-group": [("RunInstances", IMAGE), ("CreateNetworkInterface", {"SubnetId": subnet["SubnetId"]})],
        "subnet": [("RunInstances", IMAGE)],
        "vpc": [("CreateSecurityGroup", {"GroupName": "new", "Description": "d"})],
    }
    resource = f"{ARN}{default}/{found[default]}"
    alice = bound(wall, allow(), deny("*", resource))
    for name, params in calls[default]:
        assert refused(refusal(alice, name, **params)).resource == resource


def test_groups_by_name_of_an_instance(wall: Wall) -> None:
    """RunInstances names groups by id, by name, and for each interface: all of them count (inferred)."""
    group = create_group(wall)
    alice = bound(wall, allow(), deny("*", f"{ARN}security-group/{group}"))
    subnet = first_subnet(wall)["SubnetId"]
    device = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}
    for more in ({"SecurityGroups": ["web"]}, {"SecurityGroupIds": [group]}, {"NetworkInterfaces": [device]}):
        assert refused(refusal(alice, "RunInstances", **IMAGE, **more)).resource == f"{ARN}security-group/{group}"


def test_an_interface_that_is_there_brings_its_subnet(wall: Wall) -> None:
    """An instance with an interface that there is needs permission on it and its subnet, on no new one (inferred)."""
    interface, subnet = create_interface(wall), first_subnet(wall)["SubnetId"]
    params = {**IMAGE, "NetworkInterfaces": [{"DeviceIndex": 0, "NetworkInterfaceId": interface}]}
    needed = ["image/ami-12345678", "instance/*", f"network-interface/{interface}", f"subnet/{subnet}", "volume/*"]
    every = {one: allow("*", f"arn:aws:ec2:*:*:{one}") for one in needed}
    for one in needed:
        alice = bound(wall, *(given for other, given in every.items() if other != one))
        assert refused(refusal(alice, "RunInstances", **params)).resource.endswith(f":{one}")
    bound(wall, *every.values()).call("RunInstances", **params)


def test_an_image_has_no_account(wall: Wall) -> None:
    """The ARN of an image names no account [docs: EC2's ARNs]."""
    told = refused(refusal(bound(wall), "RunInstances", **IMAGE))
    assert told.resource == "arn:aws:ec2:us-east-1::image/ami-12345678"


def test_rules_that_are_modified(wall: Wall) -> None:
    """Permission is needed on the group, on every rule and on the prefix lists that are named [reference 22, docs]."""
    group, prefix_list = create_group(wall), create_prefix_list(wall, "192.0.2.0/24")
    first, second = add_rules(wall, group, tcp(22, "192.0.2.0/24", "198.51.100.0/24"))
    changed = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "PrefixListId": prefix_list}
    rules = [{"SecurityGroupRuleId": one, "SecurityGroupRule": changed} for one in (first, second)]
    for resource in (
        f"security-group/{group}", f"security-group-rule/{first}", f"security-group-rule/{second}",
        f"prefix-list/{prefix_list}",
    ):  # fmt: skip
        alice = bound(wall, allow(), deny("*", ARN + resource))
        told = refused(refusal(alice, "ModifySecurityGroupRules", GroupId=group, SecurityGroupRules=rules))
        assert told.resource == ARN + resource


# ---- calls within calls


def test_each_call_of_a_change_needs_its_own_permission(wall: Wall) -> None:
    """ApplyChanges is an action of its own, and each of its calls needs what it needs alone (inferred)."""
    group = create_group(wall)
    add_rules(wall, group, SSH)
    calls = [{"Operation": "RevokeSecurityGroupIngress", "Parameters": _json(GroupId=group, IpPermissions=[SSH])}]
    revoke, apply = allow("ec2:RevokeSecurityGroupIngress"), allow("groupwall:ApplyChanges")
    assert refused(refusal(bound(wall, revoke), "ApplyChanges", Calls=calls))[1:3] == ("groupwall:ApplyChanges", "*")
    told = refused(refusal(bound(wall, apply), "ApplyChanges", Calls=calls))
    assert told[1:3] == ("ec2:RevokeSecurityGroupIngress", f"{ARN}security-group/{group}")
    assert len(rules_of(wall, group)) == 1
    bound(wall, apply, revoke).call("ApplyChanges", Calls=calls)
    assert rules_of(wall, group) == []


def test_a_preview_needs_its_own_permission_alone(wall: Wall) -> None:
    """What is only tried needs no permission; a preview of a revoke is limited by the group (inferred)."""
    group, other = create_group(wall), create_group(wall, "app")
    add_rules(wall, group, SSH)
    alice = bound(wall, allow("groupwall:PreviewRevoke", f"{ARN}security-group/{group}"))
    alice.call("PreviewRevoke", GroupId=group, IpPermissions=[SSH])
    told = refused(refusal(alice, "PreviewRevoke", GroupId=other, IpPermissions=[SSH]))
    assert told.resource == f"{ARN}security-group/{other}"


# ---- the order of checks


ORDER: tuple[tuple[str, Json, str, str], ...] = (
    ("form", {"GroupId": ""}, "InvalidGroupId.Malformed", "InvalidGroupId.Malformed"),
    ("presence", {}, "MissingParameter", "MissingParameter"),
    ("dry run", {"GroupId": "sg-12345678", "DryRun": True}, "UnauthorizedOperation", "DryRunOperation"),
    ("existence", {"GroupId": "sg-12345678"}, "UnauthorizedOperation", "InvalidGroup.NotFound"),
    ("existence by name", {"GroupName": "none"}, "UnauthorizedOperation", "InvalidGroup.NotFound"),
    ("values", {"GroupId": "$web", "IpPermissions": [tcp(-9)]}, "UnauthorizedOperation", "InvalidParameterValue"),
    ("an id's form", {"GroupId": "sg-x", "DryRun": True}, "UnauthorizedOperation", "DryRunOperation"),
)


@pytest.mark.parametrize(("params", "by_nobody", "by_all"), [row[1:] for row in ORDER], ids=[row[0] for row in ORDER])
def test_the_order_of_checks(wall: Wall, params: Json, by_nobody: str, by_all: str) -> None:
    """Parameters come before permission, then DryRun, then existence and values [reference 2.1, recorded]."""
    given = {"GroupId": create_group(wall)} if params.get("GroupId") == "$web" else {}
    for statements, code in (((), by_nobody), ((allow(),), by_all)):
        alice = bound(wall, *statements)
        assert refusal(alice, "AuthorizeSecurityGroupIngress", **(params | given)).code == code


def test_a_dry_run_tells_the_truth(wall: Wall) -> None:
    """DryRunOperation where the call is allowed, UnauthorizedOperation where it is not [reference 2.2]."""
    group = create_group(wall)
    add_rules(wall, group, SSH)
    params: Json = {"GroupId": group, "IpPermissions": [SSH], "DryRun": True}
    allowed = bound(wall, allow("ec2:RevokeSecurityGroupIngress"))
    error = refusal(allowed, "RevokeSecurityGroupIngress", **params)
    assert (error.code, error.status) == ("DryRunOperation", 412)
    told = refused(refusal(bound(wall), "RevokeSecurityGroupIngress", **params))
    assert told.caller == "arn:aws:iam::123456789012:user/alice"
    assert len(rules_of(wall, group)) == 1


# ---- what it costs


def _statements(wall: Wall, folder: Path, name: str, /, **params: object) -> int:
    with counted(wall, folder) as connection:
        before = connection.statements
        wall.send(wall.request(ACTIONS[name], **params))
        return connection.statements - before


@pytest.mark.parametrize("asks", [False, True])
def test_what_is_asked_of_many_resources_is_read_at_once(tmp_path: Path, *, asks: bool) -> None:
    """A call on many resources takes as many statements as one on a few, whatever its policies ask (inferred)."""
    where = {
        "StringLikeIfExists": {"aws:ResourceTag/Team": "*", "ec2:Vpc": "*", "ec2:AvailabilityZone": "*"},
    }  # fmt: skip
    costs = []
    for many in (2, 12):
        with Wall() as wall:
            resources = [create_group(wall, f"g{place}") for place in range(many)]
            resources += [create_interface(wall) for _ in range(many)]
            alice = bound(wall, allow("*", "*", **(where if asks else {})))
            costs.append(_statements(alice, tmp_path, "DeleteTags", Resources=resources))
    assert costs[0] == costs[1]


def test_nothing_is_read_that_no_policy_asks_for(tmp_path: Path) -> None:
    """Policies without a condition on a resource cost one statement: that for the caller (inferred)."""
    costs = {}
    conditions: dict[str, Json] = {
        "root": {}, "plain": {}, "time": {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}},
        "tags": {"StringEqualsIfExists": {"aws:ResourceTag/Team": "net"}},
        "vpc": {"StringLike": {"ec2:Vpc": "*"}},
    }  # fmt: skip
    for name, condition in conditions.items():
        with Wall() as wall:
            group = create_group(wall)
            caller = as_root(wall) if name == "root" else bound(wall, allow("*", "*", **condition))
            costs[name] = _statements(caller, tmp_path, "DeleteSecurityGroup", GroupId=group)
    more = {name: cost - costs["root"] for name, cost in costs.items()}
    assert more == {"root": 0, "plain": 1, "time": 1, "tags": 2, "vpc": 2}


# ---- what a refusal tells


def test_a_refusal_can_be_decoded(wall: Wall) -> None:
    """The encoded message tells the statements that denied, and what was asked [docs: DecodeAuthorizationMessage]."""
    denied = deny("ec2:Delete*") | {"Sid": "Never"}
    told = why(wall, refusal(bound(wall, allow(), denied), "DeleteSecurityGroup", GroupId="sg-12345678"))
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    [matched] = told["matchedStatements"]["items"]
    assert (matched["statementId"], matched["effect"], matched["policy"]) == ("Never", "DENY", "given")
    assert told["context"]["principal"]["name"] == "alice"
    assert told["context"]["action"] == "ec2:DeleteSecurityGroup"
    told = why(wall, refusal(bound(wall), "DeleteSecurityGroup", GroupId="sg-12345678"))
    assert (told["explicitDeny"], told["matchedStatements"]) == (False, {"items": []})
    assert "no identity policy allows" in told["why"]


def test_a_long_refusal_can_be_decoded(wall: Wall) -> None:
    """However many tags a call gives, the message is whole and tells at least what was asked (inferred)."""
    tags = [{"Key": f"{place:0100}", "Value": "x" * 200} for place in range(500)]
    alice = bound(wall)
    reply = alice.send(alice.request(ACTIONS["CreateTags"], Resources=["sg-12345678"], Tags=tags))
    told = why(wall, read_error(reply.body, reply.status))
    assert told["context"]["resource"] == f"{ARN}security-group/sg-12345678"
    assert told["context"]["conditions"] == {"items": []}


def _json(**params: object) -> str:
    return json.dumps(params)


def test_a_session_policy_does_not_have_its_roles_policies_read_again() -> None:
    """Whoever assumes a role may give another session policy each time: only that one is new to read (inferred)."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow()]})
    role = Principal("AROA", "123456789012", "role", "deploy", json.dumps([["own", document]]), document, "", "{}")
    first, second = (policies_of(role, json.dumps({"Statement": [allow(f"ec2:{name}*")]})) for name in ("A", "B"))
    assert first.identity[0] is second.identity[0] is policies_of(role).identity[0]
    assert first.boundary is second.boundary is policies_of(role).boundary
    assert first.session != second.session
    assert policies_of(role).session is None
