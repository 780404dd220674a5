"""``--auth signed`` with real boto3: who may, who may not, and what AWS's two dialects say to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

from groupwall.units import FrozenClock, SystemClock
from groupwall.wire.message import Reply, Request
from groupwall.wire.sigv4 import Credentials
from tests.programs import command, make_key
from tests.remote import Remote
from tests.serving import started

ACCOUNT = "210987654321"
NEVER_RETRY = Config(retries={"total_max_attempts": 1})


class Guarded(NamedTuple):
    """A server that verifies, its folder, and a key that it knows."""

    url: str
    folder: Path
    key: Credentials


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A server for the tests of this file."""
    folder = tmp_path_factory.mktemp("signed") / "store"
    key = make_key(folder, "--account", ACCOUNT, "--user", "alice")
    with started("--auth", "signed", "--log", "off", "--data", str(folder)) as server:
        yield Guarded(server.url, folder, key)


def client(guarded: Guarded, service: str, **given: Any) -> Any:  # noqa: ANN401 - boto3 makes its types at run time
    """Return boto3's client with the right key, or with what is given instead."""
    named = {
        "aws_access_key_id": guarded.key.access_key_id,
        "aws_secret_access_key": guarded.key.secret,
        "region_name": "eu-west-1",
    }
    return boto3.client(service, endpoint_url=guarded.url, config=NEVER_RETRY, **(named | given))


def refusals(guarded: Guarded, **given: Any) -> list[tuple[str, int]]:  # noqa: ANN401 - as boto3 takes them
    """Return code and status of what EC2 and STS answer."""
    found = []
    for service, call in (("ec2", "describe_vpcs"), ("sts", "get_caller_identity")):
        with pytest.raises(ClientError) as caught:
            getattr(client(guarded, service, **given), call)()
        reply = caught.value.response
        found.append((reply["Error"]["Code"], reply["ResponseMetadata"]["HTTPStatusCode"]))
    return found


UNKNOWN = [("AuthFailure", 401), ("InvalidClientTokenId", 403)]
WRONG = [("AuthFailure", 401), ("SignatureDoesNotMatch", 403)]


def test_the_right_key_is_its_user(guarded: Guarded) -> None:
    """A signed call acts in the key's account and the signed region, as the key's user (inferred)."""
    assert client(guarded, "sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/alice"
    ec2 = client(guarded, "ec2")
    made = ec2.create_security_group(GroupName="web", Description="web")
    assert made["SecurityGroupArn"].startswith(f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/sg-")
    assert ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"][0]["OwnerId"] == ACCOUNT
    assert len(client(guarded, "ec2", region_name="us-east-1").describe_security_groups()["SecurityGroups"]) == 1


def test_a_key_without_a_user_is_root(guarded: Guarded) -> None:
    """A key of no user acts as its account's root, whatever 12 digits another names (inferred)."""
    key = make_key(guarded.folder, "--account", "111122223333")
    given = {"aws_access_key_id": key.access_key_id, "aws_secret_access_key": key.secret}
    assert client(guarded, "sts", **given).get_caller_identity()["Arn"] == "arn:aws:iam::111122223333:root"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"aws_secret_access_key": "wrong"}, WRONG),
        ({"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}, UNKNOWN),
        ({"aws_access_key_id": ACCOUNT}, UNKNOWN),
        ({"aws_session_token": "a-token-of-somebody-else"}, UNKNOWN),
        ({"region_name": "nowhere-1"}, WRONG),
    ],
    ids=lambda given: ",".join(given) if isinstance(given, dict) else "",
)
def test_who_is_not_known_is_refused(guarded: Guarded, given: dict[str, str], expected: list[tuple[str, int]]) -> None:
    """A wrong secret, an unknown key, a token and an unknown region are refused, in each dialect (inferred)."""
    assert refusals(guarded, **given) == expected


def test_a_key_that_is_taken_away_works_no_more(guarded: Guarded) -> None:
    """A key is refused from the next call on when it is disabled, or deleted, beside the running server (inferred)."""
    key = make_key(guarded.folder, "--user", "bob")
    given = {"aws_access_key_id": key.access_key_id, "aws_secret_access_key": key.secret}
    assert client(guarded, "ec2", **given).describe_vpcs()["Vpcs"]
    for verb in ("disable", "delete"):
        assert command("keys", verb, key.access_key_id, "--data", str(guarded.folder)).code == 0
        assert refusals(guarded, **given) == UNKNOWN


