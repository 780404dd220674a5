"""Policy documents: what is read, what is refused, and what a person is told of it, by line."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.strategies  # noqa: F401 - sets how many examples are drawn
from groupwall.iam.documents import MOST_CHARACTERS, PolicyError, faults, read
from groupwall.iam.policy import Policies, decide
from tests.iam.policies import Json, access, statement, text

TRUST = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}


def told(document: str, *, grave: bool, trust: bool = False) -> list[str]:
    """Return the faults of a document that refuse it, or those that do not."""
    found = faults(document, trust=trust)
    return [str(fault) for fault in found if fault.grave is grave]


def test_a_policy_is_read_as_it_stands() -> None:
    """Names, places and documents of statements are kept: a statement alone is a list of one (inferred)."""
    some = statement(Sid="One", Condition={"NumericEquals": {"aws:n": [1, 1.5]}})
    for document in (json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": some}), text(some)):
        policy = read(document, "p")
        assert (policy.name, policy.version) == ("p", "2012-10-17")
        assert [(one.sid, one.index, one.effect, one.document) for one in policy.statements] == [
            ("One", 0, "Allow", some)
        ]


def test_a_policy_without_a_version_is_of_2008() -> None:
    """Version defaults to 2008-10-17, in which variables are plain text (users 7.3 [docs])."""
    document = json.dumps({"Statement": statement()})
    assert read(document, "p").version == "2008-10-17"
    assert told(document, grave=False) == [
        "line 1: Version: Version is missing, which means 2008-10-17: variables such as ${aws:username} are plain text"
    ]


MALFORMED = [
    ("", "line 1: column 1: a value is wanted here"),
    ("{", "line 1: column 2: a text in double quotes is wanted"),
    ('{"Version": "2012-10-17",\n "Statement": [}', "line 2: column 16: a value is wanted here"),
    ('{"Version": "2012-10-17",\n\n}', "line 3: column 1: a text in double quotes"),
    ('{"Version" "2012-10-17"}', "line 1: column 12: `:` is wanted"),
    ('{"Statement": [] "Id": 1}', "line 1: column 18: `,` or `}` is wanted"),
    ('{"Statement": [1 2]}', "line 1: column 18: `,` or `]` is wanted"),
    ('{"Statement": []}\n{}', "line 2: column 1: nothing may follow"),
    ("{'Statement': []}", "line 1: column 2: a text in double quotes"),
    ('{"Statement": NaN}', "line 1: column 15: a value is wanted"),
    ('{"Statement": -Infinity}', "line 1: column 15: a value is wanted"),
    ('{"Statement": 1e400}', "line 1: column 15: this number is too large"),
    ('{"Statement": ' + "9" * 5000 + "}", "line 1: column 15: this number is too large"),
    ('{"Statement": 01}', "line 1: column 16: `,` or `}` is wanted"),
    ('{"Statement": "\\ud800"}', "line 1: column 15: this text has half of a surrogate pair"),
    ('{"Statement": "\\x"}', "line 1: column 15: this text has an escape"),
    ('{"Statement": "a\nb"}', "line 1: column 15: a text in double quotes is wanted here, on one line"),
    ('{"Statement":\n"\u4e2d"}', "line 2: a policy has no characters beyond U+00FF"),
    ('{"Statement":\n"\ud800"}', "line 2: a policy has no characters beyond U+00FF"),
    ('{"Statement": "\x00"}', "line 1: a policy has no characters beyond U+00FF, nor control ones"),
    ("[" * 17 + "]" * 17, "line 1: column 17: nested deeper than 16"),
    ("[" * 3000, "line 1: column 17: nested deeper than 16"),
    ('{"a":' * 1000, "line 1: column 81: nested deeper than 16"),
    ("x" * (MOST_CHARACTERS + 1), "line 1: a policy has at most 6144 characters"),
    (" " * 131_073, "line 1: a policy has at most 6144 characters that are no white space, and 131072 in all"),
    ("[]", "line 1: an object is wanted here"),
    ('"text"', "line 1: an object is wanted here"),
    ("null", "line 1: an object is wanted here"),
    ('{"Statement": [],\n"Statement": []}', "line 2: `Statement` is there twice"),
    ("{}", "line 1: a policy has the element Statement"),
]


@pytest.mark.parametrize(("document", "message"), MALFORMED, ids=range(len(MALFORMED)))
def test_what_is_no_policy_is_refused_by_line(document: str, message: str) -> None:
    """A text that is no JSON, or no policy, is refused, and its line and column are told (inferred)."""
    assert any(one.startswith(message) for one in told(document, grave=True)), told(document, grave=True)
    with pytest.raises(PolicyError) as refused:
        read(document, "p")
    assert (refused.value.code, refused.value.status) == ("MalformedPolicyDocument", 400)
    assert refused.value.message.startswith(f"The policy p is refused: {refused.value.faults[0]}")


REFUSED: list[tuple[Json, str, str]] = [
    ({"Effect": "allow"}, "Effect", "Effect is `Allow` or `Deny`"),
    ({"Effect": 1}, "Effect", "a text is wanted here"),
    ({"Effect": None}, "Effect", "a text is wanted here"),
    ({"Sid": "with space"}, "Sid", "a Sid has letters and digits only"),
    ({"Action": "RevokeSecurityGroupIngress"}, "Action", "an action is `*`, or begins with its service"),
    ({"Action": ["ec2:*", ""]}, "Action[1]", "an action is `*`, or begins with its service"),
    ({"Action": "ec2:Revoke Security"}, "Action", "an action is `*`, or begins with its service"),
    ({"Action": {"a": 1}}, "Action", "a text is wanted here"),
    ({"Action": ["ec2:*", 7]}, "Action[1]", "a text is wanted here"),
    ({"NotAction": "s3:*"}, "", "a statement has either Action or NotAction"),
    ({"NotResource": "*"}, "", "a statement has either Resource or NotResource"),
    ({"Resource": "sg-1"}, "Resource", "a resource is `*`, or an ARN"),
    ({"Resource": ["*", "**"]}, "Resource[1]", "a resource is `*`, or an ARN"),
    ({"Principal": "*"}, "Principal", "only a role's trust policy has Principal"),
    ({"Resources": "*"}, "Resources", "there is no element `Resources`"),
    ({"effect": "Allow"}, "effect", "there is no element `effect`"),
    ({"Condition": []}, "Condition", "an object is wanted here"),
    ({"Condition": {"StringEquals": "x"}}, "Condition.StringEquals", "an object is wanted here"),
    ({"Condition": {"Like": {"aws:x": "x"}}}, "Condition.Like", "there is no operator `Like`"),
    ({"Condition": {"Like": {}}}, "Condition.Like", "there is no operator `Like`"),
    ({"Condition": {"Bool": {"x": "true"}}}, "Condition.Bool.x", "a condition key begins with its service"),
    ({"Condition": {"Bool": {"aws:x": None}}}, "Condition.Bool.aws:x", "a text, a number, true or false"),
    ({"Condition": {"Bool": {"aws:x": ["true", {}]}}}, "Condition.Bool.aws:x[1]", "a text, a number, true or false"),
    ({"Condition": {"Bool": {"aws:x": [["true"]]}}}, "Condition.Bool.aws:x[0]", "a text, a number, true or false"),
]


@pytest.mark.parametrize(("elements", "path", "message"), REFUSED)
def test_a_statement_of_another_form_is_refused(elements: Json, path: str, message: str) -> None:
    """What AWS refuses, or what leaves open what is meant, is grave, and the element is named (inferred)."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement(), {**statement(), **elements}]})
    found = [fault for fault in faults(document) if fault.grave]
    where = f"Statement[1].{path}" if path else "Statement[1]"
    assert any(fault.path == where and fault.message.startswith(message) for fault in found), found
    with pytest.raises(PolicyError):
        read(document, "p")


