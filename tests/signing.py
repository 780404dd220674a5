"""A wall whose server verifies who calls: keys are made in its store, and calls are signed with them.

signed = Verified(wall, "iam")
alice = signed.by(signed.key("alice", policy=ALLOW_ALL))
alice.call("DescribeVpcs")
"""

from __future__ import annotations

import json
from copy import copy
from typing import Any
from urllib.parse import urlencode

from groupwall.app import App, Request, open_app
from groupwall.config import Quotas, Settings
from groupwall.iam import keys
from groupwall.iam.callers import ROLE, USER
from groupwall.iam.principals import Given, Who, put
from groupwall.store.entities import Principal
from groupwall.units import Ids
from groupwall.wire.model import Action
from groupwall.wire.sigv4 import Credentials, sign
from tests.driver import Wall

Json = dict[str, Any]


def policy(*statements: Json) -> str:
    """Return the document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(*principals: str, effect: str = "Allow", **conditions: Json) -> str:
    """Return a trust policy that names principals; conditions by operator."""
    named = {"Effect": effect, "Principal": {"AWS": principals}, "Action": "sts:AssumeRole", "Condition": conditions}
    return policy(named)


ALLOW_ALL = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})


class Verified(Wall):
    """A wall as it is seen by who signs with some credentials."""

    def __init__(self, wall: Wall, auth: str, ids: int = 7) -> None:
        self.account, self.region, self.clock, self.store = wall.account, wall.region, wall.clock, wall.store
        self.ids = Ids(ids)
        self.credentials = Credentials("", "")
        self.app: App = open_app(self.store, Settings(auth=auth), Quotas(), self.clock, self.ids)

    def key(self, user: str = "", *, account: str = "", expires: int = 0, **given: Any) -> Credentials:  # noqa: ANN401
        """Make a key, and keep its user where it is given something: policy, boundary, tags."""
        if given:
            self.keep(USER, user, account=account, **given)
        wanted = keys.Wanted(account or self.account, user, expires)
        made, secret = self.store.run(lambda tx: keys.create(tx, self.ids, self.clock.now(), wanted))
        return Credentials(made.id, secret)

    def role(self, name: str, trusted: str, *, account: str = "", **given: Any) -> str:  # noqa: ANN401
        """Keep a role with a trust policy; return its ARN."""
        self.keep(ROLE, name, account=account, trust=trusted, **given)
        return f"arn:aws:iam::{account or self.account}:role/{name}"

    def keep(self, kind: str, name: str, *, account: str = "", policy: str | None = None, **given: Any) -> Principal:  # noqa: ANN401
        """Keep a user or a role."""
        who = Who(account or self.account, kind, name)
        parts = Given({"given": policy} if policy else None, **given)
        return self.store.run(lambda tx: put(tx, self.ids, self.clock.now(), who, parts))

    def by(self, credentials: Credentials) -> Verified:
        """Return the same wall for who has these credentials."""
        other = copy(self)
        other.credentials = credentials
        return other

    def session(self, name: str, /, **params: Any) -> Verified:  # noqa: ANN401 - as boto3 gives them
        """Return the wall for who has the temporary credentials that a call gives out."""
        given = self.call(name, **params)["Credentials"]
        return self.by(Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))

    @property
    def arn(self) -> str:
        """The caller's ARN."""
        return str(self.call("GetCallerIdentity")["Arn"])

    def request(self, action: Action, **params: Any) -> Request:  # noqa: ANN401 - as boto3 gives them
        """Return a call, signed."""
        head = (("host", "localhost"), ("content-type", "application/x-www-form-urlencoded; charset=utf-8"))
        request = Request("POST", "/", "", head, urlencode(action.form(params)).encode())
        return sign(request, self.credentials, self.region, action.service, self.clock.now())
