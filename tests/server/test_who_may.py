"""``--auth iam`` with real boto3: revoke_ingress and more, by who may and by who may not, with DryRun and without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.permitted import ATTEMPTS, SSH, Attempt, Things, lay_out, policy, refused, state
from tests.programs import make_key
from tests.serving import started

ACCOUNT, REGION = "210987654321", "eu-west-1"
NEVER_RETRY = Config(retries={"total_max_attempts": 1})


class Guarded(NamedTuple):
    """A server that asks policies, its folder, a client of the root, and what the root has made."""

    url: str
    folder: Path
    root: Any
    things: Things

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource of the account."""
        return f"arn:aws:ec2:{REGION}:{ACCOUNT}:{resource}"


def _client(url: str, folder: Path, *options: str) -> Any:  # noqa: ANN401 - boto3 has no types
    key = make_key(folder, "--account", ACCOUNT, *options)
    return boto3.client(
        "ec2", endpoint_url=url, region_name=REGION, config=NEVER_RETRY,
        aws_access_key_id=key.access_key_id, aws_secret_access_key=key.secret,
    )  # fmt: skip


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server for the tests of this file."""
    folder = tmp_path_factory.mktemp("iam") / "store"
    make_key(folder, "--account", ACCOUNT)
    with started("--auth", "iam", "--log", "off", "--data", str(folder)) as server:
        root = _client(server.url, folder)
        yield Guarded(server.url, folder, root, lay_out(root))


def user(guarded: Guarded, name: str, document: dict[str, Any], place: Path) -> Any:  # noqa: ANN401 - boto3 has no types
    """Return a client of a user with a policy."""
    written = place / f"{name}.json"
    written.write_text(json.dumps(document))
    return _client(guarded.url, guarded.folder, "--user", name, "--policy", str(written))


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.action)
def test_dry_run_tells_the_truth(guarded: Guarded, attempt: Attempt, tmp_path: Path) -> None:
    """The allowed caller reads DryRunOperation, the denied one its ARN, the action and the resource: 2.2, 2.3."""
    root, things = guarded.root, guarded.things
    arn = guarded.arn(attempt.resource(things))
    denied = user(guarded, "denied", policy("Deny", attempt.action, arn), tmp_path)
    allowed = user(guarded, "allowed", policy("Allow", "*", "*"), tmp_path)
    before = state(root)
    for dry_run in (True, False):
        error = refused(denied, attempt, things, DryRun=dry_run)
        assert error is not None
        assert (error["Code"], error["Status"]) == ("UnauthorizedOperation", 403)
        assert error["Message"].startswith(
            "You are not authorized to perform this operation. "
            f"User: arn:aws:iam::{ACCOUNT}:user/denied is not authorized to perform: ec2:{attempt.action} "
            f"on resource: {arn} with an explicit deny in an identity-based policy. "
            "Encoded authorization failure message: "
        )
    error = refused(allowed, attempt, things, DryRun=True)
    assert error is not None
    assert (error["Code"], error["Status"]) == ("DryRunOperation", 412)
    assert error["Message"] == "Request would have succeeded, but DryRun flag is set."
    assert state(root) == before


def test_what_is_allowed_is_done(guarded: Guarded, tmp_path: Path) -> None:
    """By a policy that names one action and one group: reference 22 [docs]."""
    root, things = guarded.root, guarded.things
    group = root.create_security_group(GroupName="mine", Description="d")["GroupId"]
    root.authorize_security_group_ingress(GroupId=group, IpPermissions=[SSH])
    only = {
        "Effect": "Allow",
        "Action": "ec2:RevokeSecurityGroupIngress",
        "Resource": guarded.arn(f"security-group/{group}"),
    }
    revoker = user(guarded, "revoker", {"Version": "2012-10-17", "Statement": only}, tmp_path)
    assert revoker.revoke_security_group_ingress(GroupId=group, IpPermissions=[SSH])["Return"]
    with pytest.raises(ClientError, match=f"security-group/{things.group} because no identity-based policy allows"):
        revoker.revoke_security_group_ingress(GroupId=things.group, IpPermissions=[SSH])


def test_policies_count_from_the_next_call_on(guarded: Guarded, tmp_path: Path) -> None:
    """A user that is given other policies beside a running server is held to them at once (inferred)."""
    first = user(guarded, "changing", policy("Allow", "*", "*"), tmp_path)
    assert first.describe_vpcs()["Vpcs"]
    user(guarded, "changing", policy("Deny", "DescribeVpcs", "*"), tmp_path)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        first.describe_vpcs()
