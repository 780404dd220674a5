"""Parameters to wire pairs and back, against botocore's serializer: reference 1.1."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.serialize import create_serializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupwall.errors import ApiError
from groupwall.wire.limits import LIST_INDEX, REMEMBERED_KEYS
from groupwall.wire.model import Action, find
from groupwall.wire.shapes import NotInModelError
from groupwall.wire.versions import EC2_VERSION
from tests.wire.strategies import TELLING, for_botocore, operation, params

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
REVOKE = find("RevokeSecurityGroupIngress", EC2_VERSION)
CREATE_TAGS = find("CreateTags", EC2_VERSION)
MODIFY = find("ModifyInstanceAttribute", EC2_VERSION)
CHANGES = find("DescribeChanges", "2026-11-01")


@pytest.mark.parametrize("action", TELLING, ids=lambda action: action.name)
@QUICK
@given(drawn=st.data())
def test_parameters_survive_the_wire(action: Action, drawn: st.DataObject) -> None:
    """What ``form`` writes, ``decode`` reads back equal."""
    sent = drawn.draw(params(action))
    assert action.decode(action.form(sent)) == sent


@pytest.mark.parametrize("action", TELLING, ids=lambda action: action.name)
@QUICK
@given(drawn=st.data())
def test_botocore_sends_the_same(action: Action, drawn: st.DataObject) -> None:
    """``form`` writes the names that botocore's serializer writes, and ``decode`` reads its texts: 1.1 [model]."""
    sent = drawn.draw(params(action))
    model = operation(action)
    serializer = create_serializer(model.service_model.metadata["protocol"], include_validation=False)
    body = serializer.serialize_to_request(for_botocore(action.input, sent), model)["body"]
    texts = {name: str(value) for name, value in body.items()}
    assert list(texts) == list(dict(action.form(sent)))
    assert action.decode(texts.items()) == sent


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({"ResourceId.0": "a", "Tag.0.Key": "k"}, {"Resources": ["a"], "Tags": [{"Key": "k"}]}),
        ({"ResourceId.1": "a", "Tag.1.Key": "k"}, {"Resources": ["a"], "Tags": [{"Key": "k"}]}),
        (
            {"ResourceId.9": "b", "ResourceId.4": "a", "Tag.7.Key": "k"},
            {"Resources": ["a", "b"], "Tags": [{"Key": "k"}]},
        ),
        (
            {"Tag.10.Key": "b", "ResourceId.1": "a", "Tag.2.Value": "v", "Tag.10.Value": "w", "Tag.2.Key": "a"},
            {"Resources": ["a"], "Tags": [{"Key": "a", "Value": "v"}, {"Key": "b", "Value": "w"}]},
        ),
    ],
)
def test_indexes_may_start_anywhere(pairs: dict[str, str], expected: dict[str, Any]) -> None:
    """Indexes count from 0 or 1, may have gaps and come in any order; the list is in their order: clients 2.5."""
    assert CREATE_TAGS.decode(pairs.items()) == expected


@pytest.mark.parametrize(
    "key",
    ["IpPermissions", "IpPermissions.1", "IpPermissions.1.IpRanges", "IpPermissions.1.Groups.3", "SecurityGroupRuleId"],
)
def test_an_empty_list_or_structure_is_ignored(key: str) -> None:
    """A whole list or structure sent as empty text counts as not sent: reference 1.1 [inferred]."""
    assert REVOKE.decode([(key, ""), ("GroupId", "sg-1")]) == {"GroupId": "sg-1"}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("TRUE", True), ("1", True), ("false", False), ("False", False), ("0", False)],
)
def test_booleans(text: str, value: bool) -> None:  # noqa: FBT001 - a table's column
    """Booleans are true, false, 1 and 0 in any case: reference 1.1 [model], capitals and digits inferred."""
    assert REVOKE.decode([("DryRun", text)]) == {"DryRun": value}


@pytest.mark.parametrize("text", ["", "AAAA", "Zg==", "/+8="])
def test_blobs_stay_text(text: str) -> None:
    """A blob stays the base64 text that was sent [model]."""
    assert MODIFY.decode([("InstanceId", "i"), ("UserData.Value", text)])["UserData"] == {"Value": text}


@pytest.mark.parametrize("text", ["x", "AAA", "A\nAA=", "\u0661AAA", "AA-_"])
def test_a_malformed_blob_is_refused(text: str) -> None:
    """What is not base64 is invalid: form of reference 23's GroupName text [inferred]."""
    with pytest.raises(ApiError, match=r"parameter UserData\.Value is invalid"):
        MODIFY.decode([("InstanceId", "i"), ("UserData.Value", text)])


def test_the_protocols_own_names_are_passed_over() -> None:
    """Action, Version and everything of a query-signed request reach no operation: users 8."""
    names = ["Action", "Version", "X-Amz-Date", "X-Amz-Security-Token", "AWSAccessKeyId", "Signature", "Timestamp"]
    assert REVOKE.decode([(name, "x") for name in names]) == {}


