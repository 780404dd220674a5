"""Policies and what is asked of them, for the tests of decisions, in few words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from groupwall.iam.documents import read
from groupwall.iam.policy import Access, Policy

Json = dict[str, Any]

ACTION = "ec2:RevokeSecurityGroupIngress"
GROUP = "arn:aws:ec2:us-east-1:123456789012:security-group/sg-0123456789abcdef0"


def statement(effect: str = "Allow", **elements: object) -> Json:
    """Return a statement about every action and resource, but for the elements that are given."""
    about = {} if {"Action", "NotAction"} & elements.keys() else {"Action": "*"}
    where = {} if {"Resource", "NotResource"} & elements.keys() else {"Resource": "*"}
    return {"Effect": effect, **about, **where, **elements}


def text(*statements: Json, version: str = "2012-10-17") -> str:
    """Return the document of statements."""
    return json.dumps({"Version": version, "Statement": list(statements)})


def policy(*statements: Json, name: str = "p", version: str = "2012-10-17") -> Policy:
    """Return the policy of statements."""
    return read(text(*statements, version=version), name)


def access(keys: Mapping[str, tuple[str, ...]] | None = None, action: str = ACTION, resource: str = GROUP) -> Access:
    """Return what is asked: a revoke, unless said otherwise."""
    return Access(action, resource, keys or {})
