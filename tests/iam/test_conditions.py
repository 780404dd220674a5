"""Every operator of conditions, held against values that match, that do not, none, several, and unreadable ones."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from groupwall.iam.conditions import OPERATORS, UnknownOperatorError, operator
from groupwall.iam.policy import Policies, decide
from tests.iam.policies import access, policy, statement

ARN = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"
ODD_ARN = "arn:aws:ec2:us-east-1:123456789012:vpc:1"
NOON = "2026-11-23T12:00:00Z"
EPOCH = "1795435200"  # the same moment


class Row(NamedTuple):
    """One decision. found: None where the request has no such key. outcome: met, unmet, or unread."""

    rule: str
    operator: str
    wanted: object
    found: tuple[str, ...] | None
    outcome: str


STRINGS = [
    Row("StringEquals is exact", "StringEquals", "red", ("red",), "met"),
    Row("StringEquals knows case", "StringEquals", "red", ("Red",), "unmet"),
    Row("StringEquals has no wildcards", "StringEquals", "r*", ("red",), "unmet"),
    Row("StringEquals takes a star as it is", "StringEquals", "r*", ("r*",), "met"),
    Row("an absent key matches no positive operator", "StringEquals", "red", None, "unmet"),
    Row("a key without values is absent", "StringEquals", "red", (), "unmet"),
    Row("an empty value is a value", "StringEquals", "", ("",), "met"),
    Row("several wanted values are an OR", "StringEquals", ["red", "blue"], ("blue",), "met"),
    Row("of several found values any may match", "StringEquals", "red", ("blue", "red"), "met"),
    Row("of several found values none matches", "StringEquals", "red", ("blue", "green"), "unmet"),
    Row("an empty list of wanted values never matches", "StringEquals", [], ("red",), "unmet"),
    Row("StringNotEquals is its negation", "StringNotEquals", "red", ("blue",), "met"),
    Row("StringNotEquals refuses the wanted value", "StringNotEquals", "red", ("red",), "unmet"),
    Row("an absent key matches a negated operator", "StringNotEquals", "red", None, "met"),
    Row("negated: none of the wanted values may match", "StringNotEquals", ["red", "blue"], ("blue",), "unmet"),
    Row("negated: no found value may match", "StringNotEquals", "red", ("blue", "red"), "unmet"),
    Row("negated: several found values, none matches", "StringNotEquals", "red", ("blue", "green"), "met"),
    Row("StringEqualsIgnoreCase ignores case", "StringEqualsIgnoreCase", "red", ("RED",), "met"),
    Row("StringEqualsIgnoreCase has no wildcards", "StringEqualsIgnoreCase", "r*", ("RED",), "unmet"),
    Row("StringEqualsIgnoreCase: absent", "StringEqualsIgnoreCase", "red", None, "unmet"),
    Row("StringNotEqualsIgnoreCase ignores case", "StringNotEqualsIgnoreCase", "red", ("RED",), "unmet"),
    Row("StringNotEqualsIgnoreCase: another value", "StringNotEqualsIgnoreCase", "red", ("blue",), "met"),
    Row("StringNotEqualsIgnoreCase: absent", "StringNotEqualsIgnoreCase", "red", None, "met"),
    Row("StringLike: * is any text", "StringLike", "r*", ("red",), "met"),
    Row("StringLike: * is no text as well", "StringLike", "red*", ("red",), "met"),
    Row("StringLike: ? is one character", "StringLike", "r?d", ("red",), "met"),
    Row("StringLike: ? is not none", "StringLike", "red?", ("red",), "unmet"),
    Row("StringLike knows case", "StringLike", "r*", ("Red",), "unmet"),
    Row("StringLike: the characters of regular expressions are plain", "StringLike", "r.d", ("red",), "unmet"),
    Row("StringLike: absent", "StringLike", "*", None, "unmet"),
    Row("StringLike: several found", "StringLike", "r*", ("blue", "red"), "met"),
    Row("StringNotLike: its negation", "StringNotLike", "r*", ("red",), "unmet"),
    Row("StringNotLike: another value", "StringNotLike", "r*", ("blue",), "met"),
    Row("StringNotLike: absent", "StringNotLike", "r*", None, "met"),
    Row("StringNotLike: several found", "StringNotLike", "r*", ("blue", "red"), "unmet"),
    Row("a number in JSON is the text that was written", "StringEquals", 7, ("7",), "met"),
    Row("true in JSON is a text", "StringEquals", [True], ("true",), "met"),
]

NUMBERS = [
    Row("NumericEquals compares numbers, not texts", "NumericEquals", "10", ("10.0",), "met"),
    Row("NumericEquals: a number in JSON", "NumericEquals", 10, ("10",), "met"),
    Row("NumericEquals: another number", "NumericEquals", "10", ("11",), "unmet"),
    Row("NumericEquals: absent", "NumericEquals", "10", None, "unmet"),
    Row("NumericEquals: several found", "NumericEquals", "10", ("9", "10"), "met"),
    Row("NumericEquals: a found text is no number", "NumericEquals", "10", ("ten",), "unread"),
    Row("NumericEquals: a wanted text is no number", "NumericEquals", "ten", ("10",), "unread"),
    Row("NumericEquals: NaN is no number", "NumericEquals", "NaN", ("NaN",), "unread"),
    Row("NumericEquals: Infinity is no number", "NumericEquals", "Infinity", ("1",), "unread"),
    Row("NumericEquals: underscores are Python's, not AWS's", "NumericEquals", "1_0", ("10",), "unread"),
    Row(
        "NumericEquals: one that matches decides before one that cannot be read",
        "NumericEquals",
        ["x", 1],
        ("1",),
        "met",
    ),
    Row("NumericEquals: one that cannot be read leaves it open", "NumericEquals", ["x", 1], ("2",), "unread"),
    Row(
        "NumericEquals: no float is lost on the way",
        "NumericEquals",
        "9007199254740993",
        ("9007199254740992",),
        "unmet",
    ),
    Row("NumericNotEquals: another number", "NumericNotEquals", "10", ("11",), "met"),
    Row("NumericNotEquals: the number", "NumericNotEquals", "10", ("10.0",), "unmet"),
    Row("NumericNotEquals: absent", "NumericNotEquals", "10", None, "met"),
    Row("NumericNotEquals: several found", "NumericNotEquals", "10", ("9", "10"), "unmet"),
    Row("NumericNotEquals: malformed", "NumericNotEquals", "10", ("ten",), "unread"),
    Row("NumericLessThan: less", "NumericLessThan", "10", ("9",), "met"),
    Row("NumericLessThan: equal", "NumericLessThan", "10", ("10",), "unmet"),
    Row("NumericLessThan: absent", "NumericLessThan", "10", None, "unmet"),
    Row("NumericLessThan: several found", "NumericLessThan", "10", ("11", "9"), "met"),
    Row("NumericLessThan: malformed", "NumericLessThan", "10", ("",), "unread"),
    Row("NumericLessThanEquals: equal", "NumericLessThanEquals", "10", ("10",), "met"),
    Row("NumericLessThanEquals: more", "NumericLessThanEquals", "10", ("10.5",), "unmet"),
    Row("NumericLessThanEquals: absent", "NumericLessThanEquals", "10", None, "unmet"),
    Row("NumericLessThanEquals: malformed", "NumericLessThanEquals", "?", ("10",), "unread"),
    Row("NumericGreaterThan: more", "NumericGreaterThan", "10", ("1e1",), "unmet"),
    Row("NumericGreaterThan: an exponent", "NumericGreaterThan", "10", ("1.1e1",), "met"),
    Row("NumericGreaterThan: absent", "NumericGreaterThan", "10", None, "unmet"),
    Row("NumericGreaterThan: malformed", "NumericGreaterThan", "10", ("0x10",), "unread"),
    Row("NumericGreaterThanEquals: equal", "NumericGreaterThanEquals", "-10", ("-10",), "met"),
    Row("NumericGreaterThanEquals: less", "NumericGreaterThanEquals", "-10", ("-11",), "unmet"),
    Row("NumericGreaterThanEquals: absent", "NumericGreaterThanEquals", "1", None, "unmet"),
    Row("NumericGreaterThanEquals: malformed", "NumericGreaterThanEquals", "1", ("1,5",), "unread"),
]

DATES = [
    Row("DateEquals: ISO 8601 and seconds since 1970 are one moment", "DateEquals", NOON, (EPOCH,), "met"),
    Row("DateEquals: zones are told apart", "DateEquals", "2026-11-23T13:00:00+01:00", (NOON,), "met"),
    Row(
        "DateEquals: a day is its first moment (inferred)", "DateEquals", "2026-11-23", ("2026-11-23T00:00:00Z",), "met"
    ),
    Row("DateEquals: a time without a zone is UTC (inferred)", "DateEquals", "2026-11-23T12:00", (NOON,), "met"),
    Row("DateEquals: another moment", "DateEquals", NOON, ("2026-11-23T12:00:01Z",), "unmet"),
    Row("DateEquals: absent", "DateEquals", NOON, None, "unmet"),
    Row("DateEquals: several found", "DateEquals", NOON, ("2020-01-01", NOON), "met"),
    Row("DateEquals: a found text is no time", "DateEquals", NOON, ("noon",), "unread"),
    Row("DateEquals: there is no thirteenth month", "DateEquals", "2026-13-01", (NOON,), "unread"),
    Row("DateEquals: weeks are not read", "DateEquals", "2026-W48-1", (NOON,), "unread"),
    Row("DateNotEquals: another moment", "DateNotEquals", NOON, ("2020-01-01",), "met"),
    Row("DateNotEquals: the moment", "DateNotEquals", NOON, (EPOCH,), "unmet"),
    Row("DateNotEquals: absent", "DateNotEquals", NOON, None, "met"),
    Row("DateNotEquals: malformed", "DateNotEquals", "soon", (NOON,), "unread"),
    Row("DateLessThan: before", "DateLessThan", NOON, ("2026-11-23T11:59:59.999Z",), "met"),
    Row("DateLessThan: the moment itself", "DateLessThan", NOON, (NOON,), "unmet"),
    Row("DateLessThan: absent", "DateLessThan", NOON, None, "unmet"),
    Row("DateLessThan: malformed", "DateLessThan", NOON, ("1e9",), "unread"),
    Row("DateLessThanEquals: the moment itself", "DateLessThanEquals", EPOCH, (NOON,), "met"),
    Row("DateLessThanEquals: after", "DateLessThanEquals", EPOCH, ("2027-01-01",), "unmet"),
    Row("DateLessThanEquals: absent", "DateLessThanEquals", EPOCH, None, "unmet"),
    Row("DateLessThanEquals: malformed", "DateLessThanEquals", "", (NOON,), "unread"),
    Row("DateGreaterThan: after", "DateGreaterThan", NOON, ("2026-11-24",), "met"),
    Row("DateGreaterThan: the moment itself", "DateGreaterThan", NOON, (NOON,), "unmet"),
    Row("DateGreaterThan: absent", "DateGreaterThan", NOON, None, "unmet"),
    Row("DateGreaterThan: malformed", "DateGreaterThan", NOON, ("0000-00-00",), "unread"),
    Row("DateGreaterThanEquals: the moment itself", "DateGreaterThanEquals", NOON, (EPOCH,), "met"),
    Row("DateGreaterThanEquals: before", "DateGreaterThanEquals", NOON, ("1",), "unmet"),
    Row("DateGreaterThanEquals: absent", "DateGreaterThanEquals", NOON, None, "unmet"),
    Row("DateGreaterThanEquals: malformed", "DateGreaterThanEquals", NOON, ("9" * 40,), "unread"),
]

OTHERS = [
    Row("Bool: true", "Bool", "true", ("true",), "met"),
    Row("Bool: a JSON true", "Bool", [True], ("true",), "met"),
    Row("Bool: the case of the value does not matter (inferred)", "Bool", "True", ("true",), "met"),
    Row("Bool: false is not true", "Bool", "true", ("false",), "unmet"),
    Row("Bool: absent", "Bool", "true", None, "unmet"),
    Row("Bool: several found", "Bool", "true", ("false", "true"), "met"),
    Row("Bool: malformed", "Bool", "yes", ("true",), "unread"),
    Row("Bool: has no variables", "Bool", "${aws:SecureTransport}", ("true",), "unread"),
    Row("BinaryEquals: the same bytes", "BinaryEquals", "cmVk", ("cmVk",), "met"),
    Row("BinaryEquals: other bytes", "BinaryEquals", "cmVk", ("Ymx1ZQ==",), "unmet"),
    Row("BinaryEquals: absent", "BinaryEquals", "cmVk", None, "unmet"),
    Row("BinaryEquals: several found", "BinaryEquals", "cmVk", ("Ymx1ZQ==", "cmVk"), "met"),
    Row("BinaryEquals: malformed", "BinaryEquals", "cmV", ("cmVk",), "unread"),
    Row("IpAddress: within a block", "IpAddress", "10.0.0.0/8", ("10.1.2.3",), "met"),
    Row("IpAddress: an address without a length is itself", "IpAddress", "10.1.2.3", ("10.1.2.3",), "met"),
    Row("IpAddress: outside", "IpAddress", "10.0.0.0/8", ("11.1.2.3",), "unmet"),
    Row("IpAddress: the other family is outside", "IpAddress", "10.0.0.0/8", ("2001:db8::1",), "unmet"),
    Row("IpAddress: IPv6", "IpAddress", "2001:db8::/32", ("2001:db8::1",), "met"),
    Row("IpAddress: several blocks", "IpAddress", ["192.0.2.0/24", "2001:db8::/32"], ("192.0.2.1",), "met"),
    Row("IpAddress: bits beyond the length (inferred)", "IpAddress", "10.1.2.3/8", ("10.9.9.9",), "met"),
    Row("IpAddress: absent", "IpAddress", "0.0.0.0/0", None, "unmet"),
    Row("IpAddress: several found", "IpAddress", "10.0.0.0/8", ("1.1.1.1", "10.1.1.1"), "met"),
    Row("IpAddress: a found text is no address", "IpAddress", "10.0.0.0/8", ("local",), "unread"),
    Row("IpAddress: a wanted text is no block", "IpAddress", "10.0.0.0/33", ("10.1.1.1",), "unread"),
    Row("IpAddress: has no wildcards", "IpAddress", "10.*", ("10.1.1.1",), "unread"),
    Row("NotIpAddress: outside", "NotIpAddress", "10.0.0.0/8", ("11.1.2.3",), "met"),
    Row("NotIpAddress: within", "NotIpAddress", "10.0.0.0/8", ("10.1.2.3",), "unmet"),
    Row("NotIpAddress: outside of every block", "NotIpAddress", ["10.0.0.0/8", "11.0.0.0/8"], ("11.1.2.3",), "unmet"),
    Row("NotIpAddress: absent", "NotIpAddress", "10.0.0.0/8", None, "met"),
    Row("NotIpAddress: malformed", "NotIpAddress", "10.0.0.0/8", ("local",), "unread"),
]

ARNS = [
    Row("ArnEquals: the ARN", "ArnEquals", ARN, (ARN,), "met"),
    Row("ArnEquals is ArnLike: wildcards", "ArnEquals", "arn:aws:ec2:*:*:vpc/*", (ARN,), "met"),
    Row(
        "ArnEquals: a wildcard stays within its part",
        "ArnEquals",
        "arn:aws:e*1:123456789012:vpc:1",
        (ODD_ARN,),
        "unmet",
    ),
    Row("ArnEquals: another", "ArnEquals", "arn:aws:ec2:*:*:vpc/vpc-2", (ARN,), "unmet"),
    Row("ArnEquals knows case (reference 7.3)", "ArnEquals", ARN.upper(), (ARN,), "unmet"),
    Row("ArnEquals: absent", "ArnEquals", ARN, None, "unmet"),
    Row("ArnEquals: several found", "ArnEquals", ARN, (f"{ARN}0", ARN), "met"),
    Row("ArnEquals: a found text has too few colons", "ArnEquals", ARN, ("vpc-1",), "unread"),
    Row("ArnLike: has too few colons", "ArnLike", "*", (ARN,), "unread"),
    Row("ArnLike: one character", "ArnLike", "arn:aws:ec2:us-east-?:*:vpc/vpc-?", (ARN,), "met"),
    Row("ArnLike: the last part may hold colons", "ArnLike", "arn:aws:sns:::a*", ("arn:aws:sns:::a:b:c",), "met"),
    Row("ArnLike: another", "ArnLike", "arn:aws:s3:*:*:vpc/*", (ARN,), "unmet"),
    Row("ArnLike: absent", "ArnLike", ARN, None, "unmet"),
    Row("ArnNotEquals: another", "ArnNotEquals", "arn:aws:ec2:*:*:vpc/vpc-2", (ARN,), "met"),
    Row("ArnNotEquals: the ARN", "ArnNotEquals", ARN, (ARN,), "unmet"),
    Row("ArnNotEquals: absent", "ArnNotEquals", ARN, None, "met"),
    Row("ArnNotEquals: malformed", "ArnNotEquals", ARN, ("vpc-1",), "unread"),
    Row("ArnNotLike: another", "ArnNotLike", "arn:aws:ec2:*:*:subnet/*", (ARN,), "met"),
    Row("ArnNotLike: the ARN", "ArnNotLike", "arn:aws:ec2:*:*:vpc/*", (ARN,), "unmet"),
    Row("ArnNotLike: several found", "ArnNotLike", "arn:aws:ec2:*:*:vpc/vpc-1", (f"{ARN}0", ARN), "unmet"),
    Row("ArnNotLike: absent", "ArnNotLike", ARN, None, "met"),
    Row("ArnNotLike: malformed", "ArnNotLike", "vpc-1", (ARN,), "unread"),
]

PREFIXES = [
    Row("IfExists: an absent key matches", "StringEqualsIfExists", "red", None, "met"),
    Row("IfExists: a present key is compared", "StringEqualsIfExists", "red", ("blue",), "unmet"),
    Row("IfExists: and may match", "StringEqualsIfExists", "red", ("red",), "met"),
    Row("IfExists on a negated operator: absent", "StringNotEqualsIfExists", "red", None, "met"),
    Row("IfExists on a negated operator: present", "StringNotEqualsIfExists", "red", ("red",), "unmet"),
    Row("NumericLessThanIfExists", "NumericLessThanIfExists", "10", None, "met"),
    Row("DateLessThanIfExists", "DateLessThanIfExists", NOON, None, "met"),
    Row("BoolIfExists", "BoolIfExists", "true", None, "met"),
    Row("BinaryEqualsIfExists", "BinaryEqualsIfExists", "cmVk", None, "met"),
    Row("IpAddressIfExists", "IpAddressIfExists", "10.0.0.0/8", None, "met"),
    Row("ArnLikeIfExists", "ArnLikeIfExists", ARN, None, "met"),
    Row("IfExists: what is present and unreadable fails closed", "BoolIfExists", "true", ("yes",), "unread"),
    Row("ForAllValues: every value is wanted", "ForAllValues:StringEquals", ["red", "blue"], ("red", "blue"), "met"),
    Row("ForAllValues: one is not", "ForAllValues:StringEquals", ["red", "blue"], ("red", "green"), "unmet"),
    Row("ForAllValues: an absent key matches", "ForAllValues:StringEquals", "red", None, "met"),
    Row("ForAllValues: no values match", "ForAllValues:StringEquals", "red", (), "met"),
    Row("ForAllValues negated: none is wanted", "ForAllValues:StringNotEquals", "red", ("blue", "green"), "met"),
    Row("ForAllValues negated: one is", "ForAllValues:StringNotEquals", "red", ("blue", "red"), "unmet"),
    Row("ForAllValues: one unreadable leaves it open", "ForAllValues:NumericEquals", "1", ("1", "x"), "unread"),
    Row("ForAllValues: one that fails decides", "ForAllValues:NumericEquals", "1", ("2", "x"), "unmet"),
    Row("ForAllValues with IfExists: absent", "ForAllValues:StringLikeIfExists", "r*", None, "met"),
    Row("ForAnyValue: one value is wanted", "ForAnyValue:StringEquals", "red", ("red", "green"), "met"),
    Row("ForAnyValue: none is", "ForAnyValue:StringEquals", "red", ("blue", "green"), "unmet"),
    Row("ForAnyValue: an absent key does not match", "ForAnyValue:StringEquals", "red", None, "unmet"),
    Row("ForAnyValue with IfExists: an absent key matches", "ForAnyValue:StringEqualsIfExists", "red", None, "met"),
    Row("ForAnyValue negated: one is not wanted", "ForAnyValue:StringNotEquals", "red", ("red", "green"), "met"),
    Row("ForAnyValue negated: all are wanted", "ForAnyValue:StringNotEquals", "red", ("red",), "unmet"),
    Row("ForAnyValue negated: an absent key does not match", "ForAnyValue:StringNotEquals", "red", None, "unmet"),
    Row("ForAnyValue: one unreadable leaves it open", "ForAnyValue:NumericEquals", "1", ("2", "x"), "unread"),
    Row("ForAnyValue: one that matches decides", "ForAnyValue:NumericEquals", "1", ("x", "1"), "met"),
    Row("ForAnyValue of addresses", "ForAnyValue:IpAddress", "10.0.0.0/8", ("1.1.1.1", "10.0.0.1"), "met"),
    Row("ForAllValues of ARNs", "ForAllValues:ArnLike", "arn:aws:ec2:*:*:vpc/*", (ARN, ARN), "met"),
    Row("the case of an operator does not matter", "foranyvalue:stringequalsifexists", "red", None, "met"),
    Row("Null true: the key is absent", "Null", "true", None, "met"),
    Row("Null true: the key has no values", "Null", "true", (), "met"),
    Row("Null true: the key is present", "Null", "true", ("red",), "unmet"),
    Row("Null false: the key is present", "Null", "false", ("red",), "met"),
    Row("Null false: the key is absent", "Null", [False], None, "unmet"),
    Row("Null: several wanted values are an OR", "Null", ["true", "false"], None, "met"),
    Row("Null: malformed", "Null", "maybe", None, "unread"),
    Row("Null: several found values are present", "Null", "true", ("red", "blue"), "unmet"),
]

ROWS = [*STRINGS, *NUMBERS, *DATES, *OTHERS, *ARNS, *PREFIXES]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_condition_is_met_as_its_operator_says(row: Row) -> None:
    """Each row is a rule of users 7.3 [docs]: an Allow applies when it is met, a Deny also when it is unread."""
    condition = {row.operator: {"aws:Some/Key": row.wanted}}
    asked = access({} if row.found is None else {"aws:some/key": row.found})
    allow = policy(statement("Allow", Condition=condition))
    deny = policy(statement("Deny", Condition=condition))
    everything = policy(statement())
    assert decide(Policies((allow,)), asked).allowed is (row.outcome == "met")
    assert decide(Policies((deny, everything)), asked).allowed is (row.outcome == "unmet")


@pytest.mark.parametrize("name", OPERATORS)
def test_every_operator_has_its_rows(name: str) -> None:
    """Of each operator there are rows that are met, not met, of an absent key, and of an unreadable value."""
    rows = [row for row in ROWS if row.operator == name]
    outcomes = {row.outcome for row in rows}
    assert outcomes >= ({"met", "unmet"} if name.startswith("String") else {"met", "unmet", "unread"})
    assert None in {row.found for row in rows}


@pytest.mark.parametrize(
    "written",
    ["", "Equals", "StringEqual", "StringEqualsIfExist", "ForSomeValues:Bool", "NullIfExists", "ForAnyValue:Null",
     "IfExists", "String Equals", "StringEqualsIfExistsIfExists", "BoolNotEquals", "NumericLike"],
)  # fmt: skip
def test_there_is_no_such_operator(written: str) -> None:
    """An unknown operator is refused when a policy is read: users 7.3."""
    with pytest.raises(UnknownOperatorError):
        operator(written)


@pytest.mark.parametrize(
    ("conditions", "allowed"),
    [
        ({"StringEquals": {"aws:A": "1", "aws:B": "2"}}, True),
        ({"StringEquals": {"aws:A": "1", "aws:B": "1"}}, False),
        ({"StringEquals": {"aws:A": "1"}, "StringLike": {"aws:B": "?"}}, True),
        ({"StringEquals": {"aws:A": "1"}, "StringLike": {"aws:B": "??"}}, False),
        ({"StringEquals": {"AWS:a": "1", "aws:A": "1"}}, True),
        ({}, True),
    ],
)
def test_every_condition_has_to_be_met(conditions: dict[str, object], *, allowed: bool) -> None:
    """Several keys and several operators are an AND, and the case of a key does not matter: users 7.3 [docs]."""
    asked = access({"aws:a": ("1",), "aws:b": ("2",)})
    assert decide(Policies((policy(statement(Condition=conditions)),)), asked).allowed is allowed
