"""Attacks on ``--auth iam`` over HTTP: each asks for a change that it may not have, and none gets it, or a 5xx.

What is sent stands in tables: by nobody, with credentials that are not good (any more), with a signature that is bent,
and by callers who are known and want more than their policies allow.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials

from groupwall.iam import keys
from groupwall.store.sqlite import open_store
from groupwall.units import FrozenClock, Ids, SystemClock
from groupwall.wire.message import Request
from groupwall.wire.sigv4 import Credentials
from tests.programs import command, make_key
from tests.remote import Remote, exchange
from tests.serving import started

OURS, THEIRS = "111111111111", "222222222222"
HARMLESS = b"Action=DescribeVpcs&Version=2016-11-15"
WANTED = b"Action=CreateSecurityGroup&Version=2016-11-15&GroupName=pwned&GroupDescription=x"
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
LOOKING = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}


class Target(NamedTuple):
    """A server under attack. keys: credentials by whose they are. ids: of what is there, by name."""

    url: str
    folder: Path
    keys: dict[str, Credentials]
    ids: dict[str, str]

    def by(self, name: str) -> Remote:
        """Return a connection that signs with somebody's credentials."""
        return Remote(self.url, self.keys[name])

    def signed(self, name: str, body: bytes = WANTED) -> Request:
        """Return a request that somebody signed."""
        with self.by(name) as remote:
            return remote.signed(body)

    def revision(self) -> int:
        """Return how many changes there were."""
        reply = exchange(self.url, b"GET /health HTTP/1.0\r\n\r\n")
        return int(json.loads(reply.partition(b"\r\n\r\n")[2])["revision"])


def _user(folder: Path, name: str, *statements: dict[str, Any], account: str = OURS) -> Credentials:
    written = folder.parent / f"{name}.json"
    written.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    policy = ("--policy", str(written)) if statements else ()
    return make_key(folder, "--account", account, "--user", name, *policy)


def _expired(folder: Path) -> Credentials:
    """Make a key whose time has passed, which no command does."""
    store = open_store(str(folder), Ids())
    now = SystemClock().now()
    key, secret = store.run(lambda tx: keys.create(tx, Ids(), now, keys.Wanted(OURS, "alice", now - 1)))
    store.close()
    return Credentials(key.id, secret)