@pytest.mark.parametrize(
    "key",
    [
        "Nonsense", "groupId", "GroupId.1", "GroupId.", "", ".", "IpPermissions", "IpPermissions.1",
        "IpPermissions.1.X",
        "IpPermissions.x.FromPort", "IpPermissions.01.ToPort", "IpPermissions.\u0661.ToPort", "IpPermissions.-1.ToPort",
        "IpPermissions.member.1.ToPort", "IpPermissions..ToPort", "SecurityGroupRuleId.1.1", "IpPermissions.1.ToPort.",
    ],
)  # fmt: skip
def test_an_unknown_name_is_refused(key: str) -> None:
    """A name that the operation does not have is not recognized: reference 1.4, text inferred."""
    assert refusal(key, "1") == ("UnknownParameter", f"The parameter {key} is not recognized", 400)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("FromPort", "abc"), ("FromPort", ""), ("FromPort", "2147483648"), ("FromPort", "-2147483649"),
        ("FromPort", "2.0"), ("FromPort", " 2"), ("FromPort", "\u0662"), ("FromPort", "1_0"), ("FromPort", "+1"),
        ("IpPermissions.1.ToPort", "x"), ("DryRun", "yes"), ("DryRun", ""), ("DryRun", "2"),
    ],
)  # fmt: skip
def test_a_malformed_value_is_refused(key: str, value: str) -> None:
    """A value that is not of its type is invalid: form of reference 23's GroupName text [inferred]."""
    assert refusal(key, value) == ("InvalidParameterValue", f"Value ({value}) for parameter {key} is invalid.", 400)


def test_an_error_repeats_little() -> None:
    """An error is as short as its text may be, and still names the parameter: inferred."""
    code, message, _ = refusal("FromPort", "9" * 100_000)
    assert code == "InvalidParameterValue"
    assert message.startswith("Value (999")
    assert message.endswith("999) for parameter FromPort is invalid.")
    assert refusal("k" * 100_000, "1")[0] == "UnknownParameter"
    assert max(len(refusal(*pair)[1]) for pair in [("FromPort", "9" * 100_000), ("k" * 100_000, "1")]) <= 1003


def test_indexes_are_bounded() -> None:
    """An index above 100,000 is refused: inferred."""
    text = "The index in parameter SecurityGroupRuleId.100001 is above 100000."
    assert refusal("SecurityGroupRuleId.100001", "s") == ("InvalidParameterValue", text, 400)
    assert REVOKE.decode([("SecurityGroupRuleId.100000", "s")]) == {"SecurityGroupRuleIds": ["s"]}


def refusal(key: str, value: str) -> tuple[str, str, int]:
    """Return code, message and status of the error that a single parameter of a revoke meets."""
    with pytest.raises(ApiError) as caught:
        REVOKE.decode([(key, value)])
    return caught.value.code, caught.value.message, caught.value.status


@pytest.mark.parametrize(
    ("action", "pairs", "name"),
    [
        ("CreateSecurityGroup", {"GroupName": "web"}, "GroupDescription"),
        ("CreateTags", {"Tag.1.Key": "k"}, "ResourceId"),
        ("CreateTags", {"ResourceId.1": "i"}, "Tag"),
        ("CreateTags", {"ResourceId": "", "Tag.1.Key": "k"}, "ResourceId"),
        ("DeleteVpc", {}, "VpcId"),
    ],
)
def test_what_must_be_there(action: str, pairs: dict[str, str], name: str) -> None:
    """A required parameter that is missing is asked for by its wire name: reference 1.4 [recorded]."""
    with pytest.raises(ApiError) as caught:
        find(action, EC2_VERSION).decode(pairs.items())
    assert (caught.value.code, caught.value.message) == (
        "MissingParameter",
        f"The request must contain the parameter {name}",
    )


def test_lists_of_the_query_dialect_are_wrapped() -> None:
    """In the query dialect ``member`` stands before an index, and without it the name is unknown [model]."""
    assert CHANGES.decode([("Filters.member.1.Values.member.2", "v")]) == {"Filters": [{"Values": ["v"]}]}
    for key in ("Filters.1.Name", "Filters.member", "Filters.member.x.Name", "Filters.item.1.Name"):
        with pytest.raises(ApiError, match="UnknownParameter"):
            CHANGES.decode([(key, "v")])


def test_longs_have_64_bits() -> None:
    """A long goes to 2**63 - 1 and no further."""
    assert CHANGES.decode([("After", str(2**63 - 1))]) == {"After": 2**63 - 1}
    with pytest.raises(ApiError, match="InvalidParameterValue"):
        CHANGES.decode([("After", str(2**63))])


def test_remembered_names_are_bounded() -> None:
    """More names than are remembered are read all the same, twice over: inferred."""
    count = REMEMBERED_KEYS * 2 + 7
    pairs = [(f"SecurityGroupRuleId.{index}", str(index)) for index in range(LIST_INDEX - count, LIST_INDEX)]
    expected = {"SecurityGroupRuleIds": [value for _, value in pairs]}
    assert REVOKE.decode(pairs) == expected
    assert REVOKE.decode(reversed(pairs)) == expected


def test_nothing_is_sent_for_none_and_empties() -> None:
    """None, an empty list and an empty structure send nothing: reference 1.1 [model]."""
    sent = {"GroupId": None, "IpPermissions": [], "SecurityGroupRuleIds": ["a"]}
    assert REVOKE.form(sent)[2:] == [("SecurityGroupRuleId.1", "a")]


def test_a_member_that_is_not_there_is_our_fault() -> None:
    """A parameter that the operation does not have is not sent in silence."""
    with pytest.raises(NotInModelError, match="Nonsense"):
        REVOKE.form({"Nonsense": 1})
