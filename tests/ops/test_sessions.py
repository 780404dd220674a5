"""GetSessionToken, AssumeRole, DecodeAuthorizationMessage: who gets temporary credentials, and what they are worth."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from groupwall.errors import ApiError
from groupwall.iam import keys
from groupwall.store.sqlite import MEMORY, open_store
from groupwall.units import Ids
from groupwall.wire.sigv4 import Credentials
from tests.driver import ACTIONS, NOW, Wall
from tests.signing import ALLOW_ALL, Verified, policy, trust

ACCOUNT, OTHER = "123456789012", "210987654321"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
ASSUME = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
DENY_ASSUME = policy({"Effect": "Deny", "Action": "sts:*", "Resource": "*"})
READ = policy({"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"})
NIGHT = {"RoleSessionName": "night"}


@pytest.fixture
def server(wall: Wall) -> Verified:
    """A server that asks policies."""
    return Verified(wall, "iam")


def refusal(wall: Wall, name: str, **params: Any) -> tuple[str, str]:  # noqa: ANN401 - as boto3 gives them
    """Return code and text of what a call is refused with."""
    with pytest.raises(ApiError) as caught:
        wall.call(name, **params)
    return caught.value.code, caught.value.message


def seconds(wall: Verified, name: str, **params: Any) -> float:  # noqa: ANN401 - as boto3 gives them
    """Return how long the credentials of a call are good for."""
    told = wall.call(name, **params)["Credentials"]["Expiration"]
    return float(told.timestamp() - NOW / 1000)


def test_a_session_token_is_as_good_as_the_key(server: Verified) -> None:
    """Its caller is the user, and may do what the user may and no more: STS's GetSessionToken [docs]."""
    alice = server.by(server.key("alice", policy=READ)).session("GetSessionToken")
    assert alice.credentials.access_key_id.startswith("ASIA")
    assert alice.arn == ALICE
    assert alice.call("DescribeVpcs")["Vpcs"]
    code, message = refusal(alice, "CreateVpc", CidrBlock="10.0.0.0/16")
    assert (code, f"User: {ALICE} is not" in message) == ("UnauthorizedOperation", True)


@pytest.mark.parametrize(
    ("user", "asked", "given"),
    [("alice", None, 43_200), ("alice", 900, 900), ("alice", 129_600, 129_600), ("", None, 3_600), ("", 7_200, 3_600)],
)
def test_a_session_token_lasts(server: Verified, user: str, asked: int | None, given: int) -> None:
    """Twelve hours, or 900 to 129,600 seconds; the root's one hour at most: STS's GetSessionToken [docs]."""
    caller = server.by(server.key(user))
    params = {} if asked is None else {"DurationSeconds": asked}
    assert seconds(caller, "GetSessionToken", **params) == given


@pytest.mark.parametrize(("asked", "given"), [(None, 3_600), (900, 900), (43_200, 43_200)])
def test_a_role_lasts(server: Verified, asked: int | None, given: int) -> None:
    """An hour, or 900 to 43,200 seconds: STS's AssumeRole [docs]; roles have no maximum of their own (inferred)."""
    arn = server.role("deploy", trust(ALICE))
    params = {} if asked is None else {"DurationSeconds": asked}
    assert seconds(server.by(server.key("alice")), "AssumeRole", RoleArn=arn, **NIGHT, **params) == given


def test_a_session_ends_with_its_key(server: Verified) -> None:
    """No credentials are told to outlive the key that they were got by (inferred)."""
    caller = server.by(server.key("alice", expires=NOW + 1_000_000))
    assert seconds(caller, "GetSessionToken") == 1000