def _session(remote: Remote) -> Credentials:
    given = remote.call("GetSessionToken")["Credentials"]
    return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with callers of two accounts, and at its end a look at what it wrote about them all."""
    folder = tmp_path_factory.mktemp("attacked") / "store"
    made = {name: _user(folder, name, ANYTHING) for name in ("alice", "disabled", "deleted")}
    made |= {"bob": _user(folder, "bob", LOOKING), "nobody": _user(folder, "nobody"), "expired": _expired(folder)}
    made |= {"mallory": _user(folder, "mallory", ANYTHING, account=THEIRS), "carol": _user(folder, "carol", ANYTHING)}
    log = folder.parent / "log"
    with log.open("w") as file, started("--auth", "iam", "--log", "json", "--data", str(folder), log=file) as server:
        attacked = Target(server.url, folder, made, {})
        for name in ("disabled", "deleted"):
            command("keys", name.removesuffix("d"), made[name].access_key_id, "--data", str(folder))
        _lay_out(attacked)
        yield attacked
        assert server.end() == 0
    _look_for_secrets(attacked, log)


def _lay_out(target: Target) -> None:
    """Make a group that carol may not touch, a rule in it, and sessions."""
    with target.by("alice") as alice, target.by("bob") as bob, target.by("mallory") as mallory:
        target.keys["session"], target.keys["bob's session"] = _session(alice), _session(bob)
        group = alice.call("CreateSecurityGroup", GroupName="kept", Description="x")["GroupId"]
        rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
        made = alice.call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
        other = alice.call("CreateSecurityGroup", GroupName="other", Description="x")["GroupId"]
        theirs = mallory.call("CreateSecurityGroup", GroupName="theirs", Description="x")["GroupId"]
    target.ids.update(kept=group, rule=made["SecurityGroupRules"][0]["SecurityGroupRuleId"])
    target.ids.update(other=other, theirs=theirs)
    protected = {"Effect": "Deny", "Action": "*", "Resource": f"arn:aws:ec2:us-east-1:{OURS}:security-group/{group}"}
    target.keys["carol"] = _user(target.folder, "carol", ANYTHING, protected)


def _look_for_secrets(target: Target, log: Path) -> None:
    """Neither the log nor the history holds anything that could be used again."""
    connection = sqlite3.connect(target.folder / "groupwall.db")
    history = [row for table in ("change", "delta") for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608
    connection.close()
    told = log.read_text()
    for written in (told, repr(history)):
        for one in target.keys.values():
            assert one.secret not in written
            assert not one.session_token or one.session_token[:20] not in written
        assert "AWS4-HMAC" not in written
    lines = [json.loads(line) for line in told.splitlines()]
    assert {line["operation"] for line in lines if line["key"] == "-"} <= {"-", "CreateSecurityGroup", "DescribeVpcs"}
    assert not re.search(r"[0-9a-f]{64}", told)  # a signature
    assert not re.search(r"[^\x20-\x7e\n]", told)


def on_the_line(request: Request) -> bytes:
    """Return a request as it goes over the line, with its query, after which the connection ends."""
    path = f"{request.path}?{request.query}" if request.query else request.path
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers)
    length = f"content-length: {len(request.body)}\r\nconnection: close\r\n\r\n"
    return f"{request.method} {path} HTTP/1.1\r\n{head}{length}".encode("latin-1") + request.body


def repelled(target: Target, sent: bytes, *statuses: int) -> bytes:
    """Send an attack, and return the reply: one of these statuses, and nothing has changed."""
    before = target.revision()
    reply = exchange(target.url, sent)
    status = int(reply.split()[1]) if reply else 0
    assert status in statuses, reply
    assert target.revision() == before
    assert not any(one.secret.encode() in reply for one in target.keys.values())
    return reply


UNBELIEVED = (400, 401, 403)
UNREAD = (0, 400, 401, 403, 413)


@pytest.mark.parametrize("name", ["disabled", "deleted", "expired"])
def test_a_key_that_is_not_good_any_more_is_refused(target: Target, name: str) -> None:
    """Credentials that were taken away, or whose time has passed, do nothing (inferred)."""
    repelled(target, on_the_line(target.signed(name)), *UNBELIEVED)


@pytest.mark.parametrize("verb", ["disable", "delete"])
def test_a_key_is_taken_away_while_a_connection_is_kept(target: Target, verb: str) -> None:
    """A connection that was good yesterday gives no rights: each request is looked at by itself (inferred)."""
    key = make_key(target.folder, "--account", OURS, "--user", "alice")
    with Remote(target.url, key) as kept:
        session = _session(kept)
        with Remote(target.url, session) as also_kept:
            assert kept.send(kept.signed(HARMLESS)).status == 200
            assert also_kept.send(also_kept.signed(HARMLESS)).status == 200
            assert command("keys", verb, key.access_key_id, "--data", str(target.folder)).code == 0
            before = target.revision()
            assert kept.send(kept.signed(WANTED)).status == 401
            assert also_kept.send(also_kept.signed(WANTED)).status == 401
    assert target.revision() == before


Bend = Callable[[Target], Request]


def _credentials(target: Target, **other: str | None) -> Request:
    """Return what alice's session signs, with parts of its credentials in place of others."""
    with Remote(target.url, replace(target.keys["session"], **other)) as remote:  # type: ignore[arg-type]
        return remote.signed(WANTED)


def _with(request: Request, name: str, value: str) -> Request:
    """Return a request with one more header."""
    return replace(request, headers=(*request.headers, (name, value)))


def _instead(request: Request, name: str, value: str) -> Request:
    """Return a request with another value of a header."""
    return replace(request, headers=tuple((one, value if one == name else was) for one, was in request.headers))


def _authorization(target: Target, old: str, new: str) -> Request:
    """Return what alice signed with something else in its Authorization."""
    request = target.signed("alice")
    return _instead(request, "authorization", re.sub(old, new, request.header("authorization") or ""))


def _signed_elsewhere(target: Target, seconds: int) -> Request:
    clock = FrozenClock(SystemClock().now() + seconds * 1000)
    with Remote(target.url, target.keys["alice"], clock=clock) as remote:
        return remote.signed(WANTED)


def _in_the_query(target: Target, name: str, body: bytes = WANTED) -> Request:
    """Return what somebody signed in a query."""
    request = AWSRequest("GET", f"{target.url}/?{body.decode()}")
    key = target.keys[name]
    signer = SigV4QueryAuth(TheirCredentials(key.access_key_id, key.secret, key.session_token), "ec2", "us-east-1")
    signer.add_auth(request)
    query = request.prepare().url.partition("?")[2]
    return Request("GET", "/", query, (("host", target.url.partition("//")[2]),), b"")


