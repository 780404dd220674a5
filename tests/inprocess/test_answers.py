"""A call answered at once and the same call on the true wire give botocore's user the same, to the last member."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError

import groupwall
from groupwall.inprocess import Wall
from groupwall.units import FrozenClock
from groupwall.wire.model import SERVICES
from tests.driver import ACTIONS
from tests.ops.examples import EXAMPLES, filled, set_out

Json = dict[str, Any]
NOW = dt.datetime(2026, 11, 23, 4, 0, 0, 123000, tzinfo=dt.UTC)
SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
NAMED = {
    "ResourceType": "security-group",
    "Tags": [{"Key": "Name", "Value": 'web <&> "é" 火'}, {"Key": "empty", "Value": ""}],
}


class Step(NamedTuple):
    """A call; a text that begins with ``$`` stands for what an earlier step named."""

    operation: str
    params: Json
    service: str = "ec2"
    named: str = ""
    """``name=path`` keeps a value of the answer under a name: ``$name``."""


def _step(operation: str, named: str = "", service: str = "ec2", **params: Any) -> Step:  # noqa: ANN401 - any parameters
    return Step(operation, params, service, named)


def _from(**sources: Any) -> Json:  # noqa: ANN401 - any sources
    return {**SSH, **sources}


RULE = "SecurityGroupRules.0.SecurityGroupRuleId"
RULES = [
    _from(IpRanges=[{"CidrIp": "10.0.0.0/8", "Description": "d"}, {"CidrIp": "10.1.2.3/16"}]),
    _from(Ipv6Ranges=[{"CidrIpv6": "::/0"}]),
    {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
    {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "$web", "Description": "self"}]},
]
"""Every kind of source and of protocol."""

STEPS = [
    # Worlds, and what is in them from the start.
    _step("GetCallerIdentity", service="sts"),
    _step("DescribeVpcs", "vpc=Vpcs.0.VpcId"),
    _step("DescribeSubnets"),
    _step("DescribeSubnets", Filters=[{"Name": "vpc-id", "Values": ["$vpc"]}], MaxResults=5),
    _step("DescribeSecurityGroups"),
    _step("DescribeSecurityGroupRules"),
    _step("DescribeTags"),
    _step("DescribeRegions"),
    _step("DescribeRegions", RegionNames=["us-east-1"], AllRegions=True),
    _step("DescribeAvailabilityZones"),
    _step("DescribeAccountAttributes"),
    _step("DescribeAccountAttributes", AttributeNames=["default-vpc"]),
    # Changes of every kind, and how they are told.
    _step("CreateVpc", "other=Vpc.VpcId", CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True),
    _step("CreateVpc", "spare=Vpc.VpcId", CidrBlock="10.9.0.0/16"),
    _step("CreateSecurityGroup", "web=GroupId", GroupName="web", Description="d", TagSpecifications=[NAMED]),
    _step("CreateSecurityGroup", "db=GroupId", GroupName="db", Description="d", VpcId="$other"),
    _step("AuthorizeSecurityGroupIngress", f"rule={RULE}", GroupId="$web", IpPermissions=RULES),
    _step("AuthorizeSecurityGroupEgress", GroupId="$web", IpPermissions=RULES[:2]),
    _step("AuthorizeSecurityGroupIngress", GroupName="web", CidrIp="0.0.0.0/0", **SSH | {"ToPort": 23}),
    _step("CreateTags", Resources=["$web", "$rule"], Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "\tx\n"}]),
    _step("DescribeTags", Filters=[{"Name": "resource-id", "Values": ["$web"]}]),
    _step("DescribeSecurityGroups", GroupIds=["$web"]),
    _step("DescribeSecurityGroups", MaxResults=5, Filters=[{"Name": "vpc-id", "Values": ["$vpc", "$other"]}]),
    _step("DescribeSecurityGroupRules", "page=NextToken", MaxResults=5),
    _step("DescribeSecurityGroupRules", MaxResults=5, NextToken="$page"),
    _step("RevokeSecurityGroupIngress", GroupId="$web", IpPermissions=RULES[:1]),
    _step("RevokeSecurityGroupIngress", GroupId="$web", IpPermissions=RULES[:1]),
    _step("RevokeSecurityGroupEgress", GroupId="$web", IpPermissions=[]),
    _step("RevokeSecurityGroupEgress", GroupId="$web", IpPermissions=RULES[:2]),
    _step("DeleteTags", Resources=["$web"], Tags=[{"Key": "a"}, {"Key": "c", "Value": "other"}]),
    _step("DeleteVpc", VpcId="$spare"),
    _step("DescribeChanges", service="groupwall"),
    _step("DescribeChanges", service="groupwall", After=1, MaxResults=2, Filters=[{"Name": "caller", "Values": ["x"]}]),
    _step("DescribeChanges", service="groupwall", After=1, MaxResults=2),
    # Refusals: of an operation, of the values, of the wire, in both dialects.
    _step("DeleteVpc", VpcId="$other"),
    _step("DeleteSubnet", SubnetId="subnet-0123456789abcdef0"),
    _step("DeleteSecurityGroup", GroupId="$web", DryRun=True),
    _step("DescribeSecurityGroups", GroupIds=["sg-nothing"]),
    _step("DescribeSecurityGroups", GroupIds=["sg-\x00\x0b<é>"]),
    _step("DescribeSecurityGroups", GroupIds=[" sg \n <&> 火 ﷐ \ufffe "]),
    _step("DescribeSecurityGroups", NextToken="nobody's"),
    _step("CreateSecurityGroup", GroupName="web", Description="d"),
    _step("CreateSecurityGroup", GroupName="café", Description="d"),
    _step("CreateTags", Resources=["$web"], Tags=[{"Key": "k" * 200_000, "Value": "v"}]),
    _step("CreateTags", Resources=["$web"], Tags=[{"Key": "é" * 200_000, "Value": "v"}]),
    _step("CreateTags", Resources=["$web"] * 20_001, Tags=[{"Key": "k", "Value": "v"}]),
    _step("CreateTags", Resources=["$web"], Tags=[{"Key": str(number), "Value": "v"} for number in range(1001)]),
    _step("DescribeInstances", InstanceIds=["i-0123456789abcdef0"]),
    _step("AllocateAddress"),
    _step("ModifyVpcAttribute", VpcId="$vpc", EnableDnsSupport={"Value": True}),
    _step("GetSessionToken", service="sts"),
    _step("DescribeChanges", service="groupwall", Filters=[{"Name": "nonsense", "Values": ["x"]}]),
    # And the end.
    _step("DeleteSecurityGroup", GroupId="$db"),
    _step("DeleteSecurityGroup", GroupName="web"),
    *[_step(action.name) for action in SERVICES["ec2"].actions.values() if action.empty],
]  # fmt: skip


def _filled(value: Any, names: Mapping[str, str]) -> Any:  # noqa: ANN401 - any parameters
    if isinstance(value, dict):
        return {key: _filled(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [_filled(part, names) for part in value]
    return names.get(value[1:], value) if isinstance(value, str) and value.startswith("$") else value


def _at(answer: Any, path: str) -> str:  # noqa: ANN401 - any answer
    for key in path.split("."):
        answer = answer[int(key)] if isinstance(answer, list) else answer[key]
    return str(answer)


def _call(wall: Wall, step: Step, names: dict[str, str], clients: dict[str, Any]) -> Json:
    """Make a call and return all that its user gets: the answer, or the error's."""
    client = clients.setdefault(step.service, None) or wall.client(step.service)
    clients[step.service] = client
    method = next(name for name, operation in client.meta.method_to_api_mapping.items() if operation == step.operation)
    try:
        answer: Json = getattr(client, method)(**_filled(step.params, names))
    except ClientError as error:
        return {"raised": str(error), "class": type(error).__name__, **error.response}
    if step.named:
        name, path = step.named.split("=")
        names[name] = _at(answer, path)
    return answer


