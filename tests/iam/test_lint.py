"""What is legal in a policy and likely not what was meant."""

from __future__ import annotations

import pytest

from groupwall.iam.documents import faults, read
from groupwall.iam.lint import Known
from tests.iam.policies import Json, statement, text

ACTIONS = frozenset({"ec2:RevokeSecurityGroupIngress", "ec2:DescribeSecurityGroups", "groupwall:PreviewRevoke"})
KEYS = frozenset({"aws:sourceip", "aws:username", "aws:tagkeys", "aws:resourcetag/"})
KNOWN = Known(ACTIONS, KEYS, frozenset({"ec2:DescribeSecurityGroups"}), frozenset({"security-group", "vpc"}))


def told(document: str) -> list[str]:
    """Return the warnings of a document; there is nothing grave in it."""
    found = faults(document, KNOWN)
    assert not any(fault.grave for fault in found)
    return [str(fault) for fault in found]


NOTHING = "so this matches nothing"
UNREAD = "an Allow does not match by it, a Deny does"
WARNED: list[tuple[Json, str]] = [
    ({"Action": "ec2:RevokeGroup"},
     f"`ec2:RevokeGroup` is no action of ec2 here, {NOTHING}; is `ec2:RevokeSecurityGroupIngress` meant?"),
    ({"Action": "ec2:Revok*x"}, f"`ec2:Revok*x` is no action of ec2 here, {NOTHING}"),
    ({"Action": []}, "the list is empty"),
    ({"Resource": "arn:aws:ec2"}, "an ARN has six parts; one with fewer matches nothing unless it ends in `*`"),
    ({"Resource": "arn:aws:ec2:*:*:securitygroup/*"}, f"`securitygroup` is no kind of resource of ec2 here, {NOTHING}"),
    ({"Action": "ec2:describe*", "Resource": "arn:aws:ec2:*:*:security-group/*"},
     "`ec2:describe*` is about no resource, so only the Resource `*` covers it"),
    ({"Resource": "arn:aws:ec2:*:*:vpc/${aws:Name}"}, f"the variable ${{aws:name}} never has a value, {NOTHING}"),
    ({"Resource": "arn:aws:ec2:*:*:vpc/${aws:username"}, "`${` begins no variable here, so it is plain text"),
    ({"Condition": {"StringLike": {"aws:SourceIP2": "*"}}}, "no request has the key aws:SourceIP2"),
    ({"Condition": {"StringLike": {"aws:username": "${aws:x}"}}},
     f"the variable ${{aws:x}} never has a value, {NOTHING}"),
    ({"Condition": {"StringLike": {"aws:username": []}}},
     "no values are wanted: the condition never holds where the request has the key"),
    ({"Condition": {"StringNotLike": {"aws:username": []}}}, "no values are wanted: the condition always holds"),
    ({"Condition": {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "10.*"]}}}, f'IpAddress cannot read "10.*": {UNREAD}'),
    ({"Condition": {"Null": {"aws:username": "no"}}}, f'Null cannot read "no": {UNREAD}'),
    ({"Condition": {"ForAllValues:StringLike": {"aws:TagKeys": "a*"}}},
     'ForAllValues:StringLike holds where the request has no aws:TagKeys; add "Null": {"aws:TagKeys": "false"}'),
]  # fmt: skip


@pytest.mark.parametrize(("elements", "message"), WARNED)
def test_what_is_likely_wrong_is_warned_of(elements: Json, message: str) -> None:
    """A legal policy that cannot do what it says is read, and warned of (inferred)."""
    document = text({**statement(), **elements})
    assert [one.partition(": ")[2].partition(": ")[2] for one in told(document)] == [message]
    assert read(document, "p")


FINE: list[Json] = [
    {"Action": ["ec2:revoke*", "EC2:DescribeSecurityGroups", "s3:GetObject", "*", "groupwall:Preview*"]},
    {"Resource": ["arn:aws:ec2:*", "arn:aws:ec2:*:*:vpc/${aws:username}", "${aws:username}:x:*"]},
    {"Condition": {"StringLike": {"aws:ResourceTag/Any Thing": "${aws:absent, 'x'}${*}"}}},
    {"Condition": {"ForAllValues:StringLike": {"aws:TagKeys": "a*"}, "Null": {"aws:TagKeys": False}}},
    {"Condition": {"StringEquals": {}}},
]


@pytest.mark.parametrize("elements", FINE)
def test_what_is_fine_is_not_warned_of(elements: Json) -> None:
    """Known names, in any case, and the services that are not judged, are let alone (inferred)."""
    assert faults(text({**statement(), **elements}), KNOWN) == []


def test_an_allow_of_everything_else_is_warned_of() -> None:
    """An Allow with NotAction and NotResource grows by itself; a Deny is how one closes (inferred)."""
    elements = {"NotAction": "s3:*", "NotResource": "arn:aws:s3:*"}
    assert len(told(text(statement("Allow", **elements)))) == 1
    assert told(text(statement("Deny", **elements))) == []


def test_variables_of_an_old_policy_are_warned_of() -> None:
    """In a policy of 2008-10-17 variables are plain text, in resources and in conditions: users 7.3 [docs]."""
    some = statement(Resource="arn:aws:ec2:*:*:vpc/${aws:username}", Condition={"StringLike": {"aws:username": "${*}"}})
    assert told(text(some, version="2008-10-17")) == [
        f"line 1: Statement[0].{path}: variables are plain text in a policy of version 2008-10-17"
        for path in ("Condition.StringLike.aws:username", "Resource")
    ]