def _token_of(target: Target, name: str) -> str:
    return target.keys[name].session_token or ""


FORGED = "AWS4-HMAC-SHA256 Credential={}/20261123/us-east-1/ec2/aws4_request, SignedHeaders=host, Signature=" + "0" * 64

BENT: dict[str, Bend] = {
    "nothing is signed": lambda t: replace(t.signed("alice"), headers=t.signed("alice").headers[:2]),
    "an unknown key": lambda t: _credentials(t, access_key_id="AKIAIOSFODNN7EXAMPLE", session_token=None),
    "another secret": lambda t: _credentials(t, secret="x" * 40),
    "an empty secret": lambda t: _credentials(t, secret=""),
    "a token with another key": lambda t: _credentials(t, access_key_id=t.keys["alice"].access_key_id),
    "a token with its maker's key and secret": lambda t: _credentials(
        t, access_key_id=t.keys["alice"].access_key_id, secret=t.keys["alice"].secret
    ),
    "a token of another session": lambda t: _credentials(t, session_token=_token_of(t, "bob's session")),
    "another's session with a stolen token": lambda t: _credentials(
        t, access_key_id=t.keys["bob's session"].access_key_id, secret=t.keys["bob's session"].secret
    ),
    "a session without its token": lambda t: _credentials(t, session_token=None),
    "half a token": lambda t: _credentials(t, session_token=_token_of(t, "session")[:-8]),
    "a token and more": lambda t: _credentials(t, session_token=f"{_token_of(t, 'session')}AAAA"),
    "a token of another purpose": lambda t: _credentials(t, session_token="A" * 200),
    "a token that nobody signed": lambda t: _with(
        t.signed("alice"), "x-amz-security-token", _token_of(t, "bob's session")
    ),
    "a token in the query that nobody signed": lambda t: replace(
        t.signed("alice"), query=f"X-Amz-Security-Token={quote(_token_of(t, 'session'), safe='')}"
    ),
    "a token added to a signed query": lambda t: replace(
        _in_the_query(t, "nobody"),
        query=f"{_in_the_query(t, 'nobody').query}&X-Amz-Security-Token={quote(_token_of(t, 'session'), safe='')}",
    ),
    "another region": lambda t: _authorization(t, "us-east-1", "us-west-2"),
    "a region that there is not": lambda t: _authorization(t, "us-east-1", "nowhere"),
    "another service": lambda t: _authorization(t, "/ec2/", "/sts/"),
    "yesterday": lambda t: _signed_elsewhere(t, -86_400),
    "tomorrow": lambda t: _signed_elsewhere(t, 86_400),
    "SHA-1": lambda t: _authorization(t, "SHA256", "SHA1"),
    "version 4a": lambda t: _authorization(t, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
    "no algorithm": lambda t: _authorization(t, "AWS4-HMAC-SHA256", "none"),
    "lower case": lambda t: _authorization(t, "AWS4-HMAC-SHA256", "aws4-hmac-sha256"),
    "no signature": lambda t: _authorization(t, "Signature=.*", "Signature="),
    "a signature of zeros": lambda t: _authorization(t, "Signature=.*", f"Signature={'0' * 64}"),
    "half a signature": lambda t: _authorization(t, "(Signature=.{32}).*", r"\1"),
    "no signed headers": lambda t: _authorization(t, "SignedHeaders=[^,]*", "SignedHeaders="),
    "the host is not signed": lambda t: _authorization(t, "host;", ""),
    "Basic": lambda t: _authorization(t, ".*", "Basic YWxpY2U6c2VjcmV0"),
    "Bearer": lambda t: _authorization(t, ".*", "Bearer x"),
    "a forged Authorization before": lambda t: replace(
        t.signed("bob"),
        headers=(("authorization", FORGED.format(t.keys["alice"].access_key_id)), *t.signed("bob").headers),
    ),
    "a forged Authorization behind": lambda t: _with(
        t.signed("alice"), "authorization", FORGED.format(t.keys["alice"].access_key_id)
    ),
    "both forms at once": lambda t: replace(_in_the_query(t, "alice"), headers=t.signed("alice").headers),
    "a header beside a signed query": lambda t: _with(
        _in_the_query(t, "alice"), "authorization", FORGED.format("AKIA")
    ),
    "two hosts": lambda t: _with(t.signed("alice"), "host", "ec2.amazonaws.com"),
    "another host": lambda t: _instead(t.signed("alice"), "host", "ec2.amazonaws.com"),
    "an action in the query": lambda t: replace(t.signed("alice", HARMLESS), query=WANTED.decode()),
    "an action in a GET's body": lambda t: replace(_in_the_query(t, "alice", HARMLESS), body=WANTED),
    "another body": lambda t: replace(t.signed("alice", HARMLESS), body=WANTED),
    "an unsigned payload": lambda t: replace(
        _with(t.signed("alice", HARMLESS), "x-amz-content-sha256", "UNSIGNED-PAYLOAD"), body=WANTED
    ),
    "a key id that is no ASCII": lambda t: _with(
        replace(t.signed("alice"), headers=t.signed("alice").headers[:3]), "authorization", FORGED.format("\xc4\xd6")
    ),
    "a key id with a line in it": lambda t: replace(
        _in_the_query(t, "alice"), query=re.sub("AKIA", "AK%0d%0aIA", _in_the_query(t, "alice").query)
    ),
    "a key id with a NUL": lambda t: replace(
        _in_the_query(t, "alice"), query=re.sub("AKIA", "AK%00IA", _in_the_query(t, "alice").query)
    ),
    "a query that is no UTF-8": lambda t: replace(
        _in_the_query(t, "alice"), query=f"{_in_the_query(t, 'alice').query}&X-Amz-Security-Token=%ff%fe"
    ),
}


@pytest.mark.parametrize("name", BENT)
def test_a_bent_signature_is_refused(target: Target, name: str) -> None:
    """What no caller signed as it stands is refused as AWS's dialect has it, and changes nothing (inferred)."""
    reply = repelled(target, on_the_line(BENT[name](target)), *UNBELIEVED)
    assert b"<Code>" in reply


LONG = {
    "key id": lambda length: FORGED.format("A" * length),
    "scope": lambda length: FORGED.format("AKIA/" + "20261123/" * (length // 9)),
    "signature": lambda length: FORGED.format("AKIA") + "0" * length,
    "signed headers": lambda length: FORGED.format("AKIA").replace("host", "host;" + "a;" * (length // 2)),
    "commas": lambda length: FORGED.format("AKIA") + "," * length,
    "spaces": lambda length: FORGED.format("AKIA").replace(" ", " " * length),
    "nothing but itself": lambda length: "A" * length,
}


@pytest.mark.parametrize("length", [1_000, 60_000, 200_000])
@pytest.mark.parametrize("part", LONG)
def test_absurd_lengths_are_refused(target: Target, part: str, length: int) -> None:
    """However long a part of an Authorization is, it is refused (inferred)."""
    plain = Request("POST", "/", "", (("host", "x"), ("authorization", LONG[part](length))), WANTED)
    repelled(target, on_the_line(plain), *UNREAD)


@pytest.mark.parametrize("length", [1_000, 50_000])
def test_absurd_tokens_are_refused(target: Target, length: int) -> None:
    """A token of any length is refused, in a header and in a query (inferred)."""
    repelled(target, on_the_line(_credentials(target, session_token="A" * length)), *UNREAD)
    query = f"{_in_the_query(target, 'alice').query}&X-Amz-Security-Token={'A' * length}"
    repelled(target, on_the_line(replace(_in_the_query(target, "alice"), query=query)), *UNREAD)


RAW = {
    "a NUL": b"AWS4-HMAC-SHA256 \x00",
    "UTF-8": "AWS4-HMAC-SHA256 Credential=ключ/20261123/us-east-1/ec2/aws4_request".encode(),
    "no UTF-8": b"AWS4-HMAC-SHA256 Credential=\xff\xfe/20261123/us-east-1/ec2/aws4_request",
    "escapes": b"AWS4-HMAC-SHA256 \x1b[2J",
    "a line": b"AWS4-HMAC-SHA256\r\n Credential=x",
}


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_no_header_has_are_refused(target: Target, name: str) -> None:
    """An Authorization of odd bytes is refused, and none of them reaches the log (inferred)."""
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " + RAW[name]
    repelled(target, head + b"\r\nContent-Length: %d\r\n\r\n" % len(WANTED) + WANTED, *UNREAD)


GRASPING = [
    WANTED,
    WANTED + b"&DryRun=true",
    WANTED.replace(b"Create", b"create"),
    WANTED.replace(b"CreateSecurityGroup", b"CREATESECURITYGROUP"),
    WANTED.replace(b"Group&", b"Group+&", 1),
    WANTED.replace(b"Group&", b"Group%00&", 1),
    WANTED.replace(b"Action=", b"Action=DescribeVpcs&Action="),
    WANTED.replace(b"Action=", b"Action=DescribeVpcs&action="),
    WANTED.replace(b"Action=", b"Action.1=DescribeVpcs&Action="),
    WANTED + b"&Action=DescribeVpcs",
    WANTED + b"&Action.member.1=DescribeVpcs",
    WANTED.replace(b"CreateSecurityGroup", b"ec2:CreateSecurityGroup"),
    WANTED.replace(b"2016-11-15", b"2011-06-15"),
    b"Action=ApplyChanges&Version=2026-11-01&Calls.member.1.Operation=CreateSecurityGroup&Calls.member.1.Parameters="
    + quote(json.dumps({"GroupName": "pwned", "Description": "x"})).encode(),
    b"Action=RunInstances&Version=2016-11-15&MinCount=1&MaxCount=1&ImageId=ami-0123456789abcdef0",
    b"Action=CreateDefaultVpc&Version=2016-11-15",
]


@pytest.mark.parametrize("body", GRASPING)
@pytest.mark.parametrize("who", ["bob", "nobody", "bob's session"])
def test_who_may_only_look_changes_nothing(target: Target, who: str, body: bytes) -> None:
    """However the action is written, what is performed is what was allowed: reference 2.1 [docs]."""
    with target.by(who) as remote:
        service = "groupwall" if b"2026-11-01" in body else "sts" if b"2011-06-15" in body else "ec2"
        request = remote.signed(body, service)
    repelled(target, on_the_line(request), 400, 401, 403)


@pytest.mark.parametrize("extra", ["", "DryRun=true"])
def test_an_action_in_query_and_body_is_one(target: Target, extra: str) -> None:
    """A caller that signs two actions, one in the query, is held to what is performed (inferred)."""
    with target.by("bob") as remote:
        plain = Request("POST", "/", f"{WANTED.decode()}&{extra}".rstrip("&"), remote.signed(HARMLESS).headers[:2], b"")
        for query, body in ((plain.query, HARMLESS), (HARMLESS.decode(), WANTED)):
            request = _resigned(target, "bob", replace(plain, query=query, body=body))
            repelled(target, on_the_line(request), 400)


def _resigned(target: Target, name: str, request: Request) -> Request:
    theirs = AWSRequest(
        request.method, f"{target.url}/?{request.query}", headers=dict(request.headers[1:]), data=request.body
    )
    key = target.keys[name]
    SigV4Auth(TheirCredentials(key.access_key_id, key.secret), "ec2", "us-east-1").add_auth(theirs)
    return replace(request, headers=(request.headers[0], *((n.lower(), v) for n, v in theirs.headers.items())))


def _revoke(**given: object) -> dict[str, object]:
    return {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "192.0.2.0/24", **given}


def _ways(target: Target) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the ways to a group and its rule: by the group's id, its name, the rule's id, within another call."""
    kept, rule, other = target.ids["kept"], target.ids["rule"], target.ids["other"]
    yield "RevokeSecurityGroupIngress", _revoke(GroupId=kept)
    yield "RevokeSecurityGroupIngress", _revoke(GroupName="kept")
    yield "RevokeSecurityGroupIngress", _revoke(GroupId=kept, GroupName="other")
    yield "RevokeSecurityGroupIngress", {"GroupId": kept, "SecurityGroupRuleIds": [rule]}
    yield "RevokeSecurityGroupIngress", {"GroupName": "kept", "SecurityGroupRuleIds": [rule]}
    yield "AuthorizeSecurityGroupIngress", _revoke(GroupName="kept", CidrIp="0.0.0.0/0")
    yield "DeleteSecurityGroup", {"GroupId": kept}
    yield "DeleteSecurityGroup", {"GroupName": "kept"}
    yield "ModifySecurityGroupRules", {"GroupId": kept, "SecurityGroupRules": [_changed(rule)]}
    yield "CreateTags", {"Resources": [kept], "Tags": [{"Key": "a", "Value": "b"}]}
    yield "CreateTags", {"Resources": [other, kept], "Tags": [{"Key": "a", "Value": "b"}]}
    for given in (_revoke(GroupId=kept), _revoke(GroupName="kept")):
        one = {"Operation": "RevokeSecurityGroupIngress", "Parameters": json.dumps(given)}
        yield "ApplyChanges", {"Calls": [one]}


def _detours(target: Target) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what does not name the group, or not in its form, and so is allowed, and futile."""
    kept, rule, other = target.ids["kept"], target.ids["rule"], target.ids["other"]
    yield "RevokeSecurityGroupIngress", _revoke(GroupId=other, GroupName="kept")
    yield "RevokeSecurityGroupIngress", _revoke(GroupId=kept.upper())
    yield "RevokeSecurityGroupIngress", _revoke(GroupId=f" {kept}")
    yield "RevokeSecurityGroupIngress", {"GroupId": other, "SecurityGroupRuleIds": [rule]}
    yield "ModifySecurityGroupRules", {"GroupId": other, "SecurityGroupRules": [_changed(rule)]}


def _changed(rule: str) -> dict[str, Any]:
    return {"SecurityGroupRuleId": rule, "SecurityGroupRule": {"IpProtocol": "-1", "CidrIpv4": "0.0.0.0/0"}}


def test_every_way_to_a_group_is_guarded(target: Target) -> None:
    """A group that is denied is denied by id, by name, by its rules and within other calls: reference 22 [docs]."""
    with target.by("carol") as remote:
        assert remote.call("DescribeSecurityGroups", GroupIds=[target.ids["kept"]])["SecurityGroups"]
        for name, params in _ways(target):
            repelled(target, on_the_line(remote.request(name, **params)), 403)
            if name != "ApplyChanges":
                repelled(target, on_the_line(remote.request(name, DryRun=True, **params)), 403)
        for name, params in _detours(target):
            repelled(target, on_the_line(remote.request(name, **params)), 400)


def test_another_account_is_another_world(target: Target) -> None:
    """The world is the key's account, whatever a request names: nothing of another is seen or changed (inferred)."""
    theirs = target.ids["theirs"]
    with target.by("alice") as remote:
        for name, params in (
            ("DeleteSecurityGroup", {"GroupId": theirs}),
            ("RevokeSecurityGroupIngress", _revoke(GroupId=theirs)),
            ("AuthorizeSecurityGroupIngress", _revoke(GroupId=theirs)),
            ("CreateTags", {"Resources": [theirs], "Tags": [{"Key": "a", "Value": "b"}]}),
            ("DescribeSecurityGroups", {"GroupIds": [theirs]}),
        ):
            repelled(target, on_the_line(remote.request(name, **params)), 400, 403)
        body = urlencode({"Action": "DescribeSecurityGroups", "Version": "2016-11-15", "OwnerId": THEIRS}).encode()
        repelled(target, on_the_line(remote.signed(body)), 400)
        seen = remote.call("DescribeSecurityGroups")["SecurityGroups"]
    assert {group["OwnerId"] for group in seen} == {OURS}


@pytest.mark.parametrize("name", ["DescribeVpcs", "DescribeSecurityGroups", "DescribeChanges", "AssumeRole"])
def test_a_user_without_policies_may_nothing(target: Target, name: str) -> None:
    """Who has no policy is told who it is, and may do nothing else: reference 2.3 [docs]."""
    with target.by("nobody") as remote:
        given = {"RoleArn": f"arn:aws:iam::{OURS}:role/admin", "RoleSessionName": "xx"} if name == "AssumeRole" else {}
        reply = repelled(target, on_the_line(remote.request(name, **given)), 403)
        assert remote.call("GetCallerIdentity")["Arn"] == f"arn:aws:iam::{OURS}:user/nobody"
    assert b"user/nobody is not authorized to perform" in reply


def test_dry_run_of_the_denied_is_denied(target: Target) -> None:
    """DryRun tells the truth: 403 to who may not, 412 to who may, and nothing happens: reference 2.2 [recorded]."""
    for who, status in (("bob", 403), ("nobody", 403), ("alice", 412), ("session", 412)):
        repelled(target, on_the_line(target.signed(who, WANTED + b"&DryRun=true")), status)


def test_whoever_may_still_does(target: Target) -> None:
    """After all of it the server serves who may (inferred)."""
    with target.by("session") as remote:
        made = remote.call("CreateSecurityGroup", GroupName="after", Description="x")["GroupId"]
        remote.call("DeleteSecurityGroup", GroupId=made)
