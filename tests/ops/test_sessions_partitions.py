"""Partitions and session policies: no other name of a role, or of its caller, gets past what the policies deny."""

from __future__ import annotations

from copy import copy

import pytest

from groupwall.errors import ApiError
from tests.driver import Wall
from tests.signing import ALLOW_ALL, Verified, policy, trust

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
BOB = f"arn:aws:iam::{ACCOUNT}:user/bob"
NIGHT = {"RoleSessionName": "night"}


@pytest.fixture
def server(wall: Wall) -> Verified:
    """A server that asks policies, with a role that everybody of the account may assume."""
    server = Verified(wall, "iam")
    server.role("deploy", trust(ACCOUNT), policy=ALLOW_ALL)
    return server


def code(wall: Wall, name: str, **params: object) -> str:
    """Return the code of what a call is refused with."""
    with pytest.raises(ApiError) as caught:
        wall.call(name, **params)
    return caught.value.code


def at(region: str, wall: Verified) -> Verified:
    """Return the same caller in another region."""
    other = copy(wall)
    other.region = region
    return other


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov", "x", "-"])
def test_a_role_has_one_name(server: Verified, partition: str) -> None:
    """A Deny of the role holds under each partition that its ARN may be given with (inferred)."""
    denied = policy(
        {"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "*", "Resource": ROLE}
    )
    bob = server.by(server.key("bob", policy=denied))
    assert code(bob, "AssumeRole", RoleArn=ROLE, **NIGHT) == "AccessDenied"
    other = ROLE.replace("arn:aws:", f"arn:{partition}:")
    assert code(bob, "AssumeRole", RoleArn=other, **NIGHT) == "ValidationError"


def test_a_session_is_of_one_partition(server: Verified) -> None:
    """Whom a trust policy denies by the ARN of one partition gets no session for it in another (inferred)."""
    denied = policy(
        {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"},
        {"Effect": "Deny", "Principal": {"AWS": BOB}, "Action": "sts:AssumeRole"},
    )
    server.role("deploy", denied, policy=ALLOW_ALL)
    bob = server.by(server.key("bob", policy=ALLOW_ALL))
    assert code(bob, "AssumeRole", RoleArn=ROLE, **NIGHT) == "AccessDenied"
    chinese = ROLE.replace("arn:aws:", "arn:aws-cn:")
    session = at("cn-north-1", bob).session("AssumeRole", RoleArn=chinese, **NIGHT)
    assert at("cn-northwest-1", session).arn == f"arn:aws-cn:sts::{ACCOUNT}:assumed-role/deploy/night"
    session = at(bob.region, session)
    assert code(session, "DescribeVpcs") == "AuthFailure"
    assert code(session, "GetCallerIdentity") == "InvalidClientTokenId"


def test_an_empty_session_policy_is_none(server: Verified) -> None:
    """Who gives an empty policy is refused, and does not get a session without a limit [STS's API reference, docs]."""
    bob = server.by(server.key("bob", policy=ALLOW_ALL))
    assert code(bob, "AssumeRole", RoleArn=ROLE, **NIGHT, Policy="") == "ValidationError"
