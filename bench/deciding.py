"""Who is it, and may it? A revoke's signature and policies in one process: ``python -m bench.deciding [--profile]``.

Ours: from the request to the leave to go on, with ``--auth iam``: scope, signature, the key looked at again, the
caller's policies, the group's tags. Theirs: botocore's signer computing the signature of the same request again, which
is part of that. Both see the same requests, fifty signed in each second, with other rules in each.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import pstats
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials

from groupwall.app import App, Call
from groupwall.authentication import Identity, Signed
from groupwall.authorising import asker, authorise
from groupwall.config import Quotas
from groupwall.iam import keys
from groupwall.iam.callers import USER, root
from groupwall.iam.facts import Origin
from groupwall.iam.principals import Given, Who, put
from groupwall.ops.operation import Context
from groupwall.ops.table import OPERATIONS
from groupwall.store.entities import World
from groupwall.store.sqlite import MEMORY, Store, open_store
from groupwall.store.transaction import Transaction
from groupwall.units import Ids, SystemClock
from groupwall.wire.message import Request
from groupwall.wire.model import SERVICES
from groupwall.wire.sigv4 import Credentials, sign

WORLD = World("123456789012", "us-east-1")
HEAD = (
    ("host", "127.0.0.1:4577"),
    ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
    ("user-agent", "Boto3/1.43 md/Botocore#1.43 ua/2.1 os/linux md/arch#x86_64 lang/python#3.12"),
    ("accept-encoding", "identity"),
    ("amz-sdk-invocation-id", "b7e9c1a0-0000-4000-8000-000000000000"),
    ("amz-sdk-request", "attempt=1"),
)
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Look", "Effect": "Allow", "Action": ["ec2:Describe*", "ec2:Get*"], "Resource": "*"},
        {
            "Sid": "OwnTeam",
            "Effect": "Allow",
            "Action": ["ec2:AuthorizeSecurityGroup*", "ec2:RevokeSecurityGroup*"],
            "Resource": "arn:aws:ec2:*:123456789012:security-group/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}},
        },
        {"Sid": "Never", "Effect": "Deny", "Action": "ec2:Delete*", "Resource": "*"},
    ],
}
MICRO = 1e6
BETWEEN = 20
"""Milliseconds between two requests of the caller: what is remembered for a second serves as often as it would."""

IDS, QUOTAS = Ids(), Quotas()


ACTION = SERVICES["ec2"].actions["RevokeSecurityGroupIngress"]
OPERATION = OPERATIONS[ACTION.name]
ORIGIN = Origin("192.0.2.7")


class Asked(NamedTuple):
    """A revoke: its request, its parameters, and when it was signed."""

    request: Request
    params: dict[str, Any]
    now: int


class Scene(NamedTuple):
    """A store with a group of a team, and a user of that team whose policy asks for the tag."""

    store: Store
    signed: Signed
    credentials: Credentials
    group_id: str


def scene() -> Scene:
    """Return a scene in memory."""
    store, now = open_store(MEMORY, IDS), SystemClock().now()
    given = Given({"revokers": json.dumps(POLICY)}, tags={"team": "blue"})

    def make_user(tx: Transaction) -> Credentials:
        with tx.attempt():
            put(tx, IDS, now, Who(WORLD.account, USER, "alice"), given)
            key, secret = keys.create(tx, IDS, now, keys.Wanted(WORLD.account, "alice"))
        return Credentials(key.id, secret)

    credentials = store.run(make_user)
    return Scene(store, Signed(store.access_key, store.seal, bound=True), credentials, _group(store))


def _group(store: Store) -> str:
    tags = [{"ResourceType": "security-group", "Tags": [{"Key": "team", "Value": "blue"}]}]
    form = (
        SERVICES["ec2"]
        .actions["CreateSecurityGroup"]
        .form({"GroupName": "web", "Description": "web servers", "TagSpecifications": tags})
    )
    app = App(store, lambda *_: Identity(root(WORLD.account, "aws"), WORLD), SystemClock(), IDS, Quotas())
    call = app.prepare(Request("POST", "/", "", HEAD, urlencode(form).encode()))
    assert isinstance(call, Call), call
    outcome = app.answer([call])[0]
    assert outcome
    assert outcome.result, outcome.error
    return str(outcome.result["GroupId"])


def asked(made: Scene, count: int) -> list[Asked]:
    """Return so many signed revokes, fifty for each second, each of another rule."""
    start = SystemClock().now()
    return [_asked(made, number, start + number * BETWEEN) for number in range(count)]


def _asked(made: Scene, number: int, now: int) -> Asked:
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": f"192.0.2.{number % 256}/32"}]}
    params = {"GroupId": made.group_id, "IpPermissions": [rule]}
    request = Request("POST", "/", "", HEAD, urlencode(ACTION.form(params)).encode())
    return Asked(sign(request, made.credentials, WORLD.region, "ec2", now), params, now)


def ours(made: Scene, requests: list[Asked]) -> list[float]:
    """Return the seconds of each request in which we verify and authorise it."""

    def work(tx: Transaction) -> list[float]:
        tx.enter(WORLD)
        return [_timed(_decide, made.signed, one, tx) for one in requests]

    return made.store.read(work)


def _decide(signed: Signed, one: Asked, tx: Transaction) -> None:
    identity = signed(one.request, "ec2", one.now)
    assert identity.key
    assert tx.get_key(identity.key.id) == identity.key
    asking = asker(identity, ORIGIN, tx, one.now)
    assert asking
    authorise(asking, "ec2", OPERATION, one.params, Context(tx, identity.world, identity.caller, one.now, IDS, QUOTAS))


def theirs(made: Scene, requests: list[Asked]) -> list[float]:
    """Return the seconds of each request in which botocore's signer computes its signature again."""
    credentials = TheirCredentials(made.credentials.access_key_id, made.credentials.secret)
    return [_timed(_recompute, SigV4Auth(credentials, "ec2", WORLD.region), one.request) for one in requests]


def _recompute(signer: Any, request: Request) -> None:  # noqa: ANN401 - botocore has no types
    authorization = request.header("authorization") or ""
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = {name: value for name, value in request.headers if name in names}
    again = AWSRequest(request.method, f"http://{headers['host']}{request.path}", headers=headers, data=request.body)
    again.context["timestamp"] = headers["x-amz-date"]
    text = signer.string_to_sign(again, signer.canonical_request(again))
    assert authorization.endswith(signer.signature(text, again))


def _timed(work: Callable[..., None], *given: Any) -> float:  # noqa: ANN401 - what the work takes
    started = time.perf_counter()
    work(*given)
    return time.perf_counter() - started


def main() -> None:
    """Print what both take, in turns; with --profile, where our time goes."""
    parser = argparse.ArgumentParser(prog="python -m bench.deciding", description="Verify and authorise a revoke.")
    parser.add_argument("--profile", action="store_true", help="show where our time goes")
    parser.add_argument("--requests", type=int, default=2000, help="in each of five rounds")
    options = parser.parse_args()
    made = scene()
    for _ in range(5):
        requests = asked(made, options.requests)
        mine, other = (statistics.median(side(made, requests)) * MICRO for side in (ours, theirs))
        print(f"groupwall verifies and authorises in {mine:.1f} us, botocore computes the signature in {other:.1f} us")
    if options.profile:
        profile = cProfile.Profile()
        profile.runcall(ours, made, asked(made, options.requests))
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
