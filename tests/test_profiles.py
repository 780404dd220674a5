"""Where a client asks, as whom and about which region: options, AWS's variables, AWS's files, defaults."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from groupwall.config import SettingError
from groupwall.profiles import Setup, setup
from groupwall.wire.sigv4 import Credentials

KEYS = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = geheim%(d

[work]
aws_access_key_id = AKIAWORK
aws_secret_access_key = geheim=w
aws_session_token = geheim+t
"""
SETTINGS = """
[default]
region = eu-west-1

[profile work]
region = eu-central-1
endpoint_url = http://127.0.0.1:1111
s3 =
  max_concurrent_requests = 2

[profile "two words"]
aws_access_key_id = AKIATWO
aws_secret_access_key = geheim2

[profile role]
role_arn = arn:aws:iam::123456789012:role/x
source_profile = default

[profile empty]
output = json
"""
DEFAULT = Credentials("AKIADEFAULT", "geheim%(d")
WORK = Credentials("AKIAWORK", "geheim=w", "geheim+t")
TWO = Credentials("AKIATWO", "geheim2")
NOBODY = Credentials("123456789012", "any")
VARIABLES = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "geheim3"}
ENVIRONMENT = Credentials("AKIAENV", "geheim3")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """The variables that name AWS's two files, of three profiles with keys; boto3 sees no others."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "credentials").write_text(KEYS, "utf-8")
    (tmp_path / "config").write_text(SETTINGS, "utf-8")
    return {
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
    }


def test_nothing_is_needed(tmp_path: Path) -> None:
    """Where nothing is configured the default account asks about us-east-1 at the server's own port (inferred)."""
    nowhere = {
        "HOME": str(tmp_path),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no"),
        "AWS_CONFIG_FILE": os.devnull,
    }
    assert setup(nowhere) == Setup("http://127.0.0.1:4577", NOBODY, "us-east-1")


def test_the_files_are_where_aws_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a variable the files are those in ~/.aws (inferred)."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(KEYS, "utf-8")
    (tmp_path / ".aws/config").write_text(SETTINGS, "utf-8")
    assert setup({}) == Setup("http://127.0.0.1:4577", DEFAULT, "eu-west-1")


@pytest.mark.parametrize(
    ("variables", "options", "found"),
    [
        ({}, {}, (DEFAULT, "eu-west-1")),
        ({}, {"profile": "work"}, (WORK, "eu-central-1")),
        ({"AWS_PROFILE": "work"}, {}, (WORK, "eu-central-1")),
        ({"AWS_DEFAULT_PROFILE": "work"}, {}, (WORK, "eu-central-1")),
        ({"AWS_PROFILE": "default"}, {"profile": "two words"}, (TWO, "us-east-1")),
        ({"AWS_PROFILE": "work"} | VARIABLES, {}, (ENVIRONMENT, "eu-central-1")),
        (VARIABLES, {"profile": "work"}, (WORK, "eu-central-1")),
        (VARIABLES | {"AWS_SESSION_TOKEN": "t"}, {}, (Credentials("AKIAENV", "geheim3", "t"), "eu-west-1")),
        ({"AWS_PROFILE": "empty"}, {}, (NOBODY, "us-east-1")),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, {"profile": "work"}, (WORK, "us-west-2")),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, {"region": "us-west-1"}, (DEFAULT, "us-west-1")),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, {}, (DEFAULT, "us-west-2")),
    ],
)  # fmt: skip
def test_the_order_of_boto3(
    files: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: dict[str, str],
    found: tuple[Credentials, str],
) -> None:
    """Credentials and region are those that a boto3 session takes, where it finds any (inferred)."""
    ours = setup(files | variables, **options)
    assert (ours.credentials, ours.region) == found
    for name, value in (files | variables | {"AWS_EC2_METADATA_DISABLED": "true"}).items():
        monkeypatch.setenv(name, value)
    assert of_boto3(options) == found


def of_boto3(options: dict[str, str]) -> tuple[Credentials, str]:
    """Return what a session of boto3's finds, with our defaults where it finds nothing."""
    session = boto3.Session(profile_name=options.get("profile"), region_name=options.get("region"))
    theirs: Any = session.get_credentials()
    credentials = Credentials(theirs.access_key, theirs.secret_key, theirs.token) if theirs else NOBODY
    return credentials, session.region_name or "us-east-1"


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({"AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ({"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_EC2": "http://ec2"}, "http://ec2"),
        ({"AWS_ENDPOINT_URL_EC2": "http://ec2", "AWS_ENDPOINT_URL_GROUPWALL": "http://own"}, "http://own"),
        ({"AWS_ENDPOINT_URL_GROUPWALL": "", "AWS_ENDPOINT_URL": "http://all"}, "http://all"),
        ({"AWS_PROFILE": "work"}, "http://127.0.0.1:1111"),
        ({}, "http://127.0.0.1:4577"),
    ],
)
def test_endpoints(files: dict[str, str], variables: dict[str, str], endpoint: str) -> None:
    """The nearest endpoint is asked: our own, EC2's, anyone's, the profile's; an option goes before all (inferred)."""
    assert setup(files | variables).endpoint == endpoint
    assert setup(files | variables, endpoint="http://given").endpoint == "http://given"


def test_regions_by_either_variable(files: dict[str, str]) -> None:
    """AWS_REGION goes before AWS_DEFAULT_REGION, as for the AWS CLI's version 2 (inferred)."""
    assert setup(files | {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-1"}).region == "us-west-2"


def test_certificates(files: dict[str, str]) -> None:
    """AWS_CA_BUNDLE names the certificates to trust (inferred)."""
    assert setup(files | {"AWS_CA_BUNDLE": "trusted.pem"}).ca_bundle == "trusted.pem"


@pytest.mark.parametrize(
    ("variables", "options", "told"),
    [
        ({}, {"profile": "none"}, "there is no profile 'none' in AWS's files"),
        ({}, {"profile": "role"}, "profile role names no access key: roles and sign-on are not followed here"),
        ({"AWS_ACCESS_KEY_ID": "AKIA"}, {}, "the environment has an access key id without a secret access key"),
        (
            VARIABLES | {"AWS_SESSION_TOKEN": "geheim\r\nx: y"},
            {},
            "the access key id or the session token of the environment holds characters that none has",
        ),
        ({}, {"region": "eu\x1b[31m"}, "'eu\\x1b[31m' is the name of no region"),
    ],
)
def test_what_cannot_be_used(
    files: dict[str, str], variables: dict[str, str], options: dict[str, str], told: str
) -> None:
    """What is missing or malformed is told, without a secret (inferred)."""
    with pytest.raises(SettingError) as raised:
        setup(files | variables, **options)
    assert str(raised.value) == told


@pytest.mark.parametrize("content", [b"aws_secret_access_key = geheim\n", b"[default]\ngeheim\n", b"[default]\n\xff\n"])
def test_files_that_are_none(tmp_path: Path, content: bytes) -> None:
    """A file that cannot be read is named; what stands in it is not (inferred)."""
    file = tmp_path / "credentials"
    file.write_bytes(content)
    with pytest.raises(SettingError) as raised:
        setup({"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_CONFIG_FILE": os.devnull})
    assert str(raised.value) == f"{file} cannot be read as one of AWS's files"
