"""Keys, profiles and sessions with real boto3 at a real server: from the first key to a role that may not revoke."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from groupwall.cli import main
from groupwall.commands.first_key import FILE
from tests.programs import command
from tests.serving import Server, started
from tests.signing import policy, trust

ACCOUNT = "123456789012"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
SSH = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}]
MAY_NOT_REVOKE = policy(
    {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
    {"Sid": "NoRevoke", "Effect": "Deny", "Action": "ec2:Revoke*", "Resource": "*"},
)
MAY_REVOKE = policy({"Effect": "Allow", "Action": ["ec2:Revoke*", "ec2:Describe*"], "Resource": "*"})
DECODES = policy({"Effect": "Allow", "Action": ["sts:DecodeAuthorizationMessage", "ec2:Describe*"], "Resource": "*"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a store, for policies, and for AWS's files, which boto3 and the command line use."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, text in (("alice", MAY_NOT_REVOKE), ("deploy", MAY_REVOKE), ("reader", DECODES), ("trust", trust(ALICE))):
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    """A server that asks policies; the root's profile is ``root``, and alice's ``alice``."""
    with (folder / "log").open("w") as log, started("--auth", "iam", "--data", str(folder / "store"), log=log) as found:
        profile(folder, found, "root")
        profile(folder, found, "alice", "--user", "alice", "--policy", str(folder / "alice.json"))
        keep(
            "set",
            "--role",
            "deploy",
            "--policy",
            str(folder / "deploy.json"),
            "--trust",
            str(folder / "trust.json"),
            folder=folder,
        )
        yield found


def keep(step: str, *words: str, folder: Path) -> None:
    """Run a step of ``groupwall policy``."""
    done = CliRunner().invoke(main, ["policy", step, *words, "--data", str(folder / "store")])
    assert done.exit_code == 0, done.output


def profile(folder: Path, server: Server, name: str, *words: str) -> None:
    """Make a key, as a profile."""
    asked = ["keys", "create", "--profile", name, "--endpoint", server.url, *words, "--data", str(folder / "store")]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output


def client(service: str, name: str) -> Any:  # noqa: ANN401 - boto3 has no types
    """Return boto3's client of a profile, which says where, as whom and about which region."""
    return boto3.Session(profile_name=name).client(service)