@pytest.mark.parametrize("missing", ["Effect", "Action", "Resource"])
def test_a_statement_needs_its_elements(missing: str) -> None:
    """Without an effect, an action or a resource a statement is refused (inferred)."""
    some = statement()
    del some[missing]
    assert len(told(text(some), grave=True)) == 1


def test_a_sid_may_not_be_there_twice() -> None:
    """Sids are unique within a policy, but an absent one is no Sid (inferred)."""
    assert told(text(statement(Sid="A"), statement(Sid="A")), grave=True) == [
        "line 1: Statement[1]: the Sid `A` is there twice"
    ]
    assert told(text(statement(), statement()), grave=True) == []


def test_a_name_may_not_be_there_twice() -> None:
    """Which of two members of one name would hold is left open, so the policy is refused (inferred)."""
    document = text(statement()).replace('"Effect": "Allow"', '"Effect": "Deny",\n"Effect": "Allow"')
    assert told(document, grave=True) == ["line 2: `Effect` is there twice"]


def test_faults_are_told_by_line() -> None:
    """All faults of a document are told at once, in the order of its lines (inferred)."""
    document = """{
  "Version": "2012-10-18",
  "Statement": [
    {"Effect": "Allow", "Action": "revoke", "Resource": "*"},
    {
      "Effect": "Deny",
      "Action": "ec2:*",
      "Resource": [
        "*",
        "vpc-1"
      ],
      "Condition": {
        "Bool": {
          "aws:SecureTransport":
            "perhaps"
        },
        "Boole": {"aws:x": "true"}
      }
    }
  ]
}"""
    assert [(fault.line, fault.path, fault.grave) for fault in faults(document)] == [
        (2, "Version", True),
        (4, "Statement[0].Action", True),
        (10, "Statement[1].Resource[1]", True),
        (14, "Statement[1].Condition.Bool.aws:SecureTransport", False),
        (17, "Statement[1].Condition.Boole", True),
    ]


