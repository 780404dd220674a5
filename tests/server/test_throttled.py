"""``--requests-per-second`` with real boto3: too many requests are told so, and its retries succeed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from groupwall.config import SettingError, Settings
from tests.programs import command, make_key
from tests.remote import Remote, exchange
from tests.scenes import create_group
from tests.serving import started

LIMITED = ("RequestLimitExceeded", 503)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server that lets each caller make two requests at once, and four a second."""
    with started("--data", ":memory:", "--log", "off", "--requests-per-second", "4", "--burst", "2") as server:
        yield server.url


def client(url: str, service: str, account: str, attempts: int, mode: str = "legacy") -> Any:  # noqa: ANN401
    """Return boto3's client that asks so often before it gives up."""
    return boto3.client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=account,
        aws_secret_access_key="any",  # noqa: S106 - is not looked at
        config=Config(retries={"total_max_attempts": attempts, "mode": mode}),
    )


def refusal(call: Callable[[], object]) -> Any:  # noqa: ANN401 - as boto3 gives it
    """Return the reply to the first of many calls that is refused."""
    with pytest.raises(ClientError) as caught:
        deque((call() for _ in range(50)), maxlen=0)
    return caught.value.response


@pytest.mark.parametrize(("service", "call"), [("ec2", "describe_vpcs"), ("sts", "get_caller_identity")])
def test_too_many_requests_are_told(url: str, service: str, call: str) -> None:
    """Whoever does not try again gets RequestLimitExceeded, in either dialect: reference 23 [docs]."""
    once = client(url, service, "111111111111", 1)
    reply = refusal(getattr(once, call))
    assert (reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]) == LIMITED
    assert reply["Error"]["Message"] == "Request limit exceeded."


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_botos_retries_succeed(url: str, mode: str) -> None:
    """A client that tries again as botocore does is answered, each request (inferred)."""
    patient = client(url, "ec2", "222222222222", 12, mode)
    replies = [patient.describe_vpcs()["ResponseMetadata"] for _ in range(8)]
    assert [reply["HTTPStatusCode"] for reply in replies] == [200] * 8
    assert any(reply["RetryAttempts"] for reply in replies)


def test_others_are_not_concerned(url: str) -> None:
    """What one caller has used up, another has (inferred); and health is always told."""
    busy = client(url, "ec2", "333333333333", 1)
    refusal(busy.describe_vpcs)
    assert client(url, "ec2", "444444444444", 1).describe_vpcs()["Vpcs"]
    for _ in range(10):
        assert exchange(url, b"GET /health HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_a_refusal_changes_nothing(tmp_path: Path) -> None:
    """A request beyond the limit is not performed; the variables set it as the options do (inferred)."""
    folder = tmp_path / "store"
    key = make_key(folder, "--user", "alice")
    before = ("env", "GROUPWALL_REQUESTS_PER_SECOND=0.001", "GROUPWALL_BURST=3")
    options = ("--auth", "signed", "--log", "off", "--data", str(folder))
    with started(*options, before=before) as server, Remote(server.url, key) as remote:
        made = create_group(remote)
        asked = [remote.request("CreateSecurityGroup", GroupName=name, Description="x") for name in "abc"]
        assert [remote.send(one).status for one in asked] == [200, 200, 503]
        assert made.startswith("sg-")
    with started(*options) as server, Remote(server.url, key) as remote:
        groups = remote.call("DescribeSecurityGroups")["SecurityGroups"]
        assert sorted(group["GroupName"] for group in groups) == ["a", "b", "default", "web"]


@pytest.mark.parametrize(
    "given", [{"requests_per_second": -1}, {"requests_per_second": 1e9}, {"burst": 5}, {"burst": -1}]
)
def test_what_is_no_rate_is_refused(given: dict[str, Any]) -> None:
    """A rate is a number above zero, and a burst needs one (inferred)."""
    with pytest.raises(SettingError, match="--requests-per-second"):
        Settings(**given)
    assert command("serve", "--data", ":memory:", "--burst", "2").code == 2
