"""Whom a role's trust policy lets in."""

from __future__ import annotations

import json
from typing import NamedTuple

import pytest

from groupwall.iam.documents import read
from groupwall.iam.policy import Policy, trusts
from tests.iam.policies import Json, access

ROLE = "arn:aws:iam::123456789012:role/deploy"
ALICE = ("arn:aws:iam::123456789012:user/alice", "123456789012")
ROOT = ("arn:aws:iam::123456789012:root", "123456789012")
SESSION = ("arn:aws:sts::123456789012:assumed-role/ci/run", "arn:aws:iam::123456789012:role/ci", "123456789012")
STRANGER = ("arn:aws:iam::999999999999:user/alice", "999999999999")


def trust(*principals: object, effect: str = "Allow", **elements: object) -> Json:
    """Return a statement that names principals of AWS's kind."""
    return {"Effect": effect, "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole", **elements}


def policy(*statements: Json) -> Policy:
    """Return a trust policy."""
    return read(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), "deploy", trust=True)


class Row(NamedTuple):
    """One decision. told: named, through its account, explicit or implicit."""

    rule: str
    caller: tuple[str, ...]
    statements: list[Json]
    told: str


ROWS = [
    Row("a user by its ARN", ALICE, [trust(ALICE[0])], "named"),
    Row("another user is not", ALICE, [trust(f"{ALICE[0]}2")], "implicit"),
    Row("ARNs know case", ALICE, [trust("arn:aws:iam::123456789012:user/Alice")], "implicit"),
    Row("an account by its id", ALICE, [trust("123456789012")], "account"),
    Row("an account by its root", ALICE, [trust(ROOT[0])], "account"),
    Row("another account", STRANGER, [trust("123456789012")], "implicit"),
    Row("a user of another account by its ARN", STRANGER, [trust(STRANGER[0])], "named"),
    Row("everyone", STRANGER, [trust("*")], "account"),
    Row("everyone, written alone", STRANGER, [{**trust(), "Principal": "*"}], "account"),
    Row("a session by its role", SESSION, [trust("arn:aws:iam::123456789012:role/ci")], "named"),
    Row("a session by itself", SESSION, [trust(SESSION[0])], "named"),
    Row("one of several", ALICE, [trust("999999999999", ALICE[0])], "named"),
    Row("named by one statement, its account by another", ALICE, [trust("123456789012"), trust(ALICE[0])], "named"),
    Row("a Deny of the account wins", ALICE, [trust(ALICE[0]), trust("123456789012", effect="Deny")], "explicit"),
    Row("a Deny of another does not", ALICE, [trust(ALICE[0]), trust(STRANGER[0], effect="Deny")], "named"),
    Row("a Deny of everyone wins", ALICE, [trust(ALICE[0]), trust("*", effect="Deny")], "explicit"),
    Row("another action", ALICE, [trust(ALICE[0], Action="sts:TagSession")], "implicit"),
    Row("a condition that is met", ALICE, [trust("*", Condition={"StringEquals": {"sts:ExternalId": "7"}})], "account"),
    Row("one that is not", ALICE,
        [trust(ALICE[0], Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], "implicit"),
    Row("a service is nobody here", ALICE, [{**trust(), "Principal": {"Service": "ec2.amazonaws.com"}}], "implicit"),
    Row("nobody", ALICE, [], "implicit"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_trust_policy_lets_in_whom_it_names(row: Row) -> None:
    """Principals are ARNs, accounts, roots that stand for accounts, and everyone (inferred)."""
    asked = access({"sts:externalid": ("7",)}, action="sts:AssumeRole", resource=ROLE)
    found = trusts(policy(*row.statements), asked, row.caller)
    told = "explicit" if found.explicit else "implicit"
    if found.allowed:
        told = "named" if found.named else "account"
    assert told == row.told, found.why
    assert bool(found.matched) is (row.told != "implicit")


def test_a_root_that_is_named_is_named_itself() -> None:
    """A root asks for its account, so that naming the account says no more than what it may do anyway (inferred)."""
    asked = access(action="sts:AssumeRole", resource=ROLE)
    assert trusts(policy(trust("123456789012")), asked, ROOT)[:3] == (True, False, False)


def test_why_a_caller_is_not_trusted() -> None:
    """It is told that nobody names the caller, or what keeps those from applying who do (inferred)."""
    asked = access(action="sts:AssumeRole", resource=ROLE)
    lacks = "the trust policy deploy does not allow sts:AssumeRole to arn:aws:iam::123456789012:user/alice"
    assert trusts(policy(trust("999999999999")), asked, ALICE).why == (
        f"{lacks}: no statement that allows it names the caller or its account"
    )
    guarded = trust(ALICE[0], Sid="Ci", Condition={"StringEquals": {"sts:ExternalId": "7"}})
    assert trusts(policy(guarded), asked, ALICE).why == (
        f"{lacks}: statement Ci of the trust policy deploy does not apply: "
        'StringEquals of sts:ExternalId wants "7", finds none'
    )
    assert trusts(policy(trust(ALICE[0], Sid="Ci")), asked, ALICE).why == (
        "statement Ci of the trust policy deploy allows it"
    )
    denied = trusts(policy(trust("*", effect="Deny")), asked, ALICE)
    assert denied.why == "statement 0 of the trust policy deploy denies it explicitly"
