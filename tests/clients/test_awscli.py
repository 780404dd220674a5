"""The real AWS CLI against a real server, as a user types it: clients 1. A command takes a second: there are few."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from groupwall.wire.sigv4 import Credentials
from tests.programs import make_key
from tests.remote import ANYONE, Remote
from tests.scenes import create_group, create_vpc, permission, rules_of, tcp
from tests.serving import started

AWS = Path(__file__).parents[2] / ".venv-clients" / "bin" / "aws"
PATIENCE = 60


class Cli(NamedTuple):
    """The CLI of one user, and a quick client of the same user to prepare and to look."""

    url: str
    credentials: Credentials
    remote: Remote
    home: Path

    def run(self, words: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run ``aws ec2`` with words as they are typed; more: words with spaces or quotes in them."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_ACCESS_KEY_ID": self.credentials.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.credentials.secret,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL_EC2": self.url,
            "AWS_MAX_ATTEMPTS": "1",
        }
        return subprocess.run(  # noqa: S603 - our own words only
            [AWS, "ec2", *words.split(), *more],
            env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE,
        )  # fmt: skip

    def answer(self, words: str, *more: str) -> Any:  # noqa: ANN401 - JSON
        """Return what a command prints."""
        done = self.run(words, *more)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout)

    def revoked(self, words: str, *more: str) -> list[str]:
        """Return the ids of the rules that a command removed."""
        answer = self.answer(words, *more)
        assert answer["Return"] is True
        return [rule["SecurityGroupRuleId"] for rule in answer["RevokedSecurityGroupRules"]]

    def refusal(self, words: str) -> str:
        """Return what a refused command says, which tells by its exit code that the service refused."""
        done = self.run(words)
        assert (done.returncode, done.stdout) == (255, "")
        return done.stderr.strip()

    def rule_ids(self, group: str, *, egress: bool = False) -> list[str]:
        """Return the ids of a group's rules."""
        return [rule["SecurityGroupRuleId"] for rule in rules_of(self.remote, group, egress=egress)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home without a configuration."""
    if not AWS.exists():
        pytest.skip("the AWS CLI is not there: make .venv-clients/.ready")
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def cli(home: Path) -> Iterator[Cli]:
    """The CLI with a server that believes it."""
    with started("--log", "off", "--data", ":memory:") as server, Remote(server.url) as remote:
        yield Cli(server.url, ANYONE, remote, home)


@pytest.fixture(scope="module")
def signed_cli(home: Path) -> Iterator[Cli]:
    """The CLI with a server that verifies it."""
    key = make_key(home / "store")
    with (
        started("--auth", "signed", "--log", "off", "--data", str(home / "store")) as server,
        Remote(server.url, key) as remote,
    ):
        yield Cli(server.url, key, remote, home)


@pytest.fixture
def group(cli: Cli) -> str:
    """A group in a VPC of its own, with three rules."""
    vpc = create_vpc(cli.remote)
    made = create_group(cli.remote, "cli", vpc)
    opened = [tcp(22, "10.0.0.0/8"), tcp(80, "10.0.0.0/8"), permission("-1", None, None, made)]
    cli.remote.call("AuthorizeSecurityGroupIngress", GroupId=made, IpPermissions=opened)
    return made


def test_a_rule_from_its_making_to_its_end(cli: Cli) -> None:
    """A VPC, a group, a rule, a look at it and its end, in the short form of each: reference 4.1, 5.1 [docs]."""
    vpc = cli.answer("create-vpc --cidr-block 10.1.0.0/16")["Vpc"]["VpcId"]
    made = cli.answer(f"create-security-group --group-name by-hand --vpc-id {vpc} --description", "made by hand")
    rule = f"--group-id {made['GroupId']} --protocol tcp --port 22-23 --cidr 192.0.2.0/24"
    opened = cli.answer(f"authorize-security-group-ingress {rule}")["SecurityGroupRules"]
    assert [(one["FromPort"], one["ToPort"], one["CidrIpv4"]) for one in opened] == [(22, 23, "192.0.2.0/24")]
    described = cli.answer(f"describe-security-groups --group-ids {made['GroupId']} --query SecurityGroups[0]")
    assert (described["Description"], described["IpPermissions"][0]["ToPort"]) == ("made by hand", 23)
    assert cli.revoked(f"revoke-security-group-ingress {rule}") == [opened[0]["SecurityGroupRuleId"]]
    assert cli.rule_ids(made["GroupId"]) == []


def test_rules_are_removed_by_their_ids(cli: Cli, group: str) -> None:
    """Several ids of one command are removed together: reference 4.1 [docs]."""
    ids = cli.rule_ids(group)[:2]
    words = f"revoke-security-group-ingress --group-id {group} --security-group-rule-ids {' '.join(ids)}"
    assert sorted(cli.revoked(words)) == sorted(ids)
    assert len(cli.rule_ids(group)) == 1


def test_rules_are_removed_by_their_properties(cli: Cli, group: str) -> None:
    """The long form takes JSON, with several permissions: reference 4.1 [docs]."""
    permissions = json.dumps([tcp(22, "10.0.0.0/8"), tcp(80, "10.0.0.0/8")]).replace(', "Description": null', "")
    revoked = cli.revoked(f"revoke-security-group-ingress --group-id {group} --ip-permissions", permissions)
    assert len(revoked) == 2
    assert len(cli.rule_ids(group)) == 1


def test_all_traffic_of_a_group_is_removed(cli: Cli, group: str) -> None:
    """``--protocol all --source-group`` removes the rule without ports: reference 3.2 [docs]."""
    words = f"revoke-security-group-ingress --group-id {group} --protocol all --source-group {group}"
    assert len(cli.revoked(words)) == 1
    assert len(cli.rule_ids(group)) == 2


def test_the_open_egress_rule_is_removed(cli: Cli, group: str) -> None:
    """The short form works for egress too, where the CLI makes a permission of it: reference 6 [issue]."""
    words = f"revoke-security-group-egress --group-id {group} --protocol all --cidr 0.0.0.0/0"
    assert len(cli.revoked(words)) == 1
    assert cli.rule_ids(group, egress=True) == []


def test_a_dry_run_changes_nothing(cli: Cli, group: str) -> None:
    """``--dry-run`` is told as a refusal that would have been none: reference 2.2 [docs]."""
    ids = cli.rule_ids(group)
    words = f"revoke-security-group-ingress --group-id {group} --security-group-rule-ids {ids[0]} --dry-run"
    assert cli.refusal(words) == (
        "An error occurred (DryRunOperation) when calling the RevokeSecurityGroupIngress operation: "
        "Request would have succeeded, but DryRun flag is set."
    )
    assert cli.rule_ids(group) == ids


def test_a_refusal_is_told_as_awss(cli: Cli, group: str) -> None:
    """A rule that is not there is refused with AWS's code and text: reference 4.4 [recorded]."""
    words = f"revoke-security-group-ingress --group-id {group} --protocol tcp --port 443 --cidr 10.0.0.0/8"
    assert cli.refusal(words) == (
        "An error occurred (InvalidPermission.NotFound) when calling the RevokeSecurityGroupIngress operation: "
        "The specified rule does not exist in this security group."
    )


def test_many_rules_are_listed_page_by_page(cli: Cli, group: str) -> None:
    """The CLI follows the pages to the end, and stops where it is told to: reference 10 [docs]."""
    more = [tcp(port, "10.0.0.0/8") for port in range(1000, 1010)]
    cli.remote.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=more)
    words = f"describe-security-group-rules --filters Name=group-id,Values={group}"
    listed = cli.answer(f"{words} --page-size 5")["SecurityGroupRules"]
    assert len({rule["SecurityGroupRuleId"] for rule in listed}) == len(listed) == 14
    first = cli.answer(f"{words} --max-items 6")
    assert (len(first["SecurityGroupRules"]), bool(first["NextToken"])) == (6, True)


def test_a_signed_command_is_verified(signed_cli: Cli) -> None:
    """With its key a command is done, with another secret it is refused: reference 1.4 [docs]."""
    made = create_group(signed_cli.remote)
    opened = f"authorize-security-group-ingress --group-id {made} --protocol tcp --port 22 --cidr 10.0.0.0/8"
    assert len(signed_cli.answer(opened)["SecurityGroupRules"]) == 1
    thief = signed_cli._replace(credentials=Credentials(signed_cli.credentials.access_key_id, "wrong"))
    assert thief.refusal(
        f"revoke-security-group-ingress --group-id {made} --protocol tcp --port 22 --cidr 10.0.0.0/8"
    ) == (
        "An error occurred (AuthFailure) when calling the RevokeSecurityGroupIngress operation: "
        "AWS was not able to validate the provided access credentials"
    )
    assert len(signed_cli.rule_ids(made)) == 1
