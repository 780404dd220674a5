"""Temporary credentials without a network: a caller's sessions are held to policies, anybody else's to none."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import groupwall
from tests.signing import policy

ROLE = {"RoleArn": "arn:aws:iam::123456789012:role/reader", "RoleSessionName": "test"}
READ = policy({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"})


def session(given: dict[str, Any]) -> boto3.Session:
    """Return the boto3 session of temporary credentials."""
    found = given["Credentials"]
    return boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], region_name="us-east-1")


def test_anybody_assumes_any_role() -> None:
    """Who is only believed gets a session of any role, which may do everything (inferred)."""
    with groupwall.local():
        sts = boto3.client("sts", region_name="us-east-1")
        role = session(sts.assume_role(**ROLE))
        assert role.client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/reader/test")
        assert role.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        assert session(sts.get_session_token()).client("ec2").describe_vpcs()["Vpcs"]


def test_the_sessions_of_a_caller_are_held_to_policies() -> None:
    """A caller of the wall with its policies gets no role that does not trust it; its own session may what it may."""
    with groupwall.local() as wall:
        alice = wall.caller(policy=json.loads(READ))
        with pytest.raises(ClientError, match="AccessDenied"):
            alice.client("sts").assume_role(**ROLE)
        own = session(alice.client("sts").get_session_token())
        assert own.client("ec2").describe_vpcs()["Vpcs"]
        with pytest.raises(ClientError, match="UnauthorizedOperation"):
            own.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
