"""``wall.caller``: that somebody may or may not do something, in one line, through boto3."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.exceptions import ClientError

import groupwall
from groupwall.inprocess import Wall
from tests.permitted import ATTEMPTS, Attempt, Things, lay_out, policy, refused, state

ALLOW_ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}


class Scene(NamedTuple):
    """A wall with things in it."""

    wall: Wall
    root: Any
    things: Things


@pytest.fixture(params=[False, True], ids=["calls", "wire"])
def scene(request: pytest.FixtureRequest) -> Any:  # noqa: ANN401 - a generator
    """A wall that answers calls, and one that answers HTTP requests."""
    with groupwall.local(wire=request.param) as wall:
        root = wall.client("ec2")
        yield Scene(wall, root, lay_out(root))


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.action)
def test_the_allowed_and_the_denied(scene: Scene, attempt: Attempt) -> None:
    """DryRun tells who may from who may not, and nothing changes in either case: reference 2.2, 2.3 [model]."""
    wall, root, things = scene
    denied = wall.caller(policy=policy("Deny", attempt.action, "*"), user="denied").client("ec2")
    allowed = wall.caller(policy=ALLOW_ALL, user="allowed").client("ec2")
    before = state(root)
    for dry_run in (True, False):
        error = refused(denied, attempt, things, DryRun=dry_run)
        assert error is not None
        assert (error["Code"], error["Status"]) == ("UnauthorizedOperation", 403)
        assert f"user/denied is not authorized to perform: ec2:{attempt.action} on resource: arn:" in error["Message"]
    error = refused(allowed, attempt, things, DryRun=True)
    assert error is not None
    assert (error["Code"], error["Status"]) == ("DryRunOperation", 412)
    assert state(root) == before


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.action)
def test_a_deny_of_one_resource_is_enough(scene: Scene, attempt: Attempt) -> None:
    """Each resource that a call touches must be allowed, and the message names the one that is not: 22 [docs]."""
    wall, root, things = scene
    arn = f"arn:aws:ec2:{wall.region}:{wall.account}:{attempt.resource(things)}"
    before = state(root)
    error = refused(wall.caller(policy=policy("Deny", attempt.action, arn)).client("ec2"), attempt, things)
    assert error is not None
    assert error["Code"] == "UnauthorizedOperation"
    assert f"on resource: {arn} with an explicit deny in an identity-based policy" in error["Message"]
    assert state(root) == before


def test_who_is_given_no_policy_may_do_nothing_but_ask_who_it_is(scene: Scene) -> None:
    """What nothing allows is denied; GetCallerIdentity needs no permission: users 7.1 [docs]."""
    session = scene.wall.caller(user="nobody")
    assert session.client("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{scene.wall.account}:user/nobody"
    with pytest.raises(ClientError, match="because no identity-based policy allows the ec2:DescribeVpcs action"):
        session.client("ec2").describe_vpcs()


def test_a_boundary_limits_what_a_policy_allows(scene: Scene) -> None:
    """Both the policy and the boundary have to allow: users 7.1 [docs], the text inferred."""
    boundary = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}}
    ec2 = scene.wall.caller(policy=ALLOW_ALL, boundary=boundary).client("ec2")
    assert ec2.describe_vpcs()["Vpcs"]
    with pytest.raises(ClientError, match="because no permissions boundary allows the ec2:DeleteVpc action"):
        ec2.delete_vpc(VpcId=scene.things.vpc)


def test_a_callers_tags_are_asked(scene: Scene) -> None:
    """A policy may compare a resource's tag with its caller's: users 7.3 [docs]."""
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    own = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": same}}
    ec2 = scene.wall.caller(policy=own, tags={"team": "web"}).client("ec2")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.delete_security_group(GroupId=scene.things.group)
    scene.root.create_tags(Resources=[scene.things.group], Tags=[{"Key": "team", "Value": "web"}])
    ec2.delete_security_group(GroupId=scene.things.group)


def test_the_same_user_again_has_other_policies(scene: Scene) -> None:
    """A user's sessions have the policies that it was given last, those from before too (inferred)."""
    first = scene.wall.caller(policy=ALLOW_ALL, user="ann").client("ec2")
    assert first.describe_vpcs()["Vpcs"]
    scene.wall.caller(user="ann")
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        first.describe_vpcs()


@pytest.mark.parametrize("wire", [False, True])
def test_a_session_ends_by_the_walls_clock(*, wire: bool) -> None:
    """Temporary credentials that a caller got are refused when their time is over: users 8 [docs]."""
    with groupwall.local(now=datetime(2026, 11, 23, tzinfo=UTC), wire=wire) as wall:
        given = wall.caller(policy=ALLOW_ALL).client("sts").get_session_token(DurationSeconds=900)["Credentials"]
        session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
        ec2 = session.client("ec2")
        wall.clock.advance(899)
        assert ec2.describe_vpcs()["Vpcs"]
        wall.clock.advance(1)
        with pytest.raises(ClientError, match="RequestExpired"):
            ec2.describe_vpcs()


def test_a_policy_that_is_none_is_refused_where_it_is_written() -> None:
    """The error says what is wrong in it (inferred)."""
    with groupwall.local() as wall, pytest.raises(ValueError, match="Effect is `Allow` or `Deny`"):
        wall.caller(policy={"Version": "2012-10-17", "Statement": {"Effect": "Alow", "Action": "*", "Resource": "*"}})


def test_a_preview_needs_its_own_permission_alone(scene: Scene) -> None:
    """Who may preview need not be allowed to do what is only tried; ApplyChanges asks for each call (inferred)."""
    may_look = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "groupwall:*", "Resource": "*"}}
    ours = scene.wall.caller(policy=may_look).client("groupwall")
    call = {"Operation": "RevokeSecurityGroupIngress", "Parameters": f'{{"GroupId": "{scene.things.group}", '
            f'"SecurityGroupRuleIds": ["{scene.things.rule}"]}}'}  # fmt: skip
    assert "Refused" not in ours.preview_changes(Calls=[call])
    before = state(scene.root)
    with pytest.raises(ClientError, match="perform: ec2:RevokeSecurityGroupIngress on resource: "):
        ours.apply_changes(Calls=[call])
    assert state(scene.root) == before