def refusal(call: Any, **params: Any) -> tuple[str, str]:  # noqa: ANN401 - boto3 has no types
    """Return code and text of a refusal."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    told = caught.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_profile_is_all_that_boto3_needs(server: Server) -> None:
    """The profile of ``keys create --profile`` names key, endpoint and region (inferred)."""
    assert server.url.startswith("http://127.0.0.1:")
    assert client("sts", "alice").get_caller_identity()["Arn"] == ALICE
    assert client("ec2", "alice").describe_vpcs()["Vpcs"]


def test_a_role_may_what_its_user_may_not(server: Server) -> None:
    """Alice may not revoke; the role that she assumes may, and may do nothing else: users 7.1 [docs]."""
    del server
    alice = client("ec2", "alice")
    group = alice.create_security_group(GroupName="web", Description="d")["GroupId"]
    alice.authorize_security_group_ingress(GroupId=group, IpPermissions=SSH)
    revoke = {"GroupId": group, "IpPermissions": SSH}
    code, message = refusal(alice.revoke_security_group_ingress, **revoke)
    assert (code, "with an explicit deny in an identity-based policy" in message) == ("UnauthorizedOperation", True)
    arn = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    given = client("sts", "alice").assume_role(RoleArn=arn, RoleSessionName="night")["Credentials"]
    role = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], profile_name="alice")
    deploy = role.client("ec2")
    code, message = refusal(deploy.authorize_security_group_ingress, **revoke)
    assert (code, f"User: arn:aws:sts::{ACCOUNT}:assumed-role/deploy/night" in message) == (
        "UnauthorizedOperation",
        True,
    )
    assert refusal(deploy.revoke_security_group_ingress, **revoke, DryRun=True)[0] == "DryRunOperation"
    assert deploy.revoke_security_group_ingress(**revoke)["Return"]


def test_boto3_assumes_the_role_of_a_profile(server: Server, folder: Path) -> None:
    """role_arn and source_profile in AWS's file make boto3 call AssumeRole by itself: AWS's files [docs]."""
    with (folder / "config").open("a") as file:
        file.write(
            f"\n[profile night]\nrole_arn = arn:aws:iam::{ACCOUNT}:role/deploy\nsource_profile = alice\n"
            f"role_session_name = night\nendpoint_url = {server.url}\nregion = us-east-1\n"
        )
    assert client("sts", "night").get_caller_identity()["Arn"].endswith(":assumed-role/deploy/night")
    assert refusal(client("ec2", "night").create_vpc, CidrBlock="10.0.0.0/16")[0] == "UnauthorizedOperation"


def test_a_refusal_is_decoded_by_who_may(server: Server, folder: Path) -> None:
    """The message of EC2 goes to sts.decode_authorization_message: reference 2.3 [docs]."""
    profile(folder, server, "reader", "--user", "reader", "--policy", str(folder / "reader.json"))
    _, message = refusal(client("ec2", "alice").revoke_security_group_ingress, GroupId="sg-1", IpPermissions=SSH)
    encoded = message.rpartition(" ")[2]
    assert refusal(client("sts", "alice").decode_authorization_message, EncodedMessage=encoded)[0] == "AccessDenied"
    told = client("sts", "reader").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
    assert json.loads(told)["matchedStatements"]["items"][0]["statementId"] == "NoRevoke"
    code, _ = refusal(client("sts", "reader").decode_authorization_message, EncodedMessage=encoded[:-8])
    assert code == "InvalidAuthorizationMessageException"


def test_policies_change_beside_the_server(server: Server, folder: Path) -> None:
    """What ``policy set`` and ``policy remove`` change holds from the next call on (inferred)."""
    del server
    alice = client("ec2", "alice")
    assert alice.describe_vpcs()["Vpcs"]
    keep("set", "--user", "alice", "--policy", str(folder / "deploy.json"), folder=folder)
    assert refusal(alice.create_vpc, CidrBlock="10.0.0.0/16")[0] == "UnauthorizedOperation"
    keep("remove", "--user", "alice", folder=folder)
    assert refusal(alice.describe_vpcs)[0] == "UnauthorizedOperation"
    assert client("sts", "alice").get_caller_identity()["Arn"] == ALICE


def test_no_secret_is_told(server: Server, folder: Path) -> None:
    """Neither the log nor the history has the secret or the token of a session (inferred)."""
    sts = client("sts", "alice")
    arn = f"arn:aws:iam::{ACCOUNT}:role/deploy"
    given = [sts.assume_role(RoleArn=arn, RoleSessionName="night"), sts.get_session_token()]
    server.end()
    written = b"".join(path.read_bytes() for path in ((folder / "log"), *(folder / "store").iterdir()))
    for one in given:
        for part in ("SecretAccessKey", "SessionToken"):
            assert one["Credentials"][part].encode() not in written


@pytest.mark.parametrize("auth", ["signed", "iam"])
def test_the_first_start_makes_a_root_key(folder: Path, auth: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that verifies, on a store without keys, makes one, and tells how to use it without its secret."""
    store, told = folder / "store", folder / "told"
    with told.open("w") as log, started("--auth", auth, "--log", "off", "--data", str(store), log=log) as server:
        file = store / FILE
        said = told.read_text("utf-8")
        assert file.stat().st_mode & 0o777 == 0o600
        secret = re.search(r"aws_secret_access_key = (\S{40})\n", file.read_text("utf-8"))
        assert secret
        assert secret[1] not in said
        assert f"AWS_SHARED_CREDENTIALS_FILE={file} AWS_ENDPOINT_URL={server.url}" in said
        assert f"keys create --user NAME --policy FILE --data {store} --endpoint {server.url}`" in said
        words = re.search(r"aws (--profile \S+ --region \S+) sts get-caller-identity", said)
        assert words
        _, name, _, region = words[1].split()
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
        root = boto3.Session(profile_name=name, region_name=region).client("sts", endpoint_url=server.url)
        assert root.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    with told.open("w") as log, started("--auth", auth, "--log", "off", "--data", str(store), log=log):
        assert told.read_text("utf-8") == ""
    assert len(json.loads(command("keys", "list", "--json", "--data", str(store)).out)) == 1


def test_an_open_server_makes_no_key(folder: Path) -> None:
    """Nor does one that has a key already (inferred)."""
    store = folder / "store"
    with started("--log", "off", "--data", str(store)):
        assert not (store / FILE).exists()