WRONG = {
    "too short": ("GetSessionToken", {"DurationSeconds": 899}),
    "too long": ("GetSessionToken", {"DurationSeconds": 129_601}),
    "role too short": ("AssumeRole", {**NIGHT, "DurationSeconds": 899}),
    "role too long": ("AssumeRole", {**NIGHT, "DurationSeconds": 43_201}),
    "name too short": ("AssumeRole", {"RoleSessionName": "x"}),
    "name with a slash": ("AssumeRole", {"RoleSessionName": "a/b"}),
    "name too long": ("AssumeRole", {"RoleSessionName": "x" * 65}),
    "a user": ("AssumeRole", {**NIGHT, "RoleArn": ALICE}),
    "a path": ("AssumeRole", {**NIGHT, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/path/deploy"}),
    "policy too long": ("AssumeRole", {**NIGHT, "Policy": ALLOW_ALL + " " * 2048}),
    "tags": ("AssumeRole", {**NIGHT, "Tags": [{"Key": "a", "Value": "b"}]}),
    "managed policies": ("AssumeRole", {**NIGHT, "PolicyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]}),
    "a device": ("AssumeRole", {**NIGHT, "SerialNumber": "arn:aws:iam::123456789012:mfa/a", "TokenCode": "123456"}),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_is_refused(server: Verified, wrong: str) -> None:
    """Durations and names out of bounds, and what no session here heeds: limits of STS's API reference [docs]."""
    name, params = WRONG[wrong]
    role = {"RoleArn": server.role("deploy", trust(ALICE))} if name == "AssumeRole" else {}
    assert refusal(server.by(server.key("alice")), name, **(role | params))[0] == "ValidationError"


def test_a_session_policy_must_be_one(server: Verified) -> None:
    """A document that cannot be read is refused before the role is looked at: AssumeRole's errors [docs]."""
    params = {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none", **NIGHT, "Policy": "{"}
    assert refusal(server.by(server.key("alice")), "AssumeRole", **params)[0] == "MalformedPolicyDocument"


def test_a_role_is_assumed(server: Verified) -> None:
    """The caller is the role's session, whatever its user may do: STS's AssumeRole [docs]."""
    arn = server.role("deploy", trust(ALICE), policy=READ)
    alice = server.by(server.key("alice"))
    told = alice.call("AssumeRole", RoleArn=arn, **NIGHT)
    assert told["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/night"
    assert re.fullmatch(r"AROA[A-Z0-9]{17}:night", told["AssumedRoleUser"]["AssumedRoleId"])
    assert "PackedPolicySize" not in told
    role = alice.session("AssumeRole", RoleArn=arn, **NIGHT)
    assert role.arn == told["AssumedRoleUser"]["Arn"]
    assert role.call("GetCallerIdentity")["UserId"] == told["AssumedRoleUser"]["AssumedRoleId"]
    assert role.call("DescribeVpcs")["Vpcs"]
    assert refusal(role, "CreateVpc", CidrBlock="10.0.0.0/16")[0] == "UnauthorizedOperation"
    assert refusal(alice, "DescribeVpcs")[0] == "UnauthorizedOperation"


UNALLOWED = "because no identity-based policy allows the sts:AssumeRole action"
UNTRUSTED = "because no resource-based policy allows the sts:AssumeRole action"
WITHIN = {
    # who is trusted, the caller's policy, its boundary: the end of the refusal, None for none
    "the caller is named": (trust(ALICE), None, None, None),
    "the account is named, and the caller allowed": (trust(ACCOUNT), ASSUME, None, None),
    "the account's root is named": (trust(f"arn:aws:iam::{ACCOUNT}:root"), ASSUME, None, None),
    "the account is named, and the caller not allowed": (trust(ACCOUNT), None, None, UNALLOWED),
    "everyone is named, and the caller not allowed": (trust("*"), READ, None, UNALLOWED),
    "somebody else is named": (trust(f"arn:aws:iam::{ACCOUNT}:user/bob"), ASSUME, None, UNTRUSTED),
    "another account is named": (trust(OTHER), ASSUME, None, UNTRUSTED),
    "named, but denied": (trust(ALICE), DENY_ASSUME, None, "with an explicit deny in an identity-based policy"),
    "named, but beyond its boundary": (
        trust(ALICE), ASSUME, READ, "because no permissions boundary allows the sts:AssumeRole action",
    ),
    "the role denies": (
        json.dumps({"Version": "2012-10-17", "Statement": [
            json.loads(trust(ALICE))["Statement"][0], json.loads(trust(ALICE, effect="Deny"))["Statement"][0],
        ]}),
        ASSUME, None, "with an explicit deny in a resource-based policy",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WITHIN)
def test_who_may_assume_a_role(server: Verified, case: str) -> None:
    """The trust policy, and where it names no caller the caller's own: IAM's evaluation logic [docs]."""
    trusted, own, boundary, expected = WITHIN[case]
    arn = server.role("deploy", trusted)
    alice = server.by(server.key("alice", policy=own, boundary=boundary or ""))
    if expected is None:
        assert alice.session("AssumeRole", RoleArn=arn, **NIGHT).arn.endswith("assumed-role/deploy/night")
        return
    code, message = refusal(alice, "AssumeRole", RoleArn=arn, **NIGHT)
    assert (code, message) == (
        "AccessDenied",
        f"User: {ALICE} is not authorized to perform: sts:AssumeRole on resource: {arn} {expected}",
    )


@pytest.mark.parametrize(("own", "allowed"), [(None, False), (ASSUME, True)])
def test_another_account_needs_both(server: Verified, own: str | None, allowed: bool) -> None:  # noqa: FBT001 - a row
    """A caller of another account needs to be trusted and allowed, even if it is named: evaluation logic [docs]."""
    arn = server.role("deploy", trust(ALICE), account=OTHER, policy=ALLOW_ALL)
    alice = server.by(server.key("alice", policy=own, boundary=""))
    if not allowed:
        assert refusal(alice, "AssumeRole", RoleArn=arn, **NIGHT)[1].endswith(UNALLOWED)
        return
    role = alice.session("AssumeRole", RoleArn=arn, **NIGHT)
    assert role.arn == f"arn:aws:sts::{OTHER}:assumed-role/deploy/night"
    made = role.call("CreateSecurityGroup", GroupName="web", Description="d")
    assert f":{OTHER}:" in made["SecurityGroupArn"]


def test_conditions_of_trust_are_held(server: Verified) -> None:
    """A trust policy may ask for the external id and the session's name: STS's condition keys [docs]."""
    wanted = {"StringEquals": {"sts:ExternalId": "us"}, "StringLike": {"sts:RoleSessionName": "ni*"}}
    params = {"RoleArn": server.role("deploy", trust(ALICE, **wanted)), **NIGHT}
    alice = server.by(server.key("alice"))
    assert refusal(alice, "AssumeRole", **params)[0] == "AccessDenied"
    assert refusal(alice, "AssumeRole", **params, ExternalId="them")[0] == "AccessDenied"
    assert refusal(alice, "AssumeRole", **(params | {"RoleSessionName": "day"}), ExternalId="us")[0] == "AccessDenied"
    assert alice.session("AssumeRole", **params, ExternalId="us").arn.endswith("/night")


def test_a_role_that_is_not_there_is_not_told_from_another(server: Verified) -> None:
    """A refusal does not tell which roles there are (inferred)."""
    alice = server.by(server.key("alice", policy=ALLOW_ALL))
    server.role("there", trust(OTHER))
    told = [
        refusal(alice, "AssumeRole", RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", **NIGHT)
        for name in ("there", "none!")
    ]
    assert told[0] == (told[1][0], told[1][1].replace("none!", "there"))


def test_the_root_assumes_no_role(server: Verified) -> None:
    """Neither by its key nor by a session of it: STS's AssumeRole [docs]."""
    root = server.by(server.key())
    params = {"RoleArn": server.role("deploy", trust(ACCOUNT)), **NIGHT}
    for caller in (root, root.session("GetSessionToken")):
        assert refusal(caller, "AssumeRole", **params) == (
            "AccessDenied", "Roles may not be assumed by root accounts.",
        )  # fmt: skip


def test_roles_are_chained_for_an_hour(server: Verified) -> None:
    """A role's session may assume another role, for an hour at most: STS's AssumeRole [docs]."""
    first = server.role("first", trust(ALICE))
    second = server.role("second", trust(first))
    role = server.by(server.key("alice")).session("AssumeRole", RoleArn=first, **NIGHT)
    params = {"RoleArn": second, "RoleSessionName": "on"}
    assert seconds(role, "AssumeRole", **params) == 3_600
    code, message = refusal(role, "AssumeRole", **params, DurationSeconds=3_601)
    assert (code, "role chaining" in message) == ("ValidationError", True)
    assert role.session("AssumeRole", **params).arn.endswith("second/on")


def test_a_session_gets_no_session_token(server: Verified) -> None:
    """GetSessionToken takes keys that last: STS's comparison of its operations [docs]."""
    session = server.by(server.key("alice")).session("GetSessionToken")
    assert refusal(session, "GetSessionToken") == (
        "AccessDenied", "Cannot call GetSessionToken with session credentials",
    )  # fmt: skip


def test_a_session_policy_limits_the_role(server: Verified) -> None:
    """What both allow is allowed: users 7.1 [docs]; the size is the share of the longest policy (inferred)."""
    arn = server.role("deploy", trust(ALICE), policy=ALLOW_ALL)
    alice = server.by(server.key("alice"))
    told = alice.call("AssumeRole", RoleArn=arn, Policy=READ, **NIGHT)
    assert told["PackedPolicySize"] == -(-100 * len(READ) // 2048)
    role = alice.session("AssumeRole", RoleArn=arn, Policy=READ, **NIGHT)
    assert role.call("DescribeVpcs")["Vpcs"]
    _, message = refusal(role, "CreateVpc", CidrBlock="10.0.0.0/16")
    assert "because no session policy allows the ec2:CreateVpc action" in message


@pytest.mark.parametrize("end", ["disable", "delete", "expire"])
def test_a_session_goes_with_its_key(server: Verified, end: str) -> None:
    """A key that is disabled, deleted or has expired takes its sessions along, and gives out none (inferred)."""
    credentials = server.key("alice", policy=ALLOW_ALL, expires=NOW + 1_000_000)
    arn = server.role("deploy", trust(ALICE), policy=ALLOW_ALL)
    alice = server.by(credentials)
    sessions = [alice, alice.session("GetSessionToken"), alice.session("AssumeRole", RoleArn=arn, **NIGHT)]
    assert all(one.call("DescribeVpcs")["Vpcs"] for one in sessions)
    key_id = credentials.access_key_id
    if end == "expire":
        server.clock.advance(1000)
    elif end == "delete":
        server.store.run(lambda tx: keys.delete(tx, server.ids, NOW, key_id))
    else:
        server.store.run(lambda tx: keys.set_status(tx, server.ids, NOW, key_id, keys.INACTIVE))
    told = [refusal(one, name)[0] for one in sessions for name in ("DescribeVpcs", "GetCallerIdentity")]
    assert set(told) == (
        {"RequestExpired", "ExpiredToken"} if end == "expire" else {"AuthFailure", "InvalidClientTokenId"}
    )
    assert refusal(alice, "GetSessionToken")[0] == told[1]


def test_a_session_ends_at_its_time(server: Verified) -> None:
    """Its last millisecond is good, the next is not; EC2 and STS say so in their own way (inferred)."""
    alice = server.by(server.key("alice", policy=ALLOW_ALL)).session("GetSessionToken", DurationSeconds=900)
    server.clock.advance(899.999)
    assert alice.call("DescribeVpcs")["Vpcs"]
    server.clock.advance(0.001)
    assert refusal(alice, "DescribeVpcs")[0] == "RequestExpired"
    assert refusal(alice, "GetCallerIdentity")[0] == "ExpiredToken"


def tampered(session: Credentials, other: Credentials) -> dict[str, Credentials]:
    """Return credentials of which one part is not what was given out."""
    token = str(session.session_token)
    middle = len(token) // 2
    return {
        "a bit of the token": replace(
            session, session_token=f"{token[:middle]}{'A' if token[middle] != 'A' else 'B'}{token[middle + 1 :]}"
        ),
        "the token cut": replace(session, session_token=token[:-4]),
        "more token": replace(session, session_token=f"{token}AAAA"),
        "no token": replace(session, session_token=None),
        "an empty token": replace(session, session_token="="),  # noqa: S106 - none
        "the token of another": replace(session, session_token=other.session_token),
        "the id of another": replace(session, access_key_id=other.access_key_id),
        "the secret of another": replace(session, secret=other.secret),
        "the key's id": replace(session, access_key_id=other.access_key_id, secret=other.secret),
    }


@pytest.mark.parametrize("part", tampered(Credentials("a", "b", "cccc"), Credentials("d", "e", "ffff")))
def test_no_part_can_be_another(server: Verified, part: str) -> None:
    """A session is its id, its secret and its token together; nothing else is taken: users 8 [docs]."""
    session = server.by(server.key("alice", policy=ALLOW_ALL)).session("GetSessionToken")
    other = server.by(server.key("bob", policy=ALLOW_ALL)).session("GetSessionToken")
    changed = server.by(tampered(session.credentials, other.credentials)[part])
    assert refusal(changed, "DescribeVpcs")[0] == "AuthFailure"


def test_a_key_takes_no_token(server: Verified) -> None:
    """A key that lasts with the token of its own session is refused (inferred)."""
    credentials = server.key("alice", policy=ALLOW_ALL)
    token = server.by(credentials).session("GetSessionToken").credentials.session_token
    assert refusal(server.by(replace(credentials, session_token=token)), "DescribeVpcs")[0] == "AuthFailure"


def test_the_token_must_be_signed(server: Verified) -> None:
    """A token beside the signature instead of under it is refused: users 8 [docs]."""
    session = server.by(server.key("alice", policy=ALLOW_ALL)).session("GetSessionToken")
    bare = server.by(replace(session.credentials, session_token=None)).request(ACTIONS["DescribeVpcs"])
    token = ("x-amz-security-token", str(session.credentials.session_token))
    reply = server.send(replace(bare, headers=(*bare.headers, token)))
    assert (reply.status, b"<Code>IncompleteSignature</Code>" in reply.body) == (403, True)


def test_tokens_are_of_one_store(server: Verified) -> None:
    """Another store gives out other secrets and reads no token of this one (inferred)."""
    session = server.by(server.key("alice")).session("GetSessionToken")
    with Wall() as elsewhere:
        elsewhere.close()
        elsewhere.store = open_store(MEMORY, Ids(9))
        other = Verified(elsewhere, "iam")
        assert refusal(other.by(session.credentials), "DescribeVpcs")[0] == "AuthFailure"


def test_nothing_is_written(server: Verified) -> None:
    """Temporary credentials leave nothing in the store, and so no secret in the history (inferred)."""
    alice = server.by(server.key("alice"))
    arn = server.role("deploy", trust(ALICE))
    before = server.app.revision()
    alice.session("GetSessionToken")
    alice.session("AssumeRole", RoleArn=arn, **NIGHT)
    assert server.app.revision() == before


@pytest.mark.parametrize("auth", ["open", "signed"])
def test_where_policies_do_not_count(wall: Wall, auth: str) -> None:
    """An open server gives anyone what it asks for; one that only verifies asks the role whom it trusts (inferred)."""
    server = Verified(wall, auth)
    alice = server.by(server.key("alice") if auth == "signed" else Credentials(ACCOUNT, "any"))
    free = {"RoleArn": f"arn:aws:iam::{OTHER}:role/anything", **NIGHT}
    if auth == "signed":
        assert refusal(alice, "AssumeRole", **free)[0] == "AccessDenied"
        free = {"RoleArn": server.role("deploy", trust(ACCOUNT), account=OTHER), **NIGHT}
    role = alice.session("AssumeRole", **free)
    assert role.arn.startswith(f"arn:aws:sts::{OTHER}:assumed-role/")
    assert f":{OTHER}:" in role.call("CreateSecurityGroup", GroupName="web", Description="d")["SecurityGroupArn"]
    root = alice if auth == "open" else server.by(server.key())
    assert root.session("GetSessionToken").arn == f"arn:aws:iam::{ACCOUNT}:root"


def told_of(server: Verified) -> str:
    """Return the encoded message of a refusal of alice's."""
    _, message = refusal(server.by(server.key("alice")), "CreateVpc", CidrBlock="10.0.0.0/16")
    return message.rpartition(" ")[2]


def test_a_refusal_is_decoded(server: Verified) -> None:
    """Whoever may decode it reads the deciding statements: reference 2.3 [docs]."""
    deny = policy({"Sid": "NoVpc", "Effect": "Deny", "Action": "ec2:CreateVpc", "Resource": "*"})
    server.keep("user", "alice", policy=deny)
    message = told_of(server)
    told = json.loads(
        server.by(server.key()).call("DecodeAuthorizationMessage", EncodedMessage=message)["DecodedMessage"]
    )
    assert (told["allowed"], told["explicitDeny"]) == (False, True)
    assert told["matchedStatements"]["items"][0]["statementId"] == "NoVpc"
    assert told["context"]["principal"]["arn"] == ALICE
    assert told["context"]["action"] == "ec2:CreateVpc"


def test_decoding_needs_permission(server: Verified) -> None:
    """sts:DecodeAuthorizationMessage is an action like others, refused in STS's form: reference 2.3 [docs]."""
    message = told_of(server)
    code, text = refusal(server.by(server.key("alice")), "DecodeAuthorizationMessage", EncodedMessage=message)
    assert code == "AccessDenied"
    assert text == (
        f"User: {ALICE} is not authorized to perform: sts:DecodeAuthorizationMessage "
        "because no identity-based policy allows the sts:DecodeAuthorizationMessage action"
    )


CHANGES: dict[str, Callable[[str], str]] = {
    "nothing": lambda _: "",
    "cut": lambda message: message[:-1],
    "longer": lambda message: message + "AAAA",
    "other letters": lambda message: message.swapcase(),
    "no base64": lambda message: "ä" + message,
}


@pytest.mark.parametrize("change", CHANGES)
def test_only_our_messages_are_decoded(server: Verified, change: str) -> None:
    """What is no message of this store is refused: DecodeAuthorizationMessage's error [docs]."""
    message = CHANGES[change](told_of(server))
    root = server.by(server.key())
    assert refusal(root, "DecodeAuthorizationMessage", EncodedMessage=message) == (
        "InvalidAuthorizationMessageException", "Message is not valid",
    )  # fmt: skip


def test_a_token_is_no_message(server: Verified) -> None:
    """What is sealed for one purpose is not opened for another (inferred)."""
    root = server.by(server.key())
    token = str(root.session("GetSessionToken").credentials.session_token)
    assert refusal(root, "DecodeAuthorizationMessage", EncodedMessage=token)[1] == "Message is not valid"


def test_another_account_decodes_nothing(server: Verified) -> None:
    """The message tells of a caller, and so is for its account alone (inferred)."""
    message = told_of(server)
    other = server.by(server.key(account=OTHER))
    assert refusal(other, "DecodeAuthorizationMessage", EncodedMessage=message)[1] == "Message is not valid"