@pytest.mark.parametrize("seconds", [-1000, 1000])
def test_clocks_that_differ_are_told(guarded: Guarded, seconds: int) -> None:
    """A signature that is more than 15 minutes off is refused; 14 minutes are not: reference 1.4 [docs]."""
    clock = FrozenClock(SystemClock().now())
    with Remote(guarded.url, guarded.key, clock=clock) as remote:
        clock.advance(seconds * 0.84)
        assert remote.send(remote.request("DescribeVpcs")).status == 200
        clock.advance(seconds * 0.16)
        reply = remote.send(remote.request("DescribeVpcs"))
        assert (reply.status, b"<Code>RequestExpired</Code>" in reply.body) == (400, True)
        reply = remote.send(remote.request("GetCallerIdentity"))
        assert (reply.status, b"<Code>SignatureDoesNotMatch</Code>" in reply.body) == (403, True)


def sent(guarded: Guarded, change: Callable[[Request], Request]) -> Reply:
    """Return the reply to a signed request that was changed on its way."""
    with Remote(guarded.url, guarded.key) as remote:
        return remote.send(change(remote.request("CreateSecurityGroup", GroupName="changed", Description="x")))


def with_header(request: Request, name: str, value: str) -> Request:
    """Return a request with one header of another value."""
    rest = tuple(pair for pair in request.headers if pair[0] != name)
    return Request(request.method, request.path, request.query, (*rest, (name, value)), request.body)


CHANGES: dict[str, Callable[[Request], Request]] = {
    "body": lambda was: Request("POST", "/", "", was.headers, was.body.replace(b"changed", b"another")),
    "path": lambda was: Request("POST", "/other", "", was.headers, was.body),
    "query": lambda was: Request("POST", "/", "x=y", was.headers, was.body),
    "method": lambda was: Request("GET", "/", "", was.headers, was.body),
    "host": lambda was: with_header(was, "host", "ec2.amazonaws.com"),
    "date": lambda was: with_header(was, "x-amz-date", "20200101T000000Z"),
    "type": lambda was: with_header(was, "content-type", "application/x-www-form-urlencoded"),
    "nothing signed": lambda was: Request("POST", "/", "", was.headers[:2], was.body),
    "no signature": lambda was: with_header(was, "authorization", "AWS4-HMAC-SHA256"),
    "another scheme": lambda was: with_header(was, "authorization", "Basic YWxpY2U6c2VjcmV0"),
    "nothing": lambda was: with_header(was, "authorization", ""),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_on_its_way_is_refused(guarded: Guarded, name: str) -> None:
    """A request of which a signed part was changed, or its signature lost, is refused and does nothing (inferred)."""
    reply = sent(guarded, CHANGES[name])
    assert reply.status in (400, 401, 403)
    groups = client(guarded, "ec2", region_name="us-east-1").describe_security_groups()["SecurityGroups"]
    assert [group["GroupName"] for group in groups] == ["default"]


def test_a_signature_for_another_service_is_refused(guarded: Guarded) -> None:
    """What is signed for STS is not accepted by EC2: reference 1.4 [docs]."""
    with Remote(guarded.url, guarded.key) as remote:
        reply = remote.send(remote.signed(b"Action=DescribeVpcs&Version=2016-11-15", service="sts"))
    assert (reply.status, b"<Code>AuthFailure</Code>" in reply.body) == (401, True)


def signed_query(guarded: Guarded, secret: str) -> Request:
    """Return a request that botocore signed in its query."""
    request = AWSRequest("GET", f"{guarded.url}/?Action=DescribeVpcs&Version=2016-11-15")
    session = boto3.Session(guarded.key.access_key_id, secret)
    SigV4QueryAuth(session.get_credentials().get_frozen_credentials(), "ec2", "us-east-1", expires=60).add_auth(request)
    url = urlsplit(request.prepare().url)
    return Request("GET", "/", url.query, (("host", url.netloc),), b"")


def test_a_query_may_carry_the_signature(guarded: Guarded) -> None:
    """A GET that is signed in its query is served, and refused when it is signed with another secret (inferred)."""
    with Remote(guarded.url) as remote:
        assert remote.send(signed_query(guarded, guarded.key.secret)).status == 200
        assert remote.send(signed_query(guarded, "wrong")).status == 401


def test_health_needs_no_signature(guarded: Guarded) -> None:
    """Whoever watches a server needs no key (inferred)."""
    with Remote(guarded.url) as remote:
        assert remote.send(Request("GET", "/health", "", (("host", "x"),), b"")).status == 200
