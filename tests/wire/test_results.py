"""Results to XML and back, against botocore's parser: reference 1.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.parsers import create_parser
from dateutil.tz import tzutc  # type: ignore[import-untyped, unused-ignore]
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from groupwall.wire.model import find
from groupwall.wire.parse import UnreadableReplyError, read_error
from groupwall.wire.shapes import NotInModelError
from groupwall.wire.versions import EC2_VERSION, GROUPWALL_VERSION, STS_VERSION
from groupwall.wire.xml import carried, escape
from tests.wire.strategies import ACTIONS, ANY_TEXT, operation, results

if TYPE_CHECKING:
    from groupwall.wire.model import Action

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
REQUEST_ID = "3184e375-6fa3-43c3-8d69-aa1306fccb5e"
REVOKE = find("RevokeSecurityGroupIngress", EC2_VERSION)
DESCRIBE = find("DescribeSecurityGroups", EC2_VERSION)
CHANGES = find("DescribeChanges", GROUPWALL_VERSION)


def as_botocore_reads(action: Action, body: bytes) -> dict[str, Any]:
    """Return what boto3 would give for the body of a reply, without ResponseMetadata."""
    model = operation(action)
    parser = create_parser(model.service_model.metadata["protocol"])
    parsed: dict[str, Any] = parser.parse({"body": body, "headers": {}, "status_code": 200}, model.output_shape)
    assert parsed.pop("ResponseMetadata")["RequestId"] == REQUEST_ID
    return parsed


@pytest.mark.parametrize("action", [one for one in ACTIONS if not one.empty], ids=lambda action: action.name)
@QUICK
@given(drawn=st.data())
def test_botocore_reads_what_plain_says(action: Action, drawn: st.DataObject) -> None:
    """``plain`` is what botocore's parser makes of ``encode``, and ``parse`` reads the same: reference 1.2."""
    result = drawn.draw(results(action))
    body = action.encode(result, REQUEST_ID, SERVICE_VERSIONS[action.service])
    assert as_botocore_reads(action, body) == action.plain(result, tzutc())
    assert action.parse(body) == action.plain(result)


SERVICE_VERSIONS = {"ec2": EC2_VERSION, "sts": STS_VERSION, "groupwall": GROUPWALL_VERSION}


def test_times_have_the_zone_that_is_asked_for() -> None:
    """With dateutil's zone a time is exactly what boto3 gives, to the type of its tzinfo."""
    result = {"Changes": [{"Time": 1_440_938_160_789}]}
    plain = CHANGES.plain(result, tzutc())["Changes"][0]["Time"]
    theirs = as_botocore_reads(CHANGES, CHANGES.encode(result, REQUEST_ID, GROUPWALL_VERSION))["Changes"][0]["Time"]
    assert (plain, plain.tzinfo) == (theirs, theirs.tzinfo)
    assert plain.isoformat() == "2015-08-30T12:36:00.789000+00:00"


def test_a_revoke_in_its_recorded_form() -> None:
    """The body is byte for byte the recorded one, 253 bytes: reference 1.2 [recorded]."""
    body = REVOKE.encode({"Return": True}, REQUEST_ID, EC2_VERSION)
    assert body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<RevokeSecurityGroupIngressResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">\n'
        "    <requestId>3184e375-6fa3-43c3-8d69-aa1306fccb5e</requestId>\n"
        "    <return>true</return>\n"
        "</RevokeSecurityGroupIngressResponse>\n"
    )
    assert len(body) == 253


def test_an_authorize_in_its_recorded_length() -> None:
    """The body of an authorize without rules has 259 bytes: reference 1.2 [recorded]."""
    action = find("AuthorizeSecurityGroupIngress", EC2_VERSION)
    assert len(action.encode({"Return": True}, REQUEST_ID, EC2_VERSION)) == 259


