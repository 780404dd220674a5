"""Callers whose policies count, over a wall: what ``--auth iam`` makes of them, without keys and signatures.

alice = bound(wall, allow("ec2:DescribeVpcs"))
alice.call("DescribeVpcs")
"""

from __future__ import annotations

import json
import re
from copy import copy
from typing import Any, NamedTuple

from groupwall.app import App
from groupwall.authentication import Identity
from groupwall.config import Quotas
from groupwall.errors import ApiError
from groupwall.iam.callers import USER, behind, root
from groupwall.iam.denials import decoded
from groupwall.iam.principals import Given, Who, put
from groupwall.store.entities import AccessKey, World
from groupwall.store.transaction import Transaction
from groupwall.units import Ids
from tests.driver import Wall

Json = dict[str, Any]
USER_NAME = "alice"
_WHO = r"User: (?P<caller>\S+) is not authorized to perform: (?P<action>\S+)(?: on resource: (?P<resource>\S+))? "
_EC2 = re.compile(
    r"(?:Call \d+ of \d+ \(\w+\): )?You are not authorized to perform this operation\. "
    + _WHO
    + r"(?P<because>.+?)(?:\. Encoded authorization failure message: (?P<told>[\w=-]+))?"
)
_STS = re.compile(_WHO + r"(?P<because>.+)(?P<told>)")
REFUSALS = {"UnauthorizedOperation": _EC2, "AccessDenied": _STS}


class Refused(NamedTuple):
    """What an UnauthorizedOperation tells."""

    caller: str
    action: str
    resource: str
    because: str
    told: str


def statement(effect: str, action: str = "*", resource: str = "*", **conditions: Json) -> Json:
    """Return a statement; conditions by operator."""
    return {"Effect": effect, "Action": action, "Resource": resource, "Condition": conditions}


def allow(action: str = "*", resource: str = "*", **conditions: Json) -> Json:
    """Return a statement that allows."""
    return statement("Allow", action, resource, **conditions)


def deny(action: str = "*", resource: str = "*", **conditions: Json) -> Json:
    """Return a statement that denies."""
    return statement("Deny", action, resource, **conditions)


def bound(wall: Wall, *statements: Json, tags: dict[str, str] | None = None) -> Wall:
    """Return the wall as a user sees it who has one policy of these statements; none for no statement."""
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    given = Given({"given": document} if statements else {}, tags=tags or {})

    def keep(tx: Transaction) -> None:
        with tx.attempt():
            put(tx, Ids(3), wall.clock.now(), Who(wall.account, USER, USER_NAME), given)

    wall.store.run(keep)
    caller = behind(AccessKey("AKIAEXAMPLE", wall.account, USER_NAME, "Active", 0), "aws")
    return _seen_by(wall, Identity(caller, World(wall.account, wall.region), bound=True))


def as_root(wall: Wall) -> Wall:
    """Return the wall as the account's root sees it, whom no policy binds."""
    return _seen_by(wall, Identity(root(wall.account, "aws"), World(wall.account, wall.region), bound=True))


def _seen_by(wall: Wall, identity: Identity) -> Wall:
    other = copy(wall)
    other.app = App(wall.store, lambda *_: identity, wall.clock, Ids(2), Quotas())
    return other


def refused(error: ApiError) -> Refused:
    """Return what a refusal tells, in the form of EC2 [reference 2.3, recorded] or of STS (inferred)."""
    assert error.status == 403, error
    found = REFUSALS[error.code].fullmatch(error.message)
    assert found, error.message
    return Refused(**found.groupdict("") | {"resource": found["resource"] or "*"})


def why(wall: Wall, error: ApiError) -> Json:
    """Return what the encoded message of a refusal tells."""
    told: Json = json.loads(decoded(refused(error).told, wall.store.seal()))
    return told