def test_a_name_cannot_break_the_line_of_its_fault() -> None:
    """Characters that do not print are told by their codes (inferred)."""
    assert str(faults(text({**statement(), "a\n\x1b": 1}))[0]).startswith("line 1: Statement[0].a\\n\\x1b: there is no")


def test_a_refusal_tells_how_much_more_is_wrong() -> None:
    """The error has the first fault in its message and all grave ones as values (inferred)."""
    with pytest.raises(PolicyError) as refused:
        read(text(statement("allow", Action="x")), "web")
    assert str(refused.value).startswith("MalformedPolicyDocument: The policy web is refused: line 1: Statement[0].")
    assert refused.value.message.endswith("; 1 more fault.")
    assert len(refused.value.faults) == 2


TRUST_REFUSED: list[tuple[Json, str]] = [
    ({"Resource": "*"}, "a trust policy is about its role, so it names no resource"),
    ({"Principal": {"AWS": "alice"}}, "a principal is `*`, an account's id, or an ARN"),
    ({"Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}}, "a principal is `*`, an account's id, or an ARN"),
    ({"Principal": "alice"}, "an object is wanted here"),
    ({"Principal": {"Aws": "*"}}, "there is no element `Aws`"),
    ({"NotPrincipal": {"AWS": "*"}}, "NotPrincipal is not read here"),
]


@pytest.mark.parametrize(("elements", "message"), TRUST_REFUSED)
def test_a_trust_policy_has_a_form_of_its_own(elements: Json, message: str) -> None:
    """A trust policy has principals and no resources; NotPrincipal is not read (inferred)."""
    assert told(text(TRUST), grave=True, trust=True) == []
    found = told(text({**TRUST, **elements}), grave=True, trust=True)
    assert len(found) == 1
    assert message in found[0]


def test_a_trust_policy_names_somebody() -> None:
    """Without a principal it is refused, and one of services is warned of: none calls here (inferred)."""
    some = {name: value for name, value in TRUST.items() if name != "Principal"}
    assert told(text(some), grave=True, trust=True) == [
        "line 1: Statement[0]: a statement of a trust policy has Principal"
    ]
    service = {**TRUST, "Principal": {"Service": "ec2.amazonaws.com"}}
    assert told(text(service), grave=False, trust=True) == [
        "line 1: Statement[0].Principal.Service: no Service calls here, so this matches nobody"
    ]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["Allow", "*", "ec2:*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Version", "Statement", "Effect", "Action", "Resource", "Condition", "Principal", "Bool", "aws:x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(json_values.map(json.dumps) | st.text(max_size=50), st.booleans())
def test_any_text_is_read_or_refused(document: str, trust: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever a text holds, it is read or refused with a line, and a refusal is what the faults say (inferred)."""
    grave = [fault for fault in faults(document, trust=trust) if fault.grave]
    assert all(1 <= fault.line <= document.count("\n") + 1 for fault in grave)
    if grave:
        with pytest.raises(PolicyError) as refused:
            read(document, "p", trust=trust)
        assert sorted(refused.value.faults) == grave
    else:
        decide(Policies((read(document, "p", trust=trust),)), access())


@given(json_values)
def test_documents_are_kept_as_they_were_given(value: object) -> None:
    """The document of a statement is the JSON that was given, whatever it holds (inferred)."""
    some = statement(
        Condition={"StringEquals": {"aws:x": [one for one in [value] if isinstance(one, str | int | float)]}}
    )
    document = text(some)
    if not faults(document):
        assert read(document, "p").statements[0].document == json.loads(document)["Statement"][0]