def _answers(options: Json) -> list[Json]:
    names: dict[str, str] = {}
    clients: dict[str, Any] = {}
    answers = []
    with groupwall.local(seed=1, now=NOW, **options) as wall:
        for step in STEPS:
            answers.append(_call(wall, step, names, clients))
            wall.clock.advance(0.001)
    return answers


def _types(value: Any) -> Any:  # noqa: ANN401 - any answer
    """Return the types within a value, since to Python 1 is True, and the zone of a time."""
    if isinstance(value, dict):
        return {key: _types(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_types(part) for part in value]
    return (type(value), repr(value.tzinfo)) if isinstance(value, dt.datetime) else type(value)


def test_both_ways_give_the_same() -> None:
    """Answers, errors, types, absent members, statuses and headers are the same by wire and without (inferred)."""
    for step, called, wired in zip(STEPS, _answers({}), _answers({"wire": True}), strict=True):
        assert called == wired, step
        assert _types(called) == _types(wired), step


class Calls:
    """What makes the examples' surroundings, by boto3's clients of a wall, which are given by service."""

    def __init__(self, clients: Mapping[str, Any], clock: FrozenClock) -> None:
        self._clients = clients
        self.clock = clock

    def call(self, name: str, /, **params: Any) -> Json:  # noqa: ANN401 - as boto3 gives them
        """Return the answer to a call, or what its user gets of an error."""
        try:
            answer: Json = getattr(self._clients[ACTIONS[name].service], xform_name(name))(**_given(params))
        except ParamValidationError as error:  # before anything is sent
            return {"raised": str(error)}
        except ClientError as error:
            return {"raised": str(error), "class": type(error).__name__, **error.response}
        return answer


def _given(value: Any) -> Any:  # noqa: ANN401 - any parameters
    """Return parameters without those that are None, which boto3 does not take."""
    if isinstance(value, dict):
        return {key: _given(part) for key, part in value.items() if part is not None}
    return [_given(part) for part in value] if isinstance(value, list) else value


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    """One client of each service for all examples: a wall answers it whenever it was made."""
    with groupwall.local():
        return {
            "ec2": boto3.client("ec2", region_name="us-east-1"),
            "sts": boto3.client("sts", region_name="us-east-1"),
            "groupwall": groupwall.client(region_name="us-east-1"),
        }


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_answered_alike(clients: dict[str, Any], name: str) -> None:
    """The examples of every operation, too, are answered by wire as without (inferred)."""
    for example in EXAMPLES[name][:2]:
        answers = []
        for options in ({}, {"wire": True}):
            with groupwall.local(seed=1, now=NOW, **options) as wall:
                calls = Calls(clients, wall.clock)
                answers.append(calls.call(name, **filled(example, set_out(calls, name))))  # type: ignore[arg-type]  # it has what is asked of a Wall
        assert answers[0] == answers[1]
        assert _types(answers[0]) == _types(answers[1])


def test_table_is_whole() -> None:
    """The tables above call every operation there is (inferred)."""
    offered = {(name, action) for name, service in SERVICES.items() for action in service.actions}
    called = {(step.service, step.operation) for step in STEPS}
    called |= {(ACTIONS[name].service, name) for name in EXAMPLES}
    assert offered - called == set()


def test_old_version() -> None:
    """A client of an API version whose model lacks what we answer gets what it knows (reference 1.1 [model])."""
    with groupwall.local() as wall:
        answer = wall.client("ec2", api_version="2014-10-01").describe_security_groups()
    assert "SecurityGroupArn" not in answer["SecurityGroups"][0]


@pytest.mark.parametrize("way", [{}, {"wire": True}], ids=["call", "wire"])
def test_revision(way: Json) -> None:
    """Every answer tells the revision that it made or saw, in a header (inferred)."""
    with groupwall.local(**way) as wall:
        client = wall.client("ec2")
        answers = [client.create_security_group(GroupName="a", Description="d"), client.describe_security_groups()]
    headers = [answer["ResponseMetadata"]["HTTPHeaders"] for answer in answers]
    assert [header["x-groupwall-revision"] for header in headers] == ["2", "2"]


@pytest.mark.parametrize("way", [{}, {"wire": True}], ids=["call", "wire"])
def test_hint(way: Json) -> None:
    """A refusal's hint is in a header, and its body is AWS's: docs/decisions/0012 (inferred)."""
    with groupwall.local(**way) as wall:
        client = wall.client("ec2")
        web, app = (client.create_security_group(GroupName=name, Description="d")["GroupId"] for name in ("web", "app"))
        pair = _from(UserIdGroupPairs=[{"GroupId": web}])
        client.authorize_security_group_ingress(GroupId=app, IpPermissions=[pair])
        with pytest.raises(ClientError) as caught:
            client.delete_security_group(GroupId=web)
    told = caught.value.response
    assert told["Error"] == {"Code": "DependencyViolation", "Message": f"resource {web} has a dependent object"}
    assert told["ResponseMetadata"]["HTTPHeaders"]["x-groupwall-hint"].endswith(f"groupwall why-not-delete {web}")
