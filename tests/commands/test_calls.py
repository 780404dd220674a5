"""Calls of EC2 on the command line, as the AWS CLI writes them, for verbs of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from groupwall.commands.building import Verb
from groupwall.commands.calls import Calls
from groupwall.commands.options import kebab
from groupwall.ops.table import OPERATIONS
from groupwall.remote import Client
from groupwall.wire.model import SERVICES
from groupwall.wire.sigv4 import Credentials
from tests.serving import serving

Json = dict[str, Any]
REVOKE, EGRESS = "revoke-security-group-ingress", "authorize-security-group-egress"
RULE = ("--group-name", "web", "--protocol", "tcp", "--port", "22", "--cidr", "10.0.0.0/8")
PERMISSION = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}


class Asked:
    """A verb of calls whose result, what would be asked, is looked at instead of printed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.params: Json = {}
        monkeypatch.setattr("groupwall.commands.building.ask", self._ask)

    def _ask(self, client: Client, operation: str, params: Json, most: int | None) -> Json:
        assert (client.endpoint, operation, most) == ("http://127.0.0.1:4577", "ApplyChanges", None)
        self.params = params
        return {}

    def run(self, *words: str) -> Result:
        """Run the verb with these words."""
        return CliRunner().invoke(Calls(Verb("apply", "ApplyChanges", lambda _: "done")), words)

    def call(self, *words: str) -> Json:
        """Return the parameters of the one call that the words make."""
        done = self.run(*words)
        assert (done.exit_code, done.output) == (0, "done\n")
        (call,) = self.params["Calls"]
        parameters: Json = json.loads(call["Parameters"])
        assert kebab(call["Operation"]) in words
        return parameters


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """What a verb of calls asks, at the server that is asked where nothing is configured."""
    for name in ("AWS_ENDPOINT_URL_GROUPWALL", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    return Asked(monkeypatch)


def test_calls_are_those_that_change_something() -> None:
    """Every operation of EC2 that changes something has its command, and no other (inferred)."""
    group = Calls(Verb("apply", "ApplyChanges", lambda _: ""))
    changing = {name for name in SERVICES["ec2"].actions if name in OPERATIONS and not OPERATIONS[name].reads}
    shown = CliRunner().invoke(group, ["--help"])
    assert shown.exit_code == 0
    assert {kebab(name) for name in changing} == {word for word in shown.output.split() if word in map(kebab, changing)}
    for name in SERVICES["ec2"].actions:
        helped = CliRunner().invoke(group, [kebab(name), "--help"])
        assert (helped.exit_code == 0) == (name in changing), name


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        ((REVOKE, *RULE), {"GroupName": "web", "IpPermissions": [PERMISSION]}),
        (
            (REVOKE, "--group-id", "sg-1", "--protocol", "all", "--source-group", "sg-2"),
            {"GroupId": "sg-1", "IpPermissions": [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-2"}]}]},
        ),
        (
            (REVOKE, "--protocol", "icmp", "--port", "8-0", "--source-group", "ops", "--group-owner", "111122223333"),
            {
                "IpPermissions": [
                    {
                        "IpProtocol": "icmp", "FromPort": 8, "ToPort": 0,
                        "UserIdGroupPairs": [{"GroupName": "ops", "UserId": "111122223333"}],
                    }
                ]
            },
        ),
        (
            (EGRESS, "--group-id", "sg-1", "--protocol", "6", "--port", "all", "--cidr", "::/0"),
            {
                "GroupId": "sg-1",
                "IpPermissions": [
                    {"IpProtocol": "6", "FromPort": -1, "ToPort": -1, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}
                ],
            },
        ),
        (
            (REVOKE, "--ip-permissions", "IpProtocol=tcp,FromPort=22,ToPort=22,IpRanges=[{CidrIp=10.0.0.0/8}]"),
            {"IpPermissions": [PERMISSION | {"FromPort": "22", "ToPort": "22"}]},
        ),
        ((REVOKE, "--ip-permissions", json.dumps([PERMISSION])), {"IpPermissions": [PERMISSION]}),
        (
            (REVOKE, "--security-group-rule-ids", "sgr-1", "sgr-2", "--group-id", "sg-1"),
            {"GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-1", "sgr-2"]},
        ),
        (
            ("create-tags", "--resources", "sg-1", "--tags", "Key=a,Value=b", "Key=c,Value="),
            {"Resources": ["sg-1"], "Tags": [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}]},
        ),
        (("modify-vpc-attribute", "--vpc-id", "vpc-1", "--enable-dns-support", "Value=false"),
         {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": "false"}}),
        (("create-default-vpc",), {}),
    ],
)  # fmt: skip
def test_a_call_is_written_as_for_the_aws_cli(asked: Asked, words: tuple[str, ...], parameters: Json) -> None:
    """Long forms, short forms, shorthand and lists of words mean what the AWS CLI means [AWS CLI documentation]."""
    assert asked.call(*words) == parameters


def test_a_call_by_its_name(asked: Asked) -> None:
    """A call may be named as the API has it, as in a file of calls (inferred)."""
    assert asked.run("RevokeSecurityGroupIngress", *RULE).exit_code == 0
    assert asked.params["Calls"][0]["Operation"] == "RevokeSecurityGroupIngress"


def test_help_lists_the_calls(asked: Asked) -> None:
    """Help has the name of each call in a line of its own, whole (inferred)."""
    lines = [line.strip() for line in asked.run("--help").stdout.splitlines()]
    assert {REVOKE, "update-security-group-rule-descriptions-ingress"} <= set(lines)


def test_options_of_the_verb(asked: Asked) -> None:
    """The verb's options stand before the call, those of the connection on either side (inferred)."""
    asked.call("--confirm-within", "60", "--force", "--reason", "r", REVOKE, *RULE, "--region", "eu-west-1")
    assert {**asked.params, "Calls": 0} == {"ConfirmWithin": 60, "Force": True, "Reason": "r", "Calls": 0}


@pytest.mark.parametrize(
    "content",
    [
        [{"Operation": "DeleteVpc", "Parameters": {"VpcId": "vpc-1"}}],
        [{"Operation": "DeleteVpc", "Parameters": '{"VpcId": "vpc-1"}'}],
        {"Operation": "DeleteVpc", "Parameters": {"VpcId": "vpc-1"}},
        {"Text": "a plan", "Steps": [], "Calls": [{"Operation": "DeleteVpc", "Parameters": '{"VpcId": "vpc-1"}'}]},
    ],
)
def test_calls_from_a_file(asked: Asked, tmp_path: Path, content: object) -> None:
    """Calls come from a file: one, several, or those of an answer of ours; parameters as text or not (inferred)."""
    (tmp_path / "plan.json").write_text(json.dumps(content), "utf-8")
    assert asked.run("--calls", f"file://{tmp_path}/plan.json").exit_code == 0
    (call,) = asked.params["Calls"]
    assert (call["Operation"], json.loads(call["Parameters"])) == ("DeleteVpc", {"VpcId": "vpc-1"})


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "name a call, such as revoke-security-group-ingress, or several with --calls"),
        (("--calls", "[]"), "name a call"),
        (("--calls", "[1]"), "Value (1) for parameter Calls.member.1 is invalid"),
        (("--calls", '{"Operation": "x"}'), "The request must contain the parameter Calls.1.Parameters"),
        (("--calls", '[{"Operation": "x", "Parameters": "y"}]', REVOKE), f"either --calls or {REVOKE}"),
        (("nothing",), "'nothing' is no call of EC2 that changes something; `apply --help` lists them"),
        (("describe-vpcs",), "'describe-vpcs' is no call of EC2 that changes something; `apply --help` lists them"),
        (("revoke",), "is it revoke-security-group-egress or revoke-security-group-ingress?"),
        (("revoke-security-group",), "is it revoke-security-group-"),
        ((REVOKE, *RULE, "--ip-permissions", "[]"), "either --ip-permissions or --protocol"),
        ((REVOKE, "--ip-permissions", '{"Port": 1}'), "The parameter IpPermissions.1.Port is not recognized"),
        ((REVOKE, "--dry-run"), "No such option"),
        ((REVOKE, "--port", "http"), "'http' is no port"),
        ((REVOKE, "sgr-1"), "unexpected extra argument"),
    ],
)  # fmt: skip
def test_wrong_usage(asked: Asked, words: tuple[str, ...], told: str) -> None:
    """What cannot be meant is told before a server is asked, with exit code 2 (inferred)."""
    result = asked.run(*words)
    assert (result.exit_code, result.stdout, asked.params) == (2, "", {})
    assert told in result.stderr


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server with a group that admits SSH."""
    with serving("--data", ":memory:", "--log", "off") as url, connected(url) as client:
        made = client.call("CreateSecurityGroup", {"GroupName": "web", "Description": "d"})
        client.call("AuthorizeSecurityGroupIngress", {"GroupId": made["GroupId"], "IpPermissions": [PERMISSION]})
        yield url


def connected(url: str) -> Client:
    """Return a client of a server."""
    return Client(url, Credentials("123456789012", "any"), "us-east-1")


def test_a_call_is_made(server: str) -> None:
    """A call goes to the server that is named after it, and is made as a change (inferred)."""
    group = Calls(Verb("apply", "ApplyChanges", lambda result: str(result["Revision"])))
    done = CliRunner().invoke(group, [REVOKE, *RULE, "--endpoint", server])
    assert (done.exit_code, done.output) == (0, "4\n")
    again = CliRunner().invoke(group, ["--endpoint", server, "--json", "delete-security-group", "--group-name", "web"])
    assert json.loads(again.output)["Revision"] == 5
    refused = CliRunner().invoke(group, ["--endpoint", server, "delete-security-group", "--group-name", "web"])
    assert (refused.exit_code, refused.stderr[:22]) == (1, "InvalidGroup.NotFound:")
