"""Parameters as JSON text: the same parameters and the same errors as a form's [inferred]."""

from __future__ import annotations

import json
from typing import Any

import pytest

from groupwall.errors import ApiError
from groupwall.wire.given import read_given
from tests.driver import ACTIONS
from tests.scenes import Json, tcp

GROUP = {"GroupId": "sg-00000001"}
NOT_AN_OBJECT = "InvalidParameterValue: The parameters of a call within the request must be a JSON object."


def _refusal(text: str, name: str = "RevokeSecurityGroupIngress") -> str:
    with pytest.raises(ApiError) as caught:
        read_given(ACTIONS[name], text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        (
            "RevokeSecurityGroupIngress",
            GROUP | {"IpPermissions": [tcp(22, "10.0.0.0/8"), tcp(443, ("::/0", "é & = +"))]},
        ),
        ("RevokeSecurityGroupEgress", GROUP | {"SecurityGroupRuleIds": ["sgr-1", "sgr-2"], "DryRun": True}),
        ("CreateVpc", {"CidrBlock": "10.0.0.0/16", "AmazonProvidedIpv6CidrBlock": False}),
    ],
)
def test_it_is_read_as_a_form_is(name: str, params: Json) -> None:
    """What boto3 would send as a form is the same in JSON; null stands for what is not given (inferred)."""
    action = ACTIONS[name]
    assert read_given(action, json.dumps(params)) == action.decode(action.form(params))
    assert read_given(action, json.dumps(params | {"DryRun": None})).keys() == params.keys() - {
        name for name in params if name == "DryRun"
    }


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "1", '"x"', "{", "{'GroupId': 1}", '{"GroupId": 1}}', '{"a": undefined}',
        '{"FromPort": ' + "9" * 5_000 + "}", '{"IpPermissions": ' + "[" * 200_000 + "]" * 200_000 + "}",
        '{"x":' * 100_000 + "1" + "}" * 100_000, '{"GroupId": "a\nb"}', '{"GroupId": "\\u12"}',
    ],
)  # fmt: skip
def test_what_is_no_object_is_refused(text: str) -> None:
    """Text that is no JSON object, or is nested beyond reason, is refused alike (inferred)."""
    assert _refusal(text) == NOT_AN_OBJECT


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"FromPort": 1 << 31}, "InvalidParameterValue: Value (2147483648) for parameter FromPort is invalid."),
        ({"FromPort": 10**4_000}, "InvalidParameterValue: Value (1000"),
        ({"FromPort": True}, "InvalidParameterValue: Value (true) for parameter FromPort is invalid."),
        ({"FromPort": "x"}, "InvalidParameterValue: Value (x) for parameter FromPort is invalid."),
        ({"FromPort": 22.0}, "InvalidParameterValue: Value (22.0) for parameter FromPort is invalid."),
        ({"FromPort": float("nan")}, "InvalidParameterValue: Value (NaN) for parameter FromPort is invalid."),
        ({"FromPort": float("-inf")}, "InvalidParameterValue: Value (-Infinity) for parameter FromPort is invalid."),
        ({"GroupId": {"a": "b"}}, "InvalidParameterValue: Value ({...}) for parameter GroupId is invalid."),
        ({"GroupId": ["b"]}, "InvalidParameterValue: Value ([...]) for parameter GroupId is invalid."),
        ({"IpPermissions": {}}, "InvalidParameterValue: Value ({...}) for parameter IpPermissions is invalid."),
        ({"IpPermissions": 7}, "InvalidParameterValue: Value (7) for parameter IpPermissions is invalid."),
        ({"IpPermissions": [7]}, "InvalidParameterValue: Value (7) for parameter IpPermissions.1 is invalid."),
        ({"Nothing": 1}, "UnknownParameter: The parameter Nothing is not recognized"),
        ({"GroupId.1": 1}, "UnknownParameter: The parameter GroupId.1 is not recognized"),
        ({"Action": "DeleteVpc"}, "UnknownParameter: The parameter Action is not recognized"),
        ({"IpPermissions": [{"x": 1}]}, "UnknownParameter: The parameter IpPermissions.1.x is not recognized"),
        ({"GroupId": "a\x00b"}, "MalformedQueryString: The query string is malformed: it holds a control character."),
        ({"GroupId": "a\x1bb"}, "MalformedQueryString: The query string is malformed: it holds a control character."),
        ({"GroupId": "\ud800"}, "MalformedQueryString: The query string is malformed: it is not UTF-8."),
        (
            {"SecurityGroupRuleIds": ["x"] * 10_001},
            "InvalidParameterValue: The request has more than 10000 parameters.",
        ),
    ],
)
def test_a_wrong_value_is_refused_as_in_a_form(given: Json, told: str) -> None:
    """The errors are those that a form meets, and name the parameter as a form does (inferred)."""
    assert _refusal(json.dumps(given)).startswith(told)


@pytest.mark.parametrize(
    "text", ['{"GroupId": "a", "GroupId": "b"}', '{"IpPermissions": [{"ToPort": 1, "ToPort": 1}]}']
)
def test_a_name_is_given_once(text: str) -> None:
    """A name that is given twice is refused, as in a form: readers differ in which one they take (inferred)."""
    assert _refusal(text) == "InvalidQueryParameter: A parameter may be given only once in a request."


def test_what_is_required_is_asked_for() -> None:
    """A required parameter that is missing, or null, is asked for [reference 1.4]."""
    for text in ("{}", '{"VpcId": null}'):
        assert _refusal(text, "DeleteVpc") == "MissingParameter: The request must contain the parameter VpcId"


def test_an_error_repeats_no_depths() -> None:
    """A wrong value that is large and deep costs its error nothing (inferred)."""
    deep: Any = "x" * 10_000
    for _ in range(500):
        deep = [deep]
    assert _refusal(json.dumps({"GroupId": deep})).startswith("InvalidParameterValue: Value ([...]) for")
