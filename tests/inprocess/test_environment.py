"""What stands in for credentials and a region, and that it goes away again."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.exceptions import ProfileNotFound

import groupwall

VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION")


def variables() -> dict[str, str | None]:
    """Return the variables that a wall may set."""
    return {name: os.environ.get(name) for name in VARIABLES}


def test_nothing_configured() -> None:
    """A client can be made where nothing is configured, and afterwards nothing is (inferred)."""
    with groupwall.local():
        assert boto3.client("ec2").meta.region_name == "us-east-1"
        assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert variables() == dict.fromkeys(VARIABLES)


def test_default_session() -> None:
    """boto3's default session does not remember the credentials that stood in (inferred)."""
    boto3.setup_default_session(region_name="eu-west-1")
    session = boto3.DEFAULT_SESSION
    with groupwall.local():
        assert session.client("ec2").meta.region_name == "eu-west-1"
        assert boto3.client("ec2").meta.region_name == "eu-west-1"
    assert boto3.DEFAULT_SESSION is session
    assert session.get_credentials() is None


@pytest.fixture(autouse=True)
def _no_machine_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_default_session_within() -> None:
    """A default session that is set up inside a wall outlasts the walls within it (inferred)."""
    with groupwall.local():
        boto3.setup_default_session(region_name="eu-west-1")
        with groupwall.local():
            assert boto3.client("ec2").meta.region_name == "eu-west-1"
        assert boto3.client("ec2").meta.region_name == "eu-west-1"
    assert boto3.DEFAULT_SESSION is None


def test_configured_by_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """What variables configure is left alone; a 12-digit access key id is the account (inferred)."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    before = variables()
    with groupwall.local() as wall:
        assert variables() == before
        assert wall.region == "eu-central-1"
        assert boto3.client("sts").get_caller_identity()["Account"] == "111122223333"


@pytest.mark.parametrize(
    "entry",
    ["aws_access_key_id = a\naws_secret_access_key = b", "sso_session = s", "role_arn = r", "credential_process = p"],
)
def test_configured_by_a_file(entry: str) -> None:
    """A profile that leads to credentials, and its region, are left alone (inferred)."""
    Path(os.environ["AWS_CONFIG_FILE"]).write_text(f"[default]\nregion = sa-east-1\n{entry}\n", "utf-8")
    with groupwall.local() as wall:
        assert wall.region == "sa-east-1"
        assert variables() == dict.fromkeys(VARIABLES)


def test_profile_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that only says where has credentials stand in for it (inferred)."""
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("[profile there]\nregion = sa-east-1\n", "utf-8")
    monkeypatch.setenv("AWS_PROFILE", "there")
    with groupwall.local():
        client = boto3.client("ec2")
        assert client.meta.region_name == "sa-east-1"
        assert len(client.describe_vpcs()["Vpcs"]) == 1


def test_credentials_are_not_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A call asks nobody for credentials that would first have to be fetched (inferred)."""
    (tmp_path / "token").write_text("any", "utf-8")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
    with groupwall.local():
        assert boto3.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_region_that_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """A region given to ``local()`` holds inside, over a configured one, and within another wall (inferred)."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with groupwall.local(region="us-west-2"):
        assert boto3.client("ec2").meta.region_name == "us-west-2"
        with groupwall.local(region="ap-south-1", account="444455556666"):
            assert boto3.client("ec2").meta.region_name == "ap-south-1"
            assert boto3.client("sts").get_caller_identity()["Account"] == "444455556666"
        assert boto3.client("ec2").meta.region_name == "us-west-2"
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-central-1"


def test_set_meanwhile() -> None:
    """A variable that somebody else sets inside a wall stays as they set it (inferred)."""
    with pytest.MonkeyPatch.context() as outer:
        with groupwall.local():
            outer.setenv("AWS_DEFAULT_REGION", "us-west-1")
        assert os.environ["AWS_DEFAULT_REGION"] == "us-west-1"


def test_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that is not there is told by botocore, as it is without a wall (inferred)."""
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with groupwall.local(), pytest.raises(ProfileNotFound):
        boto3.client("ec2")


def test_unknown_region() -> None:
    """A region that there is not is refused as the wire refuses it (reference 1.4 [docs])."""
    answers = []
    for wire in (False, True):
        with groupwall.local(wire=wire, seed=1) as wall:
            client = wall.client("ec2", region_name="us-nowhere-1")
            with pytest.raises(client.exceptions.ClientError, match="AuthFailure") as error:
                client.describe_vpcs()
            answers.append(error.value.response)
    assert answers[0] == answers[1]


def test_client_outside() -> None:
    """A client of our own service needs no configuration, and asks this machine's default port (inferred)."""
    client = groupwall.client()
    assert client.meta.region_name == "us-east-1"
    assert _asked(client) == ("http://127.0.0.1:4577", "groupwall")
    with groupwall.local():
        assert client.describe_changes()["Changes"] == []
    assert variables() == dict.fromkeys(VARIABLES)


def test_client_outside_as_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client of our own service is made of what is configured, or given, before what stands in (inferred)."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_GROUPWALL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    client = groupwall.client()
    assert client.meta.region_name == "eu-central-1"
    assert _asked(client) == ("http://127.0.0.1:1", "111122223333")
    given = {"aws_access_key_id": "444455556666", "aws_secret_access_key": "any", "region_name": "us-west-2"}
    client = groupwall.client(**given)
    assert client.meta.region_name == "us-west-2"
    assert _asked(client) == ("http://127.0.0.1:1", "444455556666")


def _asked(client: Any) -> tuple[str, str]:  # noqa: ANN401 - boto3 has no types
    """Return where a client's requests go, and the access key id that they are signed with."""
    address, _, query = client.generate_presigned_url("describe_changes").partition("/?")
    return address, parse_qs(query)["X-Amz-Credential"][0].partition("/")[0]