def test_items_empty_lists_and_absent_members() -> None:
    """Items are ``item``, an empty list is self-closed, None is left out: reference 1.2 [recorded]."""
    permission = {"IpProtocol": "-1", "FromPort": None, "UserIdGroupPairs": [], "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    body = DESCRIBE.encode({"SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": [permission]}]}, "id", "2014-09-01")
    assert body.decode().splitlines()[1:] == [
        '<DescribeSecurityGroupsResponse xmlns="http://ec2.amazonaws.com/doc/2014-09-01/">',
        "    <requestId>id</requestId>",
        "    <securityGroupInfo>",
        "        <item>",
        "            <groupId>sg-1</groupId>",
        "            <ipPermissions>",
        "                <item>",
        "                    <ipProtocol>-1</ipProtocol>",
        "                    <groups/>",
        "                    <ipRanges>",
        "                        <item>",
        "                            <cidrIp>10.0.0.0/8</cidrIp>",
        "                        </item>",
        "                    </ipRanges>",
        "                </item>",
        "            </ipPermissions>",
        "        </item>",
        "    </securityGroupInfo>",
        "</DescribeSecurityGroupsResponse>",
    ]


def test_an_operation_without_output_answers_true() -> None:
    """For libcloud every Delete has ``return``: clients 2.3; boto3 gives its user nothing [model]."""
    action = find("DeleteVpc", EC2_VERSION)
    body = action.encode({}, REQUEST_ID, EC2_VERSION)
    assert b"\n    <return>true</return>\n</DeleteVpcResponse>\n" in body
    assert as_botocore_reads(action, body) == action.plain({}) == action.parse(body) == {}


def test_a_reply_of_sts() -> None:
    """The query dialect wraps the result and puts the request id last [docs]."""
    result = {"UserId": "u", "Account": "123456789012", "Arn": "arn:aws:iam::123456789012:root"}
    body = find("GetCallerIdentity", STS_VERSION).encode(result, REQUEST_ID, STS_VERSION)
    assert body.decode() == (
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">\n'
        "  <GetCallerIdentityResult>\n"
        "    <UserId>u</UserId>\n"
        "    <Account>123456789012</Account>\n"
        "    <Arn>arn:aws:iam::123456789012:root</Arn>\n"
        "  </GetCallerIdentityResult>\n"
        "  <ResponseMetadata>\n"
        f"    <RequestId>{REQUEST_ID}</RequestId>\n"
        "  </ResponseMetadata>\n"
        "</GetCallerIdentityResponse>\n"
    )


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a&b<c>d", "a&amp;b&lt;c&gt;d"), ('"quoted"', '"quoted"'), ("'", "'"), ("a\r\nb\t", "a&#xD;\nb\t"),
        ("\x00\x1f\x0b", "\ufffd\ufffd\ufffd"), ("\ud800", "\ufffd"), ("\uffff", "\ufffd"),
        ("\u1234\U0001f600", "\u1234\U0001f600"),
    ],
)  # fmt: skip
def test_text_is_escaped(text: str, written: str) -> None:
    """Only & < > and a carriage return are escaped: reference 1.3 [recorded]; what XML cannot carry is replaced."""
    assert escape(text) == written


@given(ANY_TEXT)
@example("]]>\r<![CDATA[\x7f\x85")
def test_any_text_can_be_read_back(text: str) -> None:
    """A reader gets every character that XML can carry."""
    body = REVOKE.encode({"UnknownIpPermissions": [{"IpProtocol": text}]}, REQUEST_ID, EC2_VERSION)
    assert REVOKE.parse(body) == {"UnknownIpPermissions": [{"IpProtocol": carried(text)}]}


@pytest.mark.parametrize("result", [{"Nonsense": 1}, {"UnknownIpPermissions": [{"Nonsense": "x"}]}])
def test_a_member_that_is_not_there_is_our_fault(result: dict[str, Any]) -> None:
    """A result that the model has no place for is neither written nor given in silence."""
    for use in (lambda: REVOKE.encode(result, "id", EC2_VERSION), lambda: REVOKE.plain(result)):
        with pytest.raises(NotInModelError, match="Nonsense"):
            use()


def test_plain_is_a_copy() -> None:
    """What a caller does to a plain result does not reach ours."""
    result: dict[str, Any] = {"SecurityGroups": [{"Tags": []}]}
    DESCRIBE.plain(result)["SecurityGroups"][0]["Tags"].append("x")
    assert result == {"SecurityGroups": [{"Tags": []}]}


@pytest.mark.parametrize("body", [b"", b"<a>", b"\xff", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<html></html>"])
def test_what_is_no_reply_is_said_to_be_none(body: bytes) -> None:
    """A client of ours meets one kind of fault, whatever came back; entities are never read."""
    with pytest.raises(UnreadableReplyError):
        CHANGES.parse(body)
    with pytest.raises(UnreadableReplyError):
        read_error(body, 400)


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (2_000, 9)])
def test_parts_are_the_whole(count: int, expected: int) -> None:
    """A list that is read while it is written goes out in parts of some size, which together are the reply."""
    groups = [{"GroupId": f"sg-{number}", "IpPermissions": [{"FromPort": 22}], "Tags": []} for number in range(count)]
    parts: list[bytes] = []
    DESCRIBE.write({"SecurityGroups": iter(groups), "NextToken": None}, REQUEST_ID, EC2_VERSION, parts.append)
    assert b"".join(parts) == DESCRIBE.encode({"SecurityGroups": groups}, REQUEST_ID, EC2_VERSION)
    sizes = [len(part) for part in parts]
    assert len(sizes) == expected
    assert max(sizes) < 200_000
